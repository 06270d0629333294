//! One test per rule of `AccessLog`.

use std::future::pending;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use paste_core::tower::IntoApp;
use paste_core::{
    App, AppExt, Body, ClientAddr, Clock, Error, ErrorRenderer, Forward, HttpErrors, RemoteUser,
    Request, Result, from_fn, response,
};
use paste_filter::access_log::{Format, PatternError};
use paste_filter::{AccessLog, WithAccessLog};
use paste_fixture::TestApp;

/// A log in a file of its own.
struct Log {
    folder: tempfile::TempDir,
    format: Format,
}

impl Log {
    fn new(format: &str) -> Self {
        Self { folder: tempfile::tempdir().unwrap(), format: format.parse().unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("access.log")
    }

    fn around<A: App>(&self, app: A) -> WithAccessLog<A> {
        // 2026-11-22T07:43:39Z
        let clock = Clock::manual(SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_333_419));
        app.with(AccessLog::new().format(self.format.clone()).file(self.path()).clock(clock))
    }

    /// What stands in the log once the app is gone.
    fn lines(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.path()).unwrap_or_default();
        assert!(text.is_empty() || text.ends_with('\n'), "{text}");
        text.lines().map(str::to_owned).collect()
    }
}

/// The line of one request to `app`.
async fn line_of(format: &str, app: impl App, request: http::request::Builder) -> String {
    let log = Log::new(format);
    let app = log.around(app);
    let request = request.body(Body::empty()).unwrap();
    match app.call(request).await {
        Ok(response) => drop(response.into_body().collect(1 << 20).await),
        Err(mut error) => {
            let renderer = ErrorRenderer::for_request(&Request::default());
            drop(renderer.render(&mut error).into_body().collect(1 << 20).await);
        }
    }
    drop(app);
    let lines = log.lines();
    assert_eq!(lines.len(), 1, "{lines:?}");
    lines[0].clone()
}

async fn hello(_: Request) -> Result {
    Ok(response::text("hello"))
}

fn get(target: &str) -> http::request::Builder {
    let client = ClientAddr("203.0.113.7:40000".parse().unwrap());
    http::Request::get(target).extension(client)
}

#[tokio::test]
async fn rule_1_bytes_and_time_are_those_of_the_whole_body() {
    let (sender, body) = Body::channel(1);
    let body = std::sync::Mutex::new(Some(body));
    let streams = move |_: Request| {
        let body = body.lock().unwrap().take().unwrap();
        async { Ok(response::text(body)) }
    };
    let log = Log::new("%>s %B %X %D");
    let app = log.around(streams);
    let response = app.call(Request::default()).await.unwrap();
    let mut body = response.into_body();
    let begun = Instant::now();
    for _ in 0..3 {
        sender.send(Bytes::from_static(b"12345")).await.unwrap();
        assert_eq!(body.chunk().await.unwrap().unwrap(), "12345");
    }
    while begun.elapsed() < Duration::from_millis(5) {
        tokio::task::yield_now().await;
    }
    assert!(log.lines().is_empty(), "it has not ended");
    sender.end().await.unwrap();
    assert!(body.chunk().await.unwrap().is_none());
    drop((app, body));
    let lines = log.lines();
    let micros = lines[0].strip_prefix("200 15 + ").unwrap();
    assert!(micros.parse::<u64>().unwrap() >= 5000, "{micros}");

    assert_eq!(
        line_of("%b %B", async |_: Request| Ok(response::no_content()), get("/")).await,
        "- 0"
    );
}

#[tokio::test]
async fn rule_2_the_formats_are_those_of_apache() {
    let request = || {
        get("/a%20b?x=1")
            .header(header::REFERER, "http://localhost/")
            .header(header::USER_AGENT, "curl/8")
            .header(header::HOST, "example.org:8080")
            .extension(RemoteUser::new("bob"))
    };
    let common =
        r#"203.0.113.7 - bob [22/Nov/2026:07:43:39 +0000] "GET /a%20b?x=1 HTTP/1.1" 200 5"#;
    assert_eq!(line_of("common", hello, request()).await, common);
    let combined = format!(r#"{common} "http://localhost/" "curl/8""#);
    assert_eq!(line_of("combined", hello, request()).await, combined);

    let line = line_of("json", hello, request()).await;
    let mut line: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert!(line["duration_us"].take().is_u64());
    assert_eq!(
        line,
        serde_json::json!({
            "time": "2026-11-22T07:43:39.000000Z", "client_addr": "203.0.113.7", "remote_user": "bob",
            "method": "GET", "target": "/a%20b?x=1", "protocol": "HTTP/1.1", "host": "example.org",
            "status": 200, "bytes": 5, "duration_us": null, "complete": true,
            "referer": "http://localhost/", "user_agent": "curl/8",
        })
    );

    for (pattern, expected) in [
        ("%a %m %U %q %H %s %v", "203.0.113.7 GET /a%20b ?x=1 HTTP/1.1 200 example.org"),
        ("100%% %{Content-Type}o %{X-None}i", "100% text/plain; charset=utf-8 -"),
        ("%{sec}t %{msec}t %{usec}t", "1795333419 1795333419000 1795333419000000"),
        ("%T %{s}T é", "0 0 é"),
        ("", ""),
    ] {
        assert_eq!(line_of(pattern, hello, request()).await, expected);
    }
    let nothing = r#"- - - [22/Nov/2026:07:43:39 +0000] "GET / HTTP/1.1" 200 5 "-" "-""#;
    assert_eq!(line_of("combined", hello, http::Request::get("/")).await, nothing);
}

#[test]
fn rule_2_what_is_no_directive_is_told() {
    for (pattern, found) in [
        ("%h %k", "%k"),
        ("%", "%"),
        ("%{Referer", "%{Referer"),
        ("%{a b}i", "%{a b}i"),
        ("%{%d/%b}t", "%{%d/%b}t"),
        ("%é", "%é"),
        ("%{x}h", "%{x}h"),
        ("%i", "%i"),
    ] {
        let error: PatternError = pattern.parse::<Format>().unwrap_err();
        assert_eq!(error.to_string(), format!("`{found}` is no directive of a log format"));
    }
}

#[tokio::test]
async fn rule_3_what_was_cut_is_marked() {
    let log = Log::new("%s %B %X");
    let app = log.around(hello);
    drop(app.call(Request::default()).await.unwrap());

    let streams = |_: Request| async {
        let pieces = [Ok(Bytes::from_static(b"123")), Err("broken")];
        Ok(response::text(Body::from_stream(futures_util::stream::iter(pieces))))
    };
    let broken = log.around(streams);
    let mut body = broken.call(Request::default()).await.unwrap().into_body();
    assert_eq!(body.chunk().await.unwrap().unwrap(), "123");
    assert!(body.chunk().await.is_err());
    drop(body);

    // The client goes before there is an answer.
    let hangs = log.around(|_: Request| pending::<Result>());
    let mut call = Box::pin(hangs.call(Request::default()));
    assert!(futures_util::poll!(&mut call).is_pending());
    drop(call);
    drop((app, broken, hangs));
    let mut lines = log.lines();
    lines.sort(); // three filters write to one file
    assert_eq!(lines, ["200 0 X", "200 3 X", "499 0 X"]);

    let json = line_of("json", streams, get("/")).await;
    assert!(json.contains(r#""bytes":3,"#) && json.contains(r#""complete":false"#), "{json}");
}

#[tokio::test]
async fn rule_3_a_panic_is_a_500() {
    let log = Log::new("%s %X");
    let app = log.around(|_: Request| async { panic!("on purpose") as Result });
    let ended = tokio::spawn(async move { app.call(Request::default()).await.is_ok() }).await;
    assert!(ended.unwrap_err().is_panic());
    assert_eq!(log.lines(), ["500 X"]);
}

#[tokio::test]
async fn rule_4_nobody_forges_a_line_cve_2025_25184() {
    let forged = HeaderValue::from_bytes(b"a\" 200 5\t\\ \xff\xc3\xa9").unwrap();
    let user = RemoteUser::new("x\n10.0.0.1 - [admin] \"\u{1b}[31m");
    let request = get("/a%0Ab").header(header::USER_AGENT, forged).extension(user);
    let line = line_of("%u \"%r\" \"%{User-Agent}i\"", hello, request).await;
    let user = r#"x\n10.0.0.1\x20-\x20[admin]\x20\"\x1b[31m"#;
    let agent = r#"a\" 200 5\t\\ \xff\xc3\xa9"#;
    assert_eq!(line, format!(r#"{user} "GET /a%0Ab HTTP/1.1" "{agent}""#));

    let request = get("/").extension(RemoteUser::new("x\n{}\u{1b}"));
    let line = line_of("json", hello, request).await;
    assert!(line.contains(r#""remote_user":"x\n{}\u001b""#), "{line}");
}

#[tokio::test]
async fn rule_5_headers_name_no_client_and_an_app_inside_may_name_the_user() {
    let request =
        get("/").header("x-forwarded-for", "198.51.100.9").header("forwarded", "for=198.51.100.9");
    let logs_in = async |_: Request| {
        let mut response = response::text("hi");
        response.extensions_mut().insert(RemoteUser::new("ann"));
        Ok(response)
    };
    assert_eq!(line_of("%h %u", logs_in, request).await, "203.0.113.7 ann");
    let request = get("/").extension(RemoteUser::new("bob"));
    assert_eq!(line_of("%u", logs_in, request).await, "bob");
    let request = http::Request::get("/").extension(ClientAddr("[2001:db8::1]:1".parse().unwrap()));
    assert_eq!(line_of("%h", hello, request).await, "2001:db8::1");
}

/// Waits until the log at `path` has `count` lines: another thread writes it.
fn wait_for_lines(path: &Path, count: usize) {
    let begun = Instant::now();
    while std::fs::read_to_string(path).unwrap_or_default().lines().count() < count {
        assert!(
            begun.elapsed() < Duration::from_secs(10),
            "{} has no {count} lines",
            path.display()
        );
        std::thread::yield_now();
    }
}

#[tokio::test]
async fn rule_6_a_file_may_be_renamed_removed_or_truncated() {
    let log = Log::new("%U");
    let old = log.folder.path().join("access.log.1");
    let app = TestApp::new(log.around(hello));
    app.get("/1").await;
    wait_for_lines(&log.path(), 1);
    std::fs::rename(log.path(), &old).unwrap();
    app.get("/2").await;
    wait_for_lines(&log.path(), 1);
    std::fs::copy(log.path(), log.folder.path().join("copy")).unwrap();
    std::fs::OpenOptions::new().write(true).truncate(true).open(log.path()).unwrap();
    app.get("/3").await;
    wait_for_lines(&log.path(), 1);
    assert_eq!(log.lines(), ["/3"]);
    std::fs::remove_file(log.path()).unwrap();
    app.get("/4").await;
    drop(app);
    assert_eq!(log.lines(), ["/4"]);
    assert_eq!(std::fs::read_to_string(old).unwrap(), "/1\n");
}

#[tokio::test]
async fn rule_6_a_full_disk_loses_lines_and_no_request() {
    let log = Log::new("%U");
    std::os::unix::fs::symlink("/dev/full", log.path()).unwrap();
    let app = TestApp::new(log.around(hello));
    for _ in 0..3 {
        app.get("/lost").await.must_contain("hello");
    }
    // There is room again.
    let new = log.folder.path().join("new");
    std::fs::write(&new, "").unwrap();
    std::fs::rename(&new, log.path()).unwrap();
    app.get("/kept").await;
    drop(app);
    assert_eq!(log.lines().last().unwrap(), "/kept");

    // A folder that is not there.
    let nowhere = AccessLog::new().file(log.folder.path().join("no/such/access.log"));
    let app = TestApp::new(hello.with(nowhere));
    app.get("/").await.must_contain("hello");
}

#[tokio::test]
async fn rule_6_ten_thousand_lines_from_several_threads_are_whole() {
    let log = Log::new("%U");
    let app = log.around(hello).boxed();
    let threads: Vec<_> = (0..4)
        .map(|thread| {
            let app = app.clone();
            std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                for number in 0..500 {
                    let request = http::Request::get(format!("/{thread}/{number}"));
                    let call = app.call(request.body(Body::empty()).unwrap());
                    drop(runtime.block_on(call).unwrap());
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    drop(app);
    let mut lines = log.lines();
    assert_eq!(lines.len(), 2000);
    lines.sort();
    lines.dedup();
    assert_eq!(lines.len(), 2000);
}

#[tokio::test]
async fn rule_7_files_stay_files_and_errors_stay_errors() {
    let fails = |_: Request| async { Err::<paste_core::Response, _>(Error::not_found()) };
    let log = Log::new("%s %X %{X-A}o");
    let app = log.around(fails);
    let error = app.call(Request::default()).await.unwrap_err();
    assert_eq!(error.status(), StatusCode::NOT_FOUND);
    drop(error.header(header::HeaderName::from_static("x-a"), HeaderValue::from_static("late")));
    drop(app);
    assert_eq!(log.lines(), ["404 + -"], "nobody told how it was shown");

    // The bytes are those of the page.
    let log = Log::new("%s %B");
    let app = TestApp::new(log.around(fails).with(HttpErrors::new()));
    let page = app.get("/").expect(404).await;
    let length = page.bytes().len();
    assert!(length > 20);
    drop((app, page));
    assert_eq!(log.lines(), [format!("404 {length}")]);

    // Also through services in between.
    let log = Log::new("%s %B %X");
    let router = axum::Router::new().fallback_service(log.around(fails).into_service());
    let app = TestApp::new(router.into_app());
    app.get("/").expect(404).await;
    drop(app);
    assert_eq!(log.lines(), [format!("404 {length} +")]);
}

#[tokio::test]
async fn rule_7_control_flow_that_is_taken_is_no_line() {
    let forwards = |_: Request| async {
        Err::<paste_core::Response, _>(Error::with_payload(Forward::to("/x")))
    };
    let log = Log::new("%s %U");
    let takes = from_fn(|request: Request, next: paste_core::Next| async move {
        let mut error = next.call(request).await.unwrap_err();
        let forward = error.take::<Forward>().unwrap();
        Ok(response::text(forward.path().to_owned()))
    });
    let app = TestApp::new(log.around(forwards).with(takes));
    app.get("/").await.must_contain("/x");
    drop(app);
    assert!(log.lines().is_empty());

    let app = TestApp::new(log.around(forwards));
    app.get("/").expect(500).await;
    drop(app);
    assert_eq!(log.lines(), ["500 /"], "nobody took it");
}
