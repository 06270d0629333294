//! What a body is: its type, its coding, its language.

use super::super::exchange::{Exchange, shown};
use super::super::rule::{Level, Rule};
use super::super::syntax::{
    elements, is_parameter, is_token, is_token_list, parameter, split, text, unquoted,
};
use super::{Check, Entry};

pub(super) static ENTRIES: &[Entry] = &[
    Entry {
        rule: Rule {
            id: "content-type-missing",
            level: Level::Should,
            clause: "RFC 9110, 8.3",
            text: "content has a Content-Type",
        },
        on: &[],
        check: Check::Response(type_missing),
        breaks: "GET /\n\n200\n\nhello",
        sound: "GET /\n\n200\nContent-Type: text/css\n\nstream:hello",
    },
    Entry {
        rule: Rule {
            id: "content-type-syntax",
            level: Level::Must,
            clause: "RFC 9110, 8.3.1",
            text: "a Content-Type is `type/subtype` with `; name=value` parameters",
        },
        on: &["content-type"],
        check: Check::Response(|exchange| exchange.not_ok("content-type", is_media_type)),
        breaks: "GET /\n\n200\nContent-Type: css\n\nhello",
        sound: "GET /\n\n200\nContent-Type: text/html; charset=\"utf-8\"; a=b\n\nhello",
    },
    Entry {
        rule: Rule {
            id: "content-type-unexpected",
            level: Level::Should,
            clause: "RFC 9110, 8.3 and 15.3.5",
            text: "a Content-Type describes content: a 204 has none",
        },
        on: &["content-type"],
        check: Check::Response(type_unexpected),
        breaks: "GET /\n\n204\nContent-Type: text/css",
        sound: "GET /\n\n200\nContent-Type: text/css",
    },
    Entry {
        rule: Rule {
            id: "content-type-charset",
            level: Level::Should,
            clause: "RFC 9110, 8.3.2",
            text: "a charset has its registered name, and text of today is UTF-8: `utf-8`, not `utf8`",
        },
        on: &["content-type"],
        check: Check::Response(charset_name),
        breaks: "GET /\n\n200\nContent-Type: text/css; charset=utf8\n\nhello",
        sound: "GET /\n\n200\nContent-Type: text/css; charset=UTF-8\n\nhello",
    },
    Entry {
        rule: Rule {
            id: "content-type-json-charset",
            level: Level::Should,
            clause: "RFC 8259, 11",
            text: "JSON is UTF-8, and its media type has no charset",
        },
        on: &["content-type"],
        check: Check::Response(json_charset),
        breaks: "GET /\n\n200\nContent-Type: application/json; charset=utf-8\n\nhello",
        sound: "GET /\n\n200\nContent-Type: application/json\n\nhello",
    },
    Entry {
        rule: Rule {
            id: "content-type-boundary",
            level: Level::Must,
            clause: "RFC 2046, 5.1.1",
            text: "a multipart type has a boundary",
        },
        on: &["content-type"],
        check: Check::Response(boundary),
        breaks: "GET /\n\n200\nContent-Type: multipart/mixed\n\nhello",
        sound: "GET /\n\n200\nContent-Type: multipart/mixed; boundary=a\n\nhello",
    },
    Entry {
        rule: Rule {
            id: "content-type-parameter-repeated",
            level: Level::Should,
            clause: "RFC 9110, 8.3.1; RFC 6838, 4.3",
            text: "no parameter of a media type stands twice",
        },
        on: &["content-type"],
        check: Check::Response(parameter_repeated),
        breaks: "GET /\n\n200\nContent-Type: text/css; charset=utf-8; Charset=latin1\n\nhello",
        sound: "GET /\n\n200\nContent-Type: text/css; charset=utf-8; a=b\n\nhello",
    },
    Entry {
        rule: Rule {
            id: "content-encoding-syntax",
            level: Level::Must,
            clause: "RFC 9110, 8.4",
            text: "a Content-Encoding is a list of codings",
        },
        on: &["content-encoding"],
        check: Check::Response(|exchange| {
            exchange.not_ok("content-encoding", |value| is_token_list(value) && !value.is_empty())
        }),
        breaks: "GET /\n\n200\nContent-Encoding: gzip;q=1\nVary: accept-encoding\nContent-Type: text/css\n\nhello",
        sound: "GET /\n\n200\nContent-Encoding: gzip\nVary: accept-encoding\nContent-Type: text/css\n\nhello",
    },
    Entry {
        rule: Rule {
            id: "content-encoding-identity",
            level: Level::Should,
            clause: "RFC 9110, 8.4",
            text: "`identity` is for Accept-Encoding: what is not encoded has no Content-Encoding",
        },
        on: &["content-encoding"],
        check: Check::Response(|exchange| {
            exchange.not_ok("content-encoding", |value| {
                elements(value).all(|coding| !coding.eq_ignore_ascii_case("identity"))
            })
        }),
        breaks: "GET /\n\n200\nContent-Encoding: identity\nContent-Type: text/css\n\nhello",
        sound: "GET /\n\n200\nContent-Type: text/css\n\nhello",
    },
    Entry {
        rule: Rule {
            id: "content-encoding-registered",
            level: Level::Should,
            clause: "RFC 9110, 8.4.1 and 16.6.1",
            text: "content codings are registered",
        },
        on: &["content-encoding"],
        check: Check::Response(coding_registered),
        breaks: "GET /\n\n200\nContent-Encoding: brotli\nVary: accept-encoding\nContent-Type: text/css\n\nhello",
        sound: "GET /\n\n200\nContent-Encoding: br\nVary: accept-encoding\nContent-Type: text/css\n\nhello",
    },
    Entry {
        rule: Rule {
            id: "content-encoding-accepted",
            level: Level::Should,
            clause: "RFC 9110, 12.5.3",
            text: "content has no coding that the request does not accept",
        },
        on: &["content-encoding"],
        check: Check::Response(coding_accepted),
        breaks: "GET /\nAccept-Encoding: gzip, br;q=0\n\n200\nContent-Encoding: br\nVary: accept-encoding\nContent-Type: text/css\n\nhello",
        sound: "GET /\nAccept-Encoding: br;q=0, *\n\n200\nContent-Encoding: gzip\nVary: accept-encoding\nContent-Type: text/css\n\nhello",
    },
    Entry {
        rule: Rule {
            id: "content-language-syntax",
            level: Level::Must,
            clause: "RFC 9110, 8.5; RFC 5646, 2.1",
            text: "a Content-Language is a list of language tags",
        },
        on: &["content-language"],
        check: Check::Response(|exchange| {
            exchange.not_ok("content-language", |value| elements(value).all(is_language_tag))
        }),
        breaks: "GET /\n\n200\nContent-Language: en_GB",
        sound: "GET /\n\n200\nContent-Language: en-GB, de",
    },
    Entry {
        rule: Rule {
            id: "accept-ranges-syntax",
            level: Level::Must,
            clause: "RFC 9110, 14.3",
            text: "an Accept-Ranges is a list of range units",
        },
        on: &["accept-ranges"],
        check: Check::Response(|exchange| {
            exchange.not_ok("accept-ranges", |value| is_token_list(value) && !value.is_empty())
        }),
        breaks: "GET /\n\n200\nAccept-Ranges: bytes=0-",
        sound: "GET /\n\n200\nAccept-Ranges: bytes",
    },
];

fn type_missing(exchange: &Exchange<'_>) -> Option<String> {
    // A part that was asked for with If-Range is not described anew (RFC 9110, 15.3.7).
    let known = exchange.code() == 206 && exchange.asked.if_range.is_some();
    let wrong = exchange.has_content() && !exchange.has("content-type") && !known;
    let size = || exchange.body.as_ref().and_then(http_body::SizeHint::exact);
    let shown = |bytes: u64| format!("a body of {bytes} bytes");
    wrong.then(|| size().map_or_else(|| "a body of unknown length".to_owned(), shown))
}

fn is_media_type(value: &str) -> bool {
    let mut parts = split(value, b';');
    let essence = parts.next().unwrap_or_default();
    let (kind, subtype) = essence.split_once('/').unwrap_or_default();
    let is_sound = |part: &str| part.is_empty() || is_parameter(part);
    is_token(kind) && is_token(subtype) && parts.all(is_sound)
}

fn type_unexpected(exchange: &Exchange<'_>) -> Option<String> {
    exchange.present("content-type").filter(|_| exchange.code() == 204)
}

/// The value of a parameter of the Content-Type.
fn type_parameter<'a>(exchange: &Exchange<'a>, wanted: &str) -> Option<&'a str> {
    let mut parameters = split(exchange.get("content-type")?, b';').skip(1).map(parameter);
    let found = parameters.find(|(name, _)| name.eq_ignore_ascii_case(wanted));
    found.map(|(_, value)| unquoted(value))
}

/// Whether the essence of the Content-Type fits.
fn type_is(exchange: &Exchange<'_>, fits: impl Fn(&str) -> bool) -> bool {
    let essence = |value: &str| fits(split(value, b';').next().unwrap_or_default());
    exchange.get("content-type").is_some_and(essence)
}

fn charset_name(exchange: &Exchange<'_>) -> Option<String> {
    let charset = type_parameter(exchange, "charset")?;
    let is = |name: &&str| charset.eq_ignore_ascii_case(name);
    let begins = |start: &&str| {
        charset.get(..start.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(start))
    };
    let wrong = MISNAMED.iter().any(is) || !FAMILIES.iter().any(begins);
    exchange.present("content-type").filter(|_| wrong)
}

/// What is often written, and is no name.
const MISNAMED: &[&str] = &["utf_8", "unicode", "utf-8-sig", "latin-1"];

/// How the registered names of charsets begin; `utf8` has none of these.
const FAMILIES: &[&str] = &[
    "adobe-",
    "amiga",
    "ansi_",
    "arabic",
    "ascii",
    "big5",
    "bocu-",
    "brf",
    "cesu-",
    "cp",
    "cs",
    "cyrillic",
    "dec-",
    "ebcdic",
    "euc-",
    "extended_unix",
    "gb",
    "greek",
    "hebrew",
    "hp-",
    "hz-",
    "ibm",
    "iso-",
    "iso_",
    "jis_",
    "koi",
    "ks",
    "latin",
    "mac",
    "osd_",
    "ptcp",
    "scsu",
    "shift_jis",
    "tis-",
    "unicode-1",
    "us-ascii",
    "utf-",
    "viqr",
    "viscii",
    "windows-",
    "x-",
];

fn json_charset(exchange: &Exchange<'_>) -> Option<String> {
    let json = type_is(exchange, |essence| essence.eq_ignore_ascii_case("application/json"));
    type_parameter(exchange, "charset").filter(|_| json)?;
    exchange.present("content-type")
}

fn boundary(exchange: &Exchange<'_>) -> Option<String> {
    let multipart = |essence: &str| {
        essence.get(..10).is_some_and(|start| start.eq_ignore_ascii_case("multipart/"))
    };
    let lacks = type_parameter(exchange, "boundary").is_none_or(str::is_empty);
    let wrong = lacks && type_is(exchange, multipart);
    if wrong { exchange.present("content-type") } else { None }
}

fn parameter_repeated(exchange: &Exchange<'_>) -> Option<String> {
    let value = exchange.get("content-type")?;
    let names = || split(value, b';').skip(1).map(|part| parameter(part).0);
    let twice =
        |name: &str| names().filter(|other| other.eq_ignore_ascii_case(name)).nth(1).is_some();
    names().any(twice).then(|| shown("content-type", value))
}

fn coding_registered(exchange: &Exchange<'_>) -> Option<String> {
    let registered = |coding: &str| {
        let names = [
            "aes128gcm",
            "br",
            "compress",
            "dcb",
            "dcz",
            "deflate",
            "exi",
            "gzip",
            "identity",
            "pack200-gzip",
            "x-compress",
            "x-gzip",
            "zstd",
        ];
        // What is no token at all is another rule's.
        !is_token(coding) || names.iter().any(|name| name.eq_ignore_ascii_case(coding))
    };
    exchange.not_ok("content-encoding", |value| elements(value).all(registered))
}

fn coding_accepted(exchange: &Exchange<'_>) -> Option<String> {
    let accept = text(exchange.asked.accept_encoding.as_ref()?);
    // RFC 9110, 8.4.1: `x-gzip` is gzip, and `x-compress` is compress.
    let bare = |coding: &'_ str| coding.to_ascii_lowercase().trim_start_matches("x-").to_owned();
    let quality = |coding: &str| {
        let listed = elements(accept).find_map(|element| {
            let mut parts = split(element, b';');
            let name = parts.next().unwrap_or_default();
            (bare(name) == bare(coding)).then(|| parts.next().unwrap_or_default())
        });
        listed.map(|weight| {
            let (_, value) = parameter(weight);
            value.is_empty() || !value.trim_matches(['0', '.']).is_empty()
        })
    };
    let accepted = |coding: &str| {
        let listed = quality(coding).or_else(|| quality("*"));
        listed.unwrap_or(coding.eq_ignore_ascii_case("identity"))
    };
    let wrong =
        exchange.all("content-encoding").flat_map(elements).find(|coding| !accepted(coding))?;
    Some(format!("content-encoding: {wrong}, of accept-encoding: {accept}"))
}

fn is_language_tag(tag: &str) -> bool {
    let subtag = |part: &str| {
        (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    tag.starts_with(|first: char| first.is_ascii_alphabetic()) && tag.split('-').all(subtag)
}
