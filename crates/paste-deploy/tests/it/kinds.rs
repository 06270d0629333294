//! What each kind does with a request.

use paste_core::Body;
use serde_json::{Value, json};

use super::{Fixture, ask, get};

#[tokio::test]
async fn static_serves_files_below_a_root_beside_the_file() {
    let app = Fixture::new("[app.main]\nuse = \"static\"\nroot = \"public\"\nindex = [\"a.txt\"]");
    let served = app.app();
    for (target, expected) in [("/a.txt", (200, "alpha")), ("/", (200, "alpha"))] {
        let (head, text) = ask(&served, get(target)).await;
        assert_eq!((head.status.as_u16(), &*text), expected, "{target}");
    }
    assert_eq!(ask(&served, get("/site.toml")).await.0.status, 404);
}

#[tokio::test]
async fn text_answers_any_method_with_its_status_type_and_headers() {
    let site = Fixture::new(
        "[app.main]\nuse = \"text\"\nbody = \"<p>\"\nstatus = 418\ncontent_type = \"text/html\"\nheaders = { X-A = \"b\" }",
    );
    for method in ["GET", "POST", "BREW"] {
        let request = http::Request::builder().method(method).body(Body::empty()).unwrap();
        let (head, text) = ask(&site.app(), request).await;
        assert_eq!((head.status.as_u16(), &*text), (418, "<p>"), "{method}");
        assert_eq!(
            (&head.headers["content-type"], &head.headers["x-a"]),
            (&"text/html".parse().unwrap(), &"b".parse().unwrap())
        );
    }
}

#[tokio::test]
async fn redirect_answers_any_method() {
    for (status, expected) in [("", 302), ("status = 308", 308)] {
        let site =
            Fixture::new(&format!("[app.main]\nuse = \"redirect\"\nto = \"/x y\"\n{status}"));
        let request = http::Request::post("/a?b").body(Body::empty()).unwrap();
        let (head, _) = ask(&site.app(), request).await;
        assert_eq!(
            (head.status.as_u16(), head.headers["location"].to_str().unwrap()),
            (expected, "/x%20y")
        );
    }
}

#[tokio::test]
async fn dump_tells_what_the_app_sees() {
    let site = Fixture::new(
        "app.main = { use = \"urlmap\", mount = { \"/d\" = \"dump\" } }\napp.dump.use = \"dump\"",
    );
    let request = http::Request::put("/d/a%20b/%C3%A9?x=1&y=%2B+&x=2&z")
        .header("host", "a.example:81")
        .header("x-a", "1")
        .header("x-a", "2")
        .body(Body::from("12345"));
    let (head, text) = ask(&site.app(), request.unwrap()).await;
    assert_eq!(head.headers["content-type"], "application/json");
    let expected = json!({
        "method": "PUT", "scheme": "http", "host": "a.example:81", "script_name": "/d", "path_info": "/a b/é",
        "query": [["x", "1"], ["y", "+ "], ["x", "2"], ["z", ""]],
        "headers": [["host", "a.example:81"], ["x-a", "1"], ["x-a", "2"]],
        "remote_user": null, "client_addr": null, "session": null, "body_length": 5,
    });
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), expected);
    assert!(
        text.starts_with(r#"{"method":"PUT","scheme":"http","host""#),
        "in the order of the docs: {text}"
    );
}

#[tokio::test]
async fn urlmap_mounts_by_path_and_host_with_a_default() {
    let site = Fixture::new(
        r#"
        [app.main]
        use = "urlmap"
        mount = { "/a" = "a", "//b.example/" = "b" }
        default = "c"
        [app]
        a = { use = "text", body = "a" }
        b = { use = "text", body = "b" }
        c = { use = "text", body = "c" }
        "#,
    );
    let at_b = http::Request::get("/a").header("host", "b.example").body(Body::empty()).unwrap();
    assert_eq!(ask(&site.app(), get("/a/x")).await.1, "a");
    assert_eq!(ask(&site.app(), at_b).await.1, "b");
    assert_eq!(ask(&site.app(), get("/ab")).await.1, "c");
}

#[tokio::test]
async fn filters_wrap_in_the_order_of_the_list_the_first_outermost() {
    let site = Fixture::new(
        r#"
        [app.main]
        use = "text"
        body = ""
        filters = ["outer", "inner", "http-errors"]
        [filter.outer]
        use = "headers"
        set = { X-A = "outer", X-B = "outer" }
        [filter.inner]
        use = "headers"
        set = { X-A = "inner" }
        remove = ["content-type"]
        "#,
    );
    let (head, _) = ask(&site.app(), get("/")).await;
    assert_eq!((&head.headers["x-a"], head.headers.len()), (&"outer".parse().unwrap(), 2));
}

#[tokio::test]
async fn http_errors_renders_where_it_stands() {
    let site = Fixture::new(
        "[app.main]\nuse = \"static\"\nroot = \"public\"\nfilters = [\"http-errors\"]",
    );
    let answer = paste_core::App::call(&site.app(), get("/missing")).await;
    assert_eq!(answer.expect("a response, not an error").status(), 404);
}
