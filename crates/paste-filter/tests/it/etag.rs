//! One test per rule of `Etag`.

use bytes::Bytes;
use futures_util::{FutureExt, StreamExt, stream};
use http::{HeaderMap, Method, StatusCode};
use http_body::Body as _;
use paste_core::{App, AppExt, Body, Error, Request, Response, Result, response};
use paste_filter::Etag;
use paste_fixture::TestApp;
use paste_fixture::test_app::TestResponse;

const DATE: &str = "Tue, 14 Nov 2023 22:13:20 GMT";

/// An app that answers what `make` makes.
fn answering(make: impl Fn() -> Response + Send + Sync + 'static) -> impl App {
    (move |_request: Request| std::future::ready(Ok(make()))).with(Etag::new())
}

/// An app that answers the text with these headers.
fn page(text: &'static str, headers: &'static [(&'static str, &'static str)]) -> impl App {
    answering(move || {
        let mut page = response::text(text);
        for (name, value) in headers {
            page.headers_mut().insert(*name, value.parse().unwrap());
        }
        page
    })
}

async fn ask(method: Method, app: impl App, headers: &[(&str, &str)]) -> TestResponse {
    let mut request = TestApp::new(app).request(method, "/").expect_any();
    for (name, value) in headers {
        request = request.header(name, value);
    }
    request.await
}

async fn get(app: impl App, headers: &[(&str, &str)]) -> TestResponse {
    ask(Method::GET, app, headers).await
}

/// What the filter makes of a body that is not there at once.
async fn body(body: impl Fn() -> Body + Send + Sync + 'static) -> (HeaderMap, Body) {
    let app = answering(move || response::typed("text/plain".parse().unwrap(), body()));
    let answer = app.call(Request::default()).await.unwrap();
    (answer.headers().clone(), answer.into_body())
}

#[tokio::test]
async fn rule_1_what_is_small_and_there_gets_a_tag() {
    let tag = body(|| Body::from("hi")).await.0["etag"].to_str().unwrap().to_owned();
    let pieces = || Body::from_stream(stream::iter(["h", "", "i"]).map(Ok::<_, Error>));
    let (headers, read) = body(pieces).await;
    assert_eq!(headers["etag"], tag.as_str());
    assert_eq!(read.size_hint().exact(), Some(2), "its length is known now");
    assert_eq!(read.collect(9).await.unwrap(), "hi");
    // Of known length, though it comes later.
    let later = || {
        let pieces = stream::iter(["h", "i"]).then(async |piece| {
            tokio::task::yield_now().await;
            Ok::<_, Error>(piece)
        });
        Body::from_stream(pieces).with_length(2)
    };
    assert_eq!(body(later).await.0["etag"], tag.as_str());
    // As large as may be, and larger.
    for (size, tagged) in [(1 << 20, true), ((1 << 20) + 1, false)] {
        let known = move || Body::from(vec![b'x'; size]);
        let pieces = move || {
            let pieces = [vec![b'x'; 10], vec![b'x'; size - 10]];
            Body::from_stream(stream::iter(pieces).map(Ok::<_, Error>))
        };
        for (headers, read) in [body(known).await, body(pieces).await] {
            assert_eq!(headers.contains_key("etag"), tagged, "{size}");
            assert_eq!(read.collect(size).await.unwrap(), vec![b'x'; size]);
        }
    }
}

#[tokio::test]
async fn rule_1_what_comes_later_is_a_stream_and_not_held_back() {
    let (sender, source) = Body::channel(4);
    sender.send("a").await.unwrap();
    sender.send("b").await.unwrap();
    let source = std::sync::Mutex::new(Some(source));
    let (headers, mut read) = body(move || source.lock().unwrap().take().unwrap()).await;
    assert!(!headers.contains_key("etag"));
    assert_eq!((read.size_hint().lower(), read.size_hint().upper()), (2, None));
    assert_eq!(read.chunk().await.unwrap().unwrap(), "a");
    assert_eq!(read.chunk().await.unwrap().unwrap(), "b");
    assert!(read.chunk().now_or_never().is_none() && !read.is_end_stream());
    sender.send("c").await.unwrap();
    sender.end().await.unwrap();
    assert_eq!(read.collect(9).await.unwrap(), "c");
    let trailers = || HeaderMap::from_iter([("x-sum".parse().unwrap(), "1".parse().unwrap())]);
    let (headers, mut read) = body(move || Body::from("a").with_trailers(trailers)).await;
    assert!(!headers.contains_key("etag"));
    assert_eq!(read.chunk().await.unwrap().unwrap(), "a");
    assert_eq!(read.frame().await.unwrap().unwrap().into_trailers().unwrap(), trailers());
}

#[tokio::test]
async fn rule_2_the_tag_is_that_of_bytes_and_type() {
    let tag = async |app| get(app, &[]).await.header("etag").unwrap().to_owned();
    let first = tag(page("hi", &[])).await;
    assert!(first.starts_with('"') && first.len() == 34, "{first} is strong");
    assert_eq!(tag(page("hi", &[("x-a", "b")])).await, first);
    for other in [page("ho", &[]), page("hi", &[("content-type", "text/css")]), page("", &[])] {
        assert_ne!(tag(other).await, first);
    }
}

#[tokio::test]
async fn rules_3_and_4_who_has_it_gets_a_304() {
    let tag = get(page("hi", &[]), &[]).await.header("etag").unwrap().to_owned();
    let weak = format!("W/{tag}");
    let list = format!("\"x\", {weak}");
    for known in [&*tag, &weak, &list, "*"] {
        let answer = get(page("hi", &[]), &[("if-none-match", known)]).await;
        assert_eq!((answer.status(), answer.text()), (StatusCode::NOT_MODIFIED, String::new()));
        assert_eq!(answer.header("etag"), Some(&*tag), "{known}");
        let changed = get(page("ho", &[]), &[("if-none-match", known)]).await;
        assert_eq!(changed.status(), if known == "*" { 304 } else { 200 }, "{known}");
    }
    let own = || page("hi", &[("etag", "W/\"own\"")]);
    assert_eq!(get(own(), &[]).await.header("etag"), Some("W/\"own\""));
    for method in [Method::GET, Method::HEAD] {
        let answer = ask(method, own(), &[("if-none-match", "\"own\"")]).await;
        assert_eq!((answer.status().as_u16(), answer.header("etag")), (304, Some("W/\"own\"")));
    }
    let dated = || page("hi", &[("last-modified", DATE)]);
    assert_eq!(get(dated(), &[("if-modified-since", DATE)]).await.status(), 304);
    let earlier = [("if-modified-since", "Tue, 14 Nov 2023 22:13:19 GMT")];
    assert_eq!(get(dated(), &earlier).await.status(), 200);
    let both = [("if-modified-since", DATE), ("if-none-match", "\"x\"")];
    assert_eq!(get(dated(), &both).await.status(), 200);
}

#[tokio::test]
async fn rule_4_who_wants_another_one_gets_a_412() {
    let tag = get(page("hi", &[]), &[]).await.header("etag").unwrap().to_owned();
    for (wanted, status) in [
        (tag.clone(), 200),
        (format!("\"x\", {tag}"), 200),
        ("*".to_owned(), 200),
        (format!("W/{tag}"), 412),
        ("\"x\"".to_owned(), 412),
        (String::new(), 412),
    ] {
        let answer = get(page("hi", &[]), &[("if-match", &wanted)]).await;
        assert_eq!(answer.status(), status, "{wanted}");
        let both = [("if-match", &*wanted), ("if-none-match", &*tag)];
        let expected = if status == 200 { 304 } else { 412 };
        assert_eq!(get(page("hi", &[]), &both).await.status(), expected, "{wanted}");
        let own = page("hi", &[("etag", "\"own\"")]);
        assert_eq!(get(own, &[("if-match", &wanted)]).await.status(), 200, "the app's to judge");
        let head = ask(Method::HEAD, page("hi", &[]), &[("if-match", &wanted)]).await;
        assert_eq!(head.status(), 200, "{wanted}");
    }
}

#[tokio::test]
async fn rule_5_a_304_has_what_caches_need_and_no_more() {
    let headers = &[
        ("cache-control", "max-age=60"),
        ("vary", "cookie"),
        ("set-cookie", "a=b; HttpOnly; SameSite=Lax; Path=/"),
        ("last-modified", DATE),
        ("content-language", "en"),
        ("x-content-type-options", "nosniff"),
    ];
    let answer = get(page("hi", headers), &[("if-none-match", "*")]).await;
    let mut names: Vec<_> = answer.headers().keys().map(http::HeaderName::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["cache-control", "etag", "set-cookie", "vary"]);
}

#[tokio::test]
async fn rule_6_what_is_not_to_be_kept_or_whole_is_left_alone() {
    for app in [
        page("hi", &[("cache-control", "private, No-Store")]),
        page("data: x\n\n", &[("content-type", "text/event-stream")]),
    ] {
        let answer = get(app, &[("if-none-match", "*")]).await;
        assert_eq!((answer.status().as_u16(), answer.header("etag")), (200, None));
    }
    let part = page("hi", &[("content-range", "bytes 0-1/9")]);
    let answer = part.call(Request::default()).await.unwrap();
    assert!(!answer.headers().contains_key("etag"));
    for status in [201, 206, 404, 500] {
        let app = answering(move || {
            let mut page = response::text("hi");
            *page.status_mut() = StatusCode::from_u16(status).unwrap();
            page
        });
        let answer = app.call(Request::default()).await.unwrap();
        assert!(!answer.headers().contains_key("etag"), "{status}");
    }
    for method in [Method::HEAD, Method::POST] {
        let answer = ask(method.clone(), page("hi", &[]), &[]).await;
        assert_eq!(answer.header("etag"), None, "{method}");
    }
    let post = ask(Method::POST, page("hi", &[("etag", "\"a\"")]), &[("if-none-match", "*")]);
    assert_eq!(post.await.status(), 200);
}

#[tokio::test]
async fn rule_7_what_breaks_while_it_is_awaited_is_an_error() {
    for pieces in [&["!"][..], &["a", "!"]] {
        let app = answering(move || {
            let pieces = stream::iter(pieces).map(|piece| match *piece {
                "!" => Err(Error::from_status(StatusCode::BAD_GATEWAY)),
                piece => Ok(Bytes::from(piece)),
            });
            response::typed("text/plain".parse().unwrap(), Body::from_stream(pieces))
        });
        let error: Result = app.call(Request::default()).await;
        assert_eq!(error.unwrap_err().status(), 502);
    }
}

#[cfg(feature = "compress")]
#[tokio::test]
async fn a_tag_is_known_again_through_compression() {
    let text = "to be or not to be, ".repeat(100);
    let make = move || {
        let text = text.clone();
        answering(move || response::text(text.clone())).with(paste_filter::Compress::new())
    };
    let gzip = ("accept-encoding", "gzip");
    let answer = get(make(), &[gzip]).await;
    let tag = answer.header("etag").unwrap();
    assert!(tag.starts_with("W/\"") && answer.header("content-encoding") == Some("gzip"), "{tag}");
    let again = get(make(), &[gzip, ("if-none-match", tag)]).await;
    assert_eq!((again.status().as_u16(), again.header("etag")), (304, Some(tag)));
}

#[cfg(feature = "serde")]
#[tokio::test]
async fn reads_its_configuration() {
    use serde_json::{from_value, json};

    let filter: Etag = from_value(json!({ "max_size": "1B" })).unwrap();
    let app = (async |_request: Request| Ok(response::text("hi"))).with(filter);
    assert_eq!(get(app, &[]).await.header("etag"), None);
    assert!(from_value::<Etag>(json!({})).is_ok());
    let error = from_value::<Etag>(json!({ "max_size": 1 })).unwrap_err().to_string();
    assert!(error.contains("expected a string"), "{error}");
}
