//! Refuses request bodies that are too large, whoever reads them and however.
//!
//! 1. A body whose length says that it is larger is refused with 413 before the app is called, so that
//!    a client that asked first (`Expect: 100-continue`) never sends it.
//! 2. A body of unknown length is passed on as it comes. Reading more than the limit is an error with
//!    status 413 for whoever reads.
//!
//! ```
//! use paste_core::{AppExt, ReadExt, Request, Result, response};
//! use paste_filter::BodyLimit;
//!
//! async fn echo(mut request: Request) -> Result {
//!     Ok(response::text(request.text(1 << 20).await?))
//! }
//!
//! let app = echo.with(BodyLimit::new(64 << 10));
//! ```

use http::StatusCode;
use http_body::Body as _;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use paste_core::{App, Body, BoxError, Error, Middleware, Request, Result};

/// Refuses larger request bodies. See the [module](self) for the rules.
#[derive(Clone, Copy, Debug)]
pub struct BodyLimit {
    limit: usize,
}

impl BodyLimit {
    /// Bodies have at most `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self { limit }
    }

    fn too_large(self) -> Error {
        let detail = format!("The body must not have more than {} bytes.", self.limit);
        Error::from_status(StatusCode::PAYLOAD_TOO_LARGE).detail(detail)
    }
}

impl<A: App> Middleware<A> for BodyLimit {
    type App = WithBodyLimit<A>;

    fn wrap(self, app: A) -> WithBodyLimit<A> {
        WithBodyLimit { app, limit: self }
    }
}

/// An app whose request bodies [`BodyLimit`] limits.
#[derive(Clone, Debug)]
pub struct WithBodyLimit<A> {
    app: A,
    limit: BodyLimit,
}

impl<A: App> App for WithBodyLimit<A> {
    async fn call(&self, request: Request) -> Result {
        let limit = self.limit;
        let size = request.body().size_hint();
        if size.lower() > limit.limit as u64 {
            return Err(limit.too_large());
        }
        if size.upper().is_some_and(|upper| upper <= limit.limit as u64) {
            return self.app.call(request).await;
        }
        let limited = |body: Body| {
            Body::new(Limited::new(body, limit.limit).map_err(move |error: BoxError| {
                if error.is::<LengthLimitError>() { limit.too_large() } else { Error::boxed(error) }
            }))
        };
        self.app.call(request.map(limited)).await
    }
}
