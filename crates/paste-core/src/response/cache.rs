//! `Cache-Control` (RFC 9111, section 5.2.2), and the `Expires` and `Date` that go with it.

use std::fmt::Write as _;
use std::time::Duration;

use headers::{Date, Expires, HeaderMapExt};
use http::{HeaderMap, HeaderValue, header};

use crate::Clock;

/// Who may keep a response, and for how long.
///
/// ```
/// use std::time::Duration;
/// use paste_core::response::{self, CacheControl};
///
/// let mut page = response::text("hi");
/// CacheControl::public().max_age(Duration::from_secs(60)).apply(page.headers_mut());
/// assert_eq!(page.headers()["cache-control"], "public, max-age=60");
/// ```
///
/// What contradicts itself cannot be said: one of [`public`](Self::public), [`private`](Self::private),
/// [`no_cache`](Self::no_cache) and [`no_store`](Self::no_store) comes first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheControl {
    scope: Scope,
    max_age: Option<Duration>,
    s_maxage: Option<Duration>,
    stale_while_revalidate: Option<Duration>,
    stale_if_error: Option<Duration>,
    flags: Vec<&'static str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope {
    Public,
    Private,
    NoCache,
    NoStore,
}

impl CacheControl {
    /// Everyone may keep it, also where the request was authenticated.
    pub fn public() -> Self {
        Self::of(Scope::Public)
    }

    /// Only the client may keep it, no cache on the way.
    pub fn private() -> Self {
        Self::of(Scope::Private)
    }

    /// Who keeps it asks before each use.
    pub fn no_cache() -> Self {
        Self::of(Scope::NoCache)
    }

    /// Nobody keeps it.
    pub fn no_store() -> Self {
        Self::of(Scope::NoStore)
    }

    fn of(scope: Scope) -> Self {
        Self {
            scope,
            max_age: None,
            s_maxage: None,
            stale_while_revalidate: None,
            stale_if_error: None,
            flags: Vec::new(),
        }
    }

    /// How long it is fresh, in whole seconds.
    #[must_use]
    pub fn max_age(mut self, age: Duration) -> Self {
        self.max_age = Some(age);
        self
    }

    /// How long it is fresh for caches that many share.
    #[must_use]
    pub fn s_maxage(mut self, age: Duration) -> Self {
        self.s_maxage = Some(age);
        self
    }

    /// How long it may be used when it is no longer fresh, while it is asked for anew (RFC 5861).
    #[must_use]
    pub fn stale_while_revalidate(mut self, time: Duration) -> Self {
        self.stale_while_revalidate = Some(time);
        self
    }

    /// How long it may be used when it is no longer fresh and asking fails (RFC 5861).
    #[must_use]
    pub fn stale_if_error(mut self, time: Duration) -> Self {
        self.stale_if_error = Some(time);
        self
    }

    /// It never changes while it is fresh: not even a reload asks (RFC 8246).
    #[must_use]
    pub fn immutable(self) -> Self {
        self.flag("immutable")
    }

    /// What is not fresh must not be used unasked.
    #[must_use]
    pub fn must_revalidate(self) -> Self {
        self.flag("must-revalidate")
    }

    /// Nobody on the way may change the content.
    #[must_use]
    pub fn no_transform(self) -> Self {
        self.flag("no-transform")
    }

    fn flag(mut self, flag: &'static str) -> Self {
        if !self.flags.contains(&flag) {
            self.flags.push(flag);
        }
        self
    }

    /// The value of the header. What means nothing beside `no-store` is left out.
    pub fn value(&self) -> HeaderValue {
        let scope = match self.scope {
            Scope::Public => "public",
            Scope::Private => "private",
            Scope::NoCache => "no-cache",
            Scope::NoStore => return HeaderValue::from_static("no-store"),
        };
        let mut text = scope.to_owned();
        let shared = self.s_maxage.filter(|_| self.scope != Scope::Private);
        for (name, time) in [
            ("max-age", self.max_age),
            ("s-maxage", shared),
            ("stale-while-revalidate", self.stale_while_revalidate),
            ("stale-if-error", self.stale_if_error),
        ] {
            if let Some(time) = time {
                let _ = write!(text, ", {name}={}", time.as_secs());
            }
        }
        for flag in &self.flags {
            text += ", ";
            text += flag;
        }
        HeaderValue::try_from(text).expect("words and numbers")
    }

    /// Sets the header; an `Expires` that was there, and might say something else, goes.
    pub fn apply(&self, headers: &mut HeaderMap) {
        headers.insert(header::CACHE_CONTROL, self.value());
        headers.remove(header::EXPIRES);
    }

    /// Sets the header, and `Date` and `Expires` by `clock`, for caches that know only HTTP/1.0: what
    /// is public expires after its `max-age`, what is not has expired already.
    pub fn apply_with_expires(&self, headers: &mut HeaderMap, clock: &Clock) {
        self.apply(headers);
        let now = clock.now();
        headers.typed_insert(Date::from(now));
        let expires = match (self.scope, self.max_age) {
            (Scope::Public, None) => return,
            (Scope::Public, Some(age)) => now.checked_add(age).unwrap_or(now),
            _ => now,
        };
        headers.typed_insert(Expires::from(expires));
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    #[test]
    fn values_are_written_in_one_order() {
        let minute = Duration::from_secs(60);
        for (control, text) in [
            (CacheControl::public(), "public"),
            (CacheControl::private().max_age(minute).s_maxage(minute), "private, max-age=60"),
            (
                CacheControl::no_cache().must_revalidate().must_revalidate(),
                "no-cache, must-revalidate",
            ),
            (CacheControl::no_store().max_age(minute).immutable(), "no-store"),
            (
                CacheControl::public()
                    .immutable()
                    .no_transform()
                    .max_age(Duration::from_millis(1999))
                    .s_maxage(minute)
                    .stale_while_revalidate(minute)
                    .stale_if_error(minute),
                "public, max-age=1, s-maxage=60, stale-while-revalidate=60, stale-if-error=60, immutable, no-transform",
            ),
        ] {
            assert_eq!(control.value(), text);
        }
    }

    #[test]
    fn expires_goes_by_the_clock() {
        let clock = Clock::manual(SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777));
        let now = "Sun, 06 Nov 1994 08:49:37 GMT";
        for (control, expires) in [
            (
                CacheControl::public().max_age(Duration::from_secs(60)),
                Some("Sun, 06 Nov 1994 08:50:37 GMT"),
            ),
            (CacheControl::public(), None),
            (CacheControl::private().max_age(Duration::from_secs(60)), Some(now)),
            (CacheControl::no_cache(), Some(now)),
            (CacheControl::public().max_age(Duration::MAX), Some(now)),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::EXPIRES, HeaderValue::from_static("0"));
            control.apply_with_expires(&mut headers, &clock);
            let value = headers.get(header::EXPIRES).map(|value| value.to_str().unwrap());
            assert_eq!((value, headers[header::DATE].to_str().unwrap()), (expires, now));
        }
    }
}
