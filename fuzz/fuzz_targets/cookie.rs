//! Cookies: no panic, no empty name, and what is set is read back.
#![no_main]

use http::HeaderValue;
use libfuzzer_sys::fuzz_target;
use paste_core::cookies::{SafeCookie, jar};
use paste_core::{RequestExt, Scheme};

fn request(cookie: &[u8]) -> Option<http::Request<()>> {
    let value = HeaderValue::from_bytes(cookie).ok()?;
    http::Request::get("/").header("cookie", value).extension(Scheme("https")).body(()).ok()
}

fuzz_target!(|data: &[u8]| {
    if let Some(request) = request(data) {
        assert!(request.cookies().all(|(name, _)| !name.is_empty()));
        jar(request.headers());
    }
    let Ok(text) = std::str::from_utf8(data) else { return };
    let cookie = SafeCookie::new("a").expect("a token");
    let empty = http::Request::get("/").extension(Scheme("https")).body(()).expect("a request");
    let mut response = http::Response::new(());
    if cookie.of(&empty).set(&mut response, text).is_ok() {
        let line = response.headers()["set-cookie"].to_str().expect("ASCII").to_owned();
        let sent = line.split("; ").next().expect("a pair");
        let again = request(sent.as_bytes()).expect("a sound header");
        assert_eq!(cookie.of(&again).value(), Some(text));
    }
});
