//! The one source of time.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

/// Tells the time: the system's, or one that a test sets and steps.
///
/// Whatever depends on time takes a `Clock` through its builder. Clones share one time.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use paste_core::Clock;
///
/// let clock = Clock::manual(SystemTime::UNIX_EPOCH);
/// let seen_by_a_middleware = clock.clone();
/// clock.advance(Duration::from_secs(60));
/// assert_eq!(seen_by_a_middleware.now(), SystemTime::UNIX_EPOCH + Duration::from_secs(60));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Clock(Source);

#[derive(Clone, Debug, Default)]
enum Source {
    #[default]
    System,
    Manual(Arc<Mutex<SystemTime>>),
}

impl Clock {
    /// The system's clock; also the default.
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands at `start` until it is [advanced](Self::advance).
    pub fn manual(start: SystemTime) -> Self {
        Self(Source::Manual(Arc::new(Mutex::new(start))))
    }

    /// The time now.
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the system")]
    pub fn now(&self) -> SystemTime {
        match &self.0 {
            Source::System => SystemTime::now(),
            Source::Manual(time) => *time.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// Moves a manual clock on by `step`. The system's clock does not heed it.
    pub fn advance(&self, step: Duration) {
        if let Source::Manual(time) = &self.0 {
            *time.lock().unwrap_or_else(PoisonError::into_inner) += step;
        }
    }
}
