//! The test client of paste-fixture against a server by its URL: the same as in process.
#![allow(clippy::unwrap_used, reason = "a test that fails panics")]

use paste_core::{Request, RequestExt, Result, response};
use paste_fixture::TestApp;
use paste_fixture::test_app::TestResponse;
use paste_tests::TestServer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

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

/// A server that sends these bytes to whoever asks, once.
async fn sends(answer: &'static str) -> TestApp {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read(&mut [0; 4096]).await;
        let _ = stream.write_all(answer.as_bytes()).await;
    });
    TestApp::at(&url)
}

#[tokio::test]
async fn an_upgrade_over_a_live_connection_breaks_no_rule() {
    for (status, connection) in [("101", "Upgrade"), ("426", "close, upgrade"), ("200", "upgrade")]
    {
        let head = format!("HTTP/1.1 {status} X\r\nUpgrade: a\r\nConnection: {connection}\r\n");
        let length = if status == "101" { "\r\n" } else { "Content-Length: 0\r\n\r\n" };
        let app = sends((head + length).leak()).await;
        let answer =
            app.get("/").header("upgrade", "a").header("connection", "upgrade").expect_any();
        let answer = answer.await;
        assert_eq!(
            (answer.status().as_str(), answer.header("connection")),
            (status, Some("upgrade"))
        );
        assert!(answer.findings().is_empty(), "{:?}", answer.findings());
    }
    let answer = sends("HTTP/1.1 426 X\r\nUpgrade: a\r\nContent-Length: 0\r\n\r\n").await;
    let answer = answer.get("/").expect_any().allow_findings().await;
    assert_eq!(answer.findings()[0].rule.id, "upgrade-connection");
}

#[tokio::test]
async fn a_cut_body_fails_a_test_and_is_a_finding_where_findings_are_allowed() {
    let cut = "HTTP/1.1 200 X\r\nContent-Type: text/css\r\nContent-Length: 9\r\n\r\nhello";
    let error = sends(cut).await.get("/").send().await.unwrap_err().to_string();
    assert!(error.contains("the answer broke off") && error.contains("200 OK"), "{error}");
    let answer = sends(cut).await.get("/").allow_findings().await;
    assert_eq!((answer.text().as_str(), answer.findings()[0].rule.id), ("hello", "body-complete"));
}
