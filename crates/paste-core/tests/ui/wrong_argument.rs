//! A function that takes something else than a request.

use paste_core::{BoxApp, Result, response};

async fn hello(name: String) -> Result {
    Ok(response::text(name))
}

fn main() {
    BoxApp::new(hello);
}
