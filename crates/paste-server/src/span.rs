//! The spans of connections and requests, with the names of OpenTelemetry's conventions for HTTP.
//! A query may hold secrets, so it is in none.

use std::net::SocketAddr;

use http::uri::Authority;
use http::{Method, Request, StatusCode, Version, header};
use tracing::Span;
use tracing::field::Empty;

use crate::io::Conn;

/// The span of a connection, at level DEBUG.
pub(crate) fn of_connection(peer: Option<SocketAddr>) -> Span {
    tracing::debug_span!(
        "connection",
        network.transport = if peer.is_some() { "tcp" } else { "unix" },
        network.peer.address = peer.map(|peer| display(peer.ip())),
        network.peer.port = peer.map(|peer| peer.port()),
    )
}

/// The span of a request, at level ERROR: whoever looks at errors sees which request they are of.
pub(crate) fn of_request<B>(request: &Request<B>, conn: &Conn) -> Span {
    let text = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    let scheme = if conn.is_tls { "https" } else { "http" };
    let named = || request.uri().authority().cloned().or_else(|| text(header::HOST)?.parse().ok());
    let known = || is_known(request.method());
    tracing::error_span!(
        "request",
        otel.kind = "server",
        http.request.method = if known() { request.method().as_str() } else { "_OTHER" },
        http.request.method_original = (!known()).then(|| request.method().as_str()),
        url.scheme = scheme,
        url.path = request.uri().path(),
        server.address = named().map(|named| address(&named)),
        server.port = named().map(|named| port(&named, conn.is_tls)),
        client.address = conn.client.map(|client| display(client.ip())),
        network.protocol.version = version(request.version()),
        user_agent.original = text(header::USER_AGENT),
        http.response.status_code = Empty,
        "error.type" = Empty,
    )
}

/// The answer's status, once it is known.
pub(crate) fn record(span: &Span, status: StatusCode) {
    span.record("http.response.status_code", status.as_u16());
    if status.is_server_error() {
        span.record("error.type", status.as_str());
    }
}

/// The answer did not come to its end.
pub(crate) fn record_cut(span: &Span) {
    span.record("error.type", "incomplete_response");
}

/// The methods that the conventions know; names of others are the client's own.
fn is_known(method: &Method) -> bool {
    let known = ["CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"];
    known.contains(&method.as_str())
}

fn address(named: &Authority) -> String {
    named.host().trim_matches(['[', ']']).to_owned()
}

fn port(named: &Authority, is_tls: bool) -> u16 {
    named.port_u16().unwrap_or(if is_tls { 443 } else { 80 })
}

fn version(version: Version) -> &'static str {
    match version {
        Version::HTTP_10 => "1.0",
        Version::HTTP_2 => "2",
        _ => "1.1",
    }
}
