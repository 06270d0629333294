//! Files that the system sends by itself (`sendfile`), on connections of HTTP/1 without TLS.
//!
//! 1. hyper gets a body of markers, as long as the file: parts of one buffer of zeros that nothing
//!    else is made of.
//! 2. Our IO knows a marker by its address when hyper writes it, and sends in its place the piece of
//!    the file that was queued with it.
//! 3. A marker that is not the one that was queued, or that does not come, ends the connection.
//!    Zeros are never sent.
//! 4. A piece that is not in memory is read on the blocking pool first, so that sending does not wait
//!    for a disk. A file that has become shorter ends the connection.
//! 5. So does one that was written to while it was sent: where that takes several sends, its size and
//!    its time of change are compared with those of when it was queued, before each send that may be the
//!    last. What is on its way is the file's own memory: a change of what the system has taken and the
//!    client has not is seen in it.
//! 6. Where the system does not send a file by itself, its pieces are read and written.

use std::collections::VecDeque;
use std::fmt;
use std::fs::File;
use std::io::{self, IoSlice};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::Frame;
use paste_core::{Error, FileRange};
use rustix::io::Errno;
use rustix::net::SendFlags;
use tokio::task::JoinHandle;

use super::Conn;

/// How much hyper is told of at once.
const PIECE: usize = 256 * 1024;

/// How much is read at once, where the system does not send by itself.
const CHUNK: usize = 64 * 1024;

/// What all markers of a server are parts of.
#[derive(Clone)]
pub(crate) struct Marker(Bytes);

impl Marker {
    pub(crate) fn new() -> Self {
        Self(vec![0; PIECE].into())
    }

    /// How many of `slices` come before the first marker.
    pub(crate) fn position(&self, slices: &[IoSlice<'_>]) -> Option<usize> {
        let zeros = self.0.as_ptr_range();
        slices.iter().position(|slice| !slice.is_empty() && zeros.contains(&slice.as_ptr()))
    }
}

impl fmt::Debug for Marker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Marker").finish_non_exhaustive()
    }
}

/// The pieces whose markers hyper has and has not written yet, in their order.
#[derive(Debug, Default)]
pub(crate) struct Queue(VecDeque<Piece>);

#[derive(Debug)]
struct Piece {
    rest: FileRange,
    written: Written,
    /// Nothing of the file was sent yet, or this is the last of it.
    is_first: bool,
    is_last: bool,
}

/// What of a file is another after it was written to: its size, and the time of that in seconds and
/// nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Written(u64, i64, i64);

impl Written {
    fn of(file: &File) -> io::Result<Self> {
        let metadata = file.metadata()?;
        Ok(Self(metadata.len(), metadata.mtime(), metadata.mtime_nsec()))
    }
}

impl Queue {
    /// Nothing is queued, for no marker is being written.
    pub(crate) fn check_empty(&self) -> io::Result<()> {
        if self.0.is_empty() { Ok(()) } else { Err(mismatch()) }
    }

    /// The piece that a marker of `length` bytes stands for.
    pub(crate) fn next(&self, length: usize) -> io::Result<&FileRange> {
        let piece = self.0.front().filter(|piece| piece.rest.length == length as u64);
        let piece = piece.ok_or_else(mismatch)?;
        if piece.is_last && !piece.is_first && Written::of(&piece.rest.file)? != piece.written {
            return Err(told(broken(&piece.rest.file, io::ErrorKind::Other, "was changed")));
        }
        Ok(&piece.rest)
    }

    /// So much of the first piece was sent.
    pub(crate) fn advance(&mut self, sent: usize) {
        if let Some(piece) = self.0.front_mut() {
            piece.is_first &= sent == 0;
            piece.rest.offset += sent as u64;
            piece.rest.length = piece.rest.length.saturating_sub(sent as u64);
            if piece.rest.length == 0 {
                self.0.pop_front();
            }
        }
    }
}

fn mismatch() -> io::Error {
    tracing::error!("what hyper writes is not the file that it was given; the connection ends");
    io::Error::other("the marker of a file was lost")
}

/// The body that stands for a file.
pub(crate) struct Marked {
    conn: Arc<Conn>,
    marker: Marker,
    rest: FileRange,
    /// What the file was like when its first piece was queued.
    written: Option<Written>,
    /// The next piece, on its way into memory.
    reading: Option<JoinHandle<io::Result<()>>>,
}

impl Marked {
    pub(crate) fn new(conn: &Arc<Conn>, marker: &Marker, range: FileRange) -> Self {
        Self {
            conn: Arc::clone(conn),
            marker: marker.clone(),
            rest: range,
            written: None,
            reading: None,
        }
    }
}

impl Marked {
    /// The marker of the next piece, which is queued. Its errors have a place in this file.
    fn poll_piece(&mut self, context: &mut Context<'_>) -> Result<Poll<Bytes>, Error> {
        let length = size(&self.rest).min(PIECE);
        let piece = FileRange { length: length as u64, ..self.rest.clone() };
        if self.reading.is_none() && !is_in_memory(&piece)? {
            let piece = piece.clone();
            self.reading = Some(tokio::task::spawn_blocking(move || read_through(piece)));
        }
        if let Some(reading) = &mut self.reading {
            let Poll::Ready(read) = Pin::new(reading).poll(context) else {
                return Ok(Poll::Pending);
            };
            self.reading = None;
            read??;
        }
        self.rest.offset += piece.length;
        self.rest.length -= piece.length;
        let (is_first, is_last) = (self.written.is_none(), self.rest.length == 0);
        let written = match self.written {
            Some(written) => written,
            None => *self.written.insert(Written::of(&piece.file)?),
        };
        let piece = Piece { rest: piece, written, is_first, is_last };
        self.conn.inner().files.0.push_back(piece);
        Ok(Poll::Ready(self.marker.0.slice(..length)))
    }
}

impl http_body::Body for Marked {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        if self.rest.length == 0 {
            return Poll::Ready(None);
        }
        match self.poll_piece(context) {
            Ok(marker) => marker.map(|marker| Some(Ok(Frame::data(marker)))),
            Err(error) => Poll::Ready(Some(Err(error))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.rest.length == 0
    }
}

/// Whether the end of `piece` can be had without waiting for a disk; where nobody can say, it can.
fn is_in_memory(piece: &FileRange) -> io::Result<bool> {
    match system::read_at_once(piece, piece.offset + piece.length - 1) {
        Ok(0) => Err(shorter(&piece.file)),
        Err(Errno::AGAIN) => Ok(false),
        Ok(_) | Err(_) => Ok(true),
    }
}

/// Brings `piece` into memory.
fn read_through(mut piece: FileRange) -> io::Result<()> {
    let mut buffer = vec![0; CHUNK];
    while piece.length > 0 {
        let wanted = size(&piece).min(CHUNK);
        let read = piece.file.read_at(&mut buffer[..wanted], piece.offset)?;
        if read == 0 {
            return Err(shorter(&piece.file));
        }
        piece.offset += read as u64;
        piece.length -= read as u64;
    }
    Ok(())
}

/// Sends what the socket takes of `piece`.
pub(crate) fn send(socket: &socket2::Socket, piece: &FileRange) -> io::Result<usize> {
    let sent = match system::send(socket, piece) {
        Err(Errno::INVAL | Errno::NOSYS) => read_and_send(socket, piece)?,
        sent => sent?,
    };
    if sent == 0 { Err(told(shorter(&piece.file))) } else { Ok(sent) }
}

fn read_and_send(socket: &socket2::Socket, piece: &FileRange) -> io::Result<usize> {
    let mut buffer = vec![0; size(piece).min(CHUNK)];
    let read = piece.file.read_at(&mut buffer, piece.offset)?;
    Ok(rustix::net::send(socket, &buffer[..read], SendFlags::NOSIGNAL)?)
}

/// What only Linux has.
#[cfg(target_os = "linux")]
mod system {
    use std::io::IoSliceMut;

    use paste_core::FileRange;
    use rustix::io::{ReadWriteFlags, Result};

    pub(super) fn send(socket: &socket2::Socket, piece: &FileRange) -> Result<usize> {
        let mut offset = piece.offset;
        rustix::fs::sendfile(socket, &*piece.file, Some(&mut offset), super::size(piece))
    }

    /// Reads the byte at `offset`, if that takes no waiting.
    pub(super) fn read_at_once(piece: &FileRange, offset: u64) -> Result<usize> {
        let mut byte = [0];
        let into = &mut [IoSliceMut::new(&mut byte)];
        rustix::io::preadv2(&*piece.file, into, offset, ReadWriteFlags::NOWAIT)
    }
}

/// Elsewhere no server has a marker.
#[cfg(not(target_os = "linux"))]
mod system {
    use paste_core::FileRange;
    use rustix::io::{Errno, Result};

    pub(super) fn send(_: &socket2::Socket, _: &FileRange) -> Result<usize> {
        Err(Errno::NOSYS)
    }

    pub(super) fn read_at_once(_: &FileRange, _: u64) -> Result<usize> {
        Err(Errno::NOSYS)
    }
}

fn size(piece: &FileRange) -> usize {
    usize::try_from(piece.length).unwrap_or(usize::MAX)
}

fn shorter(file: &File) -> io::Error {
    broken(file, io::ErrorKind::UnexpectedEof, "shrank")
}

/// What became of a file while it was sent; with its path, where the system tells it.
fn broken(file: &File, kind: io::ErrorKind, became: &str) -> io::Error {
    let link = format!("/proc/self/fd/{}", file.as_raw_fd());
    let path = std::fs::read_link(link).unwrap_or_else(|_| "a file".into());
    io::Error::new(kind, format!("{} {became} while it was sent", path.display()))
}

/// Logs what hyper would be silent about.
fn told(error: io::Error) -> io::Error {
    tracing::error!(%error, "the connection ends");
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_is_known_by_its_address_and_must_be_the_queued_one() {
        let marker = Marker::new();
        let (part, zeros) = (marker.0.slice(5..10), [0; 5]);
        let slices = [IoSlice::new(b"head"), IoSlice::new(&zeros), IoSlice::new(&part)];
        assert_eq!(marker.position(&slices), Some(2));
        assert_eq!(marker.position(&slices[..2]), None, "zeros of others");
        assert_eq!(marker.position(&[IoSlice::new(&part[..0])]), None);

        let mut queue = Queue::default();
        assert!(queue.check_empty().is_ok() && queue.next(5).is_err());
        let file = Arc::new(tempfile::tempfile().unwrap());
        let written = Written::of(&file).unwrap();
        let rest = FileRange { file: Arc::clone(&file), offset: 7, length: 5 };
        queue.0.push_back(Piece { rest, written, is_first: true, is_last: true });
        assert!(queue.check_empty().is_err() && queue.next(4).is_err() && queue.next(6).is_err());
        assert_eq!(queue.next(5).unwrap().offset, 7);
        queue.advance(3);
        assert_eq!(queue.next(2).unwrap().offset, 10);
        queue.advance(2);
        assert!(queue.check_empty().is_ok());
    }

    #[test]
    fn where_sendfile_is_refused_the_file_is_read() {
        let (ours, mut theirs) = std::os::unix::net::UnixStream::pair().unwrap();
        let ours = socket2::Socket::from(std::os::fd::OwnedFd::from(ours));
        let file = tempfile::tempfile().unwrap();
        file.write_all_at(b"0123456789", 0).unwrap();
        let piece = FileRange { file: Arc::new(file), offset: 3, length: 4 };
        assert_eq!(read_and_send(&ours, &piece).unwrap(), 4);
        assert_eq!(send(&ours, &piece).unwrap(), 4);
        let mut sent = [0; 8];
        io::Read::read_exact(&mut theirs, &mut sent).unwrap();
        assert_eq!(&sent, b"34563456");
        let beyond = FileRange { offset: 10, ..piece };
        assert_eq!(send(&ours, &beyond).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        assert!(is_in_memory(&beyond).is_err() && read_through(beyond).is_err());
    }
}
