//! Advisories of others for what paste-core's helpers do, each with the test that it implies. The test's
//! name names the advisory.
#![allow(clippy::unwrap_used, reason = "a test that fails panics")]

use std::time::{Duration, Instant};

use http::{StatusCode, header};
use paste_core::cookies::{self, SafeCookie};
use paste_core::form::FormLimits;
use paste_core::{
    AllowedHosts, App, AppExt, Body, ClientAddr, Error, ReadExt, Request, RequestExt, Result,
    Scheme, TrustedProxies, response,
};

fn post(content_type: &str, body: impl Into<Body>) -> Request {
    http::Request::post("/").header("content-type", content_type).body(body.into()).unwrap()
}

const MULTIPART: &str = "multipart/form-data; boundary=b";
const FORM: &str = "application/x-www-form-urlencoded";
const FIELD: &str = "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n";

async fn status(request: Request) -> u16 {
    let mut request = request;
    request.form().await.map_or_else(|error| error.status().as_u16(), |_| 200)
}

/// A body that goes on for ever, without a length.
fn endless(start: &'static str, piece: &'static str) -> Body {
    let pieces = std::iter::once(start).chain(std::iter::repeat(piece));
    Body::from_stream(futures_util::stream::iter(pieces.map(Ok::<_, Error>)))
}

#[tokio::test]
async fn rack_cve_2025_61770_a_preamble_has_a_bound() {
    assert_eq!(status(post(MULTIPART, endless("", "preamble preamble preamble\r\n"))).await, 400);
}

#[tokio::test]
async fn rack_cve_2025_61771_a_field_that_is_no_file_has_a_bound() {
    let limits = FormLimits::new().total(u64::MAX);
    let mut request = post(MULTIPART, endless(FIELD, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"));
    assert_eq!(request.form_within(limits).await.unwrap_err().status(), 413);
}

#[tokio::test]
async fn rack_cve_2025_61772_the_head_of_a_part_has_a_bound() {
    let endless_head = endless("--b\r\n", "X-Header: xxxxxxxxxxxxxxxxxxxxxxxx\r\n");
    assert_eq!(status(post(MULTIPART, endless_head)).await, 400);
}

#[tokio::test]
async fn rack_cve_2025_61919_an_urlencoded_body_has_a_bound() {
    assert_eq!(status(post(FORM, endless("a=", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxx"))).await, 413);
}

#[tokio::test]
async fn rack_cve_2026_34829_a_multipart_body_without_a_length_has_a_bound() {
    let file = "--b\r\nContent-Disposition: form-data; name=f; filename=x\r\n\r\n";
    assert_eq!(status(post(MULTIPART, endless(file, "xxxxxxxxxxxxxxxxxxxxxxxxxx"))).await, 413);
}

#[tokio::test]
async fn rack_cve_2026_34827_and_werkzeug_cve_2023_25577_the_number_of_parts_has_a_bound() {
    let part = "--b\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n";
    assert_eq!(status(post(MULTIPART, endless("", part))).await, 413);
}

#[tokio::test]
async fn rack_cve_2026_26961_two_boundaries_are_refused() {
    let body = format!("{FIELD}1\r\n--b--");
    let two = "multipart/form-data; boundary=b; boundary=c";
    assert_eq!(status(post(two, body.clone())).await, 400);
    let mut lines = post(MULTIPART, body);
    lines.headers_mut().append(header::CONTENT_TYPE, MULTIPART.parse().unwrap());
    assert_eq!(status(lines).await, 400);
}

#[tokio::test]
async fn rack_cve_2026_26962_no_line_end_gets_into_a_name() {
    let folded = "--b\r\nContent-Disposition: form-data; name=\"a\r\n b\"\r\n\r\n1\r\n--b--";
    assert_eq!(status(post(MULTIPART, folded)).await, 400);
}

/// A second is far more than linear time takes for 3 MB, and far less than quadratic.
async fn in_linear_time(body: String) {
    let limits = FormLimits::new().total(u64::MAX).field_size(usize::MAX).part_head(1 << 20);
    let started = Instant::now();
    let _ = post(MULTIPART, body).form_within(limits).await;
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
}

#[tokio::test]
async fn rack_cve_2025_49007_a_disposition_is_read_in_linear_time() {
    for filling in ["\\", ";", "\"", "\\\"", "; a=", " "] {
        let filling = filling.repeat(300_000);
        let head = format!("Content-Disposition: form-data; name=\"a{filling}");
        in_linear_time(format!("--b\r\n{head}\r\n\r\n1\r\n--b--")).await;
    }
}

#[tokio::test]
async fn werkzeug_cve_2023_46136_line_ends_are_read_in_linear_time() {
    for filling in ["\r", "\r\n", "\r\n-", "\r\n--", "\r\n--b", "\r\n--bx", "\n"] {
        in_linear_time(format!("{FIELD}{}\r\n--b--", filling.repeat(600_000))).await;
    }
}

#[tokio::test]
async fn werkzeug_cve_2024_49767_fields_count_towards_the_total() {
    let field = format!("{FIELD}{}\r\n", "x".repeat(1_000_000));
    assert_eq!(status(post(MULTIPART, field.repeat(3) + "--b--")).await, 413);
}

#[tokio::test]
async fn rack_cve_2025_46727_and_cve_2025_59830_parameters_have_a_bound() {
    for separator in ["&", ";"] {
        let many = format!("a=1{separator}").repeat(100_000);
        let read = status(post(FORM, many)).await;
        // A semicolon separates nothing: it is all one field, within its limit.
        assert_eq!(read, if separator == "&" { 413 } else { 200 });
    }
}

/// What an app behind a trusted proxy sees: the client and the URL.
async fn seen(forwarded: &str) -> Result<String> {
    let show = async |request: Request| {
        let client = request.client_addr().map(|client| client.0.ip());
        Ok(response::text(format!("{client:?} {}", request.url())))
    };
    let app = show
        .with(AllowedHosts::new(["inner", "a.example"]))
        .with(TrustedProxies::new(["10.0.0.0/8".parse().unwrap()]));
    let request = http::Request::get("/")
        .header("host", "inner")
        .header("forwarded", forwarded)
        .extension(ClientAddr(([10, 0, 0, 1], 1).into()))
        .body(Body::empty())
        .unwrap();
    let body = app.call(request).await?.into_body().collect(1000).await?;
    Ok(String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn rack_cve_2026_32762_semicolons_in_quotes_separate_nothing() {
    let injected = r#"for="1.2.3.4;host=evil.example";proto=https"#;
    assert_eq!(seen(injected).await.unwrap(), "Some(10.0.0.1) http://inner/");
    let host = r#"for=1.2.3.4;host="a.example;proto=https""#;
    assert_eq!(seen(host).await.unwrap(), "Some(10.0.0.1) http://inner/");
}

#[tokio::test]
async fn rack_cve_2026_34835_a_host_has_only_the_characters_of_hosts() {
    for host in ["a.example@evil.example", "evil.example#a.example", "a b", "<a>", "a.example/x"] {
        let seen = seen(&format!("for=1.2.3.4;host=\"{host}\"")).await.unwrap();
        assert_eq!(seen, "Some(10.0.0.1) http://inner/", "{host}");
    }
}

#[tokio::test]
async fn phpcas_cve_2022_39369_a_url_never_names_a_host_that_is_not_listed() {
    let refused = seen("for=1.2.3.4;host=evil.example").await.unwrap_err();
    assert_eq!(refused.status(), StatusCode::MISDIRECTED_REQUEST);
    assert_eq!(
        seen("for=1.2.3.4;host=a.example").await.unwrap(),
        "Some(1.2.3.4) http://a.example/"
    );
}

fn with_cookie(cookie: &str) -> http::Request<()> {
    let request = http::Request::get("/").header("cookie", cookie);
    request.extension(Scheme("https")).body(()).unwrap()
}

#[test]
fn rack_cve_2020_8184_an_encoded_name_is_not_the_prefixed_one() {
    let id = SafeCookie::new("id").unwrap();
    for sly in ["%5F%5FHost-id=evil", "__%48ost-id=evil", "__Host-%69d=evil"] {
        let request = with_cookie(&format!("{sly}; __Host-id=mine"));
        assert_eq!(id.of(&request).value(), Some("mine"));
        assert_eq!(id.of(&with_cookie(sly)).value(), None);
    }
}

#[test]
fn werkzeug_cve_2023_23934_a_nameless_cookie_is_none() {
    for sly in ["=__Host-id=evil", " =__Host-id=evil", "__Host-id"] {
        assert_eq!(with_cookie(sly).cookie("__Host-id"), None, "{sly}");
        assert_eq!(with_cookie(sly).cookies().count(), 0);
    }
}

#[test]
fn rustsec_2017_0005_a_large_max_age_is_no_panic() {
    let cookie = SafeCookie::new("a").unwrap().max_age(Duration::MAX);
    let mut response = http::Response::new(());
    cookie.of(&with_cookie("a=1")).set(&mut response, "x").unwrap();
    let mut response = http::Response::new(());
    let mut jar = cookies::jar(with_cookie("a=1; Max-Age=99999999999999999999").headers());
    jar.remove("Max-Age");
    cookies::set_jar(&mut response, &jar).unwrap();
}
