//! What a server tells browsers about other origins. The sections of Fetch have no stable numbers:
//! they are named.

use super::super::exchange::{Exchange, shown};
use super::super::rule::{Level, Rule};
use super::super::syntax::{elements, is_delta_seconds, is_host, is_scheme, is_token_list};
use super::{Check, Entry};

pub(super) static ENTRIES: &[Entry] = &[
    Entry {
        rule: Rule {
            id: "access-control-allow-origin-syntax",
            level: Level::Must,
            clause: "Fetch, CORS protocol, HTTP responses",
            text: "an Access-Control-Allow-Origin is one origin without a path, or `*`, or `null`",
        },
        on: &["access-control-allow-origin"],
        check: Check::Response(|exchange| {
            exchange.not_ok("access-control-allow-origin", is_origin)
        }),
        breaks: "GET /\n\n200\nAccess-Control-Allow-Origin: http://a.example/\nVary: origin",
        sound: "GET /\n\n200\nAccess-Control-Allow-Origin: http://a.example:8080\nVary: origin",
    },
    Entry {
        rule: Rule {
            id: "access-control-credentials-star",
            level: Level::Must,
            clause: "Fetch, CORS protocol and credentials",
            text: "with credentials the origin is named: `*` does not do",
        },
        on: &["access-control-allow-credentials"],
        check: Check::Response(credentials_star),
        breaks: "GET /\n\n200\nAccess-Control-Allow-Origin: *\nAccess-Control-Allow-Credentials: true",
        sound: "GET /\n\n200\nAccess-Control-Allow-Origin: http://a.example\nVary: origin\nAccess-Control-Allow-Credentials: true",
    },
    Entry {
        rule: Rule {
            id: "access-control-credentials-syntax",
            level: Level::Must,
            clause: "Fetch, CORS protocol, HTTP responses",
            text: "an Access-Control-Allow-Credentials is `true`, in lower case, or not there",
        },
        on: &["access-control-allow-credentials"],
        check: Check::Response(|exchange| {
            exchange.not_ok("access-control-allow-credentials", |value| value == "true")
        }),
        breaks: "GET /\n\n200\nAccess-Control-Allow-Origin: *\nAccess-Control-Allow-Credentials: false",
        sound: "GET /\n\n200\nAccess-Control-Allow-Origin: *",
    },
    Entry {
        rule: Rule {
            id: "access-control-credentials-lists",
            level: Level::Should,
            clause: "Fetch, CORS protocol and credentials",
            text: "with credentials `*` in the other lists is a name, and allows nothing",
        },
        on: &["access-control-allow-credentials"],
        check: Check::Response(credentials_lists),
        breaks: "GET /\n\n200\nAccess-Control-Allow-Origin: http://a.example\nVary: origin\nAccess-Control-Allow-Credentials: true\nAccess-Control-Expose-Headers: *",
        sound: "GET /\n\n200\nAccess-Control-Allow-Origin: *\nAccess-Control-Expose-Headers: *",
    },
    Entry {
        rule: Rule {
            id: "access-control-lists-syntax",
            level: Level::Must,
            clause: "Fetch, CORS protocol, HTTP new-header syntax",
            text: "Access-Control-Allow-Methods, -Allow-Headers and -Expose-Headers are lists of names",
        },
        on: LISTS,
        check: Check::Response(lists),
        breaks: "OPTIONS /\nOrigin: http://a.example\nAccess-Control-Request-Method: PUT\n\n204\nAccess-Control-Allow-Origin: *\nAccess-Control-Allow-Methods: GET PUT",
        sound: "OPTIONS /\nOrigin: http://a.example\nAccess-Control-Request-Method: PUT\n\n204\nAccess-Control-Allow-Origin: *\nAccess-Control-Allow-Methods: GET, PUT",
    },
    Entry {
        rule: Rule {
            id: "access-control-max-age-syntax",
            level: Level::Must,
            clause: "Fetch, CORS protocol, HTTP new-header syntax",
            text: "an Access-Control-Max-Age is whole seconds",
        },
        on: &["access-control-max-age"],
        check: Check::Response(|exchange| {
            exchange.not_ok("access-control-max-age", is_delta_seconds)
        }),
        breaks: "OPTIONS /\nOrigin: http://a.example\nAccess-Control-Request-Method: PUT\n\n204\nAccess-Control-Allow-Origin: *\nAccess-Control-Max-Age: 1h",
        sound: "OPTIONS /\nOrigin: http://a.example\nAccess-Control-Request-Method: PUT\n\n204\nAccess-Control-Allow-Origin: *\nAccess-Control-Max-Age: 3600",
    },
    Entry {
        rule: Rule {
            id: "access-control-alone",
            level: Level::Should,
            clause: "Fetch, CORS check",
            text: "without Access-Control-Allow-Origin its companions allow nothing",
        },
        on: COMPANIONS,
        check: Check::Response(alone),
        breaks: "GET /\n\n200\nAccess-Control-Allow-Credentials: true",
        sound: "GET /\n\n200\nVary: origin\nAccess-Control-Allow-Origin: http://a.example\nAccess-Control-Allow-Credentials: true",
    },
    Entry {
        rule: Rule {
            id: "access-control-preflight-status",
            level: Level::Should,
            clause: "Fetch, CORS-preflight fetch",
            text: "a preflight that allows something has a status from 200 to 299",
        },
        on: &["access-control-allow-origin"],
        check: Check::Response(preflight),
        breaks: "OPTIONS /\nOrigin: http://a.example\nAccess-Control-Request-Method: PUT\n\n302\nLocation: /\nAccess-Control-Allow-Origin: *",
        sound: "OPTIONS /\nOrigin: http://a.example\nAccess-Control-Request-Method: PUT\n\n204\nAccess-Control-Allow-Origin: *",
    },
];

fn is_origin(value: &str) -> bool {
    let serialized = |(scheme, host): (&str, &str)| {
        is_scheme(scheme) && !host.is_empty() && is_host(host) && !host.contains(',')
    };
    matches!(value, "*" | "null") || value.split_once("://").is_some_and(serialized)
}

fn with_credentials(exchange: &Exchange<'_>) -> bool {
    exchange.get("access-control-allow-credentials") == Some("true")
}

fn credentials_star(exchange: &Exchange<'_>) -> Option<String> {
    let wrong = with_credentials(exchange);
    exchange.not_ok("access-control-allow-origin", |value| !wrong || value != "*")
}

const LISTS: &[&str] = &[
    "access-control-allow-headers",
    "access-control-allow-methods",
    "access-control-expose-headers",
];

fn credentials_lists(exchange: &Exchange<'_>) -> Option<String> {
    if !with_credentials(exchange) {
        return None;
    }
    let sound = |value: &str| elements(value).all(|name| name != "*");
    LISTS.iter().find_map(|name| exchange.not_ok(name, sound))
}

fn lists(exchange: &Exchange<'_>) -> Option<String> {
    LISTS.iter().find_map(|name| exchange.not_ok(name, is_token_list))
}

const COMPANIONS: &[&str] = &[
    "access-control-allow-credentials",
    "access-control-allow-headers",
    "access-control-allow-methods",
    "access-control-expose-headers",
];

fn alone(exchange: &Exchange<'_>) -> Option<String> {
    if exchange.has("access-control-allow-origin") {
        return None;
    }
    COMPANIONS.iter().find_map(|name| exchange.present(name))
}

fn preflight(exchange: &Exchange<'_>) -> Option<String> {
    let refused = exchange.asked.is_preflight && !exchange.status.is_success();
    let origin = exchange.get("access-control-allow-origin").filter(|_| refused)?;
    Some(format!(
        "{}, {}",
        exchange.status_shown("to a preflight"),
        shown("access-control-allow-origin", origin)
    ))
}
