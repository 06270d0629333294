//! The bridge to tower, in both directions: axum, hyper and tower-http on one side, apps and
//! middlewares on the other.
//!
//! 1. [`into_service`](crate::AppExt::into_service) makes a service of an app. Its errors come out
//!    as rendered responses (see [`HttpErrors`](crate::HttpErrors)), so it is infallible, as axum
//!    wants it; each response keeps the [`Error`] itself in its extensions.
//! 2. [`into_app`](IntoApp::into_app) makes an app of a service, and takes such an error out again
//!    as `Err`, with the headers that layers added on the way. If a layer gave the response
//!    another status, content type or length (not counting compression), it has answered, and the
//!    response stays.
//! 3. [`into_layer`](IntoLayer::into_layer) and [`into_middleware`](IntoMiddleware::into_middleware)
//!    do the same for what wraps.
//! 4. Extensions pass in both directions untouched, upgrades among them.
//! 5. A router that nests by a prefix of its own (axum's `nest_service`) tells nobody; the app
//!    below says `request.mounted_at("/prefix")` first, by a one-line middleware.
//! 6. A handler of axum gives no [`Error`]: apps do. Mount them by `into_service`.
//! 7. A service must be `Clone` and `Sync`; others go through `tower::util::BoxCloneSyncService`.
//!
//! One of ours in axum, and one of tower-http's here:
//!
//! ```
//! use axum::{Router, routing::get};
//! use paste_core::tower::{IntoApp, IntoLayer, IntoMiddleware};
//! use paste_core::{AppExt, HttpErrors, Next, Request, from_fn};
//! use tower_http::set_header::SetResponseHeaderLayer;
//!
//! let no_robots = from_fn(|request: Request, next: Next| async move {
//!     let mut response = next.call(request).await?;
//!     response.headers_mut().insert("x-robots-tag", "noindex".parse()?);
//!     Ok(response)
//! });
//! let router: Router = Router::new().route("/", get(async || "hi")).layer(no_robots.into_layer());
//!
//! let frames = SetResponseHeaderLayer::overriding(
//!     http::header::X_FRAME_OPTIONS,
//!     http::HeaderValue::from_static("DENY"),
//! );
//! let app = router.into_app().with(frames.into_middleware()).with(HttpErrors::new());
//! ```

use std::convert::Infallible;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use ::tower::{Layer, Service};
use bytes::Bytes;
use http::{HeaderValue, header};
use http_body::Body as _;

use crate::{
    App, Body, BoxApp, BoxError, Error, ErrorRenderer, Middleware, Request, Response, Result, Sent,
};

/// An app as a tower service: see [`AppExt::into_service`](crate::AppExt::into_service).
pub struct AppService<A>(Arc<A>);

impl<A: App> AppService<A> {
    pub(crate) fn new(app: A) -> Self {
        Self(Arc::new(app))
    }
}

impl<A, B> Service<http::Request<B>> for AppService<A>
where
    A: App,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        let app = Arc::clone(&self.0);
        let renderer = ErrorRenderer::for_request(&request);
        Box::pin(async move {
            Ok(match app.call(request.map(Body::new)).await {
                Ok(response) => response,
                Err(error) => Travelling::render(&renderer, error),
            })
        })
    }
}

/// An error on its way through services, in the extensions of the response that shows it.
#[derive(Clone)]
struct Travelling(Arc<Mutex<Slot>>);

/// Holds the error until it is taken out. Control flow that nobody takes is logged in the end.
struct Slot {
    error: Option<Error>,
    /// What the rendered page was, to see whether a layer has put another in its place.
    content_type: Option<HeaderValue>,
    length: Option<u64>,
}

impl Travelling {
    fn render(renderer: &ErrorRenderer, mut error: Error) -> Response {
        if !error.has_payload() {
            error.log();
        }
        let watches = error.take_watches();
        let mut response = renderer.render(&mut error);
        let is_watched = !watches.is_empty();
        error.put_watches(watches);
        let content_type = response.headers().get(header::CONTENT_TYPE).cloned();
        let length = response.body().size_hint().exact();
        let slot = Slot { error: Some(error), content_type, length };
        let travelling = Self(Arc::new(Mutex::new(slot)));
        if is_watched {
            let watched = travelling.clone();
            response = response.map(|body| body.on_end(move |sent| watched.tell(sent)));
        }
        response.extensions_mut().insert(travelling);
        response
    }

    /// Tells those who watch the error how its page ended, unless it has gone on without the page.
    fn tell(&self, sent: Sent) {
        let watches = {
            let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            slot.error.as_mut().map(Error::take_watches).unwrap_or_default()
        };
        for watch in watches {
            watch(sent);
        }
    }

    /// The error that `response` shows, if it still shows one, with the headers of the response.
    fn take_out(response: &mut http::Response<impl http_body::Body>) -> Option<Error> {
        let Self(slot) = response.extensions_mut().remove()?;
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        let encoded = response.headers().contains_key(header::CONTENT_ENCODING);
        let same_length = encoded || response.body().size_hint().exact() == slot.length;
        let same_type = response.headers().get(header::CONTENT_TYPE) == slot.content_type.as_ref();
        let status = response.status();
        let mut error =
            slot.error.take_if(|error| error.status() == status && same_type && same_length)?;
        let mut headers = std::mem::take(response.headers_mut());
        ErrorRenderer::remove_own_headers(&mut headers);
        *error.headers_mut() = headers;
        Some(error)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if let Some(error) = &mut self.error {
            error.log();
        }
    }
}

/// Makes apps of services.
pub trait IntoApp<B, E>: Sized {
    /// This service as an app. An error of the service becomes an [`Error`] with status 500.
    fn into_app(self) -> ServiceApp<Self>;
}

impl<S, B, E> IntoApp<B, E> for S
where
    S: Service<Request, Response = http::Response<B>, Error = E> + Clone + Send + Sync + 'static,
    S::Future: Send,
    E: Into<BoxError>,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    fn into_app(self) -> ServiceApp<Self> {
        ServiceApp(self)
    }
}

/// A tower service as an app: see [`IntoApp`].
#[derive(Clone)]
pub struct ServiceApp<S>(S);

impl<S, B> App for ServiceApp<S>
where
    S: Service<Request, Response = http::Response<B>> + Clone + Send + Sync + 'static,
    S::Future: Send,
    S::Error: Into<BoxError>,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    async fn call(&self, request: Request) -> Result {
        let mut service = self.0.clone();
        poll_fn(|context| service.poll_ready(context)).await.map_err(Error::boxed)?;
        let mut response = service.call(request).await.map_err(Error::boxed)?;
        match Travelling::take_out(&mut response) {
            Some(error) => Err(error),
            None => Ok(response.map(Body::new)),
        }
    }
}

/// Makes tower layers of middlewares.
pub trait IntoLayer: Sized {
    /// This middleware as a layer, for axum's `Router::layer` or tower's `ServiceBuilder`.
    fn into_layer(self) -> MiddlewareLayer<Self>;
}

impl<M: Middleware<BoxApp> + Clone> IntoLayer for M {
    fn into_layer(self) -> MiddlewareLayer<Self> {
        MiddlewareLayer(self)
    }
}

/// A middleware as a tower layer: see [`IntoLayer`].
#[derive(Clone)]
pub struct MiddlewareLayer<M>(M);

impl<M, S> Layer<S> for MiddlewareLayer<M>
where
    M: Middleware<ServiceApp<S>> + Clone,
    ServiceApp<S>: App,
{
    type Service = AppService<M::App>;

    fn layer(&self, inner: S) -> Self::Service {
        AppService::new(self.0.clone().wrap(ServiceApp(inner)))
    }
}

/// Makes middlewares of tower layers.
pub trait IntoMiddleware: Sized {
    /// This layer as a middleware.
    fn into_middleware(self) -> LayerMiddleware<Self>;
}

impl<L: Layer<AppService<BoxApp>>> IntoMiddleware for L {
    fn into_middleware(self) -> LayerMiddleware<Self> {
        LayerMiddleware(self)
    }
}

/// A tower layer as a middleware: see [`IntoMiddleware`].
#[derive(Clone)]
pub struct LayerMiddleware<L>(L);

impl<A, L> Middleware<A> for LayerMiddleware<L>
where
    A: App,
    L: Layer<AppService<A>>,
    ServiceApp<L::Service>: App,
{
    type App = ServiceApp<L::Service>;

    fn wrap(self, app: A) -> Self::App {
        ServiceApp(self.0.layer(AppService::new(app)))
    }
}

impl<A> Clone for AppService<A> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<A> fmt::Debug for AppService<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AppService")
    }
}

impl<S> fmt::Debug for ServiceApp<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServiceApp")
    }
}

impl<M> fmt::Debug for MiddlewareLayer<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MiddlewareLayer")
    }
}

impl<L> fmt::Debug for LayerMiddleware<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LayerMiddleware")
    }
}
