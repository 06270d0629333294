//! One test per rule of `When`.

use http::{HeaderName, HeaderValue, Method};
use paste_core::{AppExt, BoxApp, Middleware, Next, Request, Result, from_fn, response};
use paste_dispatch::{UrlMap, When};
use paste_fixture::TestApp;

/// A middleware that tells that it was there.
fn marking() -> When<impl Middleware<BoxApp> + Clone> {
    When::new(from_fn(|_: Request, _: Next| async { Ok(response::text("through")) }))
}

fn app(when: When<impl Middleware<BoxApp> + Clone>) -> TestApp {
    async fn site(_: Request) -> Result {
        Ok(response::text("past"))
    }
    TestApp::new(UrlMap::new().mount("/app", site.with(when)).unwrap())
}

#[tokio::test]
async fn rule_1_all_conditions_must_hold() {
    assert_eq!(app(marking()).get("/app").await.text(), "through");
    let strict = marking().path("/a").method([Method::POST]).matches(|r| r.uri().query().is_none());
    let app = app(strict);
    assert_eq!(app.post("/app/a").allow_findings().await.text(), "through");
    for (method, target) in
        [(Method::GET, "/app/a"), (Method::POST, "/app/b"), (Method::POST, "/app/a?x")]
    {
        let answer = app.request(method, target).allow_findings().await;
        assert_eq!(answer.text(), "past", "{target}");
    }
}

#[tokio::test]
async fn rules_2_and_4_a_path_holds_by_whole_segments_from_the_mount() {
    for (path, target, expected) in [
        ("/admin/", "/app/admin", "through"),
        ("/admin/", "/app/admin/", "through"),
        ("/admin", "/app//admin//x", "through"),
        ("/admin", "/app/%61dmin/x", "through"),
        ("/café", "/app/caf%C3%A9", "through"),
        ("/a/b", "/app/a/b/c", "through"),
        ("/", "/app", "through"),
        ("/admin", "/app/administrator", "past"),
        ("/admin", "/app/x/admin", "past"),
        ("/admin", "/app/a%64min%2Fx", "through"),
        ("/admin", "/app/x%2Fadmin", "past"),
        ("/a/b", "/app/a", "past"),
        ("/app", "/app/x", "past"),
    ] {
        let app = app(marking().path(path));
        assert_eq!(app.get("/").raw_target(target).await.text(), expected, "{path} {target}");
    }
}

#[tokio::test]
async fn rule_3_a_method_or_a_header_is_one_of_those_sent() {
    let methods = app(marking().method([Method::PUT, Method::DELETE]));
    for (method, expected) in
        [(Method::PUT, "through"), (Method::DELETE, "through"), (Method::GET, "past")]
    {
        assert_eq!(methods.request(method, "/app").allow_findings().await.text(), expected);
    }
    let name = HeaderName::from_static("x-a");
    let headers = app(marking().header(name, HeaderValue::from_static("y")));
    for (values, expected) in
        [(&["y"][..], "through"), (&["x", "y"], "through"), (&["x"], "past"), (&[], "past")]
    {
        let request = headers.get("/app");
        let request = values.iter().fold(request, |request, value| request.header("x-a", value));
        assert_eq!(request.await.text(), expected, "{values:?}");
    }
}
