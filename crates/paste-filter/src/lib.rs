//! The everyday filters of the Paste web toolkit.
//!
//! [`Headers`] sets and removes response headers. `Compress` compresses responses,
//! `Decompress` decompresses requests.
//!
//! # Features
//!
//! | feature | default | what it adds |
//! | --- | --- | --- |
//! | `compress` | no | `Compress` and `Decompress`: gzip and deflate |
//! | `br`, `zstd` | no | the same by Brotli and zstd |
//! | `serde` | no | the builders deserialize from configuration, and describe their keys |

#[cfg(feature = "compress")]
mod coding;
#[cfg(feature = "compress")]
pub mod compress;
#[cfg(feature = "compress")]
pub mod decompress;
pub mod headers;
#[cfg(all(feature = "compress", feature = "serde"))]
mod size;

#[cfg(feature = "compress")]
pub use coding::Coding;
#[cfg(feature = "compress")]
pub use compress::{Compress, NoCompression, WithCompress};
#[cfg(feature = "compress")]
pub use decompress::{Decompress, WithDecompress};
pub use headers::{Headers, WithHeaders};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
