//! A call of an app as the server would make it, and what is to tell when it fails.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};

use bytes::{Bytes, BytesMut};
use http::Method;
use http::uri::PathAndQuery;
use http_body::Body as _;
use paste_core::http_errors::Rendered;
use paste_core::{App, Body, ClientAddr, Error, ErrorRenderer, Request, Scheme};
use url::Url;

use super::behind::story;
use crate::caught::caught;

/// The most that a client keeps of a response's body.
const MAX_BODY: usize = 64 << 20;

/// An answer with its whole body.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) head: http::response::Parts,
    pub(super) body: Bytes,
    /// What was behind it, if it was an error or a panic, or how the body broke.
    pub(super) trouble: Option<String>,
    /// Why there is none, if the server gave none: the rest then stands for nothing.
    pub(super) unanswered: Option<String>,
}

/// There is no answer: the source of the error that says so.
#[derive(Debug)]
pub(super) struct NoAnswer(pub(super) String);

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NoAnswer {}

/// Calls `app`; an error or a panic becomes the page that the server would send.
pub(super) async fn call(app: &impl App, mut request: Request, url: &Url) -> Answer {
    let renderer = ErrorRenderer::for_request(&request);
    let is_head = request.method() == Method::HEAD;
    if request.extensions().get::<ClientAddr>().is_none() {
        request.extensions_mut().insert(ClientAddr(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))));
    }
    if url.scheme() == "https" {
        request.extensions_mut().insert(Scheme("https"));
    }
    let (mut trouble, mut unanswered) = (None, None);
    let render = |mut error: Error, trouble: &mut Option<String>| {
        *trouble = Some(story(&error));
        renderer.render(&mut error)
    };
    let response = match caught(app.call(request)).await {
        Ok(Ok(response)) => {
            let rendered = response.extensions().get::<Rendered>();
            trouble = rendered.map(|rendered| story(rendered.error()));
            response
        }
        Ok(Err(error)) => {
            unanswered = error.downcast_ref::<NoAnswer>().map(ToString::to_string);
            render(error, &mut trouble)
        }
        Err(panic) => render(Error::boxed(panic), &mut trouble),
    };
    let (head, body) = response.into_parts();
    let (head, body) = if is_head { without_content(head, body) } else { (head, body) };
    let mut received = BytesMut::new();
    let broke = match caught(gather(body, &mut received)).await {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(story(&error)),
        Err(panic) => Some(panic),
    };
    if let Some(how) = broke {
        trouble = Some(format!("the body broke: {how}"));
    }
    Answer { head, body: received.freeze(), trouble, unanswered }
}

/// Reads a body into `received`: all of it, or what comes before it breaks.
pub(super) async fn gather(mut body: Body, received: &mut BytesMut) -> Result<(), Error> {
    while let Some(chunk) = body.chunk().await? {
        if received.len() + chunk.len() > MAX_BODY {
            return Err(Error::boxed(format!("it has more than {MAX_BODY} bytes")));
        }
        received.extend_from_slice(&chunk);
    }
    Ok(())
}

fn without_content(mut head: http::response::Parts, body: Body) -> (http::response::Parts, Body) {
    if let Some(length) = body.size_hint().exact()
        && !matches!(head.status.as_u16(), 204 | 304)
    {
        head.headers.entry(http::header::CONTENT_LENGTH).or_insert_with(|| length.into());
    }
    (head, body.without_content())
}

/// The target of a request as an app sees it.
pub(super) fn origin_form(url: &Url) -> PathAndQuery {
    let text = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    };
    text.parse().expect("a parsed URL has a valid path and query")
}
