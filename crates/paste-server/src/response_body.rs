//! The body of a response, as hyper gets it.
//!
//! 1. A panic in it is an error: it ends the response, not the connection's task. So is one of
//!    whoever watches its end.
//! 2. Its request runs until it is dropped.
//! 3. While it waits for the app, it is watched whether the client has gone.

use std::error::Error as StdError;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use paste_core::{Body, Error};

use crate::io::Running;
use crate::panic::caught;
use crate::span;

/// The client has gone: there is nobody to answer.
#[derive(Debug)]
pub(crate) struct Gone;

impl fmt::Display for Gone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the client has gone")
    }
}

impl StdError for Gone {}

/// A body on its way to a client.
pub(crate) struct Sending {
    body: Body,
    running: Running,
}

impl Sending {
    pub(crate) fn new(body: Body, running: Running) -> Self {
        Self { body, running }
    }
}

impl http_body::Body for Sending {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let this = &mut *self;
        let frame = {
            let _entered = this.running.span.enter();
            caught(|| Pin::new(&mut this.body).poll_frame(context))
        };
        match frame.unwrap_or_else(|panic| Poll::Ready(Some(Err(panic)))) {
            Poll::Pending => {
                this.running.poll_hang_up(context).map(|()| Some(Err(Error::boxed(Gone))))
            }
            Poll::Ready(Some(Err(mut error))) => {
                this.running.span.in_scope(|| error.log());
                span::record_cut(&this.running.span);
                Poll::Ready(Some(Err(error)))
            }
            frame @ Poll::Ready(_) => frame,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        self.running.is_done = self.body.is_end_stream();
        if self.running.is_done {
            return; // whoever watched its end was told
        }
        let body = std::mem::take(&mut self.body);
        if let Err(mut panic) = caught(|| drop(body)) {
            self.running.span.in_scope(|| panic.log());
        }
    }
}
