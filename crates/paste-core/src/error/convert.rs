//! Conversions between our error and the standard library's.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

use http::StatusCode;

use super::Error;

/// Any error that may cross threads, boxed.
pub type BoxError = Box<dyn StdError + Send + Sync>;

impl<E: StdError + Send + Sync + 'static> From<E> for Error {
    #[track_caller]
    fn from(source: E) -> Self {
        source.into_error(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl Error {
    /// An error with status 500 caused by `source`: a boxed error, or text. What was
    /// [boxed](Self::into_boxed) from an `Error` becomes that error again.
    #[track_caller]
    pub fn boxed(source: impl Into<BoxError>) -> Self {
        match source.into().downcast::<Boxed>() {
            Ok(boxed) => boxed.0,
            Err(source) => Self::from_status(StatusCode::INTERNAL_SERVER_ERROR).caused_by(source),
        }
    }

    /// This error as a [`std::error::Error`], for interfaces that take one.
    pub fn into_boxed(self) -> BoxError {
        Box::new(Boxed(self))
    }
}

impl From<Error> for BoxError {
    fn from(error: Error) -> Self {
        error.into_boxed()
    }
}

/// An [`Error`] in a form that other crates carry.
#[derive(Debug)]
struct Boxed(Error);

impl fmt::Display for Boxed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl StdError for Boxed {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source().map(|source| source as &(dyn StdError + 'static))
    }
}

/// Gives a failure its status, or a note, on its way out.
///
/// ```
/// use http::StatusCode;
/// use paste_core::{Result, ResultExt};
///
/// fn page_number(text: &str) -> Result<u32> {
///     text.parse().status(StatusCode::BAD_REQUEST)
/// }
/// fn first(words: &[&'static str]) -> Result<&'static str> {
///     words.first().copied().not_found()
/// }
/// assert_eq!(page_number("x").unwrap_err().status(), StatusCode::BAD_REQUEST);
/// assert_eq!(first(&[]).unwrap_err().status(), StatusCode::NOT_FOUND);
/// ```
pub trait ResultExt<T>: Sized {
    /// The failure becomes an [`Error`] with this status; an `Error` keeps all but its status.
    #[track_caller]
    fn status(self, status: StatusCode) -> Result<T, Error>;

    /// The failure becomes an [`Error`] with status 404.
    #[track_caller]
    fn not_found(self) -> Result<T, Error> {
        self.status(StatusCode::NOT_FOUND)
    }

    /// The failure becomes an [`Error`], of status 500 if it is not yet one, with a note that the
    /// client never sees.
    #[track_caller]
    fn context(self, text: impl Into<Cow<'static, str>>) -> Result<T, Error>;
}

// Plain matches, no closures: a closure is not `track_caller`, and the place would be this file.
impl<T, E: IntoError> ResultExt<T> for Result<T, E> {
    fn status(self, status: StatusCode) -> Result<T, Error> {
        match self {
            Ok(value) => Ok(value),
            Err(error) => Err(error.into_error(status)),
        }
    }

    fn context(self, text: impl Into<Cow<'static, str>>) -> Result<T, Error> {
        match self {
            Ok(value) => Ok(value),
            Err(error) => Err(error.into_error_unchanged().note(text)),
        }
    }
}

impl<T> ResultExt<T> for Option<T> {
    fn status(self, status: StatusCode) -> Result<T, Error> {
        match self {
            Some(value) => Ok(value),
            None => Err(Error::from_status(status)),
        }
    }

    fn context(self, text: impl Into<Cow<'static, str>>) -> Result<T, Error> {
        match self {
            Some(value) => Ok(value),
            None => Err(Error::from_status(StatusCode::INTERNAL_SERVER_ERROR).note(text)),
        }
    }
}

/// Standard errors and our own, which no one conversion of the standard library covers.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not become a `paste_core::Error`",
    note = "it must be a `std::error::Error + Send + Sync + 'static`; boxed errors and texts go by `Error::boxed`"
)]
trait IntoError {
    #[track_caller]
    fn into_error(self, status: StatusCode) -> Error;
    #[track_caller]
    fn into_error_unchanged(self) -> Error;
}

impl IntoError for Error {
    fn into_error(mut self, status: StatusCode) -> Error {
        *self.status_mut() = status;
        self
    }

    fn into_error_unchanged(self) -> Error {
        self
    }
}

impl<E: StdError + Send + Sync + 'static> IntoError for E {
    fn into_error(self, status: StatusCode) -> Error {
        Error::from_status(status).caused_by(self)
    }

    fn into_error_unchanged(self) -> Error {
        self.into_error(StatusCode::INTERNAL_SERVER_ERROR)
    }
}
