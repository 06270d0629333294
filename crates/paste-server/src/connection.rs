//! One connection: hyper's state machines, with our service inside and our limits and stop outside.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use paste_core::{App, BoxError};
use tokio::net::TcpStream;

use crate::server::Serving;

/// The request line and all headers together may have this many bytes; beyond, 431.
const MAX_HEAD: u32 = 64 * 1024;

/// A client must begin to speak within this time, and end the head of a request within it.
const HEADER_TIMEOUT: Duration = Duration::from_secs(30);

/// How often a silent HTTP/2 client is asked whether it is still there, and how long it has to say.
const PING: Duration = Duration::from_secs(20);

/// What an HTTP/2 client says first (RFC 9113, section 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Serves one connection to its end.
pub(crate) async fn serve<A: App>(stream: TcpStream, client: SocketAddr, serving: Arc<Serving<A>>) {
    if let Err(error) = converse(stream, client, serving).await {
        tracing::debug!(%client, %error, "connection broken");
    }
}

/// Answers request after request. When the server stops, the one that has begun is the last.
async fn converse<A: App>(
    stream: TcpStream,
    client: SocketAddr,
    serving: Arc<Serving<A>>,
) -> Result<(), BoxError> {
    stream.set_nodelay(true)?;
    let preface = tokio::time::timeout(HEADER_TIMEOUT, speaks_http2(&stream));
    let Some(Ok(http2)) = serving.stopping.run_until_cancelled(preface).await else {
        return Ok(()); // silent, or the server stops
    };
    let http2 = http2?;
    let io = TokioIo::new(stream);
    let service = service_fn(|request: http::Request<Incoming>| {
        let serving = Arc::clone(&serving);
        async move { Ok::<_, Infallible>(serving.edge.answer(request, client).await) }
    });
    let stopping = serving.stopping.cancelled();
    if http2 {
        let mut connection = pin!(http2_builder().serve_connection(io, service));
        tokio::select! {
            done = connection.as_mut() => return Ok(done?),
            () = stopping => connection.as_mut().graceful_shutdown(),
        }
        Ok(connection.await?)
    } else {
        let connection = http1_builder().serve_connection(io, service).with_upgrades();
        let mut connection = pin!(connection);
        tokio::select! {
            done = connection.as_mut() => return Ok(done?),
            () = stopping => connection.as_mut().graceful_shutdown(),
        }
        Ok(connection.await?)
    }
}

/// Looks, without taking it, at what the client says first.
async fn speaks_http2(stream: &TcpStream) -> io::Result<bool> {
    let mut first = [0; PREFACE.len()];
    loop {
        let length = stream.peek(&mut first).await?;
        if length == PREFACE.len() || length == 0 || !PREFACE.starts_with(&first[..length]) {
            return Ok(first == *PREFACE);
        }
        // A part of the preface: a socket cannot be asked to wait for more than it has.
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// `pipeline_flush` stays off: see ARCHITECTURE.md.
fn http1_builder() -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_header_size(MAX_HEAD as usize)
        .max_buf_size(MAX_HEAD as usize);
    builder
}

fn http2_builder() -> http2::Builder<TokioExecutor> {
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .max_header_list_size(MAX_HEAD)
        .keep_alive_interval(PING)
        .keep_alive_timeout(PING);
    builder
}
