//! One answer for whatever has bytes: conditions first, then ranges, then the whole (RFC 9110,
//! sections 13 to 15).
//!
//! 1. GET, HEAD and OPTIONS only: others are a 405, and OPTIONS is a 204, both with `Allow`.
//! 2. A client that has the bytes gets a 304 with the validators and what caching needs, and no more.
//! 3. One range is a 206 with `Content-Range`; several are `multipart/byteranges` of known length; a
//!    range outside is a 416 with the length. HEAD has no ranges.
//! 4. A time of change in the future is not told.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use futures_util::stream::{self, StreamExt};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use paste_core::{Body, Clock, Error, FileRange, Request, Response, Result, response};

use crate::conditional::{self, EntityTag, Validators, Verdict, whole_seconds};
use crate::file_body::{Written, file_body};
use crate::range::{self, Ranges};

/// What an app would send.
#[derive(Clone, Debug)]
pub(crate) struct Entity {
    pub(crate) content: Content,
    pub(crate) tag: Option<EntityTag>,
    pub(crate) modified: Option<SystemTime>,
    /// Content type and whatever else the whole answer has.
    pub(crate) headers: HeaderMap,
}

/// Where its bytes are.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    File(FileRange, Written),
    Bytes(Bytes),
}

impl Content {
    pub(crate) fn length(&self) -> u64 {
        match self {
            Self::File(range, _) => range.length,
            Self::Bytes(bytes) => bytes.len() as u64,
        }
    }

    /// A part of it, which is the only one that is sent or not.
    fn body(&self, part: std::ops::Range<u64>, is_only: bool) -> Body {
        match self {
            Self::File(whole, written) => {
                let (file, offset) = (Arc::clone(&whole.file), whole.offset + part.start);
                let range = FileRange { file, offset, length: part.end - part.start };
                file_body(range, *written, is_only)
            }
            Self::Bytes(bytes) => {
                let index = |at| usize::try_from(at).expect("parts end where the bytes do");
                bytes.slice(index(part.start)..index(part.end)).into()
            }
        }
    }
}

/// Answers OPTIONS, and refuses what is not GET or HEAD. `None`: the request is one of these.
pub(crate) fn refuse(method: &Method) -> Option<Result> {
    const ALLOWED: [Method; 3] = [Method::GET, Method::HEAD, Method::OPTIONS];
    match *method {
        Method::GET | Method::HEAD => None,
        Method::OPTIONS => {
            let mut response = response::no_content();
            let allow = HeaderValue::from_static("GET, HEAD, OPTIONS");
            response.headers_mut().insert(header::ALLOW, allow);
            Some(Ok(response))
        }
        _ => Some(Err(Error::method_not_allowed(&ALLOWED))),
    }
}

/// Answers a GET or HEAD with `entity`, or with what of it is asked for.
pub(crate) fn answer(request: &Request, entity: Entity, max_ranges: usize) -> Result {
    let (asked, length) = (request.headers(), entity.content.length());
    let modified = entity.modified.map(whole_seconds).filter(|time| *time <= Clock::system().now());
    let current = Validators { tag: entity.tag.as_ref(), modified };
    let mut headers = entity.headers;
    if let Some(tag) = &entity.tag {
        headers.insert(header::ETAG, tag.value());
    }
    match conditional::judge(asked, current) {
        Verdict::Failed => return Err(Error::from_status(StatusCode::PRECONDITION_FAILED)),
        Verdict::NotModified => return Ok(not_modified(headers, modified)),
        Verdict::Proceed => {}
    }
    if let Some(modified) = modified {
        headers.insert(header::LAST_MODIFIED, date(modified));
    }
    if max_ranges > 0 {
        headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    }
    let mut answer = match ranges(request, current, length, max_ranges) {
        Ranges::Whole => Response::new(entity.content.body(0..length, true)),
        Ranges::Unsatisfiable => {
            let range = HeaderValue::try_from(format!("bytes */{length}"))?;
            let error = Error::from_status(StatusCode::RANGE_NOT_SATISFIABLE);
            return Err(error.header(header::CONTENT_RANGE, range));
        }
        Ranges::Parts(parts) => match <[_; 1]>::try_from(parts) {
            Ok([part]) => {
                headers.insert(header::CONTENT_RANGE, content_range(&part, length)?);
                partial(entity.content.body(part, true))
            }
            Err(parts) => partial(multipart(&entity.content, parts, &mut headers)?),
        },
    };
    answer.headers_mut().extend(headers);
    Ok(answer)
}

fn ranges(request: &Request, current: Validators<'_>, length: u64, limit: usize) -> Ranges {
    let mut lines = request.headers().get_all(header::RANGE).iter();
    match (lines.next().and_then(|line| line.to_str().ok()), lines.next()) {
        (Some(line), None)
            if request.method() == Method::GET
                && conditional::range_counts(request.headers(), current) =>
        {
            range::parse(line, length, limit)
        }
        _ => Ranges::Whole,
    }
}

fn partial(body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    response
}

/// RFC 9110, section 15.4.5: what describes the bytes stays away, and the date where there is a tag.
fn not_modified(mut headers: HeaderMap, modified: Option<SystemTime>) -> Response {
    for name in [
        header::CONTENT_TYPE,
        header::CONTENT_ENCODING,
        header::CONTENT_LANGUAGE,
        header::CONTENT_DISPOSITION,
        header::X_CONTENT_TYPE_OPTIONS,
    ] {
        headers.remove(name);
    }
    if let (Some(modified), false) = (modified, headers.contains_key(header::ETAG)) {
        headers.insert(header::LAST_MODIFIED, date(modified));
    }
    let mut response = response::with_status(StatusCode::NOT_MODIFIED);
    *response.headers_mut() = headers;
    response
}

fn date(time: SystemTime) -> HeaderValue {
    HeaderValue::try_from(httpdate::fmt_http_date(time)).expect("a date is visible ASCII")
}

fn content_range(part: &std::ops::Range<u64>, length: u64) -> Result<HeaderValue> {
    Ok(HeaderValue::try_from(format!("bytes {}-{}/{length}", part.start, part.end - 1))?)
}

/// Several parts as `multipart/byteranges` (RFC 9110, section 14.6).
fn multipart(
    content: &Content,
    parts: Vec<std::ops::Range<u64>>,
    headers: &mut HeaderMap,
) -> Result<Body> {
    let random = RandomState::new();
    let boundary = format!("{:016x}{:016x}", random.hash_one(0), random.hash_one(1));
    let multipart = HeaderValue::try_from(format!("multipart/byteranges; boundary={boundary}"))?;
    let kind = headers.insert(header::CONTENT_TYPE, multipart);
    let kind = kind.as_ref().and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let (whole, mut length) = (content.length(), 0);
    let mut bodies = Vec::with_capacity(parts.len() * 2 + 1);
    for part in parts {
        let kind =
            if kind.is_empty() { String::new() } else { format!("Content-Type: {kind}\r\n") };
        let (first, last) = (part.start, part.end - 1);
        let head = format!(
            "\r\n--{boundary}\r\n{kind}Content-Range: bytes {first}-{last}/{whole}\r\n\r\n"
        );
        length += head.len() as u64 + part.end - part.start;
        bodies.extend([head.into(), content.body(part, false)]);
    }
    let end = format!("\r\n--{boundary}--\r\n");
    length += end.len() as u64;
    bodies.push(end.into());
    let data = stream::iter(bodies).flat_map(Body::into_data_stream);
    Ok(Body::from_stream(data).with_length(length))
}
