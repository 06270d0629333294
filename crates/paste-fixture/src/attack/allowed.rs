//! What a right service may answer to an attack.

use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

/// What a right service may answer to an attack, besides what no answer may ever have (rule 2 of
/// the [module](super)). It displays without the usual bounds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowed {
    pub(super) statuses: Vec<RangeInclusive<u16>>,
    pub(super) unanswered: bool,
    pub(super) must_close: bool,
    pub(super) time: Duration,
    pub(super) size: usize,
}

const TIME: Duration = Duration::from_secs(10);
const SIZE: usize = 16 << 20;

impl Allowed {
    /// Any answer that is not a server's failure: a status from 200 to 499, or 501 (the method is
    /// unknown), within 10 s and 16 MiB.
    pub fn answered() -> Self {
        Self {
            statuses: vec![200..=499, 501..=501],
            unanswered: false,
            must_close: false,
            time: TIME,
            size: SIZE,
        }
    }

    /// A refusal: a status from 400 to 499, 501 or 505.
    pub fn refused() -> Self {
        Self::answered().statuses([400..=499, 501..=501, 505..=505])
    }

    /// Exactly these statuses.
    #[must_use]
    pub fn statuses(mut self, statuses: impl IntoIterator<Item = RangeInclusive<u16>>) -> Self {
        self.statuses = statuses.into_iter().collect();
        self
    }

    /// Or no answer: the server closes the connection.
    #[must_use]
    pub fn or_closed(mut self) -> Self {
        self.unanswered = true;
        self
    }

    /// The server must close the connection afterwards, because nobody knows where the next request
    /// would begin. There is one answer at most.
    #[must_use]
    pub fn then_closed(mut self) -> Self {
        self.must_close = true;
        self
    }

    /// The answer must have come to its end within `time`.
    #[must_use]
    pub fn within(mut self, time: Duration) -> Self {
        self.time = time;
        self
    }

    /// The answer's body may have `size` bytes at most.
    #[must_use]
    pub fn at_most(mut self, size: usize) -> Self {
        self.size = size;
        self
    }

    pub(super) fn allows(&self, status: u16) -> bool {
        self.statuses.iter().any(|statuses| statuses.contains(&status))
    }
}

impl fmt::Display for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, statuses) in self.statuses.iter().enumerate() {
            f.write_str(if place == 0 { "status " } else { ", " })?;
            match (statuses.start(), statuses.end()) {
                (start, end) if start == end => write!(f, "{start}")?,
                (start, end) => write!(f, "{start} to {end}")?,
            }
        }
        if self.unanswered {
            f.write_str(", or no answer")?;
        }
        if self.must_close {
            f.write_str(", and the connection closes")?;
        }
        if self.time != TIME {
            write!(f, ", within {:?}", self.time)?;
        }
        if self.size != SIZE {
            write!(f, ", in {} bytes at most", self.size)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_what_it_allows() {
        let allowed = Allowed::refused().or_closed().then_closed().at_most(9);
        assert_eq!(
            allowed.to_string(),
            "status 400 to 499, 501, 505, or no answer, and the connection closes, in 9 bytes at most"
        );
        assert!(allowed.allows(404) && allowed.allows(501));
        assert!(!allowed.allows(200) && !allowed.allows(500));
        let soon = Allowed::answered().within(Duration::from_millis(5));
        assert_eq!(soon.to_string(), "status 200 to 499, 501, within 5ms");
        assert!(Allowed::answered().allows(206) && !Allowed::answered().allows(502));
    }
}
