//! One test per rule of `StaticDir`.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use http::Method;
use paste_core::{App, AppExt, Body, Next, Request, RequestExt, from_fn};
use paste_fixture::TestApp;
use paste_fixture::test_app::TestResponse;
use paste_static::StaticDir;

/// A root beside a file that must never be served.
fn site() -> (tempfile::TempDir, StaticDir) {
    let base = tempfile::tempdir().unwrap();
    let root = base.path().join("root");
    fs::create_dir_all(root.join("sub/empty")).unwrap();
    fs::create_dir(root.join(".well-known")).unwrap();
    fs::create_dir(base.path().join("rootsecret")).unwrap();
    for (path, content) in [
        ("secret.txt", "secret"),
        ("rootsecret/x", "secret"),
        ("root/a.txt", "alpha"),
        ("root/sub/index.html", "<p>sub</p>"),
        ("root/.env", "secret"),
        ("root/.well-known/x", "known"),
        ("root/é x.json", "{}"),
        ("root/empty", ""),
    ] {
        fs::write(base.path().join(path), content).unwrap();
    }
    symlink("../secret.txt", root.join("out")).unwrap();
    symlink("../rootsecret", root.join("outdir")).unwrap();
    symlink("a.txt", root.join("in")).unwrap();
    symlink("loop", root.join("loop")).unwrap();
    symlink(".env", root.join("hidden.txt")).unwrap();
    symlink("empty", root.join("page.html")).unwrap();
    let files = StaticDir::new("root").relative_to(base.path());
    (base, files)
}

/// Asks for a target as it is.
async fn ask(files: &StaticDir, method: Method, target: &str) -> TestResponse {
    let app = TestApp::new(files.clone());
    app.request(method, "/").raw_target(target).expect_any().await
}

async fn get(files: &StaticDir, target: &str) -> (u16, String) {
    let answer = ask(files, Method::GET, target).await;
    (answer.status().as_u16(), answer.text())
}

#[tokio::test]
async fn rule_1_other_methods_are_a_405() {
    let (_base, files) = site();
    let refused = ask(&files, Method::POST, "/a.txt").await;
    assert_eq!((refused.status().as_u16(), refused.header("allow")), (405, Some("GET, HEAD")));
    let head = ask(&files, Method::HEAD, "/a.txt").await;
    assert_eq!((head.header("content-length"), head.bytes().len()), (Some("5"), 0));
}

#[tokio::test]
async fn rule_2_what_is_not_below_the_root_is_a_404() {
    let (_base, files) = site();
    for target in [
        "/missing",
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/sub/../../secret.txt",
        "/sub/..",
        "/out",
        "/outdir/x",
        "/loop",
        "/hidden.txt",
        "/.env",
        "/a.txt/",
        "/a.txt/more",
        "/..%2fsecret.txt",
        "/a.txt%00",
        "/a.txt%00.html",
        "/sub%2Findex.html",
        "/../rootsecret/x",
        "/%E9",
        "/sub/empty/",
        "/",
    ] {
        let (status, body) = get(&files, target).await;
        assert_eq!(status, 404, "{target}");
        assert!(!body.contains("secret") && !body.contains("root"), "{target}: {body}");
    }
    let long = format!("/{}", "x".repeat(5000));
    assert_eq!(get(&files, &long).await.0, 404);
    for (target, content) in [("/in", "alpha"), ("/.well-known/x", "known"), ("//a.txt", "alpha")] {
        assert_eq!(get(&files, target).await, (200, content.to_owned()), "{target}");
    }
}

#[tokio::test]
async fn rule_3_a_directory_without_its_slash_redirects() {
    let (_base, files) = site();
    for (target, shifted, location) in [
        ("/sub", 0, "/sub/"),
        ("/sub?a=1&b=//x", 0, "/sub/?a=1&b=//x"),
        ("/wiki", 1, "/wiki/"),
        ("/wiki?q", 1, "/wiki/?q"),
        ("/wiki//sub", 1, "/wiki/sub/"),
        ("//sub", 0, "/sub/"),
        ("///sub//empty", 0, "/sub/empty/"),
        ("/s%75b", 0, "/s%75b/"),
    ] {
        let mounted =
            files.clone().with(from_fn(move |mut request: Request, next: Next| async move {
                assert!(request.shift_segments(shifted));
                next.call(request).await
            }));
        let redirect = TestApp::new(mounted).get("/").raw_target(target).expect(301).await;
        assert_eq!(redirect.header("location"), Some(location));
    }
}

#[tokio::test]
async fn rule_4_a_directory_is_answered_by_its_index() {
    let (_base, files) = site();
    assert_eq!(get(&files, "/sub/").await, (200, "<p>sub</p>".to_owned()));
    let files = files.index(["none", "a.txt"]);
    assert_eq!(get(&files, "/").await, (200, "alpha".to_owned()));
    assert_eq!(get(&files, "/sub/").await.0, 404);
}

#[tokio::test]
async fn rule_5_a_file_has_its_type_and_length() {
    let (base, files) = site();
    for (target, content_type, content) in [
        ("/a.txt", "text/plain; charset=utf-8", "alpha"),
        ("/%C3%A9%20x.json", "application/json", "{}"),
        ("/empty", "application/octet-stream", ""),
        ("/page.html", "text/html; charset=utf-8", ""),
        ("/sub/index.html", "text/html; charset=utf-8", "<p>sub</p>"),
    ] {
        let answer = ask(&files, Method::GET, target).await;
        assert_eq!((answer.status().as_u16(), &*answer.text()), (200, content), "{target}");
        assert_eq!(answer.header("content-type"), Some(content_type));
        assert!(answer.header("last-modified").unwrap().ends_with(" GMT"));
    }
    let long: String = ('a'..='z').cycle().take(200_000).collect();
    fs::write(base.path().join("root/long"), &long).unwrap();
    assert!(get(&files, "/long").await.1 == long);
}

#[tokio::test]
async fn rule_5_a_file_that_shrinks_cuts_the_response() {
    let (base, files) = site();
    let path = base.path().join("root/shrinks");
    fs::write(&path, "x".repeat(200_000)).unwrap();
    let request = http::Request::get("/shrinks").body(Body::empty()).unwrap();
    let mut body = files.call(request).await.unwrap().into_body();
    assert_eq!(http_body::Body::size_hint(&body).exact(), Some(200_000));
    assert!(body.chunk().await.unwrap().is_some());
    fs::write(&path, "").unwrap();
    assert!(body.chunk().await.is_err());
}

#[tokio::test]
async fn rule_6_what_may_not_be_read_is_a_403() {
    let (base, files) = site();
    let path = base.path().join("root/a.txt");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    let readable_anyway = fs::read(&path).is_ok(); // root reads everything
    let expected = if readable_anyway { 200 } else { 403 };
    assert_eq!(get(&files, "/a.txt").await.0, expected);
}
