//! Headers, typed: what the [`headers`] crate lacks, and that crate itself.
//!
//! All of them are always there, and read text or a [`HeaderMap`](http::HeaderMap) by themselves. With
//! the feature `headers`, they are [`headers::Header`]s beside those of that crate:
//!
//! ```
//! # #[cfg(feature = "headers")] {
//! use paste_core::header::headers::{CacheControl, HeaderMapExt};
//! use paste_core::header::{Accept, Links};
//!
//! let request = http::Request::get("/").header("accept", "text/html;q=0.5").body(())?;
//! let accept: Accept = request.headers().typed_get().unwrap_or_default();
//! assert_eq!(accept.quality("text/html"), 500);
//! assert!(request.headers().typed_get::<CacheControl>().is_none());
//! assert!(request.headers().typed_get::<Links>().is_none());
//! # }
//! # Ok::<(), http::Error>(())
//! ```
//!
//! A malformed header never fails a request: lists pass over what is malformed in them, and the others
//! count as absent.

mod accept;
mod accept_charset;
mod accept_encoding;
mod accept_language;
mod digest;
mod forwarded;
mod links;
mod quality;
pub(crate) mod scan;
#[cfg(feature = "headers")]
mod typed;

pub use self::accept::{Accept, MediaRange};
pub use self::accept_charset::AcceptCharset;
pub use self::accept_encoding::AcceptEncoding;
pub use self::accept_language::AcceptLanguage;
pub use self::digest::{DigestChallenge, DigestCredentials};
pub use self::forwarded::{Forwarded, ForwardedElement, Node};
pub use self::links::{Links, WebLink};
pub use self::quality::Quality;

/// The typed headers of the [`headers`](https://docs.rs/headers) crate.
#[cfg(feature = "headers")]
pub use ::headers;
