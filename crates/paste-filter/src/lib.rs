//! The everyday filters of the Paste web toolkit.
//!
//! - [`Headers`] sets and removes response headers.
//! - `Compress` compresses responses, `Decompress` decompresses requests.
//! - `Etag` lets clients keep what has not changed.
//! - `AccessLog` writes a line for each request.
//! - [`BodyLimit`], `RateLimit` and `Timeout` bound what a client may cost.
//! - [`HttpsRedirect`] sends clients to https.
//! - `UploadProgress` tells how far an upload has come.
//!
//! What tower-http does well is not here (CORS, request ids): its layers are middlewares by
//! `into_middleware`.
//!
//! # Features
//!
//! | feature | default | what it adds |
//! | --- | --- | --- |
//! | `access-log` | no | `AccessLog` |
//! | `compress` | no | `Compress` and `Decompress`: gzip and deflate |
//! | `br`, `zstd` | no | the same by Brotli and zstd |
//! | `etag` | no | `Etag` |
//! | `rate-limit` | no | `RateLimit` |
//! | `timeout` | no | `Timeout`, by tokio's timers |
//! | `upload-progress` | no | `UploadProgress` |
//! | `full` | no | all of these, and `serde` |
//! | `serde` | no | builders deserialize from configuration, and describe their keys |

#[cfg(feature = "access-log")]
pub mod access_log;
pub mod body_limit;
#[cfg(feature = "compress")]
mod coding;
#[cfg(feature = "compress")]
pub mod compress;
#[cfg(feature = "compress")]
pub mod decompress;
#[cfg(feature = "etag")]
pub mod etag;
pub mod headers;
pub mod https_redirect;
#[cfg(feature = "rate-limit")]
pub mod rate_limit;
#[cfg(all(any(feature = "compress", feature = "etag"), feature = "serde"))]
mod size;
#[cfg(feature = "timeout")]
pub mod timeout;
#[cfg(feature = "upload-progress")]
pub mod upload_progress;

#[cfg(feature = "access-log")]
pub use access_log::{AccessLog, WithAccessLog};
pub use body_limit::{BodyLimit, WithBodyLimit};
#[cfg(feature = "compress")]
pub use coding::Coding;
#[cfg(feature = "compress")]
pub use compress::{Compress, NoCompression, WithCompress};
#[cfg(feature = "compress")]
pub use decompress::{Decompress, WithDecompress};
#[cfg(feature = "etag")]
pub use etag::{Etag, WithEtag};
pub use headers::{Headers, WithHeaders};
pub use https_redirect::{HttpsRedirect, WithHttpsRedirect};
#[cfg(feature = "rate-limit")]
pub use rate_limit::{RateLimit, WithRateLimit};
#[cfg(feature = "timeout")]
pub use timeout::{Timeout, WithTimeout};
#[cfg(feature = "upload-progress")]
pub use upload_progress::{UploadProgress, WithUploadProgress};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
