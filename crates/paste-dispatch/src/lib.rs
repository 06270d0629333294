//! Apps of the Paste web toolkit that choose among other apps.
//!
//! [`UrlMap`] mounts apps by URL prefix and host.

pub mod url_map;

pub use url_map::{MountError, UrlMap};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
