//! Sessions in the memory of this process: fast, and gone with it.
//!
//! 1. It keeps a bounded number of sessions, 100,000 unless said otherwise; beyond that the one that was used
//!    least recently goes.
//! 2. What has expired goes, two for each that is new, so that no request pays for many.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::num::NonZeroUsize;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use lru::LruCache;

use crate::{Consistency, Key, Record, Saved, Store, StoreError};

const MAX_SESSIONS: NonZeroUsize = NonZeroUsize::new(100_000).expect("is not zero");

/// Keeps sessions in memory. See the [module](self) for the rules.
pub struct MemoryStore(Mutex<Sessions>);

struct Sessions {
    records: LruCache<Key, Record>,
    of_users: HashMap<String, BTreeSet<Key>>,
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::with_capacity(MAX_SESSIONS)
    }
}

impl MemoryStore {
    /// Keeps at most 100,000 sessions.
    pub fn new() -> Self {
        Self::default()
    }

    /// Keeps at most so many.
    pub fn with_capacity(sessions: NonZeroUsize) -> Self {
        // It grows as it needs, up to its bound.
        let mut records = LruCache::unbounded();
        records.resize(sessions);
        Self(Mutex::new(Sessions { records, of_users: HashMap::new() }))
    }

    fn lock(&self) -> MutexGuard<'_, Sessions> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for MemoryStore {
    fn consistency(&self) -> Consistency {
        Consistency::Merging
    }

    async fn load(&self, key: &Key) -> Result<Option<Record>, StoreError> {
        Ok(self.lock().records.get(key).cloned())
    }

    async fn create(
        &self,
        key: &Key,
        record: &Record,
        now: SystemTime,
    ) -> Result<bool, StoreError> {
        let mut sessions = self.lock();
        if sessions.records.contains(key) {
            return Ok(false);
        }
        sessions.remove_expired(now);
        sessions.put(*key, record.clone());
        Ok(true)
    }

    async fn save(&self, key: &Key, record: &Record, _: SystemTime) -> Result<Saved, StoreError> {
        let mut sessions = self.lock();
        let Some(stored) = sessions.records.peek(key) else {
            return Ok(Saved::Gone);
        };
        if stored.version + 1 != record.version {
            return Ok(Saved::Conflict);
        }
        sessions.put(*key, record.clone());
        Ok(Saved::Saved)
    }

    async fn destroy(&self, key: &Key) -> Result<(), StoreError> {
        self.lock().remove(key);
        Ok(())
    }

    async fn of_user(&self, user: &str) -> Result<Vec<(Key, Record)>, StoreError> {
        let sessions = self.lock();
        let keys = sessions.of_users.get(user).into_iter().flatten();
        Ok(keys.filter_map(|key| Some((*key, sessions.records.peek(key)?.clone()))).collect())
    }
}

impl Sessions {
    fn put(&mut self, key: Key, record: Record) {
        let user = record.user.clone();
        if let Some((old_key, old)) = self.records.push(key, record) {
            self.forget_user(&old_key, old.user.as_deref());
        }
        if let Some(user) = user {
            self.of_users.entry(user).or_default().insert(key);
        }
    }

    fn remove(&mut self, key: &Key) {
        if let Some(record) = self.records.pop(key) {
            self.forget_user(key, record.user.as_deref());
        }
    }

    fn forget_user(&mut self, key: &Key, user: Option<&str>) {
        let Some(user) = user else { return };
        if let Some(keys) = self.of_users.get_mut(user) {
            keys.remove(key);
            if keys.is_empty() {
                self.of_users.remove(user);
            }
        }
    }

    /// What was used least recently expires first, mostly.
    fn remove_expired(&mut self, now: SystemTime) {
        for _ in 0..2 {
            match self.records.peek_lru() {
                Some((key, record)) if record.expires <= now => {
                    let key = *key;
                    self.remove(&key);
                }
                _ => return,
            }
        }
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MemoryStore({} sessions)", self.lock().records.len())
    }
}
