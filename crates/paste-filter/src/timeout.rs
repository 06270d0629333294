//! Ends requests that take an app too long.
//!
//! 1. An app that has not begun to answer in time is dropped, and the answer is an error with status 503.
//! 2. The time that the body of an answer takes is the server's to limit.
//!
//! Unlike `tower_http::timeout`, it gives an error that is rendered and logged as any other.
//!
//! ```
//! use std::time::Duration;
//! use paste_core::{AppExt, Request, Result, response};
//! use paste_filter::Timeout;
//!
//! async fn hello(_request: Request) -> Result { Ok(response::text("hi")) }
//!
//! let app = hello.with(Timeout::new(Duration::from_secs(30)));
//! ```

use std::time::Duration;

use http::StatusCode;
use paste_core::{App, Error, Middleware, Request, Result};

/// Drops apps that take too long. See the [module](self) for the rules.
#[derive(Clone, Copy, Debug)]
pub struct Timeout {
    limit: Duration,
}

impl Timeout {
    /// An app has begun to answer after `limit`.
    pub fn new(limit: Duration) -> Self {
        Self { limit }
    }
}

impl<A: App> Middleware<A> for Timeout {
    type App = WithTimeout<A>;

    fn wrap(self, app: A) -> WithTimeout<A> {
        WithTimeout { app, limit: self.limit }
    }
}

/// An app whose time [`Timeout`] limits.
#[derive(Clone, Debug)]
pub struct WithTimeout<A> {
    app: A,
    limit: Duration,
}

impl<A: App> App for WithTimeout<A> {
    async fn call(&self, request: Request) -> Result {
        match tokio::time::timeout(self.limit, self.app.call(request)).await {
            Ok(answer) => answer,
            Err(elapsed) => {
                let status = StatusCode::SERVICE_UNAVAILABLE;
                Err(Error::from_status(status)
                    .detail("The answer took too long.")
                    .caused_by(elapsed))
            }
        }
    }
}
