//! The crate from outside, by `TestApp`.
#![allow(clippy::unwrap_used, reason = "a test that fails panics")]

mod cascade;
mod error_document;
mod mounts; // the map while it serves, and names
mod recursive;
mod url_map;
mod when;
