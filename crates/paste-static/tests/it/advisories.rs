//! Faults that other file servers had, each by the name under which it was published.

use std::fs;
use std::os::unix::fs::symlink;

use http::Method;
use paste_core::{App, Body};
use paste_fixture::TestApp;
use paste_static::{ActiveContent, DataApp, Delivery, StaticDir};

/// A root beside what must never be served.
fn site() -> (tempfile::TempDir, TestApp) {
    let base = tempfile::tempdir().unwrap();
    fs::create_dir_all(base.path().join("root/sub")).unwrap();
    fs::create_dir(base.path().join("rootsecret")).unwrap();
    fs::write(base.path().join("rootsecret/x"), "secret").unwrap();
    fs::write(base.path().join("secret"), "secret").unwrap();
    fs::write(base.path().join("root/a.txt"), "alpha").unwrap();
    symlink("../secret", base.path().join("root/link")).unwrap();
    let app = TestApp::new(StaticDir::new(base.path().join("root")));
    (base, app)
}

async fn none_is_served(targets: &[&str]) {
    let (_base, app) = site();
    for target in targets {
        let answer = app.get("/").raw_target(target).expect_any().await;
        assert_eq!(answer.status(), 404, "{target}");
        assert!(!answer.text().contains("secret"), "{target}");
    }
}

#[tokio::test]
async fn rustsec_2021_0135_and_2022_0069_and_2022_0082_drives_in_paths() {
    none_is_served(&["/c:/windows/win.ini", "/c%3A%5Cwindows", "/sub/c:secret", "/C:"]).await;
}

#[tokio::test]
async fn cve_2024_49766_and_rustsec_2024_0445_unc_and_device_paths() {
    none_is_served(&[
        "/%5C%5Cserver%5Cshare",
        "//server/share",
        "/%5C%5C%3F%5Cc:",
        "/CON",
        "/sub/NUL",
        "/CON.txt%20",
    ])
    .await;
}

#[tokio::test]
async fn jlsec_2026_612_encoded_backslashes() {
    none_is_served(&["/..%5csecret", "/sub%5c..%5c..%5csecret", "/%5c..%5csecret"]).await;
}

#[tokio::test]
async fn cve_2026_6414_and_rustsec_2021_0126_encoded_separators_and_climbing() {
    none_is_served(&[
        "/..%2fsecret",
        "/%2e%2e/secret",
        "/%2e%2e%2fsecret",
        "/sub/%2e%2e/%2e%2e/secret",
        "/sub%2f..%2fa.txt",
        "/%252e%252e/secret",
        "/a.txt%00",
        "/a.txt%00.html",
    ])
    .await;
}

#[tokio::test]
async fn actix_files_0_6_10_an_empty_root_is_not_the_working_directory() {
    let app = TestApp::new(StaticDir::new(""));
    app.get("/Cargo.toml").expect(404).await;
    app.get("/src/lib.rs").expect(404).await;
}

#[tokio::test]
async fn cve_2026_22860_and_cve_2026_34785_a_sibling_with_the_roots_prefix() {
    none_is_served(&["/../rootsecret/x", "/..%2frootsecret/x", "/secret/x"]).await;
}

#[tokio::test]
async fn cve_2013_0262_and_cve_2025_67487_links_out_of_the_root() {
    none_is_served(&["/link", "/link/", "/link?x"]).await;
}

#[tokio::test]
async fn rustsec_2022_0072_the_slash_redirect_names_no_other_host() {
    let base = tempfile::tempdir().unwrap();
    fs::create_dir_all(base.path().join("evil.example/x")).unwrap();
    let app = TestApp::new(StaticDir::new(base.path()));
    for target in ["//evil.example/x", "///evil.example", "/evil.example//x", "//evil.example"] {
        let redirect = app.get("/").raw_target(target).expect(301).await;
        let location = redirect.header("location").unwrap();
        assert!(location.starts_with("/evil.example/"), "{target}: {location}");
    }
    for target in ["/%5Cevil.example", "/%2f/evil.example", "/%2Fevil.example"] {
        app.get("/").raw_target(target).expect(404).await;
    }
}

#[tokio::test]
async fn salvo_uploaded_svg_and_xml_are_kept_apart() {
    for name in ["a.svg", "a.xml", "a.xhtml", "a.rss"] {
        let delivery = Delivery::new().active(ActiveContent::Sandbox);
        let answer = TestApp::new(DataApp::new(name, "<x/>").delivery(delivery)).get("/").await;
        assert_eq!(answer.header("content-security-policy"), Some("sandbox"), "{name}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{name}");
    }
}

#[tokio::test]
async fn cve_2011_3192_and_cve_2025_62727_and_cve_2024_26141_ten_thousand_ranges() {
    let app = TestApp::new(DataApp::new("a.txt", "x".repeat(1000)));
    for one in ["0-", "0-0", "5-1", "-1", "999-", "18446744073709551615-"] {
        let header = format!("bytes={}", vec![one; 10_000].join(","));
        let answer = app.get("/").header("range", &header).expect_any().await;
        assert!(answer.bytes().len() <= 1000, "{one}: {}", answer.bytes().len());
        assert_eq!(answer.status(), 200, "{one}");
    }
    let most: Vec<_> = (0..200).map(|at| format!("{}-{}", at * 5, at * 5)).collect();
    let answer = app.get("/").header("range", &format!("bytes={}", most.join(","))).await;
    assert!(answer.bytes().len() < 200 * 200);
}

#[tokio::test]
async fn cve_2022_44570_and_actix_files_0_6_10_odd_ranges() {
    let app = TestApp::new(DataApp::new("a.txt", "0123456789"));
    for range in
        ["", "bytes", "bytes=", "bytes=-", "bytes=,", "=", "-", "bytes=18446744073709551616-0"]
    {
        let answer = app.get("/").header("range", range).expect_any().await;
        assert_eq!((answer.status().as_u16(), &*answer.text()), (200, "0123456789"), "{range}");
    }
}

#[tokio::test]
async fn cve_2026_34831_the_length_is_that_of_the_bytes() {
    let data = DataApp::new("a.txt", "€uro");
    for range in ["bytes=0-1", "bytes=0-0,2-3", "x"] {
        let request = http::Request::get("/").header("range", range).body(Body::empty()).unwrap();
        let body = data.call(request).await.unwrap().into_body();
        let length = http_body::Body::size_hint(&body).exact().unwrap();
        assert_eq!(body.collect(1000).await.unwrap().len() as u64, length, "{range}");
    }
}

#[tokio::test]
async fn cve_2025_61780_files_are_not_chosen_by_headers() {
    let (_base, app) = site();
    for name in ["x-sendfile", "x-accel-redirect", "x-accel-mapping", "x-sendfile-type"] {
        let answer = app.get("/a.txt").header(name, "/etc/passwd").await;
        assert_eq!(answer.text(), "alpha");
    }
}

#[tokio::test]
async fn cve_2026_34230_and_cve_2024_26146_long_lists_of_codings_and_tags() {
    let base = tempfile::tempdir().unwrap();
    fs::write(base.path().join("a.js"), "plain").unwrap();
    fs::write(base.path().join("a.js.gz"), "gzip").unwrap();
    let app = TestApp::new(StaticDir::new(base.path()));
    for piece in ["gzip;q=0.1,", ",", "x;", "\"", "\"x\",", "W/\"", "a=b;"] {
        let long = piece.repeat(64 * 1024 / piece.len());
        for name in ["accept-encoding", "if-none-match", "if-range", "range", "accept"] {
            let answer = app.get("/a.js").header(name, &long).header("if-match", "*").await;
            assert_eq!(answer.status(), 200, "{name}: {piece}");
        }
    }
}

#[tokio::test]
async fn mixed_requests_leave_the_lint_without_a_finding() {
    let (_base, app) = site();
    let tag = app.get("/a.txt").await.header("etag").unwrap().to_owned();
    let headers = [
        ("range", "bytes=0-1"),
        ("range", "bytes=0-0,3-"),
        ("range", "bytes=9-"),
        ("if-none-match", &*tag),
        ("if-match", "\"x\""),
        ("if-range", &*tag),
        ("if-modified-since", "Fri, 01 Jan 2100 00:00:00 GMT"),
        ("accept-encoding", "br, gzip"),
    ];
    for method in [Method::GET, Method::HEAD, Method::OPTIONS, Method::POST] {
        for target in ["/a.txt", "/sub", "/sub/", "/missing", "/link"] {
            for (one, other) in headers.iter().flat_map(|one| headers.iter().map(move |o| (one, o)))
            {
                let request = app.request(method.clone(), target).header(one.0, one.1);
                let answer = request.header(other.0, other.1).expect_any().await;
                assert!(answer.findings().is_empty(), "{method} {target} {one:?} {other:?}");
            }
        }
    }
}
