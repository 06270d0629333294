//! The middleware that gives every request its session.
//!
//! 1. A session that no app touches costs no access to the store; one that nobody writes to is neither made
//!    nor sent.
//! 2. What changed is saved when the response, or the error, leaves this middleware, before its head is sent.
//!    What changes later (in a body that streams) is saved by [`Session::save`].
//! 3. An id comes from the system's randomness, never from the client: one that is not known is not adopted.
//! 4. The cookie has `HttpOnly`, `SameSite=Lax`, over https `Secure` and the prefix `__Host-`. It is sent when
//!    the id is new, not otherwise, unless the session is [rolling](Sessions::rolling).
//! 5. A session ends when it was not used for [`idle_timeout`](Sessions::idle_timeout), or is older than
//!    [`max_age`](Sessions::max_age), by the [`Clock`], whatever the store still has of it.
//! 6. Requests of one session at the same time: see [`Consistency`](crate::Consistency). What was destroyed is
//!    never written back.
//! 7. A session in which nothing is left is removed, and so is its cookie.
//! 8. Where the store fails, whoever needs it gets 503 with `Retry-After`, or goes on as if there were no
//!    session: see [`OnFailure`]. A record that cannot be read is a session that has ended; the log says so.
//! 9. A response that depends on the session has `Vary: Cookie`, and is no shared cache's to keep if it sets
//!    the cookie.
//!
//! ```
//! use paste_core::{AppExt, Request, Result, response};
//! use paste_session::{MemoryStore, SessionExt, Sessions};
//!
//! async fn counter(request: Request) -> Result {
//!     let visits = request.session()?.update("visits", |n: Option<u64>| n.unwrap_or(0) + 1).await?;
//!     Ok(response::text(format!("visit {visits}")))
//! }
//!
//! let app = counter.with(Sessions::new(MemoryStore::new()));
//! ```

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderValue, header};
use paste_core::cookies::SafeCookie;
use paste_core::{App, Clock, Error, Middleware, Request, Response, Result};

use crate::session::Session;
use crate::store::AnyStore;
use crate::{Key, Store, StoreError};

/// The longest time that a session may live: what is more would be no time that the system can tell.
const CENTURY: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// Gives every request its session. See the [module](self) for the rules.
#[derive(Clone, Debug)]
pub struct Sessions {
    pub(crate) options: Arc<Options>,
}

#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) store: Arc<dyn AnyStore>,
    pub(crate) cookie: SafeCookie,
    pub(crate) idle_timeout: Duration,
    pub(crate) max_age: Duration,
    pub(crate) rolling: bool,
    pub(crate) on_failure: OnFailure,
    pub(crate) clock: Clock,
}

/// What becomes of a request whose session cannot be had.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnFailure {
    /// It is answered with 503 and `Retry-After`.
    #[default]
    Refuse,
    /// It goes on as if there were no session; what it writes there is lost, and the log says so.
    Continue,
}

/// What is told of a session of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SessionInfo {
    /// What names it, for [`Sessions::revoke`].
    pub key: Key,
    /// When it began.
    pub created: SystemTime,
    /// When it ends, if it is not used again.
    pub expires: SystemTime,
}

impl Sessions {
    /// Sessions in this store, under a cookie `session`, that end after 12 hours without use and 30 days in
    /// all.
    pub fn new(store: impl Store) -> Self {
        Self::in_any(Arc::new(store))
    }

    /// The same in cookies that the clients keep themselves: see [`cookie_store`](crate::cookie_store).
    #[cfg(feature = "cookie-store")]
    pub fn in_cookie(store: crate::CookieStore) -> Self {
        Self::in_any(Arc::new(store))
    }

    fn in_any(store: Arc<dyn AnyStore>) -> Self {
        let cookie = SafeCookie::new("session").expect("a sound name");
        Self {
            options: Arc::new(Options {
                store,
                cookie,
                idle_timeout: Duration::from_secs(12 * 3600),
                max_age: Duration::from_secs(30 * 24 * 3600),
                rolling: false,
                on_failure: OnFailure::Refuse,
                clock: Clock::system(),
            }),
        }
    }

    /// The cookie: its name, and where it goes. Over https its name has a prefix.
    #[must_use]
    pub fn cookie(self, cookie: SafeCookie) -> Self {
        self.change(|options| options.cookie = cookie)
    }

    /// The name of the cookie. One that no cookie can have is an error with status 500.
    pub fn name(self, name: impl Into<Cow<'static, str>>) -> Result<Self> {
        let cookie = SafeCookie::new(name)?;
        Ok(self.change(|options| options.cookie = cookie))
    }

    /// How long a session lives without being used. That it was used is written down from time to time only,
    /// so that it may end up to a tenth earlier. At most 100 years.
    #[must_use]
    pub fn idle_timeout(self, time: Duration) -> Self {
        self.change(|options| options.idle_timeout = time.min(CENTURY))
    }

    /// How long a session lives in all: at most 100 years.
    #[must_use]
    pub fn max_age(self, time: Duration) -> Self {
        self.change(|options| options.max_age = time.min(CENTURY))
    }

    /// Whether the browser keeps the cookie when it is closed: for the idle time, and anew whenever that is
    /// written down. Default: no.
    #[must_use]
    pub fn rolling(self, rolling: bool) -> Self {
        self.change(|options| options.rolling = rolling)
    }

    /// What becomes of requests while the store fails.
    #[must_use]
    pub fn on_failure(self, on_failure: OnFailure) -> Self {
        self.change(|options| options.on_failure = on_failure)
    }

    /// Takes the time from `clock`.
    #[must_use]
    pub fn clock(self, clock: Clock) -> Self {
        self.change(|options| options.clock = clock)
    }

    fn change(mut self, change: impl FnOnce(&mut Options)) -> Self {
        change(Arc::make_mut(&mut self.options));
        self
    }

    /// Who holds a session himself cannot be asked for it.
    fn stored(&self) -> Result<&dyn AnyStore> {
        match self.options.store.client_held() {
            Some(_) => Err(Error::boxed(
                "sessions in cookies can be neither listed nor revoked: only their clients have them",
            )),
            None => Ok(&*self.options.store),
        }
    }

    /// The sessions of a user.
    pub async fn of_user(&self, user: &str) -> Result<Vec<SessionInfo>> {
        let now = self.options.clock.now();
        let all = self.stored()?.of_user(user).await.map_err(StoreError::into_error)?;
        let alive = all.into_iter().filter(|(_, record)| record.expires > now);
        Ok(alive
            .map(|(key, record)| SessionInfo {
                key,
                created: record.created,
                expires: record.expires,
            })
            .collect())
    }

    /// Ends one session, wherever it is in use.
    pub async fn revoke(&self, key: &Key) -> Result<()> {
        self.stored()?.destroy(key).await.map_err(StoreError::into_error)
    }

    /// Ends all sessions of a user; gives how many there were.
    pub async fn revoke_user(&self, user: &str) -> Result<usize> {
        let all = self.of_user(user).await?;
        for session in &all {
            self.revoke(&session.key).await?;
        }
        Ok(all.len())
    }
}

impl<A: App> Middleware<A> for Sessions {
    type App = WithSessions<A>;

    fn wrap(self, app: A) -> WithSessions<A> {
        WithSessions { app, sessions: self }
    }
}

/// An app whose requests have a session: see [`Sessions`].
#[derive(Clone, Debug)]
pub struct WithSessions<A> {
    app: A,
    sessions: Sessions,
}

impl<A: App> App for WithSessions<A> {
    async fn call(&self, mut request: Request) -> Result {
        let session = Session::of(Arc::clone(&self.sessions.options), &request);
        request.extensions_mut().insert(session.clone());
        let mut result = self.app.call(request).await;
        if !session.was_touched().await {
            return result;
        }
        let cookies = match session.leave().await {
            Ok(cookies) => cookies,
            Err(failure) => {
                return after_failure(result, failure, self.sessions.options.on_failure);
            }
        };
        describe(headers_of(&mut result), &cookies);
        result
    }
}

fn headers_of(result: &mut Result<Response>) -> &mut HeaderMap {
    match result {
        Ok(response) => response.headers_mut(),
        Err(error) => error.headers_mut(),
    }
}

/// An error of the app counts more than one of its session.
fn after_failure(result: Result, mut failure: Error, on_failure: OnFailure) -> Result {
    let goes_on = on_failure == OnFailure::Continue && failure.status().as_u16() == 503;
    if result.is_err() || goes_on {
        failure.log();
        return result;
    }
    Err(failure)
}

/// Says that the response depends on the session, and sets the cookie, if there is one to set.
fn describe(headers: &mut HeaderMap, cookies: &HeaderMap) {
    headers.append(header::VARY, const { HeaderValue::from_static("cookie") });
    if cookies.is_empty() {
        return;
    }
    headers.entry(header::CACHE_CONTROL).or_insert(const { HeaderValue::from_static("private") });
    for value in cookies.get_all(header::SET_COOKIE) {
        headers.append(header::SET_COOKIE, value.clone());
    }
}
