//! The body that is compressed while it is sent.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use async_compression::codecs::EncodeV2;
use async_compression::core::util::{PartialBuffer, WriteBuffer};
use bytes::{Buf, Bytes, BytesMut};
use http::HeaderMap;
use http_body::Frame;
use paste_core::{Body, Error, Result};

use super::Plan;
use crate::coding::Encoder;

/// How much is made before it is handed over.
const PIECE: usize = 16 * 1024;

/// How much is compressed before others have their turn, if nothing comes of it.
const TURN: usize = 64 * 1024;

/// What a frame costs of a turn beside its bytes.
const FRAME: usize = 64;

/// A body, compressed as it comes.
pub(super) struct Compressed {
    plan: Plan,
    body: Body,
    /// Made when there is something to compress: HEAD needs none.
    encoder: Option<Encoder>,
    /// What of the body was read and is not compressed yet.
    piece: Bytes,
    /// Zeros to write into, and how many of them are compressed bytes by now.
    room: BytesMut,
    filled: usize,
    step: Step,
    /// Whether the encoder may hold something back.
    is_behind: bool,
    trailers: Option<HeaderMap>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Encode,
    Flush,
    Finish,
    Trailers,
    Ended,
}

impl Compressed {
    /// `piece` is what was read of the body already.
    pub(super) fn new(plan: Plan, piece: Bytes, body: Body) -> Self {
        Self {
            plan,
            body,
            encoder: None,
            piece,
            room: BytesMut::new(),
            filled: 0,
            step: Step::Encode,
            is_behind: false,
            trailers: None,
        }
    }

    /// One step of the encoder; whether a flush or the end is done.
    fn run(&mut self) -> io::Result<bool> {
        let Plan { coding, level, size, .. } = self.plan;
        let encoder = self.encoder.get_or_insert_with(|| coding.encoder(level, size));
        if self.room.is_empty() {
            self.room = BytesMut::zeroed(PIECE);
        }
        let mut input = PartialBuffer::new(&self.piece[..]);
        let mut output = WriteBuffer::new_initialized(&mut self.room[self.filled..]);
        let done = match self.step {
            Step::Flush => encoder.flush(&mut output)?,
            Step::Finish => encoder.finish(&mut output)?,
            _ => encoder.encode(&mut input, &mut output).map(|()| false)?,
        };
        let taken = input.written_len();
        self.filled += output.written_len();
        self.piece.advance(taken);
        Ok(done)
    }

    fn hand_over(&mut self) -> Poll<Option<Result<Frame<Bytes>>>> {
        let made = self.room.split_to(std::mem::take(&mut self.filled));
        Poll::Ready(Some(Ok(Frame::data(made.freeze()))))
    }

    /// Lets others have their turn.
    fn pause(&mut self, context: &Context<'_>) -> Poll<Option<Result<Frame<Bytes>>>> {
        if self.filled > 0 {
            return self.hand_over();
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }

    fn fail(&mut self, error: Error) -> Poll<Option<Result<Frame<Bytes>>>> {
        self.step = Step::Ended;
        self.body = Body::empty();
        self.filled = 0;
        Poll::Ready(Some(Err(error)))
    }
}

impl http_body::Body for Compressed {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>>>> {
        let this = &mut *self;
        let mut turn = TURN;
        loop {
            if this.filled > 0 && this.filled == this.room.len() {
                return this.hand_over();
            }
            match this.step {
                Step::Encode if turn == 0 => return this.pause(context),
                Step::Encode if this.piece.is_empty() => {
                    match Pin::new(&mut this.body).poll_frame(context) {
                        Poll::Ready(Some(Ok(frame))) => {
                            turn = turn.saturating_sub(FRAME);
                            match frame.into_data() {
                                Ok(data) => this.piece = data,
                                Err(frame) => {
                                    this.trailers = frame.into_trailers().ok();
                                    this.step = Step::Finish;
                                }
                            }
                        }
                        Poll::Ready(Some(Err(error))) => return this.fail(error),
                        Poll::Ready(None) => this.step = Step::Finish,
                        // Nothing more comes for now: what came must not wait for it.
                        Poll::Pending if this.is_behind => this.step = Step::Flush,
                        Poll::Pending => return Poll::Pending,
                    }
                }
                Step::Encode => {
                    let before = this.piece.len();
                    if let Err(error) = this.run() {
                        return this.fail(Error::boxed(error));
                    }
                    this.is_behind = true;
                    turn = turn.saturating_sub((before - this.piece.len()).max(1));
                    if this.piece.is_empty() && this.plan.is_events {
                        this.step = Step::Flush;
                    }
                }
                Step::Flush | Step::Finish => match this.run() {
                    Ok(false) => {}
                    Ok(true) => {
                        this.is_behind = false;
                        this.step = match (this.step, &this.trailers) {
                            (Step::Flush, _) => Step::Encode,
                            (_, Some(_)) => Step::Trailers,
                            (_, None) => Step::Ended,
                        };
                        if this.filled > 0 {
                            return this.hand_over();
                        }
                    }
                    Err(error) => return this.fail(Error::boxed(error)),
                },
                Step::Trailers => {
                    this.step = Step::Ended;
                    return Poll::Ready(this.trailers.take().map(|all| Ok(Frame::trailers(all))));
                }
                Step::Ended => return Poll::Ready(None),
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.step == Step::Ended && self.filled == 0
    }
}

/// Compresses what is there as a whole.
pub(super) fn whole(plan: &Plan, data: &[u8]) -> io::Result<Bytes> {
    let mut encoder = plan.coding.encoder(plan.level, Some(data.len() as u64));
    let mut made = vec![0; data.len() / 2 + 256];
    let (mut length, mut left) = (0, data);
    loop {
        if length == made.len() {
            made.resize(length * 2, 0);
        }
        let mut input = PartialBuffer::new(left);
        let mut output = WriteBuffer::new_initialized(&mut made[length..]);
        let done = if left.is_empty() {
            EncodeV2::finish(&mut *encoder, &mut output)?
        } else {
            EncodeV2::encode(&mut *encoder, &mut input, &mut output).map(|()| false)?
        };
        left = &left[input.written_len()..];
        length += output.written_len();
        if done {
            made.truncate(length);
            return Ok(made.into());
        }
    }
}
