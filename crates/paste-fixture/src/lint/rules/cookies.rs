//! Set-Cookie: names, values, prefixes.

use super::super::exchange::Exchange;
use super::super::rule::{Level, Rule};
use super::super::syntax::is_token;
use super::{Check, Entry};

pub(super) static ENTRIES: &[Entry] = &[
    Entry {
        rule: Rule {
            id: "set-cookie-name",
            level: Level::Should,
            clause: "RFC 6265, 4.1.1",
            text: "a cookie has a name, and it is a token",
        },
        on: &["set-cookie"],
        check: Check::Response(name),
        breaks: "GET /\n\n200\nSet-Cookie: =b",
        sound: "GET /\n\n200\nSet-Cookie: a=b",
    },
    Entry {
        rule: Rule {
            id: "set-cookie-value",
            level: Level::Should,
            clause: "RFC 6265, 4.1.1",
            text: "the value of a cookie has no whitespace, quotes within, commas or backslashes",
        },
        on: &["set-cookie"],
        check: Check::Response(value),
        breaks: "GET /\n\n200\nSet-Cookie: a=b c",
        sound: "GET /\n\n200\nSet-Cookie: a=\"b%20c\"",
    },
    Entry {
        rule: Rule {
            id: "set-cookie-size",
            level: Level::Must,
            clause: "RFC 6265bis, 5.6",
            text: "browsers throw away a cookie whose name and value have more than 4096 bytes",
        },
        on: &["set-cookie"],
        check: Check::Response(size),
        breaks: "GET /\n\n200\nSet-Cookie: a=bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
        sound: "GET /\n\n200\nSet-Cookie: a=b",
    },
    Entry {
        rule: Rule {
            id: "set-cookie-repeated",
            level: Level::Should,
            clause: "RFC 6265, 4.1.1",
            text: "no cookie is set twice in one answer",
        },
        on: &["set-cookie"],
        check: Check::Response(repeated),
        breaks: "GET /\n\n200\nSet-Cookie: a=b\nSet-Cookie: a=c",
        sound: "GET /\n\n200\nSet-Cookie: a=b\nSet-Cookie: c=b",
    },
    Entry {
        rule: Rule {
            id: "set-cookie-secure-prefix",
            level: Level::Must,
            clause: "RFC 6265bis, 4.1.3.1",
            text: "a cookie `__Secure-...` is Secure, or browsers throw it away",
        },
        on: &["set-cookie"],
        check: Check::Response(secure_prefix),
        breaks: "GET /\n\n200\nSet-Cookie: __Secure-a=b",
        sound: "GET /\n\n200\nSet-Cookie: __Secure-a=b; Secure",
    },
    Entry {
        rule: Rule {
            id: "set-cookie-host-prefix",
            level: Level::Must,
            clause: "RFC 6265bis, 4.1.3.2",
            text: "a cookie `__Host-...` is Secure, with Path=/ and without Domain, or browsers throw it away",
        },
        on: &["set-cookie"],
        check: Check::Response(host_prefix),
        breaks: "GET /\n\n200\nSet-Cookie: __Host-a=b; Secure",
        sound: "GET /\n\n200\nSet-Cookie: __Host-a=b; Secure; Path=/",
    },
    Entry {
        rule: Rule {
            id: "set-cookie-same-site-none",
            level: Level::Should,
            clause: "draft-west-cookie-incrementalism, 3.2",
            text: "a cookie with SameSite=None is Secure, or browsers throw it away",
        },
        on: &["set-cookie"],
        check: Check::Response(same_site_none),
        breaks: "GET /\n\n200\nSet-Cookie: a=b; SameSite=None",
        sound: "GET /\n\n200\nSet-Cookie: a=b; SameSite=None; Secure",
    },
];

/// The name and the value of a cookie; one without `=` has no name.
pub(super) fn pair(cookie: &str) -> (&str, &str) {
    let pair = cookie.split(';').next().unwrap_or_default();
    let (name, value) = pair.split_once('=').unwrap_or(("", pair));
    (name.trim(), value.trim())
}

/// The attributes of a cookie; the value is empty where there is no `=`.
pub(super) fn attributes(cookie: &str) -> impl Iterator<Item = (&str, &str)> {
    cookie.split(';').skip(1).map(|attribute| {
        let (name, value) = attribute.split_once('=').unwrap_or((attribute, ""));
        (name.trim(), value.trim())
    })
}

/// The value of an attribute: of the last one of that name, which counts.
pub(super) fn attribute<'a>(cookie: &'a str, wanted: &str) -> Option<&'a str> {
    let same = attributes(cookie).filter(|(name, _)| name.eq_ignore_ascii_case(wanted));
    same.last().map(|(_, value)| value)
}

/// The first cookie that is not sound, without its value, which may be a secret.
pub(super) fn wrong(exchange: &Exchange<'_>, sound: impl Fn(&str) -> bool) -> Option<String> {
    exchange.all("set-cookie").find(|cookie| !sound(cookie)).map(without_value)
}

fn without_value(cookie: &str) -> String {
    let (name, _) = pair(cookie);
    let attributes = cookie.split_once(';').map_or("", |(_, attributes)| attributes);
    let separator = if attributes.is_empty() { "" } else { ";" };
    format!("set-cookie: {name}=...{separator}{attributes}")
}

fn name(exchange: &Exchange<'_>) -> Option<String> {
    wrong(exchange, |cookie| is_token(pair(cookie).0))
}

fn value(exchange: &Exchange<'_>) -> Option<String> {
    wrong(exchange, |cookie| {
        let (_, value) = pair(cookie);
        let inner = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
        let allowed = |byte: u8| (b'!'..=b'~').contains(&byte) && !b"\",;\\".contains(&byte);
        inner.unwrap_or(value).bytes().all(allowed)
    })
}

fn size(exchange: &Exchange<'_>) -> Option<String> {
    let length = |cookie: &str| {
        let (name, value) = pair(cookie);
        name.len() + value.len()
    };
    wrong(exchange, |cookie| length(cookie) <= 4096)
}

fn repeated(exchange: &Exchange<'_>) -> Option<String> {
    exchange.all("set-cookie").nth(1)?;
    // The same name for another path or domain is another cookie.
    let same = |one: &str, other: &str| {
        pair(one).0 == pair(other).0
            && attribute(one, "path") == attribute(other, "path")
            && attribute(one, "domain") == attribute(other, "domain")
    };
    wrong(exchange, |cookie| {
        exchange.all("set-cookie").filter(|one| same(one, cookie)).count() == 1
    })
}

fn has_prefix(cookie: &str, prefix: &str) -> bool {
    pair(cookie).0.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

fn secure_prefix(exchange: &Exchange<'_>) -> Option<String> {
    wrong(exchange, |cookie| {
        !has_prefix(cookie, "__Secure-") || attribute(cookie, "secure").is_some()
    })
}

fn host_prefix(exchange: &Exchange<'_>) -> Option<String> {
    wrong(exchange, |cookie| {
        !has_prefix(cookie, "__Host-")
            || (attribute(cookie, "secure").is_some()
                && attribute(cookie, "path") == Some("/")
                && attribute(cookie, "domain").is_none_or(str::is_empty))
    })
}

fn same_site_none(exchange: &Exchange<'_>) -> Option<String> {
    let none = |value: &str| value.eq_ignore_ascii_case("none");
    wrong(exchange, |cookie| {
        !attribute(cookie, "samesite").is_some_and(none) || attribute(cookie, "secure").is_some()
    })
}
