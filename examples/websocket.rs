//! A WebSocket in an app, behind a map and middlewares, by tokio-tungstenite:
//! `cargo run -p paste-examples --example websocket`, then open <http://127.0.0.1:8080/>.
//!
//! The server puts the upgrade into the request's extensions, and it stays there through maps,
//! middlewares and tower layers: whoever has the request can take it.
#![expect(clippy::print_stdout, reason = "a program talks to its user")]

use futures_util::{SinkExt, StreamExt};
use http::{HeaderValue, header};
use hyper_util::rt::TokioIo;
use paste_core::{AppExt, Body, Error, HttpErrors, Request, RequestExt, Result, response};
use paste_dispatch::UrlMap;
use paste_filter::Headers;
use paste_server::Server;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::server::create_response_with_body;
use tokio_tungstenite::tungstenite::protocol::Role;

/// Sends back what comes, until the client goes.
async fn echo(mut request: Request) -> Result {
    if !is_same_site(&request) {
        return Err(Error::forbidden()); // cookies come along from every site that opens a socket
    }
    let response = match create_response_with_body(&request, Body::empty) {
        Ok(response) => response,
        Err(error) => {
            return Err(Error::bad_request("That is no WebSocket handshake.").caused_by(error));
        }
    };
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
    Ok(response)
}

/// Browsers say which page opens a socket; it must be one of this host.
fn is_same_site(request: &Request) -> bool {
    let origin = request.headers().get(header::ORIGIN).map(|origin| origin.to_str().unwrap_or("-"));
    origin.is_none_or(|origin| origin.split_once("://").map(|(_, host)| host) == request.host())
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
