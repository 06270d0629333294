//! The body of a request, as the app gets it.
//!
//! 1. What breaks it (the client goes, or its framing is wrong) is the client's fault: 400.
//! 2. A body of which nothing comes for 75 s while it is read is a 408.
//! 3. What the app leaves unread is read and thrown away for a while, so that the client, which
//!    may still be sending, gets to read the answer (RFC 9112, section 9.6). Not so where the
//!    client waits to be asked for it (`Expect: 100-continue`).

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use paste_core::{Body, Error, Result, ResultExt};
use tokio::time::Sleep;

/// How long a body that is read may be silent.
const IDLE: Duration = Duration::from_secs(75);

/// How long an unread body is read on.
const DRAIN: Duration = Duration::from_secs(30);

/// Takes in the body of a request.
pub(crate) fn request_body(headers: &HeaderMap, body: Incoming) -> Body {
    if body.is_end_stream() {
        return Body::empty();
    }
    let drain = !headers.contains_key(header::EXPECT);
    Body::new(RequestBody { body: Some(body), silence: None, drain })
}

struct RequestBody {
    /// None once it has ended.
    body: Option<Incoming>,
    /// Runs while the app waits for more.
    silence: Option<Pin<Box<Sleep>>>,
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
            let silence = this.silence.get_or_insert_with(|| Box::pin(tokio::time::sleep(IDLE)));
            ready!(silence.as_mut().poll(context));
            this.body = None;
            return Poll::Ready(Some(Err(Error::from_status(StatusCode::REQUEST_TIMEOUT))));
        };
        this.silence = None;
        if !matches!(frame, Some(Ok(_))) {
            this.body = None;
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
        if let Some(mut body) = self.body.take()
            && self.drain
            && !body.is_end_stream()
        {
            tokio::spawn(tokio::time::timeout(DRAIN, async move {
                while let Some(Ok(_)) = body.frame().await {}
            }));
        }
    }
}
