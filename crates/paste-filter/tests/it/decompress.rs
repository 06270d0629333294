//! One test per rule of `Decompress`.

use bytes::Bytes;
use futures_util::{FutureExt, StreamExt, stream};
use http::HeaderMap;
use http_body::Body as _;
use paste_core::{App, AppExt, Body, Error, Request, Result, response};
use paste_filter::{Coding, Compress, Decompress};
use paste_fixture::TestApp;
use paste_fixture::test_app::TestResponse;
use proptest::prelude::{ProptestConfig, any, prop_assert, prop_assert_eq, proptest};

use crate::codings::{encode, names};

/// Answers the body of the request, and in headers what else the app saw.
async fn echo(request: Request) -> Result {
    let (head, body) = request.into_parts();
    let mut answer = response::text(body.collect(1 << 30).await?);
    for name in ["content-encoding", "content-length", "content-digest", "content-type"] {
        if let Some(value) = head.headers.get(name) {
            let name = format!("x-{name}").parse::<http::HeaderName>().unwrap();
            answer.headers_mut().insert(name, value.clone());
        }
    }
    Ok(answer)
}

async fn post(filter: Decompress, coding: &str, body: impl Into<Bytes>) -> TestResponse {
    let request = TestApp::new(echo.with(filter)).post("/").header("content-encoding", coding);
    request.header("content-type", "text/plain").body(body).expect_any().await
}

async fn status(filter: Decompress, coding: &str, body: impl Into<Bytes>) -> u16 {
    post(filter, coding, body).await.status().as_u16()
}

#[tokio::test]
async fn rules_1_and_3_the_app_sees_what_was_meant() {
    for name in names().chain(["x-gzip", "GZIP"]) {
        let coding = if name.ends_with("ip") || name == "GZIP" { "gzip" } else { name };
        let sent = encode(coding, b"hello");
        let request = TestApp::new(echo.with(Decompress::new())).post("/");
        let request = request.header("content-encoding", name).header("content-type", "text/css");
        let answer = request.header("content-digest", "sha-256=:x:").body(sent).await;
        assert_eq!(answer.text(), "hello", "{name}");
        for gone in ["x-content-encoding", "x-content-length", "x-content-digest"] {
            assert_eq!(answer.header(gone), None, "{name}");
        }
        assert_eq!(answer.header("x-content-type"), Some("text/css"), "{name}");
    }
    let twice = encode("gzip", &encode("deflate", b"hello"));
    for codings in ["deflate, gzip", "deflate,, identity ,gzip,"] {
        assert_eq!(post(Decompress::new(), codings, twice.clone()).await.text(), "hello");
    }
    let wrong_order = post(Decompress::new(), "gzip, deflate", twice).await;
    assert_eq!(wrong_order.status(), 400);
    let plain = TestApp::new(echo.with(Decompress::new())).post("/").body("hello").await;
    assert_eq!((plain.text(), plain.header("x-content-length")), ("hello".into(), Some("5")));
    assert_eq!(post(Decompress::new(), "identity", "hello").await.text(), "hello");
}

#[tokio::test]
async fn rule_2_what_is_not_known_is_refused_with_what_is() {
    let gzip_alone = || Decompress::new().algorithms([Coding::Gzip]);
    for (filter, codings) in [
        (gzip_alone(), "deflate"),
        (gzip_alone(), "compress"),
        (gzip_alone(), "gzip, aes128gcm"),
        (gzip_alone(), "gzip, gzip, gzip"),
        (gzip_alone().max_codings(1), "gzip, gzip"),
        (gzip_alone().max_codings(0), "gzip"),
        (gzip_alone(), "gzip;q=1"),
    ] {
        let answer = post(filter, codings, "x").await;
        assert_eq!(
            (answer.status().as_u16(), answer.header("accept-encoding")),
            (415, Some("gzip"))
        );
    }
    let all = post(Decompress::new(), "x", "x").await;
    let known = names().collect::<Vec<_>>().join(", ");
    assert_eq!(all.header("accept-encoding"), Some(&*known));
}

#[tokio::test]
async fn rule_4_what_comes_is_handed_on_as_it_comes() {
    for name in names() {
        // Made by the other filter, so that each piece is flushed.
        let (sender, source) = Body::channel(4);
        let source = std::sync::Mutex::new(Some(source));
        let compressing = (move |_request: Request| {
            let body = source.lock().unwrap().take().unwrap();
            std::future::ready(Ok(response::typed("text/plain".parse().unwrap(), body)))
        })
        .with(Compress::new().algorithms(Coding::ALL.to_vec()));
        let asking = http::Request::get("/").header("accept-encoding", name);
        let made = compressing.call(asking.body(Body::empty()).unwrap()).await.unwrap();
        let mut body = opened(name, made.into_body()).await;
        assert!(body.chunk().now_or_never().is_none(), "{name}: nothing came");
        for piece in ["tick", "tack"] {
            sender.send(piece).await.unwrap();
            assert_eq!(body.chunk().await.unwrap().unwrap(), piece, "{name}");
            assert!(body.chunk().now_or_never().is_none(), "{name}: no more came");
        }
        let trailers = HeaderMap::from_iter([("x-sum".parse().unwrap(), "1".parse().unwrap())]);
        sender.end_with_trailers(trailers.clone()).await.unwrap();
        let last = body.frame().await.unwrap().unwrap();
        assert_eq!(last.into_trailers().unwrap(), trailers, "{name}");
        assert!(body.frame().await.is_none() && body.is_end_stream());
    }
}

#[tokio::test]
async fn rule_4_the_pieces_may_be_of_any_length() {
    // Much comes of little here, so that a decoder is ahead of what it was given, and not always.
    let data: Vec<u8> = (0..200_000_u32).flat_map(|n| (n / 1000 * n % 251).to_le_bytes()).collect();
    for name in names() {
        let sent = encode(name, &data);
        for length in [1, 2, 3, 5, 11, 101, 1009, 10_007] {
            let pieces: Vec<_> = sent.chunks(length).map(Bytes::copy_from_slice).collect();
            let body = Body::from_stream(stream::iter(pieces).map(Ok::<_, Error>));
            let read = opened(name, body).await.collect(1 << 30).await.unwrap();
            assert!(read == data, "{name} in pieces of {length}");
        }
    }
}

/// The body that the app inside sees.
async fn opened(coding: &str, body: Body) -> Body {
    let app = (async |request: Request| Ok(http::Response::new(request.into_body())))
        .with(Decompress::new());
    let request = http::Request::post("/").header("content-encoding", coding);
    app.call(request.body(body).unwrap()).await.unwrap().into_body()
}

#[tokio::test]
async fn rule_5_decompression_bombs_end_at_the_limits() {
    for name in names() {
        let zeros = encode(name, &vec![0; 8 << 20]);
        // The size counts to the byte.
        let small = || Decompress::new().max_ratio(u32::MAX);
        assert_eq!(status(small().max_size(8 << 20), name, zeros.clone()).await, 200, "{name}");
        let answer = post(small().max_size((8 << 20) - 1), name, zeros.clone()).await;
        assert_eq!(answer.status(), 413, "{name}");
        answer.must_contain("larger than the limit of 8388607 bytes");
        // So does the ratio, beyond a mebibyte.
        let answer = post(Decompress::new(), name, zeros).await;
        assert_eq!(answer.status(), 413, "{name}");
        answer.must_contain("more than 200 times as large");
        let mebibyte = encode(name, &vec![0; 1 << 20]);
        assert_eq!(status(Decompress::new(), name, mebibyte).await, 200, "{name}");
    }
    // A bomb within is held to the limits, too, though nothing of it may come out.
    let bomb = encode("gzip", &encode("gzip", &vec![0; 64 << 20]));
    assert!(bomb.len() < 1000, "{}", bomb.len());
    assert_eq!(status(Decompress::new(), "gzip, gzip", bomb).await, 413);
    let empty_members = encode("gzip", &encode("gzip", b"").repeat(100_000));
    let filter = Decompress::new().max_size(1 << 20);
    assert_eq!(status(filter, "gzip, gzip", empty_members).await, 413);
}

#[cfg(feature = "br")]
#[tokio::test]
async fn rule_5_a_window_of_a_gibibyte_is_refused() {
    assert_eq!(status(Decompress::new(), "br", &[0x11, 0x1e, 0, 0, 0][..]).await, 400);
    assert_eq!(status(Decompress::new(), "br", &[0x91, 0x1e, 0, 0, 0][..]).await, 400);
}

#[cfg(feature = "zstd")]
#[tokio::test]
async fn rule_5_a_window_beyond_8_mebibytes_is_refused() {
    // A frame that states a window of 16 MiB, and one raw block, the last.
    let frame = |window: u8| [&[0x28, 0xb5, 0x2f, 0xfd, 0, window][..], &[9, 0, 0, b'a']].concat();
    assert_eq!(post(Decompress::new(), "zstd", frame(13 << 3)).await.text(), "a");
    assert_eq!(status(Decompress::new(), "zstd", frame(14 << 3)).await, 400);
}

#[tokio::test]
async fn rule_6_what_is_broken_or_cut_is_a_400() {
    for name in names() {
        let sound = encode(name, b"hello, hello, hello, hello");
        for end in 1..sound.len() {
            let cut = sound[..end].to_vec();
            assert_eq!(status(Decompress::new(), name, cut).await, 400, "{name} cut at {end}");
        }
        for more in [&b"x"[..], b"hello, hello, hello"] {
            let longer = [&sound[..], more].concat();
            assert_eq!(status(Decompress::new(), name, longer).await, 400, "{name}");
        }
        assert_eq!(status(Decompress::new(), name, "hello, hello").await, 400, "{name}");
        let twice = [&sound[..], &sound[..]].concat();
        let concatenates = matches!(name, "gzip" | "zstd");
        let expected = if concatenates { 200 } else { 400 };
        assert_eq!(status(Decompress::new(), name, twice.clone()).await, expected, "{name}");
        if concatenates {
            let answer = post(Decompress::new(), name, twice).await;
            assert_eq!(answer.text(), "hello, hello, hello, hello".repeat(2), "{name}");
        }
    }
    let flipped = |at: usize| {
        let mut gzip = encode("gzip", b"hello");
        let at = gzip.len() - at;
        gzip[at] ^= 1;
        gzip
    };
    assert_eq!(status(Decompress::new(), "gzip", flipped(8)).await, 400, "the checksum");
    assert_eq!(status(Decompress::new(), "gzip", flipped(4)).await, 400, "the length");
    let raw = encode("raw deflate", b"hello");
    assert_eq!(post(Decompress::new(), "deflate", raw).await.text(), "hello");
}

#[tokio::test]
async fn rule_6_a_body_that_breaks_stays_broken() {
    for name in names() {
        let half = Bytes::from(encode(name, b"hello")).slice(..4);
        let failure = Error::from_status(http::StatusCode::REQUEST_TIMEOUT);
        let broken = Body::from_stream(stream::iter([Ok(half), Err(failure)]));
        let error = opened(name, broken).await.collect(99).await.unwrap_err();
        assert_eq!(error.status(), 408, "{name}");
    }
}

#[tokio::test]
async fn rule_7_no_bytes_are_an_empty_body() {
    for name in names() {
        assert_eq!(post(Decompress::new(), name, "").await.text(), "", "{name}");
        let none = Body::from_stream(stream::iter([Ok::<_, Error>(Bytes::new())]));
        assert_eq!(opened(name, none).await.collect(9).await.unwrap(), "", "{name}");
    }
}

#[tokio::test]
async fn what_the_app_does_not_read_is_not_decompressed() {
    let ignoring = async |_request: Request| Ok(response::text("done"));
    let answer = TestApp::new(ignoring.with(Decompress::new())).post("/").body("garbage");
    assert_eq!(answer.header("content-encoding", "gzip").await.text(), "done");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn any_body_in_any_pieces_comes_in_as_it_was(
        data in proptest::collection::vec(any::<u8>(), 0..5000),
        repeat in 1..40_usize,
        length in 1..5000_usize,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let data = data.repeat(repeat);
        for name in names() {
            let sent = encode(name, &data);
            let pieces: Vec<_> = sent.chunks(length).map(Bytes::copy_from_slice).collect();
            let read = runtime.block_on(async {
                let paused = stream::iter(pieces).then(async |piece| {
                    tokio::task::yield_now().await;
                    Ok::<_, Error>(piece)
                });
                opened(name, Body::from_stream(paused)).await.collect(1 << 30).await.unwrap()
            });
            prop_assert_eq!(&read[..], &data[..], "{}", name);
        }
    }

    #[test]
    fn garbage_never_panics(data in proptest::collection::vec(any::<u8>(), 1..2000), length in 1..50_usize) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        for name in names() {
            let pieces: Vec<_> = data.chunks(length).map(Bytes::copy_from_slice).collect();
            let body = Body::from_stream(stream::iter(pieces).map(Ok::<_, Error>));
            let read = runtime.block_on(async { opened(name, body).await.collect(1 << 30).await });
            prop_assert!(read.is_ok() || read.is_err_and(|error| error.status().is_client_error()));
        }
    }
}

#[cfg(feature = "serde")]
#[tokio::test]
async fn reads_its_configuration() {
    use serde_json::{from_value, json};

    let read = |config| from_value::<Decompress>(config).map_err(|error| error.to_string());
    let config =
        json!({ "algorithms": ["gzip"], "max_size": "10B", "max_ratio": 9, "max_codings": 1 });
    let filter = read(config).unwrap();
    assert_eq!(status(filter.clone(), "deflate", "x").await, 415);
    assert_eq!(status(filter.clone(), "gzip, gzip", "x").await, 415);
    assert_eq!(status(filter.clone(), "gzip", encode("gzip", &[0; 10])).await, 200);
    assert_eq!(status(filter, "gzip", encode("gzip", &[0; 11])).await, 413);
    for (config, complaint) in [
        (json!({ "algorithms": ["lzma"] }), "unknown variant `lzma`"),
        (json!({ "max_ratio": 0 }), "`max_ratio` is 0"),
        (json!({ "max_size": "much" }), "`much` is not a size such as `10MiB`"),
        (json!({ "limit": 1 }), "unknown field `limit`"),
    ] {
        let error = read(config).unwrap_err();
        assert!(error.contains(complaint), "{error}");
    }
}
