//! What paste-dispatch promises, through the test client with the lint on.
#![allow(clippy::unwrap_used, reason = "a test that fails panics")]

mod url_map; // apps by prefix and host
