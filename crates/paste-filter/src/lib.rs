//! The everyday filters of the Paste web toolkit.
//!
//! [`Headers`] sets and removes response headers. `Compress` compresses responses,
//! `Decompress` decompresses requests. `Etag` lets clients keep what has not changed.
//!
//! # Features
//!
//! | feature | default | what it adds |
//! | --- | --- | --- |
//! | `compress` | no | `Compress` and `Decompress`: gzip and deflate |
//! | `br`, `zstd` | no | the same by Brotli and zstd |
//! | `etag` | no | `Etag` |
//! | `serde` | no | the builders deserialize from configuration, and describe their keys |

#[cfg(feature = "compress")]
mod coding;
#[cfg(feature = "compress")]
pub mod compress;
#[cfg(feature = "compress")]
pub mod decompress;
#[cfg(feature = "etag")]
pub mod etag;
pub mod headers;
#[cfg(all(any(feature = "compress", feature = "etag"), feature = "serde"))]
mod size;

#[cfg(feature = "compress")]
pub use coding::Coding;
#[cfg(feature = "compress")]
pub use compress::{Compress, NoCompression, WithCompress};
#[cfg(feature = "compress")]
pub use decompress::{Decompress, WithDecompress};
#[cfg(feature = "etag")]
pub use etag::{Etag, WithEtag};
pub use headers::{Headers, WithHeaders};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
