//! Keeps a panic in an app from ending more than its request.

use std::any::Any;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use paste_core::{Body, Error, Result};

/// Polls `future`; a panic in it becomes an [`Error`] with status 500.
pub(crate) async fn catch<T>(future: impl Future<Output = Result<T>>) -> Result<T> {
    let mut future = pin!(future);
    poll_fn(|context| {
        caught(|| future.as_mut().poll(context)).unwrap_or_else(|panic| Poll::Ready(Err(panic)))
    })
    .await
}

/// Drops a body that has ended; a panic of whoever watches that is an [`Error`] with status 500.
pub(crate) fn ended(body: Body) -> Result<Body> {
    caught(|| drop(body))?;
    Ok(Body::empty())
}

/// A response body in which a panic is an error: it ends the response, not the connection's task.
pub(crate) struct Guarded(Body);

impl Guarded {
    pub(crate) fn new(body: Body) -> Self {
        Self(body)
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        let body = std::mem::take(&mut self.0);
        if let Err(mut panic) = caught(|| drop(body)) {
            panic.log();
        }
    }
}

impl http_body::Body for Guarded {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>>>> {
        let frame = caught(|| Pin::new(&mut self.0).poll_frame(context));
        let frame = frame.unwrap_or_else(|panic| Poll::Ready(Some(Err(panic))));
        frame.map_err(|mut error| {
            error.log();
            error
        })
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}

/// The app is not used again after a panic within one request, but for what it shares by itself;
/// shared state that a panic may leave half changed is the app's own to guard, as in any thread.
fn caught<T>(work: impl FnOnce() -> T) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| {
        let error = Error::boxed(format!("panic: {}", message(&*panic)));
        dispose(panic);
        error
    })
}

/// Drops what a panic carried, whose own drop may panic, too.
#[expect(clippy::mem_forget, reason = "what panics whenever it is dropped cannot be dropped")]
fn dispose(payload: Box<dyn Any + Send>) {
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(again);
    }
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("(no message)")
}
