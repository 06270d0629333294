//! Headers that browsers keep to for safety: a value that they cannot read protects nobody.

use super::super::exchange::Exchange;
use super::super::rule::{Level, Rule};
use super::super::syntax::{
    elements, is_delta_seconds, is_quoted, is_token, parameter, split, unquoted,
};
use super::{Check, Entry};

pub(super) static ENTRIES: &[Entry] = &[
    Entry {
        rule: Rule {
            id: "strict-transport-security-syntax",
            level: Level::Must,
            clause: "RFC 6797, 6.1",
            text: "a Strict-Transport-Security is directives separated by semicolons, none twice",
        },
        on: &["strict-transport-security"],
        check: Check::Response(hsts_syntax),
        breaks: "GET /\n:scheme https\n\n200\nStrict-Transport-Security: max-age=5, includeSubDomains",
        sound: "GET /\n:scheme https\n\n200\nStrict-Transport-Security: max-age=5; includeSubDomains",
    },
    Entry {
        rule: Rule {
            id: "strict-transport-security-max-age",
            level: Level::Must,
            clause: "RFC 6797, 6.1.1",
            text: "a Strict-Transport-Security has a max-age in seconds",
        },
        on: &["strict-transport-security"],
        check: Check::Response(hsts_max_age),
        breaks: "GET /\n:scheme https\n\n200\nStrict-Transport-Security: includeSubDomains",
        sound: "GET /\n:scheme https\n\n200\nStrict-Transport-Security: max-age=\"5\"",
    },
    Entry {
        rule: Rule {
            id: "strict-transport-security-scheme",
            level: Level::Should,
            clause: "RFC 6797, 7.2",
            text: "Strict-Transport-Security is not sent by http",
        },
        on: &["strict-transport-security"],
        check: Check::Response(hsts_scheme),
        breaks: "GET /\n\n200\nStrict-Transport-Security: max-age=5",
        sound: "GET /\n:scheme https\n\n200\nStrict-Transport-Security: max-age=5",
    },
    Entry {
        rule: Rule {
            id: "x-content-type-options-syntax",
            level: Level::Should,
            clause: "Fetch, X-Content-Type-Options header",
            text: "an X-Content-Type-Options is `nosniff`",
        },
        on: &["x-content-type-options"],
        check: Check::Response(|exchange| {
            exchange.not_ok("x-content-type-options", |value| value.eq_ignore_ascii_case("nosniff"))
        }),
        breaks: "GET /\n\n200\nX-Content-Type-Options: no-sniff",
        sound: "GET /\n\n200\nX-Content-Type-Options: nosniff",
    },
    Entry {
        rule: Rule {
            id: "x-frame-options-syntax",
            level: Level::Should,
            clause: "RFC 7034, 2.1; HTML, The X-Frame-Options header",
            text: "an X-Frame-Options is `DENY` or `SAMEORIGIN`",
        },
        on: &["x-frame-options"],
        check: Check::Response(frame_options),
        breaks: "GET /\n\n200\nX-Frame-Options: ALLOW-FROM http://a.example",
        sound: "GET /\n\n200\nX-Frame-Options: DENY",
    },
    Entry {
        rule: Rule {
            id: "referrer-policy-syntax",
            level: Level::Should,
            clause: "Referrer Policy, Delivery via Referrer-Policy header",
            text: "a Referrer-Policy is a list of policies, one of which is known",
        },
        on: &["referrer-policy"],
        check: Check::Response(referrer_policy),
        breaks: "GET /\n\n200\nReferrer-Policy: no-referer",
        sound: "GET /\n\n200\nReferrer-Policy: no-referrer, strict-origin-when-cross-origin",
    },
    Entry {
        rule: Rule {
            id: "cross-origin-resource-policy-syntax",
            level: Level::Should,
            clause: "Fetch, Cross-Origin-Resource-Policy header",
            text: "a Cross-Origin-Resource-Policy is `same-origin`, `same-site` or `cross-origin`",
        },
        on: &["cross-origin-resource-policy"],
        check: Check::Response(|exchange| {
            exchange.not_ok("cross-origin-resource-policy", |value| {
                matches!(value, "same-origin" | "same-site" | "cross-origin")
            })
        }),
        breaks: "GET /\n\n200\nCross-Origin-Resource-Policy: same_origin",
        sound: "GET /\n\n200\nCross-Origin-Resource-Policy: same-origin",
    },
    Entry {
        rule: Rule {
            id: "content-security-policy-name",
            level: Level::Should,
            clause: "CSP Level 3, 2.3",
            text: "a directive of a policy has a name of letters, digits and `-`: the separator is the semicolon",
        },
        on: &["content-security-policy", "content-security-policy-report-only"],
        check: Check::Response(csp_name),
        breaks: "GET /\n\n200\nContent-Security-Policy: default-src: 'self'",
        sound: "GET /\n\n200\nContent-Security-Policy: default-src 'self'; img-src *",
    },
];

fn hsts_syntax(exchange: &Exchange<'_>) -> Option<String> {
    exchange.not_ok("strict-transport-security", |value| {
        let directives = || split(value, b';').filter(|part| !part.is_empty()).map(parameter);
        let count =
            |name: &str| directives().filter(|(other, _)| other.eq_ignore_ascii_case(name)).count();
        directives().all(|(name, value)| {
            is_token(name)
                && (value.is_empty() || is_token(value) || is_quoted(value))
                && count(name) == 1
        })
    })
}

fn hsts_max_age(exchange: &Exchange<'_>) -> Option<String> {
    exchange.not_ok("strict-transport-security", |value| {
        split(value, b';').map(parameter).any(|(name, value)| {
            // What is behind the digits is a matter of the syntax.
            let digits = unquoted(value).split(',').next().unwrap_or_default();
            name.eq_ignore_ascii_case("max-age") && is_delta_seconds(digits)
        })
    })
}

fn hsts_scheme(exchange: &Exchange<'_>) -> Option<String> {
    exchange.present("strict-transport-security").filter(|_| !exchange.asked.secure)
}

fn frame_options(exchange: &Exchange<'_>) -> Option<String> {
    exchange.not_ok("x-frame-options", |value| {
        value.eq_ignore_ascii_case("deny") || value.eq_ignore_ascii_case("sameorigin")
    })
}

fn referrer_policy(exchange: &Exchange<'_>) -> Option<String> {
    let policies = [
        "no-referrer",
        "no-referrer-when-downgrade",
        "origin",
        "origin-when-cross-origin",
        "same-origin",
        "strict-origin",
        "strict-origin-when-cross-origin",
        "unsafe-url",
    ];
    let known = |name: &str| policies.iter().any(|policy| policy.eq_ignore_ascii_case(name));
    exchange.not_ok("referrer-policy", |value| elements(value).any(known))
}

fn csp_name(exchange: &Exchange<'_>) -> Option<String> {
    let is_name =
        |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let sound = |directive: &str| directive.split_ascii_whitespace().next().is_none_or(is_name);
    let is_policy = |value: &str| value.split([';', ',']).all(sound);
    exchange
        .not_ok("content-security-policy", is_policy)
        .or_else(|| exchange.not_ok("content-security-policy-report-only", is_policy))
}
