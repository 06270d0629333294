//! The one body type, of requests and responses alike.
//!
//! 1. A body is empty, one buffer, a range of a file, or a boxed stream; it is never boxed twice.
//! 2. A stream that has ended is an empty body, and its source is dropped at once.
//! 3. The size hint is exact wherever the length is known.
//! 4. `on_end` tells once how much was handed over, and whether that was all; it changes nothing.

#[cfg(feature = "tokio")]
mod feed;
mod source;
mod trailers;

use std::any::Any;
use std::fmt;
use std::fs::File;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt};
use http::HeaderMap;
use http::StatusCode;
use http_body::{Body as _, Frame, SizeHint};

#[cfg(feature = "tokio")]
pub use self::feed::BodySender;
use self::source::Source;
use self::trailers::WithTrailers;
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
            Some(body) if !body.is_end_stream() => Self::of(Kind::Stream(Source::of_body(body))),
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
        let data = stream.map(|item| item.map(Into::into).map_err(Error::boxed));
        Self::of(Kind::Stream(Source::of_data(data)))
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
        let mut source = Source::of_body(stream);
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

    /// Sends what `trailers` gives, when it is asked for at the end, behind the data (RFC 9110,
    /// section 6.5). It may hold what is known only then, such as a checksum.
    ///
    /// Clients that did not say `TE: trailers` do not get them over HTTP/1, nor does a client get any
    /// that the header `Trailer` does not announce. The body has no known length any more.
    ///
    /// ```
    /// use http::{HeaderMap, HeaderValue, header};
    /// use paste_core::{Body, Request, Response, Result};
    ///
    /// async fn report(_request: Request) -> Result {
    ///     let trailers = || HeaderMap::from_iter([(header::EXPIRES, HeaderValue::from_static("0"))]);
    ///     let mut response = Response::new(Body::from("...").with_trailers(trailers));
    ///     response.headers_mut().insert(header::TRAILER, HeaderValue::from_static("expires"));
    ///     Ok(response)
    /// }
    /// ```
    #[must_use]
    pub fn with_trailers(self, trailers: impl FnOnce() -> HeaderMap + Send + 'static) -> Self {
        Self::new(WithTrailers::new(self, trailers))
    }

    /// The range of a file that this body is, as long as nothing of it was read.
    pub fn file_range(&self) -> Option<&FileRange> {
        match &self.kind {
            Kind::File(file) => Some(&file.0),
            _ => None,
        }
    }

    /// Replaces the stream of a file body by what `stream` makes of its range: for a server that sends
    /// files by itself. It must be as long. Other bodies, and those of which something was read, stay as
    /// they are.
    #[must_use]
    pub fn map_file<B>(mut self, stream: impl FnOnce(FileRange) -> B) -> Self
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        if let Kind::File(file) = &mut self.kind {
            let (range, source) = &mut **file;
            *source = Source::of_body(stream(range.clone()));
            source.set_length(range.length);
        }
        self
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
mod tests;
