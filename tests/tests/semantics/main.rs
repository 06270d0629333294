//! The proofs of SEMANTICS.md: one test per sentence, named by its number.
#![allow(clippy::unwrap_used, reason = "a test that fails panics")]

mod body; // 3
mod calling; // 1
mod environment; // 4
mod errors; // 5
mod limits; // 7.7, 7.16 to 7.20
mod listeners; // 7.11, 7.21 to 7.24
mod server; // 7
mod server_files; // 7.25
mod server_http2; // 7.18, 7.19
mod smuggling; // 7.5, 7.13, 7.14
mod spans; // 7.27
mod state; // 2
mod tower; // 6
mod upgrades; // 7.26

use paste_core::{App, Body, Request, Response};

/// A GET request in process.
fn get(target: &str) -> Request {
    http::Request::get(target).body(Body::empty()).unwrap()
}

/// The body of a response as text.
async fn text(response: Response) -> String {
    String::from_utf8(response.into_body().collect(1 << 20).await.unwrap().to_vec()).unwrap()
}

/// The text that an app answers to a GET.
async fn ask(app: &impl App, target: &str) -> String {
    text(app.call(get(target)).await.unwrap()).await
}
