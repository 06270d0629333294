//! Tests apps and programs, for the Paste web toolkit and for any tower service.
//!
//! - [`TestApp`] is a client that behaves like a browser: cookies, redirects, links and forms, in
//!   process or against a server by its URL.
//! - [`Lint`] is a middleware that holds each exchange against the rules of HTTP.
//! - [`CommandEnvironment`] runs programs in a scratch directory, and tells what they did to it.
//! - [`attack`] has requests that have broken others, each with what a right server may answer.
//!
//! # Features
//!
//! | feature | default | what it adds |
//! | --- | --- | --- |
//! | `html` | yes | pages read as HTML: elements, links, forms |
//! | `live` | yes | [`TestApp::at`], for servers by their URL |
//! | `serde` | no | [`Lint`] deserializes from configuration, and describes its keys |

pub mod attack;
mod caught;
#[cfg(unix)]
pub mod command;
mod cut;
pub mod lint;
pub mod test_app;

#[cfg(unix)]
pub use command::CommandEnvironment;
pub use lint::Lint;
pub use test_app::TestApp;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
