//! What is behind an answer that shows an error.

use std::fmt::Write;

use paste_core::Error;

/// The error with its place, notes, causes and backtrace. A place within the standard library is
/// left out, for it is that of an adapter, and a cause that says the same as the one around it.
pub(super) fn story(error: &Error) -> String {
    if error.has_payload() {
        return format!("{error:?}");
    }
    let mut story = error.to_string();
    let place = error.location();
    let of_library = ["/library/core/", "/library/alloc/", "/library/std/"];
    if !of_library.iter().any(|part| place.file().replace('\\', "/").contains(part)) {
        let _ = write!(story, ", at {place}");
    }
    for note in error.notes() {
        let _ = write!(story, "; {} (at {})", note.text, note.location);
    }
    let mut last = String::new();
    for cause in error.chain() {
        let cause = cause.to_string();
        if cause != last {
            let _ = write!(story, "; caused by: {cause}");
        }
        last = cause;
    }
    if let Some(backtrace) = error.backtrace() {
        let _ = write!(story, "\n{backtrace}");
    }
    story
}
