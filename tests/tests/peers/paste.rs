//! Python Paste itself as the oracle: the same apps, the same requests, and every difference has a
//! reason.

use std::net::SocketAddr;
use std::process::Stdio;

use http::StatusCode;
use paste_core::{
    App, AppExt, Error, Forward, HttpErrors, ReadExt, Request, RequestExt, Response, Result, path,
    response,
};
use paste_dispatch::{Cascade, ErrorDocument, Recursive, UrlMap};
use paste_tests::{TestServer, within};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

/// Paste's server with the apps of `tests/data/paste_oracle.py`. It is killed when this is dropped.
struct Oracle {
    address: SocketAddr,
    _child: Child,
}

impl Oracle {
    async fn start() -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/data/paste_oracle.py");
        let mut child = Command::new("/usr/bin/python3") // Debian's own, which has python3-paste
            .args(["-u", script])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("python3; `cargo xtask test integration` installs it");
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = within("the oracle's port", lines.next_line()).await.unwrap();
        let port = port.expect("python3-paste; `cargo xtask test integration` installs it");
        Self { address: SocketAddr::from(([127, 0, 0, 1], port.parse().unwrap())), _child: child }
    }
}

fn shows(name: &'static str) -> impl App {
    move |mut request: Request| async move {
        let body = request.text(10_000).await?;
        response::json(&json!({
            "app": name,
            "method": request.method().as_str(),
            "script_name": path::decode_text(request.script_name()),
            "path_info": request.path_info(),
            "query": request.uri().query().unwrap_or_default(),
            "body": body,
        }))
    }
}

fn only(segment: &'static str, name: &'static str) -> impl App {
    let shows = shows(name).boxed();
    move |mut request: Request| {
        let shows = shows.clone();
        async move {
            if request.path_info().split('/').nth(1) == Some(segment) {
                return shows.call(request).await;
            }
            request.text(10_000).await?;
            Ok(nothing())
        }
    }
}

fn nothing() -> Response {
    let mut response = response::text("nothing");
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

async fn forwards(request: Request) -> Result {
    let to = match &*request.path_info() {
        "/plain" => "/target",
        "/query" => "/target?x=1",
        "/deep" => "/plain",
        "/loop" => "/loop",
        "/circle" => "/back",
        "/back" => "/circle",
        _ => return shows("forward").call(request).await,
    };
    Err(Forward::to(to).into())
}

async fn fails(request: Request) -> Result {
    match &*request.path_info() {
        page if page.starts_with("/page") => shows("page").call(request).await,
        "/gone" => Err(Error::from_status(StatusCode::GONE)),
        _ => Ok(nothing()),
    }
}

fn site() -> impl App {
    let mut site = UrlMap::new();
    for key in ["", "/foo", "/foo/bar", "/a b", "/café"] {
        site = site.mount(key, shows(key)).unwrap();
    }
    for key in ["http://one.example/", "http://two.example/deep/path", "http://three.example:8080/"]
    {
        site = site.mount(key, shows(key)).unwrap();
    }
    let cascade = Cascade::new().app(only("one", "first")).app(only("two", "second"));
    let documents = ErrorDocument::new().page(StatusCode::NOT_FOUND, "/page?code=404");
    site.mount("/cascade", cascade.app(only("three", "third")))
        .and_then(|site| site.mount("/forward", forwards.with(Recursive::new())))
        .and_then(|site| site.mount("/errors", fails.with(documents)))
        .unwrap()
        .with(HttpErrors::new())
}

/// Status, and body where it is what [`shows`] shows.
async fn ask(address: SocketAddr, request: &str) -> (u16, Value) {
    let mut stream = within("a connection", TcpStream::connect(address)).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    within("an answer", stream.read_to_end(&mut answer)).await.unwrap();
    let answer = String::from_utf8_lossy(&answer);
    let status = answer.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    (status, serde_json::from_str(body).unwrap_or(Value::Null))
}

/// A request, as a choice of parts; the same on every run.
struct Choice(u64);

impl Choice {
    fn of<T: Copy>(&mut self, parts: &[T]) -> T {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        parts[usize::try_from(self.0 >> 33).unwrap() % parts.len()]
    }

    fn request(&mut self) -> (String, String, String) {
        const SEGMENTS: &[&str] = &[
            "foo",
            "bar",
            "fo",
            "foobar",
            "a%20b",
            "caf%C3%A9",
            "%66oo",
            "b%61r",
            "x",
            "",
            "",
            "FOO",
            "foo%2Fbar",
            "a%2520b",
            ".",
            "x;y=1",
            "deep",
            "path",
            "%E9",
            "a+b",
        ];
        const STARTS: &[&str] = &[
            "",
            "",
            "",
            "/foo",
            "/foo/bar",
            "/deep/path",
            "/cascade/one",
            "/cascade/two",
            "/cascade/three",
            "/cascade/four",
            "/forward/plain",
            "/forward/query",
            "/forward/deep",
            "/forward/loop",
            "/forward/circle",
            "/forward/x",
            "/errors/gone",
            "/errors/x",
            "/errors/page",
        ];
        const HOSTS: &[&str] = &[
            "localhost",
            "localhost",
            "localhost:99",
            "one.example",
            "ONE.example",
            "one.example:80",
            "one.example:99",
            "two.example",
            "three.example",
            "three.example:8080",
            "three.example:8081",
            "sub.one.example",
        ];
        let start = self.of(STARTS);
        let mut target = start.to_owned();
        for _ in 0..self.of(if start.starts_with("/f") || start.is_empty() {
            &[0, 1, 2, 3]
        } else {
            &[0, 0, 1]
        }) {
            target += "/";
            target += self.of(SEGMENTS);
        }
        if target.is_empty() {
            target += "/";
        }
        let host = self.of(HOSTS);
        let query = self.of(&["", "", "?", "?a=1&b=%20"]);
        let (method, body) = self.of(&[("GET", ""), ("GET", ""), ("GET", ""), ("POST", "hello")]);
        let target = target + query;
        let length = if body.is_empty() {
            String::new()
        } else {
            format!("Content-Length: {}\r\n", body.len())
        };
        let head = format!("{method} {target} HTTP/1.0\r\nHost: {host}\r\n{length}");
        (target, host.to_owned(), format!("{head}Connection: close\r\n\r\n{body}"))
    }
}

/// Why our answer is another one; none where there is no reason.
fn reason(target: &str, ours: &(u16, Value), paste: &(u16, Value)) -> Option<&'static str> {
    let path = target.split('?').next().unwrap_or_default();
    if path.contains("%2F") {
        return Some("an encoded slash separates nothing: Paste decodes before it splits");
    }
    if path.split('/').any(|segment| segment == ".") {
        return Some("the path is the app's to judge: Paste's server takes dots out of it");
    }
    let same_but = |keys: &[&str]| {
        let without = |answer: &Value| {
            let mut answer = answer.clone();
            for key in keys {
                answer.as_object_mut().map(|shown| shown.remove(*key));
            }
            answer
        };
        ours.0 == paste.0 && without(&ours.1) == without(&paste.1)
    };
    if path.contains("%E9") && same_but(&["path_info"]) {
        return Some("bytes that are not UTF-8 are shown as U+FFFD, each by itself or in a run");
    }
    if target.starts_with("/errors/") && same_but(&["method", "body"]) {
        return Some(
            "an error page is fetched by GET, without the body of the request that failed",
        );
    }
    None
}

#[tokio::test]
async fn dispatching_answers_as_python_paste_does_or_better() {
    let (oracle, ours) = (Oracle::start().await, TestServer::new(site()).await);
    let mut choice = Choice(7);
    let (mut same, mut better) = (0, std::collections::BTreeMap::new());
    let mut unexplained = Vec::new();
    for _ in 0..300 {
        let (target, host, request) = choice.request();
        let (mine, theirs) = (ask(ours.addr, &request).await, ask(oracle.address, &request).await);
        if mine == theirs {
            same += 1;
        } else if let Some(reason) = reason(&target, &mine, &theirs) {
            *better.entry(reason).or_insert(0) += 1;
        } else {
            unexplained.push(format!("{host} {target}:\n  ours  {mine:?}\n  paste {theirs:?}"));
        }
    }
    assert!(unexplained.is_empty(), "{} differ:\n{}", unexplained.len(), unexplained.join("\n"));
    assert!(same >= 200, "{same} of 300 are the same; {better:?}");
}
