//! The lint as a middleware and as a layer: its modes, and what it finds in tower-http.

use std::fs;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use http::{HeaderValue, StatusCode, header};
use paste_core::tower::{IntoApp, IntoMiddleware};
use paste_core::{
    App, AppExt, Body, BoxApp, Clock, Error, FileRange, Forward, Request, Response, Result,
    response,
};
use paste_fixture::Lint;
use paste_fixture::lint::{Finding, Findings, Level, LintError};
use tower_http::compression::CompressionLayer;
use tower_http::services::ServeDir;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

fn get(target: &str, headers: &[(&'static str, &str)]) -> Request {
    let mut request = http::Request::get(target).header("host", "example.org");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::empty()).unwrap()
}

/// 200 with an `ETag` that lacks its quotes (a `Must`) and a Pragma (a `Should`).
async fn careless(_: Request) -> Result {
    let mut response = response::text("hello");
    response.headers_mut().insert(header::ETAG, HeaderValue::from_static("abc"));
    response.headers_mut().insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    Ok(response)
}

fn ids(findings: &[Finding]) -> Vec<&'static str> {
    findings.iter().map(|finding| finding.rule.id).collect()
}

/// The ids of what is found in the exchange, its body read.
async fn found(app: impl App, request: Request) -> Vec<&'static str> {
    let findings = Findings::new();
    let app = app.with(Lint::new().collect_into(findings.clone()));
    if let Ok(response) = app.call(request).await {
        let _ = response.into_body().collect(1_000_000).await;
    }
    ids(&findings.take())
}

#[tokio::test]
async fn rule_2_a_must_is_denied_with_all_that_was_found_as_the_source() {
    let error = careless.with(Lint::new()).call(get("/", &[])).await.unwrap_err();
    assert_eq!(error.status(), 500);
    assert_eq!(error.public_detail(), Some("The lint denies this exchange."));
    let denied = error.downcast_ref::<LintError>().unwrap();
    assert_eq!(ids(denied.findings()), ["etag-quotes", "pragma-obsolete"]);

    let named = careless.with(Lint::new().name_rules()).call(get("/", &[])).await.unwrap_err();
    let detail = named.public_detail().unwrap();
    assert_eq!(detail, "The lint denies this exchange, which breaks: etag-quotes.");
}

#[tokio::test]
async fn rule_2_a_denied_request_does_not_reach_the_app() {
    let app = |_: Request| async { Ok(response::text("reached")) };
    let app = app.with(Lint::new());
    let error = app.call(get("*", &[])).await.unwrap_err();
    assert_eq!(ids(error.downcast_ref::<LintError>().unwrap().findings()), ["path-info-asterisk"]);
    assert_eq!(app.call(get("/", &[])).await.unwrap().status(), 200);
}

#[tokio::test]
async fn rule_3_the_header_names_what_is_known() {
    let app = careless.with(Lint::new().header());
    let response = app.call(get("/", &[])).await.unwrap();
    assert_eq!(response.headers()["x-lint"], "etag-quotes, pragma-obsolete");
    let errors = |_: Request| async { Err::<Response, _>(Error::from_status(StatusCode::FOUND)) };
    let error = errors.with(Lint::new().header()).call(get("/", &[])).await.unwrap_err();
    assert_eq!(error.headers()["x-lint"], "location-missing");
}

/// Keeps the rule of every event.
#[derive(Clone, Default)]
struct Rules(Arc<Mutex<Vec<String>>>);

impl Visit for Rules {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "rule" {
            self.0.lock().unwrap().push(value.to_owned());
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}

impl Subscriber for Rules {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("paste_fixture") && *metadata.level() == tracing::Level::WARN
    }

    fn event(&self, event: &Event<'_>) {
        event.record(&mut self.clone());
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[tokio::test]
async fn rules_2_and_3_what_is_not_denied_is_logged() {
    let logged = Rules::default();
    let _guard = tracing::subscriber::set_default(logged.clone());
    let response = careless.with(Lint::new().log()).call(get("/", &[])).await.unwrap();
    assert_eq!(response.headers().len(), 3);
    assert_eq!(response.into_body().collect(100).await.unwrap(), "hello");
    assert_eq!(std::mem::take(&mut *logged.0.lock().unwrap()), ["etag-quotes", "pragma-obsolete"]);

    let lint = Lint::new().rule("etag-quotes", Level::Off).unwrap();
    drop(careless.with(lint.clone()).call(get("/", &[])).await.unwrap());
    assert_eq!(
        std::mem::take(&mut *logged.0.lock().unwrap()),
        ["pragma-obsolete", "body-complete"]
    );

    drop(careless.with(lint.header()).call(get("/", &[])).await.unwrap());
    assert_eq!(std::mem::take(&mut *logged.0.lock().unwrap()), ["body-complete"]);
}

#[tokio::test]
async fn rule_4_levels_are_overridden() {
    let lint = Lint::new().rule("etag-quotes", Level::Should).unwrap();
    assert_eq!(careless.with(lint.clone()).call(get("/", &[])).await.unwrap().status(), 200);
    let strict = lint.clone().rule("pragma-obsolete", Level::Must).unwrap();
    assert!(careless.with(strict).call(get("/", &[])).await.is_err());
    let findings = Findings::new();
    let off = lint.rule("pragma-obsolete", Level::Off).unwrap().collect_into(findings.clone());
    let answer = careless.with(off).call(get("/", &[])).await.unwrap();
    answer.into_body().collect(100).await.unwrap();
    assert_eq!(ids(&findings.take()), ["etag-quotes"]);
    let unknown = Lint::new().rule("etag-quote", Level::Off).unwrap_err();
    assert!(unknown.to_string().ends_with("did you mean `etag-quotes`?"), "{unknown}");
}

#[tokio::test]
async fn rule_5_errors_are_checked_by_status_and_headers_and_control_flow_passes() {
    for (status, expected) in [
        (302, &["location-missing"][..]),
        (401, &["www-authenticate-missing"]),
        (405, &["allow-missing"]),
        (404, &[]),
        (500, &[]),
    ] {
        let app = move |_: Request| async move {
            Err::<Response, _>(Error::from_status(StatusCode::from_u16(status).unwrap()))
        };
        assert_eq!(found(app, get("/", &[])).await, expected, "{status}");
        let denied = app.with(Lint::new()).call(get("/", &[])).await.unwrap_err();
        let breaks_a_must = matches!(status, 401 | 405);
        assert_eq!(denied.downcast_ref::<LintError>().is_some(), breaks_a_must, "{status}");
    }
    let forward = |_: Request| async { Err::<Response, _>(Error::from(Forward::to("/elsewhere"))) };
    let mut error = forward.with(Lint::new()).call(get("/", &[])).await.unwrap_err();
    assert_eq!(error.take::<Forward>().unwrap().path(), "/elsewhere");
}

#[tokio::test]
async fn rule_5_a_denied_error_stays_in_the_chain() {
    let app = |_: Request| async {
        Err::<Response, _>(Error::from_status(StatusCode::UNAUTHORIZED).detail("who are you?"))
    };
    let error = app.with(Lint::new()).call(get("/", &[])).await.unwrap_err();
    let causes: Vec<_> = error.chain().map(ToString::to_string).collect();
    assert!(causes.iter().any(|cause| cause.contains("who are you?")), "{causes:?}");
}

#[tokio::test]
async fn rule_6_a_file_stays_a_file_and_is_watched_to_its_end() {
    let file = Arc::new(tempfile::tempfile().unwrap());
    let app = move |_: Request| {
        let range = FileRange { file: Arc::clone(&file), offset: 0, length: 5 };
        async move {
            Ok(response::typed(
                HeaderValue::from_static("text/css"),
                Body::file(range, Body::from("hell")),
            ))
        }
    };
    let findings = Findings::new();
    let app = app.with(Lint::new().collect_into(findings.clone()));
    let body = app.call(get("/", &[])).await.unwrap().into_body();
    assert_eq!(body.file_range().map(|range| range.length), Some(5));
    assert!(findings.is_empty());
    let _ = body.collect(100).await;
    assert_eq!(ids(&findings.take()), ["body-complete"]);
}

#[tokio::test]
async fn dates_are_compared_with_the_clock_it_is_given() {
    let clock = Clock::manual(SystemTime::UNIX_EPOCH);
    let app = |_: Request| async {
        let mut response = response::no_content();
        let date = HeaderValue::from_static("Thu, 01 Jan 1970 01:00:00 GMT");
        response.headers_mut().insert(header::LAST_MODIFIED, date);
        Ok(response)
    };
    let app = app.with(Lint::new().clock(clock.clone()));
    assert!(app.call(get("/", &[])).await.is_err());
    clock.advance(Duration::from_secs(3600));
    assert!(app.call(get("/", &[])).await.is_ok());
}

/// tower-http's `ServeDir` over a file worth compressing, one with a compressed sibling, one of the
/// future, and a directory.
#[tokio::test]
async fn a_list_of_the_request_may_stand_on_several_lines() {
    let knows = async |_: Request| {
        let mut response = response::with_status(StatusCode::NOT_MODIFIED);
        response.headers_mut().insert("etag", HeaderValue::from_static("\"b\""));
        Ok(response)
    };
    let lines = [("if-none-match", "\"a\""), ("if-none-match", "W/\"b\"")];
    assert!(found(knows, get("/", &lines)).await.is_empty());
    assert_eq!(found(knows, get("/", &lines[..1])).await, ["etag-not-modified-other"]);
}

fn serve_dir() -> (tempfile::TempDir, BoxApp) {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("a.txt"), "hello ".repeat(1000)).unwrap();
    for name in ["z.txt", "z.txt.gz", "future.txt"] {
        fs::write(dir.path().join(name), name).unwrap();
    }
    let future = SystemTime::UNIX_EPOCH + Duration::from_secs(4_102_444_800); // the year 2100
    fs::File::options()
        .write(true)
        .open(dir.path().join("future.txt"))
        .unwrap()
        .set_modified(future)
        .unwrap();
    fs::create_dir(dir.path().join("sub")).unwrap();
    let app = ServeDir::new(dir.path()).precompressed_gzip().into_app().boxed();
    (dir, app)
}

/// `method target`, with headers, and the rules that the answer breaks.
type Case =
    (&'static str, &'static str, &'static [(&'static str, &'static str)], &'static [&'static str]);

async fn check(app: &BoxApp, cases: &[Case]) {
    for (method, target, headers, expected) in cases {
        let mut request = get(target, headers);
        *request.method_mut() = method.parse().unwrap();
        assert_eq!(found(app.clone(), request).await, *expected, "{method} {target} {headers:?}");
    }
}

/// tower-http 0.7.1. A resumed download splices two versions of a file, HEAD is answered with a part,
/// and several ranges are refused with a text that has no type. That the `ETag` of a compressed sibling
/// is its own cannot be seen from one answer: the `Should` tells it all the same.
#[tokio::test]
async fn finds_what_serve_dir_does_wrong() {
    let (_dir, app) = serve_dir();
    let cases: &[Case] = &[
        ("GET", "/a.txt", &[], &[]),
        ("HEAD", "/a.txt", &[], &[]),
        ("POST", "/a.txt", &[], &[]),
        ("GET", "/missing", &[], &[]),
        ("GET", "/sub", &[], &[]),
        ("GET", "/a.txt", &[("if-none-match", "*")], &[]),
        ("GET", "/a.txt", &[("range", "bytes=0-4")], &[]),
        ("GET", "/a.txt", &[("range", "bytes=99999-")], &[]),
        (
            "GET",
            "/a.txt",
            &[("range", "bytes=0-4"), ("if-range", "\"old\"")],
            &["if-range-ignored"],
        ),
        ("HEAD", "/a.txt", &[("range", "bytes=0-4")], &["range-method"]),
        ("GET", "/a.txt", &[("range", "bytes=0-1,3-4")], &["content-type-missing"]),
        ("GET", "/z.txt", &[("accept-encoding", "gzip")], &["etag-encoded"]),
        ("GET", "/future.txt", &[], &["last-modified-future"]),
    ];
    check(&app, cases).await;
}

/// tower-http 0.7.1. The strong `ETag` of the file stays on what was encoded: two contents have one.
#[tokio::test]
async fn finds_what_compression_layer_does_wrong() {
    let (_dir, app) = serve_dir();
    let app = app.with(CompressionLayer::new().into_middleware()).boxed();
    let cases: &[Case] = &[
        ("GET", "/a.txt", &[], &[]),
        ("GET", "/a.txt", &[("accept-encoding", "identity")], &[]),
        ("GET", "/a.txt", &[("accept-encoding", "gzip")], &["etag-encoded"]),
        ("HEAD", "/a.txt", &[("accept-encoding", "gzip")], &[]),
        ("GET", "/a.txt", &[("accept-encoding", "gzip"), ("range", "bytes=0-4")], &[]),
        ("GET", "/missing", &[("accept-encoding", "gzip")], &[]),
    ];
    check(&app, cases).await;
}
