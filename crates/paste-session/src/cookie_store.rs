//! Sessions that the clients hold themselves: no state on the server, and what follows from that.
//!
//! 1. A session is the value of its cookie, encrypted and authenticated by the private jar of the crate `cookie`,
//!    together with the cookie's name. Clients can neither read nor change it.
//! 2. A value that was changed in any way, or comes from another secret or another cookie, is no session. No other
//!    way to read it is tried.
//! 3. When the session ends stands inside: the idle time and the age hold, whatever the client does.
//! 4. A secret has at least 32 bytes. The newest encrypts, [older](CookieStore::older) ones are still read.
//! 5. Name and value take 4096 bytes at most, as browsers drop what is larger: more is
//!    [`StoreError::TooLarge`], an error with status 500.
//! 6. The client has it: of requests at the same time the last answer counts, also where one has ended the
//!    session, and a copy that someone has kept works until it expires. Nobody can list or revoke sessions:
//!    those methods of [`Sessions`](crate::Sessions) are errors with status 500.
//!    [`Session::update`](crate::Session::update) works within one request, and counts no others.
//!
//! ```
//! use paste_core::{AppExt, Request, Result, response};
//! use paste_session::{CookieStore, SessionExt, Sessions};
//!
//! async fn theme(request: Request) -> Result {
//!     let theme = request.session()?.get::<String>("theme").await?;
//!     Ok(response::text(theme.unwrap_or_default()))
//! }
//!
//! # fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
//! let secret = std::env::var("SECRET").unwrap_or_else(|_| "for this example alone, as long as it must be".into());
//! let app = theme.with(Sessions::in_cookie(CookieStore::new(secret)?));
//! # Ok(()) }
//! ```

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use paste_core::cookies::cookie::Key as CookieKey;
use paste_core::cookies::{Cookie, CookieJar};

use crate::store::{AnyStore, Boxed, ClientHeld};
use crate::{Consistency, Key, Record, Saved, StoreError, stored};

/// How large a name and its value may be together (RFC 6265bis, section 5.6).
const MOST: usize = 4096;

/// How long a secret must be.
const SECRET: usize = 32;

/// Has the clients hold their sessions: for [`Sessions::in_cookie`](crate::Sessions::in_cookie). See the
/// [module](self) for the rules.
#[derive(Clone)]
pub struct CookieStore(Arc<Vec<CookieKey>>);

/// A secret has fewer than 32 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the secret is too short: expected at least 32 bytes")]
pub struct ShortSecret;

impl CookieStore {
    /// Encrypts with this secret, of at least 32 bytes that nobody can guess.
    pub fn new(secret: impl AsRef<[u8]>) -> Result<Self, ShortSecret> {
        Self(Arc::default()).older(secret)
    }

    /// Reads what was encrypted with this secret, too: one that was used before.
    pub fn older(mut self, secret: impl AsRef<[u8]>) -> Result<Self, ShortSecret> {
        let secret = secret.as_ref();
        if secret.len() < SECRET {
            return Err(ShortSecret);
        }
        Arc::make_mut(&mut self.0).push(CookieKey::derive_from(secret));
        Ok(self)
    }

    /// What it promises about requests at the same time.
    pub fn consistency(&self) -> Consistency {
        Consistency::ClientHeld
    }
}

impl ClientHeld for CookieStore {
    fn seal(&self, name: &str, record: &Record) -> Result<String, StoreError> {
        let mut jar = CookieJar::new();
        let newest = self.0.first().expect("there is one from the beginning");
        jar.private_mut(newest).add(Cookie::new(name.to_owned(), stored::to_json(record)));
        let sealed = jar.get(name).expect("it was added").value();
        let size = name.len() + sealed.len();
        if size > MOST {
            return Err(StoreError::TooLarge(format!("{size} bytes for a cookie, at most {MOST}")));
        }
        Ok(sealed.to_owned())
    }

    fn open(&self, name: &str, value: &str) -> Option<Record> {
        let jar = CookieJar::new();
        let cookie = Cookie::new(name.to_owned(), value.to_owned());
        let opened = self.0.iter().find_map(|key| jar.private(key).decrypt(cookie.clone()))?;
        stored::from_json(opened.value().as_bytes()).ok()
    }
}

/// Nothing is stored, so that all goes well.
impl AnyStore for CookieStore {
    fn client_held(&self) -> Option<&dyn ClientHeld> {
        Some(self)
    }

    fn load<'a>(&'a self, _: &'a Key) -> Boxed<'a, Option<Record>> {
        Box::pin(async { Ok(None) })
    }

    fn create<'a>(&'a self, _: &'a Key, _: &'a Record, _: SystemTime) -> Boxed<'a, bool> {
        Box::pin(async { Ok(true) })
    }

    fn save<'a>(&'a self, _: &'a Key, _: &'a Record, _: SystemTime) -> Boxed<'a, Saved> {
        Box::pin(async { Ok(Saved::Saved) })
    }

    fn destroy<'a>(&'a self, _: &'a Key) -> Boxed<'a, ()> {
        Box::pin(async { Ok(()) })
    }

    fn of_user<'a>(&'a self, _: &'a str) -> Boxed<'a, Vec<(Key, Record)>> {
        Box::pin(async { Ok(Vec::new()) })
    }
}

/// Nothing of the secrets.
impl fmt::Debug for CookieStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CookieStore({} secrets)", self.0.len())
    }
}
