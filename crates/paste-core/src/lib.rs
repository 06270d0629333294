//! The heart of Paste for Rust, a web toolkit of small pieces that nest (not the token-pasting
//! macro crate): the app trait, the body, the error and the request environment that every other
//! crate of the toolkit builds on.
//!
//! An [`App`] takes an [`http::Request`] and gives an [`http::Response`] or an [`Error`]. A
//! [`Middleware`] turns one app into another. Async functions are apps:
//!
//! ```
//! use paste_core::{AppExt, HttpErrors, Request, RequestExt, Result, ResultExt, response};
//!
//! async fn hello(request: Request) -> Result {
//!     let path = request.path_info();
//!     let name = path.strip_prefix("/hello/").not_found()?;
//!     Ok(response::text(format!("Hello, {name}!")))
//! }
//!
//! let app = hello.with(HttpErrors::new());
//! ```
//!
//! What an app and a middleware may rely on is written down, sentence by sentence, in
//! `SEMANTICS.md` at the root of the repository.
//!
//! # Features
//!
//! | feature | default | what it adds |
//! | --- | --- | --- |
//! | `cookie` | yes | [`cookies`]: read, and set with safe defaults |
//! | `form` | yes | [`form`], typed queries, and [`Link`] |
//! | `headers` | yes | typed headers in [`header`], those of the `headers` crate among them, and [`response::CacheControl`] |
//! | `json` | yes | JSON bodies, [`response::json`], and problem+json as a third form of error pages |
//! | `tower` | yes | the [`tower`] module: apps as services, services as apps, and the same for layers |
//! | `multipart` | no | `multipart`: forms with files, in flat memory; charsets of old forms |
//! | `spool` | no | `spool`: bytes kept in memory while they are few, in a temporary file beyond |
//! | `tokio` | no | bodies from channels and readers, `response::keep_alive` |
//! | `signed`, `private` | no | the signed and the encrypted jar of the `cookie` crate |

mod after;
pub mod allowed_hosts;
mod app;
mod body;
mod clock;
#[cfg(any(feature = "json", feature = "form"))]
mod content_type;
#[cfg(feature = "cookie")]
pub mod cookies;
mod environ;
mod error;
mod escape;
#[cfg(feature = "form")]
pub mod form;
pub mod header;
pub mod host;
pub mod http_errors;
#[cfg(feature = "form")]
pub mod link;
mod middleware;
#[cfg(feature = "multipart")]
pub mod multipart;
pub mod path;
mod read;
mod request;
mod resolve;
pub mod response;
#[cfg(feature = "spool")]
pub mod spool;
#[cfg(feature = "tower")]
pub mod tower;
pub mod trusted_proxies;

pub use after::after;
pub use allowed_hosts::{AllowedHosts, WithAllowedHosts};
pub use app::{App, AppExt, BoxApp};
#[cfg(feature = "tokio")]
pub use body::BodySender;
pub use body::{Body, DataStream, FileRange, Sent};
pub use clock::Clock;
pub use environ::{ClientAddr, OriginalUri, RemoteUser, Scheme, ScriptName};
pub use error::{BoxError, Error, Forward, Note, ResultExt};
pub use escape::escape;
pub use http_errors::{ErrorRenderer, HttpErrors, WithHttpErrors};
#[cfg(feature = "form")]
pub use link::Link;
pub use middleware::{FromFn, Middleware, Next, WithFn, from_fn};
pub use read::{BODY_LIMIT, ReadExt};
pub use request::RequestExt;
pub use trusted_proxies::{Network, NetworkError, TrustedProxies, WithTrustedProxies};

/// What every app takes: a request whose body is a [`Body`].
pub type Request = http::Request<Body>;

/// What every app gives: a response whose body is a [`Body`].
pub type Response = http::Response<Body>;

/// A result whose error is an [`Error`] unless said otherwise; alone, what an app's call gives.
pub type Result<T = Response, E = Error> = std::result::Result<T, E>;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

#[cfg(all(doctest, feature = "form"))]
#[doc = include_str!("../../../docs/from-wsgi.md")]
struct FromWsgi;
