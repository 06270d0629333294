//! Sessions of the Paste web toolkit: `paste.session`, but such that nothing is lost, and nothing that ended
//! comes back.
//!
//! [`Sessions`] is the middleware, [`Session`] what an app gets of it by
//! [`request.session()`](SessionExt::session), and a [`Store`] is where sessions are kept:
//!
//! | store | feature | [consistency](Consistency) | lists a user's sessions |
//! | --- | --- | --- | --- |
//! | [`MemoryStore`] | | merging | yes |
//! | [`FileStore`] | `file` | merging | yes, reading every session |
//! | [`SqliteStore`] | `sqlite` | merging | yes |
//! | [`RedisStore`] | `redis`, `redis-cluster` | merging | yes |
//! | [`PostgresStore`] | `postgres` | merging | yes |
//! | [`CookieStore`] | `cookie-store` | client-held | no |

#[cfg(feature = "conformance")]
pub mod conformance;
#[cfg(feature = "cookie-store")]
pub mod cookie_store;
mod error;
#[cfg(feature = "file")]
pub mod file;
mod id;
pub mod memory;
mod pending;
#[cfg(feature = "postgres")]
pub mod postgres;
mod record;
#[cfg(feature = "redis")]
pub mod redis;
mod session;
pub mod sessions;
#[cfg(feature = "sqlite")]
pub mod sqlite;
mod store;
#[cfg(any(feature = "cookie-store", feature = "file", feature = "redis"))]
mod stored;

#[cfg(feature = "cookie-store")]
pub use cookie_store::{CookieStore, ShortSecret};
pub use error::StoreError;
#[cfg(feature = "file")]
pub use file::FileStore;
pub use id::{Key, KeyError};
pub use memory::MemoryStore;
#[cfg(feature = "postgres")]
pub use postgres::PostgresStore;
pub use record::{Record, Values};
#[cfg(feature = "redis")]
pub use redis::RedisStore;
pub use session::{Flash, Session, SessionExt};
pub use sessions::{OnFailure, SessionInfo, Sessions, WithSessions};
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteStore;
pub use store::{Consistency, Saved, Store};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
