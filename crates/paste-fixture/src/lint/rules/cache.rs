//! Dates, ages, and what the headers beside Cache-Control say to caches.

use std::time::{Duration, SystemTime};

use super::super::exchange::{Exchange, shown};
use super::super::rule::{Level, Rule};
use super::super::syntax::{date, is_delta_seconds};
use super::cache_control::{directive, forbids_reuse, max_age};
use super::{Check, Entry};

pub(super) static ENTRIES: &[Entry] = &[
    Entry {
        rule: Rule {
            id: "date-syntax",
            level: Level::Must,
            clause: "RFC 9110, 5.6.7 and 6.6.1",
            text: "a Date is like `Sun, 06 Nov 1994 08:49:37 GMT`",
        },
        on: &["date"],
        check: Check::Response(|exchange| exchange.not_ok("date", |value| date(value).is_some())),
        breaks: "GET /\n\n200\nDate: 1994-11-06T08:49:37Z",
        sound: "GET /\n\n200\nDate: Sun, 06 Nov 1994 08:49:37 GMT",
    },
    Entry {
        rule: Rule {
            id: "date-future",
            level: Level::Should,
            clause: "RFC 9110, 6.6.1",
            text: "a Date is not in the future",
        },
        on: &["date"],
        check: Check::Response(date_future),
        breaks: "GET /\n\n200\nDate: Fri, 01 Jan 2100 00:00:00 GMT",
        sound: "GET /\n\n200\nDate: Sun, 06 Nov 1994 08:49:37 GMT",
    },
    Entry {
        rule: Rule {
            id: "age-syntax",
            level: Level::Must,
            clause: "RFC 9111, 5.1",
            text: "an Age is whole seconds",
        },
        on: &["age"],
        check: Check::Response(|exchange| exchange.not_ok("age", is_delta_seconds)),
        breaks: "GET /\n\n200\nAge: -1",
        sound: "GET /\n\n200\nAge: 1",
    },
    Entry {
        rule: Rule {
            id: "expires-syntax",
            level: Level::Must,
            clause: "RFC 9111, 5.3",
            text: "an Expires is a date like `Sun, 06 Nov 1994 08:49:37 GMT`",
        },
        on: &["expires"],
        check: Check::Response(|exchange| {
            exchange.not_ok("expires", |value| date(value).is_some())
        }),
        breaks: "GET /\n\n200\nExpires: 0",
        sound: "GET /\n\n200\nExpires: Sun, 06 Nov 1994 08:49:37 GMT",
    },
    Entry {
        rule: Rule {
            id: "expires-contradiction",
            level: Level::Should,
            clause: "RFC 9111, 5.3",
            text: "no Expires in the future where Cache-Control forbids reuse",
        },
        on: &["expires"],
        check: Check::Response(expires_contradiction),
        breaks: "GET /\n\n200\nCache-Control: no-cache\nExpires: Fri, 01 Jan 2100 00:00:00 GMT",
        sound: "GET /\n\n200\nCache-Control: max-age=5\nExpires: Fri, 01 Jan 2100 00:00:00 GMT",
    },
    Entry {
        rule: Rule {
            id: "last-modified-syntax",
            level: Level::Must,
            clause: "RFC 9110, 8.8.2",
            text: "a Last-Modified is a date like `Sun, 06 Nov 1994 08:49:37 GMT`",
        },
        on: &["last-modified"],
        check: Check::Response(|exchange| {
            exchange.not_ok("last-modified", |value| date(value).is_some())
        }),
        breaks: "GET /\n\n200\nLast-Modified: Sun, 06 Nov 1994 08:49:37 -0000",
        sound: "GET /\n\n200\nLast-Modified: Sun, 06 Nov 1994 08:49:37 GMT",
    },
    Entry {
        rule: Rule {
            id: "last-modified-future",
            level: Level::Must,
            clause: "RFC 9110, 8.8.2.1",
            text: "a Last-Modified is not later than the Date of the answer",
        },
        on: &["last-modified"],
        check: Check::Response(last_modified_future),
        breaks: "GET /\n\n200\nLast-Modified: Fri, 01 Jan 2100 00:00:00 GMT",
        sound: "GET /\n\n200\nLast-Modified: Fri, 01 Jan 2010 00:00:00 GMT",
    },
    Entry {
        rule: Rule {
            id: "set-cookie-cached",
            level: Level::Should,
            clause: "RFC 9111, 7.3",
            text: "what sets a cookie is not for shared caches",
        },
        on: &["set-cookie"],
        check: Check::Response(set_cookie_cached),
        breaks: "GET /\n\n200\nSet-Cookie: a=b\nCache-Control: public",
        sound: "GET /\n\n200\nSet-Cookie: a=b\nCache-Control: private",
    },
];

/// How far clocks may be apart.
const SKEW: Duration = Duration::from_secs(60);

fn date_future(exchange: &Exchange<'_>) -> Option<String> {
    let value = exchange.get("date")?;
    (date(value)? > exchange.clock.now() + SKEW).then(|| shown("date", value))
}

/// When the answer was made: its Date, or now.
fn made_at(exchange: &Exchange<'_>) -> SystemTime {
    exchange.get("date").and_then(date).unwrap_or_else(|| exchange.clock.now())
}

fn expires_contradiction(exchange: &Exchange<'_>) -> Option<String> {
    let value = exchange.get("expires")?;
    let forbidden = forbids_reuse(exchange) && date(value)? > made_at(exchange);
    let control = || exchange.get("cache-control").unwrap_or_default();
    forbidden.then(|| format!("expires: {value}, cache-control: {}", control()))
}

fn last_modified_future(exchange: &Exchange<'_>) -> Option<String> {
    let value = exchange.get("last-modified")?;
    (date(value)? > made_at(exchange)).then(|| shown("last-modified", value))
}

fn set_cookie_cached(exchange: &Exchange<'_>) -> Option<String> {
    if !exchange.has("set-cookie") {
        return None;
    }
    let shared = directive(exchange, "public").is_some() || max_age(exchange, "s-maxage") > Some(0);
    let exempt = directive(exchange, "no-cache").or_else(|| directive(exchange, "private"));
    let wrong = shared && exempt.is_none();
    if wrong { exchange.present("cache-control") } else { None }
}
