//! A range of a file as a response body.
//!
//! 1. What the system has in its memory is read at once, on the thread that asks; only what must come
//!    from the disk is read on the blocking pool, so that a slow disk holds up no other request.
//! 2. A file that shrinks meanwhile breaks the body; it is never filled up.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use bytes::Bytes;
use futures_util::stream::{self, Stream, TryStreamExt};
use http_body_util::StreamBody;
use paste_core::{Body, FileRange};

/// How much is read at once.
const CHUNK: u64 = 64 * 1024;

/// The body that sends `range`, read piece by piece.
pub(crate) fn file_body(range: FileRange) -> Body {
    let frames = chunks(range.clone()).map_ok(http_body::Frame::data);
    Body::file(range, StreamBody::new(frames))
}

fn chunks(range: FileRange) -> impl Stream<Item = io::Result<Bytes>> + Send {
    stream::try_unfold(range, |mut rest| async move {
        if rest.length == 0 {
            return Ok(None);
        }
        let chunk = if let Some(chunk) = read_cached(&rest) {
            chunk
        } else {
            let rest = rest.clone();
            tokio::task::spawn_blocking(move || read(&rest, FileExt::read_at)).await??
        };
        rest.offset += chunk.len() as u64;
        rest.length -= chunk.len() as u64;
        Ok(Some((chunk, rest)))
    })
}

/// What is read by `read_at` of the beginning of `rest`.
fn read(
    rest: &FileRange,
    read_at: impl Fn(&File, &mut [u8], u64) -> io::Result<usize>,
) -> io::Result<Bytes> {
    let mut buffer = vec![0; usize::try_from(rest.length.min(CHUNK)).unwrap_or(usize::MAX)];
    let read = read_at(&rest.file, &mut buffer, rest.offset)?;
    if read == 0 {
        return Err(io::Error::new(
            io::ErrorKind::UnexpectedEof,
            "the file shrank while it was sent",
        ));
    }
    buffer.truncate(read);
    Ok(buffer.into())
}

/// The same without waiting: `None` where the disk would have to be asked.
#[cfg(target_os = "linux")]
fn read_cached(rest: &FileRange) -> Option<Bytes> {
    let read_at = |file: &File, buffer: &mut [u8], offset| {
        let mut buffers = [io::IoSliceMut::new(buffer)];
        let flags = rustix::io::ReadWriteFlags::NOWAIT;
        Ok(rustix::io::preadv2(file, &mut buffers, offset, flags)?)
    };
    // Any failure is told by the read that may wait: some file systems do not know how not to.
    read(rest, read_at).ok()
}

#[cfg(not(target_os = "linux"))]
fn read_cached(_: &FileRange) -> Option<Bytes> {
    None
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn rule_1_what_is_in_memory_is_read_at_once() {
        let mut file = tempfile::tempfile().unwrap();
        io::Write::write_all(&mut file, &vec![b'x'; 100_000]).unwrap();
        let range = FileRange { file: Arc::new(file), offset: 10, length: 80_000 };
        let can_tell = read_cached(&range).is_some(); // some file systems cannot
        let mut body = file_body(range);
        if can_tell {
            assert_eq!(body.chunk().now_or_never().unwrap().unwrap().unwrap().len(), 65_536);
        }
        assert!(body.collect(80_000).await.unwrap().iter().all(|byte| *byte == b'x'));
    }

    #[tokio::test]
    async fn rule_2_a_file_that_is_too_short_breaks_the_body() {
        let range =
            FileRange { file: Arc::new(tempfile::tempfile().unwrap()), offset: 0, length: 1 };
        assert!(read_cached(&range).is_none());
        assert!(file_body(range).chunk().await.is_err());
    }
}
