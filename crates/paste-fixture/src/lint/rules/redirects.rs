//! Location, and the other headers that hold an address.

use url::Url;

use super::super::exchange::{Exchange, shown};
use super::super::rule::{Level, Rule};
use super::super::syntax::{authority, is_uri_reference, text};
use super::{Check, Entry};

pub(super) static ENTRIES: &[Entry] = &[
    Entry {
        rule: Rule {
            id: "location-missing",
            level: Level::Should,
            clause: "RFC 9110, 15.4.2 to 15.4.9",
            text: "a redirect says where to",
        },
        on: &[],
        check: Check::Response(missing),
        breaks: "GET /\n\n302",
        sound: "GET /\n\n302\nLocation: /a",
    },
    Entry {
        rule: Rule {
            id: "location-syntax",
            level: Level::Must,
            clause: "RFC 9110, 10.2.2 and 4.2.1",
            text: "a Location is a URI reference: what may not stand in one is percent-encoded, and http and https have a host",
        },
        on: &["location"],
        check: Check::Response(|exchange| exchange.not_ok("location", is_location)),
        breaks: "GET /\n\n302\nLocation: /a b\\c",
        sound: "GET /\n\n302\nLocation: /a%20b?c#d",
    },
    Entry {
        rule: Rule {
            id: "location-empty",
            level: Level::Should,
            clause: "RFC 9110, 10.2.2; RFC 3986, 4.4",
            text: "an empty Location leads back to where the request was made",
        },
        on: &["location"],
        check: Check::Response(|exchange| exchange.not_ok("location", |value| !value.is_empty())),
        breaks: "POST /\n\n302\nLocation: ",
        sound: "POST /\n\n302\nLocation: /a",
    },
    Entry {
        rule: Rule {
            id: "location-userinfo",
            level: Level::Must,
            clause: "RFC 9110, 4.2.4",
            text: "no user name or password stands in a URL that is sent",
        },
        on: &["location"],
        check: Check::Response(location_userinfo),
        breaks: "GET /\n\n302\nLocation: http://ann:secret@example.org/",
        sound: "GET /\n\n302\nLocation: http://example.org/@ann",
    },
    Entry {
        rule: Rule {
            id: "location-loop",
            level: Level::Should,
            clause: "RFC 9110, 15.4",
            text: "a redirect does not lead back to where it came from, unless it set a cookie",
        },
        on: &["location"],
        check: Check::Response(location_loop),
        breaks: "GET /a?b\n\n302\nLocation: /a?b",
        sound: "GET /a?b\n\n302\nLocation: /a?c",
    },
    Entry {
        rule: Rule {
            id: "location-other-host",
            level: Level::Should,
            clause: "RFC 3986, 4.2",
            text: "a Location that begins with two slashes leads to another host, as attackers wish: name the scheme",
        },
        on: &["location"],
        check: Check::Response(location_other_host),
        breaks: "GET /\n\n302\nLocation: //example.org/",
        sound: "GET /\n\n302\nLocation: https://example.org/",
    },
    Entry {
        rule: Rule {
            id: "content-location-syntax",
            level: Level::Must,
            clause: "RFC 9110, 8.7",
            text: "a Content-Location is a URI reference without a fragment",
        },
        on: &["content-location"],
        check: Check::Response(|exchange| {
            exchange
                .not_ok("content-location", |value| is_uri_reference(value) && !value.contains('#'))
        }),
        breaks: "GET /\n\n200\nContent-Location: /a b",
        sound: "GET /\n\n200\nContent-Location: /a",
    },
];

fn missing(exchange: &Exchange<'_>) -> Option<String> {
    let redirect = matches!(exchange.code(), 301 | 302 | 303 | 305 | 307 | 308);
    (redirect && !exchange.has("location")).then(|| exchange.status_shown("without Location"))
}

fn location_userinfo(exchange: &Exchange<'_>) -> Option<String> {
    let wrong = |value: &str| authority(value).is_some_and(|authority| authority.contains('@'));
    // The password must not get into a log by way of this very finding.
    exchange.all("location").find(|value| wrong(value)).map(|value| {
        let host = authority(value).and_then(|authority| authority.rsplit_once('@'));
        shown("location", &format!("...@{}", host.map_or("", |(_, host)| host)))
    })
}

fn location_loop(exchange: &Exchange<'_>) -> Option<String> {
    let value = exchange.get("location")?;
    let leads_back = matches!(exchange.code(), 301 | 302 | 303 | 307 | 308)
        && exchange.reads()
        && !exchange.has("set-cookie");
    if !leads_back {
        return None;
    }
    let asked = exchange.asked;
    let scheme = if asked.secure { "https" } else { "http" };
    let host = asked.host.as_ref().map_or("localhost", text);
    let here = asked.uri.path_and_query()?;
    let here = Url::parse(&format!("{scheme}://{host}{here}")).ok()?;
    let mut there = here.join(value).ok()?;
    there.set_fragment(None);
    (there == here).then(|| shown("location", value))
}

/// RFC 9110, 4.2.1: a URL of the web has a host.
fn is_location(value: &str) -> bool {
    let scheme = value.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
    let is_web = scheme.is_some_and(|scheme| scheme == "http" || scheme == "https");
    let host = || authority(value).map(|host| host.rsplit('@').next().unwrap_or_default());
    is_uri_reference(value)
        && (!is_web || host().is_some_and(|host| !host.is_empty() && !host.starts_with(':')))
}

fn location_other_host(exchange: &Exchange<'_>) -> Option<String> {
    let other = |value: &str| value.starts_with("//") || value.starts_with("/\\");
    exchange.not_ok("location", |value| !other(value))
}
