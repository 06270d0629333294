//! One test per rule of `StaticDir`.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

use http::Method;
use paste_core::{App, AppExt, Body, Next, Request, RequestExt, from_fn};
use paste_fixture::TestApp;
use paste_fixture::test_app::TestResponse;
use paste_static::{StaticDir, Symlinks};

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
    assert_eq!(
        (refused.status().as_u16(), refused.header("allow")),
        (405, Some("GET, HEAD, OPTIONS"))
    );
    let options = ask(&files, Method::OPTIONS, "/a.txt").await;
    let allow = Some("GET, HEAD, OPTIONS");
    assert_eq!((options.status().as_u16(), options.header("allow")), (204, allow));
    assert_eq!(ask(&files, Method::OPTIONS, "/missing").await.status(), 404);
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

#[tokio::test]
async fn rule_2_policies_allow_more_or_less() {
    let (_base, files) = site();
    for (symlinks, inside, outside, hidden) in [
        (Symlinks::Inside, 200, 404, 404),
        (Symlinks::Deny, 404, 404, 404),
        (Symlinks::Follow, 200, 200, 200),
    ] {
        let files = files.clone().symlinks(symlinks);
        for (target, expected) in [
            ("/in", inside),
            ("/out", outside),
            ("/outdir/x", outside),
            ("/hidden.txt", hidden),
            ("/a.txt", 200),
        ] {
            assert_eq!(get(&files, target).await.0, expected, "{target} {symlinks:?}");
        }
    }
    let files = files.dotfiles(true);
    assert_eq!(get(&files, "/.env").await.0, 200);
    assert_eq!(get(&files, "/../secret.txt").await.0, 404);
}

#[tokio::test]
async fn rule_6_a_directory_that_may_only_be_passed_serves_its_files() {
    let (base, files) = site();
    let sub = base.path().join("root/sub");
    fs::set_permissions(&sub, fs::Permissions::from_mode(0o311)).unwrap();
    assert_eq!(get(&files, "/sub/").await.0, 200);
    assert_eq!(get(&files, "/sub/index.html").await.0, 200);
    fs::set_permissions(&sub, fs::Permissions::from_mode(0o755)).unwrap();
}

#[tokio::test]
async fn rule_7_a_replaced_file_has_another_tag_and_shows_at_once() {
    let (base, files) = site();
    let path = base.path().join("root/a.txt");
    let before = ask(&files, Method::GET, "/a.txt").await;
    let tag = before.header("etag").unwrap().to_owned();
    assert!(tag.starts_with('"'), "{tag}");
    assert_eq!(ask(&files, Method::HEAD, "/a.txt").await.header("etag"), Some(&*tag));
    let new = base.path().join("root/new");
    fs::write(&new, "omega").unwrap();
    let modified = fs::metadata(&path).unwrap().modified().unwrap();
    fs::File::options().write(true).open(&new).unwrap().set_modified(modified).unwrap();
    fs::rename(&new, &path).unwrap();
    let after = ask(&files, Method::GET, "/a.txt").await;
    assert_eq!(after.text(), "omega");
    assert_ne!(after.header("etag"), Some(&*tag), "same length, same time, another file");
}

#[tokio::test]
async fn rule_7_a_change_that_sets_the_time_back_gives_another_tag() {
    let (base, files) = site();
    let path = base.path().join("root/a.txt");
    let tag = ask(&files, Method::GET, "/a.txt").await.header("etag").unwrap().to_owned();
    let before = fs::metadata(&path).unwrap();
    // The inode's time has ticks, and a change may fall into that of the file's making.
    while fs::metadata(&path).unwrap().ctime_nsec() == before.ctime_nsec() {
        fs::write(&path, "omega").unwrap();
        let file = fs::File::options().write(true).open(&path).unwrap();
        file.set_modified(before.modified().unwrap()).unwrap();
    }
    let answer = ask(&files, Method::GET, "/a.txt").await;
    assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), before.modified().unwrap());
    assert_ne!(answer.header("etag"), Some(&*tag));
}

#[tokio::test]
async fn rule_7_a_file_replaced_or_deleted_while_it_is_sent_is_sent_to_its_end() {
    let (base, files) = site();
    let path = base.path().join("root/long");
    for replace in [true, false] {
        fs::write(&path, "x".repeat(200_000)).unwrap();
        let request = http::Request::get("/long").body(Body::empty()).unwrap();
        let mut body = files.call(request).await.unwrap().into_body();
        let mut read = body.chunk().await.unwrap().unwrap().to_vec();
        fs::remove_file(&path).unwrap();
        if replace {
            fs::write(&path, "y".repeat(200_000)).unwrap();
        }
        while let Some(chunk) = body.chunk().await.unwrap() {
            read.extend_from_slice(&chunk);
        }
        assert!(read.len() == 200_000 && read.iter().all(|byte| *byte == b'x'));
    }
}

#[tokio::test]
async fn rule_7_file_bodies_stay_file_bodies() {
    let (_base, files) = site();
    for (range, expected) in [(None, (0, 5)), (Some("bytes=1-2"), (1, 2))] {
        let mut request = http::Request::get("/a.txt");
        if let Some(range) = range {
            request = request.header("range", range);
        }
        let answer = files.call(request.body(Body::empty()).unwrap()).await.unwrap();
        let range = answer.body().file_range().unwrap();
        assert_eq!((range.offset, range.length), expected);
    }
}

/// Makes siblings of `/app.js`, some of them older than it.
fn with_siblings(base: &tempfile::TempDir) {
    let file = |name: &str, content: &str, age: u64| {
        let path = base.path().join("root").join(name);
        fs::write(&path, content).unwrap();
        let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_700_000_000 - age);
        fs::File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
    };
    file("app.js", "plain", 10);
    file("app.js.br", "brotli", 5);
    file("app.js.gz", "gzip", 10);
    file("app.js.zst", "stale", 11);
}

#[tokio::test]
async fn rule_8_a_compressed_sibling_is_sent_to_who_decodes_it() {
    let (base, files) = site();
    with_siblings(&base);
    let mut tags = Vec::new();
    for (accept, content, coding) in [
        ("", "plain", None),
        ("br", "brotli", Some("br")),
        ("gzip, br", "gzip", Some("gzip")),
        ("gzip;q=0.5, br;q=0.9", "brotli", Some("br")),
        ("gzip, br;q=0", "gzip", Some("gzip")),
        ("*", "brotli", Some("br")),
        ("zstd", "plain", None),
        ("gzip;q=0", "plain", None),
        ("identity;q=0, deflate", "plain", None),
    ] {
        let app = TestApp::new(files.clone());
        let answer = app.get("/app.js").header("accept-encoding", accept).await;
        assert_eq!(answer.bytes(), content.as_bytes(), "{accept}");
        assert_eq!(answer.header("content-encoding"), coding, "{accept}");
        assert_eq!(answer.header("vary"), Some("accept-encoding"), "{accept}");
        assert_eq!(answer.header("content-type"), Some("text/javascript; charset=utf-8"));
        tags.push((answer.header("etag").unwrap().to_owned(), content));
    }
    for (one, content) in &tags {
        assert!(tags.iter().all(|(tag, other)| (tag == one) == (other == content)));
    }
    let off = TestApp::new(files.clone().precompressed(false));
    let answer = off.get("/app.js").header("accept-encoding", "br").await;
    assert_eq!((&*answer.text(), answer.header("vary")), ("plain", None));
    let alone = TestApp::new(files).get("/a.txt").header("accept-encoding", "br").await;
    assert_eq!((&*alone.text(), alone.header("vary")), ("alpha", None));
}

#[tokio::test]
async fn rule_9_fallbacks_answer_where_nothing_else_does() {
    let (base, files) = site();
    fs::write(base.path().join("root/about.html"), "about").unwrap();
    assert_eq!(get(&files, "/about").await.0, 404);
    let files = files.html_extension(true);
    assert_eq!(get(&files, "/about").await, (200, "about".to_owned()));
    assert_eq!(get(&files, "/about/").await.0, 404);
    assert_eq!(get(&files, "/sub").await.0, 301);
    assert_eq!(get(&files, "/").await.0, 404);

    let app = TestApp::new(files.spa("about.html"));
    let page = app.get("/deep/route").header("accept", "text/html").await;
    assert_eq!(page.header("vary"), Some("accept"));
    assert_eq!(app.get("/about.html").await.header("vary"), None);
    let missing = app.get("/deep/route").header("accept", "image/png").expect(404).await;
    assert_eq!(missing.header("vary"), Some("accept"));
    for (target, accept, expected) in [
        ("/deep/route", "text/html", 200),
        ("/", "text/html,*/*;q=0.8", 200),
        ("/deep/route/", "text/html", 200),
        ("/deep/app.js", "text/html", 404),
        ("/deep/route", "*/*", 404),
        ("/deep/route", "application/json", 404),
        ("/deep/route", "text/html;q=0", 404),
        ("/../secret", "text/html", 404),
        ("/.env", "text/html", 404),
    ] {
        let answer = app.get("/").raw_target(target).header("accept", accept).expect_any().await;
        assert_eq!(answer.status(), expected, "{target} {accept}");
        assert!(expected != 200 || answer.text() == "about");
    }
}
