//! What must not harm: processes that are killed or many, full disks, folders that are read-only, damaged
//! records, clocks that jump. On files and on SQLite.

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime};

use paste_core::Clock;
use paste_session::Sessions;
use tempfile::TempDir;

use crate::advisories::ask;
use crate::process::{Process, sessions};

/// A folder, and the texts that name a store of each kind in it.
fn stores() -> (TempDir, [String; 2]) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().display();
    let stores = [format!("file:{path}/files"), format!("sqlite:{path}/sessions.db")];
    (folder, stores)
}

async fn text(sessions: &Sessions, target: &str, cookie: &str) -> String {
    let (status, _, text) = ask(sessions, target, cookie).await;
    assert_eq!(status, 200, "{target}");
    text
}

async fn begin(sessions: &Sessions) -> String {
    ask(sessions, "/set?a=1", "").await.1
}

#[tokio::test]
async fn four_processes_count_to_10_000_together() {
    let (_folder, stores) = stores();
    for store in stores {
        let sessions = sessions(&store);
        let cookie = begin(&sessions).await;
        let job = format!("count {cookie} 5 500 n");
        let processes: Vec<_> = (0..4).map(|_| Process::of_this_test(&job, &store)).collect();
        let mut seen = Vec::new();
        for mut process in processes {
            while let Some(did) = process.did() {
                seen.push(did.strip_prefix("n ").unwrap().parse::<u32>().unwrap());
            }
        }
        seen.sort_unstable();
        assert!(seen.into_iter().eq(1..=10_000), "{store}: each number once");
        assert_eq!(text(&sessions, "/number?n", &cookie).await, "10000", "{store}");
    }
}

#[test]
fn processes_that_start_together_make_what_they_need_once() {
    for _ in 0..5 {
        let (_folder, stores) = stores();
        for store in stores {
            let mut processes: Vec<_> =
                (0..4).map(|_| Process::of_this_test("requests", &store)).collect();
            for process in &processes {
                process.begin_request("/set?a=1", "session=");
            }
            let cookies: Vec<_> = processes.iter_mut().map(Process::answer).collect();
            for (status, cookie, _) in cookies {
                assert_eq!(status, 200, "{store}");
                for process in &mut processes {
                    assert_eq!(process.request("/get?a", &cookie).2, "1", "{store}");
                }
            }
        }
    }
}

#[tokio::test]
async fn file_rule_3_and_sqlite_rule_3_sigkill_loses_nothing_that_was_acknowledged() {
    const TASKS: u64 = 4;
    let (_folder, stores) = stores();
    for store in stores {
        let sessions = sessions(&store);
        let cookie = begin(&sessions).await;
        let mut acknowledged = HashMap::<String, u64>::new();
        let mut random = [0; 12];
        getrandom::fill(&mut random).unwrap();
        for lines in random {
            let job = format!("count {cookie} {TASKS} 1000000 n,own");
            let mut process = Process::of_this_test(&job, &store);
            for number in 0.. {
                if number == u32::from(lines) {
                    process.kill();
                }
                // What it has said before it was killed counts, too.
                let Some(did) = process.did() else { break };
                let (name, count) = did.split_once(' ').unwrap();
                let known = acknowledged.entry(name.to_owned()).or_default();
                *known = count.parse::<u64>().unwrap().max(*known);
            }
            drop(process);
            for (name, known) in &mut acknowledged {
                let found = text(&sessions, &format!("/number?{name}"), &cookie).await;
                let found = found.parse::<u64>().unwrap();
                let unsaid = if name == "n" { TASKS } else { 1 };
                // A kill may have stored what was not said any more.
                let most = *known + unsaid;
                assert!((*known..=most).contains(&found), "{store} {name}: {known}, not {found}");
                *known = found;
            }
            assert_eq!(text(&sessions, "/get?a", &cookie).await, "1", "{store}");
        }
        assert!(acknowledged["n"] > 0, "{store}: something was done at all");
    }
}

/// This test binary with files of at most so many KiB: the same errors as on a full disk, with room left for
/// others.
fn with_limit(kib: u32) -> Command {
    let mut command = Command::new("sh");
    let script = format!("trap '' XFSZ; ulimit -f {}; exec \"$0\" \"$@\"", kib * 2);
    command.args(["-c", &script]).arg(std::env::current_exe().unwrap());
    command
}

#[tokio::test]
async fn a_full_disk_is_a_503_what_was_stored_stays_and_it_recovers() {
    let (_folder, stores) = stores();
    for store in stores {
        let mut process = Process::start(with_limit(512), "requests", &store);
        let mut stored = Vec::new();
        let full = (0..100).find_map(|number| {
            let size = 20_000 + number;
            let (status, cookie, _) = process.request(&format!("/fill?{size}"), "session=");
            if status == 200 {
                stored.push((cookie, size));
            }
            (status != 200).then_some(status)
        });
        // Files are one each, and of them none is too large yet.
        let full = full.unwrap_or_else(|| process.request("/fill?600000", "session=").0);
        assert_eq!(full, 503, "{store}");
        let sessions = sessions(&store);
        assert!(!stored.is_empty(), "{store}");
        for (cookie, size) in stored {
            assert_eq!(text(&sessions, "/filled", &cookie).await, size.to_string(), "{store}");
        }
        // Others have room; then so has who had none.
        let cookie = begin(&sessions).await;
        assert_eq!(text(&sessions, "/count", &cookie).await, "1", "{store}");
        drop(sessions);
        assert_eq!(process.request("/get?a", &cookie), (200, "-".to_owned(), "1".to_owned()));
        if store.starts_with("file:") {
            assert_eq!(process.request("/count", &cookie).2, "2", "{store}");
        }
    }
}

/// This test binary run by somebody who may not do all: where that is root, by nobody, with a copy that
/// nobody can read.
fn without_privileges(folder: &Path) -> Command {
    let binary = std::env::current_exe().unwrap();
    if fs::metadata("/proc/self").unwrap().uid() != 0 {
        return Command::new(binary);
    }
    let copy = folder.join("test");
    if !copy.exists() {
        fs::copy(binary, &copy).unwrap();
    }
    let mut command = Command::new(copy);
    command.uid(65534).gid(65534).current_dir("/");
    command
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
}

#[tokio::test]
async fn a_read_only_folder_is_a_503_and_it_recovers() {
    let folder = tempfile::tempdir().unwrap();
    set_mode(folder.path(), 0o755);
    for kind in ["file", "sqlite"] {
        let root = folder.path().join(kind);
        fs::create_dir(&root).unwrap();
        let store = format!("{kind}:{}/sessions", root.display());
        let mut process = Process::start(without_privileges(folder.path()), "requests", &store);
        set_mode(&root, 0o555);
        for target in ["/set?a=1", "/count", "/login?ann"] {
            assert_eq!(process.request(target, "session=").0, 503, "{store} {target}");
        }
        assert_eq!(process.request("/untouched", "session=").0, 200, "{store}");
        set_mode(&root, 0o777);
        let (status, cookie, _) = process.request("/set?a=1", "session=");
        assert_eq!(status, 200, "{store}");
        assert_eq!(process.request("/count", &cookie).2, "1", "{store}");
        if kind == "file" {
            // Folders become read-only while they are in use: what is there can be read.
            let shards: Vec<_> = fs::read_dir(root.join("sessions"))
                .unwrap()
                .map(|entry| entry.unwrap().path())
                .collect();
            for shard in &shards {
                set_mode(shard, 0o500);
            }
            assert_eq!(process.request("/count", &cookie).0, 503, "{store}");
            assert_eq!(process.request("/get?a", &cookie).2, "1", "{store}");
            for shard in &shards {
                set_mode(shard, 0o700);
            }
            assert_eq!(process.request("/count", &cookie).2, "2", "{store}");
        }
    }
}

#[tokio::test]
async fn a_damaged_record_ends_its_session_and_no_other() {
    let (folder, stores) = stores();
    for store in stores {
        let sessions = sessions(&store);
        let damaged = begin(&sessions).await;
        if store.starts_with("file:") {
            let shards = fs::read_dir(folder.path().join("files")).unwrap();
            let files = shards.flat_map(|shard| fs::read_dir(shard.unwrap().path()).unwrap());
            for file in files.map(|file| file.unwrap().path()) {
                if file.extension().is_some() {
                    fs::OpenOptions::new().write(true).open(file).unwrap().set_len(20).unwrap();
                }
            }
        } else {
            let database = rusqlite::Connection::open(folder.path().join("sessions.db")).unwrap();
            database.execute_batch("UPDATE paste_sessions SET data = substr(data, 1, 3)").unwrap();
        }
        let other = begin(&sessions).await;
        assert_eq!(text(&sessions, "/exists", &damaged).await, "false", "{store}");
        assert_eq!(text(&sessions, "/get?a", &other).await, "1", "{store}");
        let (status, anew, _) = ask(&sessions, "/set?a=2", &damaged).await;
        assert_eq!(status, 200, "{store}");
        assert!(anew != damaged && anew != "-", "{store}");
    }
}

#[tokio::test]
async fn a_clock_that_jumps_ends_sessions_and_harms_nothing_else() {
    let (_folder, stores) = stores();
    let year = Duration::from_secs(365 * 24 * 3600);
    let start = SystemTime::UNIX_EPOCH + 50 * year;
    for store in stores {
        let clock = Clock::manual(start);
        let sessions = sessions(&store).clock(clock.clone());
        let before = begin(&sessions).await;
        // Back: what was made in what is now the future lives on.
        for back in [start - year, SystemTime::UNIX_EPOCH] {
            let sessions = sessions.clone().clock(Clock::manual(back));
            assert_eq!(text(&sessions, "/get?a", &before).await, "1", "{store}");
            assert_eq!(ask(&sessions, "/count", &before).await.0, 200, "{store}");
            let then = begin(&sessions).await;
            assert_eq!(text(&sessions, "/get?a", &then).await, "1", "{store}");
        }
        // Forth: it has ended, and what begins now is sound.
        clock.advance(10 * year);
        assert_eq!(text(&sessions, "/exists", &before).await, "false", "{store}");
        let after = begin(&sessions).await;
        assert_eq!(text(&sessions, "/get?a", &after).await, "1", "{store}");
    }
}
