//! What is particular to a status: the constructors whose answers need a header (RFC 9110,
//! RFC 6585), and the sentence that explains it.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::Error;

impl Error {
    /// 404 Not Found.
    #[track_caller]
    pub fn not_found() -> Self {
        Self::from_status(StatusCode::NOT_FOUND)
    }

    /// 403 Forbidden.
    #[track_caller]
    pub fn forbidden() -> Self {
        Self::from_status(StatusCode::FORBIDDEN)
    }

    /// 400 Bad Request, with what is wrong about it.
    #[track_caller]
    pub fn bad_request(detail: impl Into<std::borrow::Cow<'static, str>>) -> Self {
        Self::from_status(StatusCode::BAD_REQUEST).detail(detail)
    }

    /// A redirect to `location`, with any 3xx status. What may not stand in a URL is
    /// percent-encoded.
    #[track_caller]
    pub fn redirect(status: StatusCode, location: &str) -> Self {
        Self::from_status(status).header(header::LOCATION, location_value(location))
    }

    /// 401 Unauthorized with a challenge: the `WWW-Authenticate` header, for example
    /// `Basic realm="wiki"`.
    #[track_caller]
    pub fn unauthorized(challenge: HeaderValue) -> Self {
        Self::from_status(StatusCode::UNAUTHORIZED).header(header::WWW_AUTHENTICATE, challenge)
    }

    /// 405 Method Not Allowed, with the methods that are: the `Allow` header.
    #[track_caller]
    pub fn method_not_allowed(allow: &[Method]) -> Self {
        let allow = allow.iter().map(Method::as_str).collect::<Vec<_>>().join(", ");
        let allow = HeaderValue::try_from(allow).expect("methods are tokens");
        Self::from_status(StatusCode::METHOD_NOT_ALLOWED).header(header::ALLOW, allow)
    }

    /// 429 Too Many Requests, with when to come back: the `Retry-After` header, in whole seconds,
    /// rounded up.
    #[track_caller]
    pub fn too_many_requests(retry_after: Duration) -> Self {
        Self::from_status(StatusCode::TOO_MANY_REQUESTS)
            .header(header::RETRY_AFTER, whole_seconds(retry_after))
    }

    /// 503 Service Unavailable, with when to come back: the `Retry-After` header, in whole
    /// seconds, rounded up.
    #[track_caller]
    pub fn unavailable(retry_after: Duration) -> Self {
        Self::from_status(StatusCode::SERVICE_UNAVAILABLE)
            .header(header::RETRY_AFTER, whole_seconds(retry_after))
    }
}

fn whole_seconds(duration: Duration) -> HeaderValue {
    let part = u64::from(duration.subsec_nanos() > 0);
    HeaderValue::from(duration.as_secs().saturating_add(part))
}

/// A URL reference as a header value: see [`encode_location`].
pub(crate) fn location_value(location: &str) -> HeaderValue {
    let encoded = encode_location(location);
    HeaderValue::try_from(encoded).expect("percent-encoded text is visible ASCII")
}

/// A URL reference: whatever RFC 3986 does not allow is percent-encoded, and a `%` stays as it is.
pub(crate) fn encode_location(location: &str) -> String {
    const NOT_IN_URLS: &AsciiSet = &CONTROLS
        .add(b' ')
        .add(b'"')
        .add(b'<')
        .add(b'>')
        .add(b'\\')
        .add(b'^')
        .add(b'`')
        .add(b'{')
        .add(b'|')
        .add(b'}');
    utf8_percent_encode(location, NOT_IN_URLS).collect()
}

/// The header that an answer of this status needs, if `headers` lacks it.
pub(crate) fn missing_header(status: StatusCode, headers: &HeaderMap) -> Option<HeaderName> {
    let needed = match status.as_u16() {
        301 | 302 | 303 | 305 | 307 | 308 => header::LOCATION,
        401 => header::WWW_AUTHENTICATE,
        405 => header::ALLOW,
        407 => header::PROXY_AUTHENTICATE,
        _ => return None,
    };
    (!headers.contains_key(&needed)).then_some(needed)
}

/// One or two sentences for the person in front of the screen.
pub(crate) fn explanation(status: StatusCode) -> &'static str {
    match status.as_u16() {
        300 => "There is more than one form of this resource; choose one of them.",
        301 | 308 => "This resource has moved for good.",
        302 | 307 => "This resource is at another address for now.",
        303 => "The answer to this request is at another address.",
        305 => "This resource can only be had through a proxy.",
        400 => "The server could not make sense of this request.",
        401 => "This resource is only for users who have proved who they are.",
        402 => "This resource must be paid for.",
        403 => "Access to this resource is denied.",
        404 => "There is nothing at this address.",
        405 => "This resource does not allow that method.",
        406 => "This resource has no form that the client accepts.",
        407 => "The proxy must first know who is asking.",
        408 => "The server waited too long for the request.",
        409 => "The request conflicts with the present state of the resource.",
        410 => "This resource is gone, and has left no other address.",
        411 => "The request must say how long its body is.",
        412 => "A condition of the request does not hold.",
        413 => "The request is larger than the server takes.",
        414 => "The address is longer than the server takes.",
        415 => "The server does not take a body of that type.",
        416 => "The resource has no such range.",
        417 => "The server cannot meet what the request expects.",
        418 => "This is a teapot.",
        421 => "This server does not answer for that host.",
        422 => "The request is well formed, but what it says cannot be done.",
        425 => "The server will not risk a request that might be replayed.",
        426 => "The server wants another protocol for this request.",
        428 => "The request must be conditional.",
        429 => "There were too many requests. Try again later.",
        431 => "The headers of the request are larger than the server takes.",
        451 => "This resource is withheld for legal reasons.",
        500 => "The server met an error that is not the client's fault.",
        501 => "The server does not know that method.",
        502 => "The server got no sound answer from another server that it needs.",
        503 => "The server cannot answer just now. Try again later.",
        504 => "Another server that this one needs did not answer in time.",
        505 => "The server does not speak that version of HTTP.",
        511 => "This network wants to know who you are first.",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_cannot_break_the_header() {
        for (location, expected) in [
            ("/wiki/?a=%20&b=1#top", "/wiki/?a=%20&b=1#top"),
            ("/a b\r\nSet-Cookie: x=1", "/a%20b%0D%0ASet-Cookie:%20x=1"),
            ("/é\\", "/%C3%A9%5C"),
            ("http://[::1]:8080/", "http://[::1]:8080/"),
        ] {
            assert_eq!(location_value(location), expected);
        }
    }

    #[test]
    fn retry_after_is_rounded_up() {
        for (millis, expected) in [(0, "0"), (1, "1"), (1000, "1"), (1001, "2")] {
            assert_eq!(whole_seconds(Duration::from_millis(millis)), expected);
        }
    }
}
