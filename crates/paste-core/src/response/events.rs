//! Server-sent events (the HTML Standard's section of that name).

use std::borrow::Cow;
use std::fmt::Write as _;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use http::{HeaderValue, header};

use crate::{Body, BoxError, Response};

/// One event of an [`events`] stream.
///
/// ```
/// use paste_core::response::Event;
///
/// let event = Event::new("one\ntwo").name("news").id("7");
/// assert_eq!(event.to_string(), "event: news\nid: 7\ndata: one\ndata: two\n\n");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    data: Option<Cow<'static, str>>,
    name: Option<Cow<'static, str>>,
    id: Option<Cow<'static, str>>,
    retry: Option<Duration>,
    comment: Option<Cow<'static, str>>,
}

impl Event {
    /// An event with this text, of any number of lines.
    pub fn new(data: impl Into<Cow<'static, str>>) -> Self {
        Self { data: Some(data.into()), ..Self::default() }
    }

    /// What no listener sees: keeps the connection from being idle.
    pub fn comment(text: impl Into<Cow<'static, str>>) -> Self {
        Self { comment: Some(text.into()), ..Self::default() }
    }

    /// The type that listeners ask for. Default: `message`. Line ends in it become spaces.
    #[must_use]
    pub fn name(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// What a client that comes back sends as `Last-Event-ID`. Line ends and NULs in it become spaces.
    #[must_use]
    pub fn id(mut self, id: impl Into<Cow<'static, str>>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// How long a client waits before it comes back, in whole milliseconds.
    #[must_use]
    pub fn retry(mut self, time: Duration) -> Self {
        self.retry = Some(time);
        self
    }
}

/// As it goes over the wire.
impl std::fmt::Display for Event {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let line = |text: &str| text.replace(['\r', '\n', '\0'], " ");
        if let Some(name) = &self.name {
            writeln!(f, "event: {}", line(name))?;
        }
        if let Some(id) = &self.id {
            writeln!(f, "id: {}", line(id))?;
        }
        if let Some(retry) = self.retry {
            writeln!(f, "retry: {}", retry.as_millis())?;
        }
        for (field, text) in [(":", &self.comment), ("data:", &self.data)] {
            let Some(text) = text else { continue };
            // A lone CR ends a line, too.
            for line in text.replace("\r\n", "\n").split(['\n', '\r']) {
                writeln!(f, "{field} {line}")?;
            }
        }
        f.write_char('\n')
    }
}

/// 200 with a stream of events, which goes on until the stream ends or the client goes.
///
/// An error ends it, and the client comes back. Caches and buffering proxies are told to keep out.
/// With the feature `tokio`, [`keep_alive`] fills silences.
///
/// ```
/// use futures_util::stream;
/// use paste_core::response::{self, Event};
/// use paste_core::{Error, Request, Result};
///
/// async fn count(_request: Request) -> Result {
///     Ok(response::events(stream::iter(1..=3).map(|n| Ok::<_, Error>(Event::new(n.to_string())))))
/// }
/// # use futures_util::StreamExt;
/// ```
pub fn events<S, E>(stream: S) -> Response
where
    S: Stream<Item = Result<Event, E>> + Send + 'static,
    E: Into<BoxError> + 'static,
{
    let lines = stream.map(|event| event.map(|event| Bytes::from(event.to_string())));
    let mut response = Response::new(Body::from_stream(lines));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

/// `stream` with a comment whenever nothing else came for `silence`, so that nobody on the way takes
/// the connection for dead. Needs a tokio runtime with time.
#[cfg(feature = "tokio")]
pub fn keep_alive<S, E>(
    stream: S,
    silence: Duration,
) -> impl Stream<Item = Result<Event, E>> + Send + 'static
where
    S: Stream<Item = Result<Event, E>> + Send + 'static,
    E: 'static,
{
    futures_util::stream::unfold(Box::pin(stream), move |mut stream| async move {
        match tokio::time::timeout(silence, stream.next()).await {
            Ok(Some(event)) => Some((event, stream)),
            Ok(None) => None,
            Err(_) => Some((Ok(Event::comment("")), stream)),
        }
    })
}

#[cfg(test)]
mod tests {
    use futures_util::stream;

    use super::*;

    #[test]
    fn no_text_breaks_out_of_its_field() {
        for (event, text) in [
            (Event::new("a\rb\r\nc\n"), "data: a\ndata: b\ndata: c\ndata: \n\n"),
            (
                Event::new("").name("x\ndata: evil").id("1\0\r2"),
                "event: x data: evil\nid: 1  2\ndata: \n\n",
            ),
            (Event::comment("a\nb"), ": a\n: b\n\n"),
            (Event::default().retry(Duration::from_millis(1500)), "retry: 1500\n\n"),
        ] {
            assert_eq!(event.to_string(), text);
        }
    }

    #[tokio::test]
    async fn events_come_one_by_one() {
        let two = stream::iter([Ok(Event::new("1")), Err("broken")]);
        let response = events(two);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let mut body = response.into_body();
        assert_eq!(body.chunk().await.unwrap().unwrap(), "data: 1\n\n");
        assert!(body.chunk().await.is_err());
    }

    #[cfg(feature = "tokio")]
    #[tokio::test(start_paused = true)]
    async fn silences_are_filled() {
        let slow = stream::unfold(0, |n| async move {
            // tidy: the clock is paused, and steps by itself
            tokio::time::sleep(Duration::from_secs(25)).await;
            (n < 1).then(|| (Ok::<_, BoxError>(Event::new("late")), n + 1))
        });
        let response = events(keep_alive(slow, Duration::from_secs(10)));
        let text = response.into_body().collect(1000).await.unwrap();
        assert_eq!(text, ": \n\n: \n\ndata: late\n\n: \n\n: \n\n");
    }
}
