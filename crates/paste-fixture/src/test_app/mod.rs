//! A test client that behaves like a browser: `paste.fixture.TestApp`.
//!
//! 1. Requests go to an app in process, without a socket, or to a server by its URL. The same test
//!    runs on both.
//! 2. A status of 2xx or 3xx is expected unless the test says otherwise. Anything else fails the
//!    test with the page, the error or panic behind it, and the line of the test.
//! 3. Cookies are kept as a browser keeps them, per app and its clones.
//! 4. Redirects are followed on request: one, or all up to ten.
//! 5. Pages are read as HTML: elements by CSS selector, links to click, forms to fill in. See
//!    [`TestResponse`] and [`Form`].
//! 6. Every exchange goes through [`Lint`]: a broken MUST fails the test, unless the request
//!    [allows](TestRequest::allow_findings) it; a broken SHOULD is told when the test fails.
//!    [`TestApp::lint`] sets the levels of rules, [`TestApp::without_lint`] switches it off.
//! 7. A request in process takes as long as the app does: tests of apps that never answer bring
//!    their own limit.
//!
//! A test of an app of ours:
//!
//! ```
//! use paste_core::{Request, Result, response};
//! use paste_fixture::TestApp;
//!
//! async fn hello(_request: Request) -> Result {
//!     Ok(response::html("<!doctype html><title>x</title><h1>Hello</h1>"))
//! }
//!
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let app = TestApp::new(hello);
//! let page = app.get("/").param("name", "you").await;
//! page.must_contain("Hello");
//! assert_eq!(page.select("h1"), ["Hello"]);
//! app.post("/").json(&[1, 2]).expect(200).await;
//! # });
//! ```
//!
//! Of an axum app, and so of any tower service:
//!
//! ```
//! use axum::{Form, Router, response::Html, routing::get};
//! use paste_fixture::TestApp;
//!
//! const PAGE: &str = "<form method=post><input name=who><button>Greet</button></form>";
//! let greet = async |Form(fields): Form<Vec<(String, String)>>| Html(format!("Hi, {}!", fields[0].1));
//! let router: Router = Router::new().route("/", get(async || Html(PAGE)).post(greet));
//!
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let app = TestApp::of_service(router);
//! let mut form = app.get("/").await.form();
//! let page = form.set("who", "Ada").press("Greet").await;
//! assert_eq!(page.text(), "Hi, Ada!");
//! # });
//! ```

mod behind;
#[cfg(feature = "html")]
mod charset;
mod cookies;
#[cfg(feature = "html")]
mod document;
mod encode;
#[cfg(feature = "html")]
pub mod form;
mod in_process;
#[cfg(feature = "live")]
mod live;
#[cfg(feature = "html")]
mod page;
mod request;
mod response;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use paste_core::tower::IntoApp;
use paste_core::{App, AppExt, BoxApp, Clock};
use url::Url;

use self::cookies::Jar;
use crate::lint::Lint;

pub use self::encode::Upload;
#[cfg(feature = "html")]
pub use self::form::{Form, FormError};
#[cfg(feature = "html")]
pub use self::page::Link;
pub use self::request::{TestError, TestRequest};
pub use self::response::TestResponse;

/// A client of one app, with the cookies of one user. Clones share both. See the [module](self).
#[derive(Clone)]
pub struct TestApp {
    app: BoxApp,
    /// What each exchange is checked by.
    lint: Option<Lint>,
    base: Url,
    /// The one server that there is, where the app is not in process.
    server: Option<Url>,
    headers: HeaderMap,
    extensions: http::Extensions,
    jar: Arc<Mutex<Jar>>,
}

impl TestApp {
    /// A client of `app`, which it calls in process, as `http://localhost/`.
    pub fn new(app: impl App) -> Self {
        Self::of(app.boxed(), Url::parse("http://localhost/").expect("a URL"))
    }

    /// A client of a tower service, for example an axum router.
    ///
    /// ```
    /// use http::{Request, Response};
    /// use paste_core::{Body, BoxError};
    /// use paste_fixture::TestApp;
    ///
    /// let service = tower::service_fn(|request: Request<Body>| async move {
    ///     let page = format!("<!doctype html><title>x</title><p>{}</p>", request.uri());
    ///     let page = Response::builder().header("content-type", "text/html").body(page);
    ///     Ok::<_, BoxError>(page?)
    /// });
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let page = TestApp::of_service(service).get("/x?a=1").await;
    /// assert_eq!(page.select("p"), ["/x?a=1"]);
    /// # });
    /// ```
    pub fn of_service<S, B, E>(service: S) -> Self
    where
        S: IntoApp<B, E>,
        paste_core::tower::ServiceApp<S>: App,
    {
        Self::new(service.into_app())
    }

    /// A client of the server at `url`, which must be `http://HOST` with an optional port; relative
    /// targets are relative to its path. Panics on anything else.
    ///
    /// A request to another server fails, as does one without an answer within 30 s. The lint sees
    /// the answer as HTTP/1.1 carried it, without the framing (`Transfer-Encoding`, and what of
    /// `Connection` is not about an upgrade), and a body that is cut as a broken MUST. Bytes behind
    /// the answer it does not see; [`attack`](crate::attack) does.
    #[cfg(feature = "live")]
    #[track_caller]
    pub fn at(url: &str) -> Self {
        match Url::parse(url) {
            Ok(url) if url.scheme() == "http" && url.has_host() => {
                let app = Self::of(live::Live::new(url.clone()).boxed(), url.clone());
                // All of it is read here, so that what is cut is cut by the server.
                let lint = Lint::new().rule("body-complete", crate::lint::Level::Must);
                let lint = lint.expect("there is that rule");
                Self { server: Some(url), lint: Some(lint), ..app }
            }
            _ => panic!("`{url}` is not a URL that begins with http:// and a host"),
        }
    }

    fn of(app: BoxApp, base: Url) -> Self {
        let (headers, extensions) = (HeaderMap::new(), http::Extensions::new());
        let jar = Arc::new(Mutex::new(Jar::default()));
        Self { app, lint: Some(Lint::new()), base, server: None, headers, extensions, jar }
    }

    /// What relative targets are relative to, and so the scheme and host of requests. Default, in
    /// process: `http://localhost/`. Panics on what is no http or https URL.
    #[must_use]
    #[track_caller]
    pub fn base(mut self, url: &str) -> Self {
        match Url::parse(url) {
            Ok(url) if matches!(url.scheme(), "http" | "https") => self.base = url,
            _ => panic!("`{url}` is not a URL of http or https"),
        }
        self
    }

    /// Sends this header with every request that does not set it.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.append(name, value);
        self
    }

    /// Puts a value into the extensions of every request, as a server or an outer middleware would:
    /// `extra_environ`. In process only.
    #[must_use]
    pub fn extension<T: Clone + Send + Sync + 'static>(mut self, value: T) -> Self {
        self.extensions.insert(value);
        self
    }

    /// Takes the time at which cookies end from `clock`. Cookies so far are forgotten.
    #[must_use]
    pub fn clock(self, clock: Clock) -> Self {
        *self.jar() = Jar::new(clock);
        self
    }

    /// Does not check exchanges by [`Lint`].
    #[must_use]
    pub fn without_lint(mut self) -> Self {
        self.lint = None;
        self
    }

    /// Checks exchanges by `lint`, with the levels of its rules; it denies nothing, whatever it is
    /// set to. Default: `Lint::new()`.
    #[must_use]
    pub fn lint(mut self, lint: Lint) -> Self {
        self.lint = Some(lint);
        self
    }

    /// A GET of `target`: a path, or a whole URL.
    #[track_caller]
    pub fn get(&self, target: &str) -> TestRequest {
        self.request(Method::GET, target)
    }

    /// A HEAD of `target`.
    #[track_caller]
    pub fn head(&self, target: &str) -> TestRequest {
        self.request(Method::HEAD, target)
    }

    /// A POST to `target`.
    #[track_caller]
    pub fn post(&self, target: &str) -> TestRequest {
        self.request(Method::POST, target)
    }

    /// A PUT to `target`.
    #[track_caller]
    pub fn put(&self, target: &str) -> TestRequest {
        self.request(Method::PUT, target)
    }

    /// A PATCH of `target`.
    #[track_caller]
    pub fn patch(&self, target: &str) -> TestRequest {
        self.request(Method::PATCH, target)
    }

    /// A DELETE of `target`.
    #[track_caller]
    pub fn delete(&self, target: &str) -> TestRequest {
        self.request(Method::DELETE, target)
    }

    /// OPTIONS of `target`.
    #[track_caller]
    pub fn options(&self, target: &str) -> TestRequest {
        self.request(Method::OPTIONS, target)
    }

    /// A request of any method.
    #[track_caller]
    pub fn request(&self, method: Method, target: &str) -> TestRequest {
        TestRequest::new(self.clone(), method, target)
    }

    /// The value of a cookie that the user has.
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.jar().get(name).map(str::to_owned)
    }

    /// Gives the user a cookie for the whole site. Panics on what is no cookie, or not one that
    /// this site may set.
    #[track_caller]
    pub fn set_cookie(&self, name: &str, value: &str) {
        let set = self.jar().set(&self.base, name, value);
        assert!(set, "{} cannot set the cookie `{name}` to `{value}`", self.base);
    }

    /// Forgets all cookies.
    pub fn reset(&self) {
        self.jar().clear();
    }

    fn jar(&self) -> MutexGuard<'_, Jar> {
        self.jar.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for TestApp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestApp").field("base", &self.base.as_str()).finish_non_exhaustive()
    }
}
