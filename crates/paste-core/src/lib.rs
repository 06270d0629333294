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
//! | `json` | yes | [`response::json`], and problem+json as a third form of error pages |
//! | `tower` | yes | the [`tower`] module: apps as services, services as apps, and the same for layers |

mod after;
mod app;
mod body;
mod clock;
mod environ;
mod error;
pub mod http_errors;
mod middleware;
pub mod path;
mod request;
pub mod response;
#[cfg(feature = "tower")]
pub mod tower;

pub use after::after;
pub use app::{App, AppExt, BoxApp};
pub use body::{Body, DataStream, FileRange, Sent};
pub use clock::Clock;
pub use environ::{ClientAddr, OriginalUri, RemoteUser, Scheme, ScriptName};
pub use error::{BoxError, Error, Forward, Note, ResultExt};
pub use http_errors::{ErrorRenderer, HttpErrors, WithHttpErrors};
pub use middleware::{FromFn, Middleware, Next, WithFn, from_fn};
pub use request::RequestExt;

/// What every app takes: a request whose body is a [`Body`].
pub type Request = http::Request<Body>;

/// What every app gives: a response whose body is a [`Body`].
pub type Response = http::Response<Body>;

/// A result whose error is an [`Error`] unless said otherwise; alone, what an app's call gives.
pub type Result<T = Response, E = Error> = std::result::Result<T, E>;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
