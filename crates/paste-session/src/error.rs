//! What a store tells when it fails.

use std::time::Duration;

use paste_core::{BoxError, Error};

/// A store could not do what it was asked. Its message never has what is in a session.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The store cannot be reached, or cannot write, for now: the request is answered with 503.
    #[error("the session store cannot be used")]
    Unavailable(#[source] BoxError),
    /// What it has of this session cannot be read: that session has ended, others live.
    #[error("a session cannot be read: {0}")]
    Corrupt(String),
    /// The session is larger than the store takes: an error of the program, 500.
    #[error("a session is too large: {0}")]
    TooLarge(String),
}

impl StoreError {
    /// The store cannot be used, because of `source`.
    pub fn unavailable(source: impl Into<BoxError>) -> Self {
        Self::Unavailable(source.into())
    }

    /// The error of the request that needs the store.
    #[track_caller]
    pub(crate) fn into_error(self) -> Error {
        match self {
            Self::Unavailable(_) => Error::unavailable(Duration::from_secs(5)).caused_by(self),
            Self::Corrupt(_) | Self::TooLarge(_) => Error::boxed(self),
        }
    }
}
