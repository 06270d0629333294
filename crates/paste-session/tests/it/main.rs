//! What paste-session promises.
#![allow(clippy::unwrap_used, reason = "a test that fails panics")]

mod advisories; // faults of other sessions, by name
mod file; // the store in files
mod sessions; // the middleware and its handle
mod sqlite; // the store in a database file
mod stores; // every store, by the conformance suite
