//! One test per rule of `SqliteStore`. What kills, fills or locks out is in `faults`.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

use paste_session::{Key, Record, Saved, SqliteStore, Store, StoreError, Values};
use rusqlite::Connection;
use tempfile::TempDir;

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

fn key(number: u8) -> Key {
    Key::from_bytes([number; 32])
}

/// A record that expires at that second.
fn until(seconds: u64) -> Record {
    let values = Values::from_json(r#"{"a":1}"#).unwrap();
    Record { version: 1, values, user: None, created: at(0), expires: at(seconds) }
}

fn count(path: &Path) -> u32 {
    let all = "SELECT count(*) FROM paste_sessions";
    Connection::open(path).unwrap().query_row(all, [], |row| row.get(0)).unwrap()
}

fn execute(path: &Path, sql: &str) {
    Connection::open(path).unwrap().execute_batch(sql).unwrap();
}

async fn unavailable(store: &SqliteStore) -> String {
    match store.create(&key(9), &until(100), at(0)).await {
        Err(StoreError::Unavailable(source)) => source.to_string(),
        other => panic!("not unavailable: {other:?}"),
    }
}

#[tokio::test]
async fn rule_1_the_file_is_made_when_it_is_needed_for_its_owner_alone() {
    let folder = folder();
    let path = folder.path().join("a.db");
    let store = SqliteStore::new(&path);
    assert!(!path.exists());
    assert_eq!(store.load(&key(1)).await.unwrap(), None);
    assert!(store.create(&key(1), &until(100), at(0)).await.unwrap());
    for beside in ["a.db", "a.db-wal", "a.db-shm"] {
        let mode = folder.path().join(beside).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{beside}");
    }
    let nowhere = SqliteStore::new(folder.path().join("none/a.db"));
    assert!(unavailable(&nowhere).await.starts_with("cannot make "));
    let text = format!("{store:?}");
    assert!(text.contains("a.db"), "{text}");
}

#[tokio::test]
async fn rule_2_stores_on_one_file_see_each_other_and_readers_wait_for_nobody() {
    let folder = folder();
    let path = folder.path().join("a.db");
    let (one, other) = (SqliteStore::new(&path), SqliteStore::new(&path));
    assert!(one.create(&key(1), &until(100), at(0)).await.unwrap());
    assert_eq!(other.load(&key(1)).await.unwrap(), Some(until(100)));
    let second = Record { version: 2, ..until(200) };
    assert_eq!(other.save(&key(1), &second, at(0)).await.unwrap(), Saved::Saved);
    assert_eq!(one.save(&key(1), &second, at(0)).await.unwrap(), Saved::Conflict);

    let locking = Connection::open(&path).unwrap();
    locking.execute_batch("BEGIN IMMEDIATE").unwrap();
    let impatient = SqliteStore::new(&path).busy_timeout(Duration::from_millis(20));
    assert!(unavailable(&impatient).await.contains("database is locked"));
    assert_eq!(impatient.load(&key(1)).await.unwrap(), Some(second.clone()));
    let waiting = tokio::spawn(async move { one.create(&key(2), &until(100), at(0)).await });
    assert_eq!(other.load(&key(1)).await.unwrap(), Some(second));
    locking.execute_batch("COMMIT").unwrap();
    assert!(waiting.await.unwrap().unwrap());
    assert!(impatient.create(&key(3), &until(100), at(0)).await.unwrap(), "it recovers by itself");
}

#[tokio::test]
async fn rule_4_what_has_expired_goes_two_at_a_time() {
    let folder = folder();
    let path = folder.path().join("a.db");
    let store = SqliteStore::new(&path);
    for number in 0..10 {
        assert!(store.create(&key(number), &until(60), at(0)).await.unwrap());
    }
    for (number, left) in [(10, 9), (11, 8), (12, 7), (13, 6), (14, 5), (15, 6)] {
        assert!(store.create(&key(number), &until(120), at(60)).await.unwrap());
        assert_eq!(count(&path), left);
    }
}

#[tokio::test]
async fn rule_5_a_record_that_cannot_be_read_concerns_that_session_alone() {
    let folder = folder();
    let path = folder.path().join("a.db");
    let store = SqliteStore::new(&path);
    let of_ann = Record { user: Some("ann".to_owned()), ..until(100) };
    for number in 1..=3 {
        assert!(store.create(&key(number), &of_ann, at(0)).await.unwrap());
    }
    let first = format!("WHERE key = X'{}'", key(1));
    let second = format!("WHERE key = X'{}'", key(2));
    execute(&path, &format!("UPDATE paste_sessions SET data = '{{\"a\":' {first}"));
    execute(&path, &format!("UPDATE paste_sessions SET version = -1 {second}"));
    for number in 1..=2 {
        let found = store.load(&key(number)).await;
        assert!(matches!(found, Err(StoreError::Corrupt(_))), "{found:?}");
    }
    assert_eq!(store.load(&key(3)).await.unwrap(), Some(of_ann.clone()));
    assert_eq!(store.of_user("ann").await.unwrap(), [(key(3), of_ann)]);
}

#[tokio::test]
async fn rule_5_a_file_that_is_damaged_is_unavailable_and_recovers() {
    let folder = folder();
    let path = folder.path().join("a.db");
    let store = SqliteStore::new(&path);
    std::fs::write(&path, "no database, but long enough to be looked at".repeat(100)).unwrap();
    assert!(unavailable(&store).await.contains(" is damaged: "));
    let found = store.load(&key(1)).await;
    assert!(matches!(found, Err(StoreError::Unavailable(_))), "{found:?}");
    std::fs::remove_file(&path).unwrap();
    assert!(store.create(&key(1), &until(100), at(0)).await.unwrap());

    // Pages that were overwritten, below an open store and below a new one.
    drop(store);
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[4096..].fill(0xff);
    std::fs::write(&path, bytes).unwrap();
    let store = SqliteStore::new(&path);
    assert!(unavailable(&store).await.contains(" is damaged: "));
}

#[tokio::test]
async fn rule_5_tables_of_a_later_version_are_left_alone() {
    let folder = folder();
    let path = folder.path().join("a.db");
    let store = SqliteStore::new(&path);
    assert!(store.create(&key(1), &until(100), at(0)).await.unwrap());
    execute(&path, "UPDATE paste_session_layout SET version = 2");
    let text = unavailable(&SqliteStore::new(&path)).await;
    assert!(text.ends_with("a.db has sessions in layout 2; expected 1"), "{text}");
}

#[tokio::test]
async fn rule_6_the_runtime_goes_on_while_a_call_waits() {
    // This runtime has one thread: were it blocked, nobody could end the lock.
    let folder = folder();
    let path = folder.path().join("a.db");
    let store = SqliteStore::new(&path);
    assert!(store.create(&key(1), &until(100), at(0)).await.unwrap());
    let locking = Connection::open(&path).unwrap();
    locking.execute_batch("BEGIN IMMEDIATE").unwrap();
    let (key, record) = (key(2), until(100));
    let ((), created) = tokio::join!(
        async {
            tokio::task::yield_now().await;
            locking.execute_batch("COMMIT").unwrap();
        },
        store.create(&key, &record, at(0)),
    );
    assert!(created.unwrap());
}
