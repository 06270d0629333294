//! The one body type, of requests and responses alike.
//!
//! 1. A body is empty, one buffer, a range of a file, or a boxed stream; it is never boxed twice.
//! 2. A stream that has ended is an empty body, and its source is dropped at once.
//! 3. The size hint is exact wherever the length is known.
//! 4. `on_end` tells once how much was handed over, and whether that was all; it changes nothing.

mod source;

use std::any::Any;
use std::fmt;
use std::fs::File;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use http::StatusCode;
use http_body::{Body as _, Frame, SizeHint};

use self::source::{Chunks, Foreign, Source};
use crate::{BoxError, Error, Result};

/// The body of a [`Request`](crate::Request) or a [`Response`](crate::Response): `Send`, `Sync`,
/// and empty by default.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// use paste_core::Body;
///
/// let body = Body::from("hello");
/// assert_eq!(body.collect(1024).await?, "hello");
/// # Ok::<(), paste_core::Error>(()) }).map_err(|error| error.to_string())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// It is an [`http_body::Body`] of [`Bytes`], so hyper, tower-http and axum take it as it is;
/// theirs come in by [`Body::new`].
#[derive(Default)]
pub struct Body {
    kind: Kind,
    watch: Option<Box<Watch>>,
}

#[derive(Default)]
enum Kind {
    #[default]
    Empty,
    Buffer(Bytes),
    File(Box<(FileRange, Source)>),
    Stream(Source),
}

/// A part of an open file, as plain data: what a file body is a stream of, for a server that can
/// send files by itself.
#[derive(Clone, Debug)]
pub struct FileRange {
    /// The open file. Whoever reads it gives the offset with each read and leaves its cursor alone.
    pub file: Arc<File>,
    /// Where the part begins, in bytes.
    pub offset: u64,
    /// How long it is, in bytes.
    pub length: u64,
}

/// What became of a body: see [`Body::on_end`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// How many bytes were handed to the server, or to whoever else read the body.
    pub bytes: u64,
    /// Whether that was the whole body. `false`: it was dropped before its end, or broke.
    pub complete: bool,
}

impl Body {
    /// The empty body.
    pub const fn empty() -> Self {
        Self { kind: Kind::Empty, watch: None }
    }

    /// Takes in any other body. A `Body` stays as it is; one that has already ended becomes empty.
    pub fn new<B>(body: B) -> Self
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let mut slot = Some(body);
        if let Some(body) = (&mut slot as &mut dyn Any).downcast_mut::<Option<Self>>() {
            return body.take().unwrap_or_default();
        }
        match slot {
            Some(body) if !body.is_end_stream() => {
                Self::of(Kind::Stream(Source::new(Foreign::new(body))))
            }
            _ => Self::empty(),
        }
    }

    /// A body of unknown length from a stream of buffers. An error ends it: the client sees a cut
    /// response, never a whole one.
    pub fn from_stream<S, D, E>(stream: S) -> Self
    where
        S: Stream<Item = Result<D, E>> + Send + 'static,
        D: Into<Bytes>,
        E: Into<BoxError>,
    {
        Self::of(Kind::Stream(Source::new(Chunks::new(stream))))
    }

    /// A body that is `range` of a file. `stream` gives the same bytes, for everyone who does not
    /// send files by itself; if it gives fewer, the response is cut.
    pub fn file<B>(range: FileRange, stream: B) -> Self
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        if range.length == 0 {
            return Self::empty();
        }
        let mut source = Source::new(Foreign::new(stream));
        source.set_length(range.length);
        Self::of(Kind::File(Box::new((range, source))))
    }

    /// States how long a stream of unknown length is. If it turns out longer or shorter, it breaks,
    /// and the client sees a cut response. Bodies of known length stay as they are.
    #[must_use]
    pub fn with_length(mut self, length: u64) -> Self {
        if let Kind::Stream(source) = &mut self.kind
            && source.size_hint().exact().is_none()
        {
            source.set_length(length);
            if let Some(watch) = &mut self.watch {
                watch.length = Some(length);
            }
        }
        self
    }

    /// The range of a file that this body is, as long as nothing of it was read.
    pub fn file_range(&self) -> Option<&FileRange> {
        match &self.kind {
            Kind::File(file) => Some(&file.0),
            _ => None,
        }
    }

    /// Calls `watch` once, when the body has been handed over to its end, breaks, or is dropped.
    /// The body stays what it is: watching hides neither its length nor its file.
    #[must_use]
    pub fn on_end(mut self, watch: impl FnOnce(Sent) + Send + Sync + 'static) -> Self {
        let (complete, length) = (self.is_end_stream(), self.size_hint().exact());
        let mut added = Watch { bytes: 0, complete, length, tell: None };
        added.tell = match self.watch.take().and_then(|mut before| before.tell.take()) {
            Some(before) => Some(Box::new(move |sent| {
                before(sent);
                watch(sent);
            })),
            None => Some(Box::new(watch)),
        };
        self.watch = Some(Box::new(added));
        self
    }

    /// The body of the answer to HEAD: empty, and complete for those who [watch](Self::on_end).
    #[must_use]
    pub fn without_content(mut self) -> Self {
        self.kind = Kind::Empty;
        if let Some(watch) = &mut self.watch {
            watch.complete = true;
        }
        self
    }

    /// The next frame, data or trailers; `None` at the end.
    pub async fn frame(&mut self) -> Option<Result<Frame<Bytes>>> {
        poll_fn(|context| Pin::new(&mut *self).poll_frame(context)).await
    }

    /// The next piece of data; `None` at the end. Trailers are passed over.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>> {
        while let Some(frame) = self.frame().await {
            if let Ok(data) = frame?.into_data() {
                return Ok(Some(data));
            }
        }
        Ok(None)
    }

    /// Reads the whole body. One of more than `limit` bytes is an error with status 413, raised
    /// before more than that is kept.
    pub async fn collect(mut self, limit: usize) -> Result<Bytes> {
        let too_large = |size: u64| size > limit as u64;
        if too_large(self.size_hint().lower()) {
            return Err(body_too_large(limit));
        }
        if let (Kind::Buffer(data), None) = (&mut self.kind, &self.watch) {
            return Ok(std::mem::take(data));
        }
        let Some(first) = self.chunk().await? else {
            return Ok(Bytes::new());
        };
        if self.is_end_stream() && !too_large(first.len() as u64) {
            return Ok(first);
        }
        let mut whole = BytesMut::new();
        let mut next = Some(first);
        while let Some(chunk) = next {
            if too_large(whole.len() as u64 + chunk.len() as u64) {
                return Err(body_too_large(limit));
            }
            whole.extend_from_slice(&chunk);
            next = self.chunk().await?;
        }
        Ok(whole.freeze())
    }

    /// This body as a stream of its data, without trailers.
    pub fn into_data_stream(self) -> DataStream {
        DataStream(self)
    }

    const fn of(kind: Kind) -> Self {
        Self { kind, watch: None }
    }

    fn poll_kind(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>>>> {
        if let Kind::File(_) = self.kind
            && let Kind::File(file) = std::mem::take(&mut self.kind)
        {
            self.kind = Kind::Stream(file.1);
        }
        match &mut self.kind {
            Kind::Empty | Kind::File(_) => Poll::Ready(None),
            Kind::Buffer(data) => {
                let data = std::mem::take(data);
                self.kind = Kind::Empty;
                Poll::Ready(Some(Ok(Frame::data(data))))
            }
            Kind::Stream(source) => {
                let frame = ready!(source.poll_frame(context));
                if source.has_ended() || !matches!(frame, Some(Ok(_))) {
                    self.kind = Kind::Empty;
                }
                Poll::Ready(frame)
            }
        }
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>>>> {
        let frame = ready!(self.poll_kind(context));
        let ended = self.is_end_stream();
        if let Some(watch) = &mut self.watch {
            let broken = matches!(frame, Some(Err(_)));
            if let Some(Ok(Some(data))) =
                frame.as_ref().map(|frame| frame.as_ref().map(Frame::data_ref))
            {
                watch.bytes += data.len() as u64;
                // Whoever knows the length need not ask for the end.
                watch.complete |= watch.length == Some(watch.bytes);
            }
            if ended {
                watch.complete = !broken;
                self.watch = None;
            }
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.kind, Kind::Empty)
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Empty => SizeHint::with_exact(0),
            Kind::Buffer(data) => SizeHint::with_exact(data.len() as u64),
            Kind::File(file) => file.1.size_hint(),
            Kind::Stream(source) => source.size_hint(),
        }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match &self.kind {
            Kind::Empty => "empty",
            Kind::Buffer(_) => "buffer",
            Kind::File(_) => "file",
            Kind::Stream(_) => "stream",
        };
        f.debug_struct("Body")
            .field("kind", &kind)
            .field("size", &self.size_hint().exact())
            .finish_non_exhaustive()
    }
}

/// The data of a body as a [`Stream`]: see [`Body::into_data_stream`].
#[derive(Debug)]
pub struct DataStream(Body);

impl Stream for DataStream {
    type Item = Result<Bytes>;

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes>>> {
        loop {
            match ready!(Pin::new(&mut self.0).poll_frame(context)) {
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        return Poll::Ready(Some(Ok(data)));
                    }
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }
}

/// Whoever watches the end of a body. It tells when it is dropped, which the body does at its end.
struct Watch {
    bytes: u64,
    complete: bool,
    length: Option<u64>,
    tell: Option<Box<dyn FnOnce(Sent) + Send + Sync>>,
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Some(tell) = self.tell.take() {
            tell(Sent { bytes: self.bytes, complete: self.complete });
        }
    }
}

#[track_caller]
fn body_too_large(limit: usize) -> Error {
    Error::from_status(StatusCode::PAYLOAD_TOO_LARGE)
        .detail(format!("The body is larger than the limit of {limit} bytes."))
}

impl From<()> for Body {
    fn from((): ()) -> Self {
        Self::empty()
    }
}

impl From<Bytes> for Body {
    fn from(data: Bytes) -> Self {
        if data.is_empty() { Self::empty() } else { Self::of(Kind::Buffer(data)) }
    }
}

impl From<&'static [u8]> for Body {
    fn from(data: &'static [u8]) -> Self {
        Bytes::from_static(data).into()
    }
}

impl From<&'static str> for Body {
    fn from(text: &'static str) -> Self {
        Bytes::from_static(text.as_bytes()).into()
    }
}

impl From<String> for Body {
    fn from(text: String) -> Self {
        Bytes::from(text).into()
    }
}

impl From<Vec<u8>> for Body {
    fn from(data: Vec<u8>) -> Self {
        Bytes::from(data).into()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    fn stream(chunks: &'static [&'static str]) -> Body {
        Body::from_stream(Pieces(chunks.iter()))
    }

    /// A stream of texts; `"!"` is an error.
    struct Pieces(std::slice::Iter<'static, &'static str>);

    impl Stream for Pieces {
        type Item = Result<&'static [u8], BoxError>;

        fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
            Poll::Ready(self.0.next().map(|text| match *text {
                "!" => Err("broken".into()),
                text => Ok(text.as_bytes()),
            }))
        }
    }

    #[test]
    fn is_send_sync_and_default() {
        fn check<T: Send + Sync + Default>() {}
        check::<Body>();
    }

    #[test]
    fn is_never_boxed_twice() {
        let range =
            FileRange { file: Arc::new(tempfile::tempfile().unwrap()), offset: 1, length: 2 };
        let body = Body::new(Body::file(range, Body::from("ab")));
        assert_eq!(body.file_range().map(|range| range.offset), Some(1));
    }

    #[tokio::test]
    async fn an_ended_stream_is_empty_and_its_source_dropped() {
        let source = Arc::new(());
        let held = Arc::clone(&source);
        let inner = stream(&["a"]).on_end(move |_| drop(held));
        let mut body = Body::new(Foreign::new(inner));
        assert!(!body.is_end_stream());
        assert_eq!(body.chunk().await.unwrap().unwrap(), "a");
        assert!(body.chunk().await.unwrap().is_none());
        assert!(body.is_end_stream());
        assert_eq!(Arc::strong_count(&source), 1);
        assert!(Body::new(Foreign::new(Body::empty())).is_end_stream());
    }

    #[test]
    fn size_hints_are_exact_where_the_length_is_known() {
        let file = Arc::new(tempfile::tempfile().unwrap());
        let range = |length| FileRange { file: Arc::clone(&file), offset: 0, length };
        for (body, size) in [
            (Body::empty(), Some(0)),
            (Body::from("hello"), Some(5)),
            (Body::file(range(7), stream(&["1234567"])), Some(7)),
            (Body::file(range(0), stream(&[])), Some(0)),
            (Body::new(Foreign::new(Body::from("hello"))), Some(5)),
            (stream(&["a"]), None),
        ] {
            assert_eq!(body.size_hint().exact(), size, "{body:?}");
        }
    }

    #[tokio::test]
    async fn collects_up_to_the_limit() {
        for (limit, expected) in [(6, Ok("abcdef")), (5, Err(StatusCode::PAYLOAD_TOO_LARGE))] {
            for body in [Body::from("abcdef"), stream(&["abc", "def"]), stream(&["abcdef"])] {
                let collected = body.collect(limit).await.map_err(|error| error.status());
                assert_eq!(collected, expected.map(Bytes::from));
            }
        }
        assert_eq!(stream(&[]).collect(0).await.unwrap(), "");
        let broken = stream(&["abc", "!", "def"]).collect(100).await.unwrap_err();
        assert_eq!(broken.source().unwrap().to_string(), "broken");
    }

    #[tokio::test]
    async fn on_end_tells_once_how_much_was_handed_over() {
        for (chunks, read, bytes, complete) in [
            (&["abc", "def"][..], 9, 6, true),
            (&["abc", "def"], 2, 6, false),
            (&["abc", "def"], 0, 0, false),
            (&["abc", "!"], 9, 3, false),
            (&[], 9, 0, true),
        ] {
            let (tell, told) = mpsc::channel();
            let again = tell.clone();
            let mut body = stream(chunks)
                .on_end(move |sent| tell.send(sent).unwrap())
                .on_end(move |sent| again.send(sent).unwrap());
            for _ in 0..read {
                let _ = body.chunk().await;
            }
            drop(body);
            let told: Vec<_> = told.iter().collect();
            assert_eq!(told, [Sent { bytes, complete }; 2], "{chunks:?} read {read} times");
        }
    }

    #[tokio::test]
    async fn on_end_knows_the_end_without_another_poll() {
        let (tell, told) = mpsc::channel();
        let mut body = Body::from("abc").on_end(move |sent| tell.send(sent).unwrap());
        assert_eq!(body.size_hint().exact(), Some(3));
        body.frame().await.unwrap().unwrap();
        assert_eq!(told.try_recv(), Ok(Sent { bytes: 3, complete: true }));
    }

    #[tokio::test]
    async fn on_end_knows_a_stated_length_without_a_poll_for_the_end() {
        for stated_first in [true, false] {
            let (tell, told) = mpsc::channel();
            let watch = move |sent| tell.send(sent).unwrap();
            let body = stream(&["abc", "def"]);
            let mut body = if stated_first {
                body.with_length(6).on_end(watch)
            } else {
                body.on_end(watch).with_length(6)
            };
            body.chunk().await.unwrap();
            body.chunk().await.unwrap();
            drop(body);
            assert_eq!(told.try_recv(), Ok(Sent { bytes: 6, complete: true }));
        }
    }

    #[tokio::test]
    async fn a_stated_length_holds_or_the_body_breaks() {
        let range =
            |length| FileRange { file: Arc::new(tempfile::tempfile().unwrap()), offset: 0, length };
        for (body, fits) in [
            (stream(&["abc", "def"]).with_length(6), true),
            (stream(&["abc", "def"]).with_length(5), false),
            (stream(&["abc", "def"]).with_length(7), false),
            (Body::file(range(6), Body::from("abcdef")), true),
            (Body::file(range(9), Body::from("abcdef")), false),
            (Body::file(range(3), Body::from("abcdef")), false),
            (Body::from("abc").with_length(9), true),
        ] {
            let sized = format!("{body:?}");
            assert_eq!(body.collect(100).await.is_ok(), fits, "{sized}");
        }
    }

    #[test]
    fn an_answer_to_head_is_complete() {
        let (tell, told) = mpsc::channel();
        let body = stream(&["abc"]).on_end(move |sent| tell.send(sent).unwrap()).without_content();
        assert!(body.is_end_stream());
        drop(body);
        assert_eq!(told.try_recv(), Ok(Sent { bytes: 0, complete: true }));
    }
}
