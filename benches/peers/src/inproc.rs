//! The peers of `cargo xtask bench inproc`: axum alone, and around it layers of tower-http.
//!
//! Each is written in the form that is cheapest for axum: the state is given beforehand, as
//! `axum::serve` does it, so that routes are not built anew for each request; one router takes all
//! calls; and one call of `Router::layer` takes all five layers, as axum's docs advise, so that they
//! are boxed once. What `Router::layer` once per layer costs is a case beside it.

#[path = "../../src/harness.rs"]
mod harness;

use std::process::ExitCode;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::{HeaderName, HeaderValue, Request, StatusCode};
use http_body_util::BodyExt;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::TimeoutLayer;
use tower_http::trace::TraceLayer;
use tower_service::Service;

fn main() -> ExitCode {
    harness::run(&[
        ("build", &|timer| timer.time(async || request())),
        ("axum", &|timer| calls(timer, hello())),
        ("axum_headers5", &|timer| calls(timer, headers5())),
        ("axum_headers5_apart", &|timer| calls(timer, headers5_apart())),
        ("axum_layers5", &|timer| calls(timer, layers5())),
        ("axum_nest1", &|timer| calls(timer, nest(1))),
        ("axum_nest10", &|timer| calls(timer, nest(10))),
        ("axum_nest1000", &|timer| calls(timer, nest(1000))),
        ("build_actix", &|timer| timer.time(async || actix::request())),
        ("actix_scope1", &|timer| actix::calls(timer, 1)),
        ("actix_scope10", &|timer| actix::calls(timer, 10)),
        ("actix_scope1000", &|timer| actix::calls(timer, 1000)),
    ])
}

/// Sets no header, like the app of our side: see [`harness::headers`].
fn hello() -> Router {
    Router::new().route("/hello", get(async || Body::from(harness::HELLO)))
}

/// Routers nested by so many prefixes.
fn nest(count: usize) -> Router {
    harness::mounts(count).fold(Router::new(), |router, prefix| {
        let inner = Router::new().route("/", get(async || Body::from(harness::HELLO)));
        router.nest(&prefix, inner)
    })
}

/// Layers in a tuple: the first is the outermost.
fn headers5() -> Router {
    let [frames, types, referrer, transport, content] = harness::headers().map(set_header);
    hello().layer((content, transport, referrer, types, frames))
}

fn headers5_apart() -> Router {
    let [frames, types, referrer, transport, content] = harness::headers().map(set_header);
    hello().layer(frames).layer(types).layer(referrer).layer(transport).layer(content)
}

fn layers5() -> Router {
    let [frames, ..] = harness::headers();
    hello().layer((
        TraceLayer::new_for_http(),
        CatchPanicLayer::new(),
        CompressionLayer::new().gzip(true),
        TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, Duration::from_secs(30)),
        set_header(frames),
    ))
}

fn set_header((name, value): (HeaderName, HeaderValue)) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::overriding(name, value)
}

fn request() -> Request<Body> {
    harness::request(Body::empty())
}

fn calls(timer: &harness::Timer, router: Router) -> f64 {
    let mut router = router.with_state(());
    timer.time(async || answer(&mut router).await)
}

/// One call with all that a server would do with it: the length of the answer's body.
async fn answer(router: &mut Router) -> usize {
    let response = router.call(request()).await.expect("a router gives no errors");
    assert_eq!(response.status(), StatusCode::OK);
    let body = response.into_body().collect().await;
    body.expect("a buffer does not break").to_bytes().len()
}

mod actix {
    //! actix-web, by its test service: what its server does around a call is not there either.

    use actix_web::body::to_bytes;
    use actix_web::dev::Service;
    use actix_web::http::header;
    use actix_web::{App, test, web};

    use super::harness;

    pub(crate) fn request() -> actix_http::Request {
        test::TestRequest::get()
            .uri("/hello")
            .insert_header((header::HOST, "localhost"))
            .insert_header((header::ACCEPT_ENCODING, "gzip"))
            .insert_header((header::USER_AGENT, "bench"))
            .to_request()
    }

    /// An app of so many scopes.
    pub(crate) fn calls(timer: &harness::Timer, count: usize) -> f64 {
        let app = harness::mounts(count).fold(App::new(), |app, prefix| {
            let route = web::get().to(async || harness::HELLO);
            app.service(web::scope(&prefix).route("", route))
        });
        let service = timer.wait(test::init_service(app));
        timer.time(async || {
            let response = service.call(request()).await.expect("an app gives no errors");
            assert!(response.status().is_success());
            to_bytes(response.into_body()).await.expect("a buffer does not break").len()
        })
    }
}
