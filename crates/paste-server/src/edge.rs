//! Between hyper and the app: what every request is checked for, and what every answer becomes.
//!
//! 1. A request that breaks the rules of its protocol gets 400, and its connection closes; the app
//!    never sees it.
//! 2. The app sees one shape, whatever the protocol: a URI of path and query, the host in the
//!    `Host` header, the target as it was sent in `OriginalUri`, the client in `ClientAddr`.
//! 3. `OPTIONS *` is for the server: 204. CONNECT is not for an origin server: 501.
//! 4. An error becomes the page that shows it; so does a panic, as a 500.
//! 5. The answer to HEAD has the headers of GET, its length among them, and no content.
//! 6. Framing is the server's: a `Content-Length` that the body contradicts goes, and so do
//!    `Transfer-Encoding` and a status that cannot be final. What has no content by its status
//!    (204, 205, 304) gets none.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::task::Poll;

use http::uri::{Authority, PathAndQuery};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, Version, header};
use http_body::Body as _;
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;
use paste_core::{
    App, Body, ClientAddr, Error, ErrorRenderer, OriginalUri, Request, RequestExt, Response,
    Result, ResultExt, Scheme, host, response,
};
use tracing::Span;

use crate::control::Control;
use crate::io::files::Marked;
use crate::io::{Conn, HangUp};
use crate::limits::is_over;
use crate::metrics::count;
use crate::panic;
use crate::request_body::request_body;
use crate::response_body::{Gone, Sending};
use crate::span;

/// An app as the server calls it.
pub(crate) struct Edge<A> {
    app: A,
    control: Arc<Control>,
    /// The path at which the server tells how it is.
    health: Option<String>,
}

impl<A: App> Edge<A> {
    pub(crate) fn new(app: A, control: Arc<Control>, health: Option<String>) -> Self {
        Self { app, control, health }
    }

    /// Answers one request of a client, unless it goes before the answer begins.
    ///
    /// The future holds little more than the app's own: what comes before that is over by then.
    pub(crate) fn answer(
        self: &Arc<Self>,
        mut request: http::Request<Incoming>,
        conn: &Arc<Conn>,
    ) -> impl Future<Output = Result<http::Response<Sending>, Gone>> + Send + use<A> {
        let (edge, conn) = (Arc::clone(self), Arc::clone(conn));
        async move {
            let running = conn.begin();
            let span = span::of_request(&request, &conn);
            let renderer = ErrorRenderer::for_request(&request);
            let is_head = request.method() == Method::HEAD;
            let may_upgrade = request.version() == Version::HTTP_11
                && request.extensions().get::<OnUpgrade>().is_some();
            let mut hang_up = HangUp::new(&conn);
            let admitted = admit(&mut request);
            let (head, body) = request.into_parts();
            let body = match admitted {
                Ok(()) => request_body(&head.headers, body, &conn),
                Err(_) => Body::empty(), // nobody knows where it ends
            };
            let mut request = Request::from_parts(head, body);
            let by_itself = match admitted {
                Ok(()) => edge.by_itself(&mut request, &conn, &renderer, running.others),
                Err(error) => {
                    conn.is_spoilt.store(true, Relaxed);
                    Some(Err(error))
                }
            };
            let response = if let Some(response) = by_itself {
                response
            } else {
                let mut call = pin!({
                    let _entered = span.enter();
                    edge.app.call(request)
                });
                let response = poll_fn(|context| {
                    let _entered = span.enter();
                    match panic::caught(|| call.as_mut().poll(context)) {
                        Ok(Poll::Pending) => hang_up.poll(context).map(|()| Err(Gone)),
                        Ok(Poll::Ready(response)) => Poll::Ready(Ok(response)),
                        Err(panic) => Poll::Ready(Ok(Err(panic))),
                    }
                });
                response.await?.and_then(|response| final_answer(response, may_upgrade))
            };
            let response = edge.finished(response, &conn, &renderer, is_head, &span);
            Ok(response.map(|body| {
                let body = match conn.marker() {
                    Some(marker) => body.map_file(|range| Marked::new(&conn, marker, range)),
                    None => body,
                };
                Sending::new(body, running, hang_up, span)
            }))
        }
    }

    /// What goes to the client in answer to what the app, or the server itself, says.
    fn finished(
        &self,
        response: Result,
        conn: &Conn,
        renderer: &ErrorRenderer,
        is_head: bool,
        span: &Span,
    ) -> Response {
        let framing = response.and_then(|mut response| {
            framed(&mut response, is_head)?;
            Ok(response)
        });
        let mut response = framing.unwrap_or_else(|mut error| {
            span.in_scope(|| error.log());
            let mut rendered = renderer.render(&mut error);
            if is_head {
                without_content(&mut rendered);
            }
            rendered
        });
        span::record(span, response.status());
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            conn.upgrade();
        } else if !conn.is_http2() && (conn.is_spoilt.load(Relaxed) || self.control.is_stopping()) {
            // What follows on this connection could not be understood, or is for another server.
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }

    /// What the server answers by itself; if nothing, the request is as the app is to see it.
    fn by_itself(
        &self,
        request: &mut Request,
        conn: &Arc<Conn>,
        renderer: &ErrorRenderer,
        others: usize,
    ) -> Option<Result> {
        if request.method() == Method::CONNECT {
            return Some(Err(Error::from_status(StatusCode::NOT_IMPLEMENTED)));
        }
        if request.uri().path() == "*" {
            return Some(Ok(response::no_content()));
        }
        if let Some(port) = conn.redirect_to {
            return Some(to_https(request, port));
        }
        if self.health.as_deref().is_some_and(|health| health == request.uri().path()) {
            return Some(Ok(self.health()));
        }
        if is_over(others + 1, self.control.max_requests()) {
            count(&conn.tally().refused_requests);
            let mut busy = Error::from_status(StatusCode::SERVICE_UNAVAILABLE)
                .header(header::RETRY_AFTER, HeaderValue::from_static("1"));
            // Under load a log line each would not help.
            return Some(Ok(renderer.render(&mut busy)));
        }
        if let Some(client) = conn.client {
            request.extensions_mut().insert(ClientAddr(client));
        }
        if conn.is_tls {
            request.extensions_mut().insert(Scheme("https"));
        }
        None
    }

    /// How the server is: 200, or 503 once it stops, so that a balancer sends no more.
    fn health(&self) -> Response {
        if self.control.is_stopping() {
            let mut response = response::text("stopping\n");
            *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
            response
        } else {
            response::text("ok\n")
        }
    }
}

/// An app's answer, if a client may see one of its status.
fn final_answer(response: Response, may_upgrade: bool) -> Result {
    let status = response.status();
    if status == StatusCode::SWITCHING_PROTOCOLS && !may_upgrade {
        return Err(Error::boxed("an app answered with 101 to a request without Upgrade"));
    }
    if status.is_informational() && status != StatusCode::SWITCHING_PROTOCOLS {
        return Err(Error::boxed(format!("an app answered with {status}, which is not final")));
    }
    Ok(response)
}

/// To the same host and path by https, for good and with the same method.
fn to_https(request: &Request, port: u16) -> Result {
    let host = request.host().and_then(|host| host.parse::<Authority>().ok());
    let host = host.ok_or_else(|| Error::bad_request("The request names no host."))?;
    let port = if port == 443 { String::new() } else { format!(":{port}") };
    let location = format!("https://{}{port}{}", host.host(), request.uri());
    Ok(response::redirect(StatusCode::PERMANENT_REDIRECT, &location))
}

/// Checks the target and the host (RFC 9112, section 3.2; RFC 9113, section 8.3.1), and gives the
/// request its one shape.
fn admit<B>(request: &mut http::Request<B>) -> Result<()> {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let host = hosts.next();
    if hosts.next().is_some() {
        return Err(Error::bad_request("The request has more than one Host header."));
    }
    if host.is_none()
        && request.uri().authority().is_none()
        && request.version() >= Version::HTTP_11
    {
        return Err(Error::bad_request("The request has no Host header."));
    }
    if let Some(host) = host
        && !host::is_valid(host.as_bytes())
    {
        return Err(Error::bad_request("The Host header is not a host with an optional port."));
    }
    if request.headers().contains_key(header::TRANSFER_ENCODING) {
        check_transfer_encoding(request.headers())?;
    }
    if request.uri().path() == "*" && request.method() != Method::OPTIONS {
        return Err(Error::bad_request("Only OPTIONS has the target *."));
    }
    let Some(authority) = request.uri().authority() else {
        return Ok(());
    };
    let is_connect = request.method() == Method::CONNECT;
    let is_web = matches!(request.uri().scheme_str(), Some("http" | "https"));
    if !is_web && !is_connect {
        return Err(Error::bad_request("The target is neither a path nor a URL of http."));
    }
    let named = HeaderValue::from_str(authority.as_str()).status(StatusCode::BAD_REQUEST)?;
    if !host::is_valid(named.as_bytes()) {
        return Err(Error::bad_request("The target's host is not a host with an optional port."));
    }
    let same = |host: &HeaderValue| host.as_bytes().eq_ignore_ascii_case(named.as_bytes());
    if request.version() >= Version::HTTP_2 && !host.is_none_or(same) {
        return Err(Error::bad_request("The Host header and the target name different hosts."));
    }
    if is_connect {
        return Ok(());
    }
    let path = request.uri().path_and_query().cloned();
    let origin = Uri::from(path.unwrap_or_else(|| PathAndQuery::from_static("/")));
    let whole = std::mem::replace(request.uri_mut(), origin);
    request.extensions_mut().insert(OriginalUri(whole));
    request.headers_mut().insert(header::HOST, named);
    Ok(())
}

/// The only transfer coding is chunked, and that once (RFC 9112, section 6.1). hyper has refused
/// those that do not end with it.
fn check_transfer_encoding(headers: &HeaderMap) -> Result<()> {
    let lines = headers.get_all(header::TRANSFER_ENCODING).iter();
    let codings =
        lines.flat_map(|line| line.as_bytes().split(|&byte| byte == b',')).map(<[u8]>::trim_ascii);
    let mut chunked = 0;
    // Empty elements of a list count as nothing (RFC 9110, section 5.6.1).
    for coding in codings.filter(|coding| !coding.is_empty()) {
        if !coding.eq_ignore_ascii_case(b"chunked") {
            let unknown = Error::from_status(StatusCode::NOT_IMPLEMENTED);
            return Err(
                unknown.detail("The only transfer coding that this server knows is chunked.")
            );
        }
        chunked += 1;
    }
    if chunked > 1 {
        return Err(Error::bad_request("The request is chunked more than once."));
    }
    Ok(())
}

/// Leaves framing to the server: a wrong length would make the client take the next answer for a
/// part of this one, or wait for ever. A body that has ended is dropped here, so that a panic of
/// whoever watches its end is still an error.
fn framed(response: &mut Response, is_head: bool) -> Result<()> {
    let status = response.status();
    let size = response.body().size_hint().exact();
    let content_length = stated_length(response.headers());
    let headers = response.headers_mut();
    headers.remove(header::TRANSFER_ENCODING);
    let mut has_content = !is_head;
    match (status.as_u16(), content_length) {
        (101 | 204, _) => {
            headers.remove(header::CONTENT_LENGTH);
            has_content = false;
        }
        // Content may follow none of these, but a 304 may say how long that of a 200 is (RFC 9110,
        // section 8.6).
        (205, _) => {
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from(0));
            has_content = false;
        }
        (304, Ok(_)) => has_content = false,
        (_, Ok(Some(stated))) if size.is_none() => {
            let body = std::mem::take(response.body_mut());
            *response.body_mut() = body.with_length(stated);
        }
        (_, Ok(stated)) if stated.is_none() || stated == size => {}
        // The answer to HEAD may come from an app that made no body for it.
        (_, Ok(_)) if is_head && size == Some(0) => {}
        _ => {
            let stated = headers.remove(header::CONTENT_LENGTH);
            tracing::warn!(
                ?stated,
                "an app stated a Content-Length that its body has not; left out"
            );
            has_content &= status != StatusCode::NOT_MODIFIED;
        }
    }
    if !has_content {
        without_content(response);
    }
    if response.body().is_end_stream() {
        panic::ended(std::mem::take(response.body_mut()))?;
    }
    Ok(())
}

/// The one length that the headers state; an error if they state more than one, or no number.
fn stated_length(headers: &HeaderMap) -> Result<Option<u64>, ()> {
    let mut lengths = headers.get_all(header::CONTENT_LENGTH).iter();
    let Some(first) = lengths.next() else { return Ok(None) };
    let number = first.to_str().ok().and_then(|text| text.parse().ok());
    number.filter(|_| lengths.next().is_none()).map(Some).ok_or(())
}

/// HTTP/1 in hyper does the same by itself; HTTP/2 does not.
fn without_content(response: &mut Response) {
    let may_say_length = !matches!(response.status().as_u16(), 101 | 204 | 304);
    if let Some(length) = response.body().size_hint().exact()
        && may_say_length
        && !response.headers().contains_key(header::CONTENT_LENGTH)
    {
        response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    let body = std::mem::take(response.body_mut());
    *response.body_mut() = body.without_content();
}
