//! What became of a corpus.

use std::fmt;

use super::{Attack, Class};

/// What became of the attacks of a corpus.
#[derive(Clone, Debug, Default)]
#[must_use = "failed attacks are only told here"]
pub struct Report {
    passed: usize,
    skipped: usize,
    failures: Vec<Failure>,
}

/// An attack that the service did not withstand. It displays as one line.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The name of the attack.
    pub name: &'static str,
    /// Its class.
    pub class: Class,
    /// What happened.
    pub problem: String,
    /// What was allowed.
    pub allowed: String,
    /// Why the attack is there.
    pub why: &'static str,
}

impl Report {
    /// How many attacks the service withstood.
    pub fn passed(&self) -> usize {
        self.passed
    }

    /// How many attacks could not be made in process.
    pub fn skipped(&self) -> usize {
        self.skipped
    }

    /// The attacks that it did not withstand, in order.
    pub fn failures(&self) -> &[Failure] {
        &self.failures
    }

    /// Panics with all failures, if there are any.
    #[track_caller]
    pub fn assert_passed(&self) {
        assert!(self.failures.is_empty(), "{self}");
    }

    pub(super) fn note(&mut self, attack: &Attack, judgement: Result<(), String>) {
        match judgement {
            Ok(()) => self.passed += 1,
            Err(problem) => self.failures.push(Failure {
                name: attack.name(),
                class: attack.class(),
                problem,
                allowed: attack.allowed().to_string(),
                why: attack.reason(),
            }),
        }
    }

    pub(super) fn skip(&mut self) {
        self.skipped += 1;
    }
}

/// One line for each failure, and the numbers.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for failure in &self.failures {
            writeln!(f, "{failure}")?;
        }
        write!(f, "attacks: {} passed, {} failed", self.passed, self.failures.len())?;
        if self.skipped > 0 {
            write!(f, ", {} skipped", self.skipped)?;
        }
        Ok(())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, class, problem, allowed, why } = self;
        write!(f, "{class}: {name}: {problem}; allowed: {allowed} ({why})")
    }
}
