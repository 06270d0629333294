//! What a streaming body draws from.

use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_util::Stream;
use http_body::{Frame, SizeHint};

use crate::{BoxError, Error, Result};

/// A boxed stream with what `&self` may ask cached beside it. The mutex is never locked: it lends
/// `Sync` to a stream that only `&mut` touches.
pub(super) struct Source {
    stream: Mutex<Boxed>,
    hint: SizeHint,
    ended: bool,
    /// What must still come, where the length was stated.
    remaining: Option<u64>,
}

enum Boxed {
    Body(Pin<Box<dyn AnyBody>>),
    Data(Pin<Box<dyn Stream<Item = Result<Bytes>> + Send>>),
}

/// Another crate's body, its errors taken in.
trait AnyBody: Send {
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>>>>;
    fn hint(&self) -> SizeHint;
    fn has_ended(&self) -> bool;
}

impl<B> AnyBody for B
where
    B: http_body::Body<Data = Bytes> + Send,
    B::Error: Into<BoxError>,
{
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>>>> {
        self.poll_frame(context).map_err(Error::boxed)
    }

    fn hint(&self) -> SizeHint {
        self.size_hint()
    }

    fn has_ended(&self) -> bool {
        self.is_end_stream()
    }
}

impl Source {
    pub(super) fn of_body<B>(body: B) -> Self
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let (hint, ended) = (body.size_hint(), body.is_end_stream());
        Self { stream: Mutex::new(Boxed::Body(Box::pin(body))), hint, ended, remaining: None }
    }

    pub(super) fn of_data(data: impl Stream<Item = Result<Bytes>> + Send + 'static) -> Self {
        let stream = Mutex::new(Boxed::Data(Box::pin(data)));
        Self { stream, hint: SizeHint::default(), ended: false, remaining: None }
    }

    pub(super) fn poll_frame(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>>>> {
        let stream = self.stream.get_mut().unwrap_or_else(PoisonError::into_inner);
        let frame = match stream {
            Boxed::Body(body) => {
                let frame = ready!(body.as_mut().poll(context));
                (self.hint, self.ended) = (body.hint(), body.has_ended());
                frame
            }
            Boxed::Data(data) => {
                let data = ready!(data.as_mut().poll_next(context));
                data.map(|data| data.map(Frame::data))
            }
        };
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
