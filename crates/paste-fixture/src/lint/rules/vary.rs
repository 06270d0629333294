//! Vary: what an answer was chosen by.

use super::super::exchange::{Exchange, shown};
use super::super::rule::{Level, Rule};
use super::super::syntax::{elements, is_token_list};
use super::cache_control::{forbids_reuse, max_age};
use super::{Check, Entry};

pub(super) static ENTRIES: &[Entry] = &[
    Entry {
        rule: Rule {
            id: "vary-syntax",
            level: Level::Must,
            clause: "RFC 9110, 12.5.5",
            text: "a Vary is a list of header names, or `*`",
        },
        on: &["vary"],
        check: Check::Response(|exchange| exchange.not_ok("vary", is_token_list)),
        breaks: "GET /\n\n200\nVary: accept; cookie",
        sound: "GET /\n\n200\nVary: accept, cookie",
    },
    Entry {
        rule: Rule {
            id: "vary-star",
            level: Level::Should,
            clause: "RFC 9110, 12.5.5",
            text: "`*` in Vary says all: other names beside it say nothing",
        },
        on: &["vary"],
        check: Check::Response(|exchange| {
            exchange.not_ok("vary", |value| {
                elements(value).nth(1).is_none() || !elements(value).any(|name| name == "*")
            })
        }),
        breaks: "GET /\n\n200\nVary: *, cookie",
        sound: "GET /\n\n200\nVary: *",
    },
    Entry {
        rule: Rule {
            id: "vary-star-cached",
            level: Level::Should,
            clause: "RFC 9111, 4.1",
            text: "an answer with `Vary: *` never answers another request: a max-age is in vain",
        },
        on: &["vary"],
        check: Check::Response(star_cached),
        breaks: "GET /\n\n200\nVary: *\nCache-Control: max-age=60",
        sound: "GET /\n\n200\nVary: cookie\nCache-Control: max-age=60",
    },
    Entry {
        rule: Rule {
            id: "vary-encoding",
            level: Level::Should,
            clause: "RFC 9110, 12.5.5",
            text: "what was encoded for a client varies by Accept-Encoding",
        },
        on: &["content-encoding"],
        check: Check::Response(encoding),
        breaks: "GET /\nAccept-Encoding: gzip\n\n200\nContent-Encoding: gzip\nContent-Type: text/css\n\nhello",
        sound: "GET /\nAccept-Encoding: gzip\n\n200\nContent-Encoding: gzip\nVary: Accept, Accept-Encoding\nContent-Type: text/css\n\nhello",
    },
    Entry {
        rule: Rule {
            id: "vary-origin",
            level: Level::Should,
            clause: "Fetch, CORS protocol and HTTP caches",
            text: "an answer that names the origin of the request varies by Origin (unless it names it to all)",
        },
        on: &["access-control-allow-origin"],
        check: Check::Response(origin),
        breaks: "GET /\nOrigin: http://a.example\n\n200\nAccess-Control-Allow-Origin: http://a.example",
        sound: "GET /\nOrigin: http://a.example\n\n200\nAccess-Control-Allow-Origin: http://a.example\nVary: origin",
    },
];

/// Whether Vary names the header, or everything.
fn varies_by(exchange: &Exchange<'_>, header: &str) -> bool {
    let mut names = exchange.all("vary").flat_map(elements);
    names.any(|name| name == "*" || name.eq_ignore_ascii_case(header))
}

fn star_cached(exchange: &Exchange<'_>) -> Option<String> {
    let value = exchange.get("vary").filter(|value| elements(value).any(|name| name == "*"))?;
    let kept = max_age(exchange, "max-age").or_else(|| max_age(exchange, "s-maxage")) > Some(0);
    kept.then(|| shown("vary", value))
}

fn encoding(exchange: &Exchange<'_>) -> Option<String> {
    let coding = exchange.get("content-encoding")?;
    let negotiated = exchange.asked.accept_encoding.is_some()
        && !coding.eq_ignore_ascii_case("identity")
        && !forbids_reuse(exchange);
    let wrong = negotiated && !varies_by(exchange, "accept-encoding");
    wrong.then(|| shown("content-encoding", coding))
}

fn origin(exchange: &Exchange<'_>) -> Option<String> {
    let origin = exchange.get("access-control-allow-origin")?;
    // One that does not fit the request's is the same for all of them.
    let chosen = exchange.asked.origin.as_ref().is_some_and(|asked| asked == origin);
    let wrong = chosen && !varies_by(exchange, "origin") && !exchange.asked.is_preflight;
    wrong.then(|| shown("access-control-allow-origin", origin))
}
