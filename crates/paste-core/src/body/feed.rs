//! Bodies from tokio's readers and channels.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::HeaderMap;
use http_body::Frame;
use tokio::io::AsyncRead;
use tokio::sync::mpsc;
use tokio_util::io::ReaderStream;

use super::Body;
use crate::{BoxError, Error, Result};

/// How much is read from a reader at once.
const CHUNK: usize = 64 * 1024;

impl Body {
    /// What `reader` gives, as it comes. An error ends the body: the client sees a cut response.
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use paste_core::Body;
    ///
    /// let body = Body::from_reader(&b"hello"[..]);
    /// assert_eq!(body.collect(100).await.unwrap(), "hello");
    /// # });
    /// ```
    pub fn from_reader<R: AsyncRead + Send + 'static>(reader: R) -> Self {
        Self::from_stream(ReaderStream::with_capacity(reader, CHUNK))
    }

    /// A body that another task fills while it is sent. It holds `pieces` of data at the most; whoever
    /// sends more waits until the client has read.
    ///
    /// It ends when the sender says so. A sender that is merely dropped, because its task failed,
    /// breaks the body, and the client sees a cut response.
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use paste_core::Body;
    ///
    /// let (sender, body) = Body::channel(4);
    /// tokio::spawn(async move {
    ///     for n in 1..=3 {
    ///         sender.send(format!("{n}\n")).await?;
    ///     }
    ///     sender.end().await
    /// });
    /// assert_eq!(body.collect(100).await.unwrap(), "1\n2\n3\n");
    /// # });
    /// ```
    pub fn channel(pieces: usize) -> (BodySender, Self) {
        let (sender, receiver) = mpsc::channel(pieces.max(1));
        (BodySender(sender), Self::new(Received(receiver)))
    }
}

/// Fills a body: see [`Body::channel`].
#[derive(Clone, Debug)]
pub struct BodySender(mpsc::Sender<Message>);

#[derive(Debug)]
enum Message {
    Frame(Frame<Bytes>),
    Failure(Error),
    End,
}

impl BodySender {
    /// Sends a piece of data, when there is room for it. Where nobody reads the body any more (the
    /// client has gone), that is an error with status 499.
    pub async fn send(&self, data: impl Into<Bytes>) -> Result<()> {
        let data = data.into();
        if data.is_empty() {
            return Ok(());
        }
        self.put(Message::Frame(Frame::data(data))).await
    }

    /// Ends the body.
    pub async fn end(self) -> Result<()> {
        self.put(Message::End).await
    }

    /// Ends the body with trailers.
    pub async fn end_with_trailers(self, trailers: HeaderMap) -> Result<()> {
        self.put(Message::Frame(Frame::trailers(trailers))).await?;
        self.put(Message::End).await
    }

    /// Breaks the body.
    pub async fn fail(self, error: impl Into<BoxError>) {
        let _ = self.put(Message::Failure(Error::boxed(error))).await;
    }

    async fn put(&self, message: Message) -> Result<()> {
        self.0.send(message).await.map_err(|_| gone())
    }
}

fn gone() -> Error {
    let status = http::StatusCode::from_u16(499).expect("three digits");
    Error::from_status(status).detail("Nobody reads the body any more.")
}

struct Received(mpsc::Receiver<Message>);

impl http_body::Body for Received {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>>>> {
        Poll::Ready(match ready!(self.0.poll_recv(context)) {
            Some(Message::Frame(frame)) => Some(Ok(frame)),
            Some(Message::Failure(error)) => Some(Err(error)),
            Some(Message::End) => None,
            None => Some(Err(Error::boxed("whoever filled the body went without ending it"))),
        })
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn a_channel_has_bounds_and_an_end() {
        let (sender, mut body) = Body::channel(1);
        sender.send("a").await.unwrap();
        let mut waiting = Box::pin(sender.send("b"));
        assert!(waiting.as_mut().now_or_never().is_none());
        assert_eq!(body.chunk().await.unwrap().unwrap(), "a");
        waiting.await.unwrap(); // and is gone, so that the sender can end
        assert_eq!(body.chunk().await.unwrap().unwrap(), "b");
        sender.end().await.unwrap();
        assert!(body.chunk().await.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_sender_that_is_dropped_breaks_the_body() {
        let (sender, body) = Body::channel(4);
        sender.send("a").await.unwrap();
        drop(sender);
        assert_eq!(body.collect(9).await.unwrap_err().status(), 500);
        let (sender, body) = Body::channel(4);
        sender.fail("broken").await;
        assert_eq!(body.collect(9).await.unwrap_err().source().unwrap().to_string(), "broken");
        let (sender, body) = Body::channel(4);
        drop(body);
        assert_eq!(sender.send("x").await.unwrap_err().status().as_u16(), 499);
    }

    #[tokio::test]
    async fn trailers_come_last() {
        let (sender, mut body) = Body::channel(4);
        sender.send("a").await.unwrap();
        let mut trailers = HeaderMap::new();
        trailers.insert("x-sum", "1".parse().unwrap());
        sender.end_with_trailers(trailers.clone()).await.unwrap();
        assert!(body.frame().await.unwrap().unwrap().is_data());
        assert_eq!(body.frame().await.unwrap().unwrap().into_trailers().unwrap(), trailers);
        assert!(body.frame().await.is_none());
    }

    #[tokio::test]
    async fn a_reader_that_fails_breaks_the_body() {
        let reader = tokio_util::io::StreamReader::new(futures_util::stream::iter([
            Ok(Bytes::from("a")),
            Err(std::io::Error::other("broken")),
        ]));
        assert!(Body::from_reader(reader).collect(9).await.is_err());
    }
}
