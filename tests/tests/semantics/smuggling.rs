//! Sections 7.5 and 7.14, by name: requests in which one reader sees a second request and another does
//! not. None of ours may see it.

use std::sync::{Arc, Mutex};

use paste_core::{App, Request, RequestExt, response};
use paste_tests::{TestServer, within};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// What must never be taken for a request.
const SMUGGLED: &str = "GET /smuggled HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

/// An app that keeps the paths that it is asked for, and reads the bodies of `/read` alone.
fn keeps_paths() -> (impl App, Arc<Mutex<Vec<String>>>) {
    let paths = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&paths);
    let app = move |mut request: Request| {
        let path = request.path_info().into_owned();
        seen.lock().unwrap().push(path.clone());
        async move {
            if path == "/read" {
                std::mem::take(request.body_mut()).collect(10_000).await?;
            }
            Ok(response::text("whole"))
        }
    };
    (app, paths)
}

/// A name, the head but for its first line and `Host`, what follows the head, and the status.
type Case<'a> = (&'a str, &'a str, &'a str, u16);

/// What contradicts itself is refused; the connection closes.
const REFUSED: &[Case<'_>] = &[
    ("two lengths", "Content-Length: 0\r\nContent-Length: 60\r\n", "", 400),
    ("a list of lengths", "Content-Length: 0, 60\r\n", "", 400),
    ("a length with a plus", "Content-Length: +0\r\n", "", 400),
    ("a negative length", "Content-Length: -1\r\n", "", 400),
    ("a length in hexadecimal", "Content-Length: 0x0\r\n", "", 400),
    ("a length with a space in it", "Content-Length: 0 0\r\n", "", 400),
    ("an empty length", "Content-Length:\r\n", "", 400),
    ("a length beyond 64 bits", "Content-Length: 18446744073709551617\r\n", "", 400),
    ("a space before the colon (TE.CL)", "Transfer-Encoding : chunked\r\n", "0\r\n\r\n", 400),
    ("a folded header", "Transfer-Encoding:\r\n chunked\r\n", "0\r\n\r\n", 400),
    ("a header that begins with a space", " Transfer-Encoding: chunked\r\n", "0\r\n\r\n", 400),
    ("a NUL in a header", "X: a\0b\r\n", "", 400),
    ("a carriage return in a header", "X: a\rContent-Length: 60\r\n", "", 400),
    ("actix-http RUSTSEC-2021-0081: xchunked", "Transfer-Encoding: xchunked\r\n", "0\r\n\r\n", 400),
    ("a vertical tab before chunked", "Transfer-Encoding: \x0bchunked\r\n", "0\r\n\r\n", 400),
    ("chunked that is not last", "Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n", 400),
    ("chunked twice", "Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n", 400),
    (
        "chunked on two lines",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        "0\r\n\r\n",
        400,
    ),
    ("identity", "Transfer-Encoding: identity\r\nContent-Length: 0\r\n", "", 400),
    ("another coding before chunked", "Transfer-Encoding: identity, chunked\r\n", "0\r\n\r\n", 501),
    ("two hosts", "Host: y\r\nContent-Length: 0\r\n", "", 400),
];

/// Bodies whose chunks are no chunks: the app that reads learns of it, and nothing follows.
const BROKEN: &[&str] = &[
    "0x0\r\n\r\n",
    "+0\r\n\r\n",
    "-1\r\n\r\n",
    " 0\r\n\r\n",
    "\r\n0\r\n\r\n",
    "FFFFFFFFFFFFFFFFF\r\n\r\n",
    "1\r\naX0\r\n\r\n",
    "1\r\na\n0\r\n\r\n",
    "0;a\nb\r\n\r\n",
    "0\n\r\n\r\n",
    "0\r\nX: a\rb\r\n\r\n",
];

#[tokio::test]
async fn semantics_7_5_no_second_request_is_smuggled_by_contradictions() {
    let (app, paths) = keeps_paths();
    let server = TestServer::new(app).await;
    for (name, headers, body, status) in REFUSED {
        let sent = format!("POST / HTTP/1.1\r\nHost: x\r\n{headers}\r\n{body}{SMUGGLED}");
        let answer = server.raw(sent).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{name}: {answer}");
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{name}: {answer}");
    }
    assert_eq!(*paths.lock().unwrap(), [""; 0], "no app saw any of them");
}

#[tokio::test]
async fn semantics_7_5_chunked_wins_over_a_length_and_ends_the_connection() {
    let (app, paths) = keeps_paths();
    let server = TestServer::new(app).await;
    for (name, version, headers) in [
        ("actix-http 3.12.1 (CL.TE)", "1.1", "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n"),
        ("TE.CL", "1.1", "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n"),
        (
            "pingora RUSTSEC-2026-0034: HTTP/1.0 that is chunked",
            "1.0",
            "Connection: keep-alive\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n",
        ),
    ] {
        for path in ["/", "/read"] {
            let sent = format!(
                "POST {path} HTTP/{version}\r\nHost: x\r\n{headers}\r\n0\r\n\r\n{SMUGGLED}"
            );
            let answer = server.raw(sent).await;
            assert_eq!(answer.matches("HTTP/1.").count(), 1, "{name}: {answer}");
        }
    }
    assert!(!paths.lock().unwrap().contains(&"/smuggled".to_owned()));
}

#[tokio::test]
async fn semantics_7_5_broken_chunks_end_the_connection() {
    let (app, paths) = keeps_paths();
    let server = TestServer::new(app).await;
    for body in BROKEN {
        let head = "POST /read HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
        let answer = server.raw(format!("{head}{body}{SMUGGLED}")).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{body:?}: {answer}");
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{body:?}: {answer}");
    }
    assert_eq!(*paths.lock().unwrap(), vec!["/read"; BROKEN.len()]);
}

#[tokio::test]
async fn semantics_7_14_an_unread_body_is_never_the_next_request() {
    let (app, paths) = keeps_paths();
    let server = paste_server::Server::new().health("/health");
    let server = TestServer::with(server, app).await;
    let length = SMUGGLED.len();
    let chunk = format!("{length:x}\r\n{SMUGGLED}\r\n0\r\n\r\n");
    let websocket = "Connection: upgrade\r\nUpgrade: websocket\r\n";
    for (name, line, headers, is_chunked) in [
        ("paste.httpserver: a body that the app leaves", "POST /", "", false),
        ("paste.httpserver: chunks that the app leaves", "POST /", "", true),
        ("a body that the app reads", "POST /read", "", false),
        ("chunks that the app reads", "POST /read", "", true),
        ("a GET with a body", "GET /", "", false),
        ("a HEAD with a body", "HEAD /", "", true),
        ("a body for the server itself", "OPTIONS *", "", false),
        ("a body for the health path", "GET /health", "", true),
        ("pingora RUSTSEC-2026-0033: an upgrade with a body", "POST /", websocket, false),
        ("a body that waits to be asked for", "POST /", "Expect: 100-continue\r\n", false),
    ] {
        paths.lock().unwrap().clear();
        let (framing, body) = if is_chunked {
            ("Transfer-Encoding: chunked".to_owned(), chunk.as_str())
        } else {
            (format!("Content-Length: {length}"), SMUGGLED)
        };
        let mut stream = server.connect().await;
        let head = format!("{line} HTTP/1.1\r\nHost: x\r\n{headers}{framing}\r\n\r\n");
        let next = "GET /next HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        stream.write_all(format!("{head}{body}{next}").as_bytes()).await.unwrap();
        let mut answers = Vec::new();
        let _ = within("the server to close", stream.read_to_end(&mut answers)).await;
        let paths = paths.lock().unwrap();
        assert!(!paths.contains(&"/smuggled".to_owned()), "{name}: {paths:?}");
        if headers.starts_with("Expect") {
            let answers = String::from_utf8_lossy(&answers);
            assert!(answers.contains("connection: close\r\n"), "{name}: {answers}");
            assert_eq!(*paths, ["/"], "{name}");
        } else {
            assert!(paths.contains(&"/next".to_owned()), "{name}: {paths:?}");
        }
    }
}

#[tokio::test]
async fn semantics_7_13_no_answer_is_smuggled_by_a_line_break() {
    // paste.httpserver sent what an app put into a header as it was.
    let app = |request: Request| async move {
        let to = request.path_info().into_owned();
        Ok(response::redirect(http::StatusCode::FOUND, &to))
    };
    let server = TestServer::new(app).await;
    let answer = server.get("/a%0d%0aSet-Cookie:%20a=b%0d%0a%0d%0aHTTP/1.1%20200%20OK").await;
    assert_eq!(answer.matches("\r\n\r\n").count(), 1, "{answer}");
    assert!(!answer.contains("\r\nSet-Cookie"), "{answer}");
}

/// A frame of HTTP/2.
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// A header as HPACK writes it in full.
fn field(name: &str, value: &str) -> Vec<u8> {
    let text = |text: &str| [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
    [vec![0], text(name), text(value)].concat()
}

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

#[tokio::test]
async fn semantics_7_5_http_2_has_no_framing_of_http_1() {
    let (app, paths) = keeps_paths();
    let server = TestServer::new(app).await;
    let preface = [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(), frame(4, 0, 0, &[])].concat();
    let head = |more: &[(&str, &str)]| {
        let usual = [(":method", "POST"), (":scheme", "http"), (":path", "/"), (":authority", "x")];
        usual.iter().chain(more).flat_map(|(name, value)| field(name, value)).collect::<Vec<_>>()
    };
    let ping = frame(6, 0, 0, &[7; 8]);
    for (name, more, body) in [
        ("H2.TE", ("transfer-encoding", "chunked"), &b"0\r\n\r\nGET /smuggled"[..]),
        ("H2.CL, too short", ("content-length", "0"), b"GET /smuggled"),
        ("H2.CL, too long", ("content-length", "100"), b"GET /smuggled"),
        ("a connection of HTTP/1", ("connection", "close"), b""),
        ("a line break in a header", ("x", "a\r\nHost: y"), b""),
        ("a line break in a name", ("x\r\ny", "a"), b""),
        ("a second path", (":path", "/smuggled"), b""),
    ] {
        let sent = [
            preface.clone(),
            frame(HEADERS, END_HEADERS, 1, &head(&[more])),
            frame(DATA, END_STREAM, 1, body),
            ping.clone(),
        ];
        let mut stream = server.connect().await;
        stream.write_all(&sent.concat()).await.unwrap();
        // The answer to the ping comes after all that is said of the stream, or the connection ends.
        let mut answer: Vec<u8> = Vec::new();
        within(name, async {
            let mut piece = [0; 1000];
            while !answer.windows(8).any(|bytes| bytes == [7; 8]) {
                match stream.read(&mut piece).await {
                    Ok(length) if length > 0 => answer.extend(&piece[..length]),
                    _ => return,
                }
            }
        })
        .await;
    }
    assert!(!paths.lock().unwrap().contains(&"/smuggled".to_owned()));

    // h2 RUSTSEC-2024-0332: a head without end.
    let mut stream = server.connect().await;
    stream.write_all(&[preface, frame(HEADERS, 0, 1, &head(&[]))].concat()).await.unwrap();
    let more = frame(CONTINUATION, 0, 1, &field("x", "y").repeat(1000));
    within("the end", async { while stream.write_all(&more).await.is_ok() {} }).await;
}
