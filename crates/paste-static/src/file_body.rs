//! A range of a file as a response body.
//!
//! 1. What the system has in its memory is read at once, on the thread that asks; only what must come
//!    from the disk is read on the blocking pool, so that a slow disk holds up no other request.
//! 2. A file that shrinks meanwhile breaks the body; it is never filled up.
//! 3. So does one that is written to meanwhile: where a body takes more than one piece, the open file
//!    is asked before the last one whether its size and its time of change are still those of when it
//!    was opened. Who gets all of an answer has got what the file was then. What the file's names
//!    become does not matter: it may be renamed, replaced or deleted. One that has only grown cannot be
//!    told from one that was written anew.

use std::fs::{File, Metadata};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileExt, MetadataExt};

use bytes::Bytes;
use futures_util::stream::{self, Stream, TryStreamExt};
use http_body_util::StreamBody;
use paste_core::{Body, FileRange, Result};

/// How much is read at once.
const CHUNK: u64 = 64 * 1024;

/// What of a file is another after it was written to: its size, and the time of that in seconds and
/// nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Written(u64, i64, i64);

impl Written {
    pub(crate) fn of(metadata: &Metadata) -> Self {
        Self(metadata.len(), metadata.mtime(), metadata.mtime_nsec())
    }

    /// Fails if `file` was written to since.
    pub(crate) fn check(self, file: &File) -> io::Result<()> {
        if Self::of(&file.metadata()?) == self {
            return Ok(());
        }
        Err(broken(file, io::ErrorKind::Other, "was changed"))
    }
}

/// The body that sends `range` of a file that was `written` when it was opened, read piece by piece.
/// Whether it is the only one of its answer.
pub(crate) fn file_body(range: FileRange, written: Written, is_only: bool) -> Body {
    let frames = chunks(range.clone(), written, is_only).map_ok(http_body::Frame::data);
    Body::file(range, StreamBody::new(frames))
}

fn chunks(
    range: FileRange,
    written: Written,
    is_only: bool,
) -> impl Stream<Item = Result<Bytes>> + Send {
    stream::try_unfold((range, is_only), move |(mut rest, is_first)| async move {
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
        if rest.length == 0 && !is_first {
            written.check(&rest.file)?;
        }
        Ok(Some((chunk, (rest, false))))
    })
}

/// What became of a file while it was sent, for the log; with its path, where the system tells it.
fn broken(file: &File, kind: io::ErrorKind, became: &str) -> io::Error {
    let link = format!("/proc/self/fd/{}", file.as_raw_fd());
    let path = std::fs::read_link(link).unwrap_or_else(|_| "a file".into());
    io::Error::new(kind, format!("{} {became} while it was sent", path.display()))
}

/// What is read by `read_at` of the beginning of `rest`.
fn read(
    rest: &FileRange,
    read_at: impl Fn(&File, &mut [u8], u64) -> io::Result<usize>,
) -> io::Result<Bytes> {
    let mut buffer = vec![0; usize::try_from(rest.length.min(CHUNK)).unwrap_or(usize::MAX)];
    let read = read_at(&rest.file, &mut buffer, rest.offset)?;
    if read == 0 {
        return Err(broken(&rest.file, io::ErrorKind::UnexpectedEof, "shrank"));
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
        let written = Written::of(&range.file.metadata().unwrap());
        let mut body = file_body(range, written, true);
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
        let written = Written::of(&range.file.metadata().unwrap());
        let error = file_body(range, written, true).chunk().await.unwrap_err();
        let told = format!("{error:?}");
        assert!(told.contains("file_body.rs:"), "the place is ours: {told}");
        if cfg!(target_os = "linux") {
            assert!(
                told.contains("caused by: /") && told.contains("shrank while it was sent"),
                "{told}"
            );
        }
    }

    /// What becomes of a body of which one piece was read when `change` happened.
    async fn changed(is_only: bool, length: u64, change: impl FnOnce(&std::path::Path)) -> bool {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, vec![b'x'; 200_000]).unwrap();
        let long_ago = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1000);
        File::open(&path).unwrap().set_modified(long_ago).unwrap();
        let file = File::open(&path).unwrap();
        let written = Written::of(&file.metadata().unwrap());
        let range = FileRange { file: Arc::new(file), offset: 0, length };
        let mut body = file_body(range, written, is_only);
        let first = body.chunk().now_or_never().map(|chunk| chunk.unwrap().unwrap());
        change(&path);
        match body.collect(200_000).await {
            Ok(rest) => first.iter().chain([&rest]).flatten().all(|byte| *byte == b'x'),
            Err(_) => false,
        }
    }

    #[tokio::test]
    async fn rule_3_a_file_that_is_written_to_breaks_the_body() {
        let write = |path: &std::path::Path| File::options().write(true).open(path).unwrap();
        let cut_and_grow = |path: &std::path::Path| {
            write(path).set_len(0).unwrap();
            write(path).set_len(200_000).unwrap();
        };
        assert!(!changed(true, 200_000, cut_and_grow).await);
        assert!(!changed(true, 100_000, cut_and_grow).await, "a part of it");
        let rewrite = |path: &std::path::Path| write(path).write_all_at(b"y", 199_999).unwrap();
        assert!(!changed(true, 200_000, rewrite).await);
        assert!(
            !changed(true, 200_000, |path| std::fs::write(path, vec![b'y'; 300_000]).unwrap())
                .await
        );
        // Of several parts each is asked for, however short.
        assert!(!changed(false, 65_537, |path| write(path).write_all_at(b"y", 0).unwrap()).await);
    }

    #[tokio::test]
    async fn rule_3_what_the_names_of_a_file_become_does_not_matter() {
        use std::fs;
        let beside = |path: &std::path::Path| path.with_file_name("other");
        assert!(changed(true, 200_000, |path| drop(fs::read(path).unwrap())).await);
        assert!(changed(true, 200_000, |path| fs::remove_file(path).unwrap()).await);
        assert!(changed(true, 200_000, |path| fs::rename(path, beside(path)).unwrap()).await);
        assert!(changed(true, 200_000, |path| fs::hard_link(path, beside(path)).unwrap()).await);
        let replace = |path: &std::path::Path| {
            fs::write(beside(path), "other").unwrap();
            fs::rename(beside(path), path).unwrap();
        };
        assert!(changed(true, 200_000, replace).await);
        assert!(changed(false, 200_000, replace).await);
    }
}
