//! The everyday filters of the Paste web toolkit.
//!
//! [`Headers`] sets and removes response headers.
//!
//! # Features
//!
//! | feature | default | what it adds |
//! | --- | --- | --- |
//! | `serde` | no | the builders deserialize from configuration, and describe their keys |

pub mod headers;

pub use headers::{Headers, WithHeaders};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
