//! A line in a log for each request, as Apache and nginx write it: `paste.translogger`.
//!
//! 1. The line is written when the response has ended: it has the bytes that were really handed over
//!    and the time from the request's arrival to the last byte.
//! 2. The formats are Apache's `common` and `combined`, `json`, and any [pattern](mod@format) of Apache's
//!    directives.
//! 3. A response that was cut is marked: `%X` is `X`, and JSON says `"complete":false`. A client that
//!    goes before there is a response is logged with status 499, as nginx does.
//! 4. What the client wrote cannot forge a line: quotes, backslashes, control characters and bytes
//!    that are not ASCII are escaped.
//! 5. The client is [`ClientAddr`](paste_core::ClientAddr), never a header: put
//!    [`TrustedProxies`](paste_core::TrustedProxies) outside. The user is the
//!    [`RemoteUser`] of the request, or one that an app inside has put into the extensions of its
//!    response.
//! 6. Lines go to `tracing` (target `access`, level INFO), to standard error, or to a
//!    [file](AccessLog::file) that may be rotated. No request ever waits for a line.
//! 7. It only watches: files stay files, an `Err` stays an `Err`, and its line has the bytes of the page
//!    that shows it in the end. Control flow that someone outside takes is no line of its own.
//!
//! ```
//! use paste_core::{AppExt, Request, Result, response};
//! use paste_filter::{AccessLog, access_log::Format};
//!
//! async fn hello(_request: Request) -> Result { Ok(response::text("hi")) }
//!
//! let app = hello.with(AccessLog::new().format(Format::pattern("%h %m %U %>s %B %D")?));
//! # Ok::<(), paste_filter::access_log::PatternError>(())
//! ```

mod entry;
pub mod format;
mod writer;

use std::path::PathBuf;
use std::sync::Arc;

use paste_core::{App, Clock, Middleware, RemoteUser, Request, Result};

use self::entry::Entry;
pub use self::format::{Format, PatternError};
use self::writer::Writer;

/// Logs each request in one line. See the [module](self) for the rules.
#[derive(Clone, Debug, Default)]
pub struct AccessLog {
    format: Arc<Format>,
    sink: Sink,
    clock: Clock,
}

/// Where lines go.
#[derive(Clone, Debug, Default)]
enum Sink {
    #[default]
    Tracing,
    Writer(Arc<Writer>),
}

impl AccessLog {
    /// Logs in Apache's combined format to `tracing`.
    pub fn new() -> Self {
        Self::default()
    }

    /// Logs in this format instead of the combined one.
    #[must_use]
    pub fn format(mut self, format: Format) -> Self {
        self.format = Arc::new(format);
        self
    }

    /// Appends the lines to a file, which is made when the first line comes.
    ///
    /// A file that was renamed or removed (logrotate's default) is made anew, one that was truncated
    /// (`copytruncate`) goes on at its new end. While lines cannot be written (a full disk), they are
    /// lost, and so they are while more than 8,192 wait for a slow one; how many is told by `tracing`.
    /// When the last clone of this goes, all lines have been written.
    #[must_use]
    pub fn file(mut self, path: impl Into<PathBuf>) -> Self {
        self.sink = Sink::Writer(Arc::new(Writer::file(path.into())));
        self
    }

    /// Writes the lines, and nothing else, to standard error.
    #[must_use]
    pub fn stderr(mut self) -> Self {
        self.sink = Sink::Writer(Arc::new(Writer::stderr()));
        self
    }

    /// Takes the time from `clock`.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    fn is_wanted(&self) -> bool {
        match self.sink {
            Sink::Tracing => tracing::enabled!(target: "access", tracing::Level::INFO),
            Sink::Writer(_) => true,
        }
    }

    fn write(&self, entry: &Entry) {
        let line = self.format.line(entry);
        match &self.sink {
            Sink::Tracing => tracing::info!(target: "access", "{line}"),
            Sink::Writer(writer) => writer.write(line),
        }
    }
}

impl<A: App> Middleware<A> for AccessLog {
    type App = WithAccessLog<A>;

    fn wrap(self, app: A) -> WithAccessLog<A> {
        WithAccessLog { app, log: self }
    }
}

/// An app whose requests [`AccessLog`] logs.
#[derive(Clone, Debug)]
pub struct WithAccessLog<A> {
    app: A,
    log: AccessLog,
}

impl<A: App> App for WithAccessLog<A> {
    async fn call(&self, request: Request) -> Result {
        if !self.log.is_wanted() {
            return self.app.call(request).await;
        }
        let mut entry = Entry::of_request(self.log.clone(), &request);
        match self.app.call(request).await {
            Ok(response) => {
                let user = response.extensions().get::<RemoteUser>();
                entry.answered(response.status(), response.headers(), user);
                Ok(response.map(|body| body.on_end(move |sent| entry.end(sent))))
            }
            Err(error) if error.has_payload() => {
                entry.passed_on(error.status());
                Err(error.on_end(move |sent| entry.end(sent)))
            }
            Err(error) => {
                entry.answered(error.status(), error.headers(), None);
                Err(error.on_end(move |sent| entry.end(sent)))
            }
        }
    }
}
