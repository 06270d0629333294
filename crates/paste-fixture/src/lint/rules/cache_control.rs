//! Cache-Control: its syntax, its directives, and what contradicts itself.

use super::super::exchange::{Exchange, shown};
use super::super::rule::{Level, Rule};
use super::super::syntax::{
    elements, is_delta_seconds, is_parameter, is_token, parameter, unquoted,
};
use super::{Check, Entry};

pub(super) static ENTRIES: &[Entry] = &[
    Entry {
        rule: Rule {
            id: "cache-control-syntax",
            level: Level::Must,
            clause: "RFC 9111, 5.2",
            text: "a Cache-Control is a list of `name` or `name=value`",
        },
        on: &["cache-control"],
        check: Check::Response(|exchange| exchange.not_ok("cache-control", is_directive_list)),
        breaks: "GET /\n\n200\nCache-Control: max-age=5; public",
        sound: "GET /\n\n200\nCache-Control: max-age=5, public",
    },
    Entry {
        rule: Rule {
            id: "cache-control-seconds",
            level: Level::Must,
            clause: "RFC 9111, 5.2.2.1 and 5.2.2.10",
            text: "max-age, s-maxage and the stale- directives have whole seconds, without quotes",
        },
        on: &["cache-control"],
        check: Check::Response(seconds),
        breaks: "GET /\n\n200\nCache-Control: max-age=\"5\"",
        sound: "GET /\n\n200\nCache-Control: max-age=5",
    },
    Entry {
        rule: Rule {
            id: "cache-control-argument",
            level: Level::Should,
            clause: "RFC 9111, 5.2.2",
            text: "no-store, public, must-revalidate and their like have no argument",
        },
        on: &["cache-control"],
        check: Check::Response(argument),
        breaks: "GET /\n\n200\nCache-Control: no-store=1",
        sound: "GET /\n\n200\nCache-Control: no-store",
    },
    Entry {
        rule: Rule {
            id: "cache-control-field-names",
            level: Level::Should,
            clause: "RFC 9111, 5.2.2.4 and 5.2.2.7",
            text: "the field names of no-cache and private stand in quotes",
        },
        on: &["cache-control"],
        check: Check::Response(field_names),
        breaks: "GET /\n\n200\nCache-Control: private=set-cookie",
        sound: "GET /\n\n200\nCache-Control: private=\"set-cookie\"",
    },
    Entry {
        rule: Rule {
            id: "cache-control-unknown",
            level: Level::Should,
            clause: "RFC 9111, 5.2.3",
            text: "caches ignore directives that nobody has defined",
        },
        on: &["cache-control"],
        check: Check::Response(unknown),
        breaks: "GET /\n\n200\nCache-Control: nocache",
        sound: "GET /\n\n200\nCache-Control: no-cache",
    },
    Entry {
        rule: Rule {
            id: "cache-control-request",
            level: Level::Should,
            clause: "RFC 9111, 5.2.1",
            text: "directives of requests mean nothing in a response",
        },
        on: &["cache-control"],
        check: Check::Response(of_requests),
        breaks: "GET /\n\n200\nCache-Control: only-if-cached",
        sound: "GET /\n\n200\nCache-Control: no-transform",
    },
    Entry {
        rule: Rule {
            id: "cache-control-repeated",
            level: Level::Should,
            clause: "RFC 9111, 4.2.1",
            text: "no directive stands twice",
        },
        on: &["cache-control"],
        check: Check::Response(repeated),
        breaks: "GET /\n\n200\nCache-Control: max-age=5\nCache-Control: max-age=6",
        sound: "GET /\n\n200\nCache-Control: max-age=5\nCache-Control: s-maxage=6",
    },
    Entry {
        rule: Rule {
            id: "cache-control-contradiction",
            level: Level::Should,
            clause: "RFC 9111, 5.2.2; RFC 8246, 2",
            text: "no-store goes with no directive that lets an answer be kept, private not with public",
        },
        on: &["cache-control"],
        check: Check::Response(contradiction),
        breaks: "GET /\n\n200\nCache-Control: no-store, max-age=60",
        sound: "GET /\n\n200\nCache-Control: no-store, max-age=0",
    },
    Entry {
        rule: Rule {
            id: "cache-control-immutable",
            level: Level::Should,
            clause: "RFC 8246, 2",
            text: "immutable says something only while an answer is fresh: with a max-age",
        },
        on: &["cache-control"],
        check: Check::Response(immutable),
        breaks: "GET /\n\n200\nCache-Control: immutable",
        sound: "GET /\n\n200\nCache-Control: max-age=60, immutable",
    },
];

fn is_directive_list(value: &str) -> bool {
    !value.is_empty() && elements(value).all(|element| is_token(element) || is_parameter(element))
}

/// The directives of an answer, with their arguments.
fn directives<'a>(exchange: &Exchange<'a>) -> impl Iterator<Item = (&'a str, &'a str)> {
    exchange.all("cache-control").flat_map(elements).map(parameter)
}

/// The argument of a directive, if it is there; without an argument, the empty text.
pub(super) fn directive<'a>(exchange: &Exchange<'a>, wanted: &str) -> Option<&'a str> {
    let mut directives = directives(exchange);
    directives.find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value)
}

/// The seconds of a directive.
pub(super) fn max_age(exchange: &Exchange<'_>, name: &str) -> Option<u64> {
    unquoted(directive(exchange, name)?).parse().ok()
}

/// Whether no cache may use the answer again without asking.
pub(super) fn forbids_reuse(exchange: &Exchange<'_>) -> bool {
    directive(exchange, "no-store").is_some()
        || directive(exchange, "no-cache") == Some("")
        || max_age(exchange, "max-age") == Some(0)
}

/// The first directive that is not sound.
fn wrong(exchange: &Exchange<'_>, sound: impl Fn(&str, &str) -> bool) -> Option<String> {
    let is_wrong =
        |value: &str| elements(value).map(parameter).any(|(name, argument)| !sound(name, argument));
    exchange.not_ok("cache-control", |value| !is_wrong(value))
}

/// Whether `name` is one of `names`.
fn is_one_of(name: &str, names: &[&str]) -> bool {
    names.iter().any(|known| known.eq_ignore_ascii_case(name))
}

const WITH_SECONDS: &[&str] = &["max-age", "s-maxage", "stale-while-revalidate", "stale-if-error"];
const WITH_NAMES: &[&str] = &["no-cache", "private"];
const ALONE: &[&str] = &[
    "immutable",
    "must-revalidate",
    "must-understand",
    "no-store",
    "no-transform",
    "proxy-revalidate",
    "public",
];
const OF_REQUESTS: &[&str] = &["max-stale", "min-fresh", "only-if-cached"];

fn seconds(exchange: &Exchange<'_>) -> Option<String> {
    wrong(exchange, |name, value| !is_one_of(name, WITH_SECONDS) || is_delta_seconds(value))
}

fn argument(exchange: &Exchange<'_>) -> Option<String> {
    wrong(exchange, |name, value| !is_one_of(name, ALONE) || value.is_empty())
}

fn field_names(exchange: &Exchange<'_>) -> Option<String> {
    let sound = |value: &str| value.is_empty() || value.starts_with('"');
    wrong(exchange, |name, value| !is_one_of(name, WITH_NAMES) || sound(value))
}

fn unknown(exchange: &Exchange<'_>) -> Option<String> {
    let known = [WITH_SECONDS, WITH_NAMES, ALONE, OF_REQUESTS];
    // What is no token is another rule's.
    let is_known = |name: &str| !is_token(name) || known.iter().any(|names| is_one_of(name, names));
    wrong(exchange, |name, _| is_known(name))
}

fn of_requests(exchange: &Exchange<'_>) -> Option<String> {
    wrong(exchange, |name, _| !is_one_of(name, OF_REQUESTS))
}

fn repeated(exchange: &Exchange<'_>) -> Option<String> {
    let same = |name: &str| {
        directives(exchange).filter(|(other, _)| other.eq_ignore_ascii_case(name)).nth(1).is_some()
    };
    let name = directives(exchange).map(|(name, _)| name).find(|name| same(name))?;
    let values: Vec<_> = exchange.all("cache-control").take(4).collect();
    Some(format!("cache-control: {} (`{name}`)", values.join(", ")))
}

fn contradiction(exchange: &Exchange<'_>) -> Option<String> {
    let value = exchange.get("cache-control")?;
    let has = |name| directive(exchange, name).is_some();
    let lasts = |name| max_age(exchange, name).is_some_and(|seconds| seconds > 0);
    let keeps = || has("public") || has("immutable") || lasts("max-age") || lasts("s-maxage");
    // must-understand is meant to stand beside no-store: RFC 9111, 5.2.2.3.
    let kept = has("no-store") && !has("must-understand") && keeps();
    let shared = directive(exchange, "private") == Some("") && (has("public") || lasts("s-maxage"));
    (kept || shared).then(|| shown("cache-control", value))
}

fn immutable(exchange: &Exchange<'_>) -> Option<String> {
    directive(exchange, "immutable")?;
    let fresh = max_age(exchange, "max-age").or_else(|| max_age(exchange, "s-maxage"));
    let wrong = fresh.is_none() && !exchange.has("expires");
    if wrong { exchange.present("cache-control") } else { None }
}
