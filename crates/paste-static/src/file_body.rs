//! A range of a file as a response body.

use std::io;
use std::os::unix::fs::FileExt;

use bytes::Bytes;
use futures_util::stream::{self, Stream, TryStreamExt};
use http_body_util::StreamBody;
use paste_core::{Body, FileRange};

/// How much is read at once.
const CHUNK: u64 = 64 * 1024;

/// The body that sends `range`, read piece by piece on the blocking pool.
pub(crate) fn file_body(range: FileRange) -> Body {
    let frames = chunks(range.clone()).map_ok(http_body::Frame::data);
    Body::file(range, StreamBody::new(frames))
}

fn chunks(range: FileRange) -> impl Stream<Item = io::Result<Bytes>> + Send {
    stream::try_unfold(range, |mut rest| async move {
        if rest.length == 0 {
            return Ok(None);
        }
        let read = tokio::task::spawn_blocking(move || {
            let chunk = read_chunk(&rest)?;
            rest.offset += chunk.len() as u64;
            rest.length -= chunk.len() as u64;
            Ok(Some((chunk, rest)))
        });
        read.await?
    })
}

fn read_chunk(rest: &FileRange) -> io::Result<Bytes> {
    let mut buffer = vec![0; usize::try_from(rest.length.min(CHUNK)).unwrap_or(usize::MAX)];
    let read = rest.file.read_at(&mut buffer, rest.offset)?;
    if read == 0 {
        return Err(io::Error::new(
            io::ErrorKind::UnexpectedEof,
            "the file shrank while it was sent",
        ));
    }
    buffer.truncate(read);
    Ok(buffer.into())
}
