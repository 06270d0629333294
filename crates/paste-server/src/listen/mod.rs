//! Where a server listens: TCP addresses, Unix sockets, sockets that another program opened.
//!
//! 1. `HOST:PORT` is a TCP address; port 0 takes a free one. A name is resolved once.
//! 2. `unix:PATH` is a Unix socket: see [`unix`].
//! 3. `fd` stands for all sockets that the service manager hands over: see [`fd`].
//! 4. An address that cannot be had is an error that names it.

pub(crate) mod fd;
pub(crate) mod proxy_protocol;
pub(crate) mod tcp;
pub(crate) mod unix;

use std::future::poll_fn;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::task::{Poll, ready};

use socket2::Socket;
use tokio::io::unix::AsyncFd;

use crate::io::socket::watched;

/// How many connections may wait to be accepted, as far as the system allows.
pub(crate) const BACKLOG: i32 = 1024;

/// An open listener: its sockets, one for each runtime that is to accept.
#[derive(Debug)]
pub(crate) struct Bound {
    pub(crate) sockets: Vec<Socket>,
    /// What follows `http://`, or `unix:PATH`.
    pub(crate) name: Name,
    /// Clients come by TLS, if the server has certificates.
    pub(crate) redirects: bool,
    /// The file of a Unix socket, which goes with this.
    pub(crate) file: Option<unix::SocketFile>,
}

/// What a listener is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Name {
    Tcp(SocketAddr),
    Unix(String),
}

impl Bound {
    pub(crate) fn new(socket: Socket, copies: usize) -> io::Result<Self> {
        let address = socket.local_addr()?;
        let name = match (address.as_socket(), address.as_pathname()) {
            (Some(address), _) => Name::Tcp(address),
            (None, path) => {
                Name::Unix(path.map_or_else(String::new, |path| path.display().to_string()))
            }
        };
        socket.set_nonblocking(true)?;
        let mut sockets = vec![socket];
        while sockets.len() < copies {
            sockets.push(sockets[0].try_clone()?);
        }
        Ok(Self { sockets, name, redirects: false, file: None })
    }

    pub(crate) fn url(&self, is_tls: bool) -> String {
        let scheme = if is_tls && !self.redirects { "https" } else { "http" };
        match &self.name {
            Name::Tcp(address) => format!("{scheme}://{address}"),
            Name::Unix(path) => format!("unix:{path}"),
        }
    }
}

/// Opens what `address` says, with `copies` sockets.
pub(crate) async fn bind(
    address: &str,
    only_v6: bool,
    copies: usize,
    unix_mode: Option<u32>,
) -> io::Result<Vec<Bound>> {
    let bound = if address == "fd" {
        fd::take(copies)
    } else if let Some(path) = address.strip_prefix("unix:") {
        unix::bind(path.as_ref(), unix_mode, copies).map(|bound| vec![bound])
    } else {
        tcp::bind(address, only_v6, copies).await.map(|bound| vec![bound])
    };
    bound.map_err(|error| {
        io::Error::new(error.kind(), format!("cannot listen on {address}: {error}"))
    })
}

/// A listener in its runtime.
#[derive(Debug)]
pub(crate) struct Listener(AsyncFd<Socket>);

impl Listener {
    pub(crate) fn new(socket: Socket) -> io::Result<Self> {
        watched(socket).map(Self)
    }

    /// The next connection, and the client's address where it has one.
    pub(crate) async fn accept(&self) -> io::Result<(Socket, Option<SocketAddr>)> {
        poll_fn(|context| {
            loop {
                let mut ready = ready!(self.0.poll_read_ready(context))?;
                if let Ok(accepted) = ready.try_io(|listener| accept(listener.get_ref())) {
                    return Poll::Ready(accepted);
                }
            }
        })
        .await
    }

    /// A connection that waits already. `None`: there is none.
    pub(crate) fn accept_waiting(&self) -> Option<io::Result<(Socket, Option<SocketAddr>)>> {
        match accept(self.0.get_ref()) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => None,
            accepted => Some(accepted),
        }
    }
}

fn accept(listener: &Socket) -> io::Result<(Socket, Option<SocketAddr>)> {
    let (socket, address) = listener.accept()?;
    socket.set_nonblocking(true)?;
    Ok((socket, address.as_socket().map(canonical)))
}

/// A client of IPv4 on a listener of both families has its own address.
pub(crate) fn canonical(address: SocketAddr) -> SocketAddr {
    match address.ip().to_canonical() {
        ip @ IpAddr::V4(_) => SocketAddr::new(ip, address.port()),
        IpAddr::V6(_) => address,
    }
}
