//! Bytes to and from a client, with TLS or without, small writes gathered.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use paste_core::FileRange;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::socket::Socket;

/// What is gathered at most, before it goes out.
const CORK: usize = 16 * 1024;

/// A buffer of this size is kept for the next answer; a larger one is given back.
const KEPT: usize = 512;

/// How many slices are written at once.
const SLICES: usize = 32;

/// A stream with TLS on the socket.
#[cfg(feature = "tls")]
pub(crate) type Tls = Box<tokio_rustls::server::TlsStream<super::socket::Raw>>;
/// There is none without the feature.
#[cfg(not(feature = "tls"))]
pub(crate) type Tls = tokio::io::Empty;

/// The client's stream. The socket is handed in with each call.
#[derive(Debug)]
pub(crate) struct Stream {
    tls: Option<Tls>,
    /// What was taken over and is not written yet: from `start` on.
    out: Vec<u8>,
    start: usize,
    /// TLS has taken something over, too.
    unflushed: bool,
}

impl Stream {
    pub(crate) fn new(tls: Option<Tls>) -> Self {
        Self { tls, out: Vec::new(), start: 0, unflushed: false }
    }

    /// Reads at most `limit` bytes, and hands them to `take`.
    pub(crate) fn poll_recv(
        &mut self,
        socket: &Socket,
        context: &mut Context<'_>,
        limit: usize,
        take: impl FnOnce(&[u8]),
    ) -> Poll<io::Result<usize>> {
        let Some(tls) = &mut self.tls else {
            return socket.poll_recv(context, limit, take);
        };
        let mut buffer = [const { std::mem::MaybeUninit::uninit() }; CORK];
        let mut buffer = ReadBuf::uninit(&mut buffer[..limit.min(CORK)]);
        match ready!(Pin::new(tls).poll_read(context, &mut buffer)) {
            // Many clients just close, without taking leave of TLS. HTTP has lengths of its own.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Poll::Ready(Ok(0)),
            Err(error) => Poll::Ready(Err(error)),
            Ok(()) => {
                take(buffer.filled());
                Poll::Ready(Ok(buffer.filled().len()))
            }
        }
    }

    /// Takes `slices` over, if they are small enough to wait for others.
    pub(crate) fn cork(&mut self, slices: &[IoSlice<'_>]) -> Option<usize> {
        let size: usize = slices.iter().map(|slice| slice.len()).sum();
        if self.out.len() + size > CORK {
            return None;
        }
        self.out.reserve(size);
        for slice in slices {
            self.out.extend_from_slice(slice);
        }
        Some(size)
    }

    /// Writes what was taken over before, then from `slices`; says how much of these.
    pub(crate) fn poll_send(
        &mut self,
        socket: &Socket,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if slices.iter().all(|slice| slice.is_empty()) {
            return Poll::Ready(Ok(0));
        }
        loop {
            let before = self.waiting();
            let mut joined;
            let all = if before == 0 {
                slices
            } else {
                joined = [IoSlice::new(&self.out[self.start..]); SLICES];
                let count = slices.len().min(SLICES - 1);
                joined[1..=count].copy_from_slice(&slices[..count]);
                &joined[..=count]
            };
            let sent = match &mut self.tls {
                Some(tls) => Pin::new(tls).poll_write_vectored(context, all),
                None => socket.poll_send(context, all, false),
            };
            let sent = some(ready!(sent)?)?;
            self.is_sent(sent.min(before));
            if sent > before {
                return Poll::Ready(Ok(sent - before));
            }
        }
    }

    /// Writes what was taken over before, then from `piece`; says how much of it.
    pub(crate) fn poll_send_file(
        &mut self,
        socket: &Socket,
        context: &mut Context<'_>,
        piece: &FileRange,
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_out(socket, context, true))?;
        socket.poll_send_file(context, piece)
    }

    /// Writes all that was taken over.
    pub(crate) fn poll_drain(
        &mut self,
        socket: &Socket,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.poll_out(socket, context, false))?;
        if let Some(tls) = &mut self.tls
            && self.unflushed
        {
            ready!(Pin::new(tls).poll_flush(context))?;
            self.unflushed = false;
        }
        Poll::Ready(Ok(()))
    }

    /// Hands all that was taken over to TLS, or else to the socket; `more` says that more follows at
    /// once.
    fn poll_out(
        &mut self,
        socket: &Socket,
        context: &mut Context<'_>,
        more: bool,
    ) -> Poll<io::Result<()>> {
        while self.waiting() > 0 {
            let waiting = IoSlice::new(&self.out[self.start..]);
            let sent = match &mut self.tls {
                Some(tls) => Pin::new(tls).poll_write(context, &waiting),
                None => socket.poll_send(context, &[waiting], more),
            };
            let sent = some(ready!(sent)?)?;
            self.is_sent(sent);
        }
        Poll::Ready(Ok(()))
    }

    /// So many bytes of those that waited are on their way.
    fn is_sent(&mut self, sent: usize) {
        self.unflushed = self.tls.is_some();
        self.start += sent;
        if self.waiting() == 0 {
            self.start = 0;
            self.out.clear();
            if self.out.capacity() > KEPT {
                self.out = Vec::new();
            }
        }
    }

    /// Whether nothing waits to be written.
    pub(crate) fn is_drained(&self) -> bool {
        self.waiting() == 0 && !self.unflushed
    }

    /// How many bytes wait to be written, as far as it is known here.
    pub(crate) fn waiting(&self) -> usize {
        self.out.len() - self.start
    }

    pub(crate) fn poll_shutdown(
        &mut self,
        socket: &Socket,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.poll_drain(socket, context))?;
        match &mut self.tls {
            Some(tls) => Pin::new(tls).poll_shutdown(context),
            None => Poll::Ready(socket.shutdown()),
        }
    }
}

/// What takes nothing, though it is ready, never will.
fn some(written: usize) -> io::Result<usize> {
    if written == 0 { Err(io::ErrorKind::WriteZero.into()) } else { Ok(written) }
}
