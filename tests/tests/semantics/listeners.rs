//! Section 7, the server: where it listens, how clients come, and how it stops.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Empty};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use paste_core::{Request, RequestExt, response};
use paste_server::{Limits, Server};
use paste_tests::{Log, TestServer, within};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Answers with who asks, and how.
async fn who(request: Request) -> paste_core::Result {
    let client = request.client_addr().map_or("nobody".to_owned(), |client| client.0.to_string());
    Ok(response::text(format!("{} by {}", client, request.scheme())))
}

const GET: &str = "GET /a?b HTTP/1.1\r\nHost: a.example:81\r\nConnection: close\r\n\r\n";

#[tokio::test]
async fn semantics_7_11_a_stop_serves_who_has_connected() {
    let mut server =
        TestServer::with(Server::new().limits(Limits::new().max_connections(1)), who).await;
    let held = server.connect().await; // all others wait in the backlog
    let mut waiting = Vec::new();
    for _ in 0..20 {
        let mut stream = server.connect().await;
        stream.write_all(GET.as_bytes()).await.unwrap();
        waiting.push(stream);
    }
    server.begin_stop();
    for mut stream in waiting {
        let mut answer = String::new();
        within("the answer", stream.read_to_string(&mut answer)).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    }
    drop(held);
    server.ended().await;
}

#[tokio::test]
async fn semantics_7_11_a_request_that_follows_an_answer_closely_is_answered() {
    let mut server = TestServer::new(who).await;
    let mut stream = server.connect().await;
    let get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    stream.write_all(get.as_bytes()).await.unwrap();
    let mut first = [0; 16];
    within("the answer", stream.read_exact(&mut first)).await.unwrap();
    server.begin_stop();
    within("the stop", async { while TcpStream::connect(server.addr).await.is_ok() {} }).await;
    stream.write_all(get.as_bytes()).await.unwrap();
    let mut rest = String::new();
    within("the end", stream.read_to_string(&mut rest)).await.unwrap();
    assert_eq!(rest.matches(" by http").count(), 2, "{rest}");
    assert_eq!(rest.matches("connection: close\r\n").count(), 1, "{rest}");
    server.ended().await;
}

/// A connection that is answered just before a stop, and sends `next` behind its request.
async fn is_closed_after_a_stop(
    mut server: TestServer,
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    next: &str,
) {
    stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b" by http") && !answer.ends_with(b" by https") {
        within("the answer", stream.read_buf(&mut answer)).await.unwrap();
    }
    stream.write_all(next.as_bytes()).await.unwrap();
    server.begin_stop();
    let mut rest = String::new();
    within("the end", stream.read_to_string(&mut rest)).await.unwrap();
    assert_eq!(rest, "", "no second answer");
    server.ended().await;
}

#[tokio::test]
async fn semantics_7_11_who_was_just_answered_is_idle_a_second_later() {
    let begun = Instant::now();
    let pem = Pem::new();
    pem.write("a", "a.example");
    for next in ["", "GET / HT"] {
        let server = TestServer::new(who).await;
        let stream = server.connect().await;
        is_closed_after_a_stop(server, stream, next).await;
        let server = TestServer::with(Server::new().per_core(2), who).await;
        let stream = server.connect().await;
        is_closed_after_a_stop(server, stream, next).await;
        let server = TestServer::with(pem.tls(Server::new(), "a"), who).await;
        let stream = pem.connect(server.addr, "a.example", b"http/1.1").await.unwrap();
        is_closed_after_a_stop(server, stream, next).await;
    }
    // Six times a second, and not the graceful timeout.
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn semantics_7_11_a_stop_under_load_answers_all_that_it_accepted() {
    let mut server = TestServer::with(Server::new().per_core(2), who).await;
    let addr = server.addr;
    let begun = Arc::new(Semaphore::new(0));
    let clients: Vec<_> = (0..50)
        .map(|_| {
            let begun = Arc::clone(&begun);
            tokio::spawn(async move {
                let mut whole = 0;
                // Refused, or forgotten by the system with its queue: the server never had it.
                while let Ok(mut stream) = TcpStream::connect(addr).await {
                    let mut answer = String::new();
                    let asked = stream.write_all(GET.as_bytes()).await;
                    let read = stream.read_to_string(&mut answer).await;
                    if asked.is_err() || (read.is_err() && answer.is_empty()) {
                        return whole;
                    }
                    assert!(answer.ends_with(" by http"), "cut: {answer}");
                    whole += 1;
                    begun.add_permits(1);
                }
                whole
            })
        })
        .collect();
    within("the load", begun.acquire_many(1000)).await.unwrap().forget();
    server.begin_stop();
    let handle = server.handle.clone();
    server.ended().await;
    let mut whole = 0;
    for client in clients {
        whole += within("the client", client).await.unwrap();
    }
    assert_eq!(handle.counters().connections, whole);
}

#[tokio::test]
async fn semantics_7_12_a_server_that_is_cut_ends_at_once() {
    let forever = |_: Request| async { std::future::pending::<paste_core::Result>().await };
    let server = TestServer::new(forever).await;
    let mut stream = server.connect().await;
    stream.write_all(GET.as_bytes()).await.unwrap();
    within("the request", async {
        while server.handle.counters().running_requests == 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    server.handle.cut();
    server.ended().await;
}

#[tokio::test]
async fn semantics_7_21_the_health_path_is_the_servers() {
    let server = TestServer::with(Server::new().health("/up"), who).await;
    assert!(server.get("/up").await.ends_with("\r\n\r\nok\n"));
    // A connection that has begun sees that the server stops.
    let mut stream = server.connect().await;
    stream.write_all(b"GET /up HTTP/1.1\r\nHost: x\r\n").await.unwrap();
    within("the connection", async {
        while server.handle.counters().open_connections == 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    server.handle.stop();
    stream.write_all(b"\r\n").await.unwrap();
    let mut answer = String::new();
    within("the answer", stream.read_to_string(&mut answer)).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 503 ") && answer.ends_with("stopping\n"), "{answer}");
    assert!(answer.contains("connection: close\r\n"), "{answer}");
}

/// Certificates that sign themselves, as files.
pub(super) struct Pem(tempfile::TempDir);

impl Pem {
    pub(super) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// Writes the certificate for `name`, in place of what was there.
    pub(super) fn write(&self, file: &str, name: &str) -> CertificateDer<'static> {
        let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
        std::fs::write(self.path(file, "crt"), made.cert.pem()).unwrap();
        std::fs::write(self.path(file, "key"), made.signing_key.serialize_pem()).unwrap();
        made.cert.der().clone()
    }

    fn path(&self, file: &str, kind: &str) -> std::path::PathBuf {
        self.0.path().join(format!("{file}.{kind}"))
    }

    pub(super) fn tls(&self, server: Server, file: &str) -> Server {
        server.tls(self.path(file, "crt"), self.path(file, "key"))
    }

    /// A client that trusts what the files say now.
    pub(super) async fn connect(
        &self,
        addr: std::net::SocketAddr,
        name: &str,
        alpn: &[u8],
    ) -> std::io::Result<TlsStream<TcpStream>> {
        let mut roots = rustls::RootCertStore::empty();
        for file in std::fs::read_dir(self.0.path())? {
            let path = file?.path();
            if path.extension().is_some_and(|kind| kind == "crt")
                && let Ok(certificate) = CertificateDer::from_pem_file(path)
            {
                let _ = roots.add(certificate);
            }
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![alpn.to_vec()];
        let name = ServerName::try_from(name.to_owned()).unwrap();
        let stream = TcpStream::connect(addr).await?;
        TlsConnector::from(Arc::new(config)).connect(name, stream).await
    }
}

#[tokio::test]
async fn semantics_7_22_https_by_name_over_both_protocols() {
    let pem = Pem::new();
    let (a, b) = (pem.write("a", "a.example"), pem.write("b", "*.b.example"));
    let server = pem.tls(pem.tls(Server::new(), "a"), "b");
    let server = TestServer::with(server, who).await;
    for (name, certificate) in [("a.example", &a), ("x.b.example", &b)] {
        let mut stream = pem.connect(server.addr, name, b"http/1.1").await.unwrap();
        assert_eq!(stream.get_ref().1.peer_certificates().unwrap()[0], *certificate, "{name}");
        stream.write_all(GET.as_bytes()).await.unwrap();
        let mut answer = String::new();
        within("the answer", stream.read_to_string(&mut answer)).await.unwrap();
        assert!(answer.ends_with(" by https"), "{answer}");
    }
    let stream = pem.connect(server.addr, "a.example", b"h2").await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let io = TokioIo::new(stream);
    let (mut client, connection) = http2::handshake(TokioExecutor::new(), io).await.unwrap();
    tokio::spawn(connection);
    let request = http::Request::get("https://a.example/").body(Empty::<bytes::Bytes>::new());
    let answer = within("an answer", client.send_request(request.unwrap())).await.unwrap();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    assert!(body.ends_with(b" by https"), "{body:?}");
    // Without TLS there is no answer, but no harm either.
    assert!(!server.raw(GET).await.contains("200 OK"));
}

#[tokio::test]
async fn semantics_7_22_changed_certificates_are_read_anew_and_broken_ones_are_not() {
    let pem = Pem::new();
    let old = pem.write("a", "a.example");
    let server = TestServer::with(pem.tls(Server::new(), "a"), who).await;
    let shown = async || {
        let stream = pem.connect(server.addr, "a.example", b"http/1.1").await.ok()?;
        Some(stream.get_ref().1.peer_certificates()?[0].clone())
    };
    assert_eq!(shown().await.unwrap(), old);
    let old_text = std::fs::read(pem.path("a", "crt")).unwrap();
    std::fs::write(pem.path("a", "crt"), "broken").unwrap();
    let error = server.handle.reload_certificates().unwrap_err().to_string();
    assert!(error.contains("a.crt: "), "{error}");
    std::fs::write(pem.path("a", "crt"), &old_text).unwrap();
    assert_eq!(shown().await.unwrap(), old, "the old one stays");
    let new = pem.write("a", "a.example");
    within("the new certificate", async {
        while shown().await.is_none_or(|shown| shown != new) {}
    })
    .await;
    // A key of another certificate is told when the server starts.
    std::fs::write(pem.path("a", "crt"), &old_text).unwrap();
    let error = pem.tls(Server::new(), "a").listen("127.0.0.1:0").bind().await.unwrap_err();
    assert!(error.to_string().contains("a.key: "), "{error}");
}

#[tokio::test]
async fn semantics_7_22_a_second_listener_redirects_to_https() {
    let pem = Pem::new();
    pem.write("a", "a.example");
    let server = pem.tls(Server::new(), "a").listen("127.0.0.1:0");
    let bound = server.redirect_to_https("127.0.0.1:0").bind().await.unwrap();
    let (urls, addrs) = (bound.urls(), bound.local_addrs());
    assert_eq!(urls, [format!("https://{}", addrs[0]), format!("http://{}", addrs[1])]);
    let handle = bound.handle();
    let serving = tokio::spawn(bound.serve_until(who, std::future::pending()));
    let mut stream = TcpStream::connect(addrs[1]).await.unwrap();
    stream.write_all(GET.as_bytes()).await.unwrap();
    let mut answer = String::new();
    within("the answer", stream.read_to_string(&mut answer)).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 308 "), "{answer}");
    let port = addrs[0].port();
    assert!(answer.contains(&format!("location: https://a.example:{port}/a?b\r\n")), "{answer}");
    handle.stop();
    within("the end", serving).await.unwrap();
}

#[tokio::test]
async fn semantics_7_23_a_client_of_a_unix_socket_has_no_address() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("socket");
    let server = Server::new().listen(format!("unix:{}", path.display())).unix_mode(0o600);
    let server = TestServer::with(server, who).await;
    let io = TokioIo::new(UnixStream::connect(&path).await.unwrap());
    let (mut client, connection) = http1::handshake(io).await.unwrap();
    tokio::spawn(connection);
    let request = http::Request::get("/").header("host", "x").body(Empty::<bytes::Bytes>::new());
    let answer = within("an answer", client.send_request(request.unwrap())).await.unwrap();
    assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "nobody by http");
    drop(client);
    server.ended_now().await;
    assert!(!path.exists(), "the file goes with the server");
}

#[tokio::test]
async fn semantics_7_23_a_proxy_names_the_client() {
    let log = Log::start();
    let server = TestServer::with(Server::new().proxy_protocol(true), who).await;
    let v1 = format!("PROXY TCP4 192.0.2.1 192.0.2.2 5000 80\r\n{GET}");
    assert!(server.raw(v1).await.ends_with("192.0.2.1:5000 by http"));
    let mut v2 =
        b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x07\xc0\0\x02\x08\x13\x88\0\x50".to_vec();
    v2.extend(GET.as_bytes());
    assert!(server.raw(v2).await.ends_with("192.0.2.7:5000 by http"));
    assert!(server.raw(format!("PROXY UNKNOWN\r\n{GET}")).await.contains("127.0.0.1:"));
    for wrong in [
        GET,
        "PROXY TCP4 x y 1 2\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n",
        "PROXY TCP4 192.0.2.1 192.0.2.2 +1000 80\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n",
    ] {
        assert_eq!(server.raw(wrong).await, "", "{wrong}");
    }
    assert_eq!(log.lines_with("without a correct PROXY header").len(), 1);
}

#[tokio::test]
async fn semantics_7_24_runtimes_per_core_share_an_address_and_stop_together() {
    let server = TestServer::with(Server::new().per_core(3), who).await;
    for _ in 0..30 {
        assert!(server.raw(GET).await.ends_with("by http"));
    }
    assert_eq!(server.handle.counters().requests, 30);
    let counters = server.handle.counters();
    assert_eq!((counters.connections, counters.running_requests), (30, 0));
    assert!(counters.bytes_read >= 30 * GET.len() as u64 && counters.bytes_written > 3000);
    server.ended_now().await;
}

#[tokio::test]
async fn semantics_7_24_an_address_that_another_server_has_is_an_error() {
    for (first, second) in [(1, 2), (2, 1), (2, 2)] {
        let server = TestServer::with(Server::new().per_core(first), who).await;
        let again = Server::new().per_core(second).listen(server.addr.to_string());
        let taken = again.clone().bind().await.unwrap_err();
        let expected = format!("cannot listen on {}: ", server.addr);
        assert!(taken.to_string().starts_with(&expected), "{first} {second}: {taken}");
        assert!(server.raw(GET).await.ends_with("by http"));
        server.ended_now().await;
        // Connections that have ended do not keep it; another test may have it for a moment.
        let free = async {
            while again.clone().bind().await.is_err() {
                tokio::task::yield_now().await;
            }
        };
        within("the address", free).await;
    }
}

#[tokio::test]
async fn semantics_7_24_ipv4_and_ipv6_may_share_a_port() {
    // Another test may have the port of one for the other: then the next port is tried.
    let both = async {
        loop {
            let bound = Server::new().listen("[::1]:0").listen("127.0.0.1:0").bind().await.unwrap();
            let addrs = bound.local_addrs();
            assert!(addrs[0].is_ipv6() && addrs[1].is_ipv4());
            let port = addrs[0].port();
            drop(bound);
            let both =
                Server::new().listen(format!("[::]:{port}")).listen(format!("0.0.0.0:{port}"));
            if let Ok(bound) = both.bind().await {
                return (port, bound);
            }
        }
    };
    let (port, bound) = within("a port of both", both).await;
    assert_eq!(bound.local_addrs().len(), 2);
    let taken = Server::new().listen(format!("0.0.0.0:{port}")).bind().await.unwrap_err();
    assert!(
        taken.to_string().starts_with(&format!("cannot listen on 0.0.0.0:{port}: ")),
        "{taken}"
    );
}
