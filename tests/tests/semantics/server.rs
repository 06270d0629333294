//! Section 7, the server.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Empty};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use paste_core::{App, AppExt, Body, Request, RequestExt, response};
use paste_server::Server;
use paste_tests::{Log, TestServer, within};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{Notify, mpsc};

/// Answers with what it sees of the request's head.
async fn seen(request: Request) -> paste_core::Result {
    let (host, path, original) =
        (request.host().unwrap_or("-"), request.uri(), request.original_uri());
    let length = request.headers().get("content-length").is_some();
    Ok(response::text(format!("seen {host} {path} {original} {length}\n")))
}

#[tokio::test]
async fn semantics_7_1_the_app_sees_paths_as_they_were_sent() {
    let server = TestServer::new(seen).await;
    for target in ["/a%00b", "/../x", "/a/..", "/%2f", "//evil//x", "/%FF", "/a?b=%zz#"] {
        let answer = server.get(target).await;
        let path = target.trim_end_matches('#');
        assert!(
            answer.ends_with(&format!("seen localhost {path} {path} false\n")),
            "{target}: {answer}"
        );
    }
    let raw = server.raw(b"GET /\xFF HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    assert!(raw.starts_with("HTTP/1.1 400 "), "raw bytes: {raw}");
}

#[tokio::test]
async fn semantics_7_2_a_target_in_absolute_form_names_the_host() {
    let server = TestServer::new(seen).await;
    let request =
        "GET http://a.example:81/p?q HTTP/1.1\r\nHost: b.example\r\nConnection: close\r\n\r\n";
    let answer = server.raw(request).await;
    assert!(answer.ends_with("seen a.example:81 /p?q http://a.example:81/p?q false\n"), "{answer}");
    for target in ["http://user@a.example/", "http:///x", "http://a.example:99999/"] {
        let answer = server.raw(format!("GET {target} HTTP/1.1\r\nHost: b\r\n\r\n")).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{target}: {answer}");
    }
}

#[tokio::test]
async fn semantics_7_3_the_server_answers_for_itself() {
    let server = TestServer::new(seen).await;
    for (request, status) in [
        ("OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 204),
        ("GET * HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        ("CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\nConnection: close\r\n\r\n", 501),
        ("GET x HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    ] {
        let answer = server.raw(request).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{request}{answer}");
        assert!(!answer.contains("seen"));
    }
}

#[tokio::test]
async fn semantics_7_4_a_request_names_one_valid_host() {
    let server = TestServer::new(seen).await;
    for (head, status) in [
        ("GET / HTTP/1.1\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a b\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a/b\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: user@a\r\n", 400),
        ("GET / HTTP/1.1\r\nHost:\r\n", 200),
        ("GET / HTTP/1.1\r\nHost: [::1]:80\r\n", 200),
        ("GET / HTTP/1.0\r\n", 200),
    ] {
        let close = if status == 200 { "Connection: close\r\n" } else { "" };
        let answer = server.raw(format!("{head}{close}\r\n")).await;
        assert!(answer.contains(&format!(" {status} ")), "{head}{answer}");
        assert_eq!(answer.contains("seen"), status == 200, "{head}{answer}");
    }
}

#[tokio::test]
async fn semantics_7_5_ambiguous_lengths_cannot_smuggle() {
    let server = TestServer::new(seen).await;
    let both = [
        "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
    ];
    for headers in both {
        let smuggled = "0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n";
        let answer =
            server.raw(format!("POST / HTTP/1.1\r\nHost: x\r\n{headers}\r\n{smuggled}")).await;
        assert!(
            answer.ends_with("seen x / / false\n"),
            "chunked holds, the length is gone: {answer}"
        );
        assert_eq!(answer.matches("HTTP/1.1").count(), 1, "and the connection closes: {answer}");
    }
    for headers in [
        "Content-Length: 4\r\nContent-Length: 5\r\n",
        "Content-Length: -1\r\n",
        "Content-Length: 4, 5\r\n",
        "Transfer-Encoding: gzip\r\n",
        "Transfer-Encoding: chunked, gzip\r\n",
        "Transfer-Encoding: chunked, chunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        "Host : y\r\n",
    ] {
        let answer = server.raw(format!("POST / HTTP/1.1\r\nHost: x\r\n{headers}\r\nabcd")).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{headers}{answer}");
    }
    for headers in ["Transfer-Encoding: ,chunked\r\n", "Transfer-Encoding: , ,  chunked\r\n"] {
        let close = "Connection: close\r\n\r\n0\r\n\r\n";
        let answer = server.raw(format!("POST / HTTP/1.1\r\nHost: x\r\n{headers}{close}")).await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "empty list elements: {headers}{answer}");
    }
    for headers in [
        "Transfer-Encoding: gzip, chunked\r\n",
        "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n",
    ] {
        let answer =
            server.raw(format!("POST / HTTP/1.1\r\nHost: x\r\n{headers}\r\n0\r\n\r\n")).await;
        assert!(answer.starts_with("HTTP/1.1 501 "), "{headers}{answer}");
    }
}

#[tokio::test]
async fn semantics_7_6_a_head_that_is_too_large_is_a_431() {
    let server = TestServer::new(seen).await;
    let over = format!("GET / HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "x".repeat(65_600));
    let huge = format!("GET / HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "x".repeat(400 * 1024));
    let many = format!("GET / HTTP/1.1\r\nHost: x\r\n{}\r\n", "X: x\r\n".repeat(1000));
    for head in [over, huge, many] {
        let mut stream = server.connect().await;
        let (mut reader, mut writer) = stream.split();
        let mut answer = [0; 12];
        // The server answers while the client still sends.
        let (_, read) = tokio::join!(
            writer.write_all(head.as_bytes()),
            within("431", reader.read_exact(&mut answer))
        );
        read.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 431");
    }

    // What HPACK makes small is refused with an answer; what it cannot, ends the connection.
    for (count, value, expected) in
        [(200, "x".repeat(400), Some(431)), (1, "~".repeat(100_000), None)]
    {
        let io = TokioIo::new(server.connect().await);
        let (mut client, connection) = http2::handshake(TokioExecutor::new(), io).await.unwrap();
        tokio::spawn(connection);
        let mut request = http::Request::get("http://x/");
        for number in 0..count {
            request = request.header(format!("x-{number}"), &value);
        }
        let request = request.body(Empty::<bytes::Bytes>::new()).unwrap();
        let answer = within("an answer", client.send_request(request)).await;
        assert_eq!(answer.ok().map(|answer| answer.status().as_u16()), expected, "{count} headers");
    }
}

/// An app that tells when a call begins, and, by the closed channel, when it is dropped.
fn hangs() -> (impl App, mpsc::Receiver<mpsc::Receiver<()>>) {
    let (begun, begins) = mpsc::channel(8);
    let app = move |_: Request| {
        let begun = begun.clone();
        async move {
            let (held, dropped) = mpsc::channel(1);
            begun.send(dropped).await.unwrap();
            std::future::pending::<()>().await;
            drop(held);
            Ok(response::no_content())
        }
    };
    (app, begins)
}

#[tokio::test]
async fn semantics_7_7_a_client_that_goes_cancels_its_request() {
    let (app, mut begins) = hangs();
    let server = TestServer::new(app).await;

    let mut stream = server.connect().await;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut dropped = within("the request", begins.recv()).await.unwrap();
    drop(stream);
    assert_eq!(within("HTTP/1: the drop", dropped.recv()).await, None);

    let io = TokioIo::new(server.connect().await);
    let (mut client, connection) = http2::handshake(TokioExecutor::new(), io).await.unwrap();
    let connection = tokio::spawn(connection);
    let request = http::Request::get("http://x/").body(Empty::<bytes::Bytes>::new()).unwrap();
    let answer = tokio::spawn(client.send_request(request));
    let mut dropped = within("the request", begins.recv()).await.unwrap();
    answer.abort();
    assert_eq!(within("HTTP/2: the drop", dropped.recv()).await, None);
    assert!(!connection.is_finished(), "only the stream has ended");
}

fn panicking() -> impl futures_util::Stream<Item = Result<&'static str, paste_core::BoxError>> {
    futures_util::stream::poll_fn(|_| panic!("in the body"))
}

#[tokio::test]
async fn semantics_7_8_a_panic_is_a_500_and_a_line_in_the_log() {
    let log = Log::start();
    let app = async |request: Request| match request.uri().path() {
        "/panic" => panic!("on purpose"),
        "/body" => Ok(http::Response::new(Body::from_stream(panicking()))),
        _ => seen(request).await,
    };
    let server = TestServer::new(app.boxed()).await;
    let requests = "GET /panic HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let answer = server.raw(requests).await;
    assert!(answer.starts_with("HTTP/1.1 500 "), "{answer}");
    assert!(answer.ends_with("seen x / / false\n"), "the connection lives on: {answer}");
    assert!(!answer.contains("on purpose"));
    assert_eq!(log.lines_with("panic: on purpose").len(), 1);

    let cut = server.get("/body").await;
    assert!(!cut.contains("\r\n0\r\n\r\n"), "no end of a chunked body: {cut}");
    assert_eq!(log.lines_with("panic: in the body").len(), 1);
    assert!(server.get("/").await.ends_with("false\n"), "the server lives on");
}

#[tokio::test]
async fn semantics_7_8_a_panic_before_an_apps_future_is_a_500() {
    let log = Log::start();
    // A closure runs before there is a future.
    let app = |request: Request| {
        assert_ne!(request.uri().path(), "/panic", "before the future");
        seen(request)
    };
    let server = TestServer::new(app).await;
    let requests = "GET /panic HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let answer = server.raw(requests).await;
    assert!(answer.starts_with("HTTP/1.1 500 ") && answer.ends_with("false\n"), "{answer}");
    assert!(!log.lines_with("before the future").is_empty());
}

/// What a panic carries; its own drop panics, too.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("in the drop of a panic");
    }
}

#[tokio::test]
async fn semantics_7_8_a_panic_at_the_end_of_a_body_or_of_a_panic_is_a_500() {
    let log = Log::start();
    let app = async |request: Request| match request.uri().path() {
        "/bomb" => std::panic::panic_any(Bomb),
        "/empty" => Ok(http::Response::new(Body::empty().on_end(|_| panic!("at the empty end")))),
        _ => Ok(http::Response::new(Body::from("abc").on_end(|_| panic!("at the end")))),
    };
    let server = TestServer::new(app).await;
    for target in ["/bomb", "/empty"] {
        let answer = server.get(target).await;
        assert!(answer.starts_with("HTTP/1.1 500 "), "{target}: {answer}");
    }
    server.get("/full").await;
    for text in ["panic: (no message)", "panic: at the empty end", "panic: at the end"] {
        assert_eq!(log.lines_with(text).len(), 1, "{text}");
    }
}

#[tokio::test]
async fn semantics_7_9_head_has_the_headers_of_get_and_no_content() {
    let server = TestServer::new(seen).await;
    let request =
        |method: &str| format!("{method} / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    let head_of = |answer: &str| {
        let (head, content) = answer.split_once("\r\n\r\n").unwrap();
        let lines = head.lines().filter(|line| !line.starts_with("date:"));
        (lines.map(str::to_owned).collect::<BTreeSet<_>>(), content.to_owned())
    };
    let (get, _) = head_of(&server.raw(request("GET")).await);
    let (head, content) = head_of(&server.raw(request("HEAD")).await);
    assert_eq!((&head, &*content), (&get, ""));
    assert!(head.contains("content-length: 17"), "{head:?}");

    let io = TokioIo::new(server.connect().await);
    let (mut client, connection) = http2::handshake(TokioExecutor::new(), io).await.unwrap();
    tokio::spawn(connection);
    let request = http::Request::head("http://x/").body(Empty::<bytes::Bytes>::new()).unwrap();
    let answer = within("an answer", client.send_request(request)).await.unwrap();
    assert_eq!(answer.headers()["content-length"], "25");
    assert!(answer.into_body().collect().await.unwrap().to_bytes().is_empty());
}

#[tokio::test]
async fn semantics_7_10_the_app_sees_http_2_in_the_same_shape() {
    let server = TestServer::new(seen).await;
    let io = TokioIo::new(server.connect().await);
    let (mut client, connection) = http2::handshake(TokioExecutor::new(), io).await.unwrap();
    tokio::spawn(connection);
    for (host, expected) in [
        (None, (200, "seen a.example:81 /p?q http://a.example:81/p?q false\n")),
        (Some("A.EXAMPLE:81"), (200, "seen a.example:81 /p?q http://a.example:81/p?q false\n")),
        (Some("b.example"), (400, "different hosts")),
    ] {
        let mut request = http::Request::get("http://a.example:81/p?q");
        if let Some(host) = host {
            request = request.header("host", host);
        }
        let request = request.body(Empty::<bytes::Bytes>::new()).unwrap();
        let answer = within("an answer", client.send_request(request)).await.unwrap();
        let status = answer.status().as_u16();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(status, expected.0, "{host:?}");
        assert!(String::from_utf8_lossy(&body).contains(expected.1), "{host:?}: {body:?}");
    }
}

/// An app whose answer begins at once, and ends when it is told to.
fn slow() -> (impl App, Arc<Notify>) {
    let go = Arc::new(Notify::new());
    let wait = Arc::clone(&go);
    let app = move |_: Request| {
        let wait = Arc::clone(&wait);
        let pieces = futures_util::stream::unfold(0, move |step| {
            let wait = Arc::clone(&wait);
            async move {
                if step == 1 {
                    wait.notified().await;
                }
                (step < 2)
                    .then(|| (Ok::<_, paste_core::BoxError>(["begun ", "ended"][step]), step + 1))
            }
        });
        async { Ok(http::Response::new(Body::from_stream(pieces))) }
    };
    (app, go)
}

#[tokio::test]
async fn semantics_7_11_a_stop_cuts_no_answer_that_has_begun() {
    let (app, go) = slow();
    let mut server = TestServer::new(app).await;
    let mut idle = server.connect().await;
    let io = TokioIo::new(server.connect().await);
    let (mut client, connection) = http1::handshake(io).await.unwrap();
    let connection = tokio::spawn(connection);
    let request =
        http::Request::get("/").header("host", "x").body(Empty::<bytes::Bytes>::new()).unwrap();
    let mut answer = within("an answer", client.send_request(request)).await.unwrap().into_body();
    assert_eq!(answer.frame().await.unwrap().unwrap().into_data().unwrap(), "begun ");

    server.begin_stop();
    let mut nothing = [0];
    let read = within("the idle connection to close", idle.read(&mut nothing)).await;
    assert!(matches!(read, Ok(0) | Err(_)));
    go.notify_one();
    assert_eq!(within("the rest", answer.collect()).await.unwrap().to_bytes(), "ended");
    within("the connection to close", connection).await.unwrap().unwrap();
    server.ended().await;
}

#[tokio::test]
async fn semantics_7_12_what_does_not_end_in_time_is_cut() {
    let (app, mut begins) = hangs();
    let mut server = TestServer::with(Server::new().graceful_timeout(Duration::ZERO), app).await;
    let mut stream = server.connect().await;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut dropped = within("the request", begins.recv()).await.unwrap();
    server.begin_stop();
    assert_eq!(within("the drop", dropped.recv()).await, None);
    server.ended().await;
}

#[tokio::test]
async fn semantics_7_13_framing_is_the_servers() {
    let app = async |request: Request| {
        let mut response = match request.uri().path() {
            "/stream" => {
                http::Response::new(Body::from_stream(futures_util::stream::iter([Ok::<
                    _,
                    paste_core::BoxError,
                >(
                    "abc"
                )])))
            }
            "/early" => response::with_status(http::StatusCode::EARLY_HINTS),
            _ => response::text("abc"),
        };
        if let Some(length) = request.uri().query() {
            response.headers_mut().insert("content-length", length.parse()?);
            response.headers_mut().insert("transfer-encoding", "chunked".parse()?);
        }
        Ok(response)
    };
    let server = TestServer::new(app.boxed()).await;
    for wrong in ["99", "1", "x", "-1"] {
        let answer = server.get(&format!("/?{wrong}")).await;
        assert!(
            answer.contains("content-length: 3\r\n") && answer.ends_with("\r\n\r\nabc"),
            "{wrong}: {answer}"
        );
        assert!(!answer.contains("transfer-encoding"), "{answer}");
    }
    let right = server.get("/stream?3").await;
    assert!(right.contains("content-length: 3\r\n") && right.ends_with("\r\n\r\nabc"), "{right}");
    let longer = server.get("/stream?2").await;
    assert!(!longer.contains("abc"), "cut: {longer}");
    assert!(server.get("/early").await.starts_with("HTTP/1.1 500 "));
}

/// A connection of HTTP/2 to the server.
async fn http2_client(server: &TestServer) -> http2::SendRequest<Empty<bytes::Bytes>> {
    let io = TokioIo::new(server.connect().await);
    let (client, connection) = http2::handshake(TokioExecutor::new(), io).await.unwrap();
    tokio::spawn(connection);
    client
}

#[tokio::test]
async fn semantics_7_13_a_status_without_content_has_none() {
    let log = Log::start();
    let app = async |request: Request| {
        let status: u16 = request.uri().path()[1..].parse()?;
        let mut response = response::text("abc");
        *response.status_mut() = http::StatusCode::from_u16(status)?;
        if let Some(length) = request.uri().query() {
            response.headers_mut().insert("content-length", length.parse()?);
        }
        Ok(response)
    };
    let server = TestServer::new(app).await;
    let mut client = http2_client(&server).await;
    for (target, status, length) in [
        ("/204", 204, None),
        ("/204?3", 204, None),
        ("/205", 205, Some("0")),
        ("/304", 304, None),
        ("/304?77", 304, Some("77")),
        ("/101", 500, None),
        ("/103", 500, None),
    ] {
        let answer = server.get(target).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{target}: {answer}");
        if status != 500 {
            let (head, content) = answer.split_once("\r\n\r\n").unwrap();
            let found = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            // hyper leaves the length of a 304 out over HTTP/1.
            let length = length.filter(|_| status != 304);
            assert_eq!((found, content), (length, ""), "{target}: {answer}");
        }
        let request = http::Request::get(format!("http://x{target}"));
        let request = request.body(Empty::<bytes::Bytes>::new()).unwrap();
        let answer = within("an answer", client.send_request(request)).await.unwrap();
        assert_eq!(answer.status(), status, "{target} over HTTP/2");
        if status != 500 {
            let found = answer.headers().get("content-length").map(|value| value.to_str().unwrap());
            assert_eq!(found, length, "{target} over HTTP/2");
            assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "", "{target}");
        }
    }
    assert_eq!(log.lines_with("stated=Some(\"77\")"), [""; 0], "a 304 may state a length");
}

#[tokio::test]
async fn semantics_7_14_an_answer_before_the_end_of_a_large_request_arrives() {
    let server = TestServer::new(seen).await;
    let mut stream = server.connect().await;
    let head =
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 20000000\r\nConnection: close\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    for _ in 0..20 {
        within("the server to read on", stream.write_all(&vec![b'x'; 1_000_000])).await.unwrap();
    }
    let mut answer = String::new();
    within("the answer", stream.read_to_string(&mut answer)).await.unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("seen x / / true\n"),
        "{answer}"
    );
}

#[tokio::test]
async fn semantics_7_15_what_is_handed_over_is_complete() {
    let (tell, mut told) = mpsc::unbounded_channel();
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("file"), vec![b'x'; 200_000]).unwrap();
    let files = paste_static::StaticDir::new(dir.path());
    let app = files.with(paste_core::from_fn(move |request: Request, next: paste_core::Next| {
        let tell = tell.clone();
        async move {
            let response = next.call(request).await?;
            Ok(response.map(|body| {
                body.on_end(move |sent| {
                    let _ = tell.send(sent);
                })
            }))
        }
    }));
    let server = TestServer::new(app).await;
    for method in ["GET", "HEAD"] {
        server
            .raw(format!("{method} /file HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
            .await;
        let bytes = if method == "GET" { 200_000 } else { 0 };
        let sent = within("the end of the body", told.recv()).await.unwrap();
        assert_eq!(sent, paste_core::Sent { bytes, complete: true }, "{method}");
    }
}

// The clock stands, and jumps to the next timer whenever all wait: no real time passes.
#[tokio::test(start_paused = true)]
async fn semantics_7_16_a_silent_client_is_cut() {
    let server = TestServer::new(seen).await;
    for begun in [
        "",
        "P",
        "GE",
        "GET / HTTP/1.1\r\nHost: x\r\n",
        "PRI * HTTP/2.0",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ] {
        let mut stream = tokio::net::TcpStream::connect(server.addr).await.unwrap();
        stream.write_all(begun.as_bytes()).await.unwrap();
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest).await;
        assert!(!String::from_utf8_lossy(&rest).contains("seen"), "{begun}");
    }

    let reads = |mut request: Request| async move {
        let body = std::mem::take(request.body_mut());
        Ok(response::text(body.collect(100).await?))
    };
    let server = TestServer::new(reads).await;
    let mut stream = tokio::net::TcpStream::connect(server.addr).await.unwrap();
    stream
        .write_all(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc")
        .await
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
}
