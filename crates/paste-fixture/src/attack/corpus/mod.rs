//! The corpora: one file for each class.

mod cookies;
mod forms;
mod headers;
mod multipart;
mod paths;
mod ranges;
mod raw;

pub use self::cookies::cookies;
pub use self::forms::forms;
pub use self::headers::headers;
pub use self::multipart::multipart;
pub use self::paths::paths;
pub use self::ranges::ranges;
pub use self::raw::raw;

use super::{Attack, Class};

/// Every attack of every corpus.
pub fn all() -> Vec<Attack> {
    Class::ALL.into_iter().flat_map(Class::corpus).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::attack::CANARY;

    #[test]
    fn every_attack_has_a_name_of_its_own_and_a_reason() {
        let mut names = BTreeSet::new();
        for attack in all() {
            let name = attack.name();
            assert!(names.insert(name), "{name} is there twice");
            let kebab = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            assert!(!name.is_empty() && name.chars().all(kebab), "{name}");
            assert!(!attack.reason().is_empty(), "{name} has no reason");
        }
    }

    #[test]
    fn classes_are_what_their_corpora_hold() {
        for class in Class::ALL {
            let corpus = class.corpus();
            assert!(corpus.len() >= 30, "{class} has only {}", corpus.len());
            assert!(corpus.iter().all(|attack| attack.class() == class));
            assert_eq!(class.name().parse(), Ok(class));
        }
        assert!("pathes".parse::<Class>().unwrap_err().contains("paths, ranges"));
    }

    /// An app that echoes what it is sent must not look guilty.
    #[cfg(feature = "live")]
    #[test]
    fn no_attack_holds_what_no_answer_may_have() {
        for attack in all() {
            let bytes = attack.to_bytes("localhost");
            let message = String::from_utf8_lossy(&bytes);
            for text in [CANARY, "root:x:0:0:", "\0PATH=/"] {
                assert!(!message.contains(text), "{} holds {text}", attack.name());
            }
        }
    }
}
