//! Section 7, the server: what a client may cost.

use std::fmt::Write;
use std::time::Duration;

use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use paste_core::{App, Body, Request, RequestExt, response};
use paste_server::{Limits, Server};
use paste_tests::{TestServer, within};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;

/// An app that tells when a call begins, and, by the closed channel, when it is dropped. It reads
/// nothing.
fn hangs() -> (impl App, mpsc::Receiver<mpsc::Receiver<()>>) {
    let (begun, begins) = mpsc::channel(64);
    let app = move |request: Request| {
        let begun = begun.clone();
        async move {
            let (held, dropped) = mpsc::channel(1);
            begun.send(dropped).await.unwrap();
            std::future::pending::<()>().await;
            drop((held, request));
            Ok(response::no_content())
        }
    };
    (app, begins)
}

async fn hello(_: Request) -> paste_core::Result {
    Ok(response::text("hello"))
}

async fn limited(limits: Limits, app: impl App) -> TestServer {
    TestServer::with(Server::new().limits(limits), app).await
}

/// What comes until the server closes.
async fn rest(stream: &mut TcpStream) -> String {
    let mut rest = Vec::new();
    let _ = within("the server to close", stream.read_to_end(&mut rest)).await;
    String::from_utf8_lossy(&rest).into_owned()
}

#[tokio::test]
async fn semantics_7_7_a_client_that_goes_is_noticed_behind_what_it_sent() {
    let (app, mut begins) = hangs();
    let mut server = TestServer::new(app).await;
    let mut running = Vec::new();
    let head = "POST / HTTP/1.1\r\nHost: x\r\n";
    for sent in [
        format!("{head}Content-Length: 100\r\n\r\nabc"),
        format!("{head}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"),
        format!("{head}Expect: 100-continue\r\nContent-Length: 9\r\n\r\n"),
        format!("{head}\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n"),
        format!("{head}Content-Length: 100000\r\n\r\n{}", "x".repeat(90_000)),
    ] {
        for reset in [true, false] {
            let mut stream = server.connect().await;
            stream.write_all(sent.as_bytes()).await.unwrap();
            running.push(within("the request", begins.recv()).await.unwrap());
            if reset {
                // The system answers with RST once the socket is closed.
                stream.set_zero_linger().unwrap();
            }
        }
    }
    for mut dropped in running {
        assert_eq!(within("the drop", dropped.recv()).await, None);
    }
    server.begin_stop();
    server.ended().await; // nothing is left that it would wait for
}

#[tokio::test]
async fn semantics_7_7_behind_a_body_that_fills_the_buffers_a_reset_is_noticed_and_a_close_waits() {
    let (app, mut begins) = hangs();
    let server = TestServer::new(app).await;
    let fill = async || {
        let mut stream = server.connect().await;
        let head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 900000000\r\n\r\n";
        stream.write_all(head.as_bytes()).await.unwrap();
        // Until the system has taken nothing for a while.
        let more = vec![b'x'; 65536];
        let still = Duration::from_millis(200);
        while tokio::time::timeout(still, stream.write(&more)).await.is_ok() {}
        stream
    };
    let closed = fill().await;
    let mut waits = within("the request", begins.recv()).await.unwrap();
    let reset = fill().await;
    let mut dropped = within("the request", begins.recv()).await.unwrap();
    drop(closed);
    reset.set_zero_linger().unwrap();
    drop(reset);
    assert_eq!(within("the drop", dropped.recv()).await, None);
    // The close of the other, who went first, has not come.
    assert_eq!(waits.try_recv(), Err(mpsc::error::TryRecvError::Empty));
    server.handle.cut();
}

#[tokio::test]
async fn semantics_7_14_what_is_left_of_a_body_is_not_taken_for_a_slow_head() {
    let server = limited(Limits::new().header_timeout(Duration::from_millis(500)), hello).await;
    let mut stream = server.connect().await;
    stream.write_all(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 8\r\n\r\n").await.unwrap();
    let mut every = tokio::time::interval(Duration::from_millis(100));
    for _ in 0..8 {
        every.tick().await;
        stream.write_all(b"x").await.unwrap();
    }
    stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
    assert_eq!(rest(&mut stream).await.matches("hello").count(), 2);
}

#[tokio::test]
async fn semantics_7_14_a_broken_body_says_that_the_connection_closes() {
    let reads = |mut request: Request| async move {
        let body = std::mem::take(request.body_mut());
        Ok(response::text(body.collect(100).await?))
    };
    let server = TestServer::new(reads).await;
    let head = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    let answer = server.raw(format!("{head}zz\r\n\r\n")).await.to_ascii_lowercase();
    assert!(
        answer.starts_with("http/1.1 400 ") && answer.contains("connection: close"),
        "{answer}"
    );
}

#[tokio::test]
async fn semantics_7_14_an_unread_body_that_closes_the_connection_is_told() {
    let server = TestServer::with(Server::new().health("/up"), hello).await;
    for (target, more) in [
        ("/", "Transfer-Encoding: chunked\r\n\r\nZZ\r\n\r\n"),
        ("/", "Expect: 100-continue\r\nContent-Length: 9\r\n\r\n"),
        ("/up", "Expect: 100-continue\r\nContent-Length: 9\r\n\r\n"),
    ] {
        let answer = server.raw(format!("POST {target} HTTP/1.1\r\nHost: x\r\n{more}")).await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{more}: {answer}");
        assert!(answer.contains("connection: close\r\n"), "{more}: {answer}");
    }
    // Where the connection goes on, nothing is said.
    let length =
        "Content-Length: 3\r\n\r\nabcGET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let answers = server.raw(format!("POST / HTTP/1.1\r\nHost: x\r\n{length}")).await;
    assert_eq!(answers.matches("HTTP/1.1 200 ").count(), 2, "{answers}");
    assert_eq!(answers.matches("connection: close").count(), 1, "{answers}");
}

// The clock stands, and jumps to the next timer whenever all wait: no real time passes.
#[tokio::test(start_paused = true)]
async fn semantics_7_16_each_time_is_an_option() {
    let limits = Limits::new()
        .header_timeout(Duration::from_secs(3))
        .idle_timeout(Duration::from_secs(20))
        .body_timeout(Duration::from_secs(7));
    let reads = |mut request: Request| async move {
        let body = std::mem::take(request.body_mut());
        Ok(response::text(body.collect(100).await?))
    };
    let server = limited(limits, reads).await;
    let get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    let post = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc";
    for (sent, seconds, status) in [
        (String::new(), 3, ""),
        ("GET / HTTP/1.1\r\nHost".to_owned(), 3, ""),
        (get.to_owned(), 20, "HTTP/1.1 200 "),
        (post.to_owned(), 7, "HTTP/1.1 408 "),
    ] {
        let mut stream = TcpStream::connect(server.addr).await.unwrap();
        let begun = tokio::time::Instant::now();
        stream.write_all(sent.as_bytes()).await.unwrap();
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer).await;
        assert_eq!(begun.elapsed().as_secs(), seconds, "{sent}");
        assert!(answer.starts_with(status), "{sent}: {answer}");
    }

    // The head of a later request is timed from its first byte.
    let mut stream = TcpStream::connect(server.addr).await.unwrap();
    stream.write_all(get.as_bytes()).await.unwrap();
    let mut first = [0; 16];
    stream.read_exact(&mut first).await.unwrap();
    tokio::time::advance(Duration::from_secs(15)).await;
    let begun = tokio::time::Instant::now();
    stream.write_all(b"GET /").await.unwrap();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer).await;
    assert_eq!(begun.elapsed().as_secs(), 3);
}

#[tokio::test(start_paused = true)]
async fn semantics_7_16_an_idle_connection_of_http_2_is_told_and_closed() {
    let server = limited(Limits::new().idle_timeout(Duration::from_secs(20)), hello).await;
    let io = TokioIo::new(TcpStream::connect(server.addr).await.unwrap());
    let (mut client, connection) = http2::handshake(TokioExecutor::new(), io).await.unwrap();
    let connection = tokio::spawn(connection);
    let request = http::Request::get("http://x/").body(Empty::<bytes::Bytes>::new()).unwrap();
    client.send_request(request).await.unwrap().into_body().collect().await.unwrap();
    let begun = tokio::time::Instant::now();
    connection.await.unwrap().unwrap(); // GOAWAY, not a cut
    assert_eq!(begun.elapsed().as_secs(), 20);
}

#[tokio::test]
async fn semantics_7_17_connections_beyond_the_limit_wait() {
    let server = limited(Limits::new().max_connections(1), hello).await;
    let mut first = server.connect().await;
    let get = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let mut second = server.connect().await;
    second.write_all(get.as_bytes()).await.unwrap();
    first.write_all(get.as_bytes()).await.unwrap();
    assert!(rest(&mut first).await.ends_with("hello"));
    drop(first);
    assert!(rest(&mut second).await.ends_with("hello"), "once the first has closed");
    assert_eq!(server.handle.counters().connections, 2);
}

#[tokio::test]
async fn semantics_7_17_one_address_has_so_many_connections() {
    let server = limited(Limits::new().max_connections_per_address(2), hello).await;
    let get = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let held = [server.connect().await, server.connect().await];
    let mut third = server.connect().await;
    assert_eq!(rest(&mut third).await, "");
    drop(held);
    within("a place to become free", async { while !server.raw(get).await.ends_with("hello") {} })
        .await;
    assert!(server.handle.counters().refused_connections > 0);
}

#[tokio::test]
async fn semantics_7_17_requests_beyond_the_limit_get_a_503() {
    let (app, mut begins) = hangs();
    let server = Server::new().limits(Limits::new().max_requests(1)).health("/health");
    let server = TestServer::with(server, app).await;
    let mut first = server.connect().await;
    first.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    within("the request", begins.recv()).await.unwrap();
    let refused = server.get("/").await;
    assert!(
        refused.starts_with("HTTP/1.1 503 ") && refused.contains("retry-after: 1\r\n"),
        "{refused}"
    );
    assert!(server.get("/health").await.starts_with("HTTP/1.1 200 "));
    let counters = server.handle.counters();
    assert_eq!((counters.refused_requests, counters.running_requests), (1, 1));
    server.handle.set_limits(Limits::new().max_requests(2));
    let mut second = server.connect().await;
    second.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    within("the second request", begins.recv()).await.unwrap();
}

#[tokio::test]
async fn semantics_7_18_the_size_and_count_of_headers_are_options() {
    let server = limited(Limits::new().max_header_size(8192).max_headers(5), hello).await;
    let with = |headers: &str| {
        server.raw(format!("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n"))
    };
    let long = |size: usize| format!("X: {}\r\n", "x".repeat(size));
    assert!(with(&long(8000)).await.starts_with("HTTP/1.1 200 "));
    assert!(with(&long(9000)).await.starts_with("HTTP/1.1 431 "));
    assert!(with("A: a\r\nA: a\r\nA: a\r\n").await.starts_with("HTTP/1.1 200 "));
    assert!(with("A: a\r\nA: a\r\nA: a\r\nA: a\r\n").await.starts_with("HTTP/1.1 431 "));
}

#[tokio::test(start_paused = true)]
async fn semantics_7_18_who_sends_too_slowly_gets_a_408() {
    let reads = |mut request: Request| async move {
        let body = std::mem::take(request.body_mut());
        Ok(response::text(body.collect(1000).await?))
    };
    let limits = Limits::new().body_timeout(Duration::from_secs(10)).min_rate(100);
    let server = limited(limits, reads).await;
    let mut stream = TcpStream::connect(server.addr).await.unwrap();
    let head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let (mut reader, mut writer) = stream.into_split();
    let trickle = tokio::spawn(async move {
        let mut every = tokio::time::interval(Duration::from_secs(5));
        loop {
            every.tick().await;
            if writer.write_all(b"x").await.is_err() {
                return;
            }
        }
    });
    let begun = tokio::time::Instant::now();
    let mut answer = [0; 13];
    reader.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 408 ");
    assert!(begun.elapsed() < Duration::from_secs(12), "{:?}", begun.elapsed());
    trickle.abort();
}

/// An answer without end, which tells how many bytes were asked of it, and when it is dropped.
fn endless() -> (impl App, mpsc::UnboundedReceiver<usize>) {
    let (tell, told) = mpsc::unbounded_channel();
    let app = move |_: Request| {
        let tell = tell.clone();
        let pieces = futures_util::stream::repeat_with(move || {
            let _ = tell.send(64 * 1024);
            Ok::<_, paste_core::BoxError>(vec![0; 64 * 1024])
        });
        async { Ok(http::Response::new(Body::from_stream(pieces))) }
    };
    (app, told)
}

#[tokio::test]
async fn semantics_7_18_a_client_that_stops_reading_costs_little_and_is_cut() {
    let (app, mut told) = endless();
    let server = limited(Limits::new().body_timeout(Duration::from_millis(500)), app).await;
    let mut stream = server.connect().await;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let asked = within("the cut", async {
        let mut asked = 0;
        while server.handle.counters().timeouts == 0 {
            while let Ok(bytes) = told.try_recv() {
                asked += bytes;
            }
            tokio::task::yield_now().await;
        }
        asked
    });
    let asked = asked.await;
    assert!(asked < 16 << 20, "no more than the system's buffers and a little: {asked}");
    within("the end", async {
        while server.handle.counters().open_connections > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn semantics_7_19_a_client_of_http_2_that_cancels_too_much_is_cut() {
    let (app, mut begins) = hangs();
    let server = limited(Limits::new().http2_resets(10), app).await;
    let io = TokioIo::new(server.connect().await);
    let (client, connection) = http2::handshake(TokioExecutor::new(), io).await.unwrap();
    let connection = tokio::spawn(connection);
    let mut count = 0;
    within("the cut", async {
        while !connection.is_finished() {
            let request = http::Request::get("http://x/").body(Empty::<bytes::Bytes>::new());
            let answer = tokio::spawn(client.clone().send_request(request.unwrap()));
            tokio::select! {
                _ = begins.recv() => answer.abort(),
                () = async { while !connection.is_finished() { tokio::task::yield_now().await } } => {}
            }
            count += 1;
        }
    })
    .await;
    assert!((10..40).contains(&count), "{count} requests before the cut");
}

#[tokio::test]
async fn semantics_7_20_an_answer_does_not_wait_behind_a_slow_one() {
    let (slow, mut begins) = hangs();
    let slow = paste_core::AppExt::boxed(slow);
    let app = move |request: Request| {
        let slow = slow.clone();
        async move {
            if request.path_info() == "/slow" {
                slow.call(request).await
            } else {
                hello(request).await
            }
        }
    };
    let server = TestServer::new(app).await;
    let mut stream = server.connect().await;
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
    let sent = [get("/"), get("/"), get("/slow"), get("/")].concat();
    stream.write_all(sent.as_bytes()).await.unwrap();
    within("the slow request", begins.recv()).await.unwrap();
    let mut text = String::new();
    within("the two before it", async {
        while text.matches("hello").count() < 2 {
            let mut piece = [0; 1000];
            let length = stream.read(&mut piece).await.unwrap();
            text += &String::from_utf8_lossy(&piece[..length]);
        }
    })
    .await;
    assert_eq!(text.matches("HTTP/1.1 200 ").count(), 2, "{text}");
}

#[tokio::test]
async fn semantics_7_20_pipelined_answers_come_in_order_and_whole() {
    let echo = |request: Request| async move {
        let size: usize = request.path_info()[1..].parse()?;
        Ok(response::text(format!("{size}:{}", "x".repeat(size))))
    };
    for per_core in [1, 2] {
        let server = TestServer::with(Server::new().per_core(per_core), echo).await;
        let mut sent = String::new();
        let mut expected = Vec::new();
        for size in [0, 1, 100, 20_000, 5, 300_000, 7, 16_384, 3, 2].repeat(10) {
            write!(sent, "GET /{size} HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
            expected.push(format!("{size}:{}", "x".repeat(size)));
        }
        sent += "GET /9 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        expected.push(format!("9:{}", "x".repeat(9)));
        let mut stream = server.connect().await;
        let (mut reader, mut writer) = stream.split();
        let mut text = String::new();
        let (_, read) = tokio::join!(
            writer.write_all(sent.as_bytes()),
            within("all answers", reader.read_to_string(&mut text))
        );
        read.unwrap();
        let bodies: Vec<_> = text.split("HTTP/1.1 200 OK\r\n").skip(1).collect();
        assert_eq!(bodies.len(), expected.len());
        for (answer, body) in bodies.iter().zip(&expected) {
            let (_, found) = answer.split_once("\r\n\r\n").unwrap();
            assert!(found == body, "{} instead of {} bytes", found.len(), body.len());
        }
    }
}
