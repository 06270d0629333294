//! Gives responses an `ETag`, and answers 304 to clients that have them already.
//!
//! 1. A 200 to GET gets a tag if it has none and is of at most [`max_size`](Etag::max_size) bytes. A body
//!    of known length is awaited. One of unknown length is looked at only as far as it is there at once:
//!    what comes later is a stream, and passes as it is, nothing of it held back.
//! 2. The tag is strong: a hash (SHA-256, 128 bits of it) of the bytes, the content type and the content
//!    coding. `Compress` around it makes it weak where it has to be.
//! 3. A tag that the app has set stays, and counts, however large the response is; so does its
//!    `Last-Modified`.
//! 4. `If-None-Match` (weak comparison, lists and `*`), or where there is none `If-Modified-Since`, makes
//!    the answer to GET or HEAD a 304 (RFC 9110, section 13). Work is not saved by that, but bytes are.
//!    `If-Match` (strong comparison, lists and `*`) that does not name the tag which is made here makes
//!    it a 412. A tag of the app's own it leaves to the app.
//! 5. A 304 has the headers of the 200, `Vary`, `Cache-Control` and `Set-Cookie` among them, but for those
//!    that describe the content.
//! 6. `Cache-Control: no-store`, event streams, parts, and whatever is no 200 are left alone. The answer to
//!    HEAD has no content to be hashed: by design it gets no tag, and neither a 304 nor a 412 by one, where
//!    the answer to GET would (RFC 9110, section 9.3.2, lets such headers be left out). By a tag or a date
//!    of the app's own it is a 304, too.
//! 7. A body that breaks while it is awaited is an error in place of a response.
//!
//! ```
//! use paste_core::{AppExt, Request, Result, response};
//! use paste_filter::Etag;
//!
//! async fn page(_request: Request) -> Result { Ok(response::text("hi")) }
//!
//! let app = page.with(Etag::new());
//! ```

mod buffer;
mod conditions;

use std::fmt::Write as _;

use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use paste_core::{App, Error, Middleware, Request, Response, Result, response};
use sha2::{Digest, Sha256};

use self::buffer::Buffered;
use self::conditions::Conditions;

/// Gives responses an `ETag`, and answers 304. See the [module](self) for the rules.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, schemars::JsonSchema))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct Etag {
    /// How large a response may be to get a tag.
    #[cfg_attr(feature = "serde", serde(default = "max_size"))]
    #[cfg_attr(feature = "serde", serde(deserialize_with = "crate::size::read"))]
    #[cfg_attr(feature = "serde", schemars(with = "String", default = "max_size_text"))]
    max_size: u64,
}

/// The size unless said otherwise.
const fn max_size() -> u64 {
    1 << 20
}

#[cfg(feature = "serde")]
fn max_size_text() -> String {
    format!("{}MiB", max_size() >> 20)
}

impl Default for Etag {
    fn default() -> Self {
        Self { max_size: max_size() }
    }
}

impl Etag {
    /// Gives tags to responses of at most 1 MiB.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many bytes a response may have to get a tag. So much is kept in memory for each request.
    #[must_use]
    pub fn max_size(self, bytes: u64) -> Self {
        Self { max_size: bytes }
    }
}

impl<A: App> Middleware<A> for Etag {
    type App = WithEtag<A>;

    fn wrap(self, app: A) -> WithEtag<A> {
        WithEtag { app, max_size: self.max_size }
    }
}

/// An app whose responses [`Etag`] gives tags.
#[derive(Clone, Debug)]
pub struct WithEtag<A> {
    app: A,
    max_size: u64,
}

impl<A: App> App for WithEtag<A> {
    async fn call(&self, request: Request) -> Result<Response> {
        let method = request.method();
        let is_get = method == Method::GET;
        if !is_get && method != Method::HEAD {
            return self.app.call(request).await;
        }
        let conditions = Conditions::of(request.headers());
        let response = self.app.call(request).await?;
        if !is_concerned(&response) {
            return Ok(response);
        }
        let is_own = is_get && !response.headers().contains_key(header::ETAG);
        let response = if is_own { self.tagged(response).await? } else { response };
        if is_own && conditions.fail(response.headers()) {
            return Err(Error::from_status(StatusCode::PRECONDITION_FAILED));
        }
        let holds = conditions.holds(response.headers());
        Ok(if holds { not_modified(response) } else { response })
    }
}

impl<A> WithEtag<A> {
    /// The response with a tag, if it is small enough.
    async fn tagged(&self, response: Response) -> Result<Response> {
        let (mut head, body) = response.into_parts();
        let body = match buffer::read(body, self.max_size).await? {
            Buffered::Whole(data) => {
                head.headers.insert(header::ETAG, tag(&head.headers, &data));
                data.into()
            }
            Buffered::Stream(body) => body,
        };
        Ok(Response::from_parts(head, body))
    }
}

fn is_concerned(response: &Response) -> bool {
    let headers = response.headers();
    let lines = headers.get_all(header::CACHE_CONTROL).iter();
    let mut directives = lines.flat_map(|line| line.as_bytes().split(|&byte| byte == b','));
    let is_events = headers.get(header::CONTENT_TYPE).is_some_and(|kind| {
        let kind = kind.as_bytes().split(|&byte| byte == b';').next().unwrap_or_default();
        kind.trim_ascii().eq_ignore_ascii_case(b"text/event-stream")
    });
    response.status() == StatusCode::OK
        && !is_events
        && !headers.contains_key(header::CONTENT_RANGE)
        && !directives.any(|directive| directive.trim_ascii().eq_ignore_ascii_case(b"no-store"))
}

fn tag(headers: &HeaderMap, data: &[u8]) -> HeaderValue {
    let mut hash = Sha256::new();
    for name in [header::CONTENT_TYPE, header::CONTENT_ENCODING] {
        let value = headers.get(name).map_or(&b""[..], HeaderValue::as_bytes);
        hash.update((value.len() as u64).to_le_bytes());
        hash.update(value);
    }
    hash.update(data);
    let mut tag = String::with_capacity(34);
    tag.push('"');
    for byte in &hash.finalize()[..16] {
        let _ = write!(tag, "{byte:02x}");
    }
    tag.push('"');
    HeaderValue::try_from(tag).expect("hexadecimal numbers in quotes")
}

/// RFC 9110, section 15.4.5: what describes the content stays away, and the date where there is a tag.
fn not_modified(mut response: Response) -> Response {
    const CONTENT: [&str; 12] = [
        "accept-ranges",
        "content-digest",
        "content-disposition",
        "content-encoding",
        "content-language",
        "content-length",
        "content-md5",
        "content-type",
        "digest",
        "repr-digest",
        "trailer",
        "x-content-type-options",
    ];
    let mut answer = response::with_status(StatusCode::NOT_MODIFIED);
    *answer.headers_mut() = std::mem::take(response.headers_mut());
    *answer.extensions_mut() = std::mem::take(response.extensions_mut());
    *answer.body_mut() = std::mem::take(response.body_mut()).without_content();
    let headers = answer.headers_mut();
    for name in CONTENT {
        headers.remove(name);
    }
    if headers.contains_key(header::ETAG) {
        headers.remove(header::LAST_MODIFIED);
    }
    answer
}
