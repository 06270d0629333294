//! The body: known where it says its length beforehand, and told at its end otherwise.

use http::StatusCode;

use super::super::exchange::Ending;
use super::super::rule::{Level, Rule};
use super::{Check, Entry};

pub(super) static ENTRIES: &[Entry] = &[
    Entry {
        rule: Rule {
            id: "body-head",
            level: Level::Should,
            clause: "RFC 9110, 9.3.2; SEMANTICS.md, 7.9",
            text: "the answer to HEAD has no content: the server takes it out, so that making it is wasted",
        },
        on: &[],
        check: Check::Ending(head),
        breaks: "HEAD /\n\n200\nContent-Type: text/css\n\nhello",
        sound: "GET /\n\n200\nContent-Type: text/css\n\nhello",
    },
    Entry {
        rule: Rule {
            id: "body-informational",
            level: Level::Must,
            clause: "RFC 9110, 6.4.1",
            text: "a 1xx has no content",
        },
        on: &[],
        check: Check::Ending(|end| unwanted(end, end.status.is_informational())),
        breaks: "GET /\nUpgrade: a\n\n101\nUpgrade: a\nConnection: upgrade\n\nhello",
        sound: "GET /\nUpgrade: a\n\n101\nUpgrade: a\nConnection: upgrade",
    },
    Entry {
        rule: Rule {
            id: "body-no-content",
            level: Level::Must,
            clause: "RFC 9110, 15.3.5",
            text: "a 204 has no content",
        },
        on: &[],
        check: Check::Ending(|end| unwanted(end, end.status == StatusCode::NO_CONTENT)),
        breaks: "GET /\n\n204\n\nstream:hello",
        sound: "GET /\n\n204\n\nstream:",
    },
    Entry {
        rule: Rule {
            id: "body-reset-content",
            level: Level::Must,
            clause: "RFC 9110, 15.3.6",
            text: "a 205 has no content",
        },
        on: &[],
        check: Check::Ending(|end| unwanted(end, end.status == StatusCode::RESET_CONTENT)),
        breaks: "POST /\n\n205\n\nhello",
        sound: "POST /\n\n205",
    },
    Entry {
        rule: Rule {
            id: "body-not-modified",
            level: Level::Must,
            clause: "RFC 9110, 15.4.5",
            text: "a 304 has no content",
        },
        on: &[],
        check: Check::Ending(|end| unwanted(end, end.status == StatusCode::NOT_MODIFIED)),
        breaks: "GET /\nIf-None-Match: \"a\"\n\n304\nETag: \"a\"\n\nhello",
        sound: "GET /\nIf-None-Match: \"a\"\n\n304\nETag: \"a\"",
    },
    Entry {
        rule: Rule {
            id: "content-length-body",
            level: Level::Must,
            clause: "RFC 9110, 8.6",
            text: "a body is as long as its Content-Length says",
        },
        on: &[],
        check: Check::Ending(content_length),
        breaks: "GET /\n\n200\nContent-Length: 6\nContent-Type: text/css\n\nstream:hello",
        sound: "GET /\n\n200\nContent-Length: 5\nContent-Type: text/css\n\nstream:hello",
    },
    Entry {
        rule: Rule {
            id: "body-length",
            level: Level::Must,
            clause: "RFC 9110, 8.6; RFC 9112, 6.3",
            text: "a body that says its length beforehand has that length, for the server may send it",
        },
        on: &[],
        check: Check::Ending(length),
        breaks: "GET /\n\n200\nContent-Type: text/css\n\nhint:6:hello",
        sound: "GET /\n\n200\nContent-Type: text/css\n\nhint:5:hello",
    },
    Entry {
        rule: Rule {
            id: "body-complete",
            level: Level::Should,
            clause: "RFC 9112, 8",
            text: "a body is read to its end: it neither breaks nor is it dropped before",
        },
        on: &[],
        check: Check::Ending(complete),
        breaks: "GET /\n\n200\nContent-Type: text/css\n\ndropped:hello",
        sound: "GET /\n\n200\nContent-Type: text/css\n\nstream:hello",
    },
];

/// The bytes of a body where there should be none.
fn unwanted(end: &Ending, no_content: bool) -> Option<String> {
    let bytes = end.sent.bytes;
    (no_content && bytes > 0).then(|| format!("status {}, {bytes} bytes", end.status.as_u16()))
}

fn head(end: &Ending) -> Option<String> {
    let bytes = end.sent.bytes;
    (end.is_head && bytes > 0).then(|| format!("HEAD, {bytes} bytes"))
}

/// Whether the answer's headers speak of other content than its body: that of GET, or of a 200.
fn speaks_of_another(end: &Ending) -> bool {
    end.is_head || end.status == StatusCode::NOT_MODIFIED
}

fn content_length(end: &Ending) -> Option<String> {
    let stated = end.content_length?;
    let bytes = end.sent.bytes;
    let wrong = if end.sent.complete { bytes != stated } else { bytes > stated };
    let shown = || format!("content-length: {stated}, and a body of {bytes} bytes");
    (wrong && !speaks_of_another(end)).then(shown)
}

fn length(end: &Ending) -> Option<String> {
    let promised = end.promised?;
    let bytes = end.sent.bytes;
    let wrong = if end.sent.complete { bytes != promised } else { bytes > promised };
    // What nobody read, as of the answer to HEAD, may be as long as it said.
    let unread = end.sent.complete && bytes == 0 && speaks_of_another(end);
    (wrong && !unread).then(|| format!("{promised} bytes foretold, {bytes} sent"))
}

fn complete(end: &Ending) -> Option<String> {
    let of = |length: u64| format!(" of {length}");
    let whole = end.promised.or(end.content_length).map(of).unwrap_or_default();
    let cut = !end.sent.complete && !speaks_of_another(end);
    cut.then(|| format!("ended after {} bytes{whole}", end.sent.bytes))
}
