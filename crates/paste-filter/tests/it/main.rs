//! What paste-filter promises, through the test client with the lint on.
#![allow(clippy::unwrap_used, reason = "a test that fails panics")]

mod headers; // response headers
