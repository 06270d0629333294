//! A request in the making, and what comes of it.

use std::fmt;
use std::panic::Location;
use std::pin::Pin;

use bytes::Bytes;
use http::uri::{Authority, PathAndQuery};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use paste_core::{AppExt, Body, Request};
use serde::Serialize;
use url::Url;

use super::encode::{self, Entries, Upload, Value};
use super::in_process::{self, Answer};
use super::{TestApp, TestResponse};
use crate::cut::cut;
use crate::lint::Findings;

/// How many redirects in a row are followed.
const MAX_REDIRECTS: usize = 10;

/// A request to be sent by `.await`, which panics where [`send`](Self::send) fails.
#[derive(Clone, Debug)]
#[must_use = "a request is sent by `.await`"]
pub struct TestRequest {
    pub(super) app: TestApp,
    pub(super) method: Method,
    pub(super) target: Result<Url, String>,
    pub(super) headers: HeaderMap,
    pub(super) extensions: http::Extensions,
    pub(super) body: Bytes,
    pub(super) initiator: Option<Url>,
    raw_target: Option<PathAndQuery>,
    entries: Entries,
    expected: Expected,
    follow: bool,
    allow_findings: bool,
    place: &'static Location<'static>,
}

/// Which status does not fail the test.
#[derive(Clone, Copy, Debug)]
enum Expected {
    Success,
    Status(StatusCode),
    Any,
}

/// Why a request failed a test: everything that helps to see why.
#[derive(Debug)]
pub struct TestError {
    why: String,
    rest: String,
}

impl TestError {
    /// The request and what is wrong, in a line, without the place in the test and the page.
    pub fn why(&self) -> &str {
        &self.why
    }
}

impl fmt::Display for TestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)?;
        f.write_str(&self.rest)
    }
}

impl std::error::Error for TestError {}

impl TestRequest {
    #[track_caller]
    pub(super) fn new(app: TestApp, method: Method, target: &str) -> Self {
        let joined =
            app.base.join(target).map_err(|error| format!("`{target}` is not a URL: {error}"));
        Self {
            headers: app.headers.clone(),
            extensions: app.extensions.clone(),
            app,
            method,
            target: joined,
            body: Bytes::new(),
            initiator: None,
            raw_target: None,
            entries: Entries::new(),
            expected: Expected::Success,
            follow: false,
            allow_findings: false,
            place: Location::caller(),
        }
    }

    /// Sends this path and query as it is, where a browser would tidy it up: `/a/../b`, `//a`,
    /// `/%2e%2e/`. Panics on what HTTP cannot say.
    #[track_caller]
    pub fn raw_target(mut self, target: &str) -> Self {
        match target.parse() {
            Ok(target) => self.raw_target = Some(target),
            Err(error) => panic!("`{target}` is not a path and query: {error}"),
        }
        self
    }

    /// Adds a parameter: to the query for GET and HEAD, and beside a body of another kind; else to
    /// a form body.
    pub fn param(mut self, name: impl Into<String>, value: impl fmt::Display) -> Self {
        self.entries.push((name.into(), Value::Text(value.to_string())));
        self
    }

    /// Adds a file to a form body, which then is multipart.
    pub fn upload(mut self, name: impl Into<String>, file: Upload) -> Self {
        self.entries.push((name.into(), Value::File(file)));
        self
    }

    /// Sets a header. Panics on what is no header.
    #[track_caller]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let header = (HeaderName::try_from(name), HeaderValue::from_str(value));
        let (Ok(name), Ok(value)) = header else { panic!("`{name}: {value}` is not a header") };
        self.headers.insert(name, value);
        self
    }

    /// Sends `value` as JSON. Panics on what cannot be JSON.
    #[track_caller]
    pub fn json<T: Serialize + ?Sized>(mut self, value: &T) -> Self {
        match serde_json::to_vec(value) {
            Ok(text) => self.body = text.into(),
            Err(error) => panic!("this cannot be JSON: {error}"),
        }
        self.header("content-type", "application/json")
    }

    /// Sends these bytes. Set a `Content-Type` where it matters.
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// Puts a value into the request's extensions, as a server or an outer middleware would. In
    /// process only.
    pub fn extension<T: Clone + Send + Sync + 'static>(mut self, value: T) -> Self {
        self.extensions.insert(value);
        self
    }

    /// Expects just this status. Panics on what is no status.
    #[track_caller]
    pub fn expect(mut self, status: u16) -> Self {
        let status =
            StatusCode::from_u16(status).unwrap_or_else(|_| panic!("{status} is not a status"));
        self.expected = Expected::Status(status);
        self
    }

    /// Expects no particular status.
    pub fn expect_any(mut self) -> Self {
        self.expected = Expected::Any;
        self
    }

    /// Follows redirects to the end; more than ten are a failure. The expected status is that of
    /// the end.
    pub fn follow(mut self) -> Self {
        self.follow = true;
        self
    }

    /// Does not fail where the answer breaks a rule of [`Lint`](crate::Lint), or breaks off, which is
    /// one of them; [`TestResponse::findings`] tells.
    pub fn allow_findings(mut self) -> Self {
        self.allow_findings = true;
        self
    }

    /// Sends the request. It fails where there is no answer, one of another status than expected,
    /// or one that breaks a rule of [`Lint`](crate::Lint) that says MUST.
    pub async fn send(self) -> Result<TestResponse, TestError> {
        let mut request = self;
        request.encode_entries();
        let mut redirects = 0;
        loop {
            let response = request.send_once().await?;
            let Some(next) = request.follow.then(|| response.redirected(&request)).flatten() else {
                return request.check(response);
            };
            redirects += 1;
            if redirects > MAX_REDIRECTS {
                return Err(request.failure("more than ten redirects in a row", Some(&response)));
            }
            request = next.map_err(|message| request.failure(&message, Some(&response)))?;
        }
    }

    async fn send_once(&self) -> Result<TestResponse, TestError> {
        let url = self.target.as_ref().map_err(|message| self.failure(message, None))?;
        if !matches!(url.scheme(), "http" | "https") {
            let why = format!("of the scheme {}: it leads to no page", url.scheme());
            return Err(self.failure(&why, None));
        }
        if self.app.server.as_ref().is_some_and(|server| server.origin() != url.origin()) {
            return Err(self.failure("this leaves the server that is tested", None));
        }
        let request = self.build(url).map_err(|error| self.failure(&error.to_string(), None))?;
        let findings = Findings::new();
        let answer = match &self.app.lint {
            Some(lint) => {
                let lint = lint.clone().collect_into(findings.clone());
                in_process::call(&self.app.app.clone().with(lint), request, url).await
            }
            None => in_process::call(&self.app.app, request, url).await,
        };
        let findings = findings.take();
        if let Some(why) = &answer.unanswered {
            return Err(self.failure(&format!("there is no answer: {why}"), None));
        }
        self.app.jar().store(url, &answer.head.headers);
        let Answer { head, body, trouble, .. } = answer;
        Ok(TestResponse::new(self, url.clone(), head, body, trouble, findings))
    }

    fn build(&self, url: &Url) -> Result<Request, http::Error> {
        let mut request = Request::new(Body::from(self.body.clone()));
        *request.method_mut() = self.method.clone();
        let target = self.raw_target.clone().unwrap_or_else(|| in_process::origin_form(url));
        *request.uri_mut() = http::Uri::from(target);
        *request.headers_mut() = self.headers.clone();
        *request.extensions_mut() = self.extensions.clone();
        let headers = request.headers_mut();
        if !headers.contains_key(header::HOST) {
            let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
            let host =
                Authority::try_from(format!("{}{port}", url.host_str().unwrap_or_default()))?;
            headers.insert(header::HOST, HeaderValue::try_from(host.as_str())?);
        }
        if !self.body.is_empty()
            || matches!(self.method, Method::POST | Method::PUT | Method::PATCH)
        {
            headers.entry(header::CONTENT_LENGTH).or_insert_with(|| self.body.len().into());
        }
        let cookies = self.app.jar().header(url, &self.method, self.initiator.as_ref());
        if let Some(cookies) = cookies {
            headers.entry(header::COOKIE).or_insert(cookies);
        }
        Ok(request)
    }

    fn encode_entries(&mut self) {
        if self.entries.is_empty() {
            return;
        }
        let has_file = self.entries.iter().any(|(_, value)| matches!(value, Value::File(_)));
        let has_body = !self.body.is_empty() && !has_file;
        if matches!(self.method, Method::GET | Method::HEAD) || has_body {
            if let Ok(url) = &mut self.target {
                let query = encode::urlencoded(&self.entries, None);
                let query = url.query().map_or(query.clone(), |before| format!("{before}&{query}"));
                url.set_query(Some(&query));
            }
            return;
        }
        let (content_type, body) = if has_file {
            encode::multipart(&self.entries, None)
        } else {
            let form = HeaderValue::from_static("application/x-www-form-urlencoded");
            (form, Bytes::from(encode::urlencoded(&self.entries, None)))
        };
        self.body = body;
        self.headers.entry(header::CONTENT_TYPE).or_insert(content_type);
    }

    fn check(&self, response: TestResponse) -> Result<TestResponse, TestError> {
        let status = response.status();
        let fits = match self.expected {
            Expected::Any => true,
            Expected::Status(expected) => status == expected,
            Expected::Success => status.is_success() || status.is_redirection(),
        };
        let expected = match self.expected {
            Expected::Status(expected) => expected.to_string(),
            _ => "2xx or 3xx".to_owned(),
        };
        if !fits {
            return Err(self.failure(&format!("{status}, expected {expected}"), Some(&response)));
        }
        if response.body_broke() && !self.allow_findings {
            return Err(self.failure("the answer broke off", Some(&response)));
        }
        if response.breaks_a_must() && !self.allow_findings {
            return Err(self.failure("the answer breaks a rule of HTTP", Some(&response)));
        }
        Ok(response)
    }

    fn failure(&self, why: &str, response: Option<&TestResponse>) -> TestError {
        let target = match &self.target {
            Ok(url) => url.as_str(),
            Err(_) => "?",
        };
        let why = format!("{} {target}: {}", self.method, cut(why, 4 << 10));
        let mut rest = format!("\n  at {}", self.place);
        if let Some(response) = response {
            rest = format!("{rest}\n{}", response.story());
        }
        TestError { why, rest }
    }
}

/// The redirect that a response asks for, as RFC 9110, section 15.4 and browsers have it.
impl TestResponse {
    pub(super) fn redirected(&self, request: &TestRequest) -> Option<Result<TestRequest, String>> {
        let location = self
            .headers()
            .get(header::LOCATION)
            .filter(|_| matches!(self.status().as_u16(), 301 | 302 | 303 | 307 | 308))?;
        let location = location.to_str().map_err(|_| "the Location is not text".to_owned());
        let target = location.and_then(|location| {
            self.url()
                .join(location)
                .map_err(|error| format!("the Location `{location}` is not a URL: {error}"))
        });
        Some(target.map(|mut url| {
            if url.fragment().is_none() {
                url.set_fragment(self.url().fragment());
            }
            let mut next = request.clone();
            if url.origin() != self.url().origin() {
                // They were meant for that host alone.
                for of_the_host in [
                    header::AUTHORIZATION,
                    header::COOKIE,
                    header::HOST,
                    header::ORIGIN,
                    header::PROXY_AUTHORIZATION,
                ] {
                    next.headers.remove(of_the_host);
                }
            }
            next.target = Ok(url);
            let becomes_get = match self.status().as_u16() {
                301 | 302 => request.method == Method::POST,
                303 => request.method != Method::HEAD,
                _ => false,
            };
            if becomes_get {
                next.method = Method::GET;
                next.body = Bytes::new();
                for of_the_body in [
                    header::CONTENT_TYPE,
                    header::CONTENT_LENGTH,
                    header::CONTENT_ENCODING,
                    header::CONTENT_LANGUAGE,
                    header::CONTENT_LOCATION,
                ] {
                    next.headers.remove(of_the_body);
                }
            }
            next.entries.clear();
            next.raw_target = None;
            next
        }))
    }
}

impl IntoFuture for TestRequest {
    type Output = TestResponse;
    type IntoFuture = Pin<Box<dyn Future<Output = TestResponse> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            match self.send().await {
                Ok(response) => response,
                Err(error) => panic!("{error}"),
            }
        })
    }
}
