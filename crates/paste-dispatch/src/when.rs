//! A middleware for some requests only.
//!
//! 1. All conditions must hold; without any, every request goes through.
//! 2. A path holds for itself and what is below, by whole segments of the decoded path, and counts from
//!    where the middleware stands. Unlike in [`url_map`](crate::url_map) an encoded slash separates: an
//!    app that reads `path_info` sees it as a slash, and what guards `/admin` guards `/admin%2Fx`.
//! 3. A method is one of those named; a header has the value, in one of its lines.
//! 4. Other requests go to the app as if the middleware were not there.
//!
//! ```
//! use http::{HeaderValue, Method, header};
//! use paste_core::{AppExt, Next, Request, Result, from_fn, response};
//! use paste_dispatch::When;
//!
//! async fn site(_request: Request) -> Result { Ok(response::text("hi")) }
//!
//! let no_store = from_fn(|request: Request, next: Next| async move {
//!     let mut response = next.call(request).await?;
//!     response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
//!     Ok(response)
//! });
//! let app = site.with(When::new(no_store).path("/admin/").method([Method::GET]));
//! ```

use std::fmt;
use std::sync::Arc;

use http::{HeaderName, HeaderValue, Method};
use paste_core::{App, AppExt, BoxApp, Middleware, Request, Result, path};

/// Puts a middleware around an app for those requests that match. See the [module](self) for the
/// rules.
#[derive(Clone, Debug)]
pub struct When<M> {
    middleware: M,
    conditions: Arc<Conditions>,
}

#[derive(Clone, Default)]
struct Conditions {
    /// The segments, decoded.
    path: Vec<Vec<u8>>,
    methods: Vec<Method>,
    headers: Vec<(HeaderName, HeaderValue)>,
    matches: Vec<Arc<Matches>>,
}

type Matches = dyn Fn(&Request) -> bool + Send + Sync;

impl<M> When<M> {
    /// `middleware`, for every request so far.
    pub fn new(middleware: M) -> Self {
        Self { middleware, conditions: Arc::default() }
    }

    /// Only at `path` and below.
    #[must_use]
    pub fn path(mut self, path: &str) -> Self {
        self.change().path = segments(&path::decode(path)).map(<[u8]>::to_vec).collect();
        self
    }

    /// Only by one of these methods.
    #[must_use]
    pub fn method(mut self, methods: impl IntoIterator<Item = Method>) -> Self {
        self.change().methods = methods.into_iter().collect();
        self
    }

    /// Only with this header. May be called again: all must be there.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.change().headers.push((name, value));
        self
    }

    /// Only where `matches` says so. May be called again: all must say so.
    #[must_use]
    pub fn matches(mut self, matches: impl Fn(&Request) -> bool + Send + Sync + 'static) -> Self {
        self.change().matches.push(Arc::new(matches));
        self
    }

    fn change(&mut self) -> &mut Conditions {
        Arc::make_mut(&mut self.conditions)
    }
}

impl<A: App, M: Middleware<BoxApp>> Middleware<A> for When<M> {
    type App = WithWhen<M::App>;

    fn wrap(self, app: A) -> WithWhen<M::App> {
        let without = app.boxed();
        let with = self.middleware.wrap(without.clone());
        WithWhen { with, without, conditions: self.conditions }
    }
}

/// An app that a middleware is around for some requests: see [`When`].
#[derive(Clone, Debug)]
pub struct WithWhen<W> {
    with: W,
    without: BoxApp,
    conditions: Arc<Conditions>,
}

impl<W: App> App for WithWhen<W> {
    async fn call(&self, request: Request) -> Result {
        if self.conditions.hold(&request) {
            self.with.call(request).await
        } else {
            self.without.call(request).await
        }
    }
}

impl Conditions {
    fn hold(&self, request: &Request) -> bool {
        let path = path::decode(request.uri().path());
        let mut sent = segments(&path);
        let is_below = self.path.iter().all(|own| sent.next().is_some_and(|next| next == own));
        let has = |(name, value): &(HeaderName, HeaderValue)| {
            request.headers().get_all(name).iter().any(|own| own == value)
        };
        is_below
            && (self.methods.is_empty() || self.methods.contains(request.method()))
            && self.headers.iter().all(has)
            && self.matches.iter().all(|matches| matches(request))
    }
}

/// The segments of a decoded path.
fn segments(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    path.split(|&byte| byte == b'/').filter(|segment| !segment.is_empty())
}

impl fmt::Debug for Conditions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.headers.iter().map(|(name, _)| name).collect();
        f.debug_struct("Conditions")
            .field("path", &self.path)
            .field("methods", &self.methods)
            .field("headers", &names)
            .finish_non_exhaustive()
    }
}
