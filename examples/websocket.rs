//! A WebSocket in an app, behind a map and middlewares, by tokio-tungstenite:
//! `cargo run -p paste-examples --example websocket`, then open <http://127.0.0.1:8080/>.
//!
//! The server puts the upgrade into the request's extensions, and it stays there through maps,
//! middlewares and tower layers: whoever has the request can take it.
#![expect(clippy::print_stdout, reason = "a program talks to its user")]

use futures_util::{SinkExt, StreamExt};
use http::{HeaderValue, StatusCode, header};
use hyper_util::rt::TokioIo;
use paste_core::{AppExt, Error, HttpErrors, Request, Result, ResultExt, response};
use paste_dispatch::UrlMap;
use paste_filter::Headers;
use paste_server::Server;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

/// Sends back what comes, until the client goes.
async fn echo(mut request: Request) -> Result {
    let upgrade = request.headers().get(header::UPGRADE);
    if !upgrade.is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket")) {
        return Err(Error::from_status(StatusCode::UPGRADE_REQUIRED)
            .header(header::UPGRADE, HeaderValue::from_static("websocket"))
            .header(header::CONNECTION, HeaderValue::from_static("upgrade")));
    }
    let key = request.headers().get(header::SEC_WEBSOCKET_KEY).status(StatusCode::BAD_REQUEST)?;
    let accept = HeaderValue::try_from(derive_accept_key(key.as_bytes()))?;
    let upgraded = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        let Ok(upgraded) = upgraded.await else { return };
        let io = TokioIo::new(upgraded);
        let mut socket = WebSocketStream::from_raw_socket(io, Role::Server, None).await;
        while let Some(Ok(message)) = socket.next().await {
            let is_content = message.is_text() || message.is_binary();
            if is_content && socket.send(message).await.is_err() {
                return;
            }
        }
    });
    let mut response = response::with_status(StatusCode::SWITCHING_PROTOCOLS);
    let headers = response.headers_mut();
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    Ok(response)
}

async fn page(_request: Request) -> Result {
    Ok(response::html(include_str!("websocket.html")))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let server_name = Headers::new().set(header::SERVER, HeaderValue::from_static("paste"));
    let site = UrlMap::new().mount("/", page)?.mount("/echo", echo)?;
    let site = site.with(server_name).with(HttpErrors::new());
    let server = Server::new().bind().await?;
    println!("listening on {}", server.urls().join(", "));
    server.serve(site).await;
    Ok(())
}
