//! Makes the common responses.

mod attachment;
#[cfg(feature = "headers")]
mod cache;
mod events;

use http::{HeaderValue, StatusCode, header};

use crate::error::location_value;
use crate::{Body, Response};

pub use self::attachment::{attachment, inline};
#[cfg(feature = "headers")]
pub use self::cache::CacheControl;
#[cfg(feature = "tokio")]
pub use self::events::keep_alive;
pub use self::events::{Event, events};

/// 200 with plain text in UTF-8.
pub fn text(text: impl Into<Body>) -> Response {
    typed(const { HeaderValue::from_static("text/plain; charset=utf-8") }, text.into())
}

/// 200 with an HTML page in UTF-8.
pub fn html(page: impl Into<Body>) -> Response {
    typed(const { HeaderValue::from_static("text/html; charset=utf-8") }, page.into())
}

/// 200 with `value` as JSON. What cannot be serialized is an error with status 500.
#[cfg(feature = "json")]
#[track_caller]
pub fn json<T: serde::Serialize + ?Sized>(value: &T) -> crate::Result {
    match serde_json::to_vec(value) {
        Ok(text) => Ok(typed(const { HeaderValue::from_static("application/json") }, text.into())),
        Err(error) => Err(error.into()),
    }
}

/// A redirect to `location`, by any 3xx status: 302 goes back to GET in practice, 303 does by
/// definition, 307 and 308 keep method and body. What may not stand in a URL is percent-encoded.
pub fn redirect(status: StatusCode, location: &str) -> Response {
    let mut response = with_status(status);
    response.headers_mut().insert(header::LOCATION, location_value(location));
    response
}

/// 204, without a body.
pub fn no_content() -> Response {
    with_status(StatusCode::NO_CONTENT)
}

/// An empty response with this status.
pub fn with_status(status: StatusCode) -> Response {
    let mut response = Response::default();
    *response.status_mut() = status;
    response
}

/// 200 with `body`, of the media type `content_type`.
pub fn typed(content_type: HeaderValue, body: Body) -> Response {
    let mut response = Response::new(body);
    response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    response
}
