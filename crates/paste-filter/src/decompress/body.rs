//! The body that is decompressed while it is read.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use async_compression::core::util::{PartialBuffer, WriteBuffer};
use bytes::{Buf, Bytes, BytesMut};
use http::{HeaderMap, StatusCode};
use http_body::Frame;
use paste_core::{Body, Error, Result};

use super::Limits;
use crate::Coding;
use crate::coding::Decoder;

/// How much is made before it is handed over.
const PIECE: usize = 16 * 1024;

/// How much is read before others have their turn, if nothing comes of it.
const TURN: usize = 64 * 1024;

/// What a frame costs of a turn beside its bytes.
const FRAME: usize = 64;

/// How much may be made of nearly nothing: the ratio counts beyond.
const FREE: u64 = 1 << 20;

/// A body, decompressed as it comes.
pub(super) struct Decompressed {
    coding: Coding,
    limits: Limits,
    body: Body,
    step: Step,
    /// What of the body was read and is not decompressed yet.
    piece: Bytes,
    /// Zeros to write into, and how many of them are decompressed bytes by now.
    room: BytesMut,
    filled: usize,
    read: u64,
    made: u64,
    trailers: Option<HeaderMap>,
}

enum Step {
    /// Nothing has come.
    Begin,
    /// Something has begun.
    Decode {
        decoder: Decoder,
        /// Whether the decoder may hold more than there was room for.
        is_ahead: bool,
    },
    /// Something has ended, and something else may begin.
    Between(Decoder),
    Trailers,
    Ended,
}

impl Decompressed {
    pub(super) fn new(coding: Coding, limits: Limits, body: Body) -> Self {
        Self {
            coding,
            limits,
            body,
            step: Step::Begin,
            piece: Bytes::new(),
            room: BytesMut::new(),
            filled: 0,
            read: 0,
            made: 0,
            trailers: None,
        }
    }

    /// Decompresses some of the piece.
    fn advance(&mut self) -> Result<()> {
        self.step = match std::mem::replace(&mut self.step, Step::Ended) {
            Step::Begin if !self.coding.refuses(self.piece[0]) => {
                Step::Decode { decoder: self.coding.decoder(self.piece[0]), is_ahead: false }
            }
            Step::Between(mut decoder) if self.coding.concatenates() => {
                decoder.reinit().map_err(|error| self.broken(Some(error)))?;
                Step::Decode { decoder, is_ahead: false }
            }
            Step::Decode { decoder, .. } => self.decode(decoder)?,
            // Of no use, or more than there should be.
            _ => return Err(self.broken(None)),
        };
        Ok(())
    }

    fn decode(&mut self, mut decoder: Decoder) -> Result<Step> {
        if self.room.is_empty() {
            self.room = BytesMut::zeroed(PIECE);
        }
        let mut input = PartialBuffer::new(&self.piece[..]);
        let mut output = WriteBuffer::new_initialized(&mut self.room[self.filled..]);
        let done = decoder.decode(&mut input, &mut output);
        let (taken, made) = (input.written_len(), output.written_len());
        let is_ahead = output.has_no_spare_space();
        let was_empty = self.piece.is_empty();
        self.filled += made;
        self.read += taken as u64;
        self.made += made as u64;
        self.piece.advance(taken);
        self.check()?;
        match done {
            Ok(true) => Ok(Step::Between(decoder)),
            // It would stay so for ever.
            Ok(false) if taken == 0 && made == 0 && !was_empty => Err(self.broken(None)),
            Ok(false) => Ok(Step::Decode { decoder, is_ahead }),
            // To be asked without input for what is left is an error to some, also when they gave it. What
            // is truly broken stays so, with more input and at the end.
            Err(_) if was_empty => Ok(Step::Decode { decoder, is_ahead: made > 0 }),
            Err(error) => Err(self.broken(Some(error))),
        }
    }

    fn check(&self) -> Result<()> {
        let Limits { size, ratio } = self.limits;
        let detail = if self.made > size {
            format!("The body is larger than the limit of {size} bytes once decompressed.")
        } else if self.made > FREE && self.made / u64::from(ratio.max(1)) > self.read {
            format!("The body is more than {ratio} times as large once decompressed.")
        } else {
            return Ok(());
        };
        Err(Error::from_status(StatusCode::PAYLOAD_TOO_LARGE).detail(detail))
    }

    fn broken(&self, cause: Option<io::Error>) -> Error {
        let coding = self.coding;
        let error = Error::bad_request(format!("The body is not what `{coding}` makes."));
        match cause {
            Some(cause) => error.caused_by(cause),
            None => error,
        }
    }

    fn cut(&self) -> Error {
        let detail = format!("The body ends before what `{}` made of it does.", self.coding);
        Error::bad_request(detail)
    }

    fn hand_over(&mut self) -> Poll<Option<Result<Frame<Bytes>>>> {
        let made = self.room.split_to(std::mem::take(&mut self.filled));
        Poll::Ready(Some(Ok(Frame::data(made.freeze()))))
    }

    fn fail(&mut self, error: Error) -> Poll<Option<Result<Frame<Bytes>>>> {
        self.step = Step::Ended;
        self.body = Body::empty();
        self.piece = Bytes::new();
        self.filled = 0;
        Poll::Ready(Some(Err(error)))
    }

    /// The body has ended: that is right where nothing has begun that has not ended.
    fn end(&mut self) -> Result<()> {
        match self.step {
            Step::Decode { .. } => return Err(self.cut()),
            _ if self.trailers.is_some() => self.step = Step::Trailers,
            _ => self.step = Step::Ended,
        }
        Ok(())
    }
}

impl http_body::Body for Decompressed {
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
            let step = match this.step {
                Step::Trailers | Step::Ended if this.filled > 0 => return this.hand_over(),
                Step::Trailers => {
                    this.step = Step::Ended;
                    return Poll::Ready(this.trailers.take().map(|all| Ok(Frame::trailers(all))));
                }
                Step::Ended => return Poll::Ready(None),
                _ if turn == 0 && this.filled > 0 => return this.hand_over(),
                _ if turn == 0 => {
                    context.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Step::Decode { is_ahead: true, .. } => this.advance(),
                _ if !this.piece.is_empty() => {
                    let before = this.piece.len();
                    let step = this.advance();
                    turn = turn.saturating_sub((before - this.piece.len()).max(1));
                    step
                }
                _ => match Pin::new(&mut this.body).poll_frame(context) {
                    Poll::Ready(Some(Ok(frame))) => {
                        turn = turn.saturating_sub(FRAME);
                        match frame.into_data() {
                            Ok(data) => {
                                this.piece = data;
                                Ok(())
                            }
                            Err(frame) => {
                                this.trailers = frame.into_trailers().ok();
                                this.end()
                            }
                        }
                    }
                    Poll::Ready(Some(Err(error))) => Err(error),
                    Poll::Ready(None) => this.end(),
                    Poll::Pending if this.filled > 0 => return this.hand_over(),
                    Poll::Pending => return Poll::Pending,
                },
            };
            if let Err(error) = step {
                return this.fail(error);
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.step, Step::Ended) && self.filled == 0
    }
}
