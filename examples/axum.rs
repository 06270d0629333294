//! Both ways between axum and this toolkit: `cargo run -p paste-examples --example axum`, then
//! `curl -i http://127.0.0.1:8080/` and `curl -i http://127.0.0.1:8080/nothing`.
#![expect(clippy::print_stdout, reason = "a program talks to its user")]

use axum::Router;
use axum::routing::get;
use http::{HeaderValue, header};
use paste_core::tower::{IntoApp, IntoLayer, IntoMiddleware};
use paste_core::{AppExt, Error, HttpErrors, Request, Response, Result};
use paste_filter::Headers;
use paste_server::Server;
use tower_http::compression::CompressionLayer;

/// One of our apps, mounted in the router below: its error crosses axum and the layers as an error.
async fn nothing(_request: Request) -> Result<Response> {
    Err(Error::not_found().detail("Neither axum nor we have that."))
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let no_frames = Headers::new().set(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    let router: Router = Router::new()
        .route("/", get(async || "hello from axum\n"))
        .fallback_service(nothing.into_service())
        .layer(no_frames.into_layer());
    let compress = CompressionLayer::new().into_middleware();
    let app = router.into_app().with(compress).with(HttpErrors::new());

    let server = Server::new().bind().await?;
    println!("listening on {}", server.urls().join(", "));
    server.serve(app).await;
    Ok(())
}
