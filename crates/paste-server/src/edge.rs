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

use std::future::ready;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::task::{Context, Poll};

use http::header::{CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use http::uri::{Authority, PathAndQuery};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, Version, header};
use http_body::Body as _;
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;
use paste_core::{
    App, ClientAddr, Error, ErrorRenderer, OriginalUri, RequestExt, Response, Result, ResultExt,
    Scheme, host, response,
};

use crate::control::Control;
use crate::io::files::Marked;
use crate::io::{Conn, Running};
use crate::limits::is_over;
use crate::metrics::count;
use crate::panic;
use crate::request_body::taken_in;
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

    /// Begins to answer one request of a client.
    pub(crate) fn answer(
        &self,
        mut request: http::Request<Incoming>,
        conn: &Arc<Conn>,
    ) -> Answering<'_> {
        let (running, others) = conn.begin(span::of_request(&request, conn));
        let asked = Asked {
            renderer: ErrorRenderer::for_request(&request),
            is_head: request.method() == Method::HEAD,
            may_upgrade: request.version() == Version::HTTP_11
                && request.extensions().get::<OnUpgrade>().is_some(),
        };
        let running = Some(running);
        if let Err(error) = admit(&mut request) {
            conn.is_spoilt.store(true, Relaxed); // nobody knows where its body ends
            return Answering { call: at_once(Err(error)), asked, running };
        }
        let by_itself = self.by_itself(&mut request, conn, others, &asked.renderer);
        let mut request = Some(request); // lent to the closure: a request is large to move
        let call = if let Some(response) = by_itself {
            drop(request.map(|request| taken_in(request, conn))); // its body is read to the end
            at_once(response)
        } else {
            let call = panic::caught(|| -> Call<'_> {
                let _entered = running.as_ref().map(|running| running.span.enter());
                let request = request.take().expect("this is called once");
                Box::pin(self.app.call(taken_in(request, conn)))
            });
            call.unwrap_or_else(|panic| at_once(Err(panic)))
        };
        Answering { call, asked, running }
    }

    /// What the server answers by itself; if nothing, the request is as the app is to see it.
    fn by_itself<B>(
        &self,
        request: &mut http::Request<B>,
        conn: &Conn,
        others: usize,
        renderer: &ErrorRenderer,
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

/// An answer on its way. Boxed, for hyper keeps the place of what answers for as long as a connection is
/// open.
type Call<'a> = Pin<Box<dyn Future<Output = Result> + Send + 'a>>;

fn at_once(response: Result) -> Call<'static> {
    Box::pin(ready(response))
}

/// A request that is being answered: ready when the answer begins, or when the client has gone.
pub(crate) struct Answering<'a> {
    call: Call<'a>,
    asked: Asked,
    /// None once the answer has begun.
    running: Option<Running>,
}

/// What the shape of an answer depends on.
struct Asked {
    renderer: ErrorRenderer,
    is_head: bool,
    may_upgrade: bool,
}

/// What the protocol of futures says.
const UNENDED: &str = "a future is not polled after its end";

impl Future for Answering<'_> {
    type Output = Result<http::Response<Sending>, Gone>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let running = this.running.as_mut().expect(UNENDED);
        let mut answered = Poll::Pending;
        let calm = {
            let _entered = running.span.enter();
            panic::caught(|| answered = this.call.as_mut().poll(context))
        };
        if let Err(panic) = calm {
            answered = Poll::Ready(Err(panic));
        }
        let mut response = match answered {
            Poll::Ready(Ok(response)) => response,
            Poll::Ready(Err(error)) => this.asked.shown(error, running),
            Poll::Pending => return running.poll_hang_up(context).map(|()| Err(Gone)),
        };
        if let Err(error) = this.asked.check(&mut response) {
            response = this.asked.shown(error, running);
        }
        finish(&mut response, running);
        let running = this.running.take().expect(UNENDED);
        Poll::Ready(Ok(response.map(|body| {
            let conn = &running.conn;
            let body = match conn.marker() {
                Some(marker) => body.map_file(|range| Marked::new(conn, marker, range)),
                None => body,
            };
            Sending::new(body, running)
        })))
    }
}

impl Asked {
    /// Checks what a client may not see, and mends what it can.
    fn check(&self, response: &mut Response) -> Result<()> {
        let status = response.status();
        if status == StatusCode::SWITCHING_PROTOCOLS {
            if !self.may_upgrade {
                let message = "an app answered with 101 to a request without Upgrade";
                return Err(Error::boxed(message));
            }
        } else if status.is_informational() {
            return Err(Error::boxed(format!("an app answered with {status}, which is not final")));
        }
        framed(response, self.is_head)
    }

    /// The page that shows an error.
    fn shown(&self, mut error: Error, running: &Running) -> Response {
        running.span.in_scope(|| error.log());
        let mut rendered = self.renderer.render(&mut error);
        if self.is_head {
            without_content(&mut rendered);
        }
        rendered
    }
}

/// What the connection learns of an answer, and says in it.
fn finish(response: &mut Response, running: &Running) {
    let conn = &running.conn;
    span::record(&running.span, response.status());
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        conn.upgrade();
    } else if !conn.is_http2() && (conn.is_spoilt.load(Relaxed) || conn.control().is_stopping()) {
        // What follows on this connection could not be understood, or is for another server.
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
}

/// To the same host and path by https, for good and with the same method.
fn to_https<B>(request: &http::Request<B>, port: u16) -> Result {
    let host = request.host().and_then(|host| host.parse::<Authority>().ok());
    let host = host.ok_or_else(|| Error::bad_request("The request names no host."))?;
    let port = if port == 443 { String::new() } else { format!(":{port}") };
    let location = format!("https://{}{port}{}", host.host(), request.uri());
    Ok(response::redirect(StatusCode::PERMANENT_REDIRECT, &location))
}

/// Checks the target and the host (RFC 9112, section 3.2; RFC 9113, section 8.3.1), and gives the
/// request its one shape.
fn admit<B>(request: &mut http::Request<B>) -> Result<()> {
    // One look at all headers costs less than to ask for each by name.
    let mut hosts = 0;
    let mut host = None;
    let mut has_transfer_encoding = false;
    for (name, value) in request.headers() {
        if *name == HOST {
            hosts += 1;
            host = Some(value);
        } else if *name == TRANSFER_ENCODING {
            has_transfer_encoding = true;
        }
    }
    if hosts > 1 {
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
    if has_transfer_encoding {
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
    request.headers_mut().insert(HOST, named);
    Ok(())
}

/// The only transfer coding is chunked, and that once (RFC 9112, section 6.1). hyper has refused
/// those that do not end with it.
fn check_transfer_encoding(headers: &HeaderMap) -> Result<()> {
    let lines = headers.get_all(TRANSFER_ENCODING).iter();
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
    let headers = response.headers_mut();
    // One look at the few headers of an answer costs less than to ask for each by name.
    let is_framing = |name: &HeaderName| *name == CONTENT_LENGTH || *name == TRANSFER_ENCODING;
    let content_length = if headers.keys().any(is_framing) {
        headers.remove(TRANSFER_ENCODING);
        stated_length(headers)
    } else {
        Ok(None)
    };
    let mut has_content = !is_head;
    match (status.as_u16(), content_length) {
        (101 | 204, _) => {
            headers.remove(CONTENT_LENGTH);
            has_content = false;
        }
        // Content may follow none of these, but a 304 may say how long that of a 200 is (RFC 9110,
        // section 8.6).
        (205, _) => {
            headers.insert(CONTENT_LENGTH, HeaderValue::from(0));
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
            let stated = headers.remove(CONTENT_LENGTH);
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
    let mut lengths = headers.get_all(CONTENT_LENGTH).iter();
    let Some(first) = lengths.next() else { return Ok(None) };
    let number = first.to_str().ok().and_then(|text| text.parse().ok());
    number.filter(|_| lengths.next().is_none()).map(Some).ok_or(())
}

/// HTTP/1 in hyper does the same by itself; HTTP/2 does not.
fn without_content(response: &mut Response) {
    let may_say_length = !matches!(response.status().as_u16(), 101 | 204 | 304);
    if let Some(length) = response.body().size_hint().exact()
        && may_say_length
        && !response.headers().contains_key(CONTENT_LENGTH)
    {
        response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    let body = std::mem::take(response.body_mut());
    *response.body_mut() = body.without_content();
}
