//! One test per rule of `Delivery`.

use http::{HeaderName, HeaderValue, header};
use paste_fixture::TestApp;
use paste_static::{ActiveContent, DataApp, Delivery, StaticDir};

/// The value of a header in the answer for `path`.
async fn told(delivery: &Delivery, path: &str, header: &str) -> Option<String> {
    let app = TestApp::new(DataApp::new(path, "x").delivery(delivery.clone()));
    app.get("/").await.header(header).map(str::to_owned)
}

#[tokio::test]
async fn rule_1_types_and_charsets() {
    let (plain, latin) = (Delivery::new(), Delivery::new().charset("iso-8859-1"));
    for (path, expected) in [
        ("a.txt", "text/plain; charset=utf-8"),
        ("a.HTML", "text/html; charset=utf-8"),
        ("a.png", "image/png"),
        ("a.tar.gz", "application/gzip"),
        ("a", "application/octet-stream"),
    ] {
        assert_eq!(told(&plain, path, "content-type").await.as_deref(), Some(expected));
        assert_eq!(told(&plain, path, "x-content-type-options").await.as_deref(), Some("nosniff"));
    }
    assert_eq!(
        told(&latin, "a.txt", "content-type").await.unwrap(),
        "text/plain; charset=iso-8859-1"
    );
    let bare = Delivery::new().charset("");
    assert_eq!(told(&bare, "a.txt", "content-type").await.unwrap(), "text/plain");
}

#[tokio::test]
async fn rule_2_the_longest_pattern_that_fits_says_how_to_cache() {
    let value = HeaderValue::from_static;
    let delivery = Delivery::new()
        .cache("*", value("no-cache"))
        .and_then(|delivery| delivery.cache("*.css", value("max-age=1")))
        .and_then(|delivery| delivery.cache("/assets/**", value("max-age=2")))
        .and_then(|delivery| delivery.cache("a[0-9].js", value("max-age=3")))
        .unwrap();
    for (path, expected) in [
        ("a.txt", "no-cache"),
        ("a.css", "max-age=1"),
        ("sub/a.css", "max-age=1"),
        ("assets/a.css", "max-age=2"),
        ("assets/deep/x", "max-age=2"),
        ("sub/assets/x", "no-cache"),
        ("a1.js", "max-age=3"),
        ("ab.js", "no-cache"),
    ] {
        assert_eq!(
            told(&delivery, path, "cache-control").await.as_deref(),
            Some(expected),
            "{path}"
        );
    }
    assert_eq!(told(&Delivery::new(), "a.css", "cache-control").await, None);
    let error = Delivery::new().cache("a[", value("x")).unwrap_err();
    assert!(error.to_string().starts_with("the pattern `a[`: "));
}

#[tokio::test]
async fn rule_2_patterns_see_the_decoded_path() {
    let base = tempfile::tempdir().unwrap();
    std::fs::create_dir(base.path().join("private")).unwrap();
    std::fs::write(base.path().join("private/a"), "x").unwrap();
    let delivery = Delivery::new().cache("/private/*", HeaderValue::from_static("no-store"));
    let app = TestApp::new(StaticDir::new(base.path()).delivery(delivery.unwrap()));
    for target in ["/private/a", "/%70rivate/a", "//private//a"] {
        let answer = app.get("/").raw_target(target).await;
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{target}");
    }
}

#[tokio::test]
async fn rule_3_hashed_names_are_immutable_where_told() {
    let delivery = Delivery::new().immutable(true);
    let immutable = Some("public, max-age=31536000, immutable");
    for (path, expected) in [
        ("app.3f2a9c1b.js", immutable),
        ("index-BkXz12qA.css", immutable),
        ("app.js", None),
        ("report-20240101.pdf", None),
        ("some-identifier.js", None),
        ("3f2a9c1b", None),
    ] {
        assert_eq!(told(&delivery, path, "cache-control").await.as_deref(), expected, "{path}");
        assert_eq!(told(&Delivery::new(), path, "cache-control").await, None);
    }
    let ruled = delivery.cache("*.js", HeaderValue::from_static("no-cache")).unwrap();
    let told = told(&ruled, "app.3f2a9c1b.js", "cache-control").await;
    assert_eq!(told.as_deref(), Some("no-cache"));
}

#[tokio::test]
async fn rule_4_active_content_is_kept_apart_where_told() {
    let sandbox = Delivery::new().active(ActiveContent::Sandbox);
    let attachment = Delivery::new().active(ActiveContent::Attachment);
    for (path, is_active) in [
        ("a.html", true),
        ("a.svg", true),
        ("a.xhtml", true),
        ("a.xml", true),
        ("a.atom", true),
        ("a.txt", false),
        ("a.png", false),
    ] {
        let policy = told(&sandbox, path, "content-security-policy").await;
        assert_eq!(policy.as_deref(), is_active.then_some("sandbox"), "{path}");
        let saved = told(&attachment, &format!("up/{path}"), "content-disposition").await;
        let expected = format!("attachment; filename=\"{path}\"");
        assert_eq!(saved, is_active.then_some(expected), "{path}");
        assert_eq!(told(&Delivery::new(), path, "content-security-policy").await, None);
    }
}

#[tokio::test]
async fn rule_5_further_headers_are_set_and_never_frame() {
    let delivery = Delivery::new()
        .header(HeaderName::from_static("x-a"), HeaderValue::from_static("b"))
        .header(header::CONTENT_LENGTH, HeaderValue::from_static("7"))
        .header(header::TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
    for (name, expected) in
        [("x-a", Some("b")), ("content-length", None), ("transfer-encoding", None)]
    {
        assert_eq!(told(&delivery, "a", name).await.as_deref(), expected);
    }
    let app = TestApp::new(DataApp::new("a", "x").delivery(delivery));
    assert_eq!(
        app.get("/missing").header("range", "bytes=5-").expect(416).await.header("x-a"),
        None
    );
}

#[tokio::test]
async fn ranges_are_limited() {
    for (limit, expected) in [(0, 200), (1, 200), (2, 206)] {
        let delivery = Delivery::new().max_ranges(limit);
        let app = TestApp::new(DataApp::new("a", "0123456789").delivery(delivery));
        app.get("/").header("range", "bytes=0-0,5-5").expect(expected).await;
        let whole = app.get("/").await;
        assert_eq!(whole.header("accept-ranges"), (limit > 0).then_some("bytes"));
    }
}
