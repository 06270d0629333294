//! One test per rule of `FileStore`. What kills, fills or locks out is in `faults`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use paste_session::{FileStore, Key, Record, Saved, Store, StoreError, Values};
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

fn file_of(root: &Path, key: &Key) -> PathBuf {
    let name = key.to_string();
    root.join(&name[..2]).join(format!("{}.json", &name[2..]))
}

/// How many sessions there are.
fn count(root: &Path) -> usize {
    let shards = fs::read_dir(root).unwrap().map(|shard| shard.unwrap().path());
    let files = shards.flat_map(|shard| fs::read_dir(shard).unwrap());
    files.filter(|file| file.as_ref().unwrap().path().extension().is_some()).count()
}

fn is_unavailable<T>(result: &Result<T, StoreError>) -> bool {
    matches!(result, Err(StoreError::Unavailable(_)))
}

#[tokio::test]
async fn rule_1_a_session_is_a_file_named_by_its_key_for_its_owner_alone() {
    let folder = folder();
    let root = folder.path().join("made/when needed");
    let store = FileStore::new(&root);
    assert_eq!(store.load(&key(1)).await.unwrap(), None);
    assert!(!root.exists(), "reading makes nothing");
    let record = Record { user: Some("ann".to_owned()), ..until(100) };
    assert!(store.create(&key(0xab), &record, at(0)).await.unwrap());
    let file = file_of(&root, &key(0xab));
    assert_eq!(file, root.join("ab").join(format!("{}.json", "ab".repeat(31))));
    assert_eq!(
        fs::read_to_string(&file).unwrap(),
        r#"{"version":1,"user":"ann","created":0,"expires":100000,"values":{"a":1}}"#
    );
    for (path, mode) in [(&*root, 0o700), (file.parent().unwrap(), 0o700), (&file, 0o600)] {
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, mode, "{path:?}");
    }
    // Another directory of the process, and the same root still.
    assert!(format!("{:?}", FileStore::new("a")).contains('/'));
}

#[tokio::test]
async fn rule_2_what_a_crash_left_is_written_over() {
    let folder = folder();
    let store = FileStore::new(folder.path());
    assert!(store.create(&key(1), &until(100), at(0)).await.unwrap());
    let left = folder.path().join("01/new");
    assert!(!left.exists());
    fs::write(&left, "{\"version\":1,\"val").unwrap();
    assert_eq!(store.load(&key(1)).await.unwrap(), Some(until(100)));
    let second = Record { version: 2, ..until(200) };
    assert_eq!(store.save(&key(1), &second, at(0)).await.unwrap(), Saved::Saved);
    assert!(!left.exists());
    assert_eq!(store.load(&key(1)).await.unwrap(), Some(second));
}

#[tokio::test]
async fn rule_4_who_writes_waits_for_the_lock_of_the_folder_and_who_reads_does_not() {
    let folder = folder();
    let store = FileStore::new(folder.path());
    assert!(store.create(&key(1), &until(100), at(0)).await.unwrap());
    let lock = fs::File::open(folder.path().join("01/lock")).unwrap();
    lock.lock().unwrap();
    let impatient = FileStore::new(folder.path()).busy_timeout(Duration::from_millis(5));
    assert!(is_unavailable(&impatient.destroy(&key(1)).await));
    let other = FileStore::new(folder.path());
    let second = Record { version: 2, ..until(200) };
    let expected = second.clone();
    let waiting = tokio::spawn(async move { other.save(&key(1), &second, at(0)).await });
    assert_eq!(store.load(&key(1)).await.unwrap(), Some(until(100)));
    assert!(store.create(&key(2), &until(100), at(0)).await.unwrap(), "another folder");
    assert_eq!(store.load(&key(1)).await.unwrap(), Some(until(100)), "not yet");
    lock.unlock().unwrap();
    assert_eq!(waiting.await.unwrap().unwrap(), Saved::Saved);
    assert_eq!(store.load(&key(1)).await.unwrap(), Some(expected));
}

#[tokio::test]
async fn rule_5_what_has_expired_goes_four_at_a_time() {
    let folder = folder();
    let store = FileStore::new(folder.path()).fsync(false);
    let in_one_folder = |number: u8| {
        let mut bytes = [7; 32];
        bytes[31] = number;
        Key::from_bytes(bytes)
    };
    for number in 0..20 {
        assert!(store.create(&in_one_folder(number), &until(60), at(0)).await.unwrap());
    }
    assert!(store.create(&in_one_folder(100), &until(200), at(0)).await.unwrap());
    fs::write(file_of(folder.path(), &in_one_folder(101)), "no session").unwrap();
    fs::write(folder.path().join("07/of somebody else.json"), "not ours").unwrap();
    // Once round all folders, and what is in front of one where it is now.
    let mut most = 0;
    for number in 0..600_u16 {
        let before = count(folder.path());
        let mut bytes = [9; 32];
        bytes[30..].copy_from_slice(&number.to_be_bytes());
        assert!(store.create(&Key::from_bytes(bytes), &until(200), at(60)).await.unwrap());
        most = most.max((before + 1).saturating_sub(count(folder.path())));
    }
    assert_eq!(most, 4);
    assert_eq!(
        count(folder.path()),
        600 + 1 + 1,
        "the new, the one that lives, and what is not ours"
    );
    assert_eq!(store.load(&in_one_folder(100)).await.unwrap(), Some(until(200)));
}

#[tokio::test]
async fn rule_6_a_file_that_cannot_be_read_concerns_that_session_alone() {
    let folder = folder();
    let store = FileStore::new(folder.path());
    let of_ann = Record { user: Some("ann".to_owned()), ..until(100) };
    for number in 1..=2 {
        assert!(store.create(&key(number), &of_ann, at(0)).await.unwrap());
    }
    let file = file_of(folder.path(), &key(1));
    let whole = fs::read_to_string(&file).unwrap();
    let torn = &whole[..whole.len() / 2];
    for text in ["", "\0\0\0\0", torn, "[]", "{}", r#"{"version":-1}"#, "\u{feff}{}"] {
        fs::write(&file, text).unwrap();
        for found in [
            store.load(&key(1)).await.map(drop),
            store.save(&key(1), &of_ann, at(0)).await.map(drop),
        ] {
            assert!(matches!(found, Err(StoreError::Corrupt(_))), "{text}: {found:?}");
        }
        assert_eq!(store.of_user("ann").await.unwrap(), [(key(2), of_ann.clone())]);
    }
    store.destroy(&key(1)).await.unwrap();
    assert_eq!(store.load(&key(1)).await.unwrap(), None);
}

#[tokio::test]
async fn rule_6_a_root_that_cannot_be_had_is_unavailable_and_recovers() {
    let folder = folder();
    let root = folder.path().join("root");
    fs::write(&root, "a file").unwrap();
    let store = FileStore::new(&root);
    let created = store.create(&key(1), &until(100), at(0)).await;
    assert!(is_unavailable(&created), "{created:?}");
    assert!(is_unavailable(&store.load(&key(1)).await));
    assert!(is_unavailable(&store.of_user("ann").await));
    fs::remove_file(&root).unwrap();
    assert!(store.create(&key(1), &until(100), at(0)).await.unwrap());
    fs::remove_dir_all(&root).unwrap();
    assert_eq!(store.load(&key(1)).await.unwrap(), None);
    assert!(store.create(&key(1), &until(100), at(0)).await.unwrap());
}

#[tokio::test]
async fn rule_7_the_runtime_goes_on_while_a_call_waits() {
    // This runtime has one thread: were it blocked, nobody could end the lock.
    let folder = folder();
    let store = FileStore::new(folder.path());
    assert!(store.create(&key(1), &until(100), at(0)).await.unwrap());
    let lock = fs::File::open(folder.path().join("01/lock")).unwrap();
    lock.lock().unwrap();
    let key = key(1);
    let ((), destroyed) = tokio::join!(
        async {
            tokio::task::yield_now().await;
            lock.unlock().unwrap();
        },
        store.destroy(&key),
    );
    destroyed.unwrap();
    assert_eq!(store.load(&key).await.unwrap(), None);
}

#[tokio::test]
async fn rule_8_the_sessions_of_a_user_are_found_in_all_folders() {
    let folder = folder();
    let store = FileStore::new(folder.path()).fsync(false);
    for number in 0..=u8::MAX {
        let user = if number % 2 == 0 { "ann" } else { "bob" };
        let record = Record { user: Some(user.to_owned()), ..until(100) };
        assert!(store.create(&key(number), &record, at(0)).await.unwrap());
    }
    assert_eq!(store.of_user("ann").await.unwrap().len(), 128);
    assert!(store.of_user("carol").await.unwrap().is_empty());
}
