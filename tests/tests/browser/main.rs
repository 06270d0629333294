//! In a real browser, which `cargo xtask test browser` installs.
#![allow(clippy::unwrap_used, reason = "a test that fails panics")]

mod demo; // the form page of the example site
mod driver; // Chromium, driven
mod forms; // the same forms submitted by Chromium and by TestApp
mod media; // seeking in a long file
mod site; // the example site
mod tls; // over TLS
