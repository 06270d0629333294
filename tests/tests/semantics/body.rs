//! Section 3, the body.

use std::sync::{Arc, mpsc};

use bytes::Bytes;
use futures_util::stream;
use http::StatusCode;
use http_body::{Body as _, Frame};
use http_body_util::{BodyExt, Full, StreamBody};
use paste_core::form::FormLimits;
use paste_core::{AppExt, Body, BoxError, FileRange, ReadExt, Request, Sent, response};
use tokio::sync::mpsc as channel;

/// A body of unknown length that the test feeds while it is read.
fn fed() -> (channel::Sender<&'static str>, Body) {
    let (feed, mut fed) = channel::channel(1);
    let stream = stream::poll_fn(move |context| {
        fed.poll_recv(context).map(|text| text.map(Ok::<_, BoxError>))
    });
    (feed, Body::from_stream(stream))
}

#[tokio::test]
async fn semantics_3_1_a_body_is_send_sync_and_empty_by_default() {
    fn shareable<T: Send + Sync + 'static>(value: T) -> T {
        value
    }
    assert!(shareable(Body::default()).is_end_stream());
    let not_sync = stream::iter([Ok::<_, BoxError>("a")]);
    shareable(Body::from_stream(stream::once(Box::pin(async move {
        drop(not_sync);
        Ok::<_, BoxError>("a")
    }))));
    // A reference to a request lives across an await, in a future that must be `Send`.
    let app = async |request: Request| {
        let borrowed = &request;
        std::future::ready(()).await;
        Ok(response::text(borrowed.uri().path().to_owned()))
    };
    app.boxed();
}

#[tokio::test]
async fn semantics_3_2_bodies_stream_in_and_out() {
    let (feed, body) = fed();
    let mut body = Body::new(body.map_err(paste_core::Error::into_boxed));
    for text in ["one", "two"] {
        feed.send(text).await.unwrap();
        assert_eq!(body.chunk().await.unwrap().unwrap(), text);
        assert!(!body.is_end_stream());
    }
    drop(feed);
    assert!(body.chunk().await.unwrap().is_none());
}

#[tokio::test]
async fn semantics_3_3_a_stream_that_has_ended_is_empty() {
    let mut body = Body::new(StreamBody::new(stream::empty::<Result<Frame<Bytes>, BoxError>>()));
    assert!(body.chunk().await.unwrap().is_none());
    assert!(body.is_end_stream());
    assert_eq!(body.size_hint().exact(), Some(0));
    assert!(Body::new(Full::<Bytes>::default()).is_end_stream());
}

#[tokio::test]
async fn semantics_3_4_collecting_has_a_limit_and_its_refusal_names_it() {
    let error = Body::from("four").collect(3).await.unwrap_err();
    assert_eq!(error.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert!(error.public_detail().unwrap().contains("3 bytes"));
    assert_eq!(Body::from("four").collect(4).await.unwrap(), "four");
}

/// A body that is a file, and what it is a part of.
fn file_body() -> Body {
    let range = FileRange { file: Arc::new(tempfile::tempfile().unwrap()), offset: 2, length: 3 };
    Body::file(range, Full::new(Bytes::from_static(b"abc")))
}

#[tokio::test]
async fn semantics_3_5_watching_the_end_changes_nothing() {
    let (tell, told) = mpsc::channel();
    let body = file_body().on_end(move |sent| tell.send(sent).unwrap());
    assert_eq!(body.file_range().map(|range| (range.offset, range.length)), Some((2, 3)));
    assert_eq!(body.size_hint().exact(), Some(3));
    assert_eq!(body.collect(10).await.unwrap(), "abc");
    assert_eq!(told.recv(), Ok(Sent { bytes: 3, complete: true }));
}

#[test]
fn semantics_3_6_a_body_is_never_boxed_twice() {
    let body = Body::new(Body::new(file_body()));
    assert!(body.file_range().is_some(), "the file still shows");
}

#[tokio::test]
async fn semantics_3_7_an_error_in_a_body_is_an_error_and_keeps_its_type() {
    let pieces = [Ok("a"), Err(paste_core::Error::forbidden().into_boxed())];
    let mut body = Body::from_stream(stream::iter(pieces));
    assert_eq!(body.chunk().await.unwrap().unwrap(), "a");
    assert_eq!(body.chunk().await.unwrap_err().status(), StatusCode::FORBIDDEN);
    assert!(body.chunk().await.unwrap().is_none());
}

#[tokio::test]
async fn semantics_3_8_whole_bodies_are_read_within_limits() {
    let post = |content_type: &str, body: &'static str| {
        let request = http::Request::post("/").header("content-type", content_type);
        request.body(Body::from(body)).unwrap()
    };
    let refusal = |error: paste_core::Error| {
        (error.status().as_u16(), error.public_detail().unwrap_or_default().to_owned())
    };
    let (form, json) = ("application/x-www-form-urlencoded", "application/json");
    let limits = FormLimits::new().total(5);
    let refused = post(form, "a=1234").form_within(limits).await.map_err(refusal).unwrap_err();
    assert!(refused.0 == 413 && refused.1.contains("5 bytes"), "{refused:?}");
    let refused = post(json, "123456").json_within::<u32>(5).await.map_err(refusal).unwrap_err();
    assert!(refused.0 == 413 && refused.1.contains("5 bytes"), "{refused:?}");
    let refused = post(json, "1x").json::<u32>().await.map_err(refusal).unwrap_err();
    assert!(refused.0 == 400 && refused.1.contains("column 2"), "{refused:?}");
    let mut other = post("text/plain", "hello");
    assert_eq!(other.form().await.unwrap_err().status(), 415);
    assert_eq!(other.text(10).await.unwrap(), "hello");
}
