//! What a failed test is told: where an error arose and why, within bounds.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::Router;
use axum::routing::get;
use bytes::Bytes;
use http_body::Frame;
use paste_core::tower::IntoApp;
use paste_core::{AppExt, Error, HttpErrors, Request, Result, ResultExt, response};
use paste_fixture::TestApp;

/// Why a GET of `/` fails.
async fn failure(app: &TestApp) -> String {
    app.get("/").send().await.unwrap_err().to_string()
}

#[tokio::test]
async fn an_error_is_traced_through_whatever_renders_it() {
    let fails = async |_: Request| std::fs::read("/nowhere").context("reading").map(response::html);
    let router = || Router::<()>::new().fallback_service(fails.into_service());
    for app in [
        TestApp::new(fails),
        TestApp::new(fails.with(HttpErrors::new())),
        TestApp::of_service(router()),
        TestApp::of_service(fails.with(HttpErrors::new()).into_service()),
        TestApp::new(router().into_app().with(HttpErrors::new())),
    ] {
        let error = failure(&app).await;
        let line =
            "behind it: 500 Internal Server Error, at crates/paste-fixture/tests/it/failures.rs:";
        assert!(error.contains(line), "{error}");
        assert!(
            error.contains("; reading (at ") && error.contains("; caused by: No such"),
            "{error}"
        );
    }
}

/// A body that breaks.
struct Breaks;

impl http_body::Body for Breaks {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        Poll::Ready(Some(Err(io::Error::other("the disk is gone"))))
    }
}

#[tokio::test]
async fn errors_of_services_and_streams_name_no_place_in_the_standard_library() {
    let stream = get(async || axum::body::Body::new(axum::body::Body::new(Breaks)));
    let service = tower::service_fn(async |_: Request| {
        Err::<http::Response<paste_core::Body>, _>(io::Error::other("the disk is gone"))
    });
    for app in
        [TestApp::of_service(Router::<()>::new().route("/", stream)), TestApp::of_service(service)]
    {
        let error = failure(&app).await;
        let behind = error.lines().find(|line| line.contains("behind it")).unwrap();
        assert!(!behind.contains("/library/") && !behind.contains(", at "), "{behind}");
        assert_eq!(behind.matches("caused by").count(), 1, "{behind}");
        assert!(behind.ends_with("caused by: the disk is gone"), "{behind}");
    }
}

#[tokio::test]
async fn a_failure_shows_a_large_page_in_part() {
    let large = TestApp::new(async |_: Request| Ok(response::text("é".repeat(900_000))));
    let error = large.get("/").expect(404).send().await.unwrap_err().to_string();
    assert!(error.len() < 40_000 && error.ends_with(" bytes more)"), "{} bytes", error.len());
    let fails = async |_: Request| Err(Error::boxed("x".repeat(1_000_000)));
    let error = failure(&TestApp::new(fails)).await;
    assert!(error.len() < 40_000, "{} bytes", error.len());
    let links = "<a href=/x>y</a>".repeat(100_000);
    let page = format!("<!doctype html><meta charset=utf-8><title>x</title>{links}");
    let page = TestApp::new(move |_: Request| {
        let page = page.clone();
        async move { Ok(response::html(page)) }
    });
    let page = page.get("/").await;
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| page.click("none")));
    let panic = panic.unwrap_err().downcast::<String>().unwrap();
    assert!(panic.len() < 40_000, "{} bytes", panic.len());
}
