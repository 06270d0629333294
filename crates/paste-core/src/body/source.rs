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
    /// What must still come, where the length was stated.
    remaining: Option<u64>,
}

type BoxBody = Pin<Box<dyn http_body::Body<Data = Bytes, Error = Error> + Send>>;

impl Source {
    pub(super) fn new(
        stream: impl http_body::Body<Data = Bytes, Error = Error> + Send + 'static,
    ) -> Self {
        let (hint, ended) = (stream.size_hint(), stream.is_end_stream());
        Self { stream: Mutex::new(Box::pin(stream)), hint, ended, remaining: None }
    }

    pub(super) fn poll_frame(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>>>> {
        let stream = self.stream.get_mut().unwrap_or_else(PoisonError::into_inner);
        let frame = ready!(stream.as_mut().poll_frame(context));
        (self.hint, self.ended) = (stream.size_hint(), stream.is_end_stream());
        Poll::Ready(match self.remaining {
            Some(remaining) => self.within(remaining, frame),
            None => frame,
        })
    }

    /// Says how long the stream will be, where it does not know. If it is not, it breaks.
    pub(super) fn set_length(&mut self, length: u64) {
        self.hint = SizeHint::with_exact(length);
        self.ended = false;
        self.remaining = Some(length);
    }

    pub(super) fn size_hint(&self) -> SizeHint {
        self.hint
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }

    /// Holds a frame against the stated length.
    fn within(
        &mut self,
        remaining: u64,
        frame: Option<Result<Frame<Bytes>>>,
    ) -> Option<Result<Frame<Bytes>>> {
        let size = match &frame {
            Some(Ok(frame)) => frame.data_ref().map_or(0, |data| data.len() as u64),
            Some(Err(_)) => return frame,
            None => 0,
        };
        let ends = frame.is_none() || self.ended;
        let Some(left) = remaining.checked_sub(size).filter(|&left| left == 0 || !ends) else {
            let message = format!(
                "a body of a stated length is longer or shorter than stated: {remaining} bytes were left"
            );
            return Some(Err(Error::boxed(message)));
        };
        self.remaining = Some(left);
        self.hint = SizeHint::with_exact(left);
        frame
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
