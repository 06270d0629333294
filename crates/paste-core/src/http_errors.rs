//! Renders errors as pages: `paste.httpexceptions`.
//!
//! 1. An `Err` becomes a response with its own status and headers. Payloads (control flow) pass.
//! 2. By `Accept` the page is HTML, plain text, or problem+json (RFC 9457, for any JSON type, with
//!    the feature `json`). Without the header, or where nothing fits, it is plain text; `*/*`
//!    alone means HTML.
//! 3. The page shows status, explanation and public detail, escaped; never a cause, note or place.
//! 4. A redirect links its target, if that is a web address. Without a `Location` it is a mistake
//!    of the program, and becomes a 500.
//! 5. Statuses without content (204, 205, 304) have no page.
//! 6. A 5xx is logged as an error, once; any other error for debugging. The error itself stays in
//!    the response's extensions, as [`Rendered`].
//!
//! ```
//! use paste_core::{App, AppExt, Body, Error, HttpErrors, Request, Result};
//!
//! async fn nothing(_request: Request) -> Result { Err(Error::not_found()) }
//!
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let app = nothing.with(HttpErrors::new());
//! let response = app.call(Request::new(Body::empty())).await?;
//! assert_eq!(response.status(), 404);
//! assert_eq!(response.headers()["content-type"], "text/plain; charset=utf-8");
//! # Ok::<(), paste_core::Error>(()) }).unwrap();
//! ```

use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use crate::error::{explanation, missing_header};
use crate::header::Accept;
use crate::{App, Body, Error, Middleware, Request, Response, Result, escape, response};

/// Turns errors into responses at the place where it stands. See the [module](self) for how; the
/// edges (server, tower service) do the same to what reaches them.
#[derive(Clone, Copy, Debug, Default)]
pub struct HttpErrors(());

impl HttpErrors {
    /// The default renderer.
    pub fn new() -> Self {
        Self(())
    }
}

impl<A: App> Middleware<A> for HttpErrors {
    type App = WithHttpErrors<A>;

    fn wrap(self, app: A) -> WithHttpErrors<A> {
        WithHttpErrors { app }
    }
}

/// An app whose errors [`HttpErrors`] renders.
#[derive(Clone, Debug)]
pub struct WithHttpErrors<A> {
    app: A,
}

impl<A: App> App for WithHttpErrors<A> {
    async fn call(&self, request: Request) -> Result {
        let renderer = ErrorRenderer::for_request(&request);
        match self.app.call(request).await {
            Err(mut error) if !error.has_payload() => {
                error.log();
                let mut response = renderer.render(&mut error);
                response.extensions_mut().insert(Rendered(Arc::new(error)));
                Ok(response)
            }
            other => other,
        }
    }
}

/// The error that [`HttpErrors`] has rendered, in the extensions of the response that shows it: for
/// tests and logs, never for a client. The response has been answered, and stays a response.
#[derive(Clone, Debug)]
pub struct Rendered(Arc<Error>);

impl Rendered {
    /// The error, with its place, notes and causes.
    pub fn error(&self) -> &Error {
        &self.0
    }
}

/// Renders errors for one client: what an edge keeps of the request while the app has it.
#[derive(Clone, Debug)]
pub struct ErrorRenderer {
    accept: Option<HeaderValue>,
}

impl ErrorRenderer {
    /// Keeps what rendering needs: the `Accept` header.
    pub fn for_request<B>(request: &http::Request<B>) -> Self {
        let accepts = |(name, _): &(&HeaderName, _)| **name == header::ACCEPT;
        let mut lines = request.headers().iter().filter(accepts).map(|(_, line)| line);
        let first = lines.next();
        let accept = match (first, lines.next()) {
            (Some(_), Some(_)) => {
                let lines = request.headers().get_all(header::ACCEPT);
                let lines: Vec<_> = lines.iter().map(HeaderValue::as_bytes).collect();
                HeaderValue::from_bytes(&lines.join(&b", "[..])).ok()
            }
            _ => first.cloned(),
        };
        Self { accept }
    }

    /// Makes the response that shows `error`. A payload that nobody took is shown as a 500.
    ///
    /// Whoever is the last to see the error [logs](Error::log) it, too.
    pub fn render(&self, error: &mut Error) -> Response {
        forbid_unfit_status(error);
        let status = error.status();
        let mut response = response::with_status(status);
        *response.headers_mut() = error.headers().clone();
        Self::remove_own_headers(response.headers_mut());
        if !matches!(status.as_u16(), 204 | 205 | 304) {
            self.add_page(&mut response, error);
        }
        error
            .take_watches()
            .into_iter()
            .fold(response, |response, watch| response.map(|body| body.on_end(watch)))
    }

    fn add_page(&self, response: &mut Response, error: &Error) {
        let (content_type, page) = match Format::choose(self.accept.as_ref()) {
            Format::Html => ("text/html; charset=utf-8", html_page(error)),
            Format::Text => ("text/plain; charset=utf-8", text_page(error)),
            #[cfg(feature = "json")]
            Format::Problem => ("application/problem+json", problem(error)),
        };
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        headers.append(header::VARY, VARY_ON_ACCEPT);
        *response.body_mut() = Body::from(page);
    }

    /// Removes what describes a rendered page, or any other body, and not the error.
    pub(crate) fn remove_own_headers(headers: &mut HeaderMap) {
        for name in [
            header::CONTENT_TYPE,
            header::CONTENT_LENGTH,
            header::CONTENT_ENCODING,
            header::TRANSFER_ENCODING,
        ] {
            headers.remove(name);
        }
        if let header::Entry::Occupied(entry) = headers.entry(header::VARY) {
            let (name, values) = entry.remove_entry_mult();
            let kept: Vec<_> = values.filter(|value| value != VARY_ON_ACCEPT).collect();
            for value in kept {
                headers.append(name.clone(), value);
            }
        }
    }
}

const VARY_ON_ACCEPT: HeaderValue = HeaderValue::from_static("accept");

/// Turns what no client may get into a 500, and says in the log what is missing elsewhere.
fn forbid_unfit_status(error: &mut Error) {
    let status = error.status();
    let missing = missing_header(status, error.headers());
    if status.is_informational() || (status.is_redirection() && missing.is_some()) {
        let place = error.location();
        tracing::error!(%place, "an error with status {status} has no Location or cannot be a final answer");
        *error.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    } else if let Some(missing) = missing.filter(|_| error.warn()) {
        tracing::warn!(place = %error.location(), "an answer with status {status} needs the header {missing}");
    }
}

fn html_page(error: &Error) -> String {
    let status = error.status();
    let title = format!("{} {}", status.as_str(), status.canonical_reason().unwrap_or("Error"));
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n</head>\n<body>\n\
         <h1>{title}</h1>\n"
    );
    let mut paragraph = |text: &str| {
        if !text.is_empty() {
            let _ = writeln!(page, "<p>{}</p>", escape(text));
        }
    };
    paragraph(explanation(status));
    paragraph(error.public_detail().unwrap_or_default());
    if let Some(location) = linkable_location(error.headers()) {
        let location = escape(location);
        let _ = writeln!(page, "<p><a href=\"{location}\">{location}</a></p>");
    }
    page.push_str("</body>\n</html>\n");
    page
}

fn text_page(error: &Error) -> String {
    let status = error.status();
    let mut page =
        format!("{} {}\n", status.as_str(), status.canonical_reason().unwrap_or("Error"));
    let location = error.headers().get(header::LOCATION).and_then(|value| value.to_str().ok());
    for text in [
        explanation(status),
        error.public_detail().unwrap_or_default(),
        location.unwrap_or_default(),
    ] {
        if !text.is_empty() {
            let _ = writeln!(page, "\n{text}");
        }
    }
    page
}

/// RFC 9457, section 3: without a `type` of its own, the title is the status phrase.
#[cfg(feature = "json")]
fn problem(error: &Error) -> String {
    let status = error.status();
    let mut problem = serde_json::json!({
        "type": "about:blank",
        "title": status.canonical_reason().unwrap_or("Error"),
        "status": status.as_u16(),
    });
    let detail = error.public_detail().unwrap_or(explanation(status));
    if !detail.is_empty() {
        problem["detail"] = detail.into();
    }
    problem.to_string() + "\n"
}

/// The target of a redirect, if a person may safely be invited to click on it.
fn linkable_location(headers: &HeaderMap) -> Option<&str> {
    let location = headers.get(header::LOCATION)?.to_str().ok()?;
    let scheme = location.split(['/', '?', '#']).next().and_then(|start| start.split_once(':'));
    let web = |(scheme, _): (&str, &str)| {
        scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")
    };
    scheme.is_none_or(web).then_some(location)
}

/// The forms of an error page, best first where a client takes all alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Html,
    Text,
    #[cfg(feature = "json")]
    Problem,
}

impl Format {
    const ALL: &[Self] = &[
        Self::Html,
        Self::Text,
        #[cfg(feature = "json")]
        Self::Problem,
    ];

    fn media_type(self) -> &'static str {
        match self {
            Self::Html => "text/html",
            Self::Text => "text/plain",
            #[cfg(feature = "json")]
            Self::Problem => "application/problem+json",
        }
    }

    /// The form for another media type by which clients ask for it.
    fn of_alias(kind: &str, subtype: &str) -> Option<Self> {
        match (kind, subtype) {
            ("application", "xhtml+xml") => Some(Self::Html),
            #[cfg(feature = "json")]
            ("application", "json") => Some(Self::Problem),
            #[cfg(feature = "json")]
            (_, json) if json.ends_with("+json") => Some(Self::Problem),
            _ => None,
        }
    }

    /// The form that `accept` ranks highest; plain text where nothing is said, or nothing fits.
    fn choose(accept: Option<&HeaderValue>) -> Self {
        let Some(list) = accept.and_then(|value| value.to_str().ok()) else {
            return Self::Text;
        };
        let accept = Accept::parse(list);
        if accept.ranges().is_empty() {
            return Self::Text;
        }
        let own = Self::ALL.iter().map(|&format| (format, Cow::Borrowed(format.media_type())));
        let aliases = accept.ranges().iter().filter_map(|range| {
            let (kind, subtype) = range.essence();
            Some((Self::of_alias(kind, subtype)?, Cow::Owned(format!("{kind}/{subtype}"))))
        });
        let offers = own.chain(aliases);
        let best = accept.best_by(offers, |(_, media_type)| media_type);
        best.map_or(Self::Text, |(format, _)| format)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AppExt, Forward, ResultExt};

    async fn page(accept: &str, error: Error) -> (http::response::Parts, String) {
        let renderer = ErrorRenderer { accept: HeaderValue::from_str(accept).ok() };
        let mut error = error;
        let (head, body) = renderer.render(&mut error).into_parts();
        (head, String::from_utf8(body.collect(100_000).await.unwrap().to_vec()).unwrap())
    }

    #[tokio::test]
    async fn rule_1_an_err_becomes_a_response_and_a_payload_passes() {
        async fn app(request: Request) -> Result {
            match request.uri().path() {
                "/forward" => Err(Forward::to("/x").into()),
                _ => Err(Error::method_not_allowed(&[http::Method::GET, http::Method::HEAD])),
            }
        }
        let app = app.with(HttpErrors::new());
        let get = |path| http::Request::get(path).body(Body::empty()).unwrap();
        let response = app.call(get("/")).await.unwrap();
        assert_eq!(response.status(), 405);
        assert_eq!(response.headers()["allow"], "GET, HEAD");
        let mut error = app.call(get("/forward")).await.unwrap_err();
        assert_eq!(error.take::<Forward>().unwrap().path(), "/x");
    }

    #[tokio::test]
    async fn rule_6_the_error_stays_in_the_extensions() {
        let app = async |_: Request| Err(Error::boxed("the disk is full"));
        let response = app.with(HttpErrors::new()).call(Request::new(Body::empty())).await.unwrap();
        let error = response.extensions().get::<Rendered>().unwrap().error();
        assert_eq!(error.source().unwrap().to_string(), "the disk is full");
        assert!(error.location().file().ends_with("http_errors.rs"));
    }

    #[test]
    fn rule_2_the_form_is_chosen_by_accept() {
        #[cfg(feature = "json")]
        use Format::Problem;
        use Format::{Html, Text};
        let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8";
        for (accept, expected) in [
            (browser, Html),
            ("*/*", Html),
            ("text/html", Html),
            ("TEXT/HTML;Q=0.5, text/plain;q=0.4", Html),
            ("text/html;q=0.5, text/plain;q=0.6", Text),
            ("text/html;q=0, */*", Text),
            ("text/*", Html),
            ("image/png", Text),
            ("text/html;q=0", Text),
            ("", Text),
            (";;,,q=", Text),
            ("text/html;q=banana", Html),
            #[cfg(feature = "json")]
            ("application/json", Problem),
            #[cfg(feature = "json")]
            ("application/vnd.api+json", Problem),
            #[cfg(feature = "json")]
            ("application/json, text/plain, */*", Problem),
            #[cfg(feature = "json")]
            ("text/plain, application/problem+json", Text),
            #[cfg(feature = "json")]
            ("application/*;q=0.9, text/*;q=0.8", Problem),
        ] {
            let header = HeaderValue::from_str(accept).unwrap();
            assert_eq!(Format::choose(Some(&header)), expected, "{accept}");
        }
        assert_eq!(Format::choose(None), Text);
        let request =
            http::Request::get("/").header("accept", "image/png").header("accept", "text/html");
        let renderer = ErrorRenderer::for_request(&request.body(()).unwrap());
        assert_eq!(Format::choose(renderer.accept.as_ref()), Html);
    }

    proptest::proptest! {
        #[test]
        fn rule_2_no_accept_header_is_too_odd(accept in "[a-z/*;=,q. 019-]{0,60}") {
            Format::choose(HeaderValue::from_str(&accept).ok().as_ref());
        }
    }

    #[tokio::test]
    async fn rule_3_details_are_escaped_and_private_parts_never_shown() {
        let error = std::fs::read("/no/such/secret-file").context("secret note").unwrap_err();
        let error = error.detail("--></script><script>alert('&\"')</script>");
        assert!(format!("{error:?}").contains("secret note"));
        let (_, html) = page("text/html", error).await;
        assert!(html.contains("--&gt;&lt;/script&gt;&lt;script&gt;alert(&#39;&amp;&quot;&#39;)"));
        for private in ["<script", "secret", "No such file", "http_errors.rs"] {
            assert!(!html.contains(private), "{private} in {html}");
        }
    }

    #[cfg(feature = "json")]
    #[tokio::test]
    async fn rule_2_a_problem_has_the_members_of_rfc_9457() {
        let (head, text) = page("application/json", Error::bad_request("No \"x\".")).await;
        assert_eq!(head.headers["content-type"], "application/problem+json");
        let problem: serde_json::Value = serde_json::from_str(&text).unwrap();
        let expected = serde_json::json!({
            "type": "about:blank", "title": "Bad Request", "status": 400, "detail": "No \"x\"."
        });
        assert_eq!(problem, expected);
    }

    #[tokio::test]
    async fn rule_4_a_redirect_links_only_web_addresses() {
        let link = |location: &'static str| async move {
            let (head, html) =
                page("text/html", Error::redirect(StatusCode::FOUND, location)).await;
            assert_eq!(head.status, 302);
            html.contains("<a href=")
        };
        for location in ["/x?a=b:c", "https://example.org/", "HTTP://example.org", "x/y:z", "//h/p"]
        {
            assert!(link(location).await, "{location}");
        }
        for location in ["javascript:alert(1)", "JavaScript:alert(1)", "data:text/html,x"] {
            assert!(!link(location).await, "{location}");
        }
        let (head, _) = page("text/html", Error::from_status(StatusCode::FOUND)).await;
        assert_eq!(head.status, 500);
    }

    #[tokio::test]
    async fn rule_5_statuses_without_content_have_no_page() {
        for status in [204, 205, 304] {
            let error = Error::from_status(StatusCode::from_u16(status).unwrap());
            let (head, body) = page("text/html", error.detail("x")).await;
            assert_eq!((head.status.as_u16(), &*body), (status, ""));
            assert!(head.headers.is_empty());
        }
    }

    #[tokio::test]
    async fn headers_pass_and_what_describes_another_body_does_not() {
        let challenge = HeaderValue::from_static("Basic realm=\"wiki\"");
        let error = Error::unauthorized(challenge.clone())
            .header(header::SET_COOKIE, HeaderValue::from_static("a=1"))
            .header(header::SET_COOKIE, HeaderValue::from_static("b=2"))
            .header(header::CONTENT_LENGTH, HeaderValue::from_static("3"))
            .header(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        let (head, body) = page("text/plain", error).await;
        assert_eq!(head.headers["www-authenticate"], challenge);
        assert_eq!(head.headers.get_all("set-cookie").iter().count(), 2);
        assert!(!head.headers.contains_key("content-encoding"));
        assert_eq!(body, format!("401 Unauthorized\n\n{}\n", explanation(head.status)));
    }

    #[tokio::test]
    async fn every_status_of_paste_has_a_page_that_explains_it() {
        for code in
            (300..=303).chain([305, 307, 308]).chain(400..=417).chain([429]).chain(500..=505)
        {
            let status = StatusCode::from_u16(code).unwrap();
            let error = Error::redirect(status, "/elsewhere");
            let (head, html) = page("text/html", error).await;
            assert_eq!(head.status, status);
            assert!(!explanation(status).is_empty(), "{status}");
            assert!(html.contains(&format!("<h1>{status}</h1>")), "{html}");
        }
    }
}
