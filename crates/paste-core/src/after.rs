//! The cheap way to change what a call gives.

use futures_util::FutureExt;

use crate::{Response, Result};

/// Awaits `call`, and lets `change` work on what it gives, in place.
///
/// It is the same as `let mut result = call.await; change(&mut result); result` in an `async fn`,
/// but for the cost: an `async fn` that takes the request keeps it twice in its future, and so
/// twice more with each middleware around it. For middlewares that only look at what comes back:
///
/// ```
/// use paste_core::{App, Request, Response, Result, after};
///
/// struct WithRobots<A>(A);
///
/// impl<A: App> App for WithRobots<A> {
///     fn call(&self, request: Request) -> impl Future<Output = Result<Response>> + Send {
///         after(self.0.call(request), |result| {
///             if let Ok(response) = result {
///                 response.headers_mut().insert("x-robots-tag", "noindex".parse().unwrap());
///             }
///         })
///     }
/// }
/// ```
pub fn after<F, C>(call: F, change: C) -> impl Future<Output = Result<Response>> + Send
where
    F: Future<Output = Result<Response>> + Send,
    C: FnOnce(&mut Result<Response>) + Send,
{
    call.map(|mut result| {
        change(&mut result);
        result
    })
}
