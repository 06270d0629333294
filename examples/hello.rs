//! An app, a map, and a server: `cargo run -p paste-examples --example hello`, then
//! `curl http://127.0.0.1:8080/hello/you`.
#![expect(clippy::print_stdout, reason = "a program talks to its user")]

use paste_core::{AppExt, HttpErrors, Request, RequestExt, Result, ResultExt, response};
use paste_dispatch::UrlMap;
use paste_server::Server;

async fn hello(request: Request) -> Result {
    let path = request.path_info();
    let name = path.strip_prefix('/').filter(|name| !name.is_empty()).not_found()?;
    Ok(response::text(format!("Hello, {name}!\n")))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let site = UrlMap::new().mount("/hello", hello)?.with(HttpErrors::new());
    let server = Server::new().bind().await?;
    println!("listening on {}", server.urls().join(", "));
    server.serve(site).await;
    Ok(())
}
