//! What every store must do, as a test: for ours and for anybody's.
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
//! use paste_session::{MemoryStore, conformance};
//!
//! conformance::check(MemoryStore::new()).await;
//! # });
//! ```

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::id::Id;
use crate::{Consistency, Key, Record, Saved, Store, Values};

/// How many tasks change one session at the same time, and how often each.
const TASKS: usize = 16;
const TIMES: usize = 10;

/// Panics where `store` does not do what its [level](Consistency) promises. It may hold other sessions; those
/// that the check makes are removed again. Needs a runtime of tokio.
pub async fn check(store: impl Store) {
    let store = Arc::new(store);
    keeps_what_it_is_given(&*store).await;
    tells_who_comes_first(&*store).await;
    forgets_what_is_destroyed(&*store).await;
    knows_the_sessions_of_a_user(&*store).await;
    lets_one_of_many_create(&store).await;
    if store.consistency() == Consistency::Merging {
        tells_of_conflicts(&*store).await;
        loses_no_change(&store).await;
        revives_nothing(&store).await;
    }
}

fn now() -> SystemTime {
    // Whole seconds, which every store can keep.
    let now = paste_core::Clock::system().now().duration_since(SystemTime::UNIX_EPOCH);
    SystemTime::UNIX_EPOCH + Duration::from_secs(now.unwrap_or_default().as_secs())
}

fn key() -> Key {
    Id::random().expect("the system has randomness").key()
}

fn record(json: &str) -> Record {
    let values = Values::from_json(json).expect("a JSON object");
    let created = now();
    Record { version: 1, values, user: None, created, expires: created + Duration::from_secs(3600) }
}

fn next(record: &Record, json: &str) -> Record {
    let values = Values::from_json(json).expect("a JSON object");
    Record { version: record.version + 1, values, ..record.clone() }
}

async fn load(store: &impl Store, key: &Key) -> Option<Record> {
    store.load(key).await.expect("load")
}

async fn create(store: &impl Store, key: &Key, record: &Record) -> bool {
    store.create(key, record, now()).await.expect("create")
}

async fn save(store: &impl Store, key: &Key, record: &Record) -> Saved {
    store.save(key, record, now()).await.expect("save")
}

async fn destroy(store: &impl Store, key: &Key) {
    store.destroy(key).await.expect("destroy");
}

async fn keeps_what_it_is_given(store: &impl Store) {
    let long = format!("{{\"long\":\"{}\"}}", "x".repeat(100_000));
    for json in [
        "{}",
        r#"{"n":1}"#,
        r#"{"text":"é\u0000\n\"\\","list":[1,2.5,null,true,{"a":{}}],"big":18446744073709551615}"#,
        r#"{"":0,"a.b":1,"a b":2,"$":3,"é":4,"'":5,"\u0000":6}"#,
        &long,
    ] {
        let key = key();
        let mut first = record(json);
        first.user = Some("é'\"\\ user".to_owned());
        assert!(create(store, &key, &first).await, "create: a new key is free");
        assert_eq!(load(store, &key).await, Some(first.clone()), "load: what was created");
        let second = Record { user: None, ..next(&first, r#"{"other":2}"#) };
        assert_eq!(save(store, &key, &second).await, Saved::Saved, "save: the version after");
        assert_eq!(load(store, &key).await, Some(second), "load: what was saved, and nothing else");
        destroy(store, &key).await;
    }
    assert_eq!(load(store, &key()).await, None, "load: an unknown key has nothing");
}

async fn tells_who_comes_first(store: &impl Store) {
    let (key, first) = (key(), record(r#"{"n":1}"#));
    assert!(create(store, &key, &first).await);
    assert!(!create(store, &key, &record(r#"{"n":2}"#)).await, "create: a key that is taken");
    assert_eq!(load(store, &key).await, Some(first), "create: what was there stays");
    destroy(store, &key).await;
}

async fn forgets_what_is_destroyed(store: &impl Store) {
    let (key, first) = (key(), record(r#"{"n":1}"#));
    destroy(store, &key).await; // nothing to destroy is no error
    assert!(create(store, &key, &first).await);
    destroy(store, &key).await;
    assert_eq!(load(store, &key).await, None, "destroy: it is gone");
    assert_eq!(
        save(store, &key, &next(&first, "{}")).await,
        Saved::Gone,
        "save: what has ended stays so"
    );
    assert_eq!(load(store, &key).await, None, "save: nothing was written back");
}

async fn knows_the_sessions_of_a_user(store: &impl Store) {
    // A name that no other run has.
    let (user, other) = (key().to_string(), key().to_string());
    let of = |user: &str| Record { user: Some(user.to_owned()), ..record(r#"{"n":1}"#) };
    let keys = [key(), key(), key()];
    for key in &keys[..2] {
        assert!(create(store, key, &of(&user)).await);
    }
    assert!(create(store, &keys[2], &record("{}")).await);
    let found = async |user: &str| {
        let found = store.of_user(user).await.expect("of_user");
        assert!(found.iter().all(|(_, record)| record.user.as_deref() == Some(user)));
        found.into_iter().map(|(key, _)| key).collect::<BTreeSet<_>>()
    };
    assert_eq!(found(&user).await, BTreeSet::from([keys[0], keys[1]]), "of_user: all of his");
    assert!(found(&other).await.is_empty(), "of_user: nothing for who has none");
    let moved = Record { user: Some(other.clone()), ..next(&of(&user), "{}") };
    assert_eq!(save(store, &keys[0], &moved).await, Saved::Saved);
    assert_eq!(found(&user).await, BTreeSet::from([keys[1]]), "of_user: it has another user now");
    assert_eq!(found(&other).await, BTreeSet::from([keys[0]]));
    for key in &keys {
        destroy(store, key).await;
    }
    assert!(found(&user).await.is_empty() && found(&other).await.is_empty(), "of_user: ended ones");
}

async fn lets_one_of_many_create<S: Store>(store: &Arc<S>) {
    let key = key();
    let mut tasks = Vec::new();
    for number in 0..TASKS {
        let (store, record) = (Arc::clone(store), record(&format!("{{\"n\":{number}}}")));
        tasks.push(tokio::spawn(async move { create(&*store, &key, &record).await }));
    }
    let mut winners = 0;
    for task in tasks {
        winners += usize::from(task.await.expect("no panic"));
    }
    assert_eq!(winners, 1, "create: one of many gets the key");
    destroy(&**store, &key).await;
}

async fn tells_of_conflicts(store: &impl Store) {
    let (key, first) = (key(), record(r#"{"n":1}"#));
    assert!(create(store, &key, &first).await);
    let second = next(&first, r#"{"n":2}"#);
    assert_eq!(save(store, &key, &second).await, Saved::Saved);
    for stale in [next(&first, r#"{"n":3}"#), first, Record { version: 9, ..second.clone() }] {
        assert_eq!(
            save(store, &key, &stale).await,
            Saved::Conflict,
            "save: another version is there"
        );
    }
    assert_eq!(load(store, &key).await, Some(second), "save: a conflict changes nothing");
    destroy(store, &key).await;
}

fn count(record: &Record) -> usize {
    record.values.get("n").and_then(|n| n.parse().ok()).expect("a number")
}

async fn loses_no_change<S: Store>(store: &Arc<S>) {
    let key = key();
    assert!(create(&**store, &key, &record(r#"{"n":0}"#)).await);
    let mut tasks = Vec::new();
    for _ in 0..TASKS {
        let store = Arc::clone(store);
        tasks.push(tokio::spawn(async move {
            for _ in 0..TIMES {
                loop {
                    let record = load(&*store, &key).await.expect("it is there");
                    let next = next(&record, &format!("{{\"n\":{}}}", count(&record) + 1));
                    if save(&*store, &key, &next).await == Saved::Saved {
                        break;
                    }
                    tokio::task::yield_now().await;
                }
            }
        }));
    }
    for task in tasks {
        task.await.expect("no panic");
    }
    let record = load(&**store, &key).await.expect("it is there");
    assert_eq!(count(&record), TASKS * TIMES, "save: each change counts");
    assert_eq!(record.version, 1 + (TASKS * TIMES) as u64);
    destroy(&**store, &key).await;
}

async fn revives_nothing<S: Store>(store: &Arc<S>) {
    let key = key();
    assert!(create(&**store, &key, &record(r#"{"n":0}"#)).await);
    let mut tasks = Vec::new();
    for _ in 0..TASKS {
        let store = Arc::clone(store);
        tasks.push(tokio::spawn(async move {
            while let Some(record) = load(&*store, &key).await {
                save(&*store, &key, &next(&record, &format!("{{\"n\":{}}}", count(&record) + 1)))
                    .await;
                tokio::task::yield_now().await;
            }
        }));
    }
    while load(&**store, &key).await.is_some_and(|record| record.version < 10) {
        tokio::task::yield_now().await;
    }
    destroy(&**store, &key).await;
    for task in tasks {
        task.await.expect("no panic");
    }
    assert_eq!(load(&**store, &key).await, None, "save: what was destroyed stays so");
}
