//! One test per rule of `FileTree`.

use std::fs;
use std::os::unix::fs::symlink;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::Method;
use paste_core::{AppExt, BoxApp, Request, RequestExt, Result, response};
use paste_fixture::TestApp;
use paste_static::{FileTree, FoundFile};

/// Tells what a handler sees.
async fn seen(request: Request) -> Result {
    let FoundFile(file) = request.extensions().get().unwrap();
    let name = file.file_name().unwrap().to_string_lossy();
    let (script_name, path_info) = (request.script_name(), request.path_info());
    Ok(response::text(format!("{name} [{script_name}] [{path_info}]")))
}

fn site() -> (tempfile::TempDir, FileTree) {
    let base = tempfile::tempdir().unwrap();
    let root = base.path().join("root");
    fs::create_dir_all(root.join("sub/deep")).unwrap();
    for (path, content) in [
        ("secret.txt", "secret"),
        ("root/index.txt", "index"),
        ("root/a.txt", "alpha"),
        ("root/b.app", "source"),
        ("root/plain", "plain"),
        ("root/twice.txt", "1"),
        ("root/twice.html", "2"),
        ("root/c.tar.gz", "gz"),
        ("root/a.bak", "secret"),
        ("root/run.py", "secret"),
        ("root/x.PHP", "secret"),
        ("root/.env", "secret"),
        ("root/data.xml", "<x/>"),
        ("root/sub/main.app", "source"),
        ("root/sub/deep/x.txt", "x"),
    ] {
        fs::write(base.path().join(path), content).unwrap();
    }
    symlink("../secret.txt", root.join("out.txt")).unwrap();
    symlink("a.txt", root.join("in.txt")).unwrap();
    let tree = FileTree::new(root).handler(".app", |_| Ok(seen.boxed()));
    (base, tree)
}

async fn get(tree: &FileTree, target: &str) -> (u16, String) {
    let answer = TestApp::new(tree.clone()).get("/").raw_target(target).expect_any().await;
    (answer.status().as_u16(), answer.text())
}

#[tokio::test]
async fn rules_1_and_6_what_names_nothing_is_a_404() {
    let (_base, tree) = site();
    for target in [
        "/missing",
        "/../secret.txt",
        "/%2e%2e/secret",
        "/..%2fsecret.txt",
        "/out.txt",
        "/out",
        "/.env",
        "/a.txt/",
        "/a.txt/more",
        "/a/more",
        "/run.py",
        "/run",
        "/x.PHP",
        "/x",
        "/sub/deep/",
        "/a%00",
    ] {
        let (status, body) = get(&tree, target).await;
        assert_eq!(status, 404, "{target}");
        assert!(!body.contains("secret"), "{target}");
    }
    for target in ["/in.txt", "/in", "/a.txt", "//a.txt"] {
        assert_eq!(get(&tree, target).await, (200, "alpha".to_owned()), "{target}");
    }
    let app = TestApp::new(tree);
    app.post("/a.txt").expect(405).await;
    let part = app.get("/a").header("range", "bytes=0-1").expect(206).await;
    assert_eq!(
        (&*part.text(), part.header("content-type")),
        ("al", Some("text/plain; charset=utf-8"))
    );
}

#[tokio::test]
async fn rule_2_extensions_may_be_left_out_where_that_is_clear() {
    let (_base, tree) = site();
    for (target, expected) in [
        ("/a", "alpha"),
        ("/plain", "plain"),
        ("/c.tar", "gz"),
        ("/c.tar.gz", "gz"),
        ("/twice.txt", "1"),
        ("/sub/deep/x", "x"),
    ] {
        assert_eq!(get(&tree, target).await, (200, expected.to_owned()), "{target}");
    }
    assert_eq!(get(&tree, "/twice").await.0, 404);
    assert_eq!(get(&tree, "/c").await.0, 404);
}

#[tokio::test]
async fn rule_3_directories_redirect_and_have_an_index() {
    let (_base, tree) = site();
    let redirect = TestApp::new(tree.clone()).get("/sub?x=1").expect(301).await;
    assert_eq!(redirect.header("location"), Some("/sub/?x=1"));
    assert_eq!(get(&tree, "/").await.1, "index");
    assert_eq!(get(&tree, "/sub/").await.1, "main.app [/sub] [/]");
    assert_eq!(get(&tree.index(["plain"]), "/").await.1, "plain");
}

#[tokio::test]
async fn rule_4_the_path_is_split_at_the_file() {
    let (_base, tree) = site();
    for (target, expected) in [
        ("/b.app", "b.app [/b.app] []"),
        ("/b", "b.app [/b] []"),
        ("/b/", "b.app [/b] [/]"),
        ("/b/more/%20x", "b.app [/b] [/more/ x]"),
        ("/sub//main.app/y", "main.app [/sub/main.app] [/y]"),
    ] {
        assert_eq!(get(&tree, target).await, (200, expected.to_owned()), "{target}");
    }
    let app = TestApp::new(tree);
    assert_eq!(app.request(Method::POST, "/b").await.text(), "b.app [/b] []");
}

#[tokio::test]
async fn rule_5_apps_are_made_once_and_anew_when_the_file_changes() {
    let (base, tree) = site();
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let tree = tree.handler(".app", move |file| -> Result<BoxApp> {
        counted.fetch_add(1, Ordering::Relaxed);
        let content = fs::read_to_string(file)?;
        Ok((move |_: Request| std::future::ready(Ok(response::text(content.clone())))).boxed())
    });
    for _ in 0..3 {
        assert_eq!(get(&tree, "/b").await.1, "source");
    }
    assert_eq!(count.load(Ordering::Relaxed), 1);
    let new = base.path().join("root/new");
    fs::write(&new, "changed").unwrap();
    fs::rename(new, base.path().join("root/b.app")).unwrap();
    for _ in 0..3 {
        assert_eq!(get(&tree, "/b").await.1, "changed");
    }
    assert_eq!(count.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn rule_7_endings_are_hidden_and_extensions_ignored() {
    let (_base, tree) = site();
    assert_eq!(get(&tree, "/a.bak").await.0, 404);
    assert_eq!(get(&tree, "/data").await.0, 200);
    let tree = tree.ignore([".xml"]).hide([".txt"]);
    for (target, expected) in
        [("/data", 404), ("/data.xml", 200), ("/a.txt", 404), ("/a", 200), ("/a.bak", 200)]
    {
        assert_eq!(get(&tree, target).await.0, expected, "{target}");
    }
}

#[tokio::test]
async fn rule_8_what_is_not_found_goes_to_the_nearest_hook_once() {
    async fn hook(request: Request) -> Result {
        Ok(response::text(format!("hook [{}] [{}]", request.script_name(), request.path_info())))
    }
    let (_base, tree) = site();
    let inner = tree.clone();
    let again = move |mut request: Request| {
        let inner = inner.clone();
        async move {
            let path = request.path_info().replace('_', "");
            request.rewrite(&path)?;
            paste_core::App::call(&inner, request).await
        }
    };
    let tree = tree.not_found("", again).not_found("sub/deep", hook);
    assert_eq!(get(&tree, "/sub/deep/nope/x").await.1, "hook [] [/sub/deep/nope/x]");
    assert_eq!(get(&tree, "/_a_").await.1, "alpha");
    assert_eq!(get(&tree, "/nope").await.0, 404);
    let itself = tree.clone();
    let round = move |request: Request| {
        let itself = itself.clone();
        async move { paste_core::App::call(&itself, request).await }
    };
    assert_eq!(get(&tree.not_found("sub", round), "/sub/nope").await.0, 404);
}
