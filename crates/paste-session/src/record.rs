//! What a store keeps of a session.

use std::collections::BTreeMap;
use std::fmt;
#[cfg(any(
    feature = "cookie-store",
    feature = "file",
    feature = "postgres",
    feature = "redis",
    feature = "sqlite"
))]
use std::time::Duration;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The values of a session, each as JSON text, by their names.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Values(BTreeMap<String, Box<RawValue>>);

impl Values {
    /// The JSON text of a value.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| value.get())
    }

    /// The names, in their order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them as one JSON object.
    pub fn to_json(&self) -> String {
        serde_json::to_string(&self.0).unwrap_or_else(|_| "{}".to_owned())
    }

    /// The values in a JSON object.
    pub fn from_json(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text).map(Self)
    }

    pub(crate) fn set(&mut self, name: String, value: Option<Box<RawValue>>) {
        match value {
            Some(value) => self.0.insert(name, value),
            None => self.0.remove(&name),
        };
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}

impl PartialEq for Values {
    fn eq(&self, other: &Self) -> bool {
        let texts = |values: &Self| {
            values
                .0
                .iter()
                .map(|(name, value)| (name.clone(), value.get().to_owned()))
                .collect::<Vec<_>>()
        };
        texts(self) == texts(other)
    }
}

/// The names alone: values may be secrets.
impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// What a store keeps of a session.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// How often it was saved. A new one has 1.
    pub version: u64,
    /// Its values.
    pub values: Values,
    /// Whose it is, if someone has logged in.
    pub user: Option<String>,
    /// When it began.
    pub created: SystemTime,
    /// From when on it does not count any more, and may be removed.
    pub expires: SystemTime,
}

impl Record {
    /// Whether nothing is in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.values.is_empty() && self.user.is_none()
    }
}

/// Milliseconds since 1970, as stores keep a time.
#[cfg(any(
    feature = "cookie-store",
    feature = "file",
    feature = "postgres",
    feature = "redis",
    feature = "sqlite"
))]
pub(crate) fn to_millis(time: SystemTime) -> i64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// The time of so many milliseconds since 1970. One that the system cannot tell is 1970.
#[cfg(any(
    feature = "cookie-store",
    feature = "file",
    feature = "postgres",
    feature = "redis",
    feature = "sqlite"
))]
pub(crate) fn from_millis(millis: i64) -> SystemTime {
    let since = Duration::from_millis(u64::try_from(millis).unwrap_or(0));
    SystemTime::UNIX_EPOCH.checked_add(since).unwrap_or(SystemTime::UNIX_EPOCH)
}
