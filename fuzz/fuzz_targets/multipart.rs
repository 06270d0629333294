//! Multipart bodies in pieces of any size: no panic, nothing kept but what is found, and the same parts
//! whatever the pieces.
#![no_main]

use futures_util::{FutureExt, stream};
use libfuzzer_sys::fuzz_target;
use paste_core::form::FormLimits;
use paste_core::{Body, Error, ReadExt, Request};

type Parts = Result<Vec<(String, Option<String>, Vec<u8>)>, u16>;

fn read(data: &[u8], size: usize) -> Parts {
    let pieces: Vec<_> = data.chunks(size).map(|piece| Ok::<_, Error>(piece.to_vec())).collect();
    let mut request: Request = http::Request::post("/")
        .header("content-type", "multipart/form-data; boundary=b")
        .body(Body::from_stream(stream::iter(pieces)))
        .expect("a sound request");
    let limits = FormLimits::new().total(1 << 16).parts(20).part_head(300);
    let reading = async {
        let mut parts = request.multipart_within(limits)?;
        let mut found = Vec::new();
        while let Some(mut part) = parts.next_part().await? {
            let (name, file) = (part.name().to_owned(), part.file_name().map(str::to_owned));
            let mut content = Vec::new();
            while let Some(chunk) = part.chunk().await? {
                assert!(!chunk.is_empty());
                content.extend_from_slice(&chunk);
            }
            found.push((name, file, content));
        }
        Ok::<_, Error>(found)
    };
    let read = reading.now_or_never().expect("the pieces are there");
    read.map_err(|error| error.status().as_u16())
}

fuzz_target!(|input: (u8, &[u8])| {
    let (size, data) = input;
    let parts = read(data, usize::from(size).max(1));
    match &parts {
        Ok(parts) => {
            let kept: usize = parts.iter().map(|(_, _, content)| content.len()).sum();
            assert!(kept <= data.len());
        }
        Err(status) => assert!([400, 413].contains(status)),
    }
    assert_eq!(parts, read(data, 1 << 16));
});
