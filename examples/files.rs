//! A file server with what one has around files: `cargo run -p paste-examples --example files`, then
//! `curl --compressed http://127.0.0.1:8080/`. The files are those of the example site.
#![expect(clippy::print_stdout, reason = "a program talks to its user")]

use std::time::Duration;

use http::{HeaderValue, header};
use paste_core::{AppExt, HttpErrors};
use paste_filter::{AccessLog, Compress, Headers, RateLimit};
use paste_server::Server;
use paste_static::{Delivery, StaticDir};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let delivery = Delivery::new().cache("*.css", HeaderValue::from_static("max-age=3600"))?;
    let files = StaticDir::new(concat!(env!("CARGO_MANIFEST_DIR"), "/public"))
        .delivery(delivery)
        .with(Compress::new())
        .with(Headers::new().set(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")))
        .with(RateLimit::new(600, Duration::from_secs(60)))
        .with(HttpErrors::new())
        .with(AccessLog::new().stderr());
    let server = Server::new().bind().await?;
    println!("listening on {}", server.urls().join(", "));
    server.serve(files).await;
    Ok(())
}
