//! What a server keeps of a request's head. Clients do as they like, so what only they can get wrong
//! is a recommendation here: it is told, and never denied.

use http::{Method, Version, header};
use http_body::Body as _;
use paste_core::{Request, RequestExt};

use super::super::exchange::shown;
use super::super::rule::{Level, Rule};
use super::super::syntax::{elements, is_delta_seconds, is_host, text};
use super::{Check, Entry};

pub(super) static ENTRIES: &[Entry] = &[
    Entry {
        rule: Rule {
            id: "request-method-unknown",
            level: Level::Should,
            clause: "RFC 9110, 16.1.1",
            text: "methods are registered",
        },
        on: &[],
        check: Check::Request(method_unknown),
        breaks: "BREW /",
        sound: "PROPFIND /",
    },
    Entry {
        rule: Rule {
            id: "request-content-unexpected",
            level: Level::Should,
            clause: "RFC 9110, 9.3.1",
            text: "content in GET, HEAD, TRACE or CONNECT means nothing, and may be taken for an attack",
        },
        on: &[],
        check: Check::Request(content_unexpected),
        breaks: "GET /\n:body hello",
        sound: "POST /\n:body hello",
    },
    Entry {
        rule: Rule {
            id: "request-content-length-syntax",
            level: Level::Must,
            clause: "RFC 9110, 8.6",
            text: "a Content-Length is digits only",
        },
        on: &["content-length"],
        check: Check::Request(content_length_syntax),
        breaks: "POST /\nContent-Length: +5",
        sound: "POST /\nContent-Length: 5\n:body hello",
    },
    Entry {
        rule: Rule {
            id: "request-content-length-repeated",
            level: Level::Must,
            clause: "RFC 9112, 6.3; SEMANTICS.md, 7.5",
            text: "no request with contradicting lengths gets past the server",
        },
        on: &["content-length"],
        check: Check::Request(content_length_repeated),
        breaks: "POST /\nContent-Length: 5\nContent-Length: 6\n:body hello",
        sound: "POST /\nContent-Length: 5\nContent-Length: 5\n:body hello",
    },
    Entry {
        rule: Rule {
            id: "request-content-length-body",
            level: Level::Must,
            clause: "RFC 9110, 8.6",
            text: "a request's body is as long as its Content-Length says",
        },
        on: &["content-length"],
        check: Check::Request(content_length_body),
        breaks: "POST /\nContent-Length: 6\n:body hello",
        sound: "POST /\nContent-Length: 5\n:body hello",
    },
    Entry {
        rule: Rule {
            id: "request-transfer-encoding-length",
            level: Level::Must,
            clause: "RFC 9112, 6.3; SEMANTICS.md, 7.5",
            text: "with Transfer-Encoding, Content-Length is removed before the app sees it",
        },
        on: &["transfer-encoding"],
        check: Check::Request(transfer_encoding_length),
        breaks: "POST /\nTransfer-Encoding: chunked\nContent-Length: 5\n:body hello",
        sound: "POST /\nTransfer-Encoding: chunked\n:body hello",
    },
    Entry {
        rule: Rule {
            id: "request-transfer-encoding-unknown",
            level: Level::Must,
            clause: "RFC 9112, 6.1; SEMANTICS.md, 7.5",
            text: "a server refuses transfer codings that it does not understand",
        },
        on: &["transfer-encoding"],
        check: Check::Request(transfer_encoding_unknown),
        breaks: "POST /\nTransfer-Encoding: gzip, chunked\n:body hello",
        sound: "POST /\nTransfer-Encoding: Chunked\n:body hello",
    },
    Entry {
        rule: Rule {
            id: "request-connection-http2",
            level: Level::Must,
            clause: "RFC 9113, 8.2.2",
            text: "over HTTP/2 no request with connection-specific headers gets past the server",
        },
        on: CONNECTION_SPECIFIC,
        check: Check::Request(connection_http2),
        breaks: "GET /\n:version HTTP/2.0\nConnection: keep-alive",
        sound: "GET /\nConnection: keep-alive",
    },
    Entry {
        rule: Rule {
            id: "request-te-http2",
            level: Level::Must,
            clause: "RFC 9113, 8.2.2",
            text: "over HTTP/2 a TE header says `trailers` and nothing else",
        },
        on: &["te"],
        check: Check::Request(te_http2),
        breaks: "GET /\n:version HTTP/2.0\nTE: gzip",
        sound: "GET /\n:version HTTP/2.0\nTE: trailers",
    },
    Entry {
        rule: Rule {
            id: "host-missing",
            level: Level::Should,
            clause: "RFC 9112, 3.2; SEMANTICS.md, 7.4",
            text: "a request of HTTP/1.1 has a Host header, one of HTTP/2 an authority",
        },
        on: &[],
        check: Check::Request(host_missing),
        breaks: "GET /\n:no-host",
        sound: "GET http://example.org/\n:no-host",
    },
    Entry {
        rule: Rule {
            id: "host-repeated",
            level: Level::Must,
            clause: "RFC 9112, 3.2; SEMANTICS.md, 7.4",
            text: "a request has no more than one Host header",
        },
        on: &["host"],
        check: Check::Request(host_repeated),
        breaks: "GET /\nHost: example.org\nHost: example.org",
        sound: "GET /\nHost: example.org",
    },
    Entry {
        rule: Rule {
            id: "host-syntax",
            level: Level::Must,
            clause: "RFC 9110, 7.2; SEMANTICS.md, 7.4",
            text: "a Host header is a host with an optional port, or empty",
        },
        on: &["host"],
        check: Check::Request(host_syntax),
        breaks: "GET /\nHost: user@example.org",
        sound: "GET /\nHost: [::1]:8080",
    },
    Entry {
        rule: Rule {
            id: "host-authority",
            level: Level::Must,
            clause: "RFC 9112, 3.2.2; SEMANTICS.md, 7.2 and 7.10",
            text: "where the target names a host, the Host header names the same",
        },
        on: &["host"],
        check: Check::Request(host_authority),
        breaks: "GET http://example.org/\nHost: example.net",
        sound: "GET http://example.org/\nHost: EXAMPLE.org",
    },
];

/// The registry of RFC 9110, 16.1, which holds those of `WebDAV`, too.
const METHODS: [&str; 41] = [
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "DELETE",
    "OPTIONS",
    "PATCH",
    "CONNECT",
    "TRACE",
    "ACL",
    "BASELINE-CONTROL",
    "BIND",
    "CHECKIN",
    "CHECKOUT",
    "COPY",
    "LABEL",
    "LINK",
    "LOCK",
    "MERGE",
    "MKACTIVITY",
    "MKCALENDAR",
    "MKCOL",
    "MKREDIRECTREF",
    "MKWORKSPACE",
    "MOVE",
    "ORDERPATCH",
    "PRI",
    "PROPFIND",
    "PROPPATCH",
    "QUERY",
    "REBIND",
    "REPORT",
    "SEARCH",
    "UNBIND",
    "UNCHECKOUT",
    "UNLINK",
    "UNLOCK",
    "UPDATE",
    "UPDATEREDIRECTREF",
    "VERSION-CONTROL",
    "*",
];

/// The values of a header as text.
fn all<'a>(request: &'a Request, name: &str) -> impl Iterator<Item = &'a str> {
    request.headers().get_all(name).into_iter().map(text)
}

fn method_unknown(request: &Request) -> Option<String> {
    let method = request.method().as_str();
    (!METHODS.contains(&method)).then(|| method.to_owned())
}

fn content_unexpected(request: &Request) -> Option<String> {
    let means_nothing =
        matches!(*request.method(), Method::GET | Method::HEAD | Method::TRACE | Method::CONNECT);
    let content = means_nothing && request.body().size_hint().lower() > 0;
    content.then(|| format!("{} with {:?}", request.method(), request.body()))
}

fn content_length_syntax(request: &Request) -> Option<String> {
    let wrong = all(request, "content-length").find(|value| !is_delta_seconds(value));
    wrong.map(|value| shown("content-length", value))
}

fn content_length_repeated(request: &Request) -> Option<String> {
    let mut values = all(request, "content-length");
    let first = values.next()?;
    values.find(|value| *value != first).map(|other| format!("content-length: {first}, {other}"))
}

fn content_length_body(request: &Request) -> Option<String> {
    let length = request.headers().get(header::CONTENT_LENGTH).map(text)?;
    let bytes = request.body().size_hint().exact()?;
    let stated = length.parse::<u64>().ok()?;
    (stated != bytes).then(|| format!("content-length: {length}, and a body of {bytes} bytes"))
}

fn transfer_encoding_length(request: &Request) -> Option<String> {
    let length = all(request, "content-length").next()?;
    let coding = all(request, "transfer-encoding").next()?;
    Some(format!("transfer-encoding: {coding}, and content-length: {length}"))
}

fn transfer_encoding_unknown(request: &Request) -> Option<String> {
    let coding = all(request, "transfer-encoding")
        .find(|value| !elements(value).all(|coding| coding.eq_ignore_ascii_case("chunked")));
    coding.map(|value| shown("transfer-encoding", value))
}

fn is_http2(request: &Request) -> bool {
    request.version() >= Version::HTTP_2
}

const CONNECTION_SPECIFIC: &[&str] =
    &["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"];

fn connection_http2(request: &Request) -> Option<String> {
    let value = |name: &&str| all(request, name).next().map(|value| shown(name, value));
    if is_http2(request) { CONNECTION_SPECIFIC.iter().find_map(value) } else { None }
}

fn te_http2(request: &Request) -> Option<String> {
    let wrong = |value: &&str| !value.eq_ignore_ascii_case("trailers");
    let value = if is_http2(request) { all(request, "te").find(wrong) } else { None };
    value.map(|value| shown("te", value))
}

fn host_missing(request: &Request) -> Option<String> {
    let needed = request.version() >= Version::HTTP_11 && request.uri().path() != "*";
    let missing = needed && request.host().is_none();
    missing.then(|| format!("{:?} {}", request.version(), request.uri()))
}

fn host_repeated(request: &Request) -> Option<String> {
    let mut values = all(request, "host");
    let (first, second) = (values.next()?, values.next()?);
    Some(format!("host: {first}, and host: {second}"))
}

fn host_syntax(request: &Request) -> Option<String> {
    all(request, "host").find(|value| !is_host(value)).map(|value| shown("host", value))
}

fn host_authority(request: &Request) -> Option<String> {
    let authority = request.uri().authority()?.as_str();
    let target = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = all(request, "host").next()?;
    // The port of the scheme may be left out.
    let bare = |host: &'_ str| {
        let port = if request.uri().scheme_str() == Some("https") { ":443" } else { ":80" };
        host.strip_suffix(port).unwrap_or(host).to_ascii_lowercase()
    };
    (!host.eq_ignore_ascii_case(target) && bare(host) != bare(target))
        .then(|| format!("host: {host}, target: {}", request.uri()))
}
