//! Checks requests and responses against the rules of HTTP: `paste.lint`, and what `Rack::Lint` and
//! httplint know of single exchanges.
//!
//! 1. Each rule has a stable id, a level, a clause and a line of text; each breach is a [`Finding`]
//!    that names the value at fault. [`rules`] lists them, as does `RULES.md` beside this crate.
//! 2. [`Lint::new`] denies: in place of a request or a response that breaks a [`Level::Must`] goes an
//!    error with status 500 whose source is a [`LintError`]. A denied request does not reach the app.
//!    What cannot be denied, a [`Level::Should`] or what shows at the end of a body, is logged.
//! 3. [`Lint::collect_into`] changes nothing and keeps all findings, for tests; [`Lint::log`] changes
//!    nothing and logs them; [`Lint::header`] says the ids of what is known when the head goes out in
//!    the response header `X-Lint`, and logs the rest.
//! 4. [`Lint::rule`] gives a rule another level, or switches it off.
//! 5. An error on its way out is checked by its status and its headers. Control flow passes.
//! 6. A body is only watched: nothing is buffered, and a file stays a file. Its length is checked
//!    beforehand where the body says it, and at its end in any case.
//!
//! ```
//! use http::header;
//! use paste_core::{App, AppExt, Body, Request, Result, response};
//! use paste_fixture::lint::{Lint, LintError};
//!
//! async fn careless(_request: Request) -> Result {
//!     let mut response = response::text("hi");
//!     response.headers_mut().insert(header::ETAG, "abc".parse()?);
//!     Ok(response)
//! }
//!
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let app = careless.with(Lint::new());
//! let request = http::Request::get("/").header("host", "localhost").body(Body::empty())?;
//! let error = app.call(request).await.unwrap_err();
//! assert_eq!(error.status(), 500);
//! let findings = error.downcast_ref::<LintError>().unwrap().findings();
//! assert_eq!(findings[0].rule.id, "etag-quotes");
//! assert_eq!(findings[0].value, "etag: abc");
//! # Ok::<(), paste_core::Error>(()) }).unwrap();
//! ```
//!
//! Around an axum router, where nothing but findings in the log is wanted:
//!
//! ```
//! use axum::{Router, routing::get};
//! use paste_core::tower::IntoLayer;
//! use paste_fixture::Lint;
//!
//! let router: Router = Router::new()
//!     .route("/", get(async || "hi"))
//!     .layer(Lint::new().log().into_layer());
//! ```
//!
//! Of the checks of `paste.lint` and `Rack::Lint` some have no rule here, because the types leave no
//! other way: header names are tokens and values without control characters, a status is a number of
//! three digits, a script name begins with a slash and does not end with one, a body that has ended
//! is not asked again (SEMANTICS.md, 3.3), and what an app reads and writes are bytes.

#[cfg(feature = "serde")]
mod config;
#[cfg(test)]
mod examples;
mod exchange;
mod markdown;
mod rule;
mod rules;
mod syntax;

use std::collections::BTreeMap;
use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use http_body::Body as _;
use paste_core::{App, Clock, Error, Middleware, Request, Response, Result, Sent};

use self::exchange::{Asked, Ending, Exchange};
use self::rules::{Check, Entry, OF_ENDINGS, OF_REQUESTS, OF_RESPONSES};

pub use self::markdown::rules_markdown;
pub use self::rule::{Finding, Findings, Level, LintError, Rule, UnknownRule, rules};

/// Checks requests and responses against the rules of HTTP. See the [module](self) for how.
#[derive(Clone, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(from = "config::Lint"))]
pub struct Lint {
    mode: Mode,
    /// Where a denial shows its rules to the client.
    names_rules: bool,
    levels: Arc<BTreeMap<&'static str, Level>>,
    clock: Clock,
}

/// What becomes of findings.
#[derive(Clone, Debug, Default)]
enum Mode {
    #[default]
    Deny,
    Collect(Findings),
    Header,
    Log,
}

impl Lint {
    /// Denies what breaks a [`Level::Must`], and logs the rest.
    pub fn new() -> Self {
        Self::default()
    }

    /// Denies nothing, and keeps every finding in `findings`; those about the end of a body when it
    /// has ended.
    #[must_use]
    pub fn collect_into(mut self, findings: Findings) -> Self {
        self.mode = Mode::Collect(findings);
        self
    }

    /// Denies nothing, and logs every finding as a warning.
    #[must_use]
    pub fn log(mut self) -> Self {
        self.mode = Mode::Log;
        self
    }

    /// Denies nothing, and lists the ids of the rules that an exchange breaks in the response header
    /// `X-Lint`. What shows only at the end of a body is logged.
    #[must_use]
    pub fn header(mut self) -> Self {
        self.mode = Mode::Header;
        self
    }

    /// Names the broken rules in the public detail of a denial, which otherwise says no more than
    /// that there is one.
    #[must_use]
    pub fn name_rules(mut self) -> Self {
        self.names_rules = true;
        self
    }

    /// Gives the rule `id` another level, or switches it [off](Level::Off). An id that no rule has is
    /// an error with its near misses.
    pub fn rule(mut self, id: &str, level: Level) -> Result<Self, UnknownRule> {
        let rule = UnknownRule::check(id)?;
        Arc::make_mut(&mut self.levels).insert(rule.id, level);
        Ok(self)
    }

    /// Compares dates with this clock in place of the system's.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }
}

impl<A: App> Middleware<A> for Lint {
    type App = WithLint<A>;

    fn wrap(self, app: A) -> WithLint<A> {
        WithLint { app, lint: self }
    }
}

/// An app whose exchanges [`Lint`] checks.
#[derive(Clone, Debug)]
pub struct WithLint<A> {
    app: A,
    lint: Lint,
}

impl<A: App> App for WithLint<A> {
    fn call(&self, request: Request) -> impl Future<Output = Result<Response>> + Send {
        let asked = Asked::of(&request);
        let mut found = Vec::new();
        for entry in OF_REQUESTS.checks(request.headers()) {
            if let Check::Request(check) = entry.check {
                self.lint.add(&mut found, entry, check(&request));
            }
        }
        let call = if self.lint.denies(&found) { None } else { Some(self.app.call(request)) };
        async move {
            let Some(call) = call else {
                return Err(self.lint.denial(found, None));
            };
            let result = call.await;
            self.lint.answer(asked, found, result)
        }
    }
}

const X_LINT: HeaderName = HeaderName::from_static("x-lint");

impl Lint {
    /// Adds what a check has found, if it has found anything.
    fn add(&self, found: &mut Vec<Finding>, entry: &'static Entry, value: Option<String>) {
        let Some(value) = value else { return };
        let level = self.levels.get(entry.rule.id).copied().unwrap_or(entry.rule.level);
        if level > Level::Off {
            found.push(Finding::new(&entry.rule, level, &value));
        }
    }

    /// What goes out in place of `result`: most often the same.
    fn answer(&self, asked: Asked, mut found: Vec<Finding>, mut result: Result) -> Result {
        match &result {
            Ok(response) => {
                let hint = Some(response.body().size_hint());
                let (status, headers) = (response.status(), response.headers());
                self.check_head(&mut found, &asked, status, headers, hint);
                if let Some(ending) = Ending::foretold(&asked, response) {
                    self.check_ending(&mut found, &ending);
                }
            }
            Err(error) if error.has_payload() => {}
            Err(error) => {
                self.check_head(&mut found, &asked, error.status(), error.headers(), None);
            }
        }
        if self.denies(&found) {
            return Err(self.denial(found, result.err()));
        }
        if let (Mode::Header, false) = (&self.mode, found.is_empty()) {
            let headers = match &mut result {
                Ok(response) => response.headers_mut(),
                Err(error) => error.headers_mut(),
            };
            headers.insert(X_LINT, ids(&found));
        } else {
            self.report(&asked, found);
        }
        result.map(|response| self.watch(asked, response))
    }

    fn check_head(
        &self,
        found: &mut Vec<Finding>,
        asked: &Asked,
        status: StatusCode,
        headers: &HeaderMap,
        body: Option<http_body::SizeHint>,
    ) {
        let exchange = Exchange { asked, status, headers, body, clock: &self.clock };
        for entry in OF_RESPONSES.checks(headers) {
            if let Check::Response(check) = entry.check {
                self.add(found, entry, check(&exchange));
            }
        }
    }

    fn check_ending(&self, found: &mut Vec<Finding>, ending: &Ending) {
        for entry in OF_ENDINGS.checks(&HeaderMap::new()) {
            if let Check::Ending(check) = entry.check {
                self.add(found, entry, check(ending));
            }
        }
    }

    /// Checks the end of the body, when it comes. A body that ended as it foretold was checked.
    fn watch(&self, asked: Asked, response: Response) -> Response {
        if response.body().is_end_stream() {
            return response;
        }
        let lint = self.clone();
        let ending = Ending::of(&asked, &response);
        response.map(|body| {
            body.on_end(move |sent: Sent| {
                if sent.complete && ending.promised == Some(sent.bytes) {
                    return;
                }
                let mut found = Vec::new();
                lint.check_ending(&mut found, &Ending { sent, ..ending });
                lint.report(&asked, found);
            })
        })
    }

    fn denies(&self, found: &[Finding]) -> bool {
        matches!(self.mode, Mode::Deny) && found.iter().any(|finding| finding.level == Level::Must)
    }

    /// The error in place of an exchange.
    fn denial(&self, findings: Vec<Finding>, instead_of: Option<Error>) -> Error {
        let detail = if self.names_rules {
            let must = findings.iter().filter(|finding| finding.level == Level::Must);
            let ids: Vec<_> = must.map(|finding| finding.rule.id).collect();
            format!("The lint denies this exchange, which breaks: {}.", ids.join(", ")).into()
        } else {
            std::borrow::Cow::Borrowed("The lint denies this exchange.")
        };
        let source = instead_of.map(Error::into_boxed);
        Error::from(LintError { findings, source }).detail(detail)
    }

    /// Keeps or logs what is not denied.
    fn report(&self, asked: &Asked, found: Vec<Finding>) {
        if let Mode::Collect(findings) = &self.mode {
            findings.extend(found);
            return;
        }
        for finding in found {
            let (rule, level) = (finding.rule.id, finding.level);
            let (method, path) = (&asked.method, asked.uri.path());
            tracing::warn!(rule, %level, %method, path, "{finding}");
        }
    }
}

/// The ids of what was found, as a header.
fn ids(found: &[Finding]) -> HeaderValue {
    let ids: Vec<_> = found.iter().map(|finding| finding.rule.id).collect();
    HeaderValue::try_from(ids.join(", ")).expect("ids are lower-case words with hyphens")
}
