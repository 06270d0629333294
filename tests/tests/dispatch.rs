//! Forwards, sub-requests, cascades and error documents through tower layers and an axum router, and
//! what they leave in the log.
#![allow(clippy::unwrap_used, reason = "a test that fails panics")]

use std::time::Duration;

use axum::Router;
use http::{HeaderValue, StatusCode, header};
use paste_core::tower::{IntoApp, IntoMiddleware};
use paste_core::{
    App, AppExt, Body, BoxApp, Error, Forward, HttpErrors, Request, RequestExt, Response, Result,
    response,
};
use paste_dispatch::{Cascade, ErrorDocument, Include, Recursive, UrlMap, UrlTo};
use paste_fixture::TestApp;
use paste_tests::Log;
use proptest::prelude::*;
use tower_http::compression::CompressionLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::TimeoutLayer;

/// `app` behind three layers of tower-http and in an axum router below `/nested`, which says so.
fn across(app: impl App) -> BoxApp {
    let mark = HeaderValue::from_static("1");
    let mark = SetResponseHeaderLayer::overriding("x-mark".parse().unwrap(), mark);
    let app =
        app.with(CompressionLayer::new().into_middleware()).with(mark.into_middleware()).with(
            TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, Duration::from_secs(9))
                .into_middleware(),
        );
    let router: Router = Router::new()
        .route("/axum", axum::routing::get(async || "axum"))
        .nest_service("/nested", app.into_service());
    router.into_app().boxed()
}

async fn site(request: Request) -> Result {
    match &*request.path_info() {
        "/forward" => Err(Forward::to("/nested/shown?x=1").into()),
        "/include" => {
            let included = request.include("/axum").await?.into_body().collect(1000).await?;
            Ok(response::text([b"included ", &included[..]].concat()))
        }
        "/name" => Ok(response::text(request.url_to("top", ["x"])?.to_string())),
        "/missing" => Err(Error::not_found().detail("not here")),
        "/read" => {
            let mut body = request.into_body();
            while body.chunk().await?.is_some() {}
            Err(Error::not_found())
        }
        _ => {
            tracing::info!("the app shows {}", request.uri());
            let uri = request.uri().to_string();
            let body = request.into_body().collect(1000).await?;
            let body = String::from_utf8_lossy(&body).into_owned();
            Ok(response::text(format!("shown {uri} {body}")))
        }
    }
}

#[tokio::test]
async fn forwards_and_includes_cross_tower_and_axum() {
    let app = TestApp::new(across(site).with(Recursive::new()).with(HttpErrors::new()));
    let shown = app.post("/nested/forward").body("body").allow_findings().await;
    assert_eq!(shown.text(), "shown /shown?x=1 body");
    assert_eq!(shown.header("x-mark"), Some("1"));
    assert_eq!(app.get("/nested/include").await.text(), "included axum");
}

#[tokio::test]
async fn cascades_cross_tower_and_axum() {
    let cascade = Cascade::new().app(across(site)).app(site);
    let app = TestApp::new(cascade.with(HttpErrors::new()));
    // axum's own 404, and the error of an app behind its router: both are caught.
    let first = app.post("/elsewhere").body("body").allow_findings().await;
    assert_eq!((first.text(), first.header("x-mark")), ("shown /elsewhere body".into(), None));
    let read = app.post("/nested/read").body("body").allow_findings().await;
    assert_eq!(read.text(), "shown /nested/read body");
    assert_eq!(app.get("/nested/x").await.header("x-mark"), Some("1"));
}

#[tokio::test]
async fn error_documents_cross_tower_and_axum() {
    let documents = ErrorDocument::new().page(StatusCode::NOT_FOUND, "/nested/page?code=404");
    let app = TestApp::new(across(site).with(documents).with(HttpErrors::new()));
    for target in ["/nested/missing", "/elsewhere"] {
        let answer = app.get(target).expect(404).await;
        assert_eq!(answer.text(), "shown /page?code=404 ", "{target}");
    }
    // And inside: the document is made below the layers, which see one answer.
    let documents = ErrorDocument::new().page(StatusCode::NOT_FOUND, "/page");
    let app = TestApp::new(across(site.with(documents)).with(HttpErrors::new()));
    let answer = app.get("/nested/missing").expect(404).await;
    assert_eq!((answer.text(), answer.header("x-mark")), ("shown /page ".into(), Some("1")));
}

#[tokio::test]
async fn names_cross_tower_and_axum() {
    let map = UrlMap::new().mount_named("top", "/top", site).unwrap();
    let map = map.mount("/inner", across(site)).unwrap();
    let app = TestApp::new(map.with(HttpErrors::new()));
    assert_eq!(app.get("/inner/nested/name").await.text(), "/top/x");
}

#[tokio::test]
async fn each_step_is_a_span() {
    let log = Log::start();
    let app = site.with(Recursive::new());
    let request = http::Request::get("/forward").body(Body::empty()).unwrap();
    app.call(request).await.unwrap();
    let lines = log.lines_with("the app shows /nested/shown?x=1");
    assert!(lines[0].contains("forward{method=GET path=/nested/shown?x=1}"), "{lines:?}");
    let cascade =
        Cascade::new().app(async |_: Request| Err::<Response, _>(Error::not_found())).app(site);
    cascade.call(http::Request::get("/span").body(Body::empty()).unwrap()).await.unwrap();
    let lines = log.lines_with("the app shows /span");
    assert!(lines[0].contains("cascade{app=1}"), "{lines:?}");
    let document = ErrorDocument::new().page(StatusCode::NOT_FOUND, "/document");
    let request = http::Request::get("/missing").body(Body::empty()).unwrap();
    site.with(document).call(request).await.unwrap();
    let lines = log.lines_with("the app shows /document");
    assert!(lines[0].contains("error document{"), "{lines:?}");
}

proptest! {
    /// The longest prefix of whole segments wins, whatever else is mounted, and the path is rebuilt.
    #[test]
    fn the_longest_prefix_always_wins(
        mounts in proptest::collection::btree_set("(/[abc]){0,4}", 1..12),
        target in "(/{1,2}([abc]|%61|%2F|d)){1,6}/?",
    ) {
        let map = mounts.iter().fold(UrlMap::new(), |map, key| {
            let name = key.clone();
            map.mount(key, move |request: Request| {
                let name = name.clone();
                async move {
                    let rest = if request.path_info().is_empty() { "" } else { request.uri().path() };
                    Ok(response::text(format!("{name} {}{rest}", request.script_name())))
                }
            }).unwrap()
        });
        let segments: Vec<_> = target.split('/').filter(|s| !s.is_empty()).collect();
        let decoded: Vec<_> = segments.iter().map(|s| s.replace("%61", "a")).collect();
        let longest = mounts
            .iter()
            .filter(|key| {
                let own: Vec<_> = key.split('/').filter(|s| !s.is_empty()).collect();
                own.len() <= decoded.len() && own.iter().zip(&decoded).all(|(own, sent)| own == sent)
            })
            .max_by_key(|key| key.len());
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let answer = runtime.block_on(async {
            let request = http::Request::get(&target).body(Body::empty()).unwrap();
            let body = map.call(request).await?.into_body().collect(1000).await?;
            Ok::<_, Error>(String::from_utf8(body.to_vec()).unwrap())
        });
        if let Some(key) = longest {
            let slash = if target.ends_with('/') && !segments.is_empty() { "/" } else { "" };
            let whole = format!("/{}{slash}", segments.join("/"));
            prop_assert_eq!(answer.unwrap(), format!("{key} {whole}"));
        } else {
            prop_assert_eq!(answer.unwrap_err().status(), 404);
        }
    }
}

/// Headers that the doc of `across` promises are not lost on errors that pass as errors.
#[tokio::test]
async fn an_error_that_nobody_takes_keeps_what_layers_added() {
    let error = across(site)
        .call(http::Request::get("/nested/missing").body(Body::empty()).unwrap())
        .await
        .unwrap_err();
    assert_eq!(error.status(), 404);
    assert_eq!(error.headers()["x-mark"], "1");
    assert!(!error.headers().contains_key(header::CONTENT_TYPE));
}
