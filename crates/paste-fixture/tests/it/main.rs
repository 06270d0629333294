//! The test kit, from outside.
#![allow(clippy::unwrap_used, reason = "a test that fails panics")]

mod attack; // attacks, and what does not withstand them
mod command; // programs in a scratch directory
mod failures; // what a failed test is told
mod forms; // forms as browsers submit them
mod lint; // the lint as a middleware and as a layer, and what it finds in tower-http
mod test_app; // requests, responses, cookies, redirects, pages
