//! Sockets that another program has opened, by the protocol of systemd: `LISTEN_FDS` says how many,
//! from descriptor 3 on, and `LISTEN_PID` for which process.
//!
//! 1. What was not handed to this process is not taken.
//! 2. Each must be a stream socket, of TCP or Unix, that listens; else the error names it.

use std::ffi::OsStr;
use std::io;
use std::os::fd::OwnedFd;

use listenfd::ListenFd;
use socket2::Socket;

use super::Bound;

/// Takes all sockets that were handed over.
pub(crate) fn take(copies: usize) -> io::Result<Vec<Bound>> {
    let count = std::env::var_os("LISTEN_FDS");
    let is_number =
        |count: &OsStr| count.to_str().is_some_and(|count| count.parse::<u32>().is_ok());
    let mut sockets = ListenFd::from_env();
    if sockets.len() == 0 {
        let message = match count {
            Some(count) if !is_number(&count) => {
                let count = count.display();
                format!("LISTEN_FDS is `{count}`, expected how many sockets are handed over")
            }
            Some(_) => {
                "the sockets in LISTEN_FDS are for another process (LISTEN_PID), or there are none"
                    .to_owned()
            }
            None => "no sockets were handed over: LISTEN_FDS is not set".to_owned(),
        };
        return Err(io::Error::new(io::ErrorKind::NotFound, message));
    }
    (0..sockets.len()).map(|index| Bound::new(take_one(&mut sockets, index)?, copies)).collect()
}

fn take_one(sockets: &mut ListenFd, index: usize) -> io::Result<Socket> {
    let tcp = sockets.take_tcp_listener(index).map(|taken| taken.map(OwnedFd::from));
    let taken =
        tcp.or_else(|_| sockets.take_unix_listener(index).map(|taken| taken.map(OwnedFd::from)));
    let number = index + 3;
    let wrong = |what: &str| {
        let message = format!("descriptor {number} {what}");
        io::Error::new(io::ErrorKind::InvalidInput, message)
    };
    match taken {
        Ok(Some(descriptor)) => {
            let socket = Socket::from(descriptor);
            if socket.is_listener().unwrap_or(true) {
                Ok(socket)
            } else {
                Err(wrong("is a socket that does not listen"))
            }
        }
        Ok(None) | Err(_) => Err(wrong("is not a stream socket of TCP or Unix")),
    }
}
