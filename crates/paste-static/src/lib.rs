//! Static files for the Paste web toolkit.
//!
//! [`StaticDir`] serves the files below a directory.
//!
//! # Features
//!
//! | feature | default | what it adds |
//! | --- | --- | --- |
//! | `serde` | no | the builders deserialize from configuration, and describe their keys |

mod file_body;
mod resolve;
pub mod static_dir;

pub use static_dir::StaticDir;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
