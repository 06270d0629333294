//! A body with trailers behind it.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::HeaderMap;
use http_body::Frame;

use super::Body;
use crate::{Error, Result};

type Trailers = Box<dyn FnOnce() -> HeaderMap + Send>;

/// See [`Body::with_trailers`].
pub(super) struct WithTrailers {
    body: Body,
    /// None once they are sent.
    trailers: Option<Trailers>,
}

impl WithTrailers {
    pub(super) fn new(body: Body, trailers: impl FnOnce() -> HeaderMap + Send + 'static) -> Self {
        Self { body, trailers: Some(Box::new(trailers)) }
    }
}

impl http_body::Body for WithTrailers {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>>>> {
        if self.trailers.is_none() {
            return Poll::Ready(None);
        }
        // Trailers of the body's own give way: a message has one set of them.
        let frame = match ready!(Pin::new(&mut self.body).poll_frame(context)) {
            Some(Ok(frame)) if frame.is_data() => return Poll::Ready(Some(Ok(frame))),
            Some(Err(error)) => Some(Err(error)),
            _ => self.trailers.take().map(|trailers| Ok(Frame::trailers(trailers()))),
        };
        self.trailers = None;
        Poll::Ready(frame)
    }
}
