//! Content-Disposition: the name under which a file is kept.

use super::super::exchange::Exchange;
use super::super::rule::{Level, Rule};
use super::super::syntax::{is_parameter, is_token, parameter, split, unquoted};
use super::{Check, Entry};

pub(super) static ENTRIES: &[Entry] = &[
    Entry {
        rule: Rule {
            id: "content-disposition-syntax",
            level: Level::Must,
            clause: "RFC 6266, 4.1",
            text: "a Content-Disposition is a type with `; name=value` parameters",
        },
        on: &["content-disposition"],
        check: Check::Response(|exchange| exchange.not_ok("content-disposition", is_disposition)),
        breaks: "GET /\n\n200\nContent-Disposition: attachment; filename=a b.txt",
        sound: "GET /\n\n200\nContent-Disposition: attachment; filename=\"a b.txt\"",
    },
    Entry {
        rule: Rule {
            id: "content-disposition-parameter-repeated",
            level: Level::Must,
            clause: "RFC 6266, 4.1",
            text: "no parameter of a Content-Disposition stands twice",
        },
        on: &["content-disposition"],
        check: Check::Response(repeated),
        breaks: "GET /\n\n200\nContent-Disposition: attachment; filename=a; filename=b",
        sound: "GET /\n\n200\nContent-Disposition: attachment; filename=a; filename*=UTF-8''b",
    },
    Entry {
        rule: Rule {
            id: "content-disposition-ascii",
            level: Level::Should,
            clause: "RFC 6266, 4.3",
            text: "a file name beyond ASCII goes by `filename*`",
        },
        on: &["content-disposition"],
        check: Check::Response(|exchange| {
            exchange
                .not_ok("content-disposition", |value| filename(value).is_none_or(str::is_ascii))
        }),
        breaks: "GET /\n\n200\nContent-Disposition: attachment; filename=\"é.txt\"",
        sound: "GET /\n\n200\nContent-Disposition: attachment; filename*=UTF-8''%C3%A9.txt",
    },
    Entry {
        rule: Rule {
            id: "content-disposition-path",
            level: Level::Should,
            clause: "RFC 6266, 4.3",
            text: "a file name is no path",
        },
        on: &["content-disposition"],
        check: Check::Response(|exchange| {
            exchange
                .not_ok("content-disposition", |value| filename(value).is_none_or(is_last_segment))
        }),
        breaks: "GET /\n\n200\nContent-Disposition: attachment; filename=\"../a.txt\"",
        sound: "GET /\n\n200\nContent-Disposition: attachment; filename=\"a.txt\"",
    },
    Entry {
        rule: Rule {
            id: "content-disposition-percent",
            level: Level::Should,
            clause: "RFC 6266, appendix D",
            text: "some clients decode `%` and two digits in `filename`, and others do not",
        },
        on: &["content-disposition"],
        check: Check::Response(percent),
        breaks: "GET /\n\n200\nContent-Disposition: attachment; filename=\"a%20b.txt\"",
        sound: "GET /\n\n200\nContent-Disposition: attachment; filename=\"100%.txt\"",
    },
    Entry {
        rule: Rule {
            id: "content-disposition-extended",
            level: Level::Must,
            clause: "RFC 8187, 3.2.1",
            text: "a `filename*` is `UTF-8''` and percent-encoded text",
        },
        on: &["content-disposition"],
        check: Check::Response(extended),
        breaks: "GET /\n\n200\nContent-Disposition: attachment; filename*=\"a b.txt\"",
        sound: "GET /\n\n200\nContent-Disposition: attachment; filename*=utf-8'en'a%20b.txt",
    },
];

fn is_disposition(value: &str) -> bool {
    let mut parts = split(value, b';');
    parts.next().is_some_and(is_token) && parts.all(is_spaced_parameter)
}

/// RFC 6266 takes RFC 2616's grammar, which allows whitespace around the `=`.
fn is_spaced_parameter(text: &str) -> bool {
    is_parameter(text) || {
        let (name, value) = parameter(text);
        is_token(name) && (is_token(value) || super::super::syntax::is_quoted(value))
    }
}

/// The value of a parameter.
fn value_of<'a>(value: &'a str, wanted: &str) -> Option<&'a str> {
    let mut parameters = split(value, b';').skip(1).map(parameter);
    parameters.find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value)
}

fn filename(value: &str) -> Option<&str> {
    value_of(value, "filename").map(unquoted)
}

fn repeated(exchange: &Exchange<'_>) -> Option<String> {
    exchange.not_ok("content-disposition", |value| {
        let names = || split(value, b';').skip(1).map(|part| parameter(part).0);
        let count = |name: &str| names().filter(|other| other.eq_ignore_ascii_case(name)).count();
        names().all(|name| count(name) == 1)
    })
}

fn is_last_segment(name: &str) -> bool {
    // A backslash before a quote or another backslash is that of a quoted string.
    let mut characters = name.chars();
    while let Some(character) = characters.next() {
        match character {
            '/' => return false,
            '\\' if !matches!(characters.next(), Some('"')) => return false,
            _ => {}
        }
    }
    true
}

fn percent(exchange: &Exchange<'_>) -> Option<String> {
    let escaped = |name: &str| {
        name.as_bytes()
            .windows(3)
            .any(|window| window[0] == b'%' && window[1..].iter().all(u8::is_ascii_hexdigit))
    };
    exchange.not_ok("content-disposition", |value| !filename(value).is_some_and(escaped))
}

fn extended(exchange: &Exchange<'_>) -> Option<String> {
    let sound = |value: &str| {
        let mut parts = value.splitn(3, '\'');
        let (charset, _language, text) = (parts.next(), parts.next(), parts.next());
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~%".contains(&byte);
        charset.is_some_and(|name| name.eq_ignore_ascii_case("UTF-8"))
            && text.is_some_and(|text| text.bytes().all(allowed))
    };
    exchange.not_ok("content-disposition", |value| value_of(value, "filename*").is_none_or(sound))
}
