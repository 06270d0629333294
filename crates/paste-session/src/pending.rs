//! What a request has changed in a session, and not yet saved: it can be done to whatever the session has
//! become meanwhile.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use crate::Record;

/// The changes of one request.
#[derive(Default)]
pub(crate) struct Pending {
    /// Everything goes before the values are set.
    clears: bool,
    /// Values by name; `None` is removed.
    values: BTreeMap<String, Option<Box<RawValue>>>,
    /// Whose the session is from now on, or nobody's.
    user: Option<Option<String>>,
    /// The session gets another id.
    pub(crate) cycles: bool,
    /// The session ends.
    pub(crate) destroys: bool,
}

impl Pending {
    pub(crate) fn is_empty(&self) -> bool {
        !self.changes_record() && !self.cycles && !self.destroys
    }

    fn changes_record(&self) -> bool {
        self.clears || !self.values.is_empty() || self.user.is_some()
    }

    /// What is set under `name`: `None` where that is for the record to say.
    pub(crate) fn value(&self, name: &str) -> Option<Option<&str>> {
        match self.values.get(name) {
            Some(value) => Some(value.as_ref().map(|value| value.get())),
            None if self.clears => Some(None),
            None => None,
        }
    }

    /// Whose it is, in the same form.
    pub(crate) fn user(&self) -> Option<Option<&str>> {
        self.user.as_ref().map(Option::as_deref)
    }

    /// The names that are set.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.values.iter().filter(|(_, value)| value.is_some()).map(|(name, _)| name.as_str())
    }

    pub(crate) fn set(&mut self, name: String, value: Option<Box<RawValue>>) {
        self.values.insert(name, value);
    }

    pub(crate) fn clear(&mut self) {
        self.clears = true;
        self.values.clear();
    }

    /// Another user means another id: an id from before a login is worth nothing after it.
    pub(crate) fn set_user(&mut self, user: Option<String>) {
        self.user = Some(user);
        self.cycles = true;
    }

    /// Does the changes to a record.
    pub(crate) fn apply(&self, record: &mut Record) {
        if self.clears {
            record.values.clear();
        }
        for (name, value) in &self.values {
            record.values.set(name.clone(), value.clone());
        }
        if let Some(user) = &self.user {
            record.user.clone_from(user);
        }
    }
}
