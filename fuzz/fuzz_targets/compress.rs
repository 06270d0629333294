//! `Accept-Encoding` and a body, by `Compress` and back by `Decompress`: no panic, never a coding that
//! the client excludes, and the same bytes come out.
#![no_main]

use futures_util::{FutureExt, stream};
use http::{HeaderValue, header};
use libfuzzer_sys::fuzz_target;
use paste_core::header::AcceptEncoding;
use paste_core::{App, AppExt, Body, Error, Request, response};
use paste_filter::{Coding, Compress, Decompress};

fuzz_target!(|input: (&str, Vec<Vec<u8>>)| {
    let (accepted, pieces) = input;
    let Ok(value) = HeaderValue::from_str(accepted) else { return };
    let whole = pieces.concat();
    let page = move |_request: Request| {
        let pieces: Vec<_> = pieces.clone().into_iter().map(Ok::<_, Error>).collect();
        let kind = HeaderValue::from_static("text/plain");
        std::future::ready(Ok(response::typed(kind, Body::from_stream(stream::iter(pieces)))))
    };
    let app = page.with(Compress::new().algorithms(Coding::ALL.to_vec()).level(1));
    let mut request = Request::new(Body::empty());
    request.headers_mut().insert(header::ACCEPT_ENCODING, value);
    let answer = app.call(request).now_or_never().expect("nothing waits").expect("an answer");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let read = match answer.headers().get(header::CONTENT_ENCODING).cloned() {
        None => runtime.block_on(answer.into_body().collect(usize::MAX)),
        Some(coding) => {
            let name = coding.to_str().expect("a name");
            assert!(AcceptEncoding::parse(accepted).quality(name) > 0, "{accepted}: {name}");
            let undo = (async |request: Request| Ok(http::Response::new(request.into_body())))
                .with(Decompress::new());
            let mut request = Request::new(answer.into_body());
            request.headers_mut().insert(header::CONTENT_ENCODING, coding);
            let undone = undo.call(request).now_or_never().expect("nothing waits");
            runtime.block_on(undone.expect("a known coding").into_body().collect(usize::MAX))
        }
    };
    assert_eq!(read.expect("sound"), whole);
});
