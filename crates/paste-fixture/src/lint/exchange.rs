//! What the rules look at: a request, an answer with what was asked, the end of a body.

use http::header::{self, AsHeaderName};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, Version};
use http_body::{Body as _, SizeHint};
use paste_core::{Clock, Request, RequestExt, Response, Sent};

use super::syntax::text;

/// What is kept of a request while the app has it: no more than the rules for answers need.
pub(super) struct Asked {
    pub(super) method: Method,
    pub(super) uri: Uri,
    pub(super) secure: bool,
    pub(super) version: Version,
    pub(super) host: Option<HeaderValue>,
    pub(super) origin: Option<HeaderValue>,
    pub(super) accept_encoding: Option<HeaderValue>,
    pub(super) if_modified_since: Option<HeaderValue>,
    pub(super) if_none_match: Option<HeaderValue>,
    pub(super) if_range: Option<HeaderValue>,
    pub(super) range: Option<HeaderValue>,
    pub(super) upgrade: Option<HeaderValue>,
    pub(super) expect: Option<HeaderValue>,
    pub(super) has_precondition: bool,
    pub(super) is_preflight: bool,
}

impl Asked {
    pub(super) fn of(request: &Request) -> Self {
        let headers = request.headers();
        let keep = |name| headers.get(name).cloned();
        let has = |name| headers.contains_key(name);
        let if_modified_since = keep(header::IF_MODIFIED_SINCE);
        let list = |name| joined(headers, &name);
        let if_none_match = list(header::IF_NONE_MATCH);
        Self {
            method: request.method().clone(),
            uri: request.original_uri().clone(),
            secure: request.scheme() == "https" || request.uri().scheme_str() == Some("https"),
            version: request.version(),
            host: keep(header::HOST),
            origin: keep(header::ORIGIN),
            accept_encoding: list(header::ACCEPT_ENCODING),
            expect: keep(header::EXPECT),
            has_precondition: if_modified_since.is_some()
                || if_none_match.is_some()
                || has(header::IF_MATCH)
                || has(header::IF_UNMODIFIED_SINCE)
                // RFC 4918, 10.4: WebDAV's own precondition. RFC 6638, 8.3 has another.
                || headers.contains_key("if")
                || headers.contains_key("if-schedule-tag-match"),
            if_modified_since,
            if_none_match,
            if_range: keep(header::IF_RANGE),
            range: keep(header::RANGE),
            upgrade: keep(header::UPGRADE),
            is_preflight: request.method() == Method::OPTIONS
                && has(header::ORIGIN)
                && has(header::ACCESS_CONTROL_REQUEST_METHOD),
        }
    }
}

/// An answer, and what it answers.
pub(super) struct Exchange<'a> {
    pub(super) asked: &'a Asked,
    pub(super) status: StatusCode,
    pub(super) headers: &'a HeaderMap,
    /// What the body says of its length; none of an error, whose page is not yet made.
    pub(super) body: Option<SizeHint>,
    pub(super) clock: &'a Clock,
}

impl<'a> Exchange<'a> {
    /// The status as a number.
    pub(super) fn code(&self) -> u16 {
        self.status.as_u16()
    }

    /// Whether the header is there.
    pub(super) fn has(&self, name: impl AsHeaderName) -> bool {
        self.headers.contains_key(name)
    }

    /// The first value of a header, as text.
    pub(super) fn get(&self, name: impl AsHeaderName) -> Option<&'a str> {
        self.headers.get(name).map(text)
    }

    /// The values of a header, as text.
    pub(super) fn all(&self, name: impl AsHeaderName) -> impl Iterator<Item = &'a str> {
        self.headers.get_all(name).into_iter().map(text)
    }

    /// The first value of a header that is not `ok`, shown with its name.
    pub(super) fn not_ok(&self, name: &'static str, ok: impl Fn(&str) -> bool) -> Option<String> {
        self.all(name).find(|value| !ok(value)).map(|value| shown(name, value))
    }

    /// The header as it stands, if it does.
    pub(super) fn present(&self, name: &'static str) -> Option<String> {
        self.get(name).map(|value| shown(name, value))
    }

    /// What to show where something is missing: the status, and why it is.
    pub(super) fn status_shown(&self, remark: &str) -> String {
        let separator = if remark.is_empty() { "" } else { ", " };
        format!("status {}{separator}{remark}", self.code())
    }

    /// Whether the exchange is of HTTP/2 or later, where connections have no headers of their own.
    pub(super) fn is_http2(&self) -> bool {
        self.asked.version >= Version::HTTP_2
    }

    /// Whether the request is one that only reads.
    pub(super) fn reads(&self) -> bool {
        matches!(self.asked.method, Method::GET | Method::HEAD)
    }

    /// Whether the body has content, as far as it says.
    pub(super) fn has_content(&self) -> bool {
        let not_empty = |hint: &SizeHint| hint.exact() != Some(0);
        let bare = self.status.is_informational() || matches!(self.code(), 204 | 205 | 304);
        self.body.as_ref().is_some_and(not_empty) && self.asked.method != Method::HEAD && !bare
    }
}

/// A header as a finding shows it: secrets do not get into a log by way of the lint.
pub(super) fn shown(name: &str, value: &str) -> String {
    let secret = ["authorization", "cookie", "proxy-authorization", "set-cookie"];
    format!("{name}: {}", if secret.contains(&name) { "..." } else { value })
}

/// The end of a response's body, or what the body says of it beforehand.
pub(super) struct Ending {
    pub(super) status: StatusCode,
    pub(super) is_head: bool,
    pub(super) content_length: Option<u64>,
    /// The exact length that the body said it has.
    pub(super) promised: Option<u64>,
    pub(super) sent: Sent,
}

impl Ending {
    /// What is known when the head goes out; nothing is sent.
    pub(super) fn of(asked: &Asked, response: &Response) -> Self {
        let content_length = response.headers().get(header::CONTENT_LENGTH);
        Self {
            status: response.status(),
            is_head: asked.method == Method::HEAD,
            content_length: content_length.and_then(|value| text(value).parse().ok()),
            promised: response.body().size_hint().exact(),
            sent: Sent { bytes: 0, complete: false },
        }
    }

    /// What the body says of its end, where it says anything. That of a file behind the answer to
    /// HEAD is left out: nobody will read it.
    pub(super) fn foretold(asked: &Asked, response: &Response) -> Option<Self> {
        let ending = Self::of(asked, response);
        let bytes = ending.promised?;
        let idle_file = ending.is_head && response.body().file_range().is_some();
        (!idle_file).then_some(Self { sent: Sent { bytes, complete: true }, ..ending })
    }
}

/// A header that is a list: its lines as one (RFC 9110, section 5.3).
fn joined(headers: &HeaderMap, name: &HeaderName) -> Option<HeaderValue> {
    let mut lines = headers.get_all(name).iter();
    let first = lines.next()?;
    let rest: Vec<_> = lines.map(HeaderValue::as_bytes).collect();
    if rest.is_empty() {
        return Some(first.clone());
    }
    HeaderValue::from_bytes(&[first.as_bytes(), b", ", &rest.join(&b", "[..])].concat()).ok()
}
