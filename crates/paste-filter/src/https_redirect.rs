//! Sends clients that came by http to https.
//!
//! 1. A request by http is redirected (308, so that method and body stay) to the same host, path and
//!    query by https; one by https passes. [`Scheme`](paste_core::Scheme) tells which: the server sets
//!    it, and [`TrustedProxies`](paste_core::TrustedProxies), where a proxy has the certificates.
//! 2. Below `/.well-known/acme-challenge/` nothing is redirected: certificate authorities ask there by http.
//! 3. A request that names no host cannot be redirected, and is refused with 400.
//!
//! ```
//! use paste_core::{AppExt, Request, Result, response};
//! use paste_filter::HttpsRedirect;
//!
//! async fn hello(_request: Request) -> Result { Ok(response::text("hi")) }
//!
//! let app = hello.with(HttpsRedirect::new().port(8443));
//! ```
//!
//! The host is what the client says it is; [`AllowedHosts`](paste_core::AllowedHosts) outside
//! keeps others out.

use http::{StatusCode, uri::Authority};
use paste_core::{App, Error, Middleware, Request, RequestExt, Result, response};

const ACME: &str = "/.well-known/acme-challenge/";

/// Redirects to https. See the [module](self) for the rules.
#[derive(Clone, Copy, Debug)]
pub struct HttpsRedirect {
    port: u16,
    status: StatusCode,
}

impl Default for HttpsRedirect {
    fn default() -> Self {
        Self { port: 443, status: StatusCode::PERMANENT_REDIRECT }
    }
}

impl HttpsRedirect {
    /// Redirects to port 443, for good.
    pub fn new() -> Self {
        Self::default()
    }

    /// Redirects to this port of the same host.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Redirects with this status instead of 308.
    #[must_use]
    pub fn status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    fn location(self, request: &Request) -> Option<String> {
        let host = request.host()?.parse::<Authority>().ok()?;
        let target = request.original_uri().path_and_query().map_or("/", |target| target.as_str());
        let port = if self.port == 443 { String::new() } else { format!(":{}", self.port) };
        Some(format!("https://{}{port}{target}", host.host()))
    }
}

impl<A: App> Middleware<A> for HttpsRedirect {
    type App = WithHttpsRedirect<A>;

    fn wrap(self, app: A) -> WithHttpsRedirect<A> {
        WithHttpsRedirect { app, redirect: self }
    }
}

/// An app that is had by https only: see [`HttpsRedirect`].
#[derive(Clone, Debug)]
pub struct WithHttpsRedirect<A> {
    app: A,
    redirect: HttpsRedirect,
}

impl<A: App> App for WithHttpsRedirect<A> {
    async fn call(&self, request: Request) -> Result {
        if request.scheme() == "https" || request.original_uri().path().starts_with(ACME) {
            return self.app.call(request).await;
        }
        match self.redirect.location(&request) {
            Some(location) => Ok(response::redirect(self.redirect.status, &location)),
            None => Err(Error::bad_request("The request names no host.")),
        }
    }
}
