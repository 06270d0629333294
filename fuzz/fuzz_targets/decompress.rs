//! Bodies of requests that claim to be compressed: no panic, nothing beyond the limits, and the same
//! whatever the pieces. The first byte says which codings, the second how long the pieces are.
#![no_main]

use bytes::Bytes;
use futures_util::{FutureExt, stream};
use libfuzzer_sys::fuzz_target;
use paste_core::{App, AppExt, Body, Error, Request, Result};
use paste_filter::Decompress;

const CODINGS: [&str; 6] = ["gzip", "deflate", "br", "zstd", "gzip, br", "zstd, deflate"];
const LIMIT: u64 = 4 << 20;

fuzz_target!(|data: &[u8]| {
    let [coding, length, data @ ..] = data else { return };
    let coding = CODINGS[usize::from(*coding) % CODINGS.len()];
    let whole = read(coding, data, data.len().max(1));
    let pieces = read(coding, data, usize::from(*length).max(1));
    match (whole, pieces) {
        (Ok(whole), Ok(pieces)) => assert_eq!(whole, pieces),
        (Err(whole), Err(pieces)) => assert_eq!(whole.status(), pieces.status()),
        (whole, pieces) => panic!("{whole:?} as a whole, {pieces:?} in pieces"),
    }
});

fn read(coding: &str, data: &[u8], length: usize) -> Result<Bytes> {
    let app = (async |request: Request| Ok(http::Response::new(request.into_body())))
        .with(Decompress::new().max_size(LIMIT));
    let pieces: Vec<_> = data.chunks(length).map(|piece| Ok::<_, Error>(piece.to_vec())).collect();
    let request = http::Request::post("/").header("content-encoding", coding);
    let request = request.body(Body::from_stream(stream::iter(pieces))).expect("a request");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let body = app.call(request).now_or_never().expect("nothing waits")?.into_body();
    let read = runtime.block_on(body.collect(usize::MAX));
    assert!(read.as_ref().is_ok_and(|read| read.len() as u64 <= LIMIT) || read.is_err());
    read
}
