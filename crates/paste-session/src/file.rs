//! Sessions as files of a folder, one each: for sites that want no database, and whoever likes to look.
//!
//! 1. A session is a JSON file `ROOT/ab/cdef....json`, named by its [`Key`] in hexadecimal digits, and by nothing
//!    that a client says. Folders are made as they are needed, with mode 0700; files have mode 0600.
//! 2. A file is written beside, then renamed: nobody ever reads half of one. What a crash leaves is written over,
//!    one file in each of the 256 folders at the most.
//! 3. What is acknowledged survives the end of the process, even by SIGKILL; with [`fsync`](FileStore::fsync),
//!    the default, a power cut, too. Without it a power cut may undo the last seconds, and leave files that are
//!    corrupt.
//! 4. Who writes holds a lock on the folder of that file, so that several processes may use one root, on a file
//!    system of their own machine; others wait for it up to [`busy_timeout`](FileStore::busy_timeout). Who reads
//!    waits for nobody.
//! 5. What has expired goes: for each session that is new four are looked at, one after the other, so that no
//!    request pays for many.
//! 6. A file that cannot be read as a session is [`StoreError::Corrupt`]: that session alone. A folder that is
//!    full, read-only or gone is [`StoreError::Unavailable`]. Each call tries anew, so that it recovers by itself.
//! 7. Nothing blocks the runtime: calls run on tokio's pool for blocking work, at most 16 that write at a time.
//! 8. To find the sessions of a user every session may have to be read: fit for thousands, not for millions.
//!
//! ```no_run
//! use paste_core::{AppExt, Request, Result, response};
//! use paste_session::{FileStore, SessionExt, Sessions};
//!
//! async fn counter(request: Request) -> Result {
//!     let visits = request.session()?.update("visits", |n: Option<u64>| n.unwrap_or(0) + 1).await?;
//!     Ok(response::text(format!("visit {visits}")))
//! }
//!
//! let app = counter.with(Sessions::new(FileStore::new("sessions")));
//! ```

use std::fs::{self, DirBuilder, File, OpenOptions, ReadDir, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};
use std::{fmt, iter, thread};

use tokio::sync::Semaphore;

use crate::{Consistency, Key, Record, Saved, Store, StoreError, stored};

/// How many sessions are looked at for each that is new.
const LOOKED_AT: usize = 4;

/// How many calls may write, or wait for who writes, at a time.
const WRITERS: usize = 16;

/// In each folder: what is locked, and what is written before it is renamed.
const LOCK: &str = "lock";
const NEW: &str = "new";

/// Keeps sessions as files. See the [module](self) for the rules.
pub struct FileStore {
    root: Arc<Root>,
    turns: Arc<Semaphore>,
}

#[derive(Clone)]
struct Root {
    path: PathBuf,
    fsync: bool,
    busy_timeout: Duration,
    /// Where the search for what has expired is.
    sweep: Arc<Mutex<Sweep>>,
}

#[derive(Default)]
struct Sweep {
    shard: u8,
    entries: Option<ReadDir>,
}

impl FileStore {
    /// Keeps sessions below the folder `root`, which need not be there yet.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        let path = root.into();
        // So that it is the same one, wherever the process goes.
        let path = std::path::absolute(&path).unwrap_or(path);
        Self {
            root: Arc::new(Root {
                path,
                fsync: true,
                busy_timeout: Duration::from_secs(5),
                sweep: Arc::default(),
            }),
            turns: Arc::new(Semaphore::new(WRITERS)),
        }
    }

    /// Whether each write waits until it is on the disk. Default: yes.
    #[must_use]
    pub fn fsync(mut self, fsync: bool) -> Self {
        Arc::make_mut(&mut self.root).fsync = fsync;
        self
    }

    /// How long to wait for others that write. Default: 5 seconds.
    #[must_use]
    pub fn busy_timeout(mut self, time: Duration) -> Self {
        Arc::make_mut(&mut self.root).busy_timeout = time;
        self
    }

    /// Does `work` where it may block. What was begun ends, even if nobody waits for it any more.
    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Root) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let root = Arc::clone(&self.root);
        let done = tokio::task::spawn_blocking(move || work(&root));
        done.await.map_err(StoreError::unavailable)?
    }

    /// The same with the folder of `key`, which is locked.
    async fn write<T: Send + 'static>(
        &self,
        key: &Key,
        work: impl FnOnce(&Root, &Shard) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let turn = Arc::clone(&self.turns).acquire_owned();
        let turn = tokio::time::timeout(self.root.busy_timeout, turn)
            .await
            .map_err(|_| StoreError::unavailable("others write all the time"))?;
        let shard = key.as_bytes()[0];
        let write = move |root: &Root| {
            let _turn = turn;
            let shard = Shard::lock(root, shard, root.busy_timeout);
            let shard = shard.map_err(|error| root.failure(&error))?;
            work(root, &shard)
        };
        self.read(write).await
    }
}

impl Store for FileStore {
    fn consistency(&self) -> Consistency {
        Consistency::Merging
    }

    async fn load(&self, key: &Key) -> Result<Option<Record>, StoreError> {
        let key = *key;
        self.read(move |root| root.load(&key)).await
    }

    async fn create(
        &self,
        key: &Key,
        record: &Record,
        now: SystemTime,
    ) -> Result<bool, StoreError> {
        let (new, text) = (*key, stored::to_json(record));
        let created = self.write(key, move |root, shard| {
            let created = match root.file(&new).try_exists() {
                Ok(false) => shard.write(root, &new, &text).map(|()| true),
                exists => exists.map(|_| false),
            };
            created.map_err(|error| root.failure(&error))
        });
        let created = created.await?;
        self.read(move |root| {
            root.sweep(now);
            Ok(created)
        })
        .await
    }

    async fn save(&self, key: &Key, record: &Record, _: SystemTime) -> Result<Saved, StoreError> {
        let (old, version, text) = (*key, record.version, stored::to_json(record));
        let saved = self.write(key, move |root, shard| match root.load(&old)? {
            None => Ok(Saved::Gone),
            Some(stored) if stored.version.checked_add(1) != Some(version) => Ok(Saved::Conflict),
            Some(_) => {
                let written = shard.write(root, &old, &text);
                written.map_err(|error| root.failure(&error)).map(|()| Saved::Saved)
            }
        });
        saved.await
    }

    async fn destroy(&self, key: &Key) -> Result<(), StoreError> {
        let old = *key;
        let destroyed = self.write(key, move |root, shard| {
            shard.remove(root, &old).map_err(|error| root.failure(&error))
        });
        destroyed.await
    }

    /// Those that cannot be read are left out: they have ended.
    async fn of_user(&self, user: &str) -> Result<Vec<(Key, Record)>, StoreError> {
        let user = user.to_owned();
        self.read(move |root| {
            let mut found = Vec::new();
            for shard in 0..=u8::MAX {
                let folder = root.folder(shard);
                for key in keys(&folder, shard).map_err(|error| root.failure(&error))? {
                    match root.load(&key) {
                        Ok(Some(record)) if record.user.as_ref() == Some(&user) => {
                            found.push((key, record));
                        }
                        Ok(_) | Err(StoreError::Corrupt(_)) => {}
                        Err(error) => return Err(error),
                    }
                }
            }
            Ok(found)
        })
        .await
    }
}

/// The keys that have a file in a folder, which need not be there.
fn keys(folder: &Path, shard: u8) -> io::Result<impl Iterator<Item = Key>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        entries => Some(entries?),
    };
    Ok(entries.into_iter().flatten().filter_map(move |entry| key_of(&entry.ok()?, shard)))
}

fn key_of(entry: &fs::DirEntry, shard: u8) -> Option<Key> {
    let name = entry.file_name();
    format!("{shard:02x}{}", name.to_str()?.strip_suffix(".json")?).parse().ok()
}

impl Root {
    fn folder(&self, shard: u8) -> PathBuf {
        self.path.join(format!("{shard:02x}"))
    }

    fn file(&self, key: &Key) -> PathBuf {
        let name = key.to_string();
        self.path.join(&name[..2]).join(format!("{}.json", &name[2..]))
    }

    fn load(&self, key: &Key) -> Result<Option<Record>, StoreError> {
        match fs::read(self.file(key)) {
            Ok(bytes) => stored::from_json(&bytes).map(Some),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.failure(&error)),
        }
    }

    fn failure(&self, error: &io::Error) -> StoreError {
        StoreError::unavailable(format!("the sessions in {}: {error}", self.path.display()))
    }

    /// The names in a folder, too, are to be on the disk. Other systems than Unix open no folders.
    fn sync(&self, folder: &Path) -> io::Result<()> {
        if cfg!(unix) && self.fsync { File::open(folder)?.sync_all() } else { Ok(()) }
    }

    /// Looks at the next few sessions, and removes those that have expired or cannot be read. What fails here
    /// is no request's fault.
    fn sweep(&self, now: SystemTime) {
        let next: Vec<_> = {
            let mut sweep = self.sweep.lock().unwrap_or_else(PoisonError::into_inner);
            iter::from_fn(|| sweep.next(self)).take(LOOKED_AT).collect()
        };
        let is_over = |key: &Key| match self.load(key) {
            Ok(record) => record.is_some_and(|record| record.expires <= now),
            Err(error) => matches!(error, StoreError::Corrupt(_)),
        };
        for key in next {
            // It may be saved meanwhile: what counts is how it is once nobody else can.
            if is_over(&key)
                && let Ok(shard) = Shard::lock(self, key.as_bytes()[0], Duration::ZERO)
                && is_over(&key)
                && let Err(error) = shard.remove(self, &key)
            {
                tracing::warn!(%error, "a session that has expired cannot be removed");
            }
        }
    }
}

impl Sweep {
    /// The next session, of one folder after the other; `None` at the end of each.
    fn next(&mut self, root: &Root) -> Option<Key> {
        let shard = self.shard;
        self.entries = self.entries.take().or_else(|| fs::read_dir(root.folder(shard)).ok());
        let mut entries = self.entries.iter_mut().flatten();
        let key = entries.find_map(|entry| key_of(&entry.ok()?, shard));
        if key.is_none() {
            *self = Self { shard: shard.wrapping_add(1), entries: None };
        }
        key
    }
}

/// A folder that nobody else writes to, until this is dropped.
struct Shard {
    path: PathBuf,
    _lock: File,
}

impl Shard {
    fn lock(root: &Root, shard: u8, patience: Duration) -> io::Result<Self> {
        let path = root.folder(shard);
        let open = || {
            let mut options = OpenOptions::new();
            for_owner(options.write(true).create(true).truncate(false)).open(path.join(LOCK))
        };
        let lock = match open() {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let mut folders = DirBuilder::new();
                #[cfg(unix)]
                std::os::unix::fs::DirBuilderExt::mode(&mut folders, 0o700);
                folders.recursive(true).create(&path)?;
                root.sync(&root.path)?;
                open()?
            }
            lock => lock?,
        };
        let started = Instant::now();
        while let Err(error) = lock.try_lock() {
            if matches!(error, TryLockError::Error(_)) || started.elapsed() >= patience {
                return Err(error.into());
            }
            thread::sleep(Duration::from_micros(200));
        }
        Ok(Self { path, _lock: lock })
    }

    fn write(&self, root: &Root, key: &Key, text: &str) -> io::Result<()> {
        let new = self.path.join(NEW);
        let mut options = OpenOptions::new();
        let mut file = for_owner(options.write(true).create(true).truncate(true)).open(&new)?;
        let written = file
            .write_all(text.as_bytes())
            .and_then(|()| if root.fsync { file.sync_data() } else { Ok(()) });
        drop(file);
        let renamed = written.and_then(|()| fs::rename(&new, root.file(key)));
        // A disk that is full needs the room.
        renamed.inspect_err(|_| drop(fs::remove_file(&new)))?;
        root.sync(&self.path)
    }

    fn remove(&self, root: &Root, key: &Key) -> io::Result<()> {
        match fs::remove_file(root.file(key)) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            removed => removed.and_then(|()| root.sync(&self.path)),
        }
    }
}

/// Sessions are nobody else's to read.
fn for_owner(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

impl fmt::Debug for FileStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileStore").field("root", &self.root.path).finish_non_exhaustive()
    }
}
