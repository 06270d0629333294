//! What paste-static promises, through the test client with the lint on.
#![allow(clippy::unwrap_used, reason = "a test that fails panics")]

mod advisories; // faults of other file servers, by name
#[cfg(feature = "archive")]
mod archive; // files in a zip archive
mod data_app; // bytes in memory
mod delivery; // types, caching, headers
#[cfg(feature = "embed")]
mod embedded; // files compiled in
mod entity; // conditions and ranges
mod file_app; // one file
mod file_tree; // handlers by extension
#[cfg(feature = "listing")]
mod listing; // directories as pages and JSON
mod slow_disk; // who waits for it, and who does not
mod static_dir; // files below a directory
