//! One test per rule of what every answer with bytes has in common.

use std::fs::{self, File};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::Method;
use paste_core::{App, Body};
use paste_fixture::TestApp;
use paste_fixture::test_app::TestResponse;
use paste_static::{DataApp, StaticDir};

const DATE: &str = "Tue, 14 Nov 2023 22:13:20 GMT";

/// A file of 1000 bytes, `0000000001...`, last changed at `DATE`, and an empty one.
fn site() -> (tempfile::TempDir, TestApp) {
    let base = tempfile::tempdir().unwrap();
    let content = (0..100).map(|line| format!("{line:09}\n")).collect::<Vec<_>>().concat();
    for (name, content) in [("a.txt", &*content), ("empty.txt", "")] {
        let path = base.path().join(name);
        fs::write(&path, content).unwrap();
        let time = UNIX_EPOCH + Duration::from_millis(1_700_000_000_250);
        File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
    }
    let app = TestApp::new(StaticDir::new(base.path()));
    (base, app)
}

async fn ask(app: &TestApp, target: &str, headers: &[(&str, &str)]) -> TestResponse {
    let mut request = app.get(target);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    request.expect_any().await
}

#[tokio::test]
async fn rule_2_conditions_of_rfc_9110() {
    let (_base, app) = site();
    let whole = ask(&app, "/a.txt", &[]).await;
    assert_eq!(whole.header("last-modified"), Some(DATE));
    assert_eq!(whole.header("accept-ranges"), Some("bytes"));
    let tag = whole.header("etag").unwrap();
    let weak = format!("W/{tag}");
    let list = format!("\"x\", {tag}");
    for (headers, expected) in [
        (&[("if-none-match", "*")][..], 304),
        (&[("if-none-match", tag)], 304),
        (&[("if-none-match", &weak)], 304),
        (&[("if-none-match", &list)], 304),
        (&[("if-none-match", "\"x\""), ("if-modified-since", DATE)], 200),
        (&[("if-modified-since", DATE)], 304),
        (&[("if-modified-since", "Wed, 15 Nov 2023 22:13:20 GMT")], 304),
        (&[("if-modified-since", "Mon, 13 Nov 2023 22:13:20 GMT")], 200),
        (&[("if-modified-since", "garbage")], 200),
        (&[("if-match", "\"x\"")], 412),
        (&[("if-match", "*")], 200),
        (&[("if-match", tag)], 200),
        (&[("if-match", &weak)], 412),
        (&[("if-unmodified-since", "Mon, 13 Nov 2023 22:13:20 GMT")], 412),
        (&[("if-unmodified-since", DATE)], 200),
        (&[("if-none-match", tag), ("range", "bytes=0-0")], 304),
        (&[("if-match", "\"x\""), ("range", "bytes=0-0")], 412),
    ] {
        let answer = ask(&app, "/a.txt", headers).await;
        assert_eq!(answer.status(), expected, "{headers:?}");
        if expected == 304 {
            assert_eq!(answer.header("etag"), Some(tag));
            for gone in ["content-type", "last-modified", "accept-ranges", "x-content-type-options"]
            {
                assert_eq!(answer.header(gone), None, "{gone}");
            }
            assert!(answer.bytes().is_empty());
        }
    }
}

#[tokio::test]
async fn rule_3_single_ranges() {
    let (_base, app) = site();
    for (range, status, content_range, body) in [
        ("bytes=0-9", 206, Some("bytes 0-9/1000"), "000000000\n"),
        ("bytes=0-0", 206, Some("bytes 0-0/1000"), "0"),
        ("bytes=-5", 206, Some("bytes 995-999/1000"), "0099\n"),
        ("bytes=995-", 206, Some("bytes 995-999/1000"), "0099\n"),
        ("bytes=5000-", 416, Some("bytes */1000"), ""),
        ("bytes=-0", 416, Some("bytes */1000"), ""),
        ("bytes=9-0", 200, None, ""),
        ("bytes=abc", 200, None, ""),
        ("lines=0-1", 200, None, ""),
    ] {
        let answer = ask(&app, "/a.txt", &[("range", range)]).await;
        assert_eq!(answer.status(), status, "{range}");
        assert_eq!(answer.header("content-range"), content_range, "{range}");
        match status {
            206 => assert_eq!(answer.text(), body),
            200 => assert_eq!(answer.bytes().len(), 1000),
            _ => {}
        }
    }
    let whole = ask(&app, "/a.txt", &[("range", "bytes=-5000")]).await;
    assert_eq!((whole.status().as_u16(), whole.bytes().len()), (206, 1000));
    let empty = ask(&app, "/empty.txt", &[("range", "bytes=0-1")]).await;
    assert_eq!((empty.status().as_u16(), empty.header("content-range")), (200, None));
    let head = app.request(Method::HEAD, "/a.txt").header("range", "bytes=0-9").await;
    assert_eq!((head.status().as_u16(), head.header("content-length")), (200, Some("1000")));
}

#[tokio::test]
async fn rule_3_if_range_never_mixes_two_versions() {
    let (_base, app) = site();
    let tag = ask(&app, "/a.txt", &[]).await.header("etag").unwrap().to_owned();
    for (condition, expected) in [
        (&*tag, 206),
        (&*format!("W/{tag}"), 200),
        ("\"x\"", 200),
        (DATE, 206),
        ("Wed, 15 Nov 2023 22:13:20 GMT", 200),
        ("garbage", 200),
    ] {
        let headers = [("range", "bytes=0-9"), ("if-range", condition)];
        assert_eq!(ask(&app, "/a.txt", &headers).await.status(), expected, "{condition}");
    }
}

#[tokio::test]
async fn rule_3_several_ranges_are_multipart_of_known_length() {
    let (base, app) = site();
    let answer = ask(&app, "/a.txt", &[("range", "bytes=10-12,0-0,-1")]).await;
    assert_eq!(answer.status(), 206);
    let kind = answer.header("content-type").unwrap();
    let boundary = kind.strip_prefix("multipart/byteranges; boundary=").unwrap();
    assert_eq!(answer.header("content-range"), None);
    let part = |range: &str, data: &str| {
        format!(
            "\r\n--{boundary}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Range: bytes {range}/1000\r\n\r\n{data}"
        )
    };
    let expected = [
        part("10-12", "000"),
        part("0-0", "0"),
        part("999-999", "\n"),
        format!("\r\n--{boundary}--\r\n"),
    ];
    let expected = expected.concat();
    assert_eq!(answer.text(), expected);
    let request = http::Request::get("/a.txt").header("range", "bytes=10-12,0-0,-1");
    let request = request.body(Body::empty()).unwrap();
    let body = StaticDir::new(base.path()).call(request).await.unwrap().into_body();
    let length = http_body::Body::size_hint(&body).exact();
    assert_eq!(length, Some(expected.len() as u64));

    let merged = ask(&app, "/a.txt", &[("range", "bytes=0-99,50-149")]).await;
    assert_eq!(merged.header("content-range"), Some("bytes 0-149/1000"));
    let twenty: Vec<_> = (0..20).map(|at| format!("{}-{}", at * 3, at * 3)).collect();
    let twenty = ask(&app, "/a.txt", &[("range", &format!("bytes={}", twenty.join(",")))]).await;
    assert_eq!(twenty.status(), 206);
    assert_eq!(twenty.text().matches("Content-Range").count(), 20);
}

#[tokio::test]
async fn rule_4_a_time_of_change_in_the_future_is_not_told() {
    let data = DataApp::new("a.txt", "a");
    let past = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    #[expect(clippy::disallowed_methods, reason = "what the app takes for the future")]
    let now = SystemTime::now();
    let app = TestApp::new(data.clone());
    for (modified, expected) in [(past, Some(DATE)), (now + Duration::from_secs(86400), None)] {
        data.set_modified("a", modified);
        assert_eq!(app.get("/").await.header("last-modified"), expected);
    }
}
