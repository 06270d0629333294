//! What paste-filter promises, through the test client with the lint on.
#![allow(clippy::unwrap_used, reason = "a test that fails panics")]

#[cfg(feature = "access-log")]
mod access_log; // a line for each request
#[cfg(feature = "compress")]
mod advisories; // faults of others, by name
#[cfg(feature = "compress")]
mod codings; // made and undone without what is tested
#[cfg(feature = "compress")]
mod compress; // compressed responses
#[cfg(all(feature = "zstd", target_os = "linux"))]
mod compress_memory; // what they cost
#[cfg(feature = "compress")]
mod decompress; // compressed requests
#[cfg(feature = "etag")]
mod etag; // tags, and 304
mod headers; // response headers
mod https_redirect; // from http to https
#[cfg(all(feature = "rate-limit", feature = "timeout"))]
mod limits; // sizes, times and rates
#[cfg(feature = "upload-progress")]
mod upload_progress; // how far an upload has come
