//! One test per rule of `Embedded`.

use paste_fixture::TestApp;
use paste_static::Embedded;

#[derive(rust_embed::Embed)]
#[folder = "tests/data/embedded"]
struct Assets;

fn app() -> TestApp {
    TestApp::new(Embedded::<Assets>::new())
}

#[tokio::test]
async fn rule_1_the_files_of_the_type_are_served() {
    let answer = app().get("/a.txt").await;
    assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(answer.text(), "0123456789");
    assert_eq!(app().get("/sub/b.css").await.text(), "deep");
}

#[tokio::test]
async fn rule_2_paths_are_found_as_in_a_directory() {
    assert_eq!(app().get("/sub?x").expect(301).await.header("location"), Some("/sub/?x"));
    assert_eq!(app().get("/").await.text(), "<!doctype html><title>embedded</title><p>embedded");
    let files = TestApp::new(Embedded::<Assets>::new().index(["a.txt"]));
    assert_eq!(files.get("/").await.text(), "0123456789");
    for target in [
        "/sub/",
        "/missing",
        "/a.txt/",
        "/a.txt/more",
        "/.hidden",
        "/../Cargo.toml",
        "/%2e%2e/Cargo.toml",
        "/..%2f..%2f..%2fCargo.toml",
        "/sub/../../data/embedded/a.txt",
        "/su",
        "/sub%2Fb.css",
        "/%E9",
    ] {
        app().get("/").raw_target(target).expect(404).await;
    }
}

#[tokio::test]
async fn rule_3_files_are_sent_as_files_are() {
    let whole = app().get("/a.txt").await;
    let tag = whole.header("etag").unwrap();
    app().get("/a.txt").header("if-none-match", tag).expect(304).await;
    let part = app().get("/a.txt").header("range", "bytes=2-4").expect(206).await;
    assert_eq!(part.text(), "234");
    assert_eq!(app().head("/a.txt").await.header("content-length"), Some("10"));
    app().post("/a.txt").expect(405).await;
    app().options("/a.txt").expect(204).await;
    app().options("/missing").expect(404).await;
}
