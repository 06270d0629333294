//! What all parts of a running server share, and what a program may do to it from outside.

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::Limits;
use crate::io::files::Marker;
use crate::limits::is_over;
use crate::metrics::{Counters, Tally, count};
use crate::tls::Certificates;

/// A running server, from outside: stops it, cuts it, changes its limits, reads its counters. Clones
/// are the same server.
#[derive(Clone, Debug)]
pub struct Handle(pub(crate) Arc<Control>);

impl Handle {
    /// Stops the server: it accepts no more, answers what it has, and ends. What has not ended after
    /// the graceful timeout is cut.
    pub fn stop(&self) {
        self.0.is_stopping.store(true, Ordering::Release);
        self.0.stopping.cancel();
    }

    /// Ends the server at once, whatever runs.
    pub fn cut(&self) {
        self.stop();
        self.0.cutting.cancel();
    }

    /// What the server has done so far.
    pub fn counters(&self) -> Counters {
        self.0.tally.look()
    }

    /// Sets other limits. Connections that are open keep theirs, but for those that count
    /// connections and requests.
    pub fn set_limits(&self, limits: Limits) {
        self.0.max_requests.store(limits.max_requests, Ordering::Relaxed);
        *self.0.limits.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(limits);
        self.0.closed.notify_waiters();
    }

    /// Reads the certificates of TLS anew, for connections from now on. If one is wrong, the old
    /// ones stay, and the error says why. They are also read when their files change.
    pub fn reload_certificates(&self) -> io::Result<()> {
        self.0.certificates.as_ref().map_or(Ok(()), Certificates::reload)
    }
}

/// What the parts share.
#[derive(Debug)]
pub(crate) struct Control {
    /// No new requests: those that have begun finish. The flag is set first, and cheap to ask.
    pub(crate) stopping: CancellationToken,
    is_stopping: AtomicBool,
    /// The end, finished or not.
    pub(crate) cutting: CancellationToken,
    pub(crate) connections: TaskTracker,
    pub(crate) tally: Arc<Tally>,
    pub(crate) certificates: Option<Certificates>,
    /// What stands for files that the system is to send.
    pub(crate) marker: Option<Marker>,
    limits: RwLock<Arc<Limits>>,
    /// One of the limits, without the lock: each request asks.
    max_requests: AtomicUsize,
    /// Told when a connection has closed.
    closed: Notify,
    by_address: Mutex<HashMap<IpAddr, usize>>,
}

impl Control {
    pub(crate) fn new(
        limits: Limits,
        certificates: Option<Certificates>,
        marker: Option<Marker>,
    ) -> Arc<Self> {
        Arc::new(Self {
            stopping: CancellationToken::new(),
            is_stopping: AtomicBool::new(false),
            cutting: CancellationToken::new(),
            connections: TaskTracker::new(),
            tally: Arc::default(),
            certificates,
            marker,
            max_requests: AtomicUsize::new(limits.max_requests),
            limits: RwLock::new(Arc::new(limits)),
            closed: Notify::new(),
            by_address: Mutex::default(),
        })
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.is_stopping.load(Ordering::Acquire)
    }

    pub(crate) fn limits(&self) -> Arc<Limits> {
        Arc::clone(&self.limits.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn max_requests(&self) -> usize {
        self.max_requests.load(Ordering::Relaxed)
    }

    /// Waits until one more connection may be open.
    pub(crate) async fn room(&self) {
        loop {
            let closed = self.closed.notified();
            let open = self.tally.open_connections.load(Ordering::Relaxed);
            if !is_over(open + 1, self.limits().max_connections) {
                return;
            }
            closed.await;
        }
    }

    /// Counts a connection in. `None`: its address has too many.
    pub(crate) fn enter(self: &Arc<Self>, address: Option<IpAddr>) -> Option<Slot> {
        let limit = self.limits().max_connections_per_address;
        let network = address.filter(|_| limit > 0).map(network);
        if let Some(network) = network {
            let mut by_address = self.by_address.lock().unwrap_or_else(PoisonError::into_inner);
            let open = by_address.entry(network).or_default();
            if *open >= limit {
                count(&self.tally.refused_connections);
                return None;
            }
            *open += 1;
        }
        count(&self.tally.connections);
        self.tally.open_connections.fetch_add(1, Ordering::Relaxed);
        Some(Slot { control: Arc::clone(self), network })
    }
}

/// An IPv6 client has a whole network of addresses.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => {
            let host_bits = u128::from(u64::MAX);
            IpAddr::V6((v6.to_bits() & !host_bits).into())
        }
    }
}

/// The place that a connection takes while it is open.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) control: Arc<Control>,
    network: Option<IpAddr>,
}

impl Drop for Slot {
    fn drop(&mut self) {
        if let Some(network) = self.network {
            let by_address = &self.control.by_address;
            let mut by_address = by_address.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(open) = by_address.get_mut(&network) {
                *open -= 1;
                if *open == 0 {
                    by_address.remove(&network);
                }
            }
        }
        self.control.tally.open_connections.fetch_sub(1, Ordering::Relaxed);
        self.control.closed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_network_counts_as_one_address() {
        let control = Control::new(Limits::new().max_connections_per_address(1), None, None);
        let enter = |address: &str| control.enter(Some(address.parse().unwrap()));
        let first = enter("2001:db8::1");
        assert!(first.is_some() && enter("2001:db8::ffff:1").is_none());
        assert!(enter("2001:db8:0:1::1").is_some() && enter("192.0.2.1").is_some());
        drop(first);
        assert!(enter("2001:db8::2").is_some());
        let counters = control.tally.look();
        assert_eq!((counters.connections, counters.open_connections), (4, 0));
        assert_eq!(counters.refused_connections, 1);
    }
}
