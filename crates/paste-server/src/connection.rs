//! One connection: hyper's state machine, with our service inside and our stop outside.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use paste_core::{App, BoxError};
use tokio::net::TcpStream;

use crate::server::Serving;

/// The request line and all headers together may have this many bytes; beyond, 431.
const MAX_HEAD: u32 = 64 * 1024;

/// A client must begin to speak within this time, and end the head of a request within it.
const HEADER_TIMEOUT: Duration = Duration::from_secs(30);

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
    let first_byte = tokio::time::timeout(HEADER_TIMEOUT, stream.readable());
    match serving.stopping.run_until_cancelled(first_byte).await {
        Some(Ok(readable)) => readable?,
        Some(Err(_)) | None => return Ok(()),
    }

    let service = service_fn(|request| {
        let serving = Arc::clone(&serving);
        async move { Ok::<_, Infallible>(serving.edge.answer(request, client).await) }
    });
    let builder = builder();
    let mut connection =
        pin!(builder.serve_connection_with_upgrades(TokioIo::new(stream), service));
    tokio::select! {
        done = connection.as_mut() => done,
        () = serving.stopping.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    }
}

/// HTTP/1 and HTTP/2 by its preface. `pipeline_flush` stays off: see ARCHITECTURE.md.
fn builder() -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(MAX_HEAD as usize);
    builder.http2().timer(TokioTimer::new()).max_header_list_size(MAX_HEAD);
    builder
}
