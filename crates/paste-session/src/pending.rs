//! What a request has changed in a session, and not yet saved: it can be done to whatever the session has
//! become meanwhile.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::value::RawValue;

use crate::Record;

/// A user, or nobody.
#[derive(Clone, Default, PartialEq, Eq)]
struct Owner(Option<String>);

/// The changes of one request.
#[derive(Default)]
pub(crate) struct Pending {
    /// Everything goes before the values are set.
    clears: bool,
    /// Values by name; `None` is removed.
    values: BTreeMap<String, Option<Box<RawValue>>>,
    /// Whose the session is from now on.
    owner: Option<Owner>,
    /// The session gets another id.
    pub(crate) cycles: bool,
    /// The session ends.
    pub(crate) destroys: bool,
}

impl Pending {
    /// Nothing but the end of the session.
    pub(crate) fn destroy() -> Self {
        Self { destroys: true, ..Self::default() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        !self.changes_record() && !self.cycles && !self.destroys
    }

    fn changes_record(&self) -> bool {
        self.clears || !self.values.is_empty() || self.owner.is_some()
    }

    /// What will be under `name`, where `stored` is.
    pub(crate) fn value<'a>(&'a self, name: &str, stored: Option<&'a str>) -> Option<&'a str> {
        match self.values.get(name) {
            Some(value) => value.as_ref().map(|value| value.get()),
            None if self.clears => None,
            None => stored,
        }
    }

    /// Whose it will be, where `stored` is.
    pub(crate) fn user<'a>(&'a self, stored: Option<&'a str>) -> Option<&'a str> {
        self.owner.as_ref().map_or(stored, |owner| owner.0.as_deref())
    }

    /// The names that there will be, where `stored` are.
    pub(crate) fn names<'a>(&'a self, stored: impl Iterator<Item = &'a str>) -> BTreeSet<&'a str> {
        let stays = |name: &&str| !self.clears && !self.values.contains_key(*name);
        let set = self.values.iter().filter(|(_, value)| value.is_some());
        stored.filter(stays).chain(set.map(|(name, _)| name.as_str())).collect()
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
        self.owner = Some(Owner(user));
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
        if let Some(Owner(user)) = &self.owner {
            record.user.clone_from(user);
        }
    }
}
