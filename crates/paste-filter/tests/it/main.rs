//! What paste-filter promises, through the test client with the lint on.
#![allow(clippy::unwrap_used, reason = "a test that fails panics")]

#[cfg(feature = "compress")]
mod advisories; // faults of others, by name
#[cfg(feature = "compress")]
mod codings; // made and undone without what is tested
#[cfg(feature = "compress")]
mod compress; // compressed responses
#[cfg(feature = "compress")]
mod decompress; // compressed requests
#[cfg(feature = "etag")]
mod etag; // tags, and 304
mod headers; // response headers
