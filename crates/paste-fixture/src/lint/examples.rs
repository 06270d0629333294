//! Runs the two examples of every rule through the lint.
//!
//! An example is a request head, an empty line, a response head, an empty line, a body; what is
//! missing at the end is empty. Requests have a `Host` unless they bring one. Lines that begin with
//! a colon set up what no header says. A body may say how it comes: `stream:TEXT`, without a known
//! length; `hint:N:TEXT`, as if it had N bytes; `dropped:TEXT`, a stream that nobody reads.

use std::collections::BTreeSet;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode, Version};
use http_body::{Frame, SizeHint};
use paste_core::{
    AppExt, Body, OriginalUri, RemoteUser, Request, RequestExt, Response, Scheme, ScriptName,
    response,
};

use super::rules::GROUPS;
use super::*;

/// A body that comes as one piece, and says of its length what it likes.
struct Piece(Option<Bytes>, SizeHint);

impl http_body::Body for Piece {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Poll::Ready(self.0.take().map(|data| Ok(Frame::data(data))))
    }

    fn size_hint(&self) -> SizeHint {
        self.1
    }
}

/// Adds a line `Name: value`, whose value may begin with blanks of its own.
fn add(headers: &mut HeaderMap, line: &str) {
    let (name, value) = line.split_once(':').expect(line);
    let value = HeaderValue::from_bytes(value.strip_prefix(' ').unwrap_or(value).as_bytes());
    headers.append(name.parse::<HeaderName>().expect(line), value.expect(line));
}

fn request(text: &str) -> Request {
    let mut lines = text.lines();
    let (method, target) = lines.next().unwrap().split_once(' ').expect(text);
    let mut request =
        http::Request::builder().method(method).uri(target).body(Body::empty()).expect(text);
    let mut has_host = false;
    for line in lines {
        let (name, value) = line.split_once(' ').unwrap_or((line, ""));
        let extensions = request.extensions_mut();
        match name {
            ":body" => *request.body_mut() = value.to_owned().into(),
            ":no-host" => has_host = true,
            ":original" => _ = extensions.insert(OriginalUri(value.parse().expect(line))),
            ":scheme" => _ = extensions.insert(Scheme(value.to_owned().leak())),
            ":script-name" => _ = extensions.insert(script_name(value)),
            ":user" => _ = extensions.insert(RemoteUser::new(value)),
            ":version" if value == "HTTP/2.0" => *request.version_mut() = Version::HTTP_2,
            _ => {
                has_host |= name.eq_ignore_ascii_case("host:");
                add(request.headers_mut(), line);
            }
        }
    }
    if !has_host {
        request.headers_mut().insert("host", HeaderValue::from_static("example.org"));
    }
    request
}

/// The script name behind `path`, as shifting makes it.
fn script_name(path: &str) -> ScriptName {
    let mut request = http::Request::get(path).body(Body::empty()).unwrap();
    assert!(request.shift_segments(1));
    request.extensions_mut().remove().unwrap()
}

fn response(head: &str, body: &str) -> Response {
    let mut lines = head.lines();
    let status: StatusCode = lines.next().unwrap_or("200").parse().expect(head);
    let mut response = response::with_status(status);
    lines.for_each(|line| add(response.headers_mut(), line));
    let (kind, text) = body.split_once(':').unwrap_or(("", body));
    let piece = |text: &str, hint| Body::new(Piece(Some(Bytes::from(text.to_owned())), hint));
    *response.body_mut() = match kind {
        "stream" | "dropped" => piece(text, SizeHint::default()),
        "hint" => {
            let (length, text) = text.split_once(':').expect(body);
            piece(text, SizeHint::with_exact(length.parse().expect(body)))
        }
        _ => body.to_owned().into(),
    };
    response
}

/// What the lint finds in an example.
async fn findings(example: &'static str) -> Vec<Finding> {
    let mut parts = example.splitn(3, "\n\n");
    let request = request(parts.next().unwrap());
    let (head, body) = (parts.next().unwrap_or("200"), parts.next().unwrap_or_default());
    let findings = Findings::new();
    let app = move |_: Request| async move { Ok(response(head, body)) };
    let app = app.with(Lint::new().collect_into(findings.clone()));
    let answer = app.call(request).await.unwrap().into_body();
    if body.starts_with("dropped:") {
        drop(answer);
    } else {
        answer.collect(10_000).await.unwrap();
    }
    findings.take()
}

#[tokio::test]
async fn rule_1_each_rule_is_broken_by_its_example_and_kept_by_the_one_close_to_it() {
    let mut faults = Vec::new();
    for entry in GROUPS.iter().flat_map(|group| group.entries) {
        let id = entry.rule.id;
        let found = findings(entry.breaks).await;
        if !found.iter().any(|finding| finding.rule.id == id && !finding.value.is_empty()) {
            faults.push(format!("{id} is not broken by {:?}: {found:?}", entry.breaks));
        }
        let found = findings(entry.sound).await;
        if !found.is_empty() {
            faults.push(format!("{id}: {:?} is not sound: {}", entry.sound, found[0]));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[tokio::test]
async fn rule_1_what_the_grammars_allow_is_sound() {
    for example in [
        "GET /\n\n200\nContent-Type: text/html;\n\nhello",
        "GET /\n\n200\nContent-Type: text/html ; charset=\"utf-8\"\n\nhello",
        "GET /\n\n200\nCache-Control: private=\"set-cookie, x-a\", max-age=0",
        "GET /\n\n200\nETag: W/\"\"",
        "GET /\n\n200\nVary: Accept\nVary: *",
        "GET /\n\n200\nLink: </a,b>; rel=\"next, last\" , </c>;rel=prev",
        "GET /\n\n200\nSet-Cookie: a=; Max-Age=0; path=/; httponly",
        "GET /\n\n201\nLocation: ?id=5",
        "POST /\n\n302\nLocation: ../a",
        "POST /a\n\n303\nLocation: /a",
        "POST /\n\n405\nAllow: ",
        "GET /\n\n401\nWWW-Authenticate: Digest realm=\"a, b\", qop=\"auth, auth-int\", nonce=\"c==\", Negotiate YQ==",
        "GET /\nRange: bytes=-5\n\n206\nContent-Range: bytes 4-8/9\nContent-Type: text/css\n\nhello",
        "GET /\nRange: bytes=0-4\n\n200\nContent-Type: text/css\n\nhello world",
        "GET /\nRange: lines=0-4\n\n206\nContent-Range: lines 0-4/9\nContent-Type: text/css\n\nhello",
        "HEAD /\n\n200\nContent-Length: 5\nContent-Type: text/css",
        "GET /\nIf-None-Match: *\n\n304",
        "GET http://example.org:80/\nHost: example.org",
        "GET /\n\n200\nUpgrade: h2c\nConnection: Upgrade",
        "GET /\nRange: bytes=0-4\nIf-Range: Sun, 06 Nov 1994 08:49:37 GMT\n\n206\nContent-Range: bytes 0-4/9\n\nhello",
        "GET /\nOrigin: http://b.example\n\n200\nAccess-Control-Allow-Origin: http://a.example",
        "GET /\n\n200\nAccess-Control-Allow-Origin: http://a.example",
        "GET /\nAccept-Encoding: X-GZIP\n\n200\nContent-Encoding: gzip\nVary: accept-encoding\nContent-Type: text/css\n\nhello",
        "GET /\nRange: bytes=0-1, 3-4\n\n206\nContent-Range: bytes 0-4/9\nContent-Type: text/css\n\nhello",
        "GET /\nRange: bytes=-9\n\n206\nContent-Range: bytes 0-4/5\nContent-Type: text/css\n\nhello",
        "GET /\nRange: bytes=-9\n\n206\nContent-Range: bytes 0-4/*\nContent-Type: text/css\n\nhello",
        "GET /a\n\n302\nLocation: https://example.org/a",
        "GET /a\n\n302\nLocation: http://example.org:8080/a",
        "GET /a?b\n\n302\nLocation: ?",
        "GET /\n\n200\nContent-Type: text/css; charset=Shift_JIS\n\nhello",
        "GET /b\n:script-name /a\n:original http://example.org/a/b",
    ] {
        let found = findings(example).await;
        assert!(found.is_empty(), "{example:?}: {}", found[0]);
    }
}

#[tokio::test]
async fn rule_1_the_forms_of_one_fault_are_all_found() {
    for (id, example) in [
        ("location-loop", "GET /a?b\n\n302\nLocation: http://EXAMPLE.org:80/a?b"),
        ("location-loop", "GET /a?b\n\n302\nLocation: ?b"),
        ("location-loop", "GET /a?b\n\n302\nLocation: a?b#c"),
        ("location-loop", "GET /a\n:scheme https\n\n302\nLocation: https://example.org/a"),
        ("location-syntax", "GET /\n\n302\nLocation: http:///foo"),
        ("location-syntax", "GET /\n\n302\nLocation: http:/foo"),
        ("location-syntax", "GET /\n\n302\nLocation: http:foo"),
        ("location-syntax", "GET /\n\n302\nLocation: HTTPS://:80/foo"),
        (
            "range-other",
            "GET /\nRange: bytes=-4\n\n206\nContent-Range: bytes 4-8/9\nContent-Type: text/css\n\nhello",
        ),
        (
            "range-other",
            "GET /\nRange: bytes=1-2, 4-5\n\n206\nContent-Range: bytes 0-4/9\nContent-Type: text/css\n\nhello",
        ),
        (
            "range-other",
            "GET /\nRange: bytes=0-1, 2-3\n\n206\nContent-Range: bytes 0-4/9\nContent-Type: text/css\n\nhello",
        ),
        ("link-rel", "GET /\n\n200\nLink: <a>; rev=x"),
        ("content-type-charset", "GET /\n\n200\nContent-Type: text/css; charset=foo-bar\n\nhello"),
        ("content-type-charset", "GET /\n\n200\nContent-Type: text/css; charset=é\n\nhello"),
        ("header-list-empty", "GET /\n\n401\nWWW-Authenticate: Basic realm=\"a\",, Negotiate"),
        ("upgrade-connection", "GET /\nUpgrade: a\n\n101\nUpgrade: a"),
        ("connection-forbidden", "GET /\n\n200\nUpgrade: h2c\nConnection: Upgrade, close"),
        (
            "if-range-ignored",
            "GET /\nRange: bytes=0-4\nIf-Range: Sun, 06 Nov 1994 08:49:37 GMT\n\n206\nContent-Range: bytes 0-4/9\nLast-Modified: Sun, 06 Nov 1994 08:49:38 GMT\n\nhello",
        ),
        (
            "if-range-ignored",
            "GET /\nRange: bytes=0-4\nIf-Range: \"a\"\n\n206\nContent-Range: bytes 0-4/9\n\nhello",
        ),
        (
            "content-encoding-accepted",
            "GET /\nAccept-Encoding: x-gzip;q=0, br\n\n200\nContent-Encoding: gzip\nVary: accept-encoding\nContent-Type: text/css\n\nhello",
        ),
    ] {
        let found = findings(example).await;
        let is_found = found.iter().any(|finding| finding.rule.id == id);
        assert!(is_found, "{id} is not broken by {example:?}: {found:?}");
    }
}

#[test]
fn rule_1_ids_are_unique_and_well_formed_and_texts_are_lines() {
    let mut seen = BTreeSet::new();
    for rule in rules() {
        let id = rule.id;
        assert!(seen.insert(id), "{id} stands twice");
        let word = |word: &str| {
            !word.is_empty()
                && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        };
        assert!(id.contains('-') && id.split('-').all(word), "{id}");
        assert!(rule.level > Level::Off, "{id}");
        for text in [rule.text, rule.clause] {
            assert!(!text.is_empty() && !text.contains('\n') && text.trim() == text, "{id}");
        }
        assert!(!rule.text.ends_with('.'), "{id}");
        assert!(
            rule.clause.chars().any(|c| c.is_ascii_digit()) || rule.clause.contains(','),
            "{id}"
        );
    }
    assert!(seen.len() >= 80, "{} rules", seen.len());
}

#[test]
fn rule_1_rules_md_is_generated() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/RULES.md");
    let page = std::fs::read_to_string(path).unwrap();
    assert!(page == rules_markdown(), "RULES.md is not up to date: run `cargo xtask doc`");
}

/// All headers that a rule looks at.
fn headers() -> Vec<&'static str> {
    let entries = GROUPS.iter().flat_map(|group| group.entries);
    entries
        .flat_map(|entry| entry.on)
        .copied()
        .chain(["if-range", "range", "if-none-match"])
        .collect()
}

proptest::proptest! {
    #[test]
    fn no_value_of_any_header_is_too_odd(
        name in proptest::sample::select(headers()),
        value in "[ -~\té\u{a0}]{0,12}[\",;=%:/'<>*\\\\W-]{0,6}[ -~é]{0,12}",
        status in proptest::sample::select(vec![101, 200, 204, 206, 302, 304, 401, 405, 416, 426]),
    ) {
        let value = HeaderValue::from_str(&value).or(HeaderValue::from_bytes(value.as_bytes()));
        let value = value.unwrap();
        let mut asked = request("GET /\nRange: bytes=0-1\nAccept-Encoding: gzip\nUpgrade: a");
        let mut answer = response(&format!("{status}\nContent-Encoding: gzip\nETag: \"a\""), "hello");
        asked.headers_mut().insert(name, value.clone());
        answer.headers_mut().insert(name, value);
        let answer = std::sync::Mutex::new(Some(answer));
        let app = move |_: Request| {
            let answer = answer.lock().unwrap().take().unwrap();
            async move { Ok(answer) }
        };
        let app = app.with(Lint::new().collect_into(Findings::new()));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(app.call(asked)).unwrap();
    }
}
