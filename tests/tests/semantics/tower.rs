//! Section 6, tower.

use axum::Router;
use axum::routing::{any_service, get as route};
use http::{HeaderValue, StatusCode, header};
use http_body_util::BodyExt;
use paste_core::tower::{IntoApp, IntoLayer, IntoMiddleware};
use paste_core::{App, AppExt, Body, Error, Forward, HttpErrors, Request, Result, response};
use paste_filter::Headers;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tower::{Service, ServiceExt};
use tower_http::compression::CompressionLayer;
use tower_http::cors::CorsLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::set_status::SetStatusLayer;
use tower_http::trace::TraceLayer;

use super::{ask, get};

/// Fails by the path: `/404` with a detail and a header, `/forward` with a payload.
async fn fails(request: Request) -> Result {
    match request.uri().path() {
        "/404" => {
            let error = Error::not_found().detail("no page");
            Err(error.header(header::SET_COOKIE, HeaderValue::from_static("a=1")))
        }
        "/forward" => Err(Forward::to("/x").into()),
        path => Ok(response::text(path.to_owned())),
    }
}

#[tokio::test]
async fn semantics_6_1_an_app_is_an_infallible_service_whose_errors_are_rendered() {
    let router: Router = Router::new().fallback_service(fails.into_service());
    let request =
        http::Request::get("/404").header("accept", "text/html").body(axum::body::Body::empty());
    let answer = router.oneshot(request.unwrap()).await.unwrap();
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    assert_eq!(answer.headers()["set-cookie"], "a=1");
    assert_eq!(answer.headers()["content-type"], "text/html; charset=utf-8");
    let page = answer.into_body().collect().await.unwrap().to_bytes();
    assert!(String::from_utf8_lossy(&page).contains("no page"));
}

#[tokio::test]
async fn semantics_6_2_a_service_is_an_app() {
    let router: Router = Router::new().route("/hi", route(async || "hi from axum"));
    assert_eq!(ask(&router.into_app(), "/hi").await, "hi from axum");
    let broken = tower::service_fn(|_: Request| async { Err::<http::Response<Body>, _>("broken") });
    let error = broken.into_app().call(get("/")).await.unwrap_err();
    assert_eq!(error.source().unwrap().to_string(), "broken");
}

#[tokio::test]
async fn semantics_6_3_errors_cross_services_and_layers_as_errors_with_the_headers_added_on_the_way()
 {
    let cors = CorsLayer::new().allow_origin(HeaderValue::from_static("https://a.example"));
    let router: Router = Router::new()
        .fallback_service(fails.into_service())
        .layer(cors)
        .layer(CompressionLayer::new())
        .layer(TraceLayer::new_for_http());
    let app = router.into_app();
    let mut request = get("/404");
    request.headers_mut().insert(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
    let error = app.call(request).await.unwrap_err();
    assert_eq!((error.status(), error.public_detail()), (StatusCode::NOT_FOUND, Some("no page")));
    assert_eq!(error.headers()["access-control-allow-origin"], "https://a.example");
    assert_eq!(error.headers().get_all("set-cookie").iter().count(), 1);
    for of_the_page in ["content-type", "content-length", "content-encoding"] {
        assert!(!error.headers().contains_key(of_the_page), "{of_the_page}");
    }
    let answer = app.with(HttpErrors::new()).call(get("/404")).await.unwrap();
    let varies: Vec<_> =
        answer.headers().get_all("vary").iter().filter(|value| *value == "accept").collect();
    assert_eq!(varies.len(), 1);
}

#[tokio::test]
async fn semantics_6_4_a_layer_that_changes_the_status_has_answered() {
    let teapot = SetStatusLayer::new(StatusCode::IM_A_TEAPOT).into_middleware();
    let answer = fails.with(teapot).call(get("/404")).await.unwrap();
    assert_eq!(answer.status(), StatusCode::IM_A_TEAPOT);
    assert!(super::text(answer).await.contains("no page"), "the rendered page");

    let own_page = async |mut response: axum::response::Response| {
        *response.body_mut() = "own page".into();
        response
    };
    let router: Router = Router::new().fallback_service(fails.into_service());
    let router = router.layer(axum::middleware::map_response(own_page));
    let answer = router.into_app().call(get("/404")).await.unwrap();
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    assert_eq!(super::text(answer).await, "own page");
}

#[tokio::test]
async fn semantics_6_5_payloads_cross_services_and_layers() {
    let router: Router = Router::new().route("/forward", any_service(fails.into_service()));
    let frames = SetResponseHeaderLayer::overriding(
        header::X_FRAME_OPTIONS,
        HeaderValue::from_static("DENY"),
    );
    let app = router.into_app().with(frames.into_middleware());
    let mut error = app.call(get("/forward")).await.unwrap_err();
    assert_eq!(error.take::<Forward>().unwrap().path(), "/x");
}

#[tokio::test]
async fn semantics_6_6_middlewares_are_layers_and_layers_are_middlewares() {
    let no_frames = Headers::new().set(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    let mut router: Router =
        Router::new().route("/", route(async || "hi")).layer(no_frames.into_layer());
    let request = http::Request::get("/").body(axum::body::Body::empty()).unwrap();
    assert_eq!(router.call(request).await.unwrap().headers()["x-frame-options"], "DENY");

    let gzip = CompressionLayer::new().into_middleware();
    let long = |_: Request| async { Ok(response::text("long ".repeat(1000))) };
    let mut request = get("/");
    request.headers_mut().insert(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
    let answer = long.with(gzip).call(request).await.unwrap();
    assert_eq!(answer.headers()["content-encoding"], "gzip");
    assert!(answer.into_body().collect(2000).await.is_ok());
}

#[tokio::test]
async fn semantics_6_7_an_upgrade_rides_in_the_extensions() {
    let upgrade = async |request: axum::extract::Request| {
        let upgrading = hyper::upgrade::on(request);
        tokio::spawn(async move {
            let mut io = hyper_util::rt::TokioIo::new(upgrading.await.unwrap());
            let mut ping = [0; 4];
            io.read_exact(&mut ping).await.unwrap();
            io.write_all(b"pong").await.unwrap();
        });
        (StatusCode::SWITCHING_PROTOCOLS, [(header::UPGRADE, "ping")])
    };
    let router: Router = Router::new().route("/", route(upgrade));
    // Through our middleware as a layer, a layer as our middleware, and our server.
    let app = router.layer(Headers::new().into_layer()).into_app();
    let app = app.with(TraceLayer::new_for_http().into_middleware()).with(HttpErrors::new());
    let server = paste_tests::TestServer::new(app).await;
    let mut stream = server.connect().await;
    stream
        .write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: ping\r\n\r\nping")
        .await
        .unwrap();
    let mut answer = Vec::new();
    paste_tests::within("the pong", stream.read_to_end(&mut answer)).await.unwrap();
    let answer = String::from_utf8(answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 101 ") && answer.ends_with("\r\n\r\npong"), "{answer}");
}
