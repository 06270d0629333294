//! TCP listeners.

use std::io;
use std::net::SocketAddr;

use socket2::{Domain, Protocol, Socket, Type};

use super::{BACKLOG, Bound};

/// Listens on the first address of `address` that can be had. With `copies`, as many sockets share
/// it, and the system spreads clients over them; that another program has it is an error all the same,
/// unless both begin at once.
pub(crate) async fn bind(address: &str, only_v6: bool, copies: usize) -> io::Result<Bound> {
    let mut failure = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for candidate in tokio::net::lookup_host(address).await? {
        match bind_all(candidate, only_v6, copies) {
            Ok(bound) => return Ok(bound),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

fn bind_all(address: SocketAddr, only_v6: bool, copies: usize) -> io::Result<Bound> {
    let share = copies > 1;
    if share && address.port() != 0 {
        // Those that share an address do not keep out another program that shares it, too.
        drop(reserve(address, only_v6, false)?);
    }
    let mut bound = Bound::new(open(address, only_v6, share)?, 1)?;
    // Where the system gave a free port, the others take the same.
    let address = bound.sockets[0].local_addr()?.as_socket().unwrap_or(address);
    while bound.sockets.len() < copies {
        let socket = open(address, only_v6, share)?;
        socket.set_nonblocking(true)?;
        bound.sockets.push(socket);
    }
    Ok(bound)
}

fn open(address: SocketAddr, only_v6: bool, share: bool) -> io::Result<Socket> {
    let socket = reserve(address, only_v6, share)?;
    socket.listen(BACKLOG)?;
    Ok(socket)
}

/// A socket that has the address, and does not listen yet.
fn reserve(address: SocketAddr, only_v6: bool, share: bool) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // A restart need not wait until the old connections are forgotten.
    socket.set_reuse_address(true)?;
    if share {
        socket.set_reuse_port(true)?;
    }
    if address.is_ipv6() {
        socket.set_only_v6(only_v6)?;
    }
    socket.bind(&address.into())?;
    Ok(socket)
}
