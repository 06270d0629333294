//! Section 7, the server: files that the system sends.

use std::fmt::Write;
use std::fs::File;
use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use paste_core::{App, Body, FileRange, Request, RequestExt, Sent, response};
use paste_server::{Limits, Server};
use paste_static::StaticDir;
use paste_tests::{TestServer, within};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;

use crate::listeners::Pem;

const SIZES: [usize; 9] = [0, 1, 4095, 4096, 65_535, 65_536, 65_537, 1 << 20, 10 << 20];

/// Bytes that tell where they stand, none of them zero.
fn content(size: usize) -> &'static [u8] {
    static LONGEST: LazyLock<Vec<u8>> = LazyLock::new(|| {
        let byte = |at: usize| u8::try_from((at * 7 + at / 251) % 255).unwrap() + 1;
        (0..10 << 20).map(byte).collect()
    });
    &LONGEST[..size]
}

/// A directory with a file of each size, named by it.
fn files() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for size in SIZES {
        std::fs::write(dir.path().join(size.to_string()), content(size)).unwrap();
    }
    dir
}

fn get(target: impl std::fmt::Display) -> String {
    format!("GET /{target} HTTP/1.1\r\nHost: x\r\n\r\n")
}

/// Reads one answer: its head, and as much as its head says.
async fn answer(stream: &mut (impl AsyncRead + Unpin)) -> (String, Vec<u8>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(within("a head", stream.read_u8()).await.unwrap());
    }
    let head = String::from_utf8(head).unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    let mut body = vec![0; length.parse().unwrap()];
    within("a body", stream.read_exact(&mut body)).await.unwrap();
    (head, body)
}

/// Asks for all sizes, one after the other, or all at once.
async fn ask_http1(stream: impl AsyncRead + AsyncWrite, is_pipelined: bool) {
    let (mut reader, mut writer) = tokio::io::split(stream);
    if is_pipelined {
        writer.write_all(SIZES.map(get).concat().as_bytes()).await.unwrap();
        writer.flush().await.unwrap();
    }
    for size in SIZES {
        if !is_pipelined {
            writer.write_all(get(size).as_bytes()).await.unwrap();
            writer.flush().await.unwrap();
        }
        let (head, body) = answer(&mut reader).await;
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        assert!(body == content(size), "{size} bytes, pipelined: {is_pipelined}");
    }
}

/// Asks for all sizes at once.
async fn ask_http2(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) {
    let io = TokioIo::new(stream);
    let (client, connection) = http2::handshake(TokioExecutor::new(), io).await.unwrap();
    tokio::spawn(connection);
    let ask = |size: usize| {
        let mut client = client.clone();
        let request = http::Request::get(format!("http://x/{size}"));
        let request = request.body(Empty::<bytes::Bytes>::new()).unwrap();
        async move {
            let answer = within("an answer", client.send_request(request)).await.unwrap();
            let body = within("a body", answer.into_body().collect()).await.unwrap().to_bytes();
            assert!(body == content(size), "{size} bytes over HTTP/2");
        }
    };
    futures_util::future::join_all(SIZES.map(ask)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn semantics_7_25_files_are_the_same_bytes_under_every_option() {
    let dir = files();
    let pem = Pem::new();
    pem.write("a", "x");
    for (sendfile, per_core) in [(false, 1), (false, 2), (true, 1), (true, 2)] {
        let server = || Server::new().sendfile(sendfile).per_core(per_core);
        let plain = TestServer::with(server(), StaticDir::new(dir.path())).await;
        ask_http1(plain.connect().await, false).await;
        ask_http1(plain.connect().await, true).await;
        ask_http2(plain.connect().await).await;
        for size in SIZES {
            let mut stream = plain.connect().await;
            let close = format!("GET /{size} HTTP/1.0\r\n\r\n");
            stream.write_all(close.as_bytes()).await.unwrap();
            let (_, body) = answer(&mut stream).await;
            assert!(body == content(size), "{size} bytes, and the connection closes");
            assert_eq!(within("the close", stream.read(&mut [0])).await.unwrap(), 0);
        }
        let total: usize = SIZES.iter().sum();
        let written = plain.handle.counters().bytes_written;
        assert!(written > 4 * total as u64, "files count: {written}");

        let tls = TestServer::with(pem.tls(server(), "a"), StaticDir::new(dir.path())).await;
        let connect = |alpn: &'static [u8]| pem.connect(tls.addr, "x", alpn);
        ask_http1(connect(b"http/1.1").await.unwrap(), false).await;
        ask_http1(connect(b"http/1.1").await.unwrap(), true).await;
        ask_http2(connect(b"h2").await.unwrap()).await;
    }
}

#[tokio::test]
async fn semantics_7_25_a_mixed_pipeline_is_the_same_with_and_without() {
    let dir = files();
    let path = dir.path().to_owned();
    let app = move |request: Request| {
        let files = StaticDir::new(&path);
        async move {
            match request.path_info().strip_prefix("/text/") {
                Some(size) => Ok(response::text("t".repeat(size.parse()?))),
                None => files.call(request).await,
            }
        }
    };
    let mut sent = String::new();
    for target in ["1", "text/3", "4095", "text/20000", "65537", "text/0", "missing", "1048576"] {
        for (method, header) in [
            ("GET", ""),
            ("HEAD", ""),
            ("GET", "Range: bytes=1-5\r\n"),
            ("GET", "Range: bytes=-70000\r\n"),
            ("GET", "Range: bytes=0-0,3-9\r\n"),
            ("GET", "If-None-Match: *\r\n"),
            ("POST", "Content-Length: 3\r\n"),
        ] {
            write!(sent, "{method} /{target} HTTP/1.1\r\nHost: x\r\n{header}\r\n").unwrap();
            sent += if method == "POST" { "abc" } else { "" };
        }
    }
    sent += "GET /4096 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let mut answers = Vec::new();
    for sendfile in [false, true] {
        let server = TestServer::with(Server::new().sendfile(sendfile), app.clone()).await;
        let mut stream = server.connect().await;
        let (mut reader, mut writer) = stream.split();
        let mut all = Vec::new();
        let (_, read) = tokio::join!(
            writer.write_all(sent.as_bytes()),
            within("all answers", reader.read_to_end(&mut all))
        );
        read.unwrap();
        let is_the_same = |line: &&[u8]| {
            !line.starts_with(b"date: ") && !line.windows(9).any(|part| part == b"boundary=")
        };
        answers.push(all.split(|&byte| byte == b'\n').filter(is_the_same).count());
        answers.push(all.len());
        assert!(all.ends_with(content(4096)));
        let parts = [content(1 << 20), &content(65_537)[1..6], content(65_537)];
        for part in parts {
            assert!(all.windows(part.len()).any(|found| found == part), "{}", part.len());
        }
    }
    assert_eq!(answers[..2], answers[2..]);
}

/// An app whose answer is `length` bytes of a file from 100 on, however long that is; tells what was
/// sent.
fn one_file(path: &Path, length: u64) -> (impl App, mpsc::UnboundedReceiver<Sent>) {
    let file = Arc::new(File::open(path).unwrap());
    let (tell, told) = mpsc::unbounded_channel();
    let app = move |_: Request| {
        let range = FileRange { file: Arc::clone(&file), offset: 100, length };
        let tell = tell.clone();
        let watch = move |sent| {
            let _ = tell.send(sent);
        };
        async move { Ok(http::Response::new(Body::file(range, Body::empty()).on_end(watch))) }
    };
    (app, told)
}

#[tokio::test]
async fn semantics_7_25_who_watches_a_file_is_told_what_was_handed_over() {
    let dir = files();
    let path = dir.path().join("1048576");
    let (app, mut told) = one_file(&path, 1_000_000);
    let server = TestServer::with(Server::new().sendfile(true), app).await;
    for (method, bytes) in [("GET", 1_000_000), ("HEAD", 0)] {
        let request = format!("{method} / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        let mut stream = server.connect().await;
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut all = Vec::new();
        within("the answer", stream.read_to_end(&mut all)).await.unwrap();
        let head = String::from_utf8_lossy(&all[..200.min(all.len())]).into_owned();
        assert!(head.contains("content-length: 1000000\r\n"), "{head}");
        let body = all.split_off(head.find("\r\n\r\n").unwrap() + 4);
        assert!(body == content(1 << 20)[100..100 + bytes], "{method}: {} bytes", body.len());
        let sent = within("the end", told.recv()).await.unwrap();
        assert_eq!(sent, Sent { bytes: bytes as u64, complete: true }, "{method}");
    }
}

#[tokio::test]
async fn semantics_7_25_a_file_that_becomes_shorter_cuts_the_answer() {
    let dir = files();
    let path = dir.path().join("1048576");
    let (app, mut told) = one_file(&path, 2_000_000);
    let server = TestServer::with(Server::new().sendfile(true), app).await;
    let mut stream = server.connect().await;
    stream.write_all(get("").as_bytes()).await.unwrap();
    let mut cut = Vec::new();
    let _ = within("the cut", stream.read_to_end(&mut cut)).await;
    assert!(cut.starts_with(b"HTTP/1.1 200 ") && cut.len() < 1_050_000, "{}", cut.len());
    assert!(!cut.contains(&0), "no zeros instead");
    assert!(!within("the end", told.recv()).await.unwrap().complete);

    // A piece that hyper has already is cut short, too.
    let path = dir.path().join("10485760");
    let (app, mut told) = one_file(&path, 10_000_000);
    let server = TestServer::with(Server::new().sendfile(true), app).await;
    let mut stream = server.connect().await;
    stream.write_all(get("").as_bytes()).await.unwrap();
    let mut first = vec![0; 1000];
    within("the first bytes", stream.read_exact(&mut first)).await.unwrap();
    File::options().write(true).open(&path).unwrap().set_len(8192).unwrap();
    let mut rest = Vec::new();
    let _ = within("the cut", stream.read_to_end(&mut rest)).await;
    // The system shares its memory with the file, so what was on its way may have been cleared.
    assert!(rest.len() < 9_999_000, "{}", rest.len());
    assert!(!within("the end", told.recv()).await.unwrap().complete);
    assert_eq!(server.handle.counters().running_requests, 0);
}

/// Whether all of a large file arrives as it was, where `change` happens once its first bytes have come.
async fn arrives(sendfile: bool, change: fn(&Path)) -> bool {
    let dir = files();
    let path = dir.path().join("10485760");
    let long_ago = std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(1000);
    File::open(&path).unwrap().set_modified(long_ago).unwrap();
    let server = Server::new().sendfile(sendfile);
    let server = TestServer::with(server, StaticDir::new(dir.path())).await;
    let mut stream = server.connect().await;
    stream.write_all(b"GET /10485760 HTTP/1.0\r\n\r\n").await.unwrap();
    let mut all = vec![0; 1000];
    within("the first bytes", stream.read_exact(&mut all)).await.unwrap();
    change(&path);
    let _ = within("the end", stream.read_to_end(&mut all)).await;
    let head = all.windows(4).position(|end| end == b"\r\n\r\n").unwrap() + 4;
    let is_whole = all.len() - head == 10 << 20;
    assert!(!is_whole || &all[head..] == content(10 << 20), "a whole answer of wrong bytes");
    is_whole
}

#[tokio::test]
async fn semantics_7_25_a_file_that_is_written_to_is_no_whole_answer() {
    use std::fs::{hard_link, read, remove_file, rename, write};
    use std::os::unix::fs::FileExt;

    fn open(path: &Path) -> File {
        File::options().write(true).open(path).unwrap()
    }
    fn cut_and_grow(path: &Path) {
        open(path).set_len(0).unwrap();
        open(path).set_len(10 << 20).unwrap();
    }
    fn rewrite(path: &Path) {
        open(path).write_all_at(&vec![0; 10 << 20], 0).unwrap();
    }
    fn replace(path: &Path) {
        write(path.with_file_name("new"), "new").unwrap();
        rename(path.with_file_name("new"), path).unwrap();
    }
    for sendfile in [false, true] {
        let grow: fn(&Path) = |path| write(path, vec![0; 11 << 20]).unwrap();
        for change in [cut_and_grow, rewrite, grow] {
            assert!(!arrives(sendfile, change).await, "sendfile: {sendfile}");
        }
        let kept: [fn(&Path); 5] = [
            replace,
            |path| drop(read(path).unwrap()),
            |path| remove_file(path).unwrap(),
            |path| rename(path, path.with_file_name("other")).unwrap(),
            |path| hard_link(path, path.with_file_name("other")).unwrap(),
        ];
        for change in kept {
            assert!(arrives(sendfile, change).await, "sendfile: {sendfile}");
        }
    }
}

#[tokio::test]
async fn semantics_7_25_who_does_not_read_a_file_is_cut_and_who_goes_ends_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    File::create(&path).unwrap().set_len(1 << 30).unwrap();
    let length = (1 << 30) - 100;
    for goes in [true, false] {
        let (app, mut told) = one_file(&path, length);
        let limits = Limits::new().body_timeout(Duration::from_millis(500));
        let server = TestServer::with(Server::new().sendfile(true).limits(limits), app).await;
        let mut stream = server.connect().await;
        stream.write_all(get("").as_bytes()).await.unwrap();
        let mut first = vec![0; 100_000];
        within("the first bytes", stream.read_exact(&mut first)).await.unwrap();
        let held = (!goes).then_some(stream);
        let sent = within("the end", told.recv()).await.unwrap();
        assert!(!sent.complete && (99_000..16 << 20).contains(&sent.bytes), "{sent:?}");
        drop(held);
        let counters = server.handle.counters();
        assert!(counters.timeouts == u64::from(!goes) || goes, "{counters:?}");
    }
}

#[tokio::test]
async fn semantics_7_25_a_slow_reader_gets_all_of_it() {
    let dir = files();
    let limits = Limits::new().body_timeout(Duration::from_secs(5));
    let server = Server::new().sendfile(true).limits(limits);
    let server = TestServer::with(server, StaticDir::new(dir.path())).await;
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut stream = socket.connect(server.addr).await.unwrap();
    let asked = [get("1048576"), get("1"), get("1048576")].concat();
    stream.write_all(asked.as_bytes()).await.unwrap();
    for size in [1 << 20, 1, 1 << 20] {
        let (_, body) = answer(&mut stream).await;
        assert!(body == content(size), "{size} bytes");
    }
}

#[tokio::test]
async fn semantics_7_25_a_file_does_not_wait_behind_a_slow_answer() {
    let dir = files();
    let files = StaticDir::new(dir.path());
    let app = move |request: Request| {
        let files = files.clone();
        async move {
            if request.path_info() == "/slow" {
                std::future::pending::<()>().await;
            }
            files.call(request).await
        }
    };
    let server = TestServer::with(Server::new().sendfile(true), app).await;
    let mut stream = server.connect().await;
    let asked = [get("1"), get("65537"), get("0"), get("slow"), get("1")].concat();
    stream.write_all(asked.as_bytes()).await.unwrap();
    for size in [1, 65_537, 0] {
        assert!(answer(&mut stream).await.1 == content(size), "{size} bytes");
    }
}

#[tokio::test]
async fn semantics_7_25_an_upgrade_follows_a_file() {
    let dir = files();
    let files = StaticDir::new(dir.path());
    let app = move |mut request: Request| {
        let files = files.clone();
        async move {
            if !request.headers().contains_key("upgrade") {
                return files.call(request).await;
            }
            let upgrade = hyper::upgrade::on(&mut request);
            tokio::spawn(async move {
                let mut upgraded = TokioIo::new(upgrade.await.unwrap());
                upgraded.write_all(content(300_000)).await.unwrap();
            });
            let mut response = response::with_status(http::StatusCode::SWITCHING_PROTOCOLS);
            response.headers_mut().insert("upgrade", "raw".parse()?);
            response.headers_mut().insert("connection", "upgrade".parse()?);
            Ok(response)
        }
    };
    let server = TestServer::with(Server::new().sendfile(true), app).await;
    let mut stream = server.connect().await;
    let upgrade = "GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: raw\r\n\r\n";
    stream.write_all([&get("65536"), upgrade].concat().as_bytes()).await.unwrap();
    assert!(answer(&mut stream).await.1 == content(65_536));
    let mut rest = Vec::new();
    within("the end", stream.read_to_end(&mut rest)).await.unwrap();
    assert!(rest.starts_with(b"HTTP/1.1 101 ") && rest.ends_with(content(300_000)));
}
