//! Section 7, the server: what a client of HTTP/2 may cost.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use paste_core::{Body, Request, RequestExt, response};
use paste_server::{Limits, Server};
use paste_tests::{TestServer, within};
use tokio::sync::{Semaphore, mpsc};

/// A connection of HTTP/2 to the server.
async fn client(server: &TestServer) -> http2::SendRequest<Empty<bytes::Bytes>> {
    let io = TokioIo::new(server.connect().await);
    let (client, connection) = http2::handshake(TokioExecutor::new(), io).await.unwrap();
    tokio::spawn(connection);
    client
}

fn get() -> http::Request<Empty<bytes::Bytes>> {
    http::Request::get("http://x/").body(Empty::new()).unwrap()
}

#[tokio::test]
async fn semantics_7_19_a_client_of_http_2_has_so_many_requests_open() {
    let (begun, mut begins) = mpsc::unbounded_channel();
    let gate = Arc::new(Semaphore::new(0));
    let go = Arc::clone(&gate);
    let app = move |_: Request| {
        let (begun, gate) = (begun.clone(), Arc::clone(&gate));
        async move {
            begun.send(()).unwrap();
            gate.acquire().await?.forget();
            Ok(response::no_content())
        }
    };
    let server = Server::new().limits(Limits::new().http2_streams(2));
    let server = TestServer::with(server, app).await;
    let mut client = client(&server).await;
    // The first answer shows that the client knows the limit.
    go.add_permits(1);
    within("an answer", client.send_request(get())).await.unwrap();
    within("the first", begins.recv()).await;
    let asked: Vec<_> = (0..5).map(|_| tokio::spawn(client.clone().send_request(get()))).collect();
    for _ in 0..2 {
        within("a request", begins.recv()).await;
    }
    assert_eq!(server.handle.counters().running_requests, 2);
    go.add_permits(5);
    for answer in asked {
        assert_eq!(within("an answer", answer).await.unwrap().unwrap().status(), 204);
    }
}

#[tokio::test]
async fn semantics_7_18_a_client_of_http_2_that_opens_no_window_costs_little() {
    let drawn = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&drawn);
    let app = move |_: Request| {
        let count = Arc::clone(&count);
        let pieces = futures_util::stream::repeat_with(move || {
            count.fetch_add(16 * 1024, SeqCst);
            Ok::<_, paste_core::BoxError>(vec![0; 16 * 1024])
        });
        async { Ok(http::Response::new(Body::from_stream(pieces))) }
    };
    let server = TestServer::new(app).await;
    let mut client = client(&server).await;
    // hyper's client opens the window as its body is read; none is.
    let mut unread = Vec::new();
    for _ in 0..10 {
        unread.push(within("an answer", client.send_request(get())).await.unwrap());
    }
    // All share one thread: the server gets to draw as much as it ever will.
    for _ in 0..10_000 {
        tokio::task::yield_now().await;
    }
    let drawn = drawn.load(SeqCst);
    assert!(drawn < 64 << 20, "windows, and a little for each answer: {drawn}");
    drop((unread, client));
    within("the end", server.ended_now()).await;
}

#[tokio::test(start_paused = true)]
async fn semantics_7_18_a_stream_of_http_2_that_nobody_takes_is_reset_and_the_others_live_on() {
    let (held, mut dropped) = mpsc::channel::<()>(1);
    let app = move |request: Request| {
        let held = held.clone();
        async move {
            if request.path_info() == "/short" {
                return Ok(response::text("short"));
            }
            let pieces = futures_util::stream::repeat_with(move || {
                let _ = &held;
                Ok::<_, paste_core::BoxError>(vec![0; 100 * 1024])
            });
            Ok(http::Response::new(Body::from_stream(pieces)))
        }
    };
    let limits = Limits::new().body_timeout(Duration::from_secs(10));
    let server = TestServer::with(Server::new().limits(limits), app).await;
    let mut client = client(&server).await;
    let stuck = client.send_request(get()).await.unwrap();
    let begun = tokio::time::Instant::now();
    // The app keeps one end itself; who waits for all others to go waits for the answer's.
    within("the reset", async {
        while server.handle.counters().timeouts == 0 {
            let _ = tokio::time::timeout(Duration::from_secs(1), dropped.recv()).await;
        }
    })
    .await;
    assert!((10..=12).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
    assert!(stuck.into_body().collect().await.is_err(), "the stream is reset");
    assert_eq!(server.handle.counters().running_requests, 0);
    let request = http::Request::get("http://x/short").body(Empty::new()).unwrap();
    let answer = client.send_request(request).await.unwrap();
    assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "short");
}

#[tokio::test]
async fn semantics_7_18_a_slow_client_of_http_2_gets_a_large_answer() {
    let app = async |_: Request| Ok(response::text("x".repeat(2_000_000)));
    let limits = Limits::new().body_timeout(Duration::from_secs(1)).min_rate(10_000);
    let server = TestServer::with(Server::new().limits(limits), app).await;
    let io = TokioIo::new(server.connect().await);
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder.initial_stream_window_size(64 * 1024);
    let (mut client, connection) = builder.handshake::<_, Empty<bytes::Bytes>>(io).await.unwrap();
    tokio::spawn(connection);
    let mut body = client.send_request(get()).await.unwrap().into_body();
    let mut every = tokio::time::interval(Duration::from_millis(20));
    let (begun, mut length) = (tokio::time::Instant::now(), 0);
    while let Some(frame) = within("more", body.frame()).await {
        length += frame.unwrap().into_data().unwrap().len();
        every.tick().await;
    }
    assert_eq!(length, 2_000_000);
    assert!(begun.elapsed().as_secs() > 1, "later than the timeout, but never silent");
}
