//! What paste-session promises.
#![allow(clippy::unwrap_used, reason = "a test that fails panics")]

mod advisories; // faults of other sessions, by name
#[cfg(feature = "cookie-store")]
mod cookie_store; // sessions that clients hold
#[cfg(all(unix, feature = "file", feature = "sqlite"))]
mod faults; // crashes, full disks, damaged records
#[cfg(all(unix, feature = "file"))]
mod file; // the store in files
#[cfg(all(unix, feature = "file", feature = "sqlite"))]
mod process; // processes of their own, for what kills one or needs several
mod sessions; // the middleware and its handle
#[cfg(all(unix, feature = "sqlite"))]
mod sqlite; // the store in a database file
#[cfg(feature = "conformance")]
mod stores; // every store, by the conformance suite
