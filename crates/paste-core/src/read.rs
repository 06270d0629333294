//! Reads whole bodies of requests, within limits.

use bytes::Bytes;
#[cfg(feature = "json")]
use http::StatusCode;

#[cfg(feature = "json")]
use crate::content_type::{ContentType, unsupported};
use crate::{Error, Request, Result};

/// How large a form, a JSON body or a multipart body may be unless it is told otherwise: 2 MiB.
pub const BODY_LIMIT: usize = 2 * 1024 * 1024;

/// Reads the body of a [`Request`]. Each method takes the body, and leaves the head as it is.
///
/// A body that is larger than the limit is an error with status 413 that names the limit.
///
/// ```
/// use paste_core::{ReadExt, Request, Result, response};
///
/// #[derive(serde::Deserialize)]
/// struct Order { dish: String, count: u32 }
///
/// async fn order(mut request: Request) -> Result {
///     let order: Order = request.json().await?;
///     Ok(response::text(format!("{} x {}", order.count, order.dish)))
/// }
/// ```
pub trait ReadExt {
    /// The bytes of the body.
    fn bytes(&mut self, limit: usize) -> impl Future<Output = Result<Bytes>> + Send;

    /// The body as text. What is not UTF-8 is an error with status 400.
    fn text(&mut self, limit: usize) -> impl Future<Output = Result<String>> + Send;

    /// The body as JSON, of 2 MiB at the most.
    ///
    /// Another content type than `application/json` or `+json` is a 415, what is no JSON a 400, and
    /// JSON of another shape a 422; both say where.
    #[cfg(feature = "json")]
    fn json<T: serde::de::DeserializeOwned>(&mut self) -> impl Future<Output = Result<T>> + Send {
        self.json_within(BODY_LIMIT)
    }

    /// The body as JSON, of `limit` bytes at the most.
    #[cfg(feature = "json")]
    fn json_within<T: serde::de::DeserializeOwned>(
        &mut self,
        limit: usize,
    ) -> impl Future<Output = Result<T>> + Send;

    /// The body as a form, within the default limits. See [`form`](crate::form).
    #[cfg(feature = "form")]
    fn form(&mut self) -> impl Future<Output = Result<crate::form::Form>> + Send {
        self.form_within(crate::form::FormLimits::default())
    }

    /// The body as a form, within `limits`.
    #[cfg(feature = "form")]
    fn form_within(
        &mut self,
        limits: crate::form::FormLimits,
    ) -> impl Future<Output = Result<crate::form::Form>> + Send;

    /// The parts of a multipart body as they come, within the default limits. See
    /// [`multipart`](crate::multipart).
    #[cfg(feature = "multipart")]
    fn multipart(&mut self) -> Result<crate::multipart::Multipart> {
        self.multipart_within(crate::form::FormLimits::default())
    }

    /// The parts of a multipart body as they come, within `limits`.
    #[cfg(feature = "multipart")]
    fn multipart_within(
        &mut self,
        limits: crate::form::FormLimits,
    ) -> Result<crate::multipart::Multipart>;
}

impl ReadExt for Request {
    fn bytes(&mut self, limit: usize) -> impl Future<Output = Result<Bytes>> + Send {
        std::mem::take(self.body_mut()).collect(limit)
    }

    async fn text(&mut self, limit: usize) -> Result<String> {
        let bytes = self.bytes(limit).await?;
        match String::from_utf8(bytes.into()) {
            Ok(text) => Ok(text),
            Err(error) => Err(Error::bad_request("The body is not UTF-8.").caused_by(error)),
        }
    }

    #[cfg(feature = "json")]
    async fn json_within<T: serde::de::DeserializeOwned>(&mut self, limit: usize) -> Result<T> {
        if !ContentType::of(self.headers())?.is_json() {
            return Err(unsupported("The body is to be of the type application/json."));
        }
        let bytes = self.bytes(limit).await?;
        match serde_json::from_slice(&bytes) {
            Ok(value) => Ok(value),
            Err(error) => {
                let (status, what) = match error.classify() {
                    serde_json::error::Category::Data => {
                        (StatusCode::UNPROCESSABLE_ENTITY, "The JSON does not fit")
                    }
                    _ => (StatusCode::BAD_REQUEST, "The body is not JSON"),
                };
                let detail = format!("{what}: {error}.");
                Err(Error::from_status(status).detail(detail).caused_by(error))
            }
        }
    }

    #[cfg(feature = "form")]
    fn form_within(
        &mut self,
        limits: crate::form::FormLimits,
    ) -> impl Future<Output = Result<crate::form::Form>> + Send {
        crate::form::read(self, limits)
    }

    #[cfg(feature = "multipart")]
    fn multipart_within(
        &mut self,
        limits: crate::form::FormLimits,
    ) -> Result<crate::multipart::Multipart> {
        crate::multipart::Multipart::of(self, limits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Body;

    #[cfg(feature = "json")]
    #[tokio::test]
    async fn json_is_checked_before_it_is_believed() {
        async fn read(content_type: &str, body: &'static str) -> Result<u32, (u16, String)> {
            let request = http::Request::post("/").header("content-type", content_type);
            let mut request = request.body(Body::from(body)).unwrap();
            let read = request.json_within(8).await;
            assert!(http_body::Body::is_end_stream(request.body()) || read.is_err());
            read.map_err(|error| {
                (error.status().as_u16(), error.public_detail().unwrap_or_default().to_owned())
            })
        }
        for content_type in
            ["application/json", "Application/JSON; charset=utf-8", "application/x+json"]
        {
            assert_eq!(read(content_type, "42").await, Ok(42), "{content_type}");
        }
        for (content_type, body, status, detail) in [
            ("text/plain", "42", 415, "application/json"),
            ("application/x-www-form-urlencoded", "42", 415, ""),
            ("", "42", 415, ""),
            ("application/json", "nul", 400, "line 1 column 3"),
            ("application/json", "", 400, "EOF"),
            ("application/json", "\"x\"", 422, "expected u32"),
            ("application/json", "123456789", 413, "limit of 8 bytes"),
        ] {
            let (got, told) = read(content_type, body).await.unwrap_err();
            assert_eq!(got, status, "{content_type} {body}");
            assert!(told.contains(detail), "{told}");
        }
        let two = http::Request::post("/").header("content-type", "application/json");
        let mut two = two.header("content-type", "text/plain").body(Body::from("1")).unwrap();
        assert_eq!(two.json::<u32>().await.unwrap_err().status(), 400);
    }

    #[tokio::test]
    async fn text_is_utf_8() {
        let mut request = Request::new(Body::from("é"));
        assert_eq!(request.text(10).await.unwrap(), "é");
        let mut request = Request::new(Body::from(vec![0xFF]));
        assert_eq!(request.text(10).await.unwrap_err().status(), 400);
    }
}
