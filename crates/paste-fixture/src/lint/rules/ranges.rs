//! Parts of content: 206, 416 and Content-Range.

use http::Method;

use super::super::exchange::{Exchange, shown};
use super::super::rule::{Level, Rule};
use super::super::syntax::{elements, is_token, text};
use super::{Check, Entry};

pub(super) static ENTRIES: &[Entry] = &[
    Entry {
        rule: Rule {
            id: "range-unasked",
            level: Level::Must,
            clause: "RFC 9110, 15.3.7",
            text: "206 answers a request with Range",
        },
        on: &[],
        check: Check::Response(unasked),
        breaks: "GET /\n\n206\nContent-Range: bytes 0-4/9\nContent-Type: text/css\n\nhello",
        sound: "GET /\nRange: bytes=0-4\n\n206\nContent-Range: bytes 0-4/9\nContent-Type: text/css\n\nhello",
    },
    Entry {
        rule: Rule {
            id: "range-method",
            level: Level::Must,
            clause: "RFC 9110, 14.2",
            text: "Range is for GET: other methods ignore it",
        },
        on: &[],
        check: Check::Response(method),
        breaks: "HEAD /\nRange: bytes=0-4\n\n206\nContent-Range: bytes 0-4/9\nContent-Type: text/css",
        sound: "GET /\nRange: bytes=0-4\n\n206\nContent-Range: bytes 0-4/9\nContent-Type: text/css\n\nhello",
    },
    Entry {
        rule: Rule {
            id: "range-other",
            level: Level::Must,
            clause: "RFC 9110, 14.2 and 15.3.7",
            text: "a 206 has nothing beyond the range that was asked for",
        },
        on: &["content-range"],
        check: Check::Response(other),
        breaks: "GET /\nRange: bytes=1-5\n\n206\nContent-Range: bytes 0-4/9\nContent-Type: text/css\n\nhello",
        sound: "GET /\nRange: bytes=0-99\n\n206\nContent-Range: bytes 0-4/5\nContent-Type: text/css\n\nhello",
    },
    Entry {
        rule: Rule {
            id: "range-unsatisfied",
            level: Level::Should,
            clause: "RFC 9110, 15.5.17",
            text: "416 answers a request with Range",
        },
        on: &[],
        check: Check::Response(unsatisfied_unasked),
        breaks: "GET /\n\n416\nContent-Range: bytes */9",
        sound: "GET /\nRange: bytes=9-\n\n416\nContent-Range: bytes */9",
    },
    Entry {
        rule: Rule {
            id: "if-range-ignored",
            level: Level::Must,
            clause: "RFC 9110, 13.1.5",
            text: "where the validator in If-Range is not that of the answer, the answer is whole",
        },
        on: &[],
        check: Check::Response(if_range_ignored),
        breaks: "GET /\nRange: bytes=0-4\nIf-Range: \"old\"\n\n206\nContent-Range: bytes 0-4/9\nETag: \"new\"\nContent-Type: text/css\n\nhello",
        sound: "GET /\nRange: bytes=0-4\nIf-Range: \"new\"\n\n206\nContent-Range: bytes 0-4/9\nETag: \"new\"\nContent-Type: text/css\n\nhello",
    },
    Entry {
        rule: Rule {
            id: "content-range-missing",
            level: Level::Must,
            clause: "RFC 9110, 15.3.7.1",
            text: "a 206 of one part has a Content-Range",
        },
        on: &[],
        check: Check::Response(missing),
        breaks: "GET /\nRange: bytes=0-4\n\n206\nContent-Type: text/css\n\nhello",
        sound: "GET /\nRange: bytes=0-4\n\n206\nContent-Range: bytes 0-4/9\nContent-Type: text/css\n\nhello",
    },
    Entry {
        rule: Rule {
            id: "content-range-multipart",
            level: Level::Must,
            clause: "RFC 9110, 15.3.7.2",
            text: "a 206 of several parts has its Content-Ranges in the parts",
        },
        on: &["content-range"],
        check: Check::Response(multipart),
        breaks: "GET /\nRange: bytes=0-1,3-4\n\n206\nContent-Range: bytes 0-4/9\nContent-Type: multipart/byteranges; boundary=a\n\nhello",
        sound: "GET /\nRange: bytes=0-1,3-4\n\n206\nContent-Type: multipart/byteranges; boundary=a\n\nhello",
    },
    Entry {
        rule: Rule {
            id: "content-range-single",
            level: Level::Must,
            clause: "RFC 9110, 15.3.7.2",
            text: "who asks for one range gets no multipart",
        },
        on: &["content-type"],
        check: Check::Response(single),
        breaks: "GET /\nRange: bytes=0-4\n\n206\nContent-Type: multipart/byteranges; boundary=a\n\nhello",
        sound: "GET /\nRange: bytes=0-1,3-4\n\n206\nContent-Type: multipart/byteranges; boundary=a\n\nhello",
    },
    Entry {
        rule: Rule {
            id: "content-range-syntax",
            level: Level::Must,
            clause: "RFC 9110, 14.4",
            text: "a Content-Range is `bytes first-last/length`, `bytes first-last/*` or `bytes */length`",
        },
        on: &["content-range"],
        check: Check::Response(|exchange| {
            exchange.not_ok("content-range", |value| {
                is_other_unit(value) || content_range(value).is_some()
            })
        }),
        breaks: "GET /\nRange: bytes=0-4\n\n206\nContent-Range: bytes=0-4/9\nContent-Type: text/css\n\nhello",
        sound: "GET /\nRange: bytes=0-4\n\n206\nContent-Range: bytes 0-4/*\nContent-Type: text/css\n\nhello",
    },
    Entry {
        rule: Rule {
            id: "content-range-bounds",
            level: Level::Must,
            clause: "RFC 9110, 14.4",
            text: "in a Content-Range first is not behind last, nor last beyond the length",
        },
        on: &["content-range"],
        check: Check::Response(bounds),
        breaks: "GET /\nRange: bytes=0-4\n\n206\nContent-Range: bytes 0-4/4\nContent-Type: text/css\n\nhello",
        sound: "GET /\nRange: bytes=0-4\n\n206\nContent-Range: bytes 0-4/5\nContent-Type: text/css\n\nhello",
    },
    Entry {
        rule: Rule {
            id: "content-range-status",
            level: Level::Should,
            clause: "RFC 9110, 14.4",
            text: "Content-Range means something in 206 and 416 alone",
        },
        on: &["content-range"],
        check: Check::Response(status),
        breaks: "GET /\n\n200\nContent-Range: bytes 0-4/9\nContent-Type: text/css\n\nhello",
        sound: "GET /\nRange: bytes=0-4\n\n206\nContent-Range: bytes 0-4/9\nContent-Type: text/css\n\nhello",
    },
    Entry {
        rule: Rule {
            id: "content-range-unsatisfied",
            level: Level::Should,
            clause: "RFC 9110, 15.5.17 and 14.4",
            text: "a 416 says the length of what there is: `Content-Range: bytes */length`",
        },
        on: &[],
        check: Check::Response(unsatisfied_length),
        breaks: "GET /\nRange: bytes=9-\n\n416",
        sound: "GET /\nRange: bytes=9-\n\n416\nContent-Range: bytes */9",
    },
    Entry {
        rule: Rule {
            id: "content-range-length",
            level: Level::Must,
            clause: "RFC 9110, 14.4 and 8.6",
            text: "a 206 of one part is as long as its Content-Range says",
        },
        on: &["content-range"],
        check: Check::Response(length),
        breaks: "GET /\nRange: bytes=0-4\n\n206\nContent-Range: bytes 0-4/9\nContent-Type: text/css\n\nhell",
        sound: "GET /\nRange: bytes=0-4\n\n206\nContent-Range: bytes 0-4/9\nContent-Type: text/css\n\nhello",
    },
];

/// A Content-Range in bytes: first and last if satisfied, and the whole length if known.
struct ContentRange {
    part: Option<(u64, u64)>,
    length: Option<u64>,
}

fn content_range(value: &str) -> Option<ContentRange> {
    let (unit, rest) = value.split_once(' ')?;
    let (part, length) = rest.split_once('/')?;
    let number = |text: &str| {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        if digits { text.parse().ok() } else { None }
    };
    let length = if length == "*" { None } else { Some(number(length)?) };
    let part = if part == "*" {
        length?;
        None
    } else {
        let (first, last) = part.split_once('-')?;
        Some((number(first)?, number(last)?))
    };
    unit.eq_ignore_ascii_case("bytes").then_some(ContentRange { part, length })
}

/// Whether it is in a unit that we do not know, and cannot judge.
fn is_other_unit(value: &str) -> bool {
    let unit = value.split_once(' ').map(|(unit, _)| unit);
    unit.is_some_and(|unit| is_token(unit) && !unit.eq_ignore_ascii_case("bytes"))
}

/// The Content-Range of a 206, if it can be read.
fn of_partial(exchange: &Exchange<'_>) -> Option<ContentRange> {
    content_range(exchange.get("content-range").filter(|_| exchange.code() == 206)?)
}

fn is_multipart(exchange: &Exchange<'_>) -> bool {
    let wanted = "multipart/byteranges";
    let starts = |value: &str| {
        value.get(..wanted.len()).is_some_and(|start| start.eq_ignore_ascii_case(wanted))
    };
    exchange.get("content-type").is_some_and(starts)
}

/// The ranges that were asked for.
fn asked<'a>(exchange: &Exchange<'a>) -> Option<&'a str> {
    exchange.asked.range.as_ref().map(text)
}

fn unasked(exchange: &Exchange<'_>) -> Option<String> {
    let wrong = exchange.code() == 206 && asked(exchange).is_none();
    wrong.then(|| exchange.status_shown("without Range"))
}

fn method(exchange: &Exchange<'_>) -> Option<String> {
    let range = asked(exchange)?;
    let method = &exchange.asked.method;
    let wrong = exchange.code() == 206 && *method != Method::GET;
    wrong.then(|| format!("{method}, range: {range}"))
}

fn other(exchange: &Exchange<'_>) -> Option<String> {
    let range = asked(exchange)?;
    let found = of_partial(exchange)?;
    let (first, last) = found.part?;
    let wanted = range.get(..6).filter(|unit| unit.eq_ignore_ascii_case("bytes="))?;
    // What is sent in one part may be several ranges, joined: no further than from the first of them
    // to the last (15.3.7.2).
    let (mut from, mut to) = (u64::MAX, 0);
    for range in elements(&range[wanted.len()..]) {
        let (start, end) = span(range, &found)?;
        (from, to) = (from.min(start), to.max(end));
    }
    let wrong = first < from || last > to;
    wrong.then(|| format!("content-range: bytes {first}-{last}, range: {range}"))
}

/// Where a range that was asked for begins and ends; `None` if that cannot be known.
fn span(range: &str, found: &ContentRange) -> Option<(u64, u64)> {
    let (from, to) = range.split_once('-')?;
    match (from.trim(), to.trim()) {
        ("", suffix) => {
            let suffix: u64 = suffix.parse().ok()?;
            let length = found.length?;
            Some((length.saturating_sub(suffix), length))
        }
        (from, "") => Some((from.parse().ok()?, u64::MAX)),
        (from, to) => Some((from.parse().ok()?, to.parse().ok()?)),
    }
}

fn unsatisfied_unasked(exchange: &Exchange<'_>) -> Option<String> {
    let wrong = exchange.code() == 416 && asked(exchange).is_none();
    wrong.then(|| exchange.status_shown("without Range"))
}

fn if_range_ignored(exchange: &Exchange<'_>) -> Option<String> {
    let validator = exchange.asked.if_range.as_ref().map(text)?;
    let is_tag = validator.ends_with('"');
    let own = exchange.get(if is_tag { "etag" } else { "last-modified" });
    // Of the two, a 206 to a request with If-Range needs to repeat the tag alone (15.3.7).
    if own.is_none() && !is_tag {
        return None;
    }
    // The strong comparison: a weak tag is never the same.
    let same = own == Some(validator) && !validator.starts_with("W/");
    let wrong = exchange.code() == 206 && !same;
    let shown = || format!("if-range: {validator}, but {}", own.unwrap_or("no such validator"));
    wrong.then(shown)
}

fn missing(exchange: &Exchange<'_>) -> Option<String> {
    let partial = exchange.code() == 206 && !is_multipart(exchange);
    let wrong = partial && !exchange.has("content-range");
    wrong.then(|| exchange.status_shown("without Content-Range"))
}

fn multipart(exchange: &Exchange<'_>) -> Option<String> {
    let wrong = exchange.code() == 206 && is_multipart(exchange);
    exchange.present("content-range").filter(|_| wrong)
}

fn single(exchange: &Exchange<'_>) -> Option<String> {
    let range = asked(exchange)?;
    let one = elements(range).nth(1).is_none();
    let wrong = exchange.code() == 206 && is_multipart(exchange) && one;
    wrong.then(|| shown("range", range))
}

fn bounds(exchange: &Exchange<'_>) -> Option<String> {
    exchange.not_ok("content-range", |value| {
        let sound = |range: ContentRange| {
            let inside =
                |(first, last)| first <= last && range.length.is_none_or(|length| last < length);
            range.part.is_none_or(inside)
        };
        content_range(value).is_none_or(sound)
    })
}

fn status(exchange: &Exchange<'_>) -> Option<String> {
    let wrong = !matches!(exchange.code(), 206 | 416 | 304);
    let value = exchange.get("content-range").filter(|_| wrong)?;
    Some(format!("{}, content-range: {value}", exchange.status_shown("")))
}

fn unsatisfied_length(exchange: &Exchange<'_>) -> Option<String> {
    if exchange.code() != 416 {
        return None;
    }
    let Some(value) = exchange.get("content-range") else {
        return Some(exchange.status_shown("without Content-Range"));
    };
    let wrong = content_range(value).is_some_and(|range| range.part.is_some());
    wrong.then(|| shown("content-range", value))
}

fn length(exchange: &Exchange<'_>) -> Option<String> {
    let (first, last) = of_partial(exchange)?.part.filter(|_| !is_multipart(exchange))?;
    let wanted = last.checked_sub(first)?.checked_add(1)?;
    let stated = exchange.get("content-length").and_then(|value| value.parse().ok());
    let hint = || exchange.body.as_ref().filter(|_| exchange.has_content())?.exact();
    let found: u64 = stated.or_else(hint)?;
    let shown = || format!("content-range: bytes {first}-{last}, but {found} bytes");
    (found != wanted).then(shown)
}
