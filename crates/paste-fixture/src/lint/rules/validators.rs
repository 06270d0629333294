//! `ETag` and `Last-Modified`, and the conditions that requests make of them.

use super::super::exchange::{Exchange, shown};
use super::super::rule::{Level, Rule};
use super::super::syntax::{elements, entity_tag, is_entity_tag, is_entity_tag_byte, text};
use super::{Check, Entry};

pub(super) static ENTRIES: &[Entry] = &[
    Entry {
        rule: Rule {
            id: "etag-quotes",
            level: Level::Must,
            clause: "RFC 9110, 8.8.3",
            text: "an ETag is a quoted string, after `W/` if it is weak",
        },
        on: &["etag"],
        check: Check::Response(|exchange| exchange.not_ok("etag", is_in_quotes)),
        breaks: "GET /\n\n200\nETag: abc",
        sound: "GET /\n\n200\nETag: \"abc\"",
    },
    Entry {
        rule: Rule {
            id: "etag-characters",
            level: Level::Must,
            clause: "RFC 9110, 8.8.3",
            text: "there are no quotes and no whitespace within an ETag",
        },
        on: &["etag"],
        check: Check::Response(characters),
        breaks: "GET /\n\n200\nETag: \"a b\"",
        sound: "GET /\n\n200\nETag: W/\"a\\b\"",
    },
    Entry {
        rule: Rule {
            id: "etag-weak-prefix",
            level: Level::Must,
            clause: "RFC 9110, 8.8.3",
            text: "the prefix of a weak ETag is `W/`, in upper case",
        },
        on: &["etag"],
        check: Check::Response(|exchange| {
            exchange.not_ok("etag", |value| !value.starts_with("w/"))
        }),
        breaks: "GET /\n\n200\nETag: w/\"abc\"",
        sound: "GET /\n\n200\nETag: W/\"abc\"",
    },
    Entry {
        rule: Rule {
            id: "etag-encoded",
            level: Level::Should,
            clause: "RFC 9110, 8.8.1 and 8.8.3.3",
            text: "encoded content has an ETag of its own: one that names the coding, or a weak one",
        },
        on: &["etag"],
        check: Check::Response(encoded),
        breaks: "GET /\n\n200\nETag: \"abc\"\nContent-Encoding: gzip\nVary: accept-encoding\nContent-Type: text/css\n\nhello",
        sound: "GET /\n\n200\nETag: \"abc-gzip\"\nContent-Encoding: gzip\nVary: accept-encoding\nContent-Type: text/css\n\nhello",
    },
    Entry {
        rule: Rule {
            id: "etag-not-modified-missing",
            level: Level::Must,
            clause: "RFC 9110, 15.4.5",
            text: "a 304 has the ETag that the 200 would have: If-None-Match knows that there is one",
        },
        on: &[],
        check: Check::Response(not_modified_missing),
        breaks: "GET /\nIf-None-Match: \"a\"\n\n304",
        sound: "GET /\nIf-None-Match: \"a\"\n\n304\nETag: \"a\"",
    },
    Entry {
        rule: Rule {
            id: "etag-not-modified-other",
            level: Level::Must,
            clause: "RFC 9110, 13.1.2",
            text: "a 304 has an ETag that If-None-Match names",
        },
        on: &["etag"],
        check: Check::Response(not_modified_other),
        breaks: "GET /\nIf-None-Match: \"a\", \"b\"\n\n304\nETag: \"c\"",
        sound: "GET /\nIf-None-Match: \"a\", W/\"b\"\n\n304\nETag: \"b\"",
    },
    Entry {
        rule: Rule {
            id: "etag-ignored",
            level: Level::Should,
            clause: "RFC 9110, 13.1.2 and 13.2.1",
            text: "what If-None-Match names is not sent again",
        },
        on: &["etag"],
        check: Check::Response(ignored),
        breaks: "GET /\nIf-None-Match: \"a\"\n\n200\nETag: \"a\"",
        sound: "GET /\nIf-None-Match: \"a\"\n\n200\nETag: \"b\"",
    },
    Entry {
        rule: Rule {
            id: "last-modified-ignored",
            level: Level::Should,
            clause: "RFC 9110, 13.1.3",
            text: "what was not modified since If-Modified-Since is not sent again",
        },
        on: &["last-modified"],
        check: Check::Response(last_modified_ignored),
        breaks: "GET /\nIf-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\n\n200\nLast-Modified: Sun, 06 Nov 1994 08:49:37 GMT",
        sound: "GET /\nIf-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\n\n200\nLast-Modified: Sun, 06 Nov 1994 08:49:38 GMT",
    },
    Entry {
        rule: Rule {
            id: "not-modified-metadata",
            level: Level::Should,
            clause: "RFC 9110, 15.4.5",
            text: "a 304 describes no content: no Content-Type, -Encoding, -Language or -Range",
        },
        on: &[],
        check: Check::Response(not_modified_metadata),
        breaks: "GET /\nIf-None-Match: \"a\"\n\n304\nETag: \"a\"\nContent-Type: text/css",
        sound: "GET /\nIf-None-Match: \"a\"\n\n304\nETag: \"a\"\nCache-Control: max-age=5",
    },
];

/// Whether it begins and ends as it should; a lower-case `w/` is another rule's.
fn is_in_quotes(value: &str) -> bool {
    let (_, opaque) = entity_tag(value);
    let opaque = opaque.strip_prefix("w/").unwrap_or(opaque);
    opaque.len() >= 2 && opaque.starts_with('"') && opaque.ends_with('"')
}

fn characters(exchange: &Exchange<'_>) -> Option<String> {
    exchange.not_ok("etag", |value| {
        let inner = value.get(value.find('"').map_or(0, |quote| quote + 1)..).unwrap_or_default();
        !is_in_quotes(value)
            || inner.strip_suffix('"').is_none_or(|inner| inner.bytes().all(is_entity_tag_byte))
    })
}

fn encoded(exchange: &Exchange<'_>) -> Option<String> {
    let coding = exchange.all("content-encoding").flat_map(elements).last()?;
    let value = exchange.get("etag")?;
    let names_coding = |value: &str| {
        let short = match coding.trim_start_matches("x-") {
            "gzip" => "gz",
            "zstd" => "zst",
            other => other,
        };
        value.contains(short)
    };
    let sound = value.starts_with("W/") || !is_entity_tag(value) || names_coding(value);
    let wrong = !sound && !coding.eq_ignore_ascii_case("identity") && exchange.code() != 304;
    wrong.then(|| format!("etag: {value}, content-encoding: {coding}"))
}

/// The entity tags of If-None-Match; none where it says `*`.
fn asked_tags<'a>(exchange: &Exchange<'a>) -> Option<&'a str> {
    exchange.asked.if_none_match.as_ref().map(text).filter(|value| *value != "*")
}

/// RFC 9110, 8.8.3.2: the weak comparison.
fn names(list: &str, tag: &str) -> bool {
    elements(list).any(|other| entity_tag(other).1 == entity_tag(tag).1)
}

fn not_modified_missing(exchange: &Exchange<'_>) -> Option<String> {
    let asked = asked_tags(exchange).filter(|_| exchange.code() == 304)?;
    (!exchange.has("etag")).then(|| exchange.status_shown(&format!("if-none-match: {asked}")))
}

fn not_modified_other(exchange: &Exchange<'_>) -> Option<String> {
    let asked = asked_tags(exchange).filter(|_| exchange.code() == 304)?;
    let value = exchange.get("etag")?;
    (!names(asked, value)).then(|| format!("etag: {value}, if-none-match: {asked}"))
}

fn ignored(exchange: &Exchange<'_>) -> Option<String> {
    let asked = asked_tags(exchange).filter(|_| exchange.code() == 200 && exchange.reads())?;
    let value = exchange.get("etag")?;
    names(asked, value).then(|| shown("etag", value))
}

fn last_modified_ignored(exchange: &Exchange<'_>) -> Option<String> {
    let asked = exchange.asked;
    let date = asked.if_modified_since.as_ref().filter(|_| asked.if_none_match.is_none())?;
    let value = exchange.get("last-modified")?;
    let wrong = exchange.code() == 200 && exchange.reads() && text(date) == value;
    wrong.then(|| shown("last-modified", value))
}

fn not_modified_metadata(exchange: &Exchange<'_>) -> Option<String> {
    if exchange.code() != 304 {
        return None;
    }
    let names = ["content-type", "content-encoding", "content-language", "content-range"];
    names.into_iter().find_map(|name| exchange.present(name))
}
