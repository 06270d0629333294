//! Where a message ends, and what belongs to a connection: both are the server's affair.

use http::Method;

use super::super::exchange::{Exchange, shown};
use super::super::rule::{Level, Rule};
use super::super::syntax::{elements, is_delta_seconds, is_token_list, text};
use super::{Check, Entry};

pub(super) static ENTRIES: &[Entry] = &[
    Entry {
        rule: Rule {
            id: "connection-forbidden",
            level: Level::Must,
            clause: "RFC 9110, 7.6.1; RFC 9113, 8.2.2",
            text: "the connection is the server's: an app sets Connection only to go with Upgrade",
        },
        on: &["connection"],
        check: Check::Response(connection_forbidden),
        breaks: "GET /\n\n200\nConnection: keep-alive",
        sound: "GET /\nUpgrade: a\n\n101\nConnection: upgrade\nUpgrade: a",
    },
    Entry {
        rule: Rule {
            id: "keep-alive-forbidden",
            level: Level::Must,
            clause: "RFC 9110, 7.6.1; RFC 9113, 8.2.2",
            text: "an app sets no Keep-Alive: the connection is the server's",
        },
        on: &["keep-alive"],
        check: Check::Response(|exchange| exchange.present("keep-alive")),
        breaks: "GET /\n\n200\nKeep-Alive: timeout=5",
        sound: "GET /\n\n200",
    },
    Entry {
        rule: Rule {
            id: "proxy-connection-forbidden",
            level: Level::Must,
            clause: "RFC 9110, 7.6.1; RFC 9113, 8.2.2",
            text: "an app sets no Proxy-Connection: the connection is the server's",
        },
        on: &["proxy-connection"],
        check: Check::Response(|exchange| exchange.present("proxy-connection")),
        breaks: "GET /\n\n200\nProxy-Connection: close",
        sound: "GET /\n\n200",
    },
    Entry {
        rule: Rule {
            id: "transfer-encoding-forbidden",
            level: Level::Must,
            clause: "RFC 9112, 6.1; RFC 9113, 8.2.2",
            text: "an app sets no Transfer-Encoding: how a message is framed is the server's affair",
        },
        on: &["transfer-encoding"],
        check: Check::Response(|exchange| exchange.present("transfer-encoding")),
        breaks: "GET /\n\n200\nTransfer-Encoding: chunked\nContent-Type: text/css\n\nstream:hello",
        sound: "GET /\n\n200\nContent-Type: text/css\n\nstream:hello",
    },
    Entry {
        rule: Rule {
            id: "transfer-encoding-length",
            level: Level::Must,
            clause: "RFC 9112, 6.2",
            text: "a message with Transfer-Encoding has no Content-Length",
        },
        on: &["transfer-encoding"],
        check: Check::Response(transfer_encoding_length),
        breaks: "GET /\n\n200\nTransfer-Encoding: chunked\nContent-Length: 5\nContent-Type: text/css\n\nhello",
        sound: "GET /\n\n200\nContent-Length: 5\nContent-Type: text/css\n\nhello",
    },
    Entry {
        rule: Rule {
            id: "upgrade-forbidden",
            level: Level::Must,
            clause: "RFC 9113, 8.6",
            text: "HTTP/2 has no Upgrade",
        },
        on: &["upgrade"],
        check: Check::Response(upgrade_forbidden),
        breaks: "GET /\n:version HTTP/2.0\n\n200\nUpgrade: websocket\nConnection: upgrade",
        sound: "GET /\n\n200\nContent-Type: text/css\nUpgrade: h2c\nConnection: Upgrade",
    },
    Entry {
        rule: Rule {
            id: "upgrade-connection",
            level: Level::Must,
            clause: "RFC 9110, 7.8",
            text: "who sends Upgrade lists `upgrade` in Connection",
        },
        on: &["upgrade"],
        check: Check::Response(upgrade_connection),
        breaks: "GET /\n\n200\nUpgrade: h2c",
        sound: "GET /\n\n426\nUpgrade: h2c\nConnection: upgrade",
    },
    Entry {
        rule: Rule {
            id: "trailer-forbidden",
            level: Level::Must,
            clause: "RFC 9110, 6.5.1",
            text: "fields for framing, routing, caching, authentication and content are no trailers",
        },
        on: &["trailer"],
        check: Check::Response(trailer_forbidden),
        breaks: "GET /\n\n200\nTrailer: Content-Length",
        sound: "GET /\n\n200\nTrailer: Server-Timing",
    },
    Entry {
        rule: Rule {
            id: "trailer-syntax",
            level: Level::Must,
            clause: "RFC 9110, 6.6.2",
            text: "a Trailer is a list of field names",
        },
        on: &["trailer"],
        check: Check::Response(|exchange| exchange.not_ok("trailer", is_token_list)),
        breaks: "GET /\n\n200\nTrailer: a b",
        sound: "GET /\n\n200\nTrailer: a, b",
    },
    Entry {
        rule: Rule {
            id: "content-length-syntax",
            level: Level::Must,
            clause: "RFC 9110, 8.6",
            text: "a Content-Length is digits only",
        },
        on: &["content-length"],
        check: Check::Response(|exchange| exchange.not_ok("content-length", is_delta_seconds)),
        breaks: "GET /\n\n200\nContent-Length: 5 bytes\nContent-Type: text/css\n\nhello",
        sound: "GET /\n\n200\nContent-Length: 5\nContent-Type: text/css\n\nhello",
    },
    Entry {
        rule: Rule {
            id: "content-length-no-content",
            level: Level::Must,
            clause: "RFC 9110, 8.6",
            text: "a 1xx and a 204 have no Content-Length (servers take a 0 out)",
        },
        on: &["content-length"],
        check: Check::Response(content_length_no_content),
        breaks: "GET /\n\n204\nContent-Length: 5",
        sound: "GET /\nIf-None-Match: \"a\"\n\n304\nETag: \"a\"\nContent-Length: 5",
    },
    Entry {
        rule: Rule {
            id: "content-length-connect",
            level: Level::Must,
            clause: "RFC 9110, 8.6 and 9.3.6",
            text: "a 2xx to CONNECT has no Content-Length",
        },
        on: &["content-length"],
        check: Check::Response(content_length_connect),
        breaks: "CONNECT example.org:80\nHost: example.org:80\n\n200\nContent-Length: 0",
        sound: "CONNECT example.org:80\nHost: example.org:80\n\n200",
    },
];

fn connection_forbidden(exchange: &Exchange<'_>) -> Option<String> {
    let goes_with_upgrade = exchange.has("upgrade") && !exchange.is_http2();
    let upgrades = |value: &str| {
        goes_with_upgrade && elements(value).all(|option| option.eq_ignore_ascii_case("upgrade"))
    };
    exchange.not_ok("connection", upgrades)
}

fn transfer_encoding_length(exchange: &Exchange<'_>) -> Option<String> {
    let length = exchange.get("content-length")?;
    let coding = exchange.get("transfer-encoding")?;
    Some(format!("transfer-encoding: {coding}, and content-length: {length}"))
}

fn upgrade_forbidden(exchange: &Exchange<'_>) -> Option<String> {
    exchange.present("upgrade").filter(|_| exchange.is_http2())
}

fn upgrade_connection(exchange: &Exchange<'_>) -> Option<String> {
    let value = exchange.get("upgrade").filter(|_| !exchange.is_http2())?;
    let mut options = exchange.all("connection").flat_map(elements);
    let listed = options.any(|option| option.eq_ignore_ascii_case("upgrade"));
    (!listed).then(|| shown("upgrade", value))
}

fn trailer_forbidden(exchange: &Exchange<'_>) -> Option<String> {
    let names = [
        "authorization",
        "cache-control",
        "connection",
        "content-encoding",
        "content-length",
        "content-range",
        "content-type",
        "host",
        "location",
        "set-cookie",
        "te",
        "trailer",
        "transfer-encoding",
        "vary",
        "www-authenticate",
    ];
    let may_trail =
        |name: &str| !names.iter().any(|forbidden| forbidden.eq_ignore_ascii_case(name));
    exchange.not_ok("trailer", |value| elements(value).all(may_trail))
}

fn content_length_no_content(exchange: &Exchange<'_>) -> Option<String> {
    let none = exchange.status.is_informational() || exchange.code() == 204;
    let value = exchange.headers.get("content-length").filter(|value| none && *value != "0")?;
    Some(format!("content-length: {}, {}", text(value), exchange.status_shown("")))
}

fn content_length_connect(exchange: &Exchange<'_>) -> Option<String> {
    let tunnel = exchange.asked.method == Method::CONNECT && exchange.status.is_success();
    exchange.present("content-length").filter(|_| tunnel)
}
