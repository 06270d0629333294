//! Set-Cookie: what stands behind the value.

use super::super::exchange::Exchange;
use super::super::rule::{Level, Rule};
use super::super::syntax::date;
use super::cookies::{attribute, attributes, wrong};

use super::{Check, Entry};

pub(super) static ENTRIES: &[Entry] = &[
    Entry {
        rule: Rule {
            id: "set-cookie-attribute-unknown",
            level: Level::Should,
            clause: "RFC 6265, 5.2",
            text: "browsers ignore attributes that they do not know",
        },
        on: &["set-cookie"],
        check: Check::Response(unknown),
        breaks: "GET /\n\n200\nSet-Cookie: a=b; Http-Only",
        sound: "GET /\n\n200\nSet-Cookie: a=b; HttpOnly",
    },
    Entry {
        rule: Rule {
            id: "set-cookie-attribute-repeated",
            level: Level::Should,
            clause: "RFC 6265, 4.1.1",
            text: "no attribute of a cookie stands twice",
        },
        on: &["set-cookie"],
        check: Check::Response(repeated),
        breaks: "GET /\n\n200\nSet-Cookie: a=b; Path=/; Path=/c",
        sound: "GET /\n\n200\nSet-Cookie: a=b; Path=/; HttpOnly",
    },
    Entry {
        rule: Rule {
            id: "set-cookie-expires",
            level: Level::Should,
            clause: "RFC 6265, 4.1.1",
            text: "the Expires of a cookie is a date like `Sun, 06 Nov 1994 08:49:37 GMT`",
        },
        on: &["set-cookie"],
        check: Check::Response(expires),
        breaks: "GET /\n\n200\nSet-Cookie: a=b; Expires=Sunday, 06-Nov-94 08:49:37 GMT",
        sound: "GET /\n\n200\nSet-Cookie: a=b; Expires=Sun, 06 Nov 1994 08:49:37 GMT",
    },
    Entry {
        rule: Rule {
            id: "set-cookie-max-age",
            level: Level::Should,
            clause: "RFC 6265, 4.1.1 and 5.2.2",
            text: "the Max-Age of a cookie is whole seconds",
        },
        on: &["set-cookie"],
        check: Check::Response(max_age),
        breaks: "GET /\n\n200\nSet-Cookie: a=b; Max-Age=1h",
        sound: "GET /\n\n200\nSet-Cookie: a=b; Max-Age=3600",
    },
    Entry {
        rule: Rule {
            id: "set-cookie-same-site",
            level: Level::Should,
            clause: "RFC 6265bis, 4.1.1",
            text: "the SameSite of a cookie is Strict, Lax or None",
        },
        on: &["set-cookie"],
        check: Check::Response(same_site),
        breaks: "GET /\n\n200\nSet-Cookie: a=b; SameSite=Same",
        sound: "GET /\n\n200\nSet-Cookie: a=b; SameSite=Lax",
    },
    Entry {
        rule: Rule {
            id: "set-cookie-domain",
            level: Level::Should,
            clause: "RFC 6265, 4.1.2.3",
            text: "the Domain of a cookie is a host name, without a dot before it",
        },
        on: &["set-cookie"],
        check: Check::Response(domain),
        breaks: "GET /\n\n200\nSet-Cookie: a=b; Domain=.example.org",
        sound: "GET /\n\n200\nSet-Cookie: a=b; Domain=example.org",
    },
    Entry {
        rule: Rule {
            id: "set-cookie-path",
            level: Level::Should,
            clause: "RFC 6265, 5.2.4",
            text: "the Path of a cookie begins with a slash, or browsers take another",
        },
        on: &["set-cookie"],
        check: Check::Response(path),
        breaks: "GET /\n\n200\nSet-Cookie: a=b; Path=a",
        sound: "GET /\n\n200\nSet-Cookie: a=b; Path=/a",
    },
];

fn unknown(exchange: &Exchange<'_>) -> Option<String> {
    let known = [
        "expires",
        "max-age",
        "domain",
        "path",
        "secure",
        "httponly",
        "samesite",
        "partitioned",
        "priority",
    ];
    let is_known = |name: &str| known.iter().any(|known| known.eq_ignore_ascii_case(name));
    wrong(exchange, |cookie| attributes(cookie).all(|(name, _)| is_known(name)))
}

fn repeated(exchange: &Exchange<'_>) -> Option<String> {
    wrong(exchange, |cookie| {
        let count = |name: &str| {
            attributes(cookie).filter(|(other, _)| other.eq_ignore_ascii_case(name)).count()
        };
        attributes(cookie).all(|(name, _)| count(name) == 1)
    })
}

/// The first cookie that has the attribute with a value that is not sound.
fn wrong_value(
    exchange: &Exchange<'_>,
    name: &str,
    sound: impl Fn(&str) -> bool,
) -> Option<String> {
    wrong(exchange, |cookie| attribute(cookie, name).is_none_or(&sound))
}

fn expires(exchange: &Exchange<'_>) -> Option<String> {
    wrong_value(exchange, "expires", |value| date(value).is_some())
}

fn max_age(exchange: &Exchange<'_>) -> Option<String> {
    wrong_value(exchange, "max-age", |value| {
        let digits = value.strip_prefix('-').unwrap_or(value);
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    })
}

fn same_site(exchange: &Exchange<'_>) -> Option<String> {
    let values = ["Strict", "Lax", "None"];
    let sound = |value: &str| values.iter().any(|known| known.eq_ignore_ascii_case(value));
    wrong_value(exchange, "samesite", sound)
}

fn domain(exchange: &Exchange<'_>) -> Option<String> {
    wrong_value(exchange, "domain", |value| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-.:[]".contains(&byte);
        !value.is_empty() && !value.starts_with('.') && value.bytes().all(allowed)
    })
}

fn path(exchange: &Exchange<'_>) -> Option<String> {
    wrong_value(exchange, "path", |value| value.starts_with('/'))
}
