//! Our side of a connection: what hyper reads from and writes to, and what all requests of a
//! connection share.
//!
//! 1. Small writes are gathered until hyper reads on, or the connection waits: answers to pipelined
//!    requests go out together, and none waits behind a slow one.
//! 2. A connection that is silent for too long is closed: before its first request and within a head
//!    after `header_timeout`, between requests after `idle_timeout`. HTTP/2 is told first.
//! 3. A client that takes too little of an answer for too long is cut: see [`pace`].
//! 4. A client that has gone is noticed at once, or within about a second where bytes that it sent
//!    stand unread: see [`Running::poll_hang_up`].
//! 5. Files go out by the system, if the server is told so: see [`files`].
//! 6. An upgraded connection is the upgrade's own: nothing is gathered, and nothing is timed. Only a
//!    cut ends it.

pub(crate) mod files;
pub(crate) mod pace;
pub(crate) mod socket;
pub(crate) mod stream;

use std::future::Future;
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::rt::{Read, ReadBufCursor, Write};
use tokio::sync::Notify;
use tokio::time::{Instant, Sleep};
use tracing::Span;

use self::files::{Marker, Queue};
use self::pace::{Pace, poll_until};
use self::socket::Socket;
use self::stream::Stream;
use crate::control::{Control, Slot};
use crate::metrics::{Tally, count};
use crate::{Limits, span};

/// How often it is looked whether a client that is silent has gone.
const LOOK: Duration = Duration::from_secs(1);

/// A connection, as its requests, hyper, and the task that drives it see it.
#[derive(Debug)]
pub(crate) struct Conn {
    pub(crate) client: Option<SocketAddr>,
    pub(crate) is_tls: bool,
    pub(crate) limits: Arc<Limits>,
    /// The port of the listener that this one redirects to.
    pub(crate) redirect_to: Option<u16>,
    /// The body of the request was wrong, or did not come: no further request can follow.
    pub(crate) is_spoilt: AtomicBool,
    is_http2: bool,
    socket: Arc<Socket>,
    slot: Slot,
    inner: Mutex<Inner>,
    /// Told when nobody reads or writes any more.
    released: Notify,
}

#[derive(Debug)]
struct Inner {
    stream: Stream,
    files: Queue,
    timer: Option<Pin<Box<Sleep>>>,
    writing: Pace,
    /// Requests begun, running now, and cancelled more often than ended.
    requests: u64,
    running: usize,
    cancelled: usize,
    /// Bytes of a head have come that is not whole yet; and since when it is waited for.
    head_begun: bool,
    head_since: Option<Instant>,
    /// When the connection was accepted, or the last answer ended.
    idle_since: Instant,
    silence: Silence,
    /// What comes is what an app has left of a body: no head.
    draining: bool,
    upgraded: bool,
}

/// What has come of a client's silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Silence {
    Borne,
    /// The client of HTTP/2 was told that the connection ends.
    Told,
    /// The client counts as gone.
    TooLong,
}

/// What is to be done with hyper when it waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Nothing, until something happens.
    Wait,
    /// Ask it again: it has something to learn.
    Again,
    /// Let it take leave of the client.
    TakeLeave,
}

/// What a connection begins with.
pub(crate) struct Start {
    pub(crate) client: Option<SocketAddr>,
    pub(crate) is_tls: bool,
    pub(crate) is_http2: bool,
    pub(crate) redirect_to: Option<u16>,
    pub(crate) limits: Arc<Limits>,
    pub(crate) slot: Slot,
    pub(crate) accepted: Instant,
}

impl Conn {
    pub(crate) fn new(start: Start, socket: Arc<Socket>, stream: Stream) -> Arc<Self> {
        let inner = Inner {
            stream,
            files: Queue::default(),
            timer: None,
            writing: Pace::new(&start.limits),
            requests: 0,
            running: 0,
            cancelled: 0,
            head_begun: false,
            head_since: None,
            idle_since: start.accepted,
            silence: Silence::Borne,
            draining: false,
            upgraded: false,
        };
        Arc::new(Self {
            client: start.client,
            is_tls: start.is_tls,
            limits: start.limits,
            redirect_to: start.redirect_to,
            is_spoilt: AtomicBool::new(false),
            is_http2: start.is_http2,
            socket,
            slot: start.slot,
            inner: Mutex::new(inner),
            released: Notify::new(),
        })
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A request begins. It runs until what this gives is dropped. Says how many others run.
    pub(crate) fn begin(self: &Arc<Self>, span: Span) -> (Running, usize) {
        let mut inner = self.inner();
        inner.requests += 1;
        inner.running += 1;
        inner.head_begun = false;
        inner.head_since = None;
        if !inner.writing.is_waiting() {
            inner.writing = Pace::new(&self.limits);
        }
        drop(inner);
        let tally = self.tally();
        count(&tally.requests);
        let others = tally.running_requests.fetch_add(1, Relaxed);
        (Running { conn: Arc::clone(self), span, look: None, is_done: false }, others)
    }

    pub(crate) fn is_http2(&self) -> bool {
        self.is_http2
    }

    /// What stands for files on this connection, if the system is to send them.
    pub(crate) fn marker(&self) -> Option<&Marker> {
        let may_send = !self.is_tls && !self.is_http2;
        self.slot.control.marker.as_ref().filter(|_| may_send)
    }

    pub(crate) fn control(&self) -> &Control {
        &self.slot.control
    }

    pub(crate) fn tally(&self) -> &Tally {
        &self.control().tally
    }

    /// The rest of a body is being read and thrown away, or not any more.
    pub(crate) fn drain(&self, draining: bool) {
        self.inner().draining = draining;
    }

    /// From here on the connection belongs to an upgrade.
    pub(crate) fn upgrade(&self) {
        self.inner().upgraded = true;
    }

    pub(crate) fn is_upgraded(&self) -> bool {
        self.inner().upgraded
    }

    /// Waits until an upgrade lets go of the connection.
    pub(crate) async fn released(&self) {
        self.released.notified().await;
    }

    /// Ends the connection, whoever uses it.
    pub(crate) fn cut(&self) {
        self.socket.cut();
    }

    /// Whether a request may be on its way that is not in the app yet: the first, one whose bytes have
    /// come, or one that follows an answer so closely.
    pub(crate) fn is_beginning(&self, closely: Duration) -> bool {
        let inner = self.inner();
        let may_come = inner.requests == 0
            || inner.head_begun
            || inner.idle_since.elapsed() < closely
            || self.socket.has_input();
        inner.running == 0 && !self.is_http2 && may_come
    }

    pub(crate) fn is_running(&self) -> bool {
        self.inner().running > 0
    }

    /// Called when hyper waits: nothing that was gathered may wait with it, and the client has only so
    /// much time.
    pub(crate) fn poll_waiting(&self, context: &mut Context<'_>) -> io::Result<Next> {
        let inner = &mut *self.inner();
        if self.is_http2 && inner.cancelled > self.limits.http2_resets {
            return Err(io::Error::other("the client cancels too many requests"));
        }
        if let Poll::Ready(Err(error)) = inner.poll_drain(self, context) {
            return Err(error);
        }
        if inner.head_begun {
            inner.head_since.get_or_insert_with(Instant::now);
        }
        match inner.poll_deadline(self, context) {
            Poll::Pending => Ok(Next::Wait),
            Poll::Ready(()) => inner.late(self),
        }
    }

    /// Writes what is gathered, to the last byte, as fast as a client must take it.
    pub(crate) fn poll_drain(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let inner = &mut *self.inner();
        let drained = inner.poll_drain(self, context);
        if drained.is_pending() && inner.poll_deadline(self, context).is_ready() {
            return Poll::Ready(Err(self.timed_out()));
        }
        drained
    }

    fn timed_out(&self) -> io::Error {
        count(&self.tally().timeouts);
        io::ErrorKind::TimedOut.into()
    }
}

impl Inner {
    /// Writes what is gathered.
    fn poll_drain(&mut self, conn: &Conn, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.stream.is_drained() {
            return Poll::Ready(Ok(())); // whatever else is waited for
        }
        let before = self.stream.waiting();
        let drained = self.stream.poll_drain(&conn.socket, context);
        self.paced(conn, before - self.stream.waiting(), &drained);
        drained
    }

    /// Sends from the file that a marker of `length` bytes stands for.
    fn poll_send_file(
        &mut self,
        conn: &Conn,
        context: &mut Context<'_>,
        length: usize,
    ) -> Poll<io::Result<usize>> {
        let before = self.stream.waiting();
        let sent = self.stream.poll_send_file(&conn.socket, context, self.files.next(length)?);
        let taken = if let Poll::Ready(Ok(taken)) = &sent { *taken } else { 0 };
        self.files.advance(taken);
        self.paced(conn, before - self.stream.waiting() + taken, &sent);
        sent
    }

    /// Keeps account of how fast the client takes what is written.
    fn paced<T>(&mut self, conn: &Conn, sent: usize, outcome: &Poll<io::Result<T>>) {
        if self.upgraded || (outcome.is_ready() && !self.writing.is_waiting()) {
            return;
        }
        if sent > 0 || outcome.is_ready() {
            self.writing.progress(sent, &conn.limits);
            self.idle_since = Instant::now();
        }
        if outcome.is_pending() {
            self.writing.wait();
        }
    }

    /// Ready when the client is too late.
    fn poll_deadline(&mut self, conn: &Conn, context: &mut Context<'_>) -> Poll<()> {
        let Some(deadline) = self.deadline(conn) else { return Poll::Pending };
        let is_set = |timer: &Pin<Box<Sleep>>| timer.deadline() <= deadline && !timer.is_elapsed();
        if self.timer.as_ref().is_some_and(is_set) {
            return Poll::Pending; // it wakes the one task that drives the connection
        }
        poll_until(&mut self.timer, deadline, context)
    }

    fn deadline(&self, conn: &Conn) -> Option<Instant> {
        if self.upgraded {
            return None;
        }
        let limits = &conn.limits;
        let silence = match self.head_since {
            _ if self.running > 0 || self.writing.is_waiting() => None,
            _ if conn.is_http2 => Some(self.idle_since + limits.idle_timeout),
            Some(begun) => Some(begun + limits.header_timeout),
            None if self.requests == 0 => Some(self.idle_since + limits.header_timeout),
            None => Some(self.idle_since + limits.idle_timeout),
        };
        [silence, self.writing.deadline()].into_iter().flatten().min()
    }

    /// The client is too late: with taking an answer, which is an error, or with a request.
    fn late(&mut self, conn: &Conn) -> io::Result<Next> {
        let takes_nothing = self.writing.deadline().is_some_and(|at| at <= Instant::now());
        if takes_nothing || self.silence == Silence::TooLong {
            return Err(conn.timed_out());
        }
        if conn.is_http2 && self.silence == Silence::Borne {
            // It gets as long again to take its leave.
            self.silence = Silence::Told;
            self.idle_since = Instant::now();
            return Ok(Next::TakeLeave);
        }
        if self.head_begun || self.requests == 0 {
            count(&conn.tally().timeouts);
        }
        self.silence = Silence::TooLong;
        Ok(Next::Again)
    }
}

/// The connection as hyper's IO.
#[derive(Debug)]
pub(crate) struct Io(pub(crate) Arc<Conn>);

impl Drop for Io {
    fn drop(&mut self) {
        self.0.released.notify_one();
    }
}

impl Read for Io {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let conn = &*self.0;
        let inner = &mut *conn.inner();
        if inner.silence == Silence::TooLong {
            return Poll::Ready(Ok(())); // as if the client had closed
        }
        // Who reads on has answered all that it has. If the client takes nothing, that is no
        // reason not to read what it sends.
        if let Poll::Ready(Err(error)) = inner.poll_drain(conn, context) {
            return Poll::Ready(Err(error));
        }
        let room = buffer.remaining();
        let read = inner.stream.poll_recv(&conn.socket, context, room, |bytes| {
            buffer.put_slice(bytes);
        });
        let length = ready!(read)?;
        let is_head = inner.running == 0 && !inner.draining && !conn.is_http2;
        inner.head_begun |= is_head && length > 0;
        Poll::Ready(Ok(()))
    }
}

impl Write for Io {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(context, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        mut slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let conn = &*self.0;
        let inner = &mut *conn.inner();
        if let Some(marker) = conn.marker() {
            match marker.position(slices) {
                None => inner.files.check_empty()?,
                Some(at) if slices[..at].iter().all(|slice| slice.is_empty()) => {
                    return inner.poll_send_file(conn, context, slices[at].len());
                }
                // hyper comes again with the marker first.
                Some(at) => slices = &slices[..at],
            }
        }
        let may_wait = !conn.is_http2 && !inner.upgraded;
        if may_wait && let Some(taken) = inner.stream.cork(slices) {
            return Poll::Ready(Ok(taken));
        }
        let before = inner.stream.waiting();
        let sent = inner.stream.poll_send(&conn.socket, context, slices);
        let taken = if let Poll::Ready(Ok(taken)) = &sent { *taken } else { 0 };
        inner.paced(conn, before - inner.stream.waiting() + taken, &sent);
        sent
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let conn = &*self.0;
        let inner = &mut *conn.inner();
        inner.files.check_empty()?;
        if !conn.is_http2 && !inner.upgraded {
            return Poll::Ready(Ok(())); // see rule 1
        }
        inner.poll_drain(conn, context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let conn = &*self.0;
        let inner = &mut *conn.inner();
        ready!(inner.poll_drain(conn, context))?;
        inner.stream.poll_shutdown(&conn.socket, context)
    }
}

/// A request that runs: from its head to the end of its answer.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) conn: Arc<Conn>,
    pub(crate) span: Span,
    /// When to look next whether the client has gone.
    look: Option<Pin<Box<Sleep>>>,
    /// Its answer has come to its end.
    pub(crate) is_done: bool,
}

impl Running {
    /// Ready once the client has gone, which hyper, as it reads nothing while a request runs, does not
    /// notice. To be polled whenever the request has to wait.
    pub(crate) fn poll_hang_up(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if self.conn.is_http2 {
            return Poll::Pending; // a connection of HTTP/2 is always read
        }
        while self.conn.socket.poll_gone(context).is_pending() {
            let look = self.look.get_or_insert_with(|| Box::pin(tokio::time::sleep(LOOK)));
            ready!(look.as_mut().poll(context));
            look.as_mut().reset(Instant::now() + LOOK);
        }
        Poll::Ready(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.is_done {
            span::record_cut(&self.span);
        }
        let mut inner = self.conn.inner();
        inner.running -= 1;
        inner.idle_since = Instant::now();
        let cancelled = inner.cancelled;
        inner.cancelled = if self.is_done { cancelled.saturating_sub(1) } else { cancelled + 1 };
        drop(inner);
        self.conn.tally().running_requests.fetch_sub(1, Relaxed);
    }
}
