//! A connected socket in its runtime, TCP or Unix, that several may use at once.

use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::net::Shutdown;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::task::{Context, Poll, ready};

use paste_core::FileRange;
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags};
use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf, Ready};

use super::files;
use crate::metrics::Tally;

/// As much is read at once.
const CHUNK: usize = 16 * 1024;

/// A connected socket.
#[derive(Debug)]
pub(crate) struct Socket {
    fd: AsyncFd<socket2::Socket>,
    tally: Arc<Tally>,
}

impl Socket {
    pub(crate) fn new(socket: socket2::Socket, tally: Arc<Tally>) -> io::Result<Self> {
        Ok(Self { fd: watched(socket)?, tally })
    }

    /// Reads at most `limit` bytes, and hands them to `take`. None: the client has closed its side.
    pub(crate) fn poll_recv(
        &self,
        context: &mut Context<'_>,
        limit: usize,
        take: impl FnOnce(&[u8]),
    ) -> Poll<io::Result<usize>> {
        let mut buffer = [const { MaybeUninit::<u8>::uninit() }; CHUNK];
        let room = limit.min(CHUNK);
        loop {
            let mut ready = ready!(self.fd.poll_read_ready(context))?;
            match rustix::net::recv(self.fd.get_ref(), &mut buffer[..room], RecvFlags::empty()) {
                Ok(((bytes, _), length)) => {
                    if length > 0 && length < room {
                        // All that was there: the next event says when there is more.
                        ready.clear_ready_matching(Ready::READABLE);
                    }
                    self.tally.bytes_read.fetch_add(length as u64, Relaxed);
                    take(bytes);
                    return Poll::Ready(Ok(length));
                }
                Err(Errno::AGAIN) => ready.clear_ready(),
                Err(Errno::INTR) => {}
                Err(error) => return Poll::Ready(Err(error.into())),
            }
        }
    }

    /// Writes what the socket takes of `slices`; `more` says that more follows at once.
    pub(crate) fn poll_send(
        &self,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
        more: bool,
    ) -> Poll<io::Result<usize>> {
        let flags = if more { SendFlags::NOSIGNAL | SendFlags::MORE } else { SendFlags::NOSIGNAL };
        let flags = i32::try_from(flags.bits()).unwrap_or_default();
        self.poll_write_by(context, |socket| {
            if let [slice] = slices {
                socket.send_with_flags(slice, flags)
            } else {
                socket.send_vectored_with_flags(slices, flags)
            }
        })
    }

    /// Sends what the socket takes of `piece`.
    pub(crate) fn poll_send_file(
        &self,
        context: &mut Context<'_>,
        piece: &FileRange,
    ) -> Poll<io::Result<usize>> {
        self.poll_write_by(context, |socket| files::send(socket, piece))
    }

    /// Waits until the socket takes something, and does what writes it.
    fn poll_write_by(
        &self,
        context: &mut Context<'_>,
        mut write: impl FnMut(&socket2::Socket) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        loop {
            let mut ready = ready!(self.fd.poll_write_ready(context))?;
            match write(self.fd.get_ref()) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => ready.clear_ready(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                written => {
                    let length = *written.as_ref().unwrap_or(&0);
                    self.tally.bytes_written.fetch_add(length as u64, Relaxed);
                    return Poll::Ready(written);
                }
            }
        }
    }

    /// Looks, without taking them, at the first bytes that the client sends, as many as `enough`
    /// wants.
    pub(crate) async fn peek<T>(
        &self,
        limit: usize,
        mut enough: impl FnMut(&[u8]) -> Option<T>,
    ) -> io::Result<T> {
        let mut buffer = vec![0; limit];
        loop {
            let mut ready = self.fd.readable().await?;
            match rustix::net::recv(self.fd.get_ref(), &mut buffer[..], RecvFlags::PEEK) {
                Ok((_, 0)) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok((_, length)) => match enough(&buffer[..length]) {
                    Some(found) => return Ok(found),
                    None => ready.clear_ready(), // until more comes
                },
                Err(Errno::AGAIN) => ready.clear_ready(),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Takes `length` bytes that [`peek`](Self::peek) has seen.
    pub(crate) fn skip(&self, length: usize) -> io::Result<()> {
        let mut left = vec![0; length];
        let (_, taken) = rustix::net::recv(self.fd.get_ref(), &mut left[..], RecvFlags::empty())?;
        if taken == length { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }

    /// Whether the client has sent something that nobody has read.
    pub(crate) fn has_input(&self) -> bool {
        let flags = RecvFlags::PEEK | RecvFlags::DONTWAIT;
        matches!(rustix::net::recv(self.fd.get_ref(), &mut [0][..], flags), Ok((_, 1)))
    }

    /// Ready once the client has closed its side, or all of the connection. Where bytes that it sent
    /// before stand unread this does not wake, and is to be asked again.
    pub(crate) fn poll_gone(&self, context: &mut Context<'_>) -> Poll<()> {
        loop {
            let Ok(mut guard) = ready!(self.fd.poll_read_ready(context)) else {
                return Poll::Ready(());
            };
            if guard.ready().is_read_closed() {
                return Poll::Ready(());
            }
            match rustix::net::recv(self.fd.get_ref(), &mut [0][..], RecvFlags::PEEK) {
                Ok((_, 0)) => return Poll::Ready(()),
                Ok(_) => return Poll::Pending,
                Err(Errno::AGAIN) => guard.clear_ready(),
                Err(Errno::INTR) => {}
                Err(_) => return Poll::Ready(()),
            }
        }
    }

    /// Ends both directions: who reads or writes next learns of it.
    pub(crate) fn cut(&self) {
        // Gone meanwhile, or now.
        let _ = self.fd.get_ref().shutdown(Shutdown::Both);
    }

    pub(crate) fn shutdown(&self) -> io::Result<()> {
        match self.fd.get_ref().shutdown(Shutdown::Write) {
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(()),
            done => done,
        }
    }
}

/// Lets the runtime watch a socket.
#[expect(
    deprecated,
    reason = "what replaces it is unsafe, for the sake of types that give away their descriptor; a \
              socket owns its own until it is dropped"
)]
pub(crate) fn watched(socket: socket2::Socket) -> io::Result<AsyncFd<socket2::Socket>> {
    AsyncFd::new(socket)
}

/// The socket as tokio knows streams: what TLS runs on.
#[derive(Clone, Debug)]
pub(crate) struct Raw(pub(crate) Arc<Socket>);

impl AsyncRead for Raw {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let room = buffer.remaining();
        let read = self.0.poll_recv(context, room, |bytes| buffer.put_slice(bytes));
        read.map_ok(|_| ())
    }
}

impl AsyncWrite for Raw {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.0.poll_send(context, &[IoSlice::new(bytes)], false)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.0.poll_send(context, slices, false)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.0.shutdown())
    }
}
