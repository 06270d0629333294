//! What a client may cost: times, sizes and counts, each with a default.

use std::time::Duration;

/// The limits of a server. All are in force at once; `0` stands for no limit where a count may have
/// none.
///
/// ```
/// use std::time::Duration;
/// use paste_server::Limits;
///
/// let limits = Limits::new().header_timeout(Duration::from_secs(5)).max_connections(2000);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    pub(crate) header_timeout: Duration,
    pub(crate) idle_timeout: Duration,
    pub(crate) body_timeout: Duration,
    pub(crate) min_rate: u64,
    pub(crate) max_header_size: u32,
    pub(crate) max_headers: usize,
    pub(crate) max_connections: usize,
    pub(crate) max_connections_per_address: usize,
    pub(crate) max_requests: usize,
    pub(crate) http2_streams: u32,
    pub(crate) http2_resets: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            header_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(75),
            body_timeout: Duration::from_secs(75),
            min_rate: 256,
            max_header_size: 64 * 1024,
            max_headers: 100,
            max_connections: 10_000,
            max_connections_per_address: 0,
            max_requests: 10_000,
            http2_streams: 100,
            http2_resets: 100,
        }
    }
}

impl Limits {
    /// The default limits.
    pub fn new() -> Self {
        Self::default()
    }

    /// How long the head of a request may take: from the accept, or from the first byte of a later
    /// request. What a connection begins with (PROXY header, TLS handshake) is within it. Default:
    /// 10 s.
    #[must_use]
    pub fn header_timeout(mut self, timeout: Duration) -> Self {
        self.header_timeout = timeout;
        self
    }

    /// How long a connection may wait for its next request. Default: 75 s.
    #[must_use]
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = timeout;
        self
    }

    /// How long a body that is read may be silent, and how long a client may take nothing of an
    /// answer: over HTTP/1 the connection is cut, over HTTP/2 the stream is reset. Default: 75 s.
    #[must_use]
    pub fn body_timeout(mut self, timeout: Duration) -> Self {
        self.body_timeout = timeout;
        self
    }

    /// How many bytes of a body must come, or of an answer be taken, per second of waiting. Who is
    /// slower uses up the [`body_timeout`](Self::body_timeout) bit by bit, and is then cut; 0: only
    /// silence counts. Default: 256.
    #[must_use]
    pub fn min_rate(mut self, bytes_per_second: u64) -> Self {
        self.min_rate = bytes_per_second;
        self
    }

    /// How many bytes the request line and all headers together may have; beyond, 431. At least
    /// 8 KiB. Default: 64 KiB.
    #[must_use]
    pub fn max_header_size(mut self, bytes: u32) -> Self {
        self.max_header_size = bytes.max(8 * 1024);
        self
    }

    /// How many headers a request of HTTP/1 may have, at least 1; beyond, 431. Default: 100.
    #[must_use]
    pub fn max_headers(mut self, count: usize) -> Self {
        self.max_headers = count.max(1);
        self
    }

    /// How many connections may be open. Beyond that none is accepted until one closes. Default:
    /// 10,000.
    #[must_use]
    pub fn max_connections(mut self, count: usize) -> Self {
        self.max_connections = count;
        self
    }

    /// How many connections one address may have open, an IPv6 network of 64 bits counting as one;
    /// further ones are closed at once. Default: 0, no limit: behind a proxy all clients have one
    /// address.
    #[must_use]
    pub fn max_connections_per_address(mut self, count: usize) -> Self {
        self.max_connections_per_address = count;
        self
    }

    /// How many requests may be in the app, or be answered, at once; others get 503 with
    /// `Retry-After`. Default: 10,000.
    #[must_use]
    pub fn max_requests(mut self, count: usize) -> Self {
        self.max_requests = count;
        self
    }

    /// How many requests a connection of HTTP/2 may have open, at least 1. Default: 100.
    #[must_use]
    pub fn http2_streams(mut self, count: u32) -> Self {
        self.http2_streams = count.max(1);
        self
    }

    /// How many more requests a connection of HTTP/2 may cancel than it lets end, before it is cut
    /// (CVE-2023-44487). Default: 100.
    #[must_use]
    pub fn http2_resets(mut self, count: usize) -> Self {
        self.http2_resets = count;
        self
    }
}

/// Whether `count` is beyond `limit`, where 0 is no limit.
pub(crate) fn is_over(count: usize, limit: usize) -> bool {
    limit > 0 && count > limit
}
