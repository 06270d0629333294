//! One test per rule of listings.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;

use paste_core::{AppExt, Next, Request, RequestExt, from_fn};
use paste_fixture::TestApp;
use paste_static::{StaticDir, Symlinks};
use serde_json::Value;

fn site() -> (tempfile::TempDir, StaticDir) {
    let base = tempfile::tempdir().unwrap();
    let root = base.path().join("root");
    fs::create_dir_all(root.join("sub/deep")).unwrap();
    for (path, content) in [
        ("secret", "secret"),
        ("root/a.txt", "alpha"),
        ("root/b.txt", "be"),
        ("root/.env", "secret"),
        ("root/sub/index.html", "index"),
        ("root/sub/deep/c", "c"),
    ] {
        fs::write(base.path().join(path), content).unwrap();
    }
    symlink("a.txt", root.join("in")).unwrap();
    symlink("../secret", root.join("out")).unwrap();
    symlink(".env", root.join("hidden")).unwrap();
    let made = std::process::Command::new("mkfifo").arg(root.join("pipe")).status().unwrap();
    assert!(made.success());
    (base, StaticDir::new(root).listing(true))
}

async fn names(files: &StaticDir, target: &str) -> Vec<String> {
    let app = TestApp::new(files.clone());
    let answer = app.get(target).header("accept", "application/json").await;
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let entries = answer.json::<Vec<Value>>();
    entries.iter().map(|entry| entry["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn rule_1_what_is_listed_is_what_is_served() {
    let (_base, files) = site();
    for (policy, dotfiles, expected) in [
        (Symlinks::Inside, false, &["sub", "a.txt", "b.txt", "in"][..]),
        (Symlinks::Deny, false, &["sub", "a.txt", "b.txt"]),
        (Symlinks::Follow, false, &["sub", "a.txt", "b.txt", "hidden", "in", "out"]),
        (Symlinks::Inside, true, &["sub", ".env", "a.txt", "b.txt", "hidden", "in"]),
    ] {
        let files = files.clone().symlinks(policy).dotfiles(dotfiles);
        assert_eq!(names(&files, "/").await, expected, "{policy:?} {dotfiles}");
        for name in ["sub/deep/", ".env", "a.txt", "b.txt", "hidden", "in", "out", "pipe"] {
            let app = TestApp::new(files.clone());
            let is_served = app.get(&format!("/{name}")).expect_any().await.status() == 200;
            let is_listed = expected.contains(&name.trim_end_matches("/deep/"));
            assert_eq!(is_served, is_listed, "{name} {policy:?}");
        }
    }
    let app = TestApp::new(files.clone());
    assert_eq!(app.get("/sub/").await.text(), "index");
    app.get("/sub/deep").expect(301).await;
    TestApp::new(files.listing(false)).get("/").expect(404).await;
}

#[tokio::test]
async fn rule_2_accept_chooses() {
    let (_base, files) = site();
    let app = TestApp::new(files);
    for (accept, expected) in [
        ("*/*", "text/html; charset=utf-8"),
        ("text/html,application/json;q=0.9", "text/html; charset=utf-8"),
        ("application/json", "application/json"),
        ("image/png", "text/html; charset=utf-8"),
    ] {
        let answer = app.get("/").header("accept", accept).await;
        assert_eq!(answer.header("content-type"), Some(expected), "{accept}");
        assert_eq!(answer.header("vary"), Some("accept"));
    }
    let answer = app.get("/").header("accept", "application/json").await;
    let file = answer.json::<Vec<Value>>()[1].clone();
    assert_eq!(
        (&file["name"], &file["type"], &file["size"]),
        (&"a.txt".into(), &"file".into(), &5.into())
    );
    assert!(file["modified"].as_str().unwrap().ends_with(" GMT"));
}

#[tokio::test]
async fn rule_3_the_query_sorts() {
    let (_base, files) = site();
    let files = files.symlinks(Symlinks::Deny);
    for (query, expected) in [
        ("", ["sub", "a.txt", "b.txt"]),
        ("?order=desc", ["sub", "b.txt", "a.txt"]),
        ("?sort=size", ["sub", "b.txt", "a.txt"]),
        ("?sort=size&order=desc", ["sub", "a.txt", "b.txt"]),
        ("?sort=<script>&order=x", ["sub", "a.txt", "b.txt"]),
    ] {
        assert_eq!(names(&files, &format!("/{query}")).await, expected, "{query}");
    }
    let page = TestApp::new(files).get("/?sort=size").await.text();
    assert!(page.contains(r#"<th aria-sort="ascending"><a href="?sort=size&amp;order=desc">"#));
    assert!(!page.contains("../"), "the root has nothing above it");
}

#[tokio::test]
async fn rule_4_cve_2026_25500_and_others_names_are_text_and_links_stay_below() {
    let (base, files) = site();
    let names: [&[u8]; 8] = [
        b"\"><img src=x onerror=alert(1)>.txt",
        b"javascript:alert(1)",
        b"a&b<c>.txt",
        b"'quoted' \"twice\"",
        b"new\nline",
        b"100%25",
        b"caf\xE9",
        b"question?x#y",
    ];
    for name in names {
        let path = base.path().join("root").join(std::ffi::OsStr::from_bytes(name));
        fs::write(path, "odd").unwrap();
    }
    fs::create_dir(base.path().join("root/<script>alert(1)<")).unwrap();
    let app = TestApp::new(files.clone());
    let page = app.get("/").await;
    for tag in ["<img", "<script", "<c>", "href=\"javascript"] {
        page.must_not_contain(tag);
    }
    let text = page.text();
    let links: Vec<&str> =
        text.split("<a href=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let odd = links.iter().filter(|link| link.starts_with("./"));
    let mut served = 0;
    for link in odd {
        let answer = app.get("/").raw_target(&link[1..]).expect_any().await;
        assert_eq!(answer.status(), 200, "{link}");
        served += usize::from(answer.bytes() == "odd");
    }
    assert_eq!(served, names.len());
    let entries = app.get("/").header("accept", "application/json").await.json::<Vec<Value>>();
    let mut hrefs: Vec<_> = entries.iter().map(|entry| entry["href"].as_str().unwrap()).collect();
    let mut shown: Vec<_> = links.iter().copied().filter(|link| link.starts_with("./")).collect();
    hrefs.sort_unstable();
    shown.sort_unstable();
    assert_eq!(hrefs, shown);
    assert!(hrefs.contains(&"./caf%E9") && hrefs.contains(&"./sub/"), "{hrefs:?}");
    // The path that was asked for is text, too.
    let mounted = files.with(from_fn(|mut request: Request, next: Next| async move {
        request.shift_path_info();
        next.call(request).await
    }));
    let page = TestApp::new(mounted).get("/").raw_target("/%3Cimg%20src=x%3E/").await;
    page.must_contain("&lt;img src=x&gt;/");
    page.must_not_contain("<img");
}

#[tokio::test]
async fn rule_5_a_listing_has_a_weak_tag_and_no_ranges() {
    let (base, files) = site();
    let app = TestApp::new(files);
    let page = app.get("/").await;
    let tag = page.header("etag").unwrap();
    assert!(tag.starts_with("W/\""), "{tag}");
    assert_eq!(page.header("accept-ranges"), None);
    app.get("/").header("range", "bytes=0-0").expect(200).await;
    app.get("/").header("if-none-match", tag).expect(304).await;
    fs::write(base.path().join("root/new"), "").unwrap();
    app.get("/").header("if-none-match", tag).expect(200).await;
    app.post("/").expect(405).await;
    assert_eq!(app.head("/").await.bytes().len(), 0);
}

#[tokio::test]
async fn rule_5_a_huge_directory_is_cut() {
    let base = tempfile::tempdir().unwrap();
    for number in 0..10_003 {
        fs::write(base.path().join(number.to_string()), "").unwrap();
    }
    let files = StaticDir::new(base.path()).listing(true);
    assert_eq!(names(&files, "/").await.len(), 10_000);
    TestApp::new(files).get("/").await.must_contain("Only the first 10000 entries are shown.");
}
