//! What a server has done so far, for programs that show it.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

/// A look at the counters of a server: see [`Handle::counters`](crate::Handle::counters). All grow,
/// but for those that say `open` or `running`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// Connections accepted.
    pub connections: u64,
    /// Connections that are open now, upgraded ones among them.
    pub open_connections: usize,
    /// Requests begun.
    pub requests: u64,
    /// Requests in the app now, or being answered.
    pub running_requests: usize,
    /// Bytes read from clients, as they came on the wire.
    pub bytes_read: u64,
    /// Bytes written to clients, as they went on the wire.
    pub bytes_written: u64,
    /// Connections closed at once, because their address had too many.
    pub refused_connections: u64,
    /// Requests answered with 503, because too many were running.
    pub refused_requests: u64,
    /// Connections closed because a client took too long: for a head, a body, an answer, or TLS.
    pub timeouts: u64,
}

/// The counters as they are kept.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) connections: AtomicU64,
    pub(crate) open_connections: AtomicUsize,
    pub(crate) requests: AtomicU64,
    pub(crate) running_requests: AtomicUsize,
    pub(crate) bytes_read: AtomicU64,
    pub(crate) bytes_written: AtomicU64,
    pub(crate) refused_connections: AtomicU64,
    pub(crate) refused_requests: AtomicU64,
    pub(crate) timeouts: AtomicU64,
}

impl Tally {
    pub(crate) fn look(&self) -> Counters {
        Counters {
            connections: self.connections.load(Relaxed),
            open_connections: self.open_connections.load(Relaxed),
            requests: self.requests.load(Relaxed),
            running_requests: self.running_requests.load(Relaxed),
            bytes_read: self.bytes_read.load(Relaxed),
            bytes_written: self.bytes_written.load(Relaxed),
            refused_connections: self.refused_connections.load(Relaxed),
            refused_requests: self.refused_requests.load(Relaxed),
            timeouts: self.timeouts.load(Relaxed),
        }
    }
}

/// Counts one more.
pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Relaxed);
}
