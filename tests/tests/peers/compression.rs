//! Compression as others undo it, and what others compress.

use std::path::Path;
use std::process::Stdio;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::HeaderValue;
use paste_core::{AppExt, Body, Error, Request, Result, response};
use paste_filter::{Coding, Compress, Decompress};
use paste_tests::{TestServer, within};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use super::{print, run};

/// How the bytes of each coding are undone, and made, by a program that has nothing to do with us.
const PROGRAMS: [(&str, &[&str], &[&str]); 4] = [
    ("gzip", &["gzip", "-dc"], &["gzip", "-c"]),
    ("br", &["brotli", "-dc"], &["brotli", "-q", "5", "-c"]),
    ("zstd", &["zstd", "-dc"], &["zstd", "-c"]),
    (
        "deflate",
        &[
            "python3",
            "-c",
            "import sys, zlib; o = zlib.decompressobj(); sys.stdout.buffer.write(o.decompress(open(sys.argv[1], 'rb').read())); assert o.eof",
        ],
        &[
            "python3",
            "-c",
            "import sys, zlib; sys.stdout.buffer.write(zlib.compress(open(sys.argv[1], 'rb').read()))",
        ],
    ),
];

/// What a program prints for a file.
async fn through(program: &[&str], file: &Path) -> Vec<u8> {
    let args: Vec<_> = program[1..].iter().copied().chain([file.to_str().unwrap()]).collect();
    let output = run(program[0], &args).await;
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program:?}: {}\n{errors}", output.status);
    output.stdout
}

/// Five megabytes: some lines again and again, some not.
fn large() -> Bytes {
    let lines = (0..100_000_u64).map(|n| {
        let mixed = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        format!("{n} the same in each line, but for {mixed:016x}\n")
    });
    lines.collect::<String>().into()
}

#[tokio::test]
async fn what_is_compressed_is_undone_by_the_program_of_each_coding() {
    let data = large();
    let (whole, small) = (data.clone(), data.slice(..50_000));
    let pieces = data.clone();
    let site = move |request: Request| {
        let body = match request.uri().path() {
            "/whole" => whole.clone().into(),
            "/small" => small.clone().into(),
            _ => {
                let pieces: Vec<_> = pieces.chunks(9999).map(Bytes::copy_from_slice).collect();
                Body::from_stream(stream::iter(pieces).map(Ok::<_, Error>))
            }
        };
        let kind = HeaderValue::from_static("text/plain");
        std::future::ready(Ok(response::typed(kind, body)))
    };
    let server = TestServer::new(site.with(Compress::new().algorithms(Coding::ALL.to_vec()))).await;
    let dir = tempfile::tempdir().unwrap();
    for (coding, undo, _) in PROGRAMS {
        for (path, expected) in
            [("whole", &data), ("small", &data.slice(..50_000)), ("pieces", &data)]
        {
            for version in ["--http1.1", "--http2-prior-knowledge"] {
                let file = dir.path().join(format!("{path}.{coding}"));
                let url = format!("http://{}/{path}", server.addr);
                let accept = format!("Accept-Encoding: {coding}");
                let args = ["-sSf", version, "-H", &accept, "-D", "-", "-o"];
                let args: Vec<_> = args.into_iter().chain([file.to_str().unwrap(), &url]).collect();
                let head = print("curl", &args).await.to_ascii_lowercase();
                assert!(head.contains(&format!("content-encoding: {coding}\r\n")), "{head}");
                assert!(std::fs::metadata(&file).unwrap().len() < expected.len() as u64 / 2);
                assert!(through(undo, &file).await == expected[..], "{coding} {path} {version}");
            }
        }
    }
    server.ended_now().await;
}

#[tokio::test]
async fn curl_takes_what_it_is_given() {
    let data = large().slice(..1_000_000);
    let whole = data.clone();
    let site = (move |_request: Request| std::future::ready(Ok(response::text(whole.clone()))))
        .with(Compress::new().algorithms(Coding::ALL.to_vec()));
    let server = TestServer::new(site).await;
    let url = format!("http://{}/", server.addr);
    for version in ["--http1.1", "--http2-prior-knowledge"] {
        let output = run("curl", &["-sSf", version, "--compressed", &url]).await;
        assert!(output.stdout == data[..], "{version}");
        let plain = run("curl", &["-sSf", version, &url]).await;
        assert!(plain.stdout == data[..], "{version}");
        let part = run("curl", &["-sSf", version, "--compressed", "-r", "0-99", &url]).await;
        assert!(part.stdout == data[..], "{version}: the app knows no ranges");
        let head = print("curl", &["-sSfI", version, "--compressed", &url]).await;
        assert!(head.contains("content-encoding: ") && !head.contains("content-length"), "{head}");
    }
    server.ended_now().await;
}

#[tokio::test]
async fn curl_gets_events_one_by_one() {
    for coding in ["gzip", "br", "zstd", "deflate"] {
        let (sender, source) = Body::channel(1);
        let source = std::sync::Mutex::new(Some(source));
        let kind = HeaderValue::from_static("text/event-stream");
        let site = (move |_request: Request| {
            let events = source.lock().unwrap().take().unwrap();
            std::future::ready(Ok(response::typed(kind.clone(), events)))
        })
        .with(Compress::new().algorithms(Coding::of_name(coding)));
        let server = TestServer::new(site).await;
        let mut curl = Command::new("curl")
            .args(["-sSfN", "--compressed", &format!("http://{}/", server.addr)])
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(curl.stdout.take().unwrap()).lines();
        for n in 1..=5 {
            // The next event is made when the one before has been seen.
            sender.send(format!("data: {n}\n\n")).await.unwrap();
            let line = within("an event", lines.next_line()).await.unwrap().unwrap();
            assert_eq!(line, format!("data: {n}"), "{coding}");
            assert_eq!(within("its end", lines.next_line()).await.unwrap().unwrap(), "");
        }
        sender.end().await.unwrap();
        assert_eq!(within("the end", lines.next_line()).await.unwrap(), None, "{coding}");
        assert!(within("curl", curl.wait()).await.unwrap().success(), "{coding}");
        server.ended_now().await;
    }
}

#[tokio::test]
async fn what_others_compress_is_taken() {
    async fn echo(request: Request) -> Result {
        assert!(!request.headers().contains_key("content-encoding"));
        Ok(response::typed(
            HeaderValue::from_static("application/octet-stream"),
            request.into_body(),
        ))
    }
    let server = TestServer::new(echo.with(Decompress::new())).await;
    let (data, dir) = (large(), tempfile::tempdir().unwrap());
    let plain = dir.path().join("plain");
    std::fs::write(&plain, &data).unwrap();
    for (coding, _, make) in PROGRAMS {
        let made = through(make, &plain).await;
        let file = dir.path().join(coding);
        for twice in [false, true] {
            // Members of gzip and frames of zstd may follow each other.
            let concatenates = matches!(coding, "gzip" | "zstd");
            let sent = if twice { [&made[..], &made].concat() } else { made.clone() };
            std::fs::write(&file, sent).unwrap();
            let (header, body) =
                (format!("Content-Encoding: {coding}"), format!("@{}", file.display()));
            let url = format!("http://{}/", server.addr);
            let args = ["-sS", "-H", &header, "-H", "Expect:", "--data-binary", &body, &url];
            let output = run("curl", &args).await;
            let expected = if twice { [&data[..], &data].concat() } else { data.to_vec() };
            let same = output.status.success() && output.stdout == expected;
            assert_eq!(same, concatenates || !twice, "{coding} twice: {twice}");
        }
    }
    server.ended_now().await;
}
