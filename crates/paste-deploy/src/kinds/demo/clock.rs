//! A clock over a WebSocket (RFC 6455): the time, in seconds since 1970, once a second.

use std::time::{Duration, SystemTime};

use futures_util::{SinkExt, StreamExt};
use http::{HeaderValue, StatusCode, header};
use hyper_util::rt::TokioIo;
use paste_core::{Body, Clock, Error, Request, RequestExt, Response, Result};
use tokio::time::MissedTickBehavior;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::server::create_response_with_body;
use tokio_tungstenite::tungstenite::protocol::{Message, Role, WebSocketConfig};

/// How large a message from the visitor may be: the clock listens only for the end.
const MOST: usize = 4096;

/// Answers the opening handshake; the clock runs in a task of its own until the visitor goes.
pub(super) fn open(mut request: Request) -> Result<Response> {
    if !request.headers().contains_key(header::UPGRADE) {
        let upgrade = Error::from_status(StatusCode::UPGRADE_REQUIRED);
        return Err(upgrade
            .header(header::UPGRADE, HeaderValue::from_static("websocket"))
            .header(header::CONNECTION, HeaderValue::from_static("upgrade")));
    }
    if !is_same_site(&request) {
        return Err(Error::forbidden());
    }
    let response = match create_response_with_body(&request, Body::empty) {
        Ok(response) => response,
        Err(error) => {
            let version = HeaderValue::from_static("13");
            return Err(Error::bad_request("That is no handshake of a WebSocket.")
                .caused_by(error)
                .header(header::SEC_WEBSOCKET_VERSION, version));
        }
    };
    let upgraded = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        if let Ok(upgraded) = upgraded.await {
            let config =
                WebSocketConfig::default().max_message_size(Some(MOST)).max_frame_size(Some(MOST));
            let io = TokioIo::new(upgraded);
            tick(WebSocketStream::from_raw_socket(io, Role::Server, Some(config)).await).await;
        }
    });
    Ok(response)
}

/// Browsers say which page opens a socket; it must be one of this host.
fn is_same_site(request: &Request) -> bool {
    let origin = request.headers().get(header::ORIGIN).map(|origin| origin.to_str().unwrap_or("-"));
    origin.is_none_or(|origin| origin.split_once("://").map(|(_, host)| host) == request.host())
}

async fn tick(mut socket: WebSocketStream<TokioIo<hyper::upgrade::Upgraded>>) {
    let mut seconds = tokio::time::interval(Duration::from_secs(1));
    seconds.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        tokio::select! {
            _ = seconds.tick() => {
                let now = Clock::system().now().duration_since(SystemTime::UNIX_EPOCH);
                let text = now.unwrap_or_default().as_secs().to_string();
                if socket.send(Message::text(text)).await.is_err() {
                    return;
                }
            }
            heard = socket.next() => {
                if !matches!(heard, Some(Ok(_))) {
                    return; // the visitor has gone
                }
            }
        }
    }
}
