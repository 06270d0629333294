//! One test per rule of `Compress`.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use futures_util::{FutureExt, StreamExt, stream};
use http::{HeaderMap, Method, StatusCode};
use http_body::Body as _;
use paste_core::{App, AppExt, Body, Error, Request, Response, Result, response};
use paste_filter::{Coding, Compress, NoCompression};
use paste_fixture::TestApp;
use paste_fixture::test_app::TestResponse;
use proptest::prelude::{ProptestConfig, any, prop_assert_eq, proptest};

use crate::codings::{decode, decode_some, names};

const TEXT: &str = "To be compressed, or not to be compressed. ";

fn text() -> String {
    TEXT.repeat(50)
}

/// An app that answers what `make` makes.
fn answering(make: impl Fn() -> Response + Send + Sync + 'static) -> impl App {
    move |_request: Request| std::future::ready(Ok(make()))
}

/// A page of 2150 bytes with these headers alone.
fn bare_page(headers: &'static [(&'static str, &'static str)]) -> Response {
    let mut page = response::text(text());
    for (name, value) in headers {
        page.headers_mut().insert(*name, value.parse().unwrap());
    }
    page
}

/// The same with those that a file has.
fn page(headers: &'static [(&'static str, &'static str)]) -> impl App {
    answering(move || {
        let mut page = bare_page(headers);
        page.headers_mut().insert("etag", "\"1\"".parse().unwrap());
        page.headers_mut().insert("accept-ranges", "bytes".parse().unwrap());
        page
    })
}

async fn get(app: impl App, headers: &[(&str, &str)]) -> TestResponse {
    ask(Method::GET, app, headers).await
}

async fn ask(method: Method, app: impl App, headers: &[(&str, &str)]) -> TestResponse {
    let mut request = TestApp::new(app).request(method, "/").expect_any();
    for (name, value) in headers {
        request = request.header(name, value);
    }
    request.await
}

fn coding(answer: &TestResponse) -> &str {
    answer.header("content-encoding").unwrap_or("")
}

/// The body of what `app` answers, as it comes.
async fn body(app: impl App, coding: &str) -> Body {
    let request = http::Request::get("/").header("accept-encoding", coding);
    let answer = app.call(request.body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(answer.headers()["content-encoding"], coding);
    answer.into_body()
}

#[tokio::test]
async fn rule_1_the_client_decides_by_quality_and_the_server_among_equals() {
    let filter = Compress::new().algorithms([Coding::Deflate, Coding::Gzip]);
    for (accepted, expected) in [
        (Some("gzip, deflate"), "deflate"),
        (Some("gzip, deflate;q=0.5"), "gzip"),
        (Some("gzip;q=0"), ""),
        (Some("*;q=0"), ""),
        (Some("identity;q=0"), ""),
        (Some("identity, gzip;q=0.9"), ""),
        (Some("*"), "deflate"),
        (Some("compress"), ""),
        (None, ""),
    ] {
        let headers: Vec<_> = accepted.map(|list| ("accept-encoding", list)).into_iter().collect();
        let answer = get(page(&[]).with(filter.clone()), &headers).await;
        assert_eq!((answer.status(), coding(&answer)), (StatusCode::OK, expected), "{accepted:?}");
    }
    for name in names() {
        let filter = Compress::new().algorithms(Coding::ALL.to_vec());
        let answer = get(page(&[]).with(filter), &[("accept-encoding", name)]).await;
        assert_eq!(coding(&answer), name);
        assert!(answer.bytes().len() < 200, "{name}: {}", answer.bytes().len());
        assert_eq!(decode(name, answer.bytes()), text().into_bytes(), "{name}");
    }
}

#[tokio::test]
async fn rule_2_what_is_small_or_of_another_type_stays() {
    let app = |kind: &'static str, size: usize, filter: Compress| {
        let app =
            answering(move || response::typed(kind.parse().unwrap(), "x".repeat(size).into()));
        async move { coding(&get(app.with(filter), &[("accept-encoding", "gzip")]).await).to_owned() }
    };
    for (kind, size, expected) in [
        ("text/plain", 256, "gzip"),
        ("text/plain", 255, ""),
        ("application/problem+json", 1000, "gzip"),
        ("image/svg+xml", 1000, "gzip"),
        ("image/png", 1000, ""),
        ("application/octet-stream", 1000, ""),
    ] {
        assert_eq!(app(kind, size, Compress::new()).await, expected, "{kind} {size}");
    }
    let all = Compress::new().min_size(0).types(["*/*"]).unwrap().except(["text/css"]).unwrap();
    assert_eq!(app("application/octet-stream", 1, all.clone()).await, "gzip");
    assert_eq!(app("text/css", 1000, all.clone()).await, "");
    assert_eq!(app("text/plain", 0, all.clone()).await, "", "there is nothing to compress");
    assert_eq!(app("image/png", 1000, all).await, "", "packed already");
    let wrong = Compress::new().types(["text"]).unwrap_err().to_string();
    assert_eq!(wrong, "`text` is not a media type such as `text/html`, `text/*` or `*/*+json`");
    // Of unknown length: worth it, since it may be large.
    let unknown = async |_request: Request| {
        let pieces = stream::iter([Ok::<_, Error>("a")]);
        Ok(response::typed("text/plain".parse().unwrap(), Body::from_stream(pieces)))
    };
    let answer = get(unknown.with(Compress::new()), &[("accept-encoding", "gzip")]).await;
    assert_eq!((coding(&answer), decode("gzip", answer.bytes())), ("gzip", b"a".to_vec()));
}

#[tokio::test]
async fn rule_3_what_must_stay_stays() {
    let gzip = ("accept-encoding", "gzip");
    for header in [
        &[("content-encoding", "br")][..],
        &[("cache-control", "max-age=60, No-Transform")],
        &[("content-md5", "x")],
        &[("digest", "sha-256=x")],
        &[("content-digest", "sha-256=:x:")],
        &[("repr-digest", "sha-256=:x:")],
        &[("signature", "a=:x:")],
    ] {
        let app = answering(move || bare_page(header));
        let answer = app.with(Compress::new()).call(asking(&[gzip])).await.unwrap();
        assert_eq!(answer.headers(), bare_page(header).headers());
        assert!(!answer.headers().contains_key("vary"), "{header:?}");
        assert_eq!(answer.into_body().collect(9999).await.unwrap(), text());
    }
    for status in [100, 101, 204, 205, 206, 304] {
        let app = answering(move || {
            let mut page = bare_page(&[]);
            *page.status_mut() = StatusCode::from_u16(status).unwrap();
            page
        });
        let answer = app.with(Compress::new()).call(asking(&[gzip])).await.unwrap();
        assert!(!answer.headers().contains_key("content-encoding"), "{status}");
        assert_eq!(answer.into_body().collect(9999).await.unwrap(), text());
    }
    let marked = answering(|| {
        let mut page = bare_page(&[]);
        page.extensions_mut().insert(NoCompression);
        page
    });
    let answer = get(marked.with(Compress::new()), &[gzip]).await;
    assert_eq!((coding(&answer), answer.header("vary")), ("", None));
    for asked in [("range", "bytes=0-9"), ("cache-control", "no-transform")] {
        let answer = get(page(&[]).with(Compress::new()), &[gzip, asked]).await;
        assert_eq!((coding(&answer), answer.header("accept-ranges")), ("", Some("bytes")));
        assert_eq!((answer.header("vary"), answer.text()), (Some("accept-encoding"), text()));
    }
}

fn asking(headers: &[(&str, &str)]) -> Request {
    let mut request = http::Request::get("/");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::empty()).unwrap()
}

#[tokio::test]
async fn rule_4_breach_pages_of_other_sites_learn_no_compressed_size() {
    let gzip = ("accept-encoding", "gzip");
    for (asked, expected) in [
        (("sec-fetch-site", "cross-site"), ""),
        (("sec-fetch-site", "same-origin"), "gzip"),
        (("origin", "https://evil.example"), ""),
        (("origin", "http://localhost"), "gzip"),
        (("referer", "https://evil.example/localhost"), ""),
        (("referer", "http://localhost/page"), "gzip"),
    ] {
        let answer = get(page(&[]).with(Compress::new()), &[gzip, asked]).await;
        assert_eq!(coding(&answer), expected, "{asked:?}");
        assert_eq!(answer.header("vary"), Some("accept-encoding"), "{asked:?}");
        let allowed = Compress::new().cross_site(true);
        assert_eq!(coding(&get(page(&[]).with(allowed), &[gzip, asked]).await), "gzip");
    }
}

#[tokio::test]
async fn rules_5_and_7_the_headers_say_what_is_sent_and_why() {
    let app = || page(&[("vary", "cookie")]).with(Compress::new());
    let answer = get(app(), &[("accept-encoding", "gzip")]).await;
    assert_eq!((coding(&answer), answer.header("accept-ranges")), ("gzip", None));
    let vary = |answer: &TestResponse| {
        let lines = answer.headers().get_all("vary").iter();
        lines.map(|line| line.to_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(vary(&answer), ["cookie", "accept-encoding"]);
    let plain = get(app(), &[]).await;
    assert_eq!((coding(&plain), plain.header("etag")), ("", Some("\"1\"")));
    assert_eq!(vary(&plain), ["cookie", "accept-encoding"]);
    for there in
        [&[("vary", "Accept-Encoding")], &[("vary", "cookie , ACCEPT-ENCODING")], &[("vary", "*")]]
    {
        let app = answering(|| bare_page(there)).with(Compress::new());
        let answer = get(app, &[("accept-encoding", "gzip")]).await;
        assert_eq!(vary(&answer), [there[0].1]);
    }
    // A part and a 304 vary where the whole may.
    for (status, kind, expected) in [
        (206, Some("text/css"), 1),
        (206, Some("multipart/byteranges; boundary=x"), 1),
        (206, Some("image/png"), 0),
        (304, None, 1),
        (304, Some("image/png"), 0),
    ] {
        let app = answering(move || {
            let mut answer = response::with_status(StatusCode::from_u16(status).unwrap());
            if let Some(kind) = kind {
                answer.headers_mut().insert("content-type", kind.parse().unwrap());
            }
            answer
        });
        let answer = app.with(Compress::new()).call(asking(&[])).await.unwrap();
        let vary = answer.headers().get_all("vary").iter().count();
        assert_eq!(vary, expected, "{status} {kind:?}");
    }
}

/// An app that knows what a client has, as static files do.
async fn with_tag(request: Request) -> Result {
    let known = request.headers().get("if-none-match").map(|value| value.to_str().unwrap());
    let mut answer = match known {
        Some("\"1\"" | "W/\"1\"") => response::with_status(StatusCode::NOT_MODIFIED),
        _ => response::text(text()),
    };
    answer.headers_mut().insert("etag", "\"1\"".parse().unwrap());
    Ok(answer)
}

#[tokio::test]
async fn rule_6_a_compressed_answer_has_a_weak_tag_that_is_known_again() {
    let gzip = ("accept-encoding", "gzip");
    let answer = get(with_tag.with(Compress::new()), &[gzip]).await;
    assert_eq!((coding(&answer), answer.header("etag")), ("gzip", Some("W/\"1\"")));
    for known in ["W/\"1\"", "\"1\""] {
        let answer = get(with_tag.with(Compress::new()), &[gzip, ("if-none-match", known)]).await;
        assert_eq!(
            (answer.status(), answer.header("etag")),
            (StatusCode::NOT_MODIFIED, Some(known))
        );
        assert_eq!(answer.header("vary"), Some("accept-encoding"));
    }
    let weak = answering(|| bare_page(&[("etag", "W/\"1\"")]));
    let answer = get(weak.with(Compress::new()), &[gzip]).await;
    assert_eq!((coding(&answer), answer.header("etag")), ("gzip", Some("W/\"1\"")));
}

#[tokio::test]
async fn rule_8_head_is_answered_as_get_is() {
    let gzip = ("accept-encoding", "gzip");
    let stated = async |request: Request| {
        assert_eq!(request.method(), Method::HEAD);
        let mut answer = response::text("");
        answer.headers_mut().insert("content-length", "2150".parse().unwrap());
        Ok(answer)
    };
    for answer in [
        ask(Method::HEAD, page(&[]).with(Compress::new()), &[gzip]).await,
        ask(Method::HEAD, stated.with(Compress::new()), &[gzip]).await,
    ] {
        assert_eq!((coding(&answer), answer.bytes().len()), ("gzip", 0));
        assert_eq!(answer.header("content-length"), None);
        assert_eq!(answer.header("vary"), Some("accept-encoding"));
    }
    let small = async |_request: Request| Ok(response::text("small"));
    let answer = ask(Method::HEAD, small.with(Compress::new()), &[gzip]).await;
    assert_eq!((coding(&answer), answer.header("content-length")), ("", Some("5")));
    let plain = ask(Method::HEAD, stated.with(Compress::new()), &[]).await;
    assert_eq!((coding(&plain), plain.header("content-length")), ("", Some("2150")));
    // Who watches the body of an answer to HEAD sees that all went well.
    let complete = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&complete);
    let watched = answering(move || {
        let seen = Arc::clone(&seen);
        bare_page(&[]).map(|body| {
            body.on_end(move |sent| {
                seen.fetch_add(usize::from(sent.complete), Ordering::Relaxed);
            })
        })
    });
    ask(Method::HEAD, watched.with(Compress::new()), &[gzip]).await;
    assert_eq!(complete.load(Ordering::Relaxed), 1);
}

fn streamed<F, B>(make: F) -> impl App
where
    F: Fn() -> B + Send + Sync + 'static,
    B: Into<Body>,
{
    typed_stream("text/plain", make)
}

fn typed_stream<F, B>(kind: &'static str, make: F) -> impl App
where
    F: Fn() -> B + Send + Sync + 'static,
    B: Into<Body>,
{
    answering(move || response::typed(kind.parse().unwrap(), make().into()))
        .with(Compress::new().algorithms(Coding::ALL.to_vec()))
}

#[tokio::test]
async fn rule_9_what_is_there_as_a_whole_has_a_length() {
    for name in names() {
        let mut answer = body(streamed(|| vec![b'x'; 128 * 1024]), name).await;
        let length = answer.size_hint().exact().expect("a length");
        let data = answer.chunk().await.unwrap().unwrap();
        assert!(answer.is_end_stream() && data.len() as u64 == length, "{name}");
        assert_eq!(decode(name, &data), vec![b'x'; 128 * 1024], "{name}");
        let larger = body(streamed(|| vec![b'x'; 128 * 1024 + 1]), name).await;
        assert_eq!(larger.size_hint().exact(), None, "{name}");
        let larger = larger.collect(1 << 20).await.unwrap();
        assert_eq!(decode(name, &larger).len(), 128 * 1024 + 1, "{name}");
        let broken = || {
            let failure = Error::from_status(StatusCode::BAD_GATEWAY);
            Body::from_stream(stream::iter([Err::<Bytes, _>(failure)])).with_length(999)
        };
        let answer = streamed(broken).call(asking(&[("accept-encoding", name)])).await;
        assert_eq!(answer.unwrap_err().status(), 502, "{name}");
    }
}

#[tokio::test]
async fn rule_10_what_comes_slowly_is_sent_before_the_rest_comes() {
    for name in names() {
        let (sender, source) = Body::channel(1);
        let source = std::sync::Mutex::new(Some(source));
        let app = streamed(move || source.lock().unwrap().take().unwrap());
        let (mut answer, mut made) = (body(app, name).await, Vec::new());
        for round in 1..=3 {
            assert!(answer.chunk().now_or_never().is_none(), "{name}: nothing came");
            sender.send("tick\n").await.unwrap();
            let sent = answer.chunk().now_or_never().expect("what came is sent");
            made.extend_from_slice(&sent.unwrap().unwrap());
            let (decoded, ended) = decode_some(name, &made);
            assert_eq!((decoded, ended), ("tick\n".repeat(round).into(), false), "{name}");
        }
        sender.end().await.unwrap();
        while let Some(data) = answer.chunk().await.unwrap() {
            made.extend_from_slice(&data);
        }
        assert_eq!(decode(name, &made), b"tick\ntick\ntick\n", "{name}");
    }
}

#[tokio::test]
async fn rule_10_of_an_event_stream_each_frame_is_sent_at_once() {
    for name in names() {
        let events = || Body::from_stream(stream::iter(["data: x\n\n"; 3]).map(Ok::<_, Error>));
        let app = typed_stream("text/event-stream; charset=utf-8", events);
        let (mut answer, mut made) = (body(app, name).await, Vec::new());
        for round in 1..=3 {
            made.extend_from_slice(&answer.chunk().await.unwrap().unwrap());
            assert_eq!(decode_some(name, &made).0, "data: x\n\n".repeat(round).into_bytes());
        }
    }
}

#[tokio::test]
async fn rule_10_nothing_is_read_that_is_not_taken() {
    for name in names() {
        let read = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&read);
        let app = streamed(move || {
            let counter = Arc::clone(&counter);
            let mut state = 1u32;
            Body::from_stream(stream::repeat_with(move || {
                counter.fetch_add(1000, Ordering::Relaxed);
                Ok::<_, Error>(noise(&mut state, 1000))
            }))
        });
        let mut answer = body(app, name).await;
        assert_eq!(read.load(Ordering::Relaxed), 0, "{name}: nothing was taken");
        let mut taken = 0;
        for _ in 0..200 {
            let data = answer.chunk().await.unwrap().unwrap();
            assert!(data.len() <= 16 * 1024, "{name}: {}", data.len());
            taken += data.len();
        }
        let held = read.load(Ordering::Relaxed).saturating_sub(taken);
        assert!(held < 2_000_000, "{name}: {held} bytes are held back");
        drop(answer);
    }
}

/// Bytes that no compressor makes much smaller.
fn noise(state: &mut u32, length: usize) -> Bytes {
    let next = |_| {
        *state ^= *state << 13;
        *state ^= *state >> 17;
        *state ^= *state << 5;
        state.to_le_bytes()[0]
    };
    (0..length).map(next).collect::<Vec<_>>().into()
}

#[tokio::test]
async fn rule_10_what_gives_nothing_for_long_lets_others_have_their_turn() {
    for name in names() {
        let zeros = || {
            let piece = Bytes::from(vec![0; 1 << 20]);
            Body::from_stream(stream::repeat(piece).take(8).map(Ok::<_, Error>))
        };
        let mut answer = body(streamed(zeros), name).await;
        let waker = futures_util::task::noop_waker();
        let mut context = std::task::Context::from_waker(&waker);
        let (mut polls, mut made) = (0, Vec::new());
        while !answer.is_end_stream() {
            polls += 1;
            if let std::task::Poll::Ready(Some(frame)) =
                std::pin::Pin::new(&mut answer).poll_frame(&mut context)
            {
                made.extend_from_slice(&frame.unwrap().into_data().unwrap());
            }
        }
        assert!(polls >= 8, "{name}: {polls} polls for 8 MiB");
        assert_eq!(decode(name, &made).len(), 8 << 20, "{name}");
    }
}

#[tokio::test]
async fn rule_11_what_breaks_stays_broken() {
    for name in names() {
        for pieces in [&["!"][..], &["a", "!"], &["a", "b", "!", "c"]] {
            let app = streamed(move || {
                Body::from_stream(stream::iter(pieces).map(|piece| match *piece {
                    "!" => Err(Error::from_status(StatusCode::BAD_GATEWAY)),
                    piece => Ok(piece),
                }))
            });
            let mut answer = body(app, name).await;
            let mut made = Vec::new();
            let error = loop {
                match answer.chunk().await {
                    Ok(Some(data)) => made.extend_from_slice(&data),
                    Ok(None) => panic!("{name}: a clean end"),
                    Err(error) => break error,
                }
            };
            assert_eq!(error.status(), 502, "{name}");
            assert!(made.is_empty() || !decode_some(name, &made).1, "{name}");
            assert!(answer.chunk().await.unwrap().is_none() && answer.is_end_stream());
        }
        // Shorter than stated.
        let cut = || Body::from_stream(stream::iter([Ok::<_, Error>(text())])).with_length(9999);
        assert!(body(streamed(cut), name).await.collect(9999).await.is_err(), "{name}");
    }
}

#[tokio::test]
async fn rule_11_trailers_stay() {
    for name in names() {
        let trailers = || HeaderMap::from_iter([("x-sum".parse().unwrap(), "1".parse().unwrap())]);
        let app = streamed(move || Body::from(text()).with_trailers(trailers));
        let (mut answer, mut made, mut last) = (body(app, name).await, Vec::new(), None);
        while let Some(frame) = answer.frame().await {
            match frame.unwrap().into_data() {
                Ok(data) => made.extend_from_slice(&data),
                Err(frame) => last = frame.into_trailers().ok(),
            }
        }
        assert_eq!((decode(name, &made), last), (text().into_bytes(), Some(trailers())), "{name}");
    }
}

#[tokio::test]
async fn cancelling_drops_the_body_inside() {
    let (sender, source) = Body::channel(1);
    let source = std::sync::Mutex::new(Some(source));
    let app = streamed(move || source.lock().unwrap().take().unwrap());
    let mut answer = body(app, "gzip").await;
    sender.send("a").await.unwrap();
    answer.chunk().await.unwrap();
    drop(answer);
    assert_eq!(sender.send("b").await.unwrap_err().status().as_u16(), 499);
}

#[tokio::test]
async fn every_level_gives_the_same_text() {
    for name in names() {
        for level in [0, 1, 9, 11, 22, 255] {
            let filter = Compress::new().algorithms(Coding::ALL.to_vec()).level(level);
            let answer = get(page(&[]).with(filter), &[("accept-encoding", name)]).await;
            assert_eq!(decode(name, answer.bytes()), text().into_bytes(), "{name} {level}");
        }
    }
}

#[tokio::test]
async fn errors_pass() {
    let failing = async |_request: Request| Err::<Response, _>(Error::not_found());
    let answer = failing.with(Compress::new()).call(asking(&[("accept-encoding", "gzip")])).await;
    assert_eq!(answer.unwrap_err().status(), 404);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn any_body_in_any_pieces_comes_out_as_it_was(
        pieces in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..3000), 0..12),
        repeat in 1..40_usize,
        pauses in any::<u16>(),
        level in 1..7_u8,
    ) {
        let pieces: Vec<Bytes> =
            pieces.into_iter().map(|piece| Bytes::from(piece.repeat(repeat))).collect();
        let whole = pieces.concat();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        for name in names() {
            let pieces = pieces.clone();
            let make = move || {
                let mut place = 0;
                let paused = stream::iter(pieces.clone()).then(move |piece| {
                    place += 1;
                    let pauses = pauses >> place & 1 == 1;
                    async move {
                        if pauses {
                            tokio::task::yield_now().await;
                        }
                        Ok::<_, Error>(piece)
                    }
                });
                Body::from_stream(paused)
            };
            let app = answering(move || response::typed("text/plain".parse().unwrap(), make()))
                .with(Compress::new().algorithms(Coding::ALL.to_vec()).level(level));
            let made = runtime.block_on(async {
                body(app, name).await.collect(1 << 24).await.unwrap()
            });
            prop_assert_eq!(&decode(name, &made)[..], &whole[..], "{}", name);
        }
    }
}

#[cfg(feature = "serde")]
#[tokio::test]
async fn reads_its_configuration() {
    use serde_json::{from_value, json};

    let read = |config| from_value::<Compress>(config).map_err(|error| error.to_string());
    let config = json!({
        "algorithms": ["deflate"], "level": 9, "min_size": "1KiB", "types": ["text/*"], "except": ["text/css"],
        "cross_site": true,
    });
    let headers = [("accept-encoding", "gzip, deflate"), ("sec-fetch-site", "cross-site")];
    let answer = get(page(&[]).with(read(config).unwrap()), &headers).await;
    assert_eq!(coding(&answer), "deflate");
    let answer = get(page(&[]).with(read(json!({ "min_size": "10KB" })).unwrap()), &headers).await;
    assert_eq!(coding(&answer), "");
    for (config, complaint) in [
        (json!({ "algorithms": ["lzma"] }), "unknown variant `lzma`, expected one of "),
        (json!({ "algorithms": [] }), "`algorithms` is empty"),
        (json!({ "level": 0 }), "the level 0 does not exist: expected 1 to 22"),
        (json!({ "min_size": "much" }), "`much` is not a size such as `10MiB`"),
        (json!({ "types": ["text"] }), "`text` is not a media type such as"),
        (json!({ "except": ["*"] }), "`*` is not a media type such as"),
        (json!({ "type": [] }), "unknown field `type`"),
    ] {
        let error = read(config).unwrap_err();
        assert!(error.contains(complaint), "{error}");
    }
}
