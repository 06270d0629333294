//! The test client of paste-fixture against a server by its URL: the same as in process.
#![allow(clippy::unwrap_used, reason = "a test that fails panics")]

use paste_core::{Request, RequestExt, Result, response};
use paste_fixture::TestApp;
use paste_fixture::test_app::TestResponse;
use paste_tests::TestServer;

/// A page that knows its visitor by a cookie, and a form that makes it known.
async fn site(mut request: Request) -> Result {
    let body = std::mem::take(request.body_mut()).collect(1000).await?;
    if request.method() == "POST" {
        let mut done = response::redirect(http::StatusCode::SEE_OTHER, "/");
        let cookie =
            format!("who={}; HttpOnly", String::from_utf8_lossy(&body).trim_start_matches("who="));
        done.headers_mut().insert("set-cookie", cookie.parse()?);
        return Ok(done);
    }
    let who =
        request.headers().get("cookie").map_or("nobody", |value| value.to_str().unwrap_or("?"));
    let form = "<form method=post><input name=who><button>Go</button></form>";
    Ok(response::html(format!(
        "<!doctype html><title>x</title><p>{who} at {}</p>{form}",
        request.path_info()
    )))
}

/// The same test, wherever the app is.
async fn visit(app: &TestApp) -> TestResponse {
    let page = app.get("/").await;
    page.must_contain("nobody at /");
    let page = page.form().set("who", "Ada").press("Go").follow().await;
    assert_eq!(page.select("p"), ["who=Ada at /"]);
    page
}

#[tokio::test]
async fn the_same_test_runs_in_process_and_against_a_server() {
    let in_process = visit(&TestApp::new(site)).await;
    let server = TestServer::new(site).await;
    let live = visit(&TestApp::at(&format!("http://{}/", server.addr))).await;
    assert_eq!(live.text(), in_process.text());
    assert!(live.header("date").is_some(), "the server's own");
    assert!(live.findings().is_empty(), "{:?}", live.findings());

    server.ended_now().await;
    let refused = live.goto("/").send().await.unwrap_err().to_string();
    assert!(refused.contains("there is no answer: asking http://127.0.0.1:"), "{refused}");
    let elsewhere = live.goto("http://other.example/").send().await.unwrap_err().to_string();
    assert!(elsewhere.contains("leaves the server"), "{elsewhere}");
}
