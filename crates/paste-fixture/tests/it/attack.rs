//! Attacks: what withstands them, and that each kind of weakness is found.

use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use http::header::{self, HeaderValue};
use paste_core::{App, Body, Error, Request, Result, response};
use paste_fixture::attack::{self, Allowed, Attack, CANARY, Class, Content, Report};
use percent_encoding::percent_decode_str;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

async fn hello(_: Request) -> Result {
    Ok(response::text("hi"))
}

/// Answers with all that it is sent, as text.
async fn echo(request: Request) -> Result {
    let (head, body) = request.into_parts();
    let mut text = format!("{} {}\n", head.method, head.uri).into_bytes();
    for (name, value) in &head.headers {
        text.extend_from_slice(format!("{name}: ").as_bytes());
        text.extend_from_slice(value.as_bytes());
        text.push(b'\n');
    }
    text.extend_from_slice(&body.collect(8 << 20).await?);
    Ok(response::text(String::from_utf8_lossy(&text).into_owned()))
}

/// The names of the attacks that failed.
fn names(report: &Report) -> Vec<&str> {
    report.failures().iter().map(|failure| failure.name).collect()
}

#[track_caller]
fn assert_found(report: &Report, expected: &[&str]) {
    let found = names(report);
    for name in expected {
        assert!(found.contains(name), "{name} was not found; these were: {found:?}");
    }
}

#[tokio::test]
async fn rule_1_what_answers_passes_whatever_the_answer() {
    for status in [200, 204, 400, 403, 404, 405, 418] {
        let status = http::StatusCode::from_u16(status).unwrap();
        let app = move |_: Request| async move { Ok(response::with_status(status)) };
        attack::run(&app, attack::cookies()).await.assert_passed();
    }
    attack::run(&hello, attack::all()).await.assert_passed();
    attack::run(&echo, attack::all()).await.assert_passed();
    let refuses = async |_: Request| Err(Error::not_found());
    let report = attack::run(&refuses, attack::all()).await;
    report.assert_passed();
    assert_eq!(report.passed() + report.skipped(), attack::all().len());
    assert!(report.skipped() >= attack::raw().len());
}

#[tokio::test]
async fn rule_1_failures_are_told_with_what_was_allowed() {
    let fails = async |request: Request| match request.uri().query() {
        Some(_) => Err(Error::boxed("on purpose")),
        None => hello(request).await,
    };
    let report = attack::run(&fails, attack::paths()).await;
    assert_found(&report, &["query-brackets", "redirect-in-query", "long-query"]);
    assert!(!names(&report).contains(&"dot-dot"));
    let text = report.to_string();
    let line = "paths: query-brackets: status 500; allowed: status 200 to 499, 501 (names that contradict each other)\n";
    assert!(text.contains(line), "{text}");
    let numbers = format!(
        "attacks: {} passed, {} failed, {} skipped",
        report.passed(),
        report.failures().len(),
        report.skipped()
    );
    assert_eq!(text.lines().last(), Some(&*numbers));
}

#[test]
#[should_panic(expected = "paths: dot-dot: status 500")]
fn rule_1_a_report_with_failures_panics_where_it_is_asserted() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let fails = async |_: Request| Err(Error::boxed("on purpose"));
    runtime.block_on(attack::run(&fails, attack::paths())).assert_passed();
}

/// A file server as one writes it in an afternoon: every mistake of section 4 of the survey.
struct Naive(PathBuf);

impl App for Naive {
    async fn call(&self, request: Request) -> Result {
        let path = percent_decode_str(request.uri().path()).decode_utf8_lossy().into_owned();
        let path = path.split('\0').next().unwrap_or_default();
        let file = self.0.join(path.trim_start_matches('/'));
        if file.is_dir() && !path.ends_with('/') {
            return Ok(response::redirect(http::StatusCode::FOUND, &format!("{path}/")));
        }
        if file.is_dir() {
            let names = std::fs::read_dir(&file)?.map(|entry| {
                let name = entry.unwrap().file_name().into_string().unwrap();
                format!("<li><a href=\"{name}\">{name}</a>")
            });
            return Ok(response::html(names.collect::<String>()));
        }
        match std::fs::read(&file) {
            Ok(content) => Ok(http::Response::new(Body::from(content))),
            Err(_) => Ok(response::html(format!("<h1>No page {path}</h1>"))),
        }
    }
}

#[tokio::test]
async fn rule_2_a_naive_file_server_is_found_guilty() {
    let base = tempfile::tempdir().unwrap();
    let root = attack::plant(base.path()).unwrap();
    let report = attack::run(&Naive(root), attack::paths()).await;
    assert_found(
        &report,
        &[
            "dot-dot",
            "dot-dot-many",
            "sibling",
            "dots-encoded",
            "slash-encoded",
            "all-encoded-many",
            "link-out",
            "trap-nul-type",
            "trap-slash-encoded",
            "env",
            "git",
            "redirect",
            "redirect-directory",
            "script",
            "script-behind-comment",
            "image",
            "listing",
        ],
    );
    let redirect = report.failures().iter().find(|failure| failure.name == "redirect").unwrap();
    assert_eq!(redirect.problem, "Location: //evil.example/");
}

/// Joins each segment, so that an absolute one replaces the root.
#[tokio::test]
async fn rule_2_joined_absolute_paths_are_found() {
    let joins = async |request: Request| {
        let path = percent_decode_str(request.uri().path()).decode_utf8_lossy().into_owned();
        let file = Path::new("/nowhere").join(path.strip_prefix('/').unwrap_or_default());
        // A device without an end would only use up the memory of this test.
        match file.is_file().then(|| std::fs::read(file)).ok_or_else(Error::not_found)? {
            Ok(content) => Ok(http::Response::new(Body::from(content))),
            Err(_) => Err(Error::not_found()),
        }
    };
    assert_found(&attack::run(&joins, attack::paths()).await, &["absolute", "absolute-encoded"]);
}

#[tokio::test]
async fn rule_2_what_comes_from_the_attacker_is_found() {
    let reflects = async |request: Request| {
        let header = |name| request.headers().get(name).cloned();
        let text = |value: Option<HeaderValue>| {
            value.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        };
        let host = text(header("x-forwarded-host")).unwrap_or_default();
        let agent = text(header("user-agent")).unwrap_or_default();
        let page = format!("<title>{agent}</title><base href=\"http://{host}/\">{agent}");
        let mut response = response::html(page);
        let headers = response.headers_mut();
        if let Some(cookie) = header("cookie") {
            headers.insert(header::SET_COOKIE, cookie);
        }
        if let Some(origin) = header("origin") {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers
                .insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        }
        Ok(response)
    };
    let corpus = attack::headers().into_iter().chain(attack::cookies());
    let report = attack::run(&reflects, corpus).await;
    let expected = [
        "forwarded-host",
        "forwarded-host-markup",
        "user-agent-markup",
        "origin-foreign",
        "origin-null",
        "fixation",
        "fixation-encoded",
    ];
    assert_found(&report, &expected);
    assert!(report.failures().len() < 30, "{report}");
}

#[tokio::test]
async fn rule_2_a_fixed_redirect_to_another_host_is_no_fault() {
    let sends = async |_: Request| {
        Ok(response::redirect(http::StatusCode::FOUND, "https://login.example/?from=%2F"))
    };
    attack::run(&sends, attack::all()).await.assert_passed();
}

#[tokio::test]
async fn rule_2_addresses_made_of_the_host_that_the_client_named_are_found() {
    let builds = async |request: Request| {
        let host = request.headers()["host"].to_str().unwrap_or_default().to_owned();
        if request.uri().path() == "/sub" {
            let location = format!("http://{host}/sub/");
            return Ok(response::redirect(http::StatusCode::FOUND, &location));
        }
        let host = host.replace(['"', '<', '>'], "");
        Ok(response::html(format!(
            "<title>x</title><a href=\"https://{host}/reset?token=1\">x</a>"
        )))
    };
    let report = attack::run(&builds, attack::headers()).await;
    let found = ["host-foreign", "host-foreign-port", "host-foreign-below", "host-foreign-page"];
    assert_found(&report, &found);
}

#[tokio::test]
async fn rule_2_ranges_that_multiply_or_lie_are_found() {
    let serves = async |request: Request| {
        let Some(range) = request.headers().get(header::RANGE) else {
            return hello(request).await;
        };
        let ranges = range.to_str().unwrap_or_default().matches('-').count();
        let mut response = http::Response::new(Body::from("x".repeat(64 << 10).repeat(ranges)));
        *response.status_mut() = http::StatusCode::PARTIAL_CONTENT;
        let range = HeaderValue::from_static("bytes 0-9/10");
        response.headers_mut().insert(header::CONTENT_RANGE, range);
        Ok(response)
    };
    let report = attack::run(&serves, attack::ranges()).await;
    let found = ["ranges-10000-whole", "range-first", "range-empty", "if-range-other"];
    assert_found(&report, &found);
    let problem =
        |name| &report.failures().iter().find(|failure| failure.name == name).unwrap().problem;
    assert_eq!(problem("ranges-10000-whole"), "a larger answer");
    assert_eq!(problem("range-first"), "a part of 65536 bytes as `bytes 0-9/10`");
    assert_eq!(problem("if-range-other"), "status 206");
}

#[tokio::test]
async fn rule_2_a_length_that_is_not_true_is_found() {
    let lies = async |_: Request| {
        let mut response = response::text("hi");
        response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from_static("3"));
        Ok(response)
    };
    let report = attack::run(&lies, [Attack::get("x", Class::Paths, "/")]).await;
    assert!(report.to_string().contains("not the length that the head says"), "{report}");
}

#[tokio::test]
async fn rule_3_panics_and_broken_bodies_are_found() {
    let panics = async |_: Request| -> Result { panic!("on purpose") };
    let breaks = async |_: Request| Ok(http::Response::new(Body::new(Broken)));
    let attack = || [Attack::get("x", Class::Paths, "/")];
    let report = attack::run(&panics, attack()).await;
    let problem = &report.failures()[0].problem;
    assert!(problem.starts_with("panic at ") && problem.ends_with(": on purpose"), "{report}");
    let report = attack::run(&breaks, attack()).await;
    assert!(report.failures()[0].problem.ends_with(": in the body"), "{report}");
}

struct Broken;

impl http_body::Body for Broken {
    type Data = bytes::Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<std::result::Result<http_body::Frame<Self::Data>, Infallible>>>
    {
        panic!("in the body")
    }
}

#[tokio::test]
async fn rule_3_what_does_not_answer_in_time_is_found() {
    let attack = || {
        let soon = Allowed::answered().within(Duration::from_millis(50));
        [Attack::get("x", Class::Paths, "/").allow(soon)]
    };
    let hangs = async |_: Request| std::future::pending().await;
    let computes = async |request: Request| {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_millis(60) {
            std::hint::spin_loop(); // holds its thread for too long
        }
        hello(request).await
    };
    for report in [attack::run(&hangs, attack()).await, attack::run(&computes, attack()).await] {
        assert_eq!(report.failures()[0].problem, "no whole answer in time");
    }
    attack::run(&hello, attack()).await.assert_passed();
}

#[tokio::test]
async fn rule_3_whoever_reads_a_body_must_refuse_what_is_not_sound() {
    let takes_all = async |request: Request| {
        request.into_body().collect(8 << 20).await?;
        Ok(response::no_content())
    };
    let corpus = || attack::multipart().into_iter().chain(attack::forms()).map(Attack::read);
    let report = attack::run(&takes_all, corpus()).await;
    assert_found(&report, &["multipart-two-boundaries", "part-many-headers", "form-many-fields"]);
    let unsound = attack::multipart().into_iter().chain(attack::forms());
    let unsound = unsound.filter(|attack| attack.body_is() != Content::Sound).count();
    assert_eq!(report.failures().len(), unsound);
    let refuses = async |_: Request| Err(Error::bad_request("no"));
    attack::run(&refuses, corpus()).await.assert_passed();
}

/// A server that answers each connection with `answer`, and then closes it or not.
async fn serve(answer: &'static str, closes: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/below", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let mut kept = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = vec![0; 1000];
            let length = stream.read(&mut request).await.unwrap();
            let request = String::from_utf8_lossy(&request[..length]).into_owned();
            assert!(request.contains(" /below/"), "{request}");
            stream.write_all(answer.as_bytes()).await.unwrap();
            if !closes {
                kept.push(stream);
            }
        }
    });
    url
}

#[tokio::test]
async fn rule_4_servers_are_judged_by_what_they_send() {
    let get = || {
        Attack::get("x", Class::Paths, "/")
            .allow(Allowed::answered().within(Duration::from_secs(2)))
    };
    let raw = || {
        let soon = Allowed::answered().then_closed().within(Duration::from_millis(700));
        Attack::raw("y", "GET {path} HTTP/1.1\r\n\r\n").allow(soon)
    };
    let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: text/plain\r\n\r\nhi";
    for (answer, closes, attack, problem) in [
        (ok, true, get(), ""),
        (ok, true, raw(), ""),
        (ok, false, get(), ""),
        (ok, false, raw(), "the connection stays open"),
        ("", true, get(), "the server closed without an answer"),
        ("", false, raw(), "no whole answer in time"),
        ("HTTP/1.1 200 OK\r\n", true, get(), "the answer ends within its head"),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi",
            true,
            get(),
            "a body of 2 bytes, which is not the length that the head says",
        ),
        ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi", false, raw(), "no whole answer in time"),
        (
            "HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
            true,
            raw(),
            "2 answers to one request",
        ),
        ("HTTP/1.1 204 No Content\r\n\r\nhi", true, raw(), "bytes behind the answer"),
        (
            "HTTP/1.1 404 Not Found\r\nX-Injected: 1\r\nContent-Length: 0\r\n\r\n",
            true,
            get(),
            "a header of the attacker's in the answer",
        ),
        ("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", true, get(), "status 502"),
        ("SSH-2.0-x\r\n", true, get(), "no answer of HTTP/1: \"SSH-2.0-x\\r\\n\""),
    ] {
        let url = serve(answer, closes).await;
        let report = attack::run_at(&url, [attack]).await.unwrap();
        let found = report.failures().first().map_or("", |failure| &failure.problem);
        assert_eq!(found, problem, "{answer}");
    }
}

#[tokio::test]
async fn rule_4_other_machines_are_refused_and_so_is_what_does_not_listen() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed = format!("http://{}/", taken.local_addr().unwrap());
    drop(taken);
    for (url, complaint) in [
        ("http://192.0.2.1/", "not a loopback address: only servers on this machine are attacked"),
        ("ftp://127.0.0.1/", "not a URL that begins with http://"),
        (&closed, "is not reached"),
    ] {
        let error = attack::run_at(url, attack::paths()).await.unwrap_err().to_string();
        assert!(error.contains(complaint), "{url}: {error}");
    }
}

#[tokio::test]
async fn rule_5_what_is_planted_is_found_where_it_is_served() {
    let base = tempfile::tempdir().unwrap();
    let root = attack::plant(base.path()).unwrap();
    assert_eq!(std::fs::read_to_string(root.join("trap.txt")).unwrap(), CANARY);
    assert!(std::fs::metadata(root.join("index.html")).unwrap().len() > 60_000);
    let shows = async move |_: Request| Ok(response::text(CANARY));
    let report = attack::run(&shows, attack::paths()).await;
    assert_eq!(report.passed(), 0);
}
