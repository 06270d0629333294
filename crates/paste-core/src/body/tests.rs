//! One test per numbered rule, and what else the docs promise.

use std::sync::mpsc;

use super::*;

fn stream(chunks: &'static [&'static str]) -> Body {
    Body::from_stream(Pieces(chunks.iter()))
}

/// A body of another crate.
struct Other(Body);

impl http_body::Body for Other {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>>>> {
        Pin::new(&mut self.0).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
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
    let range = FileRange { file: Arc::new(tempfile::tempfile().unwrap()), offset: 1, length: 2 };
    let body = Body::new(Body::file(range, Body::from("ab")));
    assert_eq!(body.file_range().map(|range| range.offset), Some(1));
}

#[tokio::test]
async fn a_file_may_come_by_another_stream() {
    let (tell, told) = mpsc::channel();
    let range = FileRange { file: Arc::new(tempfile::tempfile().unwrap()), offset: 1, length: 2 };
    let file = || Body::file(range.clone(), Body::from("ab"));
    let body = file().on_end(move |sent| tell.send(sent).unwrap());
    let body =
        body.map_file(|range| Body::from("x".repeat(usize::try_from(range.length).unwrap())));
    assert_eq!((body.file_range().is_some(), body.size_hint().exact()), (true, Some(2)));
    assert_eq!(body.collect(9).await.unwrap(), "xx");
    assert_eq!(told.recv().unwrap(), Sent { bytes: 2, complete: true });
    assert!(file().map_file(|_| Body::from("abc")).collect(9).await.is_err(), "not as long");
    assert_eq!(Body::from("ab").map_file(|_| Body::empty()).collect(9).await.unwrap(), "ab");
}

#[tokio::test]
async fn an_ended_stream_is_empty_and_its_source_dropped() {
    let source = Arc::new(());
    let held = Arc::clone(&source);
    let inner = stream(&["a"]).on_end(move |_| drop(held));
    let mut body = Body::new(Other(inner));
    assert!(!body.is_end_stream());
    assert_eq!(body.chunk().await.unwrap().unwrap(), "a");
    assert!(body.chunk().await.unwrap().is_none());
    assert!(body.is_end_stream());
    assert_eq!(Arc::strong_count(&source), 1);
    assert!(Body::new(Other(Body::empty())).is_end_stream());
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
        (Body::new(Other(Body::from("hello"))), Some(5)),
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

#[tokio::test]
async fn trailers_come_behind_the_data() {
    let trailers = || [(http::header::ETAG, "x".parse().unwrap())].into_iter().collect();
    for body in [Body::empty(), Body::from("ab"), stream(&["a", "b"])] {
        let sized = format!("{body:?}");
        let mut body = body.with_trailers(trailers);
        assert_eq!(body.size_hint().exact(), None);
        let mut data = Vec::new();
        let mut found: Option<HeaderMap> = None;
        while let Some(frame) = body.frame().await {
            assert!(found.is_none(), "trailers are the last frame");
            match frame.unwrap().into_data() {
                Ok(chunk) => data.extend_from_slice(&chunk),
                Err(frame) => found = frame.into_trailers().ok(),
            }
        }
        assert_eq!((data.is_empty(), found), (sized.contains("empty"), Some(trailers())));
    }
    let mut broken = stream(&["!"]).with_trailers(trailers);
    assert!(broken.frame().await.unwrap().is_err() && broken.frame().await.is_none());
}

#[test]
fn an_answer_to_head_is_complete() {
    let (tell, told) = mpsc::channel();
    let body = stream(&["abc"]).on_end(move |sent| tell.send(sent).unwrap()).without_content();
    assert!(body.is_end_stream());
    drop(body);
    assert_eq!(told.try_recv(), Ok(Sent { bytes: 0, complete: true }));
}
