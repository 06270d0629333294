//! Section 5, errors.

use std::sync::{Arc, Mutex};

use axum::Router;
use http::{HeaderValue, StatusCode, header};
use paste_core::tower::IntoApp;
use paste_core::{
    App, AppExt, Error, Forward, HttpErrors, Request, Result, ResultExt, Sent, response,
};
use paste_tests::Log;
use tower::ServiceExt;

use super::get;

fn parse(text: &str) -> Result<u8> {
    Ok(text.parse()?)
}

#[tokio::test]
async fn semantics_5_1_an_err_travels_outwards_until_a_middleware_takes_it() {
    let fails = |_: Request| async { Err::<paste_core::Response, _>(Error::not_found()) };
    let through = fails.with(paste_filter::Headers::new());
    assert_eq!(through.call(get("/")).await.unwrap_err().status(), StatusCode::NOT_FOUND);
    let taken = fails.with(HttpErrors::new());
    assert_eq!(taken.call(get("/")).await.unwrap().status(), StatusCode::NOT_FOUND);
}

#[test]
fn semantics_5_2_a_question_mark_makes_a_500_that_knows_cause_and_place() {
    let error = parse("x").unwrap_err();
    assert_eq!(error.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert!(error.downcast_ref::<std::num::ParseIntError>().is_some());
    let here = error.location();
    assert!(here.file().ends_with("errors.rs") && here.line() < 20, "{here}");
}

#[test]
fn semantics_5_3_a_failure_gets_its_status_and_keeps_its_cause() {
    let error = "x".parse::<u8>().status(StatusCode::BAD_REQUEST).unwrap_err();
    let place = error.location().line();
    assert_eq!(error.status(), StatusCode::BAD_REQUEST);
    assert!(error.downcast_ref::<std::num::ParseIntError>().is_some());
    assert_eq!(place + 1, line!() - 3, "the place of the conversion");

    let error = parse("x").context("reading the page number").not_found().unwrap_err();
    assert_eq!(error.status(), StatusCode::NOT_FOUND);
    assert_eq!(error.notes()[0].text, "reading the page number");
    assert!(error.downcast_ref::<std::num::ParseIntError>().is_some());
    assert_eq!(None::<u8>.not_found().unwrap_err().status(), StatusCode::NOT_FOUND);
    assert_eq!(Error::boxed("no").chain().next().unwrap().to_string(), "no");
    assert_eq!(Error::boxed(Error::forbidden().into_boxed()).status(), StatusCode::FORBIDDEN);
}

#[test]
fn semantics_5_4_only_a_5xx_has_a_backtrace() {
    // Whether one is captured at all is for RUST_BACKTRACE to say.
    let wanted = std::env::var("RUST_BACKTRACE").is_ok_and(|value| value != "0");
    assert_eq!(Error::from_status(StatusCode::BAD_GATEWAY).backtrace().is_some(), wanted);
    assert!(Error::not_found().backtrace().is_none());
    assert!(std::fs::read("/nowhere").not_found().unwrap_err().backtrace().is_none());
}

#[tokio::test]
async fn semantics_5_5_an_error_is_rendered_with_its_own_status_and_headers_by_accept() {
    let app = (|_: Request| async {
        let error = Error::unauthorized(HeaderValue::from_static("Basic realm=\"x\""));
        Err::<paste_core::Response, _>(error.detail("<b>Who?"))
    })
    .with(HttpErrors::new());
    for (accept, content_type, detail) in [
        ("text/html", "text/html; charset=utf-8", "&lt;b&gt;Who?"),
        ("text/plain", "text/plain; charset=utf-8", "<b>Who?"),
        ("application/vnd.x+json", "application/problem+json", "\"<b>Who?\""),
        ("image/png", "text/plain; charset=utf-8", "<b>Who?"),
    ] {
        let mut request = get("/");
        request.headers_mut().insert(header::ACCEPT, HeaderValue::from_static(accept));
        let answer = app.call(request).await.unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(answer.headers()["www-authenticate"], "Basic realm=\"x\"");
        assert_eq!(answer.headers()["content-type"], content_type, "{accept}");
        assert!(super::text(answer).await.contains(detail), "{accept}");
    }
}

#[tokio::test]
async fn semantics_5_6_causes_notes_and_places_are_never_shown() {
    let app = (|_: Request| async {
        let failed = std::fs::read("/secret-path").context("secret note");
        failed.map(|_| response::no_content())
    })
    .with(HttpErrors::new());
    for accept in ["text/html", "text/plain", "application/json"] {
        let mut request = get("/");
        request.headers_mut().insert(header::ACCEPT, HeaderValue::from_static(accept));
        let page = super::text(app.call(request).await.unwrap()).await;
        for private in ["secret", "No such file", "errors.rs", "os error"] {
            assert!(!page.contains(private), "{private} in {page}");
        }
    }
}

#[tokio::test]
async fn semantics_5_7_only_a_5xx_is_logged_as_an_error_once_and_with_its_cause() {
    let log = Log::start();
    let app = (|request: Request| async move {
        match request.uri().path() {
            "/404" => Err(Error::not_found().detail("semantics-5-7-quiet")),
            "/501" => {
                Err(Error::from_status(StatusCode::NOT_IMPLEMENTED).detail("semantics-5-7-quiet"))
            }
            _ => Ok(std::fs::read("/nowhere")
                .context("semantics-5-7-loud")
                .map(|_| response::no_content())?),
        }
    })
    .with(HttpErrors::new())
    .with(HttpErrors::new());
    app.call(get("/404")).await.unwrap();
    app.call(get("/501")).await.unwrap();
    assert_eq!(log.lines_with("semantics-5-7-quiet"), [""; 0]);
    app.call(get("/500")).await.unwrap();
    let lines = log.lines_with("semantics-5-7-loud");
    let [line] = &lines[..] else { panic!("not one line: {lines:?}") };
    assert!(
        line.contains("ERROR") && line.contains("No such file") && line.contains("errors.rs"),
        "{line}"
    );
}

#[tokio::test]
async fn semantics_5_8_a_payload_passes_catchers_and_is_taken_by_type() {
    let forward =
        |_: Request| async { Err::<paste_core::Response, _>(Forward::to("/b?x=1").into()) };
    let app = forward.with(HttpErrors::new());
    let mut error: Error = app.call(get("/a")).await.unwrap_err();
    assert_eq!(error.take::<String>(), None);
    assert_eq!(error.take::<Forward>().unwrap().path(), "/b?x=1");
    assert!(!error.has_payload());

    let server = paste_tests::TestServer::new(app).await;
    assert!(server.get("/").await.starts_with("HTTP/1.1 500 "), "nothing took it");
}

#[tokio::test]
async fn semantics_5_9_a_redirect_without_a_target_is_a_mistake_of_the_program() {
    let app = |_: Request| async {
        Err::<paste_core::Response, _>(Error::from_status(StatusCode::FOUND))
    };
    let answer = app.with(HttpErrors::new()).call(get("/")).await.unwrap();
    assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
}

#[tokio::test]
async fn semantics_5_10_a_watch_on_an_error_sees_the_end_of_the_page_that_shows_it() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&seen);
    let fails = move |_: Request| {
        let (first, second) = (Arc::clone(&told), Arc::clone(&told));
        let error = Error::not_found()
            .on_end(move |sent| first.lock().unwrap().push(("first", sent)))
            .on_end(move |sent| second.lock().unwrap().push(("second", sent)));
        async { Err::<paste_core::Response, _>(error) }
    };

    let page = fails.clone().with(HttpErrors::new()).call(get("/")).await.unwrap();
    let length = super::text(page).await.len() as u64;
    let whole = Sent { bytes: length, complete: true };
    assert_eq!(std::mem::take(&mut *seen.lock().unwrap()), [("first", whole), ("second", whole)]);

    // Rendered by a service, and taken out of the response again: that page was not the answer.
    let router = Router::new().fallback_service(fails.clone().into_service()).into_app();
    let error = router.call(get("/")).await.unwrap_err();
    assert!(seen.lock().unwrap().is_empty());
    drop(error);
    assert!(seen.lock().unwrap().is_empty(), "nothing has shown it");
    let page = router.with(HttpErrors::new()).call(get("/")).await.unwrap();
    assert_eq!(super::text(page).await.len() as u64, length);
    assert_eq!(std::mem::take(&mut *seen.lock().unwrap()), [("first", whole), ("second", whole)]);

    // Rendered by a service whose page is the answer.
    let page = fails.into_service().oneshot(get("/")).await.unwrap();
    super::text(page).await;
    assert_eq!(*seen.lock().unwrap(), [("first", whole), ("second", whole)]);
}
