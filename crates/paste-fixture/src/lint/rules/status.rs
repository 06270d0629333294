//! Status codes, and the headers without which they say too little.

use http::Method;

use super::super::exchange::{Exchange, shown};
use super::super::rule::{Level, Rule};
use super::super::syntax::{date, elements, is_delta_seconds, is_token_list, text};
use super::{Check, Entry};

pub(super) static ENTRIES: &[Entry] = &[
    Entry {
        rule: Rule {
            id: "status-range",
            level: Level::Must,
            clause: "RFC 9110, 15",
            text: "a status is from 100 to 599",
        },
        on: &[],
        check: Check::Response(|exchange| {
            (exchange.code() > 599).then(|| exchange.status_shown(""))
        }),
        breaks: "GET /\n\n600",
        sound: "GET /\n\n500",
    },
    Entry {
        rule: Rule {
            id: "status-registered",
            level: Level::Should,
            clause: "RFC 9110, 16.2.1",
            text: "status codes are registered",
        },
        on: &[],
        check: Check::Response(registered),
        breaks: "GET /\n\n299",
        sound: "GET /\n\n207",
    },
    Entry {
        rule: Rule {
            id: "status-interim",
            level: Level::Must,
            clause: "RFC 9110, 15.2",
            text: "a 1xx is no final answer; 101 alone ends an exchange of HTTP",
        },
        on: &[],
        check: Check::Response(interim),
        breaks: "GET /\n\n100",
        sound: "GET /\nUpgrade: a\n\n101\nUpgrade: a\nConnection: upgrade",
    },
    Entry {
        rule: Rule {
            id: "status-obsolete",
            level: Level::Should,
            clause: "RFC 9110, 15.4.6, 15.4.7 and 15.5.19",
            text: "305 is deprecated; 306 and 418 are unused",
        },
        on: &[],
        check: Check::Response(obsolete),
        breaks: "GET /\n\n305\nLocation: /a",
        sound: "GET /\n\n307\nLocation: /a",
    },
    Entry {
        rule: Rule {
            id: "status-reset-content",
            level: Level::Should,
            clause: "RFC 9110, 15.3.6",
            text: "205 resets the view that the request came from: it does not answer GET",
        },
        on: &[],
        check: Check::Response(reset_content),
        breaks: "GET /\n\n205",
        sound: "POST /\n\n205",
    },
    Entry {
        rule: Rule {
            id: "status-not-modified",
            level: Level::Must,
            clause: "RFC 9110, 15.4.5",
            text: "304 answers GET and HEAD with a condition, and nothing else",
        },
        on: &[],
        check: Check::Response(not_modified),
        breaks: "GET /\n\n304",
        sound: "GET /\nIf-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\n\n304",
    },
    Entry {
        rule: Rule {
            id: "status-precondition",
            level: Level::Should,
            clause: "RFC 9110, 15.5.13",
            text: "412 answers a request with a precondition",
        },
        on: &[],
        check: Check::Response(precondition),
        breaks: "GET /\n\n412",
        sound: "PUT /\nIf-Match: \"a\"\n\n412",
    },
    Entry {
        rule: Rule {
            id: "status-expectation",
            level: Level::Should,
            clause: "RFC 9110, 15.5.18",
            text: "417 answers a request with Expect",
        },
        on: &[],
        check: Check::Response(expectation),
        breaks: "GET /\n\n417",
        sound: "PUT /\nExpect: a\n\n417",
    },
    Entry {
        rule: Rule {
            id: "upgrade-missing",
            level: Level::Must,
            clause: "RFC 9110, 7.8 and 15.5.22",
            text: "101 and 426 name the protocols in Upgrade",
        },
        on: &[],
        check: Check::Response(upgrade_missing),
        breaks: "GET /\n\n426",
        sound: "GET /\n\n426\nUpgrade: a\nConnection: upgrade",
    },
    Entry {
        rule: Rule {
            id: "upgrade-unasked",
            level: Level::Must,
            clause: "RFC 9110, 7.8",
            text: "101 switches to a protocol that the request named",
        },
        on: &["upgrade"],
        check: Check::Response(upgrade_unasked),
        breaks: "GET /\nUpgrade: a\n\n101\nUpgrade: b\nConnection: upgrade",
        sound: "GET /\nUpgrade: a, b\n\n101\nUpgrade: b\nConnection: upgrade",
    },
    Entry {
        rule: Rule {
            id: "allow-missing",
            level: Level::Must,
            clause: "RFC 9110, 15.5.6",
            text: "a 405 lists the methods that are allowed",
        },
        on: &[],
        check: Check::Response(allow_missing),
        breaks: "POST /\n\n405",
        sound: "POST /\n\n405\nAllow: GET, HEAD",
    },
    Entry {
        rule: Rule {
            id: "allow-syntax",
            level: Level::Must,
            clause: "RFC 9110, 10.2.1",
            text: "an Allow is a list of methods",
        },
        on: &["allow"],
        check: Check::Response(|exchange| exchange.not_ok("allow", is_token_list)),
        breaks: "POST /\n\n405\nAllow: GET HEAD",
        sound: "POST /\n\n405\nAllow: GET, HEAD",
    },
    Entry {
        rule: Rule {
            id: "allow-contradiction",
            level: Level::Must,
            clause: "RFC 9110, 15.5.6",
            text: "a 405 does not list the method of the request",
        },
        on: &["allow"],
        check: Check::Response(allow_contradiction),
        breaks: "POST /\n\n405\nAllow: GET, POST",
        sound: "POST /\n\n405\nAllow: GET, PUT, HEAD",
    },
    Entry {
        rule: Rule {
            id: "allow-head",
            level: Level::Should,
            clause: "RFC 9110, 9.1 and 9.3.2",
            text: "who allows GET allows HEAD",
        },
        on: &["allow"],
        check: Check::Response(allow_head),
        breaks: "HEAD /\n\n405\nAllow: GET",
        sound: "HEAD /\n\n405\nAllow: POST",
    },
    Entry {
        rule: Rule {
            id: "retry-after-syntax",
            level: Level::Must,
            clause: "RFC 9110, 10.2.3",
            text: "a Retry-After is a date, or seconds",
        },
        on: &["retry-after"],
        check: Check::Response(|exchange| {
            exchange.not_ok("retry-after", |value| is_delta_seconds(value) || date(value).is_some())
        }),
        breaks: "GET /\n\n503\nRetry-After: 1 minute",
        sound: "GET /\n\n503\nRetry-After: 60",
    },
];

fn registered(exchange: &Exchange<'_>) -> Option<String> {
    let unknown = exchange.status.canonical_reason().is_none() && exchange.code() <= 599;
    unknown.then(|| exchange.status_shown(""))
}

fn interim(exchange: &Exchange<'_>) -> Option<String> {
    let interim = exchange.status.is_informational() && exchange.code() != 101;
    interim.then(|| exchange.status_shown(""))
}

fn obsolete(exchange: &Exchange<'_>) -> Option<String> {
    matches!(exchange.code(), 305 | 306 | 418).then(|| exchange.status_shown(""))
}

fn reset_content(exchange: &Exchange<'_>) -> Option<String> {
    (exchange.code() == 205 && exchange.reads()).then(|| exchange.status_shown(""))
}

fn not_modified(exchange: &Exchange<'_>) -> Option<String> {
    let asked = exchange.asked;
    let conditional = asked.if_none_match.is_some() || asked.if_modified_since.is_some();
    let wrong = exchange.code() == 304 && !(exchange.reads() && conditional);
    let why = if exchange.reads() { "without If-None-Match and If-Modified-Since" } else { "" };
    wrong.then(|| format!("{} {}", asked.method, exchange.status_shown(why)))
}

fn precondition(exchange: &Exchange<'_>) -> Option<String> {
    let wrong = exchange.code() == 412 && !exchange.asked.has_precondition;
    wrong.then(|| exchange.status_shown("without a precondition"))
}

fn expectation(exchange: &Exchange<'_>) -> Option<String> {
    let wrong = exchange.code() == 417 && exchange.asked.expect.is_none();
    wrong.then(|| exchange.status_shown("without Expect"))
}

fn upgrade_missing(exchange: &Exchange<'_>) -> Option<String> {
    let wrong = matches!(exchange.code(), 101 | 426) && !exchange.has("upgrade");
    wrong.then(|| exchange.status_shown("without Upgrade"))
}

fn upgrade_unasked(exchange: &Exchange<'_>) -> Option<String> {
    let chosen = exchange.get("upgrade").filter(|_| exchange.code() == 101)?;
    let asked = exchange.asked.upgrade.as_ref().map_or("", text);
    let was_asked =
        |name: &str| elements(asked).any(|protocol| protocol.eq_ignore_ascii_case(name));
    let wrong = !elements(chosen).all(was_asked);
    wrong.then(|| format!("upgrade: {chosen}, asked for: {asked:?}"))
}

fn allow_missing(exchange: &Exchange<'_>) -> Option<String> {
    let wrong = exchange.code() == 405 && !exchange.has("allow");
    wrong.then(|| exchange.status_shown("without Allow"))
}

/// The Allow header of a 405.
fn allow<'a>(exchange: &Exchange<'a>) -> Option<&'a str> {
    exchange.get("allow").filter(|_| exchange.code() == 405)
}

fn allow_contradiction(exchange: &Exchange<'_>) -> Option<String> {
    let value = allow(exchange)?;
    let method = exchange.asked.method.as_str();
    let wrong = elements(value).any(|allowed| allowed == method);
    wrong.then(|| format!("{method}, allow: {value}"))
}

fn allow_head(exchange: &Exchange<'_>) -> Option<String> {
    let value = allow(exchange)?;
    let wrong = exchange.asked.method == Method::HEAD && elements(value).any(|name| name == "GET");
    wrong.then(|| shown("allow", value))
}
