//! The error that travels outwards in place of a response.
//!
//! 1. An error has a status, headers and a detail for the client, and a source, a place and notes
//!    that only logs and debug pages see.
//! 2. `?` makes any standard error one with status 500, with the error as its source.
//! 3. The place is where the error was made or converted; a backtrace is taken for 5xx only, and
//!    only where `RUST_BACKTRACE` asks for it.
//! 4. A typed payload makes an error control flow: it is taken by type, and whoever catches
//!    errors passes payloads on.
//! 5. Who watches for the end of a response can watch an error, too: whoever renders it hands the
//!    watch on to the body of the page.

mod convert;
mod forward;
mod status;

use std::any::Any;
use std::backtrace::{Backtrace, BacktraceStatus};
use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::panic::Location;

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use crate::Sent;

pub use convert::{BoxError, ResultExt};
pub use forward::Forward;
pub(crate) use status::{encode_location, explanation, location_value, missing_header};

/// What an app gives when it has no response: it travels outwards until a middleware takes it, or
/// the edge (server, tower service) renders it. See [`HttpErrors`](crate::HttpErrors) for how.
///
/// ```
/// use http::StatusCode;
/// use paste_core::Error;
///
/// let error = Error::not_found().detail("No page has that name.");
/// assert_eq!(error.status(), StatusCode::NOT_FOUND);
///
/// fn parse(text: &str) -> paste_core::Result<u32> {
///     Ok(text.parse()?) // any standard error becomes a 500
/// }
/// assert_eq!(parse("x").unwrap_err().status(), StatusCode::INTERNAL_SERVER_ERROR);
/// ```
///
/// It is not itself a [`std::error::Error`] (a blanket `?` conversion excludes that); as one, it
/// goes by [`Error::into_boxed`].
pub struct Error(Box<Inner>);

struct Inner {
    status: StatusCode,
    detail: Option<Cow<'static, str>>,
    headers: HeaderMap,
    source: Option<BoxError>,
    location: &'static Location<'static>,
    backtrace: Option<Backtrace>,
    notes: Vec<Note>,
    payload: Option<Payload>,
    watches: Vec<Box<Watch>>,
    logged: bool,
    warned: bool,
}

type Watch = dyn FnOnce(Sent) + Send + Sync;

struct Payload {
    value: Box<dyn Any + Send + Sync>,
    type_name: &'static str,
}

/// What a scope that an error passed through has to say about it: for logs and debug pages.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Note {
    /// What was going on.
    pub text: Cow<'static, str>,
    /// Where the note was attached.
    pub location: &'static Location<'static>,
}

impl Error {
    /// An error with this status. Redirects need a place to go to and have
    /// [their own constructor](Self::redirect), as have [401](Self::unauthorized),
    /// [405](Self::method_not_allowed), [429](Self::too_many_requests) and
    /// [503](Self::unavailable), whose answers need a header.
    #[track_caller]
    pub fn from_status(status: StatusCode) -> Self {
        let location = Location::caller();
        let backtrace = status.is_server_error().then(Backtrace::capture);
        Self(Box::new(Inner {
            status,
            detail: None,
            headers: HeaderMap::new(),
            source: None,
            location,
            backtrace: backtrace.filter(|trace| trace.status() == BacktraceStatus::Captured),
            notes: Vec::new(),
            payload: None,
            watches: Vec::new(),
            logged: false,
            warned: false,
        }))
    }

    /// An error that is control flow: `payload` is for the middleware that [takes](Self::take) it.
    /// If none does, the edge renders it as a 500.
    #[track_caller]
    pub fn with_payload<T: Any + Send + Sync>(payload: T) -> Self {
        let mut error = Self::from_status(StatusCode::INTERNAL_SERVER_ERROR);
        let type_name = std::any::type_name::<T>();
        error.0.payload = Some(Payload { value: Box::new(payload), type_name });
        error
    }

    /// Says more to the client, in one or two sentences. It is escaped where it is shown.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    /// Adds a header to the answer.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.append(name, value);
        self
    }

    /// Sets what caused this error, which the client never sees.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<BoxError>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Attaches a note, which the client never sees. The latest note stands last.
    #[must_use]
    #[track_caller]
    pub fn note(mut self, text: impl Into<Cow<'static, str>>) -> Self {
        self.0.notes.push(Note { text: text.into(), location: Location::caller() });
        self
    }

    /// The status of the answer.
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// Changes the status of the answer.
    pub fn status_mut(&mut self) -> &mut StatusCode {
        &mut self.0.status
    }

    /// What the client is told beyond the status.
    pub fn public_detail(&self) -> Option<&str> {
        self.0.detail.as_deref()
    }

    /// The headers of the answer. What describes its body is added when it is rendered.
    pub fn headers(&self) -> &HeaderMap {
        &self.0.headers
    }

    /// The headers of the answer, to change them.
    pub fn headers_mut(&mut self) -> &mut HeaderMap {
        &mut self.0.headers
    }

    /// What caused this error.
    pub fn source(&self) -> Option<&(dyn StdError + Send + Sync + 'static)> {
        self.0.source.as_deref()
    }

    /// This error's causes, outermost first.
    pub fn chain(&self) -> impl Iterator<Item = &(dyn StdError + 'static)> {
        let first = self.source().map(|source| source as &(dyn StdError + 'static));
        std::iter::successors(first, |&error| error.source())
    }

    /// The first cause of type `T`.
    pub fn downcast_ref<T: StdError + 'static>(&self) -> Option<&T> {
        self.chain().find_map(|cause| cause.downcast_ref())
    }

    /// Where in the source code this error was made or converted.
    pub fn location(&self) -> &'static Location<'static> {
        self.0.location
    }

    /// The backtrace, if this is a 5xx and `RUST_BACKTRACE` asked for one.
    pub fn backtrace(&self) -> Option<&Backtrace> {
        self.0.backtrace.as_ref()
    }

    /// The notes of the scopes that this error passed through, the innermost first.
    pub fn notes(&self) -> &[Note] {
        &self.0.notes
    }

    /// Whether this error is control flow, which whoever catches errors passes on.
    pub fn has_payload(&self) -> bool {
        self.0.payload.is_some()
    }

    /// Takes the payload out, if it is a `T`.
    pub fn take<T: Any + Send + Sync>(&mut self) -> Option<T> {
        let payload = self.0.payload.take_if(|payload| payload.value.is::<T>())?;
        payload.value.downcast().ok().map(|value| *value)
    }

    /// Calls `watch` as [`Body::on_end`](crate::Body::on_end) of the page does that shows this error
    /// in the end. If another answer takes its place, `watch` is dropped without a call.
    #[must_use]
    pub fn on_end(mut self, watch: impl FnOnce(Sent) + Send + Sync + 'static) -> Self {
        self.0.watches.push(Box::new(watch));
        self
    }

    /// Logs this error once: a 5xx as an error with all its causes, notes and place, any other for
    /// debugging; so are 501 and 505, which say what a client asked for. Edges do this when they
    /// render; further calls do nothing.
    pub fn log(&mut self) {
        if std::mem::replace(&mut self.0.logged, true) {
            return;
        }
        let status = self.status();
        let is_asked =
            matches!(status, StatusCode::NOT_IMPLEMENTED | StatusCode::HTTP_VERSION_NOT_SUPPORTED);
        if status.is_server_error() && !is_asked {
            tracing::error!(status = status.as_u16(), "{self:?}");
        } else {
            tracing::debug!(status = status.as_u16(), "{self}");
        }
    }
}

impl Error {
    /// Whether this is the first time that something is wrong with how it is shown: it may be shown
    /// at each edge that it crosses.
    pub(crate) fn warn(&mut self) -> bool {
        !std::mem::replace(&mut self.0.warned, true)
    }

    /// Those who watch for its end, in the order in which they came. They watch no more.
    pub(crate) fn take_watches(&mut self) -> Vec<Box<Watch>> {
        std::mem::take(&mut self.0.watches)
    }

    #[cfg(feature = "tower")]
    pub(crate) fn put_watches(&mut self, watches: Vec<Box<Watch>>) {
        self.0.watches = watches;
    }
}

/// The status and the detail, in one line.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.status())?;
        match self.public_detail() {
            Some(detail) => write!(f, ": {detail}"),
            None => Ok(()),
        }
    }
}

/// Everything but the headers, which may hold secrets: for logs.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}, at {}", self.location())?;
        if let Some(payload) = &self.0.payload {
            write!(f, "; nothing took its payload, {}", payload.type_name)?;
        }
        for note in self.notes() {
            write!(f, "; {} (at {})", note.text, note.location)?;
        }
        for cause in self.chain() {
            write!(f, "; caused by: {cause}")?;
        }
        match self.backtrace() {
            Some(backtrace) => write!(f, "\n{backtrace}"),
            None => Ok(()),
        }
    }
}
