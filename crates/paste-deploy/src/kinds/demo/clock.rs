//! A clock over a WebSocket (RFC 6455): the time, in seconds since 1970, once a second.

use std::time::{Duration, SystemTime};

use futures_util::{SinkExt, StreamExt};
use http::{HeaderValue, StatusCode, header};
use hyper_util::rt::TokioIo;
use paste_core::{Clock, Error, Request, Response, Result, ResultExt, response};
use tokio::time::MissedTickBehavior;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Message, Role, WebSocketConfig};

/// How large a message from the visitor may be: the clock listens only for the end.
const MOST: usize = 4096;

/// Answers the opening handshake; the clock runs in a task of its own until the visitor goes.
pub(super) fn open(mut request: Request) -> Result<Response> {
    let asks = |name, word: &str| {
        let lines = request.headers().get_all(name).iter().filter_map(|line| line.to_str().ok());
        lines.flat_map(|line| line.split(',')).any(|own| own.trim().eq_ignore_ascii_case(word))
    };
    if !asks(header::UPGRADE, "websocket") || !asks(header::CONNECTION, "upgrade") {
        let upgrade = Error::from_status(StatusCode::UPGRADE_REQUIRED);
        return Err(upgrade
            .header(header::UPGRADE, HeaderValue::from_static("websocket"))
            .header(header::CONNECTION, HeaderValue::from_static("upgrade")));
    }
    if !asks(header::SEC_WEBSOCKET_VERSION, "13") {
        let version = HeaderValue::from_static("13");
        return Err(Error::bad_request("The version of the WebSocket is not 13.")
            .header(header::SEC_WEBSOCKET_VERSION, version));
    }
    let key = request.headers().get(header::SEC_WEBSOCKET_KEY).status(StatusCode::BAD_REQUEST)?;
    let accept = HeaderValue::try_from(derive_accept_key(key.as_bytes()))?;
    let upgraded = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        if let Ok(upgraded) = upgraded.await {
            let config =
                WebSocketConfig::default().max_message_size(Some(MOST)).max_frame_size(Some(MOST));
            let io = TokioIo::new(upgraded);
            tick(WebSocketStream::from_raw_socket(io, Role::Server, Some(config)).await).await;
        }
    });
    let mut response = response::with_status(StatusCode::SWITCHING_PROTOCOLS);
    let headers = response.headers_mut();
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    Ok(response)
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
