//! Middleware: what turns one app into another.

use std::fmt;

use crate::{App, BoxApp, Request, Response, Result};

/// Turns an app into another app that does something before, after or in place of it.
///
/// A middleware is a value made by a builder; [`AppExt::with`](crate::AppExt::with) puts it around
/// an app. State that outlives a request lives in an `Arc` made by the builder, never in `wrap`:
/// clones of the value then share it, and frameworks may call `wrap` once per route or even once
/// per request.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a middleware for `{A}`",
    label = "not a middleware",
    note = "a middleware implements `Middleware<A>` for every app `A`, or is made by `from_fn(|request, next| async move {{ .. }})`",
    note = "a tower layer becomes a middleware by `.into_middleware()` of `paste_core::tower::IntoMiddleware`"
)]
pub trait Middleware<A: App> {
    /// The app that comes out.
    type App: App;

    /// Wraps `app`.
    fn wrap(self, app: A) -> Self::App;
}

/// Makes a middleware of an async function from a request and the [`Next`] app to a [`Result`].
///
/// ```
/// use http::HeaderValue;
/// use paste_core::{AppExt, Next, Request, Result, from_fn, response};
///
/// async fn hello(_request: Request) -> Result { Ok(response::text("hi")) }
///
/// let app = hello.with(from_fn(|request: Request, next: Next| async move {
///     let mut response = next.call(request).await?;
///     response.headers_mut().insert("x-robots-tag", HeaderValue::from_static("noindex"));
///     Ok(response)
/// }));
/// ```
///
/// The app inside is erased once, when it is wrapped: each call boxes one future. A middleware of
/// a type of its own boxes none.
pub fn from_fn<F, Fut>(function: F) -> FromFn<F>
where
    F: Fn(Request, Next) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Response>> + Send,
{
    FromFn(function)
}

/// The middleware that [`from_fn`] makes.
#[derive(Clone, Copy)]
pub struct FromFn<F>(F);

/// The app inside a [`from_fn`] middleware, owned by the call: it may outlive it, be called more
/// than once, or not at all.
#[derive(Clone, Debug)]
pub struct Next(BoxApp);

/// An app wrapped by a [`from_fn`] middleware.
pub struct WithFn<F> {
    function: F,
    next: Next,
}

impl<A, F, Fut> Middleware<A> for FromFn<F>
where
    A: App,
    F: Fn(Request, Next) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Response>> + Send,
{
    type App = WithFn<F>;

    fn wrap(self, app: A) -> WithFn<F> {
        WithFn { function: self.0, next: Next(BoxApp::new(app)) }
    }
}

impl<F, Fut> App for WithFn<F>
where
    F: Fn(Request, Next) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Response>> + Send,
{
    fn call(&self, request: Request) -> impl Future<Output = Result<Response>> + Send {
        (self.function)(request, self.next.clone())
    }
}

impl Next {
    /// Calls the app inside.
    pub fn call(&self, request: Request) -> impl Future<Output = Result<Response>> + Send {
        self.0.call(request)
    }
}

impl App for Next {
    fn call(&self, request: Request) -> impl Future<Output = Result<Response>> + Send {
        self.0.call(request)
    }
}

impl<F> fmt::Debug for FromFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FromFn")
    }
}

impl<F> fmt::Debug for WithFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WithFn")
    }
}
