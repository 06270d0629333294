//! What paste-session promises.
#![allow(clippy::unwrap_used, reason = "a test that fails panics")]

mod advisories; // faults of other sessions, by name
#[cfg(feature = "file")]
mod file; // the store in files
mod sessions; // the middleware and its handle
#[cfg(feature = "sqlite")]
mod sqlite; // the store in a database file
#[cfg(feature = "conformance")]
mod stores; // every store, by the conformance suite
