//! The kind `text`.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use paste_core::{App, Body, Request, Response};
use paste_filter::headers::HeaderPairs;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{Context, Problem};

/// Answers every request, of any method, with the same text.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Options {
    /// The text.
    body: String,
    /// The status.
    #[serde(default = "ok")]
    status: u16,
    /// The content type.
    #[serde(default = "plain")]
    content_type: String,
    /// Further headers, by name.
    #[serde(default)]
    headers: HeaderPairs,
}

fn ok() -> u16 {
    200
}

fn plain() -> String {
    "text/plain; charset=utf-8".to_owned()
}

/// A media type, such as `text/html; charset=utf-8` (RFC 9110, section 8.3.1).
fn content_type(text: String) -> Result<HeaderValue, Problem> {
    let is_token = |part: &str| !part.is_empty() && part.bytes().all(is_token_byte);
    let essence = text.split(';').next().unwrap_or_default().trim();
    if !essence.split_once('/').is_some_and(|(kind, sub)| is_token(kind) && is_token(sub)) {
        let message = format!("`{text}` is not a media type such as `text/html; charset=utf-8`");
        return Err(Problem::at_key("content_type", message));
    }
    HeaderValue::try_from(text)
        .map_err(|_| Problem::at_key("content_type", "a header cannot have this value"))
}

fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[derive(Debug)]
pub(super) struct Text {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

pub(super) fn build(options: Options, _: &mut Context<'_>) -> Result<Text, Problem> {
    let status = super::status(options.status, 200..=999)?;
    let content_type = content_type(options.content_type)?;
    if matches!(status.as_u16(), 204 | 205 | 304) && !options.body.is_empty() {
        return Err(Problem::at_key("body", format!("an answer with status {status} has no body")));
    }
    let mut headers: HeaderMap = options.headers.0.into_iter().collect();
    if headers.contains_key(header::CONTENT_TYPE) {
        return Err(Problem::at_key("headers", "the key `content_type` says the content type"));
    }
    if !options.body.is_empty() {
        headers.insert(header::CONTENT_TYPE, content_type);
    }
    Ok(Text { status, headers, body: options.body.into() })
}

impl App for Text {
    async fn call(&self, _: Request) -> paste_core::Result<Response> {
        let mut response = Response::new(Body::from(self.body.clone()));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers.clone();
        Ok(response)
    }
}
