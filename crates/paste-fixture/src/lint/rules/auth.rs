//! Challenges: WWW-Authenticate and Proxy-Authenticate.

use super::super::exchange::Exchange;
use super::super::rule::{Level, Rule};
use super::super::syntax::{elements, is_parameter, is_token, parameter, unquoted};
use super::{Check, Entry};

pub(super) static ENTRIES: &[Entry] = &[
    Entry {
        rule: Rule {
            id: "www-authenticate-missing",
            level: Level::Must,
            clause: "RFC 9110, 15.5.2",
            text: "a 401 has a challenge",
        },
        on: &[],
        check: Check::Response(www_authenticate_missing),
        breaks: "GET /\n\n401",
        sound: "GET /\n\n401\nWWW-Authenticate: Basic realm=\"a\"",
    },
    Entry {
        rule: Rule {
            id: "www-authenticate-syntax",
            level: Level::Must,
            clause: "RFC 9110, 11.6.1",
            text: "a WWW-Authenticate is a list of schemes with parameters",
        },
        on: &["www-authenticate"],
        check: Check::Response(|exchange| exchange.not_ok("www-authenticate", is_challenge_list)),
        breaks: "GET /\n\n401\nWWW-Authenticate: realm=\"a\"",
        sound: "GET /\n\n401\nWWW-Authenticate: Negotiate, Basic realm=\"a\", charset=\"UTF-8\"",
    },
    Entry {
        rule: Rule {
            id: "www-authenticate-realm",
            level: Level::Must,
            clause: "RFC 7617, 2; RFC 7616, 3.3",
            text: "a challenge of Basic or Digest has a realm",
        },
        on: &["www-authenticate"],
        check: Check::Response(realm),
        breaks: "GET /\n\n401\nWWW-Authenticate: Basic",
        sound: "GET /\n\n401\nWWW-Authenticate: Bearer",
    },
    Entry {
        rule: Rule {
            id: "www-authenticate-digest",
            level: Level::Must,
            clause: "RFC 7616, 3.3",
            text: "a challenge of Digest has a nonce and a qop",
        },
        on: &["www-authenticate"],
        check: Check::Response(digest),
        breaks: "GET /\n\n401\nWWW-Authenticate: Digest realm=\"a\", nonce=\"b\"",
        sound: "GET /\n\n401\nWWW-Authenticate: Digest realm=\"a\", nonce=\"b\", qop=\"auth\"",
    },
    Entry {
        rule: Rule {
            id: "www-authenticate-charset",
            level: Level::Must,
            clause: "RFC 7617, 2.1",
            text: "the charset of a Basic challenge can only be UTF-8",
        },
        on: &["www-authenticate"],
        check: Check::Response(charset),
        breaks: "GET /\n\n401\nWWW-Authenticate: Basic realm=\"a\", charset=\"latin1\"",
        sound: "GET /\n\n401\nWWW-Authenticate: Basic realm=\"a\", charset=\"UTF-8\"",
    },
    Entry {
        rule: Rule {
            id: "proxy-authenticate-missing",
            level: Level::Must,
            clause: "RFC 9110, 15.5.8",
            text: "a 407 has a challenge",
        },
        on: &[],
        check: Check::Response(proxy_authenticate_missing),
        breaks: "GET /\n\n407",
        sound: "GET /\n\n407\nProxy-Authenticate: Basic realm=\"a\"",
    },
    Entry {
        rule: Rule {
            id: "proxy-authenticate-syntax",
            level: Level::Must,
            clause: "RFC 9110, 11.7.1",
            text: "a Proxy-Authenticate is a list of schemes with parameters",
        },
        on: &["proxy-authenticate"],
        check: Check::Response(|exchange| exchange.not_ok("proxy-authenticate", is_challenge_list)),
        breaks: "GET /\n\n407\nProxy-Authenticate: \"Basic\"",
        sound: "GET /\n\n407\nProxy-Authenticate: Basic realm=\"a\"",
    },
];

fn www_authenticate_missing(exchange: &Exchange<'_>) -> Option<String> {
    let wrong = exchange.code() == 401 && !exchange.has("www-authenticate");
    wrong.then(|| exchange.status_shown("without WWW-Authenticate"))
}

fn proxy_authenticate_missing(exchange: &Exchange<'_>) -> Option<String> {
    let wrong = exchange.code() == 407 && !exchange.has("proxy-authenticate");
    wrong.then(|| exchange.status_shown("without Proxy-Authenticate"))
}

/// An element of the header: it begins a challenge, or adds a parameter to the one before.
enum Part<'a> {
    Scheme { name: &'a str, first: &'a str },
    Parameter(&'a str),
}

fn parts(value: &str) -> impl Iterator<Item = Part<'_>> {
    elements(value).map(|element| match element.split_once(' ') {
        Some((name, first)) if is_token(name) => Part::Scheme { name, first: first.trim() },
        None if is_token(element) => Part::Scheme { name: element, first: "" },
        _ => Part::Parameter(element),
    })
}

fn is_challenge_list(value: &str) -> bool {
    let is_token68 = |text: &str| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
        text.trim_end_matches('=').bytes().all(allowed)
    };
    let mut has_scheme = false;
    let sound = parts(value).all(|part| match part {
        Part::Scheme { first, .. } => {
            has_scheme = true;
            is_token68(first) || is_parameter(first)
        }
        Part::Parameter(parameter) => has_scheme && is_parameter(parameter),
    });
    sound && has_scheme
}

/// The parameters of the first challenge of `scheme`, if there is one.
fn challenge<'a>(value: &'a str, scheme: &str) -> Option<Vec<(&'a str, &'a str)>> {
    let mut parameters = None;
    for part in parts(value) {
        let text = match (part, &parameters) {
            (Part::Scheme { .. }, Some(_)) => break,
            (Part::Scheme { name, first }, None) if name.eq_ignore_ascii_case(scheme) => first,
            (Part::Parameter(text), Some(_)) => text,
            _ => continue,
        };
        parameters.get_or_insert_with(Vec::new).push(parameter(text));
    }
    parameters
}

/// The value of a parameter.
fn value_of<'a>(parameters: &[(&str, &'a str)], wanted: &str) -> Option<&'a str> {
    let found = parameters.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
    found.map(|(_, value)| unquoted(value))
}

/// The challenges of `scheme` that lack one of the parameters.
fn lacks(exchange: &Exchange<'_>, scheme: &str, wanted: &[&str]) -> Option<String> {
    exchange.not_ok("www-authenticate", |value| {
        let has_all =
            |parameters: Vec<_>| wanted.iter().all(|name| value_of(&parameters, name).is_some());
        challenge(value, scheme).is_none_or(has_all)
    })
}

fn realm(exchange: &Exchange<'_>) -> Option<String> {
    lacks(exchange, "Basic", &["realm"]).or_else(|| lacks(exchange, "Digest", &["realm"]))
}

fn digest(exchange: &Exchange<'_>) -> Option<String> {
    lacks(exchange, "Digest", &["nonce", "qop"])
}

fn charset(exchange: &Exchange<'_>) -> Option<String> {
    exchange.not_ok("www-authenticate", |value| {
        let parameters = challenge(value, "Basic").unwrap_or_default();
        value_of(&parameters, "charset").is_none_or(|name| name.eq_ignore_ascii_case("utf-8"))
    })
}
