//! One test per rule of `Cascade`.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::{HeaderValue, StatusCode, header};
use paste_core::{
    App, AppExt, Body, BoxApp, Error, Forward, HttpErrors, Request, RequestExt, Response, Result,
    response,
};
use paste_dispatch::Cascade;
use paste_fixture::TestApp;

/// An app that answers with this status, and says so.
fn status(code: u16) -> impl App {
    move |_: Request| async move {
        let mut response = response::text(format!("this is {code}"));
        *response.status_mut() = StatusCode::from_u16(code).unwrap();
        response.headers_mut().insert("x-app", HeaderValue::from(code));
        Ok(response)
    }
}

fn error(code: u16) -> impl App {
    move |_: Request| async move {
        Err::<Response, _>(Error::from_status(StatusCode::from_u16(code).unwrap()))
    }
}

async fn ask(cascade: &Cascade, expected: u16) -> String {
    let app = TestApp::new(cascade.clone().with(HttpErrors::new()));
    let answer = app.get("/").expect(expected).allow_findings().await;
    assert!(answer.headers().get_all("x-app").iter().count() <= 1);
    answer.text()
}

#[tokio::test]
async fn rule_1_the_first_answer_that_is_not_caught_is_the_answer() {
    let of = |apps: Vec<BoxApp>| apps.into_iter().fold(Cascade::new(), Cascade::app);
    for (apps, expected) in [
        (vec![status(404).boxed(), status(200).boxed()], 200),
        (
            vec![error(404).boxed(), error(404).boxed(), status(201).boxed(), status(200).boxed()],
            201,
        ),
        (vec![status(404).boxed(), status(404).boxed()], 404),
        (vec![status(500).boxed(), status(200).boxed()], 500),
        (vec![error(500).boxed(), status(200).boxed()], 500),
        (vec![status(404).boxed(), error(410).boxed()], 410),
    ] {
        ask(&of(apps), expected).await;
    }
    let catching = of(vec![status(500).boxed(), status(404).boxed(), status(200).boxed()])
        .catch([StatusCode::INTERNAL_SERVER_ERROR]);
    assert_eq!(ask(&catching, 404).await, "this is 404");
}

#[tokio::test]
async fn rule_2_each_app_gets_the_request_as_it_came() {
    let consumes = async |mut request: Request| {
        request.shift_path_info();
        request.extensions_mut().insert(7_u8);
        request.headers_mut().remove("x-a");
        Err::<Response, _>(Error::not_found())
    };
    let shows = async |request: Request| {
        assert!(request.extensions().get::<u8>().is_none());
        let x_a = request.headers()["x-a"].to_str().unwrap();
        Ok(response::text(format!("{}|{}|{x_a}", request.script_name(), request.path_info())))
    };
    let app = TestApp::new(Cascade::new().app(consumes).app(shows));
    assert_eq!(app.get("/a/b").header("x-a", "1").await.text(), "|/a/b|1");
}

/// Reads so much of the body at least, then has nothing.
fn reads(most: usize) -> impl App {
    move |mut request: Request| async move {
        let mut read = 0;
        while read < most
            && let Some(chunk) = request.body_mut().chunk().await?
        {
            read += chunk.len();
        }
        Err::<Response, _>(Error::not_found())
    }
}

async fn echo(request: Request) -> Result {
    Ok(Response::new(request.into_body()))
}

#[tokio::test]
async fn rule_3_each_app_can_read_the_whole_body() {
    for size in [0, 10_000, 5_000_000] {
        let body: Vec<u8> = (0..size).map(|n: u32| u8::try_from(n % 251).unwrap()).collect();
        let cascade = Cascade::new().app(reads(1)).app(reads(usize::MAX)).app(reads(0)).app(echo);
        let app = TestApp::new(cascade);
        let answer = app.post("/").body(body.clone()).allow_findings().await;
        assert!(*answer.bytes() == body, "{size}");
    }
    let small = Cascade::new().app(reads(usize::MAX)).app(echo).replay_limit(9_999);
    let app = TestApp::new(small.with(HttpErrors::new()));
    app.post("/").body(vec![0; 10_000]).expect(413).allow_findings().await;
    app.post("/").body(vec![0; 9_999]).allow_findings().await;
}

#[tokio::test]
async fn rule_3_a_body_that_nobody_reads_is_never_read() {
    let polled = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&polled);
    let body = Body::from_stream(futures_util::stream::poll_fn(move |_| {
        counter.fetch_add(1, Ordering::Relaxed);
        std::task::Poll::Ready(Some(Ok::<_, Error>("x")))
    }));
    let cascade = Cascade::new().app(status(404)).app(error(404)).app(status(200));
    let request = http::Request::post("/").body(body).unwrap();
    assert_eq!(cascade.call(request).await.unwrap().status(), 200);
    assert_eq!(polled.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn rule_1_a_dropped_answer_is_not_read() {
    let polled = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&polled);
    let endless = move |_: Request| {
        let counter = Arc::clone(&counter);
        async move {
            let body = Body::from_stream(futures_util::stream::poll_fn(move |_| {
                counter.fetch_add(1, Ordering::Relaxed);
                std::task::Poll::Ready(Some(Ok::<_, Error>("x")))
            }));
            let mut response = Response::new(body);
            *response.status_mut() = StatusCode::NOT_FOUND;
            Ok(response)
        }
    };
    let cascade = Cascade::new().app(endless).app(status(200));
    ask(&cascade, 200).await;
    assert_eq!(polled.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn rule_4_control_flow_passes_and_no_app_is_a_404() {
    let forwards = async |_: Request| Err::<Response, _>(Forward::to("/x").into());
    let cascade =
        Cascade::new().app(forwards).app(status(200)).catch([StatusCode::INTERNAL_SERVER_ERROR]);
    let mut error = cascade.call(Request::new(Body::empty())).await.unwrap_err();
    assert_eq!(error.take::<Forward>().unwrap().path(), "/x");
    ask(&Cascade::new(), 404).await;
    let length = header::CONTENT_LENGTH;
    let post = http::Request::post("/").header(length, 1).body(Body::from("x")).unwrap();
    assert_eq!(Cascade::new().call(post).await.unwrap_err().status(), 404);
}
