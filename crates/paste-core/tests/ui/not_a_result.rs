//! A closure that gives a response, not a result.

use paste_core::{BoxApp, Request, response};

fn main() {
    BoxApp::new(|_request: Request| async { response::text("hello") });
}
