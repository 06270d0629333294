//! What paste-filter promises, through the test client with the lint on.
#![allow(clippy::unwrap_used, reason = "a test that fails panics")]

#[cfg(feature = "compress")]
mod codings; // undone without what is tested
#[cfg(feature = "compress")]
mod compress; // compressed responses
mod headers; // response headers
