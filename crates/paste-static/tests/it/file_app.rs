//! One test per rule of `FileApp`.

use std::fs;
use std::os::unix::fs::symlink;

use paste_fixture::TestApp;
use paste_static::FileApp;

#[tokio::test]
async fn rule_1_the_path_does_not_count() {
    let base = tempfile::tempdir().unwrap();
    fs::write(base.path().join("a.txt"), "alpha").unwrap();
    let app = TestApp::new(FileApp::new(base.path().join("a.txt")));
    for target in ["/", "/x", "/../b"] {
        assert_eq!(app.get("/").raw_target(target).await.text(), "alpha");
    }
}

#[tokio::test]
async fn rule_2_the_file_is_looked_at_anew() {
    let base = tempfile::tempdir().unwrap();
    let (path, target) = (base.path().join(".link"), base.path().join("b"));
    let app = TestApp::new(FileApp::new(&path));
    app.get("/").expect(404).await;
    symlink(&target, &path).unwrap();
    app.get("/").expect(404).await;
    fs::write(&target, "beta").unwrap();
    assert_eq!(app.get("/").await.text(), "beta");
    fs::write(&target, "beta, longer").unwrap();
    assert_eq!(app.get("/").await.text(), "beta, longer");
    fs::remove_file(&target).unwrap();
    app.get("/").expect(404).await;
    TestApp::new(FileApp::new("/")).get("/").expect(404).await;
    TestApp::new(FileApp::new(base.path())).get("/").expect(404).await;
    TestApp::new(FileApp::new("")).get("/").expect(404).await;
}

#[tokio::test]
async fn rule_3_it_is_sent_as_files_are() {
    let base = tempfile::tempdir().unwrap();
    let path = base.path().join("a.css");
    fs::write(&path, "0123456789").unwrap();
    fs::write(base.path().join("a.css.gz"), "gzip").unwrap();
    let app = TestApp::new(FileApp::new(&path));
    let part = app.get("/").header("range", "bytes=-3").expect(206).await;
    assert_eq!((&*part.text(), part.header("vary")), ("789", Some("accept-encoding")));
    let coded = app.get("/").header("accept-encoding", "gzip").await;
    assert_eq!((coded.bytes().len(), coded.header("content-encoding")), (4, Some("gzip")));
    let plain = TestApp::new(FileApp::new(&path).precompressed(false));
    assert_eq!(plain.get("/").header("accept-encoding", "gzip").await.text(), "0123456789");
    app.post("/").expect(405).await;
}
