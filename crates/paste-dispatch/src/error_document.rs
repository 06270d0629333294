//! Shows pages of the site in place of error responses: `paste.errordocument`.
//!
//! 1. Where the app answers with a status that has a page, or with an error of such a status, a GET of
//!    that page is made below the place where the middleware stands, and its content is the answer. The
//!    status stays, and the client sees no redirect.
//! 2. Headers of the first answer stay (`WWW-Authenticate`, `Retry-After`), but for those that describe
//!    its content; those of the page replace them. Cookies of both are set.
//! 3. The page sees what went wrong in the extensions: [`Failure`].
//! 4. A page that fails itself, by an error, a status that is one, or a forward, gives way to the first
//!    answer.
//! 5. It needs no [`Recursive`](crate::Recursive) around it. Control flow of the app
//!    passes.
//!
//! ```
//! use http::StatusCode;
//! use paste_core::{AppExt, Error, Request, RequestExt, Result, response};
//! use paste_dispatch::{ErrorDocument, error_document::Failure};
//!
//! async fn site(request: Request) -> Result {
//!     match &*request.path_info() {
//!         "/errors/404" => {
//!             let failure = request.extensions().get::<Failure>();
//!             let missing = failure.map_or(String::new(), |failure| failure.uri.to_string());
//!             Ok(response::text(format!("Nothing at {missing}")))
//!         }
//!         _ => Err(Error::not_found()),
//!     }
//! }
//!
//! let app = site.with(ErrorDocument::new().page(StatusCode::NOT_FOUND, "/errors/404"));
//! ```

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use http::{HeaderMap, Method, StatusCode, Uri, header};
use paste_core::{App, Body, Middleware, OriginalUri, Request, RequestExt, Response, Result};
use tracing::Instrument;

use crate::recursive::remove_content;

/// Shows pages of the site for error statuses. See the [module](self) for the rules.
#[derive(Clone, Debug, Default)]
pub struct ErrorDocument {
    pages: Arc<Pages>,
}

#[derive(Clone, Default)]
struct Pages {
    by_status: BTreeMap<u16, String>,
    choose: Option<Arc<Choose>>,
}

type Choose = dyn Fn(&Failure) -> Option<String> + Send + Sync;

/// What went wrong, for the page that shows it: an extension of its request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Failure {
    /// The status of the first answer, which stays.
    pub status: StatusCode,
    /// The method of the request that failed.
    pub method: Method,
    /// Its target, as the client sent it.
    pub uri: Uri,
    /// What an error told the client beyond the status.
    pub detail: Option<String>,
}

impl ErrorDocument {
    /// Without pages.
    pub fn new() -> Self {
        Self::default()
    }

    /// Shows the page at `path`, with or without a query, for answers of this status.
    #[must_use]
    pub fn page(mut self, status: StatusCode, path: impl Into<String>) -> Self {
        Arc::make_mut(&mut self.pages).by_status.insert(status.as_u16(), path.into());
        self
    }

    /// Shows the page that `choose` names, for answers that have none by their status: from 400 on,
    /// and errors of any status.
    #[must_use]
    pub fn choose(
        mut self,
        choose: impl Fn(&Failure) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        Arc::make_mut(&mut self.pages).choose = Some(Arc::new(choose));
        self
    }
}

impl<A: App> Middleware<A> for ErrorDocument {
    type App = WithErrorDocument<A>;

    fn wrap(self, app: A) -> WithErrorDocument<A> {
        WithErrorDocument { app, pages: self.pages }
    }
}

/// An app whose errors [`ErrorDocument`] shows.
#[derive(Clone, Debug)]
pub struct WithErrorDocument<A> {
    app: A,
    pages: Arc<Pages>,
}

impl<A: App> App for WithErrorDocument<A> {
    async fn call(&self, request: Request) -> Result {
        let (head, body) = request.into_parts();
        let first = self.app.call(Request::from_parts(head.clone(), body)).await;
        let Some((failure, page)) = self.pages.page_for(&head, &first) else { return first };
        let span = tracing::info_span!("error document", status = %failure.status, path = page);
        let document = match sub_request(head, failure, &page) {
            Ok(request) => self.app.call(request).instrument(span).await,
            Err(error) => Err(error),
        };
        match document {
            Ok(document) if document.status().is_success() => Ok(merge(first, document)),
            Ok(document) => {
                tracing::warn!(page, status = %document.status(), "an error page fails itself");
                first
            }
            Err(error) => {
                tracing::warn!(page, %error, "an error page fails itself");
                first
            }
        }
    }
}

impl Pages {
    fn page_for(&self, head: &http::request::Parts, first: &Result) -> Option<(Failure, String)> {
        let (status, detail) = match first {
            Ok(response) => (response.status(), None),
            Err(error) if error.has_payload() => return None,
            Err(error) => (error.status(), error.public_detail().map(str::to_owned)),
        };
        let has_content = !status.is_informational() && !matches!(status.as_u16(), 204 | 205 | 304);
        let named = self.by_status.get(&status.as_u16()).filter(|_| has_content);
        let is_failure = first.is_err() || status.is_client_error() || status.is_server_error();
        if named.is_none() && (self.choose.is_none() || !is_failure || !has_content) {
            return None;
        }
        let original = head.extensions.get::<OriginalUri>();
        let uri = original.map_or(&head.uri, |original| &original.0).clone();
        let failure = Failure { status, method: head.method.clone(), uri, detail };
        let page = named.cloned().or_else(|| self.choose.as_ref()?(&failure))?;
        Some((failure, page))
    }
}

/// The request for a page, made of the one that failed.
fn sub_request(head: http::request::Parts, failure: Failure, page: &str) -> Result<Request> {
    let mut request = Request::from_parts(head, Body::empty());
    let original = request.original_uri().clone();
    request.extensions_mut().insert(OriginalUri(original));
    request.extensions_mut().insert(failure);
    if *request.method() != Method::HEAD {
        *request.method_mut() = Method::GET;
    }
    remove_content(request.headers_mut());
    *request.uri_mut() = Uri::default();
    request.rewrite(page)?;
    Ok(request)
}

/// The status of the first answer, with the content of the page.
fn merge(first: Result, document: Response) -> Response {
    let (status, extensions, mut headers) = match first {
        Ok(response) => {
            let (head, _) = response.into_parts();
            (head.status, head.extensions, head.headers)
        }
        Err(mut error) => {
            error.log();
            (error.status(), http::Extensions::default(), std::mem::take(error.headers_mut()))
        }
    };
    remove_representation(&mut headers);
    let (mut head, body) = document.into_parts();
    let mut name = None;
    for (next, value) in std::mem::take(&mut head.headers) {
        let is_next = next.is_some();
        name = next.or(name);
        let Some(name) = &name else { continue };
        if is_next && !matches!(*name, header::SET_COOKIE | header::VARY) {
            headers.insert(name.clone(), value);
        } else {
            headers.append(name.clone(), value);
        }
    }
    head.status = status;
    head.headers = headers;
    head.extensions.extend(extensions);
    Response::from_parts(head, body)
}

/// Removes what describes the content of an answer (RFC 9110, section 8).
fn remove_representation(headers: &mut HeaderMap) {
    for name in [
        header::CONTENT_TYPE,
        header::CONTENT_LENGTH,
        header::CONTENT_ENCODING,
        header::CONTENT_LANGUAGE,
        header::CONTENT_LOCATION,
        header::CONTENT_DISPOSITION,
        header::TRANSFER_ENCODING,
        header::TRAILER,
        header::ETAG,
        header::LAST_MODIFIED,
    ] {
        headers.remove(name);
    }
}

impl fmt::Debug for Pages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages").field("by_status", &self.by_status).finish_non_exhaustive()
    }
}
