//! Faults that others had, each by the name under which it was published.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::{HeaderValue, StatusCode};
use paste_core::{App, AppExt, Body, Error, Request, Result, response};
use paste_filter::{Coding, Compress, Decompress};
use paste_fixture::TestApp;

use crate::codings::{decode, decode_some, encode, names};

async fn page(request: Request) -> Result {
    let known = request.headers().get("if-none-match").is_some();
    let mut page = if known {
        response::with_status(StatusCode::NOT_MODIFIED)
    } else {
        response::html("x".repeat(999))
    };
    page.headers_mut().insert("etag", HeaderValue::from_static("\"1\""));
    Ok(page)
}

#[tokio::test]
async fn rustsec_2022_0055_and_cve_2025_69223_10_megabytes_are_not_10_gigabytes() {
    for name in [
        "gzip",
        #[cfg(feature = "zstd")]
        "zstd",
    ] {
        // 8 MiB of zeros, over and over.
        let member = Bytes::from(encode(name, &vec![0; 8 << 20]));
        let read = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&read);
        let members = stream::repeat(member).take(1300).map(move |member| {
            counter.fetch_add(1, Ordering::Relaxed);
            Ok::<_, Error>(member)
        });
        let app = (async |request: Request| Ok(http::Response::new(request.into_body())))
            .with(Decompress::new().max_ratio(u32::MAX));
        let request = http::Request::post("/").header("content-encoding", name);
        let request = request.body(Body::from_stream(members)).unwrap();
        let body = app.call(request).await.unwrap().into_body();
        assert_eq!(body.collect(usize::MAX).await.unwrap_err().status(), 413, "{name}");
        assert!(read.load(Ordering::Relaxed) <= 9, "64 MiB are 8 of them");
    }
}

#[tokio::test]
async fn cve_2013_3587_breach_a_page_of_another_site_sees_no_compressed_size() {
    let app = TestApp::new(page.with(Compress::new()));
    let ask = |name: &'static str, value: &'static str| {
        app.get("/").header("accept-encoding", "gzip").header(name, value)
    };
    for (name, value) in [("sec-fetch-site", "cross-site"), ("referer", "https://evil.example/")] {
        let answer = ask(name, value).await;
        assert_eq!((answer.header("content-encoding"), answer.text().len()), (None, 999));
    }
}

#[tokio::test]
async fn cve_2026_34230_and_cve_2024_26146_long_lists_of_codings() {
    let app = TestApp::new(page.with(Compress::new().algorithms(Coding::ALL.to_vec())));
    for item in ["gzip;q=0.1,", "x,", ",", ";", "*;q=0,", "gzip;q=", "\"", "a;b=\"\\", " "] {
        // As much as a server lets in. It must be read in a time that nobody notices.
        let list = format!("{}gzip", item.repeat(64 * 1024 / item.len()));
        for _ in 0..10 {
            app.get("/").header("accept-encoding", &list).await;
        }
    }
}

#[tokio::test]
async fn cve_2026_34831_the_length_is_that_of_what_is_sent() {
    for name in names() {
        let stated = async |_request: Request| {
            let mut page = response::text("x".repeat(999));
            page.headers_mut().insert("content-length", HeaderValue::from_static("999"));
            Ok(page)
        };
        let app = TestApp::new(stated.with(Compress::new().algorithms(Coding::ALL.to_vec())));
        let answer = app.get("/").header("accept-encoding", name).await;
        let sent = answer.bytes().len().to_string();
        assert_eq!(answer.header("content-length").unwrap_or(&sent), sent, "{name}");
        assert_eq!(decode(name, answer.bytes()).len(), 999, "{name}");
    }
}

#[tokio::test]
async fn authentik_25855_compressed_answers_and_their_304_have_weak_tags_and_vary() {
    let app = TestApp::new(page.with(Compress::new()));
    let first = app.get("/").header("accept-encoding", "gzip").await;
    let tag = first.header("etag").unwrap();
    assert_eq!((tag, first.header("vary")), ("W/\"1\"", Some("accept-encoding")));
    let again = app.get("/").header("accept-encoding", "gzip").header("if-none-match", tag);
    let again = again.expect(304).await;
    assert_eq!((again.header("etag"), again.header("vary")), (Some(tag), first.header("vary")));
}

#[tokio::test]
async fn tower_http_692_and_693_vary_always_and_identity_excluded() {
    let app = TestApp::new(page.with(Compress::new()));
    for (accepted, expected) in
        [("", None), ("identity;q=0", None), ("identity;q=0, gzip", Some("gzip"))]
    {
        let answer = app.get("/").header("accept-encoding", accepted).await;
        assert_eq!(answer.header("content-encoding"), expected, "{accepted}");
        assert_eq!(answer.header("vary"), Some("accept-encoding"), "{accepted}");
    }
}

#[tokio::test]
async fn tower_http_419_and_libsql_1567_events_are_not_held_back() {
    let events = async |_request: Request| {
        let events = stream::iter(["data: 1\n\n"]).map(Ok::<_, Error>).chain(stream::pending());
        Ok(response::typed(
            HeaderValue::from_static("text/event-stream"),
            Body::from_stream(events),
        ))
    };
    for name in names() {
        let app = events.with(Compress::new().algorithms(Coding::ALL.to_vec()));
        let request = http::Request::get("/").header("accept-encoding", name);
        let answer = app.call(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(answer.headers()["content-encoding"], name);
        let sent = answer.into_body().chunk().await.unwrap().unwrap();
        assert_eq!(decode_some(name, &sent).0, b"data: 1\n\n", "{name}");
    }
}
