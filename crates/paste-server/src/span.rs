//! The spans of connections and requests, with the names of OpenTelemetry's conventions for HTTP.
//! A query may hold secrets, so it is in none.

use std::net::SocketAddr;

use http::{Request, StatusCode, Version, header};
use tracing::Span;

use crate::io::Conn;

/// The span of a connection, at level DEBUG.
pub(crate) fn of_connection(client: Option<SocketAddr>) -> Span {
    tracing::debug_span!("connection", client.address = client.map(tracing::field::display))
}

/// The span of a request, at level ERROR: whoever looks at errors sees which request they are of.
pub(crate) fn of_request<B>(request: &Request<B>, conn: &Conn) -> Span {
    let text = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    tracing::error_span!(
        "request",
        http.request.method = request.method().as_str(),
        url.scheme = if conn.is_tls { "https" } else { "http" },
        url.path = request.uri().path(),
        server.address = request.uri().host().or_else(|| text(header::HOST)),
        client.address = conn.client.map(|client| tracing::field::display(client.ip())),
        network.protocol.version = version(request.version()),
        user_agent.original = text(header::USER_AGENT),
        http.response.status_code = tracing::field::Empty,
    )
}

/// The answer's status, once it is known.
pub(crate) fn record(span: &Span, status: StatusCode) {
    span.record("http.response.status_code", status.as_u16());
}

fn version(version: Version) -> &'static str {
    match version {
        Version::HTTP_10 => "1.0",
        Version::HTTP_2 => "2",
        _ => "1.1",
    }
}
