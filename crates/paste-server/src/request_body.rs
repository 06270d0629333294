//! The body of a request, as the app gets it.
//!
//! 1. What breaks it (the client goes, or its framing is wrong) is the client's fault: 400.
//! 2. A body that comes too slowly while it is read is a 408: see [`crate::io::pace`].
//! 3. What the app leaves unread is read and thrown away for a while, so that the client, which
//!    may still be sending, gets to read the answer (RFC 9112, section 9.6). Not so where the
//!    client waits to be asked for it (`Expect: 100-continue`): the connection closes.
//! 4. An answer after which the connection closes for the sake of the body says so, if that is known
//!    when it begins.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use bytes::Bytes;
use http::{StatusCode, header};
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use paste_core::{Body, Error, Request, Result, ResultExt};
use tokio::time::Sleep;

use crate::io::Conn;
use crate::io::pace::{Pace, poll_until};
use crate::metrics::count;

/// How long an unread body is read on.
const DRAIN: Duration = Duration::from_secs(30);

/// A request as the app gets it.
pub(crate) fn taken_in(request: http::Request<Incoming>, conn: &Arc<Conn>) -> Request {
    if request.body().is_end_stream() {
        return request.map(|_| Body::empty());
    }
    let drain = !request.headers().contains_key(header::EXPECT);
    request.map(|body| {
        let (conn, pace) = (Arc::clone(conn), Pace::new(&conn.limits));
        Body::new(RequestBody { body: Some(body), conn, pace, timer: None, drain })
    })
}

struct RequestBody {
    /// None once it has ended.
    body: Option<Incoming>,
    conn: Arc<Conn>,
    pace: Pace,
    /// Runs while the app waits for more.
    timer: Option<Pin<Box<Sleep>>>,
    drain: bool,
}

impl http_body::Body for RequestBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>>>> {
        let this = &mut *self;
        let Some(body) = &mut this.body else {
            return Poll::Ready(None);
        };
        let Poll::Ready(frame) = Pin::new(body).poll_frame(context) else {
            ready!(poll_until(&mut this.timer, this.pace.wait(), context));
            this.body = None;
            this.conn.is_spoilt.store(true, Relaxed);
            count(&this.conn.tally().timeouts);
            return Poll::Ready(Some(Err(Error::from_status(StatusCode::REQUEST_TIMEOUT))));
        };
        match &frame {
            Some(Ok(frame)) => {
                let size = frame.data_ref().map_or(0, Bytes::len);
                this.pace.progress(size, &this.conn.limits);
            }
            Some(Err(_)) => {
                this.conn.is_spoilt.store(true, Relaxed);
                this.body = None;
            }
            None => this.body = None,
        }
        Poll::Ready(frame.map(|frame| frame.status(StatusCode::BAD_REQUEST)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Incoming::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(|| SizeHint::with_exact(0), Incoming::size_hint)
    }
}

impl Drop for RequestBody {
    fn drop(&mut self) {
        let Some(mut body) = self.body.take().filter(|body| !body.is_end_stream()) else { return };
        if !self.drain {
            return self.conn.is_spoilt.store(true, Relaxed);
        }
        match skip_what_is_there(&mut body) {
            Poll::Ready(true) => {}
            Poll::Ready(false) => self.conn.is_spoilt.store(true, Relaxed),
            Poll::Pending => {
                let conn = Arc::clone(&self.conn);
                conn.drain(true);
                tokio::spawn(async move {
                    let reading = async { while let Some(Ok(_)) = body.frame().await {} };
                    let _ = tokio::time::timeout(DRAIN, reading).await;
                    conn.drain(false);
                });
            }
        }
    }
}

/// Throws away what has come already. Ready at the end of the body: whether it ended well.
fn skip_what_is_there(body: &mut Incoming) -> Poll<bool> {
    let mut context = Context::from_waker(Waker::noop());
    loop {
        match ready!(Pin::new(&mut *body).poll_frame(&mut context)) {
            Some(Ok(_)) => {}
            ended => return Poll::Ready(ended.is_none()),
        }
    }
}
