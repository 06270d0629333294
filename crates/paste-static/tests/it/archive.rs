//! One test per rule of `Archive`.

use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;

use paste_core::{App, Body};
use paste_fixture::TestApp;
use paste_static::Archive;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// An archive of these bytes, compressed and not.
fn archive_of(content: &str) -> (tempfile::TempDir, PathBuf) {
    let base = tempfile::tempdir().unwrap();
    let path = base.path().join("a.zip");
    let mut zip = ZipWriter::new(File::create(&path).unwrap());
    let options = SimpleFileOptions::default();
    for (name, compression) in
        [("stored.txt", CompressionMethod::Stored), ("deflated.txt", CompressionMethod::Deflated)]
    {
        zip.start_file(name, options.compression_method(compression)).unwrap();
        zip.write_all(content.as_bytes()).unwrap();
    }
    zip.finish().unwrap();
    (base, path)
}

/// An archive with good and bad names.
fn archive() -> (tempfile::TempDir, PathBuf) {
    let base = tempfile::tempdir().unwrap();
    let path = base.path().join("a.zip");
    let mut zip = ZipWriter::new(File::create(&path).unwrap());
    let deflated = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    zip.add_directory("sub", stored).unwrap();
    for (name, options, content) in [
        ("index.html", deflated, "<p>index"),
        ("stored.txt", stored, "0123456789"),
        ("deflated.txt", deflated, "abcdefghij"),
        ("sub/b.css", deflated, "deep"),
        ("implied/x/c", stored, "c"),
        ("../evil", stored, "secret"),
        ("/etc/passwd", stored, "secret"),
        ("a/../../evil", stored, "secret"),
        ("b\\c", stored, "secret"),
        (".env", stored, "secret"),
    ] {
        zip.start_file(name, options).unwrap();
        zip.write_all(content.as_bytes()).unwrap();
    }
    zip.add_symlink("link", "/etc/passwd", stored).unwrap();
    zip.finish().unwrap();
    (base, path)
}

#[tokio::test]
async fn rule_1_a_new_archive_counts_and_what_is_none_does_not() {
    let (_base, path) = archive();
    let app = TestApp::new(Archive::open(&path).unwrap());
    fs::remove_file(&path).unwrap();
    assert_eq!(app.get("/stored.txt").await.text(), "0123456789");
    assert_eq!(app.get("/deflated.txt").await.text(), "abcdefghij");
    let error = Archive::open(&path).unwrap_err();
    assert!(error.to_string().starts_with(path.to_str().unwrap()), "{error}");
    fs::write(&path, "not an archive").unwrap();
    Archive::open(&path).unwrap_err();
    assert_eq!(app.get("/stored.txt").await.text(), "0123456789");
    let (_other, new) = archive_of("new bytes");
    fs::rename(&new, &path).unwrap();
    for target in ["/stored.txt", "/deflated.txt"] {
        assert_eq!(app.get(target).await.text(), "new bytes", "{target}");
    }
    let tag = app.get("/stored.txt").await.header("etag").unwrap().to_owned();
    // Copied over it: the same inode.
    let (_other, newer) = archive_of("new bites");
    fs::copy(&newer, &path).unwrap();
    let answer = app.get("/stored.txt").header("if-none-match", &tag).await;
    assert_eq!(answer.text(), "new bites");
    // The one that is open is overwritten with what is no archive.
    fs::write(&path, vec![b'x'; 10_000]).unwrap();
    for target in ["/stored.txt", "/deflated.txt"] {
        app.get(target).expect(500).await;
    }
}

#[tokio::test]
async fn rule_2_rustsec_2025_0168_names_are_found_as_in_a_directory() {
    let (_base, path) = archive();
    let app = TestApp::new(Archive::open(path).unwrap());
    assert_eq!(app.get("/").await.text(), "<p>index");
    assert_eq!(app.get("/sub").expect(301).await.header("location"), Some("/sub/"));
    assert_eq!(app.get("/implied/x").expect(301).await.header("location"), Some("/implied/x/"));
    assert_eq!(app.get("/implied/x/c").await.text(), "c");
    for target in [
        "/../evil",
        "/evil",
        "/%2e%2e/evil",
        "/..%2fevil",
        "/etc/passwd",
        "//etc/passwd",
        "/b%5Cc",
        "/.env",
        "/link",
        "/sub/",
        "/stored.txt/",
        "/missing",
    ] {
        let answer = app.get("/").raw_target(target).expect(404).await;
        assert!(!answer.text().contains("secret"), "{target}");
    }
}

#[tokio::test]
async fn rule_3_what_is_stored_is_a_part_of_the_file_and_the_rest_is_limited() {
    let (_base, path) = archive();
    let files = Archive::open(&path).unwrap();
    for (target, is_file) in [("/stored.txt", true), ("/deflated.txt", false)] {
        let request = http::Request::get(target).body(Body::empty()).unwrap();
        let answer = files.call(request).await.unwrap();
        assert_eq!(answer.body().file_range().is_some(), is_file, "{target}");
    }
    let error = Archive::open_limited(&path, 9).unwrap_err().to_string();
    assert!(error.ends_with("`deflated.txt` has 10 bytes, more than the limit of 9"), "{error}");
    Archive::open_limited(&path, 10).unwrap();
    // Every byte of the archive damaged in turn: no panic, and never other bytes with a whole answer.
    let sound = fs::read(&path).unwrap();
    for at in 0..sound.len() {
        let mut damaged = sound.clone();
        damaged[at] ^= 0x5A;
        fs::write(&path, &damaged).unwrap();
        let Ok(files) = Archive::open(&path) else { continue };
        let request = http::Request::get("/deflated.txt").body(Body::empty()).unwrap();
        if let Ok(answer) = files.call(request).await {
            let body = answer.into_body().collect(1000).await;
            assert!(body.is_ok_and(|body| body == "abcdefghij"), "byte {at}");
        }
    }
}

#[tokio::test]
async fn rule_4_files_are_sent_as_files_are() {
    let (_base, path) = archive();
    let app = TestApp::new(Archive::open(path).unwrap());
    for (target, part) in [("/stored.txt", "234"), ("/deflated.txt", "cde")] {
        let whole = app.get(target).await;
        assert_eq!(whole.header("content-type"), Some("text/plain; charset=utf-8"));
        assert!(whole.header("last-modified").is_some());
        let tag = whole.header("etag").unwrap();
        app.get(target).header("if-none-match", tag).expect(304).await;
        assert_eq!(app.get(target).header("range", "bytes=2-4").expect(206).await.text(), part);
        assert_eq!(app.head(target).await.header("content-length"), Some("10"));
    }
    app.post("/stored.txt").expect(405).await;
    app.options("/stored.txt").expect(204).await;
    app.options("/missing").expect(404).await;
}
