//! The everyday filters of the Paste web toolkit.
//!
//! - [`Headers`] sets and removes response headers.
//! - [`AccessLog`] writes a line for each request.
//! - [`BodyLimit`], [`RateLimit`] and [`Timeout`] bound what a client may cost.
//! - [`HttpsRedirect`] sends clients to https.
//! - [`UploadProgress`] tells how far an upload has come.
//!
//! What tower-http does well is not here (CORS, request ids): its layers are middlewares by
//! [`into_middleware`](paste_core::tower::IntoMiddleware).
//!
//! # Features
//!
//! | feature | default | what it adds |
//! | --- | --- | --- |
//! | `access-log` | no | [`access_log`] |
//! | `rate-limit` | no | [`rate_limit`] |
//! | `timeout` | no | [`timeout`], by tokio's timers |
//! | `upload-progress` | no | [`upload_progress`] |
//! | `full` | no | all of these |
//! | `serde` | no | the builders deserialize from configuration, and describe their keys |

#[cfg(feature = "access-log")]
pub mod access_log;
pub mod body_limit;
pub mod headers;
pub mod https_redirect;
#[cfg(feature = "rate-limit")]
pub mod rate_limit;
#[cfg(feature = "timeout")]
pub mod timeout;
#[cfg(feature = "upload-progress")]
pub mod upload_progress;

#[cfg(feature = "access-log")]
pub use access_log::{AccessLog, WithAccessLog};
pub use body_limit::{BodyLimit, WithBodyLimit};
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
