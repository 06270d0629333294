//! Answers over HTTP/2: who takes one too slowly loses its stream, not the connection.
//!
//! 1. hyper asks the body of an answer for more when the client's window has room for it. Until then
//!    it is the client that is waited for: see [`crate::io::pace`].
//! 2. An answer goes out in small pieces, so that a slow client is seen to take something.
//! 3. Who is too slow gets `RST_STREAM`; the connection, and its other streams, live on.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use hyper::rt::Executor;
use paste_core::Error;

use crate::io::Conn;
use crate::io::pace::{Pace, poll_until};
use crate::metrics::count;
use crate::response_body::Sending;

/// As much is handed over at once. At the usual [`min_rate`](crate::Limits::min_rate) a client takes
/// it within the usual [`body_timeout`](crate::Limits::body_timeout).
const PIECE: usize = 16 * 1024;

/// How fast the client takes one answer.
#[derive(Debug)]
pub(crate) struct Taker(Mutex<Pace>);

impl Taker {
    fn pace(&self) -> MutexGuard<'_, Pace> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The streams of a connection: each runs in a task of its own.
#[derive(Clone, Debug)]
pub(crate) struct Streams {
    conn: Arc<Conn>,
    /// Of the request that hyper has handed over and whose stream it spawns next.
    newest: Arc<Mutex<Option<Arc<Taker>>>>,
}

impl Streams {
    pub(crate) fn new(conn: &Arc<Conn>) -> Self {
        Self { conn: Arc::clone(conn), newest: Arc::default() }
    }

    /// A request has come.
    pub(crate) fn begin(&self) -> Arc<Taker> {
        let taker = Arc::new(Taker(Mutex::new(Pace::new(&self.conn.limits))));
        *self.newest.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&taker));
        taker
    }
}

impl<F> Executor<F> for Streams
where
    F: Future<Output: Send> + Send + 'static,
{
    fn execute(&self, stream: F) {
        let newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(taker) = newest else {
            tokio::spawn(stream);
            return;
        };
        let conn = Arc::clone(&self.conn);
        let mut stream = Box::pin(stream);
        let mut timer = None;
        tokio::spawn(poll_fn(move |context| {
            if stream.as_mut().poll(context).is_ready() {
                return Poll::Ready(());
            }
            let Some(deadline) = taker.pace().deadline() else { return Poll::Pending };
            ready!(poll_until(&mut timer, deadline, context));
            count(&conn.tally().timeouts);
            Poll::Ready(()) // what is dropped unended is reset
        }));
    }
}

/// The body of an answer, as hyper gets it for a stream.
pub(crate) struct Taken {
    body: Sending,
    /// What is left of the frame that is handed over in pieces.
    rest: Bytes,
    /// The size of the last piece.
    handed: usize,
    taker: Arc<Taker>,
    conn: Arc<Conn>,
}

impl Taken {
    pub(crate) fn new(body: Sending, taker: Arc<Taker>, conn: &Arc<Conn>) -> Self {
        Self { body, rest: Bytes::new(), handed: 0, taker, conn: Arc::clone(conn) }
    }
}

impl http_body::Body for Taken {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let this = &mut *self;
        this.taker.pace().progress(std::mem::take(&mut this.handed), &this.conn.limits);
        if this.rest.is_empty() {
            let frame = match ready!(Pin::new(&mut this.body).poll_frame(context)) {
                Some(Ok(frame)) => frame,
                ended => return Poll::Ready(ended),
            };
            match frame.into_data() {
                Ok(data) => this.rest = data,
                Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
            }
        }
        let piece = this.rest.split_to(this.rest.len().min(PIECE));
        this.handed = piece.len();
        this.taker.pace().wait();
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        if self.rest.is_empty() { self.body.size_hint() } else { SizeHint::default() }
    }
}
