//! Our side of `cargo xtask bench inproc`: calls of an app in this process, without a socket.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]

mod harness;

use std::process::ExitCode;

use http::{HeaderValue, StatusCode, header};
use paste_core::{App, AppExt, Body, ClientAddr, Request, Response, Result, response};
use paste_dispatch::UrlMap;
use paste_filter::Headers;
use paste_fixture::TestApp;
use paste_session::{MemoryStore, SessionExt, Sessions};

fn main() -> ExitCode {
    let [frames, types, referrer, transport, content] =
        harness::headers().map(|(name, value)| Headers::new().set(name, value));
    let headers5 = hello.with(frames).with(types).with(referrer).with(transport).with(content);
    let [mount1, mount10, mount1000] = [1, 10, 1000].map(mounts);
    let linted = TestApp::new(|_: Request| async { Ok(response::text(harness::HELLO)) });
    let unlinted = linted.clone().without_lint();
    let untouched = hello.with(Sessions::new(MemoryStore::new()));
    let counter = count.with(Sessions::new(MemoryStore::new()));
    harness::run(&[
        ("build", &|timer| timer.time(async || request())),
        ("bare", &|timer| timer.time(async || answer(&hello).await)),
        ("headers5", &|timer| timer.time(async || answer(&headers5).await)),
        ("mount1", &|timer| timer.time(async || answer(&mount1).await)),
        ("mount10", &|timer| timer.time(async || answer(&mount10).await)),
        ("mount1000", &|timer| timer.time(async || answer(&mount1000).await)),
        ("session_untouched", &|timer| timer.time(async || answer(&untouched).await)),
        ("session_counter", &|timer| {
            let cookie = timer.wait(begin(&counter));
            timer.time(async || with_cookie(&counter, cookie.clone()).await)
        }),
        ("testapp", &|timer| timer.time(async || get(&linted).await)),
        ("testapp_unlinted", &|timer| timer.time(async || get(&unlinted).await)),
    ])
}

/// A map of so many mounts, of which the one that is asked for is the last.
fn mounts(count: usize) -> UrlMap {
    let map = UrlMap::new();
    for key in harness::mounts(count) {
        map.mounts().mount(&key, hello).expect("each key is another");
    }
    map
}

/// One GET of the test client, with all that a test would see.
async fn get(app: &TestApp) -> usize {
    app.get("/hello").await.bytes().len()
}

/// Sets no header, like the app of the peers: see [`harness::headers`].
async fn hello(_request: Request) -> Result {
    Ok(Response::new(Body::from(harness::HELLO)))
}

/// Reads a number from its session, and writes the next one.
async fn count(request: Request) -> Result {
    let session = request.session()?;
    let visits = session.get::<u64>("visits").await?.unwrap_or(0) + 1;
    session.insert("visits", &visits).await?;
    Ok(Response::new(Body::from(harness::HELLO)))
}

/// The cookie of a session that begins.
async fn begin(app: &impl App) -> HeaderValue {
    let response = app.call(request()).await.expect("the app gives no errors");
    let line = response.headers()[header::SET_COOKIE].as_bytes();
    let end = line.iter().position(|byte| *byte == b';').unwrap_or(line.len());
    HeaderValue::from_bytes(&line[..end]).expect("a part of a header")
}

/// One call as a browser with this cookie.
async fn with_cookie(app: &impl App, cookie: HeaderValue) -> usize {
    let mut request = request();
    request.headers_mut().insert(header::COOKIE, cookie);
    app.call(request).await.expect("the app gives no errors").headers().len()
}

/// As our server hands it to an app: with the client's address.
fn request() -> Request {
    let mut request = harness::request(Body::empty());
    request.extensions_mut().insert(ClientAddr(([127, 0, 0, 1], 80).into()));
    request
}

/// One call with all that a server would do with it: the length of the answer's body.
async fn answer(app: &impl App) -> usize {
    let response = app.call(request()).await.expect("the app gives no errors");
    assert_eq!(response.status(), StatusCode::OK);
    let body = response.into_body().collect(usize::MAX).await;
    body.expect("a buffer does not break").len()
}
