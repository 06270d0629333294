//! The app trait, and the one erased app.

use std::any::Any;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use crate::{Middleware, Request, Response, Result};

/// Takes a request and gives a response, or an [`Error`](crate::Error) that travels outwards until
/// a middleware takes it.
///
/// Async functions and closures from a [`Request`] to a [`Result`] are apps. A type that holds
/// state implements the trait by an `async fn`:
///
/// ```
/// use paste_core::{App, Request, Response, Result, response};
///
/// struct Greeting { text: String }
///
/// impl App for Greeting {
///     async fn call(&self, _request: Request) -> Result<Response> {
///         Ok(response::text(self.text.clone()))
///     }
/// }
/// ```
///
/// The future borrows the app, so a call clones nothing. Dropping the future cancels the request.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an app",
    label = "not an app",
    note = "an app is an `async fn(Request) -> paste_core::Result`, a closure of that shape, or a type that implements `App`",
    note = "a tower service becomes an app by `.into_app()` of `paste_core::tower::IntoApp`",
    note = "its future must be `Send`: hold no `Rc`, `RefCell` borrow or lock guard across an `.await`"
)]
pub trait App: Send + Sync + 'static {
    /// Answers one request.
    fn call(&self, request: Request) -> impl Future<Output = Result<Response>> + Send;
}

impl<F, Fut> App for F
where
    F: Fn(Request) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Response>> + Send,
{
    fn call(&self, request: Request) -> impl Future<Output = Result<Response>> + Send {
        self(request)
    }
}

/// What every [`App`] can do.
pub trait AppExt: App + Sized {
    /// Puts `middleware` around this app. The last one put around is the outermost: it sees the
    /// request first and the response last.
    fn with<M: Middleware<Self>>(self, middleware: M) -> M::App {
        middleware.wrap(self)
    }

    /// Erases the type of this app. Boxing a [`BoxApp`] again gives the same box.
    fn boxed(self) -> BoxApp {
        BoxApp::new(self)
    }

    /// Makes a tower service of this app, for axum and hyper. See [`tower`](crate::tower).
    #[cfg(feature = "tower")]
    fn into_service(self) -> crate::tower::AppService<Self> {
        crate::tower::AppService::new(self)
    }
}

impl<A: App> AppExt for A {}

/// The one erased app: cheap to clone, every clone is the same app.
///
/// Each call through it boxes the future once; plain nesting by [`AppExt::with`] boxes nothing.
#[derive(Clone)]
pub struct BoxApp(Arc<dyn ErasedApp>);

type BoxFuture<'a> = Pin<Box<dyn Future<Output = Result<Response>> + Send + 'a>>;

trait ErasedApp: Send + Sync {
    fn as_any(&self) -> &dyn Any;
    fn call(&self, request: Request) -> BoxFuture<'_>;
}

impl<A: App> ErasedApp for A {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn call(&self, request: Request) -> BoxFuture<'_> {
        Box::pin(App::call(self, request))
    }
}

impl BoxApp {
    /// Erases the type of `app`.
    pub fn new<A: App>(app: A) -> Self {
        match (&app as &dyn Any).downcast_ref::<Self>() {
            Some(boxed) => boxed.clone(),
            None => Self(Arc::new(app)),
        }
    }

    /// The app inside, if it is an `A`: one that a middleware wraps is that middleware's.
    pub fn downcast_ref<A: App>(&self) -> Option<&A> {
        (*self.0).as_any().downcast_ref()
    }
}

impl App for BoxApp {
    fn call(&self, request: Request) -> impl Future<Output = Result<Response>> + Send {
        self.0.call(request)
    }
}

impl fmt::Debug for BoxApp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BoxApp")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::response;

    #[test]
    fn boxing_a_box_gives_the_same_box() {
        let first = (|_request: Request| async { Ok(response::text("hi")) }).boxed();
        let second = BoxApp::new(first.clone());
        assert!(Arc::ptr_eq(&first.0, &second.0));
        let http_errors = first.with(crate::HttpErrors::new()).boxed();
        assert!(http_errors.downcast_ref::<crate::WithHttpErrors<BoxApp>>().is_some());
        assert!(http_errors.downcast_ref::<BoxApp>().is_none());
    }
}
