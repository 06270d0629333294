//! Where sessions are kept.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::SystemTime;

use crate::{Key, Record, StoreError};

/// What a store promises about requests of one session at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consistency {
    /// Records have versions: who saves an old one is told, reads the new one, and adds his changes to it.
    /// Changes of different names all stay, and `update` counts exactly.
    Merging,
    /// Who saves last is kept: changes of others in the meantime are lost.
    LastWriter,
    /// The client has it: the same, and an old copy can come back; nobody can list or revoke it.
    ClientHeld,
}

/// What became of a record that was to be saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Saved {
    /// It is stored.
    Saved,
    /// Someone else has saved it meanwhile: nothing was stored.
    Conflict,
    /// The session has ended meanwhile: nothing was stored.
    Gone,
}

/// Keeps sessions by their keys. `paste_session::conformance` (feature `conformance`) tells whether one does
/// so as it must.
///
/// Records that have expired may be given back or not: nobody believes them. A store removes them by itself,
/// some at a time, while it is used. It gets the time with each call, so that tests can step it.
pub trait Store: fmt::Debug + Send + Sync + 'static {
    /// What it promises about requests at the same time.
    fn consistency(&self) -> Consistency;

    /// The record under `key`, if there is one.
    fn load(&self, key: &Key) -> impl Future<Output = Result<Option<Record>, StoreError>> + Send;

    /// Stores a new record. `false`: there is one under that key, and it stays.
    fn create(
        &self,
        key: &Key,
        record: &Record,
        now: SystemTime,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Stores a record in place of the one with the version before its own.
    fn save(
        &self,
        key: &Key,
        record: &Record,
        now: SystemTime,
    ) -> impl Future<Output = Result<Saved, StoreError>> + Send;

    /// Removes the record under `key`, if there is one.
    fn destroy(&self, key: &Key) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// The keys and records of a user.
    fn of_user(
        &self,
        user: &str,
    ) -> impl Future<Output = Result<Vec<(Key, Record)>, StoreError>> + Send;
}

pub(crate) type Boxed<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// The same, for stores that are chosen while the program runs.
pub(crate) trait AnyStore: fmt::Debug + Send + Sync {
    /// How the clients hold their sessions themselves, where they do: then nothing is stored.
    fn client_held(&self) -> Option<&dyn ClientHeld> {
        None
    }

    fn load<'a>(&'a self, key: &'a Key) -> Boxed<'a, Option<Record>>;
    fn create<'a>(&'a self, key: &'a Key, record: &'a Record, now: SystemTime) -> Boxed<'a, bool>;
    fn save<'a>(&'a self, key: &'a Key, record: &'a Record, now: SystemTime) -> Boxed<'a, Saved>;
    fn destroy<'a>(&'a self, key: &'a Key) -> Boxed<'a, ()>;
    fn of_user<'a>(&'a self, user: &'a str) -> Boxed<'a, Vec<(Key, Record)>>;
}

/// Sessions that are the values of their cookies.
pub(crate) trait ClientHeld {
    /// The value of a cookie of this name.
    fn seal(&self, name: &str, record: &Record) -> Result<String, StoreError>;

    /// What [`seal`](Self::seal) has made, if nobody has changed it.
    fn open(&self, name: &str, value: &str) -> Option<Record>;
}

impl<S: Store> AnyStore for S {
    fn load<'a>(&'a self, key: &'a Key) -> Boxed<'a, Option<Record>> {
        Box::pin(Store::load(self, key))
    }

    fn create<'a>(&'a self, key: &'a Key, record: &'a Record, now: SystemTime) -> Boxed<'a, bool> {
        Box::pin(Store::create(self, key, record, now))
    }

    fn save<'a>(&'a self, key: &'a Key, record: &'a Record, now: SystemTime) -> Boxed<'a, Saved> {
        Box::pin(Store::save(self, key, record, now))
    }

    fn destroy<'a>(&'a self, key: &'a Key) -> Boxed<'a, ()> {
        Box::pin(Store::destroy(self, key))
    }

    fn of_user<'a>(&'a self, user: &'a str) -> Boxed<'a, Vec<(Key, Record)>> {
        Box::pin(Store::of_user(self, user))
    }
}

/// A shared store is a store.
impl<S: Store> Store for Arc<S> {
    fn consistency(&self) -> Consistency {
        (**self).consistency()
    }

    fn load(&self, key: &Key) -> impl Future<Output = Result<Option<Record>, StoreError>> + Send {
        Store::load(&**self, key)
    }

    fn create(
        &self,
        key: &Key,
        record: &Record,
        now: SystemTime,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send {
        Store::create(&**self, key, record, now)
    }

    fn save(
        &self,
        key: &Key,
        record: &Record,
        now: SystemTime,
    ) -> impl Future<Output = Result<Saved, StoreError>> + Send {
        Store::save(&**self, key, record, now)
    }

    fn destroy(&self, key: &Key) -> impl Future<Output = Result<(), StoreError>> + Send {
        Store::destroy(&**self, key)
    }

    fn of_user(
        &self,
        user: &str,
    ) -> impl Future<Output = Result<Vec<(Key, Record)>, StoreError>> + Send {
        Store::of_user(&**self, user)
    }
}
