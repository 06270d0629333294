//! A body read whole if it is small and there, and otherwise put together again.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use futures_util::FutureExt;
use http_body::{Body as _, Frame, SizeHint};
use paste_core::{Body, Error, Result};

/// What became of a body.
pub(super) enum Buffered {
    /// All of it.
    Whole(Bytes),
    /// It is too large, or comes later: the same body, nothing of it missing.
    Stream(Body),
}

/// Reads a body of at most `limit` bytes.
pub(super) async fn read(mut body: Body, limit: u64) -> Result<Buffered> {
    let length = body.size_hint().exact();
    if body.size_hint().lower() > limit {
        return Ok(Buffered::Stream(body));
    }
    let (mut frames, mut size) = (VecDeque::new(), 0);
    loop {
        let frame = match length {
            Some(_) => body.frame().await,
            None => match body.frame().now_or_never() {
                Some(frame) => frame,
                None => return Ok(replayed(frames, body)),
            },
        };
        let Some(frame) = frame.transpose()? else { break };
        size += frame.data_ref().map_or(0, |data| data.len() as u64);
        let is_trailers = frame.is_trailers();
        frames.push_back(frame);
        if is_trailers || size > limit {
            return Ok(replayed(frames, body));
        }
    }
    let mut pieces = frames.into_iter().filter_map(|frame| frame.into_data().ok());
    let first = pieces.next().unwrap_or_default();
    if first.len() as u64 == size {
        return Ok(Buffered::Whole(first));
    }
    let mut whole = BytesMut::from(first);
    for piece in pieces {
        whole.extend_from_slice(&piece);
    }
    Ok(Buffered::Whole(whole.freeze()))
}

fn replayed(frames: VecDeque<Frame<Bytes>>, body: Body) -> Buffered {
    Buffered::Stream(Body::new(Replayed { frames, body }))
}

/// What was read of a body, and then the rest.
struct Replayed {
    frames: VecDeque<Frame<Bytes>>,
    body: Body,
}

impl http_body::Body for Replayed {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>>>> {
        match self.frames.pop_front() {
            Some(frame) => Poll::Ready(Some(Ok(frame))),
            None => Pin::new(&mut self.body).poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.frames.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let data = self.frames.iter().filter_map(Frame::data_ref);
        let kept = data.map(|data| data.len() as u64).sum::<u64>();
        let rest = self.body.size_hint();
        let mut hint = SizeHint::new();
        hint.set_lower(kept.saturating_add(rest.lower()));
        if let Some(upper) = rest.upper().and_then(|upper| upper.checked_add(kept)) {
            hint.set_upper(upper);
        }
        hint
    }
}
