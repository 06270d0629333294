//! Urlencoded forms and queries: no panic, and what is printed is read back.
#![no_main]

use futures_util::FutureExt;
use libfuzzer_sys::fuzz_target;
use paste_core::form::encode;
use paste_core::{Body, ReadExt, Request};

fn read(text: Vec<u8>) -> Option<Vec<(String, String)>> {
    let mut request: Request = http::Request::post("/")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(text))
        .expect("a sound request");
    let form = request.form().now_or_never().expect("the body is there").ok()?;
    Some(form.fields().to_vec())
}

fuzz_target!(|data: &[u8]| {
    if let Some(fields) = read(data.to_vec()) {
        assert_eq!(read(encode(&fields).into_bytes()), Some(fields));
    }
});
