//! One test per rule of `HttpsRedirect`.

use http::StatusCode;
use paste_core::{AppExt, Request, Result, Scheme, response};
use paste_filter::HttpsRedirect;
use paste_fixture::TestApp;

async fn hello(_: Request) -> Result {
    Ok(response::text("hi"))
}

#[tokio::test]
async fn rule_1_http_is_redirected_and_https_passes() {
    let app = TestApp::new(hello.with(HttpsRedirect::new()));
    for (host, target, location) in [
        ("example.org", "/a%20b?x=1&y", "https://example.org/a%20b?x=1&y"),
        ("example.org:8080", "/", "https://example.org/"),
        ("[::1]:8080", "/", "https://[::1]/"),
        ("example.org", "//evil.example/", "https://example.org//evil.example/"),
    ] {
        let answer = app.get("/").raw_target(target).header("host", host).expect(308).await;
        assert_eq!(answer.header("location"), Some(location));
    }
    app.get("/").extension(Scheme("https")).await.must_contain("hi");

    let other = HttpsRedirect::new().port(8443).status(StatusCode::FOUND);
    let app = TestApp::new(hello.with(other));
    let answer = app.post("/form").header("host", "example.org").expect(302).await;
    assert_eq!(answer.header("location"), Some("https://example.org:8443/form"));
}

#[tokio::test]
async fn rule_2_certificate_authorities_ask_by_http() {
    let app = TestApp::new(hello.with(HttpsRedirect::new()));
    app.get("/.well-known/acme-challenge/token").await.must_contain("hi");
    app.get("/.well-known/other").expect(308).await;
}

#[tokio::test]
async fn rule_3_without_a_host_there_is_nowhere_to_go() {
    use paste_core::App;
    let app = hello.with(HttpsRedirect::new());
    for host in [None, Some("a b"), Some("")] {
        let mut request = http::Request::get("/");
        if let Some(host) = host {
            request = request.header("host", host);
        }
        let error = app.call(request.body(paste_core::Body::empty()).unwrap()).await.unwrap_err();
        assert_eq!(error.status(), StatusCode::BAD_REQUEST, "{host:?}");
    }
}
