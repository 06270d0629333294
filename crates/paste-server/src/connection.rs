//! One connection: hyper's state machines, with our service inside and our IO and stop outside.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::TokioTimer;
use paste_core::{App, BoxError};
use tokio::time::{Instant, Sleep};

use crate::Limits;
use crate::control::Slot;
use crate::http2::{Streams, Taken};
use crate::io::socket::{Raw, Socket};
use crate::io::stream::Stream;
use crate::io::{Conn, Io, Next, Start};
use crate::listen::proxy_protocol::{self, Header};
use crate::response_body::Gone;
use crate::server::{Door, Serving};
use crate::{listen, metrics, tls};

/// How often a silent HTTP/2 client is asked whether it is still there, and how long it has to say.
const PING: Duration = Duration::from_secs(20);

/// How long a stop waits for the request of a client that has connected and said nothing yet, or has
/// just been answered and may have sent the next.
const LINGER: Duration = Duration::from_secs(1);

/// What an HTTP/2 client says first (RFC 9113, section 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// An accepted connection.
pub(crate) struct Accepted {
    pub(crate) socket: socket2::Socket,
    pub(crate) client: Option<SocketAddr>,
    pub(crate) slot: Slot,
    pub(crate) door: Door,
}

/// Serves one connection to its end.
pub(crate) async fn serve<A: App>(accepted: Accepted, serving: Arc<Serving<A>>) {
    let client = accepted.client;
    if let Err(error) = converse(accepted, serving).await {
        tracing::debug!(?client, %error, "connection broken");
    }
}

async fn converse<A: App>(accepted: Accepted, serving: Arc<Serving<A>>) -> Result<(), BoxError> {
    // Boxed, so that an open connection keeps no place for what is over.
    let Some(conn) = Box::pin(begin(accepted, &serving)).await? else {
        return Ok(());
    };
    if conn.is_http2() {
        // Apart, for connections of HTTP/1 to be small.
        return Box::pin(converse_http2(conn, serving)).await;
    }
    let service =
        service_fn(|request: http::Request<Incoming>| serving.edge.answer(request, &conn));
    let connection = http1_builder(&conn).serve_connection(Io(Arc::clone(&conn)), service);
    let connection = pin!(connection.with_upgrades());
    drive(&conn, connection, http1::UpgradeableConnection::graceful_shutdown, &serving).await?;
    if conn.is_upgraded() {
        // HTTP has no way to tell it of a stop: it may go on for as long as the server waits.
        tokio::select! {
            () = conn.released() => {}
            () = serving.control.cutting.cancelled() => conn.cut(),
        }
    }
    Ok(())
}

async fn converse_http2<A: App>(conn: Arc<Conn>, serving: Arc<Serving<A>>) -> Result<(), BoxError> {
    let streams = Streams::new(&conn);
    let service = service_fn(|request: http::Request<Incoming>| {
        let (serving, conn) = (Arc::clone(&serving), Arc::clone(&conn));
        let taker = streams.begin();
        async move {
            let answer = serving.edge.answer(request, &conn).await?;
            Ok::<_, Gone>(answer.map(|body| Taken::new(body, taker, &conn)))
        }
    });
    let builder = http2_builder(&conn.limits, streams.clone());
    let connection = pin!(builder.serve_connection(Io(Arc::clone(&conn)), service));
    drive(&conn, connection, http2::Connection::graceful_shutdown, &serving).await
}

/// What comes before the first request: the PROXY header, TLS, and which protocol it is to be.
/// `None`: the client said nothing until the server stopped.
async fn begin<A: App>(
    accepted: Accepted,
    serving: &Serving<A>,
) -> Result<Option<Arc<Conn>>, BoxError> {
    let Accepted { socket, mut client, slot, door } = accepted;
    let accepted = Instant::now();
    let limits = serving.control.limits();
    if client.is_some() {
        socket.set_tcp_nodelay(true)?;
    }
    let socket = Arc::new(Socket::new(socket, Arc::clone(&serving.control.tally))?);
    let certificates = serving.control.certificates.as_ref().filter(|_| door.redirect_to.is_none());
    let opening = async {
        if serving.proxy_protocol {
            let named = proxied(&socket).await;
            if let Err(error) = &named
                && error.kind() == io::ErrorKind::InvalidData
            {
                let tell = || tracing::warn!(?client, "{error}; more of the kind are not told");
                serving.proxy_warned.call_once(tell);
            }
            client = named?.or(client);
        }
        match certificates {
            None => Ok((None, speaks_http2(&socket).await?)),
            Some(certificates) => {
                let accepting = Box::pin(tls::accept(Raw(Arc::clone(&socket)), certificates));
                accepting.await.map(|(stream, is_http2)| (Some(stream), is_http2))
            }
        }
    };
    let opening = tokio::time::timeout_at(accepted + limits.header_timeout, opening);
    let stopping = async {
        serving.control.stopping.cancelled().await;
        tokio::time::sleep(LINGER).await;
    };
    let opened = tokio::select! {
        opened = opening => opened,
        () = stopping => return Ok(None),
        () = serving.control.cutting.cancelled() => return Ok(None),
    };
    let (stream, is_http2) = match opened {
        Ok(Err(error)) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Ok(opened) => opened?,
        Err(_) => {
            metrics::count(&serving.control.tally.timeouts);
            return Ok(None);
        }
    };
    let redirect_to = door.redirect_to;
    let is_tls = stream.is_some();
    let start = Start { client, is_tls, is_http2, redirect_to, limits, slot, accepted };
    Ok(Some(Conn::new(start, socket, Stream::new(stream))))
}

/// The client that the PROXY header names.
async fn proxied(socket: &Socket) -> io::Result<Option<SocketAddr>> {
    let header = socket.peek(proxy_protocol::LIMIT, |bytes| match proxy_protocol::parse(bytes) {
        Header::Partial => None,
        header => Some(header),
    });
    match header.await? {
        Header::Whole(length, client) => {
            socket.skip(length)?;
            Ok(client.map(listen::canonical))
        }
        Header::Partial | Header::Wrong => {
            let message = "a connection without a correct PROXY header is closed";
            Err(io::Error::new(io::ErrorKind::InvalidData, message))
        }
    }
}

/// Looks, without taking it, at what the client says first.
async fn speaks_http2(socket: &Socket) -> io::Result<bool> {
    let decide = |first: &[u8]| {
        let is_decided = first.len() == PREFACE.len() || !PREFACE.starts_with(first);
        is_decided.then(|| first == PREFACE)
    };
    socket.peek(PREFACE.len(), decide).await
}

/// How far a connection has come.
enum Phase {
    Serving,
    /// The server stops, and a request may be on its way.
    Lingering(Pin<Box<Sleep>>),
    /// No further request.
    Closing,
}

/// Answers request after request. When the server stops, the one that has begun is the last.
async fn drive<A, C, E>(
    conn: &Conn,
    mut connection: Pin<&mut C>,
    shut: impl Fn(Pin<&mut C>),
    serving: &Serving<A>,
) -> Result<(), BoxError>
where
    C: Future<Output = Result<(), E>>,
    E: Into<BoxError>,
{
    let mut stop = pin!(serving.control.stopping.cancelled());
    let mut cut = pin!(serving.control.cutting.cancelled());
    let mut is_waiting_for_stop = false;
    let mut phase = Phase::Serving;
    poll_fn(|context| {
        loop {
            // Asking a token takes a lock that all connections share.
            let may_stop = !is_waiting_for_stop || serving.control.is_stopping();
            is_waiting_for_stop = true;
            if may_stop && cut.as_mut().poll(context).is_ready() {
                return Poll::Ready(Ok(()));
            }
            match &mut phase {
                Phase::Serving => {
                    if may_stop && stop.as_mut().poll(context).is_ready() {
                        if conn.is_beginning(LINGER) {
                            phase = Phase::Lingering(Box::pin(tokio::time::sleep(LINGER)));
                            continue; // the time has to be asked once for it to wake
                        }
                        shut(connection.as_mut());
                        phase = Phase::Closing;
                    }
                }
                Phase::Lingering(end) => {
                    if conn.is_running() || end.as_mut().poll(context).is_ready() {
                        shut(connection.as_mut());
                        phase = Phase::Closing;
                    }
                }
                Phase::Closing => {}
            }
            if let Poll::Ready(ended) = connection.as_mut().poll(context) {
                return Poll::Ready(ended.map_err(Into::into));
            }
            match conn.poll_waiting(context) {
                Ok(Next::Wait) => {}
                Ok(Next::Again) => continue,
                Ok(Next::TakeLeave) => {
                    shut(connection.as_mut());
                    phase = Phase::Closing;
                    continue;
                }
                Err(error) => return Poll::Ready(Err(error.into())),
            }
            let is_begun = matches!(phase, Phase::Lingering(_)) && conn.is_running();
            if !is_begun {
                return Poll::Pending;
            }
        }
    })
    .await?;
    if serving.control.cutting.is_cancelled() {
        return Ok(());
    }
    // hyper hands an IO that might have been upgraded back as it is.
    Ok(poll_fn(|context| conn.poll_drain(context)).await?)
}

/// `pipeline_flush` stays off: see ARCHITECTURE.md. Our IO times the head. With `half_close` hyper does
/// not read while a request runs: that the client has gone is noticed without a read, but for TLS.
fn http1_builder(conn: &Conn) -> http1::Builder {
    let limits = &conn.limits;
    let mut builder = http1::Builder::new();
    builder
        .half_close(!conn.is_tls)
        .header_read_timeout(None)
        .max_header_size(limits.max_header_size as usize)
        .max_buf_size(limits.max_header_size as usize);
    if limits.max_headers != 100 {
        builder.max_headers(limits.max_headers); // 100 is hyper's own, and cheaper
    }
    builder
}

fn http2_builder(limits: &Limits, streams: Streams) -> http2::Builder<Streams> {
    let mut builder = http2::Builder::new(streams);
    builder
        .timer(TokioTimer::new())
        .max_header_list_size(limits.max_header_size)
        .max_concurrent_streams(limits.http2_streams)
        .max_pending_accept_reset_streams(limits.http2_resets)
        .max_local_error_reset_streams(limits.http2_resets)
        .keep_alive_interval(PING)
        .keep_alive_timeout(PING);
    builder
}
