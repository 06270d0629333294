//! One test per rule of `ErrorDocument`.

use http::{HeaderValue, Method, StatusCode, header};
use paste_core::{AppExt, Error, Forward, HttpErrors, Request, RequestExt, Result, response};
use paste_dispatch::{ErrorDocument, UrlMap, error_document::Failure};
use paste_fixture::TestApp;

async fn site(request: Request) -> Result {
    let answer = |code: u16| {
        let mut response = response::html("<p>first");
        *response.status_mut() = StatusCode::from_u16(code).unwrap();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_LENGTH, 8.into());
        headers.insert(header::ETAG, HeaderValue::from_static("\"first\""));
        headers.insert(header::SET_COOKIE, HeaderValue::from_static("a=1"));
        headers.insert("x-first", HeaderValue::from_static("1"));
        response
    };
    match &*request.path_info() {
        "/errors/page" => {
            let failure = request.extensions().get::<Failure>().cloned();
            let failure = failure.map_or_else(String::new, |failure| {
                format!(
                    "{} {} {} {:?}",
                    failure.status, failure.method, failure.uri, failure.detail
                )
            });
            let query = request.uri().query().unwrap_or("-");
            let method = request.method();
            let mut page = response::text(format!("{failure} by {method} {query}"));
            page.headers_mut().insert(header::SET_COOKIE, HeaderValue::from_static("b=2"));
            Ok(page)
        }
        "/errors/missing" => Err(Error::not_found()),
        "/errors/forward" => Err(Forward::to("/x").into()),
        "/404" | "/errors/circle" => Ok(answer(404)),
        "/404-err" => Err(Error::not_found().detail("no such thing")),
        "/401" => Err(Error::unauthorized(HeaderValue::from_static("Basic realm=\"x\""))),
        "/410" => Ok(answer(410)),
        "/500" => Err(Error::from_status(StatusCode::INTERNAL_SERVER_ERROR)),
        "/503" => Ok(answer(503)),
        "/304" => {
            let mut unchanged = response::with_status(StatusCode::NOT_MODIFIED);
            unchanged.headers_mut().insert(header::ETAG, HeaderValue::from_static("\"x\""));
            Ok(unchanged)
        }
        "/forward" => Err(Forward::to("/y").into()),
        _ => Ok(response::text("fine")),
    }
}

fn app() -> TestApp {
    let documents = ErrorDocument::new()
        .page(StatusCode::NOT_FOUND, "/errors/page?code=404")
        .page(StatusCode::UNAUTHORIZED, "/errors/page")
        .page(StatusCode::GONE, "/errors/missing")
        .page(StatusCode::INTERNAL_SERVER_ERROR, "/errors/forward")
        .page(StatusCode::NOT_MODIFIED, "/errors/page")
        .choose(|failure| (failure.status == 503).then(|| "/errors/circle".to_owned()));
    let site = site.with(documents);
    TestApp::new(UrlMap::new().mount("/app", site).unwrap().with(HttpErrors::new()))
}

#[tokio::test]
async fn rules_1_and_3_the_page_is_shown_with_the_first_status_and_sees_what_went_wrong() {
    let app = app();
    assert_eq!(app.get("/app/").await.text(), "fine");
    for (target, expected) in [
        ("/app/404?q=1", "404 Not Found GET /app/404?q=1 None by GET code=404"),
        ("/app/404-err", "404 Not Found GET /app/404-err Some(\"no such thing\") by GET code=404"),
    ] {
        assert_eq!(app.get(target).expect(404).await.text(), expected);
    }
    let post = app.post("/app/404").body("body").expect(404).await;
    assert_eq!(post.text(), "404 Not Found POST /app/404 None by GET code=404");
    app.request(Method::HEAD, "/app/404").expect(404).await;
    let unchanged = app.get("/app/304").header("if-none-match", "\"x\"").expect(304);
    assert_eq!(unchanged.await.text(), "");
}

#[tokio::test]
async fn rule_2_headers_of_the_answer_stay_and_those_of_its_content_go() {
    let app = app();
    let answer = app.get("/app/404").expect(404).await;
    assert_eq!(answer.header("x-first"), Some("1"));
    assert_eq!(answer.header("etag"), None);
    assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
    let cookies: Vec<_> = answer.headers().get_all("set-cookie").iter().collect();
    assert_eq!(cookies, ["a=1", "b=2"]);
    let challenge = app.get("/app/401").expect(401).await;
    assert_eq!(challenge.header("www-authenticate"), Some("Basic realm=\"x\""));
    assert!(challenge.text().starts_with("401 Unauthorized GET /app/401"));
}

#[tokio::test]
async fn rule_4_a_page_that_fails_gives_way() {
    let app = app();
    assert_eq!(app.get("/app/410").expect(410).await.text(), "<p>first");
    assert_eq!(app.get("/app/503").expect(503).allow_findings().await.text(), "<p>first");
    app.get("/app/500").expect(500).await.must_contain("500 Internal Server Error");
}

#[tokio::test]
async fn rule_5_control_flow_passes() {
    let app =
        site.with(ErrorDocument::new().page(StatusCode::INTERNAL_SERVER_ERROR, "/errors/page"));
    let request = http::Request::get("/forward").body(paste_core::Body::empty()).unwrap();
    let mut error = paste_core::App::call(&app, request).await.unwrap_err();
    assert_eq!(error.take::<Forward>().unwrap().path(), "/y");
}
