//! Forwarded, Link and Digest headers, and what is believed of proxies: no panic, what is printed is
//! read back, and no client is made up.
#![no_main]

use std::net::SocketAddr;

use futures_util::FutureExt;
use http::HeaderValue;
use libfuzzer_sys::fuzz_target;
use paste_core::header::{DigestChallenge, DigestCredentials, Forwarded, Links};
use paste_core::{App, AppExt, Body, ClientAddr, Request, RequestExt, TrustedProxies, response};

fuzz_target!(|text: &str| {
    if let Some(links) = Links::parse(text) {
        assert_eq!(Links::parse(&links.to_string()), Some(links));
    }
    if let Some(challenge) = DigestChallenge::parse(text) {
        DigestChallenge::parse(&challenge.to_string()).expect("what is printed is sound");
    }
    if let Some(credentials) = DigestCredentials::parse(text) {
        DigestCredentials::parse(&credentials.to_string()).expect("what is printed is sound");
    }
    Forwarded::parse(text);
    let Ok(value) = HeaderValue::try_from(text) else { return };
    let peer = SocketAddr::from(([10, 0, 0, 1], 1));
    let request: Request = http::Request::get("/")
        .header("host", "inner")
        .header("forwarded", value.clone())
        .header("x-forwarded-for", value)
        .extension(ClientAddr(peer))
        .body(Body::empty())
        .expect("a sound request");
    let app = async |request: Request| {
        assert!(request.host().is_some_and(|host| paste_core::host::is_valid(host.as_bytes())));
        assert!(["http", "https"].contains(&request.scheme()));
        Ok(response::no_content())
    };
    let app = app.with(TrustedProxies::new(["10.0.0.0/8".parse().expect("a network")]));
    let answer = app.call(request).now_or_never().expect("nothing waits");
    assert!(answer.is_ok());
});
