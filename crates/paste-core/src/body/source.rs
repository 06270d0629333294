//! What a streaming body draws from.

use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;
use http_body::{Frame, SizeHint};
use pin_project_lite::pin_project;

use crate::{BoxError, Error, Result};

/// A boxed stream with what `&self` may ask cached beside it. The mutex is never locked: it lends
/// `Sync` to a stream that only `&mut` touches.
pub(super) struct Source {
    stream: Mutex<BoxBody>,
    hint: SizeHint,
    ended: bool,
}

type BoxBody = Pin<Box<dyn http_body::Body<Data = Bytes, Error = Error> + Send>>;

impl Source {
    pub(super) fn new(
        stream: impl http_body::Body<Data = Bytes, Error = Error> + Send + 'static,
    ) -> Self {
        let (hint, ended) = (stream.size_hint(), stream.is_end_stream());
        Self { stream: Mutex::new(Box::pin(stream)), hint, ended }
    }

    pub(super) fn poll_frame(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>>>> {
        let stream = self.stream.get_mut().unwrap_or_else(PoisonError::into_inner);
        let frame = ready!(stream.as_mut().poll_frame(context));
        (self.hint, self.ended) = (stream.size_hint(), stream.is_end_stream());
        Poll::Ready(frame)
    }

    /// Says how long the stream will be, where it does not know.
    pub(super) fn set_length(&mut self, length: u64) {
        self.hint = SizeHint::with_exact(length);
        self.ended = false;
    }

    pub(super) fn size_hint(&self) -> SizeHint {
        self.hint
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }
}

pin_project! {
    /// Another crate's body, its errors taken in.
    pub(super) struct Foreign<B> {
        #[pin]
        body: B,
    }
}

impl<B> Foreign<B> {
    pub(super) fn new(body: B) -> Self {
        Self { body }
    }
}

impl<B> http_body::Body for Foreign<B>
where
    B: http_body::Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>>>> {
        self.project().body.poll_frame(context).map_err(Error::boxed)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }
}

pin_project! {
    /// A stream of buffers as a body.
    pub(super) struct Chunks<S> {
        #[pin]
        stream: S,
    }
}

impl<S> Chunks<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream }
    }
}

impl<S, D, E> http_body::Body for Chunks<S>
where
    S: Stream<Item = Result<D, E>>,
    D: Into<Bytes>,
    E: Into<BoxError>,
{
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>>>> {
        let item = ready!(self.project().stream.poll_next(context));
        Poll::Ready(
            item.map(|item| item.map(|data| Frame::data(data.into())).map_err(Error::boxed)),
        )
    }
}
