//! The test client, against apps that record what they get.

use http::{HeaderValue, StatusCode, header};
use paste_core::{Clock, Error, RemoteUser, Request, RequestExt, Result, ResultExt, response};
use paste_fixture::TestApp;
use paste_fixture::test_app::Upload;
use serde_json::{Value, json};

/// Answers with what it got: method, target, headers and body.
async fn echo(mut request: Request) -> Result {
    let body = std::mem::take(request.body_mut()).collect(1 << 20).await?;
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    response::json(&json!({
        "method": request.method().as_str(),
        "target": request.uri().to_string(),
        "host": request.host(),
        "scheme": request.scheme(),
        "type": header("content-type"),
        "length": header("content-length"),
        "cookie": header("cookie"),
        "x": header("x"),
        "user": request.remote_user().map(RemoteUser::name),
        "body": String::from_utf8_lossy(&body),
    }))
}

#[tokio::test]
async fn every_method_reaches_the_app() {
    let app = TestApp::new(echo);
    for (request, method) in [
        (app.get("/x"), "GET"),
        (app.post("/x"), "POST"),
        (app.put("/x"), "PUT"),
        (app.patch("/x"), "PATCH"),
        (app.delete("/x"), "DELETE"),
        (app.options("/x"), "OPTIONS"),
    ] {
        assert_eq!(request.await.json::<Value>()["method"], method);
    }
    assert_eq!(app.head("/x").await.bytes(), "");
}

#[tokio::test]
async fn parameters_go_to_the_query_or_to_a_form() {
    let app = TestApp::new(echo);
    let got: Value = app.get("/x?a=0").param("b", "1 2").param("b", 3).await.json();
    assert_eq!(got["target"], "/x?a=0&b=1+2&b=3");
    let got: Value = app.post("/x").param("b", "1 2").param("b", "é").await.json();
    assert_eq!(
        (&got["type"], &got["body"]),
        (&json!("application/x-www-form-urlencoded"), &json!("b=1+2&b=%C3%A9"))
    );
    let file = Upload::new("a.txt", "alpha").content_type("text/plain");
    let got: Value = app.post("/x").param("b", "1").upload("f", file).await.json();
    assert!(got["type"].as_str().unwrap().starts_with("multipart/form-data; boundary="));
    let body = got["body"].as_str().unwrap();
    assert!(
        body.contains(
            "name=\"f\"; filename=\"a.txt\"\r\nContent-Type: text/plain\r\n\r\nalpha\r\n"
        ),
        "{body}"
    );
    assert_eq!(got["length"], body.len().to_string());
}

#[tokio::test]
async fn headers_json_bodies_and_extensions_are_sent() {
    let app = TestApp::new(echo)
        .header(header::HeaderName::from_static("x"), HeaderValue::from_static("always"));
    assert_eq!(app.get("/").await.json::<Value>()["x"], "always");
    assert_eq!(app.get("/").header("X", "once").await.json::<Value>()["x"], "once");
    let got: Value = app.put("/").json(&json!({"a": [1]})).await.json();
    assert_eq!((&got["type"], &got["body"]), (&json!("application/json"), &json!("{\"a\":[1]}")));
    let got: Value = app.post("/").body("raw").header("content-type", "text/x").await.json();
    assert_eq!((&got["type"], &got["body"]), (&json!("text/x"), &json!("raw")));
    let got: Value = app.get("/").extension(RemoteUser::new("ada")).await.json();
    assert_eq!(got["user"], "ada");
    let everyone = app.clone().extension(RemoteUser::new("bob"));
    assert_eq!(everyone.get("/").await.json::<Value>()["user"], "bob");
    let secure: Value = app.base("https://a.example:444/dir/").get("page").await.json();
    assert_eq!(
        (&secure["host"], &secure["scheme"], &secure["target"]),
        (&json!("a.example:444"), &json!("https"), &json!("/dir/page"))
    );
}

async fn fails(request: Request) -> Result {
    match request.uri().path() {
        "/404" => Err(Error::not_found().detail("no page")),
        "/500" => std::fs::read("/nowhere").context("reading").map(|_| response::no_content()),
        "/panic" => panic!("on purpose"),
        _ => Ok(response::text("fine")),
    }
}

#[tokio::test]
async fn an_unexpected_status_fails_with_the_page_what_is_behind_it_and_the_line() {
    let app = TestApp::new(fails);
    for (path, parts) in [
        ("/404", &["404 Not Found, expected 2xx or 3xx", "no page", "test_app.rs:"][..]),
        ("/500", &["500 Internal Server Error", "reading", "No such file"]),
        ("/panic", &["500 Internal Server Error", "panic at ", "test_app.rs:", "on purpose"]),
    ] {
        let error = app.get(path).send().await.unwrap_err().to_string();
        for part in parts {
            assert!(error.contains(part), "{part} in {error}");
        }
    }
    let error = app.get("/").expect(404).send().await.unwrap_err().to_string();
    assert!(error.contains("200 OK, expected 404 Not Found"), "{error}");
    assert_eq!(app.get("/404").expect(404).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(app.get("/panic").expect_any().await.status(), StatusCode::INTERNAL_SERVER_ERROR);
}

#[tokio::test]
#[should_panic(expected = "expected 2xx or 3xx")]
async fn awaiting_a_request_panics_where_sending_it_fails() {
    TestApp::new(fails).get("/404").await;
}

/// Redirects: `/301` and the like to `/end`, `/loop` to itself, `/chain/N` to `/chain/N-1`.
async fn redirects(request: Request) -> Result {
    let path = request.uri().path().to_owned();
    let to = |status: u16, location: &str| {
        Ok(response::redirect(StatusCode::from_u16(status).unwrap(), location))
    };
    match path.trim_start_matches('/').split_once('/') {
        _ if path == "/loop" => to(302, "/loop"),
        _ if path == "/away" => to(302, "http://b.example/end?x#y"),
        Some(("chain", "0")) => echo(request).await,
        Some(("chain", left)) => to(302, &(left.parse::<u32>()? - 1).to_string()),
        _ => match path.trim_start_matches('/').parse() {
            Ok(status) => to(status, "/end"),
            Err(_) => echo(request).await,
        },
    }
}

#[tokio::test]
async fn redirects_are_followed_on_request_or_to_the_end() {
    let app = TestApp::new(redirects);
    assert_eq!(app.get("/302").await.status(), StatusCode::FOUND);
    for (status, method) in [(301, "GET"), (302, "GET"), (303, "GET"), (307, "POST"), (308, "POST")]
    {
        let page = app.post(&format!("/{status}")).param("a", 1).await.follow().await;
        let got: Value = page.json();
        let body = if method == "POST" { "a=1" } else { "" };
        assert_eq!((&got["method"], &got["body"]), (&json!(method), &json!(body)), "{status}");
    }
    assert_eq!(app.put("/301").follow().await.json::<Value>()["method"], "PUT");
    let end = app.get("/chain/10").follow().await;
    assert_eq!(end.url().path(), "/chain/0");
    for endless in ["/chain/11", "/loop"] {
        let error = app.get(endless).follow().send().await.unwrap_err().to_string();
        assert!(error.contains("more than ten redirects"), "{error}");
    }
    let away: Value = app.get("/away").follow().await.json();
    assert_eq!((&away["host"], &away["target"]), (&json!("b.example"), &json!("/end?x")));
}

/// `/set?NAME=VALUE` sets a cookie for ten seconds; everything tells the cookies.
async fn cookies(request: Request) -> Result {
    let cookie = request.uri().query().filter(|_| request.uri().path() == "/set");
    let cookie = cookie.map(|pair| format!("{pair}; Max-Age=10; HttpOnly; SameSite=Lax"));
    let mut response = echo(request).await?;
    if let Some(cookie) = cookie {
        response.headers_mut().append(header::SET_COOKIE, HeaderValue::try_from(cookie)?);
    }
    Ok(response)
}

#[tokio::test]
async fn cookies_are_kept_sent_and_forgotten() {
    let clock = Clock::manual(std::time::SystemTime::UNIX_EPOCH);
    let app = TestApp::new(cookies).clock(clock.clone());
    app.get("/set?a=1").await;
    app.get("/set?b=2").await;
    assert_eq!(app.get("/").await.json::<Value>()["cookie"], "a=1; b=2");
    assert_eq!(app.cookie("b").as_deref(), Some("2"));
    clock.advance(std::time::Duration::from_secs(10));
    assert_eq!(app.get("/").await.json::<Value>()["cookie"], Value::Null);
    app.set_cookie("c", "3");
    assert_eq!(app.clone().get("/").await.json::<Value>()["cookie"], "c=3");
    app.reset();
    assert_eq!(app.get("/").await.json::<Value>()["cookie"], Value::Null);
}

const PAGE: &str = r#"<!doctype html><html lang="en"><title>Page</title>
<p class="note">One <b>two</b>
  three</p><p class="note">four</p>
<a href="/one">First link</a> <a href="two?x=1#frag" id="second">Second link</a>
<a href="/three"><img src="x.png" alt=""></a> <a name="anchor">no link</a> <a href="mailto:x@y">Mail</a>"#;

#[tokio::test]
async fn pages_are_read_as_html_and_links_clicked() {
    let app = TestApp::new(|request: Request| async move {
        if request.uri().path() == "/dir/page" {
            Ok(response::html(PAGE))
        } else {
            echo(request).await
        }
    });
    let page = app.get("/dir/page").await;
    assert_eq!(page.select("p.note"), ["One two three", "four"]);
    assert_eq!(page.select_attr("a", "id"), ["second"]);
    page.must_contain("<b>two</b>").must_contain("</b> three").must_not_contain("five");
    assert_eq!(page.links().len(), 4);
    let target = |request: paste_fixture::test_app::TestRequest| async move {
        request.await.json::<Value>()["target"].clone()
    };
    assert_eq!(target(page.click("First link")).await, "/one");
    assert_eq!(target(page.click("First")).await, "/one");
    assert_eq!(target(page.click("second")).await, "/dir/two?x=1");
    assert_eq!(target(page.click("/three")).await, "/three");
    assert_eq!(target(page.click_nth(2)).await, "/three");
    assert_eq!(target(page.goto("../up")).await, "/up");
    let mail = page.click("Mail").send().await.unwrap_err().to_string();
    assert!(mail.contains("of the scheme mailto"), "{mail}");
    let shown = std::fs::read_to_string(page.show().unwrap()).unwrap();
    assert_eq!(shown, PAGE);
}

#[tokio::test]
#[should_panic(expected = "2 links fit `link`; there are `a link` (/a), `b link` (/b)")]
async fn an_ambiguous_click_lists_the_links() {
    let page = "<!doctype html><title>x</title><a href=/a>a link</a><a href=/b>b link</a>";
    let app = TestApp::new(move |_: Request| async move { Ok(response::html(page)) });
    let _ = app.get("/").await.click("link");
}

#[tokio::test]
async fn the_display_of_a_response_is_fit_for_a_snapshot() {
    let app = TestApp::new(|_: Request| async { Ok(response::text("hi\n")) });
    assert_eq!(
        app.get("/").await.to_string(),
        "200 OK\ncontent-type: text/plain; charset=utf-8\n\nhi\n"
    );
}

#[tokio::test]
async fn parameters_beside_another_body_go_to_the_query() {
    let got: Value = TestApp::new(echo).post("/x").json(&[1]).param("a", 1).await.json();
    assert_eq!((&got["target"], &got["body"]), (&json!("/x?a=1"), &json!("[1]")));
}

#[tokio::test]
async fn a_redirect_to_another_origin_keeps_no_credentials() {
    let app = TestApp::new(|request: Request| async move {
        if request.uri().path() == "/away" {
            return Ok(response::redirect(StatusCode::FOUND, "http://b.example/"));
        }
        if request.uri().path() == "/near" {
            return Ok(response::redirect(StatusCode::FOUND, "/"));
        }
        let of_the_host = ["authorization", "cookie", "host"].map(|name| {
            let value = request.headers().get(name).map(|value| value.to_str().unwrap());
            value.unwrap_or("none").to_owned()
        });
        Ok(response::text(of_the_host.join(", ")))
    });
    let get = |target| {
        let request = app.get(target).header("authorization", "Basic eDp5");
        request.header("cookie", "sid=secret").header("host", "a.example").follow()
    };
    assert_eq!(get("/near").await.text(), "Basic eDp5, sid=secret, a.example");
    assert_eq!(get("/away").await.text(), "none, none, b.example");
}

#[tokio::test]
async fn findings_belong_to_their_exchange_and_levels_are_the_tests() {
    let app = TestApp::new(|request: Request| async move {
        let mut response = response::text("hi");
        if request.uri().path() == "/bad" {
            tokio::task::yield_now().await;
            response.headers_mut().insert(header::ETAG, HeaderValue::from_static("abc"));
        }
        Ok(response)
    });
    let (bad, good) = tokio::join!(app.get("/bad").send(), app.get("/good").send());
    assert!(bad.is_err() && good.is_ok());
    let lax =
        paste_fixture::Lint::new().rule("etag-quotes", paste_fixture::lint::Level::Off).unwrap();
    assert!(app.lint(lax).get("/bad").await.findings().is_empty());
}

#[tokio::test]
async fn a_plain_204_of_axum_breaks_no_rule() {
    let router: axum::Router =
        axum::Router::new().route("/", axum::routing::get(async || StatusCode::NO_CONTENT));
    assert!(TestApp::of_service(router).get("/").await.findings().is_empty());
}

#[tokio::test]
async fn the_lint_fails_a_test_unless_it_is_allowed_or_off() {
    let app = TestApp::new(|_: Request| async {
        let mut response = response::text("hi");
        response.headers_mut().insert(header::ETAG, HeaderValue::from_static("abc"));
        Ok(response)
    });
    let error = app.get("/").send().await.unwrap_err().to_string();
    assert!(
        error.contains("breaks a rule of HTTP") && error.contains("lint: etag-quotes: "),
        "{error}"
    );
    let allowed = app.get("/").allow_findings().await;
    assert_eq!(allowed.findings()[0].rule.id, "etag-quotes");
    assert!(app.without_lint().get("/").await.findings().is_empty());
}
