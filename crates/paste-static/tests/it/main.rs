//! What paste-static promises, through the test client with the lint on.
#![allow(clippy::unwrap_used, reason = "a test that fails panics")]

mod static_dir; // files below a directory
