//! Many mixed requests for files behind filters, under the lint: none breaks a rule, and what is sent as it is
//! has the right bytes. 100,000 take ten seconds or so; `PASTE_REQUESTS` says how many.
#![allow(clippy::unwrap_used, reason = "a test that fails panics")]

use std::fs;
use std::path::Path;

use http::{HeaderValue, Method, StatusCode};
use paste_core::{App, AppExt, Body, BoxApp, HttpErrors, Request, Response};
use paste_dispatch::UrlMap;
use paste_filter::{AccessLog, Compress, Decompress, Etag, Headers};
use paste_fixture::Lint;
use paste_fixture::lint::{Finding, Findings};
use paste_static::{DataApp, FileApp, FileTree, StaticDir};

const METHODS: &[&str] = &["GET", "GET", "GET", "GET", "HEAD", "OPTIONS", "POST", "DELETE", "BREW"];

const FILES: &[&str] =
    &["a.txt", "page.html", "app.js", "big.json", "photo.png", "sub/b.css", "empty", "é.txt"];

const ODD: &[&str] = &[
    "",
    "sub",
    "sub/",
    "sub//b.css",
    "none",
    "a.txt/",
    "..",
    "%2e%2e/x",
    ".hidden",
    "a%00",
    "%zz",
    "a.txt%20",
    "sub/%2e%2e/a.txt",
    "link",
    "index",
    "A.TXT",
    "a.txt?x=1&y",
    "sub?z",
];

const HEADERS: &[(&str, &[&str])] = &[
    (
        "accept-encoding",
        &["gzip", "br", "zstd", "*", "gzip;q=0.5, br;q=0", "identity;q=0", "deflate", ";;q"],
    ),
    (
        "range",
        &[
            "bytes=0-0",
            "bytes=-5",
            "bytes=5-",
            "bytes=0-1,3-4",
            "bytes=9-1",
            "bytes=99999999-",
            "x=1",
            "bytes=0-1,0-1",
        ],
    ),
    ("if-none-match", &["*", "\"x\"", "W/\"x\", \"y\"", "x"]),
    ("if-match", &["*", "\"x\""]),
    (
        "if-modified-since",
        &["Tue, 14 Nov 2023 22:13:20 GMT", "Fri, 14 Nov 2053 22:13:20 GMT", "yesterday"],
    ),
    ("if-unmodified-since", &["Tue, 14 Nov 2023 22:13:20 GMT", "Fri, 14 Nov 2053 22:13:20 GMT"]),
    ("if-range", &["\"x\"", "Fri, 14 Nov 2053 22:13:20 GMT"]),
    ("accept", &["text/html", "application/json", "*/*", "image/*;q=0.1"]),
    ("cache-control", &["no-cache", "no-transform"]),
    ("sec-fetch-site", &["same-origin", "cross-site"]),
    ("user-agent", &["curl", "a \"b\" \\"]),
];

/// Numbers that look random and are the same in each run (splitmix64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((mixed ^ (mixed >> 31)) % limit as u64).unwrap()
    }

    fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

fn write_files(root: &Path) {
    fs::create_dir_all(root.join("sub")).unwrap();
    for (number, name) in FILES.iter().enumerate() {
        let length = [1000, 5000, 20_000, 200_000, 3000, 700, 0, 4][number];
        let content: Vec<u8> = (0..length).map(|at| b"abcdefgh \n"[(at + number) % 10]).collect();
        fs::write(root.join(name), content).unwrap();
    }
    fs::write(root.join("app.js.gz"), "compressed before").unwrap();
    fs::write(root.join(".hidden"), "secret").unwrap();
    std::os::unix::fs::symlink("/etc/passwd", root.join("link")).unwrap();
}

fn site(root: &Path, lint: Lint) -> BoxApp {
    let made = async |_: Request| Ok(paste_core::response::text("made anew ".repeat(300)));
    UrlMap::new()
        .mount("/dir", StaticDir::new(root).listing(true))
        .unwrap()
        .mount("/packed", StaticDir::new(root).with(Compress::new()))
        .unwrap()
        .mount("/tree", FileTree::new(root))
        .unwrap()
        .mount("/file", FileApp::new(root.join("big.json")))
        .unwrap()
        .mount("/data", DataApp::new("data.html", "data ".repeat(100)))
        .unwrap()
        .mount("/made", made.with(Etag::new()).with(Compress::new()).with(Decompress::new()))
        .unwrap()
        .with(Headers::new().set(http::header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")))
        .with(HttpErrors::new())
        .with(lint)
        .with(AccessLog::new())
        .boxed()
}

fn request(numbers: &mut Numbers, tag: Option<&HeaderValue>) -> (Request, Option<&'static str>) {
    let mount = *numbers.of(&["/dir", "/packed", "/tree", "/file", "/data", "/made", ""]);
    let is_file = numbers.below(4) > 0;
    let name = *if is_file { numbers.of(FILES) } else { numbers.of(ODD) };
    let target = format!("{mount}/{name}").replace('é', "%C3%A9");
    let method = Method::from_bytes(numbers.of(METHODS).as_bytes()).unwrap();
    let is_get = method == Method::GET;
    let mut request =
        http::Request::builder().method(method).uri(target).header("host", "localhost");
    for (name, values) in HEADERS {
        if numbers.below(5) == 0 {
            request = request.header(*name, *numbers.of(values));
        }
    }
    let is_whole_file = is_get && is_file && matches!(mount, "/dir" | "/packed" | "/tree");
    let mut request = request.body(Body::empty()).unwrap();
    if let Some(tag) = tag.filter(|_| numbers.below(10) == 0) {
        let name = *numbers.of(&["if-none-match", "if-range", "if-match"]);
        request.headers_mut().insert(name, tag.clone());
    }
    (request, is_whole_file.then_some(name))
}

/// Checks the bytes of what is sent as it is: whole, or one part of it.
async fn check(response: Response, root: &Path, name: Option<&str>) {
    let (head, body) = response.into_parts();
    let body = body.collect(1 << 20).await.unwrap();
    let Some(name) = name.filter(|_| !head.headers.contains_key("content-encoding")) else {
        return;
    };
    let content = fs::read(root.join(name)).unwrap();
    let range = head.headers.get("content-range").map(|range| range.to_str().unwrap());
    match (head.status, range) {
        (StatusCode::OK, None) => assert!(body == content, "{name}"),
        (StatusCode::PARTIAL_CONTENT, Some(range)) => {
            let (part, length) = range.strip_prefix("bytes ").unwrap().split_once('/').unwrap();
            let (first, last) = part.split_once('-').unwrap();
            let (first, last): (usize, usize) = (first.parse().unwrap(), last.parse().unwrap());
            assert_eq!(length, content.len().to_string());
            assert!(body == content[first..=last], "{name} {range}");
        }
        _ => {}
    }
}

#[tokio::test]
async fn mixed_requests_break_no_rule_of_the_lint() {
    let count = std::env::var("PASTE_REQUESTS").map_or(100_000, |count| count.parse().unwrap());
    let base = tempfile::tempdir().unwrap();
    let root = base.path().join("root");
    write_files(&root);
    let findings = Findings::new();
    let site = site(&root, Lint::new().collect_into(findings.clone()));
    let mut numbers = Numbers(7);
    let mut tag = None;
    let mut statuses = std::collections::BTreeMap::new();
    for number in 0..count {
        let (request, name) = request(&mut numbers, tag.as_ref());
        let shown =
            format!("{number}: {} {} {:?}", request.method(), request.uri(), request.headers());
        let response = site.call(request).await.unwrap();
        *statuses.entry(response.status().as_u16()).or_insert(0) += 1;
        tag = response.headers().get("etag").cloned().or(tag);
        check(response, &root, name).await;
        let mut found = findings.take();
        found.retain(|Finding { rule, .. }| {
            // Requests are odd on purpose. Bodies in memory stay in answers to HEAD, so that their length is
            // known. The compressed sibling has a tag of its own, though one cannot tell by looking at it.
            let is_known = matches!(rule.id, "body-head" | "etag-encoded");
            !is_known && !rule.id.starts_with("request-")
        });
        assert!(found.is_empty(), "{shown}: {found:?}");
    }
    for status in [200, 204, 206, 301, 304, 404, 405, 412, 416] {
        assert!(statuses.contains_key(&status), "no {status} among {statuses:?}");
    }
    println!("{statuses:?}");
}
