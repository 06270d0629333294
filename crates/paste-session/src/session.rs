//! The session of one request, as an app sees it.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderValue, header};
use paste_core::cookies::CookieOf;
use paste_core::{Error, Request, Response, Result, Scheme};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex, MutexGuard};

use crate::id::Id;
use crate::pending::Pending;
use crate::sessions::{OnFailure, Options};
use crate::{Record, Saved, StoreError, Values};

/// Names that begin so are the session's own.
const FLASH: &str = "_flash.";

/// How often a record is saved anew because others save it, too. Each time one of them gets on, so that with
/// fewer at work than this nobody fails.
const ATTEMPTS: u32 = 1000;

/// Gives a request its session.
pub trait SessionExt {
    /// The session of this request. Without [`Sessions`](crate::Sessions) around the app that is an error with
    /// status 500.
    fn session(&self) -> Result<Session>;
}

impl<B> SessionExt for http::Request<B> {
    #[track_caller]
    fn session(&self) -> Result<Session> {
        let session = self.extensions().get::<Session>().cloned();
        session.ok_or_else(|| {
            Error::boxed("no session: put `Sessions` around the app, outside of what uses it")
        })
    }
}

/// The session of one request. Clones are the same session.
///
/// It is loaded when something is read of it, and saved when the response leaves
/// [`Sessions`](crate::Sessions). Where the store cannot be used, each method is an error with status 503.
#[derive(Clone)]
pub struct Session(Arc<Inner>);

struct Inner {
    options: Arc<Options>,
    /// What of the request the cookie depends on.
    cookies: Vec<HeaderValue>,
    scheme: Option<Scheme>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// `None`: not yet loaded.
    current: Option<Current>,
    pending: Pending,
    /// The cookie that the response must set.
    cookie: Option<SetCookie>,
}

/// The session as it was loaded or saved last.
#[derive(Default)]
struct Current {
    /// `None`: there is no session yet.
    stored: Option<(Id, Record)>,
    /// The client has sent a cookie.
    has_cookie: bool,
}

enum SetCookie {
    Value(String),
    Remove,
}

/// A message for the next page, such as "Saved.": see [`Session::flash`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flash {
    /// What it is about, such as `info` or `error`.
    pub level: String,
    /// The message.
    pub text: String,
}

impl Session {
    pub(crate) fn of(options: Arc<Options>, request: &Request) -> Self {
        Self(Arc::new(Inner {
            options,
            cookies: request.headers().get_all(header::COOKIE).iter().cloned().collect(),
            scheme: request.extensions().get::<Scheme>().copied(),
            state: Mutex::default(),
        }))
    }

    /// The value under `name`, or `None`. One of another type is an error with status 500.
    pub async fn get<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>> {
        let mut state = self.lock().await;
        self.load(&mut state).await?;
        match state.value(name) {
            Some(json) => Ok(Some(serde_json::from_str(json)?)),
            None => Ok(None),
        }
    }

    /// Sets the value under `name`, whatever others do at the same time. A value that is no JSON is an error
    /// with status 500.
    pub async fn insert<T: Serialize + ?Sized>(&self, name: &str, value: &T) -> Result<()> {
        let value = serde_json::value::to_raw_value(value)?;
        self.lock().await.pending.set(name.to_owned(), Some(value));
        Ok(())
    }

    /// Removes the value under `name`.
    pub async fn remove(&self, name: &str) {
        self.lock().await.pending.set(name.to_owned(), None);
    }

    /// Removes all values. The session, its user and its id stay.
    pub async fn clear(&self) {
        self.lock().await.pending.clear();
    }

    /// Changes the value under `name` by `change`, which gets what is there, and saves it at once, with all
    /// other changes so far; gives what was saved. While others change it at the same time, `change` is called
    /// again with what they made of it, so that nothing is lost. Where the session has ended meanwhile, that is
    /// an error with status 409.
    pub async fn update<T, F>(&self, name: &str, change: F) -> Result<T>
    where
        T: Serialize + DeserializeOwned,
        F: Fn(Option<T>) -> T + Send,
    {
        let mut state = self.lock().await;
        self.load(&mut state).await?;
        let mut made = None;
        let ended = self
            .commit(&mut state, |record| {
                let before = record.values.get(name).map(serde_json::from_str).transpose()?;
                let after = change(before);
                record.values.set(name.to_owned(), Some(serde_json::value::to_raw_value(&after)?));
                made = Some(after);
                Ok(())
            })
            .await?;
        match made {
            Some(made) if ended == Ended::Saved => Ok(made),
            _ => {
                Err(Error::from_status(http::StatusCode::CONFLICT).detail("The session has ended."))
            }
        }
    }

    /// Leaves a message for the next page that [takes](Self::take_flashes) them.
    pub async fn flash(&self, level: impl Into<String>, text: impl Into<String>) -> Result<()> {
        // Each has a name of its own, so that none is lost when several are left at the same time; by the time
        // they are in their order.
        let now = self.0.options.clock.now();
        let micros = now.duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_micros();
        let unique =
            Id::random().map_err(StoreError::unavailable).map_err(StoreError::into_error)?;
        let name = format!("{FLASH}{micros:020}.{}", &unique.as_str()[..8]);
        self.insert(&name, &Flash { level: level.into(), text: text.into() }).await
    }

    /// The messages so far, in their order. They are taken: the next page does not get them again.
    pub async fn take_flashes(&self) -> Result<Vec<Flash>> {
        let names: Vec<_> = self
            .names_with_own()
            .await?
            .into_iter()
            .filter(|name| name.starts_with(FLASH))
            .collect();
        let mut flashes = Vec::new();
        for name in names {
            flashes.extend(self.get(&name).await?);
            self.remove(&name).await;
        }
        Ok(flashes)
    }

    /// The names of all values.
    pub async fn names(&self) -> Result<Vec<String>> {
        let mut names = self.names_with_own().await?;
        names.retain(|name| !name.starts_with(FLASH));
        Ok(names)
    }

    async fn names_with_own(&self) -> Result<Vec<String>> {
        let mut state = self.lock().await;
        self.load(&mut state).await?;
        Ok(state.names().into_iter().map(str::to_owned).collect())
    }

    /// Whose the session is.
    pub async fn user(&self) -> Result<Option<String>> {
        let mut state = self.lock().await;
        self.load(&mut state).await?;
        let stored = state.record().and_then(|record| record.user.as_deref());
        Ok(state.pending.user(stored).map(str::to_owned))
    }

    /// Says whose the session is: at a login, or nobody's. It gets another id, too.
    pub async fn set_user(&self, user: Option<&str>) {
        self.lock().await.pending.set_user(user.map(str::to_owned));
    }

    /// Gives the session another id; the one so far is worth nothing then. Right whenever its rights change.
    pub async fn cycle_id(&self) {
        self.lock().await.pending.cycles = true;
    }

    /// Ends the session: what is in it goes, and so does its cookie. No request that is still at work can
    /// write it back.
    pub async fn destroy(&self) {
        let mut state = self.lock().await;
        state.pending = Pending::destroy();
    }

    /// Saves what has changed. The response saves it anyway when it leaves; this is for what changes later,
    /// and for who wants to know that it is stored.
    pub async fn save(&self) -> Result<()> {
        let mut state = self.lock().await;
        self.settle(&mut state).await
    }

    /// Whether there is a session: one with something in it.
    pub async fn exists(&self) -> Result<bool> {
        let mut state = self.lock().await;
        self.load(&mut state).await?;
        let is_owned = state.pending.user(None).is_some();
        let has_something = is_owned || state.record().is_some() || !state.names().is_empty();
        Ok(has_something && !state.pending.destroys)
    }

    async fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().await
    }

    /// Whether an app has read or changed anything.
    pub(crate) async fn was_touched(&self) -> bool {
        let state = self.lock().await;
        state.current.is_some() || !state.pending.is_empty()
    }

    /// Saves, and gives the headers that set the cookie.
    pub(crate) async fn leave(&self) -> Result<HeaderMap> {
        let mut state = self.lock().await;
        self.settle(&mut state).await?;
        let mut response = Response::default();
        match state.cookie.take() {
            Some(SetCookie::Value(value)) => self.cookie().set(&mut response, &value)?,
            Some(SetCookie::Remove) => self.cookie().remove(&mut response)?,
            None => {}
        }
        Ok(std::mem::take(response.headers_mut()))
    }

    fn cookie(&self) -> CookieOf {
        let Inner { options, cookies, scheme, .. } = &*self.0;
        let mut request = http::Request::new(());
        for line in cookies {
            request.headers_mut().append(header::COOKIE, line.clone());
        }
        if let Some(scheme) = scheme {
            request.extensions_mut().insert(*scheme);
        }
        let cookie = options.cookie.clone();
        if options.rolling { cookie.max_age(options.idle_timeout) } else { cookie }.of(&request)
    }

    /// Loads the session that the cookie names, unless that was done.
    async fn load(&self, state: &mut State) -> Result<()> {
        if state.current.is_some() {
            return Ok(());
        }
        let cookie = self.cookie();
        let mut current = Current { stored: None, has_cookie: cookie.value().is_some() };
        match self.find(&cookie).await {
            Ok(found) => current.stored = found,
            Err(StoreError::Unavailable(error)) if self.goes_on() => {
                tracing::error!(%error, "the session store fails: the request goes on without its session");
            }
            Err(error) => return Err(error.into_error()),
        }
        state.current = Some(current);
        Ok(())
    }

    /// What the cookie names, or is.
    async fn find(&self, cookie: &CookieOf) -> Result<Option<(Id, Record)>, StoreError> {
        let Options { store, clock, .. } = &*self.0.options;
        let Some(value) = cookie.value() else { return Ok(None) };
        if let Some(held) = store.client_held() {
            let opened = held.open(cookie.name(), value);
            let Some(record) = opened.filter(|record| record.expires > clock.now()) else {
                return Ok(None);
            };
            let id = Id::random().map_err(StoreError::unavailable)?; // names nothing
            return Ok(Some((id, record)));
        }
        let Some(id) = Id::parse(value) else { return Ok(None) };
        Ok(self.fetch(&id).await?.map(|record| (id, record)))
    }

    /// What the cookie of a session must be.
    fn set_cookie(&self, id: &Id, record: &Record) -> Result<SetCookie> {
        let value = match self.0.options.store.client_held() {
            Some(held) => {
                held.seal(self.cookie().name(), record).map_err(StoreError::into_error)?
            }
            None => id.as_str().to_owned(),
        };
        Ok(SetCookie::Value(value))
    }

    /// Whether the cookie is sent anew when the session is saved.
    fn sends_again(&self) -> bool {
        self.0.options.rolling || self.0.options.store.client_held().is_some()
    }

    fn goes_on(&self) -> bool {
        self.0.options.on_failure == OnFailure::Continue
    }

    /// The record of this id, if it is one that still counts.
    async fn fetch(&self, id: &Id) -> Result<Option<Record>, StoreError> {
        let Options { store, clock, .. } = &*self.0.options;
        match store.load(&id.key()).await {
            Ok(record) => Ok(record.filter(|record| record.expires > clock.now())),
            Err(StoreError::Corrupt(reason)) => {
                tracing::error!(key = %id.key(), reason, "a session cannot be read, and has ended");
                store.destroy(&id.key()).await?;
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Does to the store what is pending.
    async fn settle(&self, state: &mut State) -> Result<()> {
        if state.pending.destroys {
            return self.end(state).await;
        }
        if !state.pending.is_empty() {
            self.load(state).await?;
            self.commit(state, |_| Ok(())).await?;
            return Ok(());
        }
        self.touch(state).await
    }

    async fn end(&self, state: &mut State) -> Result<()> {
        self.load(state).await?;
        state.pending = Pending::default();
        let current = state.current.take().unwrap_or_default();
        if let Some((id, _)) = &current.stored {
            self.0.options.store.destroy(&id.key()).await.map_err(StoreError::into_error)?;
        }
        state.cookie = current.has_cookie.then_some(SetCookie::Remove);
        state.current = Some(Current::default());
        Ok(())
    }

    /// Writes down that the session is in use, if that was not done for a tenth of the idle time.
    async fn touch(&self, state: &mut State) -> Result<()> {
        let Options { store, idle_timeout, clock, .. } = &*self.0.options;
        let Some(Current { stored: Some((id, record)), .. }) = &mut state.current else {
            return Ok(());
        };
        let expires = self.expiry(record);
        let later = expires.duration_since(record.expires).unwrap_or_default();
        if later < *idle_timeout / 10 {
            return Ok(());
        }
        let next = Record { version: record.version + 1, expires, ..record.clone() };
        let saved =
            store.save(&id.key(), &next, clock.now()).await.map_err(StoreError::into_error)?;
        if saved == Saved::Saved {
            if self.sends_again() {
                state.cookie = Some(self.set_cookie(id, &next)?);
            }
            *record = next;
        }
        Ok(()) // else someone else has used it, too, or has ended it
    }

    /// When a record that is used now expires.
    fn expiry(&self, record: &Record) -> std::time::SystemTime {
        let Options { idle_timeout, max_age, clock, .. } = &*self.0.options;
        (clock.now() + *idle_timeout).min(record.created + *max_age)
    }

    /// Saves what is pending, and `change`, on top of whatever the session has become meanwhile.
    async fn commit(
        &self,
        state: &mut State,
        mut change: impl FnMut(&mut Record) -> Result<()>,
    ) -> Result<Ended> {
        let store = &self.0.options.store;
        for attempt in 0..ATTEMPTS {
            let now = self.0.options.clock.now();
            let current = state.current.get_or_insert_default();
            let mut next = match &current.stored {
                Some((_, record)) => Record { version: record.version + 1, ..record.clone() },
                None => Record {
                    version: 1,
                    values: Values::default(),
                    user: None,
                    created: now,
                    expires: now,
                },
            };
            state.pending.apply(&mut next);
            change(&mut next)?;
            next.expires = self.expiry(&next);
            let Some((id, record)) = &current.stored else {
                return self.begin(state, next).await;
            };
            let same = next.values == record.values && next.user == record.user;
            if next.is_empty() {
                self.end(state).await?;
                return Ok(Ended::Emptied);
            }
            if same && !state.pending.cycles {
                state.pending = Pending::default();
                self.touch(state).await?;
                return Ok(Ended::Saved);
            }
            let key = id.key();
            // A record that gets another id is ended first: then nobody saves it between the two steps.
            let ends = state.pending.cycles;
            let written = if ends { Record { expires: now, ..next.clone() } } else { next.clone() };
            match store.save(&key, &written, now).await.map_err(StoreError::into_error)? {
                Saved::Saved if ends => {
                    let begun = self.begin(state, Record { version: 1, ..next }).await?;
                    store.destroy(&key).await.map_err(StoreError::into_error)?;
                    return Ok(begun);
                }
                Saved::Saved => {
                    if self.sends_again() {
                        state.cookie = Some(self.set_cookie(id, &next)?);
                    }
                    let id = id.clone();
                    current.stored = Some((id, next));
                    state.pending = Pending::default();
                    return Ok(Ended::Saved);
                }
                Saved::Conflict => {
                    let id = id.clone();
                    let newest = self.fetch(&id).await.map_err(StoreError::into_error)?;
                    let Some(newest) = newest else { return Ok(Self::has_gone(state)) };
                    current.stored = Some((id, newest));
                    back_off(attempt).await;
                }
                Saved::Gone => return Ok(Self::has_gone(state)),
            }
        }
        let busy = StoreError::unavailable("too many requests save this session at the same time");
        Err(busy.into_error())
    }

    /// Stores a record under a new id, if there is anything in it.
    async fn begin(&self, state: &mut State, record: Record) -> Result<Ended> {
        if record.is_empty() {
            state.pending = Pending::default();
            return Ok(Ended::Emptied);
        }
        let Options { store, clock, .. } = &*self.0.options;
        // An id is taken already once in 2^128 times; or the store is not what it seems.
        for _ in 0..3 {
            let id =
                Id::random().map_err(StoreError::unavailable).map_err(StoreError::into_error)?;
            let created = store.create(&id.key(), &record, clock.now()).await;
            if created.map_err(StoreError::into_error)? {
                state.cookie = Some(self.set_cookie(&id, &record)?);
                state.current = Some(Current { stored: Some((id, record)), has_cookie: true });
                state.pending = Pending::default();
                return Ok(Ended::Saved);
            }
        }
        Err(StoreError::unavailable("the store says of every new id that it is taken").into_error())
    }

    /// The session has ended while this request was at work: what it changed goes with it.
    fn has_gone(state: &mut State) -> Ended {
        tracing::debug!(
            "a session has ended while a request of it was at work: its changes are dropped"
        );
        state.pending = Pending::default();
        state.current = Some(Current::default());
        Ended::Gone
    }
}

/// What became of a commit.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ended {
    Saved,
    /// Nothing was left in the session, and it was removed.
    Emptied,
    /// It had ended already.
    Gone,
}

/// Lets others get on: not at all at first, then for some milliseconds that differ from request to request.
async fn back_off(attempt: u32) {
    if attempt < 3 {
        tokio::task::yield_now().await;
        return;
    }
    let mut byte = [0];
    let _ = getrandom::fill(&mut byte); // without it all wait equally
    let most = 1 << attempt.min(6);
    tokio::time::sleep(Duration::from_millis(u64::from(byte[0]) % most)).await;
}

impl State {
    fn record(&self) -> Option<&Record> {
        self.current.as_ref()?.stored.as_ref().map(|(_, record)| record)
    }

    fn value(&self, name: &str) -> Option<&str> {
        self.pending.value(name, self.record().and_then(|record| record.values.get(name)))
    }

    fn names(&self) -> BTreeSet<&str> {
        self.pending.names(self.record().into_iter().flat_map(|record| record.values.names()))
    }
}

/// Nothing of what is in it.
impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Session")
    }
}
