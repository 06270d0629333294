//! Apps and middlewares of the Paste web toolkit that choose among apps, and turn to them again.
//!
//! [`UrlMap`] mounts apps by URL prefix and host, [`Cascade`] asks one after the other, [`Recursive`]
//! performs forwards and sub-requests, [`ErrorDocument`] shows pages of the site for errors, and
//! [`When`] puts a middleware around some requests only.

pub mod cascade;
pub mod error_document;
pub mod recursive;
mod replay;
pub mod url_map;
pub mod when;

pub use cascade::Cascade;
pub use error_document::{ErrorDocument, WithErrorDocument};
pub use recursive::{Include, Previous, Recursive, WithRecursive};
pub use url_map::{MountError, Mounts, UrlMap, UrlTo};
pub use when::{When, WithWhen};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
