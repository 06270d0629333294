//! Forwards and sub-requests within the site: `paste.recursive`.
//!
//! 1. A [`Forward`] that is raised anywhere below, as an error, starts the request again, on another
//!    path or changed: method, headers, body and mount stay unless it says otherwise. The client sees
//!    the answer alone. A forward that makes GET or HEAD of another method has no body.
//! 2. [`include`](Include::include) makes a sub-request, a GET without a body, and gives its answer as a
//!    value, whose body streams. Cookies and the other headers of the request go along, but for those of
//!    its body, of conditions and ranges.
//! 3. Paths are those below the place where `Recursive` stands, and begin with a slash.
//! 4. Going again where the request has been, with the same method and query, is an error that tells the
//!    way; so are more than 10 steps, unless told otherwise.
//! 5. What came before is in the extensions: [`Previous`].
//! 6. What an app has read of the body is kept for the next, as in [`cascade`](crate::cascade).
//! 7. Each step is a span of `tracing`.
//!
//! ```
//! use paste_core::{AppExt, Forward, Request, RequestExt, Result, response};
//! use paste_dispatch::{Include, Recursive};
//!
//! async fn site(request: Request) -> Result {
//!     match &*request.path_info() {
//!         "/old" => Err(Forward::to("/new?from=old").into()),
//!         "/menu" => Ok(response::text("[menu]")),
//!         _ => {
//!             let menu = request.include("/menu").await?.into_body().collect(1000).await?;
//!             Ok(response::text([&menu[..], b" and the page"].concat()))
//!         }
//!     }
//! }
//!
//! let app = site.with(Recursive::new());
//! ```

use std::sync::Arc;

use http::{HeaderMap, Method, header};
use paste_core::{
    App, AppExt, Body, BoxApp, Error, Forward, Middleware, OriginalUri, Request, RequestExt,
    Response, Result, ScriptName,
};
use tracing::Instrument;

use crate::replay::{LIMIT, Replay};

/// Performs forwards and sub-requests. See the [module](self) for the rules.
#[derive(Clone, Debug)]
pub struct Recursive {
    max_steps: usize,
    limit: u64,
}

impl Default for Recursive {
    fn default() -> Self {
        Self { max_steps: 10, limit: LIMIT }
    }
}

impl Recursive {
    /// At most 10 steps.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many forwards and sub-requests may follow from one request, one out of the other.
    /// Default: 10.
    #[must_use]
    pub fn max_steps(mut self, steps: usize) -> Self {
        self.max_steps = steps;
        self
    }

    /// How much of a body that was read is kept for a forward, in bytes. Default: 64 MiB.
    #[must_use]
    pub fn replay_limit(mut self, bytes: u64) -> Self {
        self.limit = bytes;
        self
    }
}

impl<A: App> Middleware<A> for Recursive {
    type App = WithRecursive;

    fn wrap(self, app: A) -> WithRecursive {
        WithRecursive { inner: Arc::new(Inner { app: app.boxed(), options: self }) }
    }
}

/// An app whose forwards and sub-requests [`Recursive`] performs.
#[derive(Clone, Debug)]
pub struct WithRecursive {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    app: BoxApp,
    options: Recursive,
}

impl App for WithRecursive {
    async fn call(&self, request: Request) -> Result {
        self.inner.run(request).await
    }
}

impl Inner {
    /// Calls the app, again and again while it forwards.
    async fn run(self: &Arc<Self>, request: Request) -> Result {
        let (mut head, body) = request.into_parts();
        let here = Here {
            inner: Arc::clone(self),
            script_name: head.extensions.get::<ScriptName>().cloned(),
        };
        head.extensions.insert(here);
        let mut replay = Replay::new(body, self.options.limit);
        let mut outcome =
            self.app.call(Request::from_parts(head.clone(), replay.next().await?)).await;
        loop {
            let forward = match &mut outcome {
                Err(error) => error.take::<Forward>(),
                Ok(_) => None,
            };
            let Some(forward) = forward else { return outcome };
            let mut request = Request::from_parts(head.clone(), Body::empty());
            forward.apply(&mut request)?;
            self.step(&head, &mut request)?;
            let before = head.method;
            let body;
            (head, body) = request.into_parts();
            if before != head.method && matches!(head.method, Method::GET | Method::HEAD) {
                remove_body_headers(&mut head.headers);
                replay = Replay::new(Body::empty(), self.options.limit);
            } else if !http_body::Body::is_end_stream(&body) {
                replay = Replay::new(body, self.options.limit);
            }
            let span = tracing::info_span!("forward", method = %head.method, path = %head.uri);
            let again = Request::from_parts(head.clone(), replay.next().await?);
            outcome = self.app.call(again).instrument(span).await;
        }
    }

    /// Notes in `next` that it comes after `last`. One that goes in a circle, or too far, is an error.
    fn step(&self, last: &http::request::Parts, next: &mut Request) -> Result<()> {
        let mut steps: Vec<Step> =
            last.extensions.get::<Previous>().map_or_else(Vec::new, |previous| previous.0.to_vec());
        let script_name = |extensions: &http::Extensions| {
            extensions.get::<ScriptName>().map_or(String::new(), |name| name.as_str().to_owned())
        };
        steps.push(Step {
            method: last.method.clone(),
            target: format!("{}{}", script_name(&last.extensions), last.uri),
        });
        let target = format!("{}{}", script_name(next.extensions()), next.uri());
        let is_circle =
            steps.iter().any(|step| step.target == target && step.method == *next.method());
        if is_circle || steps.len() > self.options.max_steps {
            let way = steps.iter().map(|step| &*step.target).chain([&*target]).collect::<Vec<_>>();
            let what = if is_circle { "go in a circle" } else { "are too many" };
            return Err(Error::boxed(format!("forwards {what}: {}", way.join(" -> "))));
        }
        next.extensions_mut().insert(Previous(steps.into()));
        Ok(())
    }
}

/// The requests out of which this one came by forwards and sub-requests, the first one first. An
/// extension of the request; absent where it came from the client.
#[derive(Clone, Debug)]
pub struct Previous(Arc<[Step]>);

/// One of the [`Previous`] requests.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Step {
    /// Its method.
    pub method: Method,
    /// Its path, from the root of the site, with its query.
    pub target: String,
}

impl Previous {
    /// The requests, the one that the client sent first.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }
}

/// Where the request may turn to for sub-requests.
#[derive(Clone, Debug)]
struct Here {
    inner: Arc<Inner>,
    script_name: Option<ScriptName>,
}

/// Makes sub-requests.
pub trait Include {
    /// The answer to a GET of `path`, with its query if there is one, below the nearest
    /// [`Recursive`]. Without one around it is an error with status 500.
    fn include(&self, path: &str) -> impl Future<Output = Result<Response>> + Send + use<Self>;

    /// The same, of a request that `edit` has changed: by method, headers, body.
    fn include_edited<E: FnOnce(&mut Request)>(
        &self,
        path: &str,
        edit: E,
    ) -> impl Future<Output = Result<Response>> + Send + use<Self, E>;
}

impl<B> Include for http::Request<B> {
    fn include(&self, path: &str) -> impl Future<Output = Result<Response>> + Send + use<B> {
        sub_request(prepare(self, path, |_| {}))
    }

    fn include_edited<E: FnOnce(&mut Request)>(
        &self,
        path: &str,
        edit: E,
    ) -> impl Future<Output = Result<Response>> + Send + use<B, E> {
        sub_request(prepare(self, path, edit))
    }
}

fn prepare<B>(
    request: &http::Request<B>,
    path: &str,
    edit: impl FnOnce(&mut Request),
) -> Result<(Arc<Inner>, Request)> {
    let Some(Here { inner, script_name }) = request.extensions().get::<Here>().cloned() else {
        return Err(Error::boxed("there is no Recursive around the app that includes"));
    };
    let mut parts = http::Request::new(()).into_parts().0;
    parts.version = request.version();
    parts.headers = request.headers().clone();
    parts.extensions = request.extensions().clone();
    let mut last = parts.clone();
    (last.method, last.uri) = (request.method().clone(), request.uri().clone());
    parts.extensions.insert(OriginalUri(request.original_uri().clone()));
    remove_content(&mut parts.headers);
    match script_name {
        Some(script_name) => drop(parts.extensions.insert(script_name)),
        None => drop(parts.extensions.remove::<ScriptName>()),
    }
    let mut next = Request::from_parts(parts, Body::empty());
    next.rewrite(path)?;
    edit(&mut next);
    inner.step(&last, &mut next)?;
    Ok((inner, next))
}

async fn sub_request(prepared: Result<(Arc<Inner>, Request)>) -> Result {
    let (inner, request) = prepared?;
    let span = tracing::info_span!("include", method = %request.method(), path = %request.uri());
    // Boxed, since an app that is included may include in turn.
    let running: std::pin::Pin<Box<dyn Future<Output = Result> + Send>> =
        Box::pin(async move { inner.run(request).await });
    running.instrument(span).await
}

/// Removes what describes the body of a request.
fn remove_body_headers(headers: &mut HeaderMap) {
    for name in [
        header::CONTENT_LENGTH,
        header::CONTENT_TYPE,
        header::CONTENT_ENCODING,
        header::TRANSFER_ENCODING,
        header::EXPECT,
    ] {
        headers.remove(name);
    }
}

/// Removes that, and what asks for a part or a newer form of an answer.
pub(crate) fn remove_content(headers: &mut HeaderMap) {
    remove_body_headers(headers);
    for name in [
        header::RANGE,
        header::IF_RANGE,
        header::IF_MATCH,
        header::IF_NONE_MATCH,
        header::IF_MODIFIED_SINCE,
        header::IF_UNMODIFIED_SINCE,
    ] {
        headers.remove(name);
    }
}
