//! Section 7, the server: connections that were upgraded, when it stops.

use std::time::Duration;

use axum::Router;
use axum::extract::ws::{WebSocket, WebSocketUpgrade};
use axum::routing::any;
use futures_util::{SinkExt, StreamExt};
use paste_core::tower::IntoApp;
use paste_server::Server;
use paste_tests::{TestServer, within};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

async fn echo(mut socket: WebSocket) {
    while let Some(Ok(message)) = socket.recv().await {
        if socket.send(message).await.is_err() {
            return;
        }
    }
}

/// A server that echoes, and a client of it.
async fn begin(graceful_timeout: Duration) -> (TestServer, WebSocketStream<TcpStream>) {
    let upgrade = async |upgrade: WebSocketUpgrade| upgrade.on_upgrade(echo);
    let router: Router = Router::new().route("/", any(upgrade));
    let server = Server::new().graceful_timeout(graceful_timeout);
    let server = TestServer::with(server, router.into_app()).await;
    let url = format!("ws://{}/", server.addr);
    let connecting = tokio_tungstenite::client_async(url, server.connect().await);
    let (mut client, _) = within("the handshake", connecting).await.unwrap();
    assert_eq!(ask(&mut client).await, "hello");
    (server, client)
}

async fn ask(client: &mut WebSocketStream<TcpStream>) -> String {
    client.send(Message::text("hello")).await.unwrap();
    let answer = within("the echo", client.next()).await.unwrap().unwrap();
    answer.to_text().unwrap().to_owned()
}

async fn ends(client: &mut WebSocketStream<TcpStream>) {
    within("the cut", async { while let Some(Ok(_)) = client.next().await {} }).await;
}

#[tokio::test]
async fn semantics_7_26_a_stop_lets_an_upgraded_connection_end_by_itself() {
    let (mut server, mut client) = begin(Duration::from_secs(3600)).await;
    server.begin_stop();
    within("the stop", async {
        while TcpStream::connect(server.addr).await.is_ok() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(ask(&mut client).await, "hello", "nobody has told it anything");
    client.close(None).await.unwrap();
    ends(&mut client).await;
    server.ended().await;
}

#[tokio::test]
async fn semantics_7_26_what_is_upgraded_still_is_cut_after_the_graceful_timeout() {
    let (mut server, mut client) = begin(Duration::from_millis(300)).await;
    server.begin_stop();
    ends(&mut client).await;
    server.ended().await;
}

#[tokio::test]
async fn semantics_7_26_a_cut_ends_an_upgraded_connection_at_once() {
    let (server, mut client) = begin(Duration::from_secs(3600)).await;
    server.handle.cut();
    ends(&mut client).await;
    server.ended().await;
}
