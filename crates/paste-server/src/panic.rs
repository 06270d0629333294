//! Keeps a panic in an app from ending more than its request.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use paste_core::{Body, Error, Result};

/// Drops a body that has ended; a panic of whoever watches that is an [`Error`] with status 500.
pub(crate) fn ended(body: Body) -> Result<Body> {
    caught(|| drop(body))?;
    Ok(Body::empty())
}

/// The app is not used again after a panic within one request, but for what it shares by itself;
/// shared state that a panic may leave half changed is the app's own to guard, as in any thread.
pub(crate) fn caught<T>(work: impl FnOnce() -> T) -> Result<T> {
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
