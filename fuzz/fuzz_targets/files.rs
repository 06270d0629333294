//! Targets and conditions of requests for files: no panic, nothing from outside the root, and whole
//! answers of the length that they tell.
#![no_main]

use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::sync::LazyLock;

use http_body::Body as _;
use libfuzzer_sys::fuzz_target;
use paste_core::{App, Body};
use paste_static::{FileTree, StaticDir};
use tokio::runtime::Runtime;

/// A root beside a file that is none of its business, made once.
static ROOT: LazyLock<PathBuf> = LazyLock::new(|| {
    let base = std::env::temp_dir().join(format!("paste-fuzz-files-{}", std::process::id()));
    let root = base.join("root");
    std::fs::create_dir_all(root.join("sub")).expect("a scratch directory");
    for (path, content) in [
        ("secret", "SECRET"),
        ("root/.env", "SECRET"),
        ("root/a.txt", "0123456789"),
        ("root/a.txt.gz", "gzip"),
        ("root/sub/index.html", "<p>"),
    ] {
        std::fs::write(base.join(path), content).expect("a scratch file");
    }
    for (link, target) in [("out", "../secret"), ("up", ".."), ("in", "sub")] {
        let _ = symlink(target, root.join(link)); // it may be there
    }
    root
});

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| tokio::runtime::Builder::new_current_thread().build().expect("a runtime"));

async fn ask(app: &impl App, target: &str, header: &str, value: &str) {
    let request = http::Request::get(target).header(header, value).body(Body::empty());
    let Ok(request) = request else { return };
    let Ok(answer) = app.call(request).await else { return };
    let body = answer.into_body();
    let length = body.size_hint().exact();
    let body = body.collect(1 << 20).await.expect("files that do not change");
    assert_eq!(length, Some(body.len() as u64));
    assert!(!body.windows(6).any(|text| text == b"SECRET"), "{target}");
}

fuzz_target!(|input: (&str, u8, &str)| {
    let (path, header, value) = input;
    let headers = ["range", "if-range", "if-none-match", "if-match", "accept-encoding", "accept"];
    let header = headers[usize::from(header) % headers.len()];
    RUNTIME.block_on(async {
        let files = StaticDir::new(&*ROOT).html_extension(true).spa("sub/index.html");
        for target in [format!("/{path}"), "/a.txt".to_owned()] {
            ask(&files, &target, header, value).await;
            ask(&FileTree::new(&*ROOT), &target, header, value).await;
        }
    });
});
