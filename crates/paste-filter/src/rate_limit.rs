//! Limits how many requests a client, or a user, may make.
//!
//! 1. `RateLimit::new(60, minute)` lets each client make 60 requests at once, and then one a second: what
//!    is used up comes back evenly (the generic cell rate algorithm, which needs one time per client).
//! 2. A request beyond that is answered with 429 and `Retry-After`, and does not count.
//! 3. A client is an IPv4 address, or the first 64 bits of an IPv6 address, which are one household's. By
//!    [`by_user`](RateLimit::by_user) it is the [`RemoteUser`](paste_core::RemoteUser), for those who
//!    are logged in further out.
//! 4. It remembers a bounded number of clients, and forgets the one that came least recently.
//! 5. Without a client's address nothing can be counted: the request is refused with 500, and the log says
//!    what to do.
//!
//! ```
//! use std::time::Duration;
//! use paste_core::{AppExt, Request, Result, response};
//! use paste_filter::RateLimit;
//!
//! async fn hello(_request: Request) -> Result { Ok(response::text("hi")) }
//!
//! let app = hello.with(RateLimit::new(60, Duration::from_secs(60)));
//! ```

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use lru::LruCache;
use paste_core::{App, Clock, Error, Middleware, Request, RequestExt, Result};

/// How many clients are remembered, unless said otherwise.
const MAX_CLIENTS: NonZeroUsize = NonZeroUsize::new(10_000).expect("is not zero");

/// Limits the rate of requests. See the [module](self) for the rules.
#[derive(Clone, Debug)]
pub struct RateLimit {
    /// How long a client waits for one more request, once it has used up all.
    interval: Duration,
    per: Duration,
    by_user: bool,
    clock: Clock,
    clients: Arc<Mutex<Clients>>,
}

/// When each client will have all its requests back.
struct Clients(LruCache<Key, SystemTime>);

#[derive(Debug, PartialEq, Eq, Hash)]
enum Key {
    Address(IpAddr),
    User(String),
}

impl RateLimit {
    /// At most `requests` (at least one) in the time `per`, for each client's address; the 10,000 that
    /// came last are remembered.
    pub fn new(requests: u32, per: Duration) -> Self {
        let clients = Clients(LruCache::new(MAX_CLIENTS));
        Self {
            interval: per / requests.max(1),
            per,
            by_user: false,
            clock: Clock::system(),
            clients: Arc::new(Mutex::new(clients)),
        }
    }

    /// Counts those who are logged in by their name instead of their address.
    #[must_use]
    pub fn by_user(mut self) -> Self {
        self.by_user = true;
        self
    }

    /// Remembers so many clients, and forgets all so far.
    #[must_use]
    pub fn max_clients(mut self, count: NonZeroUsize) -> Self {
        self.clients = Arc::new(Mutex::new(Clients(LruCache::new(count))));
        self
    }

    /// Takes the time from `clock`.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    fn key(&self, request: &Request) -> Option<Key> {
        match request.remote_user() {
            Some(user) if self.by_user => Some(Key::User(user.name().to_owned())),
            _ => Some(Key::Address(network(request.client_addr()?.0.ip()))),
        }
    }

    /// Takes one request, or tells how long the client must wait for one.
    fn take(&self, key: Key) -> Result<(), Duration> {
        let now = self.clock.now();
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        // A clock that was set back does not lock a client out for longer than `per`.
        let whole_at = clients.0.get(&key).map_or(now, |at| (*at).clamp(now, now + self.per));
        let next = whole_at + self.interval;
        let wait = next.duration_since(now + self.per).unwrap_or_default();
        clients.0.put(key, if wait.is_zero() { next } else { whole_at });
        if wait.is_zero() { Ok(()) } else { Err(wait) }
    }
}

/// What stands for one client: an IPv6 address without its last 64 bits.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        address @ IpAddr::V4(_) => address,
    }
}

impl<A: App> Middleware<A> for RateLimit {
    type App = WithRateLimit<A>;

    fn wrap(self, app: A) -> WithRateLimit<A> {
        WithRateLimit { app, limit: self }
    }
}

/// An app to which [`RateLimit`] lets each client only so often.
#[derive(Clone, Debug)]
pub struct WithRateLimit<A> {
    app: A,
    limit: RateLimit,
}

impl<A: App> App for WithRateLimit<A> {
    async fn call(&self, request: Request) -> Result {
        let key = self.limit.key(&request).ok_or_else(no_address)?;
        match self.limit.take(key) {
            Ok(()) => self.app.call(request).await,
            Err(wait) => Err(Error::too_many_requests(wait)),
        }
    }
}

#[track_caller]
fn no_address() -> Error {
    Error::boxed(
        "rate-limit: the request has no client address. The server sets it for TCP; behind a proxy on a \
         Unix socket set trusted proxies, under axum insert ClientAddr from ConnectInfo",
    )
}

impl fmt::Debug for Clients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} clients", self.0.len())
    }
}
