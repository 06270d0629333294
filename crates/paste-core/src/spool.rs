//! Bytes that are kept for later: in memory while they are few, in a temporary file beyond.
//!
//! 1. The file has no name, so that it is gone with its last user, even if the process is killed.
//! 2. It is written and read on tokio's blocking threads.
//! 3. What was kept can be read again and again, also at the same time.
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! use paste_core::Body;
//! use paste_core::spool::Spool;
//!
//! let mut spool = Spool::new().memory(4);
//! spool.write(b"hello, ").await?;
//! spool.write(b"world").await?;
//! let kept = spool.finish().await?;
//! assert_eq!(kept.size(), 12);
//! assert_eq!(kept.body().collect(100).await?, "hello, world");
//! # Ok::<(), paste_core::Error>(()) }).unwrap();
//! ```

use std::fs::File;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures_util::stream;
use tokio::task::spawn_blocking;

use crate::{Body, FileRange, Result};

/// How much is kept in memory by default: 1 MiB.
pub const MEMORY: usize = 1024 * 1024;

/// How much is written or read at once.
const CHUNK: usize = 64 * 1024;

/// Takes bytes to keep: see the [module](self).
#[derive(Debug)]
pub struct Spool {
    memory: usize,
    size: u64,
    /// What is not in the file.
    buffer: BytesMut,
    file: Option<Arc<File>>,
    /// A write has not come to its end: something is missing.
    is_cut: bool,
}

/// Bytes that are kept. Clones share them.
#[derive(Clone, Debug)]
pub struct Spooled {
    size: u64,
    content: Content,
}

#[derive(Clone, Debug)]
enum Content {
    Memory(Bytes),
    File(Arc<File>),
}

impl Default for Spool {
    fn default() -> Self {
        Self { memory: MEMORY, size: 0, buffer: BytesMut::new(), file: None, is_cut: false }
    }
}

impl Spool {
    /// Keeps nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Keeps up to `bytes` in memory. Default: 1 MiB.
    #[must_use]
    pub fn memory(mut self, bytes: usize) -> Self {
        self.memory = bytes;
        self
    }

    /// How many bytes were written.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Keeps `data`, too. A file that cannot be made or written is an error with status 500, and so is
    /// whatever follows on a write that was dropped before its end.
    pub async fn write(&mut self, data: &[u8]) -> Result<()> {
        self.size += data.len() as u64;
        self.buffer.extend_from_slice(data);
        let most = if self.file.is_some() { CHUNK } else { self.memory };
        if self.buffer.len() > most { self.flush().await } else { Ok(()) }
    }

    /// Keeps `data`, too, if there is room for it in memory; without waiting. `false`: nothing was
    /// kept.
    pub fn write_now(&mut self, data: &[u8]) -> bool {
        let has_room = self.file.is_none() && self.buffer.len() + data.len() <= self.memory;
        if has_room {
            self.size += data.len() as u64;
            self.buffer.extend_from_slice(data);
        }
        has_room
    }

    async fn flush(&mut self) -> Result<()> {
        if std::mem::replace(&mut self.is_cut, true) {
            return Err(crate::Error::boxed("a write before this one did not come to its end"));
        }
        let data = self.buffer.split().freeze();
        let file = self.file.take();
        let written = spawn_blocking(move || {
            let file = file.map_or_else(|| tempfile::tempfile().map(Arc::new), Ok)?;
            (&*file).write_all(&data)?;
            io::Result::Ok(file)
        });
        self.file = Some(written.await??);
        self.is_cut = false;
        Ok(())
    }

    /// All that was written, to be read.
    pub async fn finish(mut self) -> Result<Spooled> {
        if self.is_cut || (self.file.is_some() && !self.buffer.is_empty()) {
            self.flush().await?;
        }
        let content = match self.file {
            Some(file) => Content::File(file),
            None => Content::Memory(self.buffer.freeze()),
        };
        Ok(Spooled { size: self.size, content })
    }
}

impl Spooled {
    /// How many bytes it is.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Whether it has no bytes.
    pub fn is_empty(&self) -> bool {
        self.size == 0
    }

    /// Whether it is in a file, not in memory.
    pub fn is_on_disk(&self) -> bool {
        matches!(self.content, Content::File(_))
    }

    /// The bytes as a body, from the beginning.
    pub fn body(&self) -> Body {
        match &self.content {
            Content::Memory(data) => data.clone().into(),
            Content::File(file) => {
                let range = FileRange { file: Arc::clone(file), offset: 0, length: self.size };
                Body::file(range.clone(), Body::from_stream(chunks(range)))
            }
        }
    }

    /// The bytes. More than `limit` of them are an error with status 413.
    pub async fn bytes(&self, limit: usize) -> Result<Bytes> {
        self.body().collect(limit).await
    }

    /// Writes the bytes to a new file at `path`. One that exists is an error.
    pub async fn save(&self, path: impl Into<PathBuf>) -> Result<()> {
        let (path, mut body) = (path.into(), self.body());
        let file = spawn_blocking(move || File::create_new(path).map(Arc::new)).await??;
        while let Some(chunk) = body.chunk().await? {
            let file = Arc::clone(&file);
            spawn_blocking(move || (&*file).write_all(&chunk)).await??;
        }
        Ok(())
    }
}

fn chunks(range: FileRange) -> impl futures_util::Stream<Item = io::Result<Bytes>> + Send {
    stream::try_unfold(range, |mut rest| async move {
        if rest.length == 0 {
            return Ok(None);
        }
        let read = spawn_blocking(move || {
            let mut buffer = vec![0; CHUNK.min(usize::try_from(rest.length).unwrap_or(CHUNK))];
            let read = read_at(&rest.file, &mut buffer, rest.offset)?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            buffer.truncate(read);
            rest.offset += read as u64;
            rest.length -= read as u64;
            Ok(Some((Bytes::from(buffer), rest)))
        });
        read.await?
    })
}

#[cfg(unix)]
fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, offset)
}

#[cfg(windows)]
fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_was_written_is_read_again_and_again() {
        for (memory, on_disk) in [(0, true), (99_999, true), (100_000, false), (MEMORY, false)] {
            let mut spool = Spool::new().memory(memory);
            let content: Vec<u8> = (0..100_000_u32).map(|byte| (byte % 251) as u8).collect();
            for piece in content.chunks(777) {
                spool.write(piece).await.unwrap();
            }
            assert_eq!(spool.size(), 100_000);
            let kept = spool.finish().await.unwrap();
            assert_eq!(kept.is_on_disk(), on_disk, "{memory}");
            assert_eq!(kept.body().file_range().is_some(), on_disk);
            let (mut one, mut other) = (kept.body(), kept.clone().body());
            let first =
                (one.chunk().await.unwrap().unwrap(), other.chunk().await.unwrap().unwrap());
            assert_eq!(first.0, first.1);
            assert_eq!(kept.bytes(100_000).await.unwrap(), content);
            assert_eq!(kept.bytes(99_999).await.unwrap_err().status(), 413);
        }
        let empty = Spool::new().memory(0).finish().await.unwrap();
        assert!(empty.is_empty() && !empty.is_on_disk());
    }

    #[tokio::test]
    async fn a_write_that_was_dropped_is_not_forgotten() {
        let mut spool = Spool::new().memory(0);
        assert!(futures_util::FutureExt::now_or_never(spool.write(b"hello")).is_none());
        assert!(spool.write(b"!").await.is_err());
        assert!(spool.finish().await.is_err());
    }

    #[tokio::test]
    async fn it_is_saved_to_a_new_file_only() {
        let dir = tempfile::tempdir().unwrap();
        for memory in [0, 100] {
            let mut spool = Spool::new().memory(memory);
            spool.write(b"hello").await.unwrap();
            let kept = spool.finish().await.unwrap();
            let path = dir.path().join(memory.to_string());
            kept.save(&path).await.unwrap();
            assert_eq!(std::fs::read(&path).unwrap(), b"hello");
            assert!(kept.save(&path).await.is_err());
        }
    }
}
