//! The attacks of `paste_fixture::attack` on our own pieces: they withstand all of them, in process
//! and on the network.
#![allow(clippy::unwrap_used, reason = "a test that fails panics")]

mod readers; // forms, cookies and headers, read

use std::path::PathBuf;

use paste_core::{AppExt, BoxApp, HttpErrors, Request, RequestExt, Result, response};
use paste_dispatch::UrlMap;
use paste_fixture::attack::{self, Attack, Class, Report};
use paste_server::Server;
use paste_static::{FileTree, StaticDir};
use paste_tests::TestServer;

/// A directory with canaries, and the root in it.
struct Grounds {
    _base: tempfile::TempDir,
    root: PathBuf,
}

impl Grounds {
    fn new() -> Self {
        let base = tempfile::tempdir().unwrap();
        let root = attack::plant(base.path()).unwrap();
        Self { _base: base, root }
    }

    fn files(&self) -> StaticDir {
        StaticDir::new(&self.root)
    }

    /// Files, an app that reads bodies, and one that reads nothing.
    fn site(&self) -> BoxApp {
        let map = UrlMap::new().mount("/files", self.files()).unwrap();
        let map = map.mount("/echo", echo).unwrap().mount("/text", text).unwrap();
        map.mount("/", self.files()).unwrap().with(HttpErrors::new()).boxed()
    }
}

/// Answers with what it sees of a request, and its body.
async fn echo(request: Request) -> Result {
    let (name, info) = (request.script_name(), request.path_info());
    let first =
        format!("{} {} {:?} {name} {info}", request.method(), request.uri(), request.host());
    let headers = request.headers().iter();
    let headers = headers.map(|(name, value)| format!("{name}: {value:?}"));
    let seen = std::iter::once(first).chain(headers).collect::<Vec<_>>().join("\n");
    let body = request.into_body().collect(8 << 20).await?;
    Ok(response::text(seen + &String::from_utf8_lossy(&body)))
}

async fn text(_: Request) -> Result {
    Ok(response::html("<!doctype html><title>x</title><p>hi"))
}

#[track_caller]
fn passes(report: &Report, corpus: &[Attack]) {
    report.assert_passed();
    assert_eq!(report.passed() + report.skipped(), corpus.len());
}

#[tokio::test]
async fn apps_withstand_all_attacks() {
    let grounds = Grounds::new();
    let corpus = attack::all();
    let page = grounds.files().html_extension(true).spa("index.html").boxed();
    let tree = FileTree::new(&grounds.root).boxed();
    let files = [grounds.files().boxed(), page, tree];
    for app in files.into_iter().chain([grounds.site(), echo.boxed(), text.boxed()]) {
        passes(&attack::run(&app, corpus.clone()).await, &corpus);
    }
}

#[tokio::test]
async fn mounted_apps_withstand_all_attacks() {
    let grounds = Grounds::new();
    let site = grounds.site();
    for mount in ["/files", "/echo", "/text", "/files/sub", "/missing"] {
        let corpus: Vec<_> = attack::all().into_iter().map(|attack| attack.below(mount)).collect();
        passes(&attack::run(&site, corpus.clone()).await, &corpus);
    }
}

#[tokio::test]
async fn the_server_withstands_all_attacks_before_files() {
    let grounds = Grounds::new();
    let server = TestServer::new(grounds.files()).await;
    withstands(&server, "/").await;
}

#[tokio::test]
async fn the_server_withstands_all_attacks_before_an_app_that_reads_bodies() {
    let server = TestServer::with(Server::new(), echo).await;
    withstands(&server, "/").await;
}

#[tokio::test]
async fn the_server_withstands_all_attacks_before_mounted_apps() {
    let grounds = Grounds::new();
    let server = TestServer::new(grounds.site()).await;
    for mount in ["/files", "/text/"] {
        withstands(&server, mount).await;
    }
}

async fn withstands(server: &TestServer, mount: &str) {
    let url = format!("http://{}{mount}", server.addr);
    for class in Class::ALL {
        let corpus = class.corpus();
        let report = attack::run_at(&url, corpus.clone()).await.unwrap();
        passes(&report, &corpus);
        assert_eq!(report.skipped(), 0);
    }
}
