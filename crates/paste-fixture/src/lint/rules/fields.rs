//! What holds for the headers of every response, whatever they are about.

use http::header;

use super::super::exchange::{Exchange, shown};
use super::super::rule::{Level, Rule};
use super::super::syntax::{split, text};
use super::{Check, Entry};

pub(super) static ENTRIES: &[Entry] = &[
    Entry {
        rule: Rule {
            id: "header-name",
            level: Level::Should,
            clause: "RFC 9110, 16.3.2.1",
            text: "a header's name begins with a letter and has letters, digits, `-` and `.` only",
        },
        on: &[],
        check: Check::Response(name),
        breaks: "GET /\n\n200\nX_Powered: a",
        sound: "GET /\n\n200\nX-Powered: a",
    },
    Entry {
        rule: Rule {
            id: "header-value-whitespace",
            level: Level::Must,
            clause: "RFC 9110, 5.5",
            text: "a header's value neither begins nor ends with whitespace",
        },
        on: &[],
        check: Check::Response(value_whitespace),
        breaks: "GET /\n\n200\nX-A:  b",
        sound: "GET /\n\n200\nX-A: b",
    },
    Entry {
        rule: Rule {
            id: "header-value-ascii",
            level: Level::Should,
            clause: "RFC 9110, 5.5",
            text: "a header's value has visible ASCII characters only, beside spaces and tabs",
        },
        on: &[],
        check: Check::Response(value_ascii),
        breaks: "GET /\n\n200\nX-A: é",
        sound: "GET /\n\n200\nX-A: %C3%A9",
    },
    Entry {
        rule: Rule {
            id: "header-repeated",
            level: Level::Must,
            clause: "RFC 9110, 5.3",
            text: "a header that is not a list stands once",
        },
        on: &[],
        check: Check::Response(repeated),
        breaks: "GET /\n\n200\nContent-Type: text/css\nContent-Type: text/html\n\nhello",
        sound: "GET /\n\n200\nVary: accept\nVary: cookie",
    },
    Entry {
        rule: Rule {
            id: "header-list-empty",
            level: Level::Must,
            clause: "RFC 9110, 5.6.1.1",
            text: "a list has no empty elements",
        },
        on: LISTS,
        check: Check::Response(list_empty),
        breaks: "GET /\n\n200\nVary: accept,, cookie",
        sound: "GET /\n\n200\nVary: accept, cookie",
    },
    Entry {
        rule: Rule {
            id: "header-request-only",
            level: Level::Should,
            clause: "RFC 9110, 10.1 and 13.1",
            text: "headers that speak of a request do not stand in a response",
        },
        on: REQUEST_ONLY,
        check: Check::Response(request_only),
        breaks: "GET /\n\n200\nUser-Agent: a",
        sound: "GET /\n\n200\nServer: a",
    },
    Entry {
        rule: Rule {
            id: "status-header",
            level: Level::Must,
            clause: "RFC 3875, 6.3.3",
            text: "the header Status is between a CGI script and its server, and goes no further",
        },
        on: &["status"],
        check: Check::Response(|exchange| exchange.present("status")),
        breaks: "GET /\n\n200\nStatus: 404 Not Found",
        sound: "GET /\n\n404",
    },
    Entry {
        rule: Rule {
            id: "link-syntax",
            level: Level::Must,
            clause: "RFC 8288, 3",
            text: "a Link is a list of `<URI>; rel=\"...\"`",
        },
        on: &["link"],
        check: Check::Response(link_syntax),
        breaks: "GET /\n\n200\nLink: /style.css; rel=preload",
        sound: "GET /\n\n200\nLink: </style.css>; rel=preload, </a,b>; rel=next",
    },
    Entry {
        rule: Rule {
            id: "link-rel",
            level: Level::Must,
            clause: "RFC 8288, 3.3",
            text: "a link has a `rel` parameter",
        },
        on: &["link"],
        check: Check::Response(link_rel),
        breaks: "GET /\n\n200\nLink: </style.css>; as=style",
        sound: "GET /\n\n200\nLink: </style.css>; as=style; rel=\"preload\"",
    },
];

fn name(exchange: &Exchange<'_>) -> Option<String> {
    let sound = |name: &str| {
        name.starts_with(|first: char| first.is_ascii_alphabetic())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte))
    };
    let wrong = exchange.headers.keys().find(|name| !sound(name.as_str()));
    wrong.map(ToString::to_string)
}

fn value_whitespace(exchange: &Exchange<'_>) -> Option<String> {
    let blank = |byte: Option<&u8>| byte.is_some_and(|byte| b" \t".contains(byte));
    let wrong = exchange
        .headers
        .iter()
        .find(|(_, value)| blank(value.as_bytes().first()) || blank(value.as_bytes().last()));
    wrong.map(|(name, value)| shown(name.as_str(), &format!("{:?}", text(value))))
}

fn value_ascii(exchange: &Exchange<'_>) -> Option<String> {
    let wrong = exchange.headers.iter().find(|(_, value)| !value.as_bytes().is_ascii());
    wrong.map(|(name, value)| shown(name.as_str(), text(value)))
}

fn repeated(exchange: &Exchange<'_>) -> Option<String> {
    // As many values as names: no header stands twice.
    if exchange.headers.len() == exchange.headers.keys_len() {
        return None;
    }
    let names = [
        header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
        header::ACCESS_CONTROL_ALLOW_ORIGIN,
        header::ACCESS_CONTROL_MAX_AGE,
        header::AGE,
        header::CONTENT_DISPOSITION,
        header::CONTENT_LENGTH,
        header::CONTENT_LOCATION,
        header::CONTENT_RANGE,
        header::CONTENT_TYPE,
        header::DATE,
        header::ETAG,
        header::EXPIRES,
        header::LAST_MODIFIED,
        header::LOCATION,
        header::RETRY_AFTER,
        header::SERVER,
        header::STRICT_TRANSPORT_SECURITY,
    ];
    let twice = |name: &header::HeaderName| exchange.all(name).nth(1).is_some();
    let name = names.into_iter().find(twice)?;
    let values: Vec<_> = exchange.all(&name).take(4).collect();
    Some(shown(name.as_str(), &values.join(" and ")))
}

const LISTS: &[&str] = &[
    "accept-ranges",
    "access-control-allow-headers",
    "access-control-allow-methods",
    "access-control-expose-headers",
    "allow",
    "cache-control",
    "content-encoding",
    "content-language",
    "proxy-authenticate",
    "trailer",
    "upgrade",
    "vary",
    "www-authenticate",
];

fn list_empty(exchange: &Exchange<'_>) -> Option<String> {
    let full =
        |value: &str| value.is_empty() || split(value, b',').all(|element| !element.is_empty());
    LISTS.iter().find_map(|name| exchange.not_ok(name, full))
}

const REQUEST_ONLY: &[&str] = &[
    "authorization",
    "cookie",
    "expect",
    "from",
    "host",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "max-forwards",
    "proxy-authorization",
    "range",
    "referer",
    "te",
    "user-agent",
];

fn request_only(exchange: &Exchange<'_>) -> Option<String> {
    REQUEST_ONLY.iter().find_map(|name| exchange.present(name))
}

/// The links of a header: each begins with `<`, and commas may stand within `<...>`.
fn links(value: &str) -> impl Iterator<Item = Result<(&str, &str), &str>> {
    let mut rest = value.trim();
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let whole = std::mem::take(&mut rest);
        let Some((target, behind)) = whole.strip_prefix('<').and_then(|link| link.split_once('>'))
        else {
            return Some(Err(whole));
        };
        let parameters = split(behind, b',').next().unwrap_or_default();
        // Where the parameters end within `behind`: they are a part of it.
        let start = behind.len() - behind.trim_ascii_start().len();
        let end = (start + parameters.len()).min(behind.len());
        rest = behind[end..].trim_start().trim_start_matches(',').trim_start();
        Some(Ok((target, parameters)))
    })
}

fn link_syntax(exchange: &Exchange<'_>) -> Option<String> {
    let sound = |link: Result<(&str, &str), &str>| {
        link.is_ok_and(|(target, parameters)| {
            !target.contains([' ', '"']) && (parameters.is_empty() || parameters.starts_with(';'))
        })
    };
    exchange.not_ok("link", |value| links(value).all(sound))
}

fn link_rel(exchange: &Exchange<'_>) -> Option<String> {
    let has_rel = |link: Result<(&str, &str), &str>| {
        link.is_err()
            || link.is_ok_and(|(_, parameters)| {
                split(parameters, b';').any(|part| {
                    let (name, _) = super::super::syntax::parameter(part);
                    name.eq_ignore_ascii_case("rel")
                })
            })
    };
    exchange.not_ok("link", |value| links(value).all(has_rel))
}
