//! What came back: a page to look at, to click on and to fill in.

use std::fmt::{self, Write};
use std::path::PathBuf;

use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use serde::de::DeserializeOwned;
use url::Url;

use super::TestRequest;
use crate::cut::cut;
use crate::lint::{Finding, Level};

/// An answer with its whole body. Its methods panic, with the page, where a page is not as the
/// test says.
#[derive(Clone, Debug)]
pub struct TestResponse {
    pub(super) request: TestRequest,
    url: Url,
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    trouble: Option<String>,
    findings: Vec<Finding>,
}

/// How much a failure shows of each thing, in bytes; [`TestResponse::show`] writes the whole page.
const MOST_SHOWN: usize = 16 << 10;

impl TestResponse {
    pub(super) fn new(
        request: &TestRequest,
        url: Url,
        head: http::response::Parts,
        body: Bytes,
        trouble: Option<String>,
        findings: Vec<Finding>,
    ) -> Self {
        let (status, headers) = (head.status, head.headers);
        Self { request: request.clone(), url, status, headers, body, trouble, findings }
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The one value of a header; `None` without it. Panics where it stands more than once, or is
    /// no text.
    #[track_caller]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        let first = values.next()?;
        assert!(values.next().is_none(), "`{name}` stands more than once\n{}", self.story());
        let text = first.to_str();
        Some(text.unwrap_or_else(|_| panic!("`{name}` is not text: {first:?}\n{}", self.story())))
    }

    /// Where it came from: the target of the request, or the last redirect's.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The body.
    pub fn bytes(&self) -> &Bytes {
        &self.body
    }

    /// The body as text, in the encoding that its byte order mark, the charset of its Content-Type,
    /// or a page's `<meta>` says, else in UTF-8 (without the feature `html`: always). A page that
    /// says nothing and is not UTF-8 is windows-1252. Bytes that are no text become U+FFFD.
    pub fn text(&self) -> String {
        #[cfg(feature = "html")]
        return super::charset::of_body(&self.body, self.headers.get(header::CONTENT_TYPE))
            .decode(&self.body)
            .0
            .into_owned();
        #[cfg(not(feature = "html"))]
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body read as JSON. Panics on what is not, or not of that shape.
    #[track_caller]
    pub fn json<T: DeserializeOwned>(&self) -> T {
        match serde_json::from_slice(&self.body) {
            Ok(value) => value,
            Err(error) => panic!("not the JSON that is wanted: {error}\n{}", self.story()),
        }
    }

    /// What [`Lint`](crate::Lint) found in this exchange.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Panics unless the body contains `text`, or does so with its white space collapsed.
    #[track_caller]
    pub fn must_contain(&self, text: &str) -> &Self {
        assert!(self.contains(text), "the page lacks `{text}`\n{}", self.story());
        self
    }

    /// Panics if the body contains `text`.
    #[track_caller]
    pub fn must_not_contain(&self, text: &str) -> &Self {
        assert!(!self.contains(text), "the page has `{text}`\n{}", self.story());
        self
    }

    /// The request that a redirect asks for. Panics on what is no redirect.
    #[track_caller]
    pub fn follow(&self) -> TestRequest {
        match self.redirected(&self.request) {
            Some(Ok(request)) => request,
            Some(Err(message)) => panic!("{message}\n{}", self.story()),
            None => panic!("{} is not a redirect\n{}", self.status, self.story()),
        }
    }

    /// Writes the page to a file, and says where on standard error.
    #[expect(clippy::print_stderr, reason = "made to be read while a test runs")]
    pub fn show(&self) -> std::io::Result<PathBuf> {
        let is_html = self
            .headers
            .get(header::CONTENT_TYPE)
            .is_some_and(|t| t.as_bytes().starts_with(b"text/html"));
        let extension = if is_html { "html" } else { "txt" };
        let name =
            format!("paste-fixture-{}-{:p}.{extension}", std::process::id(), self.body.as_ptr());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, &self.body)?;
        eprintln!("the page of {} is in {}", self.url, path.display());
        Ok(path)
    }

    pub(super) fn body_broke(&self) -> bool {
        self.trouble.as_deref().is_some_and(|trouble| trouble.starts_with("the body broke"))
    }

    pub(super) fn breaks_a_must(&self) -> bool {
        self.findings.iter().any(|finding| finding.level == Level::Must)
    }

    /// Everything that helps to see why a test failed, each part within bounds.
    pub(super) fn story(&self) -> String {
        let mut findings = String::new();
        for finding in &self.findings {
            let _ = writeln!(findings, "  lint: {finding}");
        }
        let mut story = cut(&findings, MOST_SHOWN).into_owned();
        if let Some(trouble) = &self.trouble {
            let _ = writeln!(story, "  behind it: {}", cut(trouble, MOST_SHOWN));
        }
        story + &cut(&self.to_string(), MOST_SHOWN)
    }

    fn contains(&self, text: &str) -> bool {
        let page = self.text();
        page.contains(text) || page.split_whitespace().collect::<Vec<_>>().join(" ").contains(text)
    }
}

/// Status, headers and body, for people and for snapshots.
impl fmt::Display for TestResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.status)?;
        for (name, value) in &self.headers {
            writeln!(f, "{name}: {}", String::from_utf8_lossy(value.as_bytes()))?;
        }
        write!(f, "\n{}", self.text())
    }
}
