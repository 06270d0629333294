//! Sessions in one file of SQLite: no server to run, shared by the processes of one machine.
//!
//! 1. The file is made, with mode 0600, and opened when it is first needed. Its folder must be there.
//! 2. Several processes may use one file, on a file system of their own machine. Who reads waits for nobody
//!    (the file is in WAL mode); who writes waits for others up to [`busy_timeout`](SqliteStore::busy_timeout).
//! 3. What is acknowledged survives the end of the process, even by SIGKILL. A power cut may undo the last
//!    moments and damages nothing; with [`fsync`](SqliteStore::fsync) it undoes nothing.
//! 4. What has expired goes, two for each that is new, so that no request pays for many.
//! 5. A file that is locked, full, read-only or damaged is [`StoreError::Unavailable`]. Each call tries anew, so
//!    that it recovers by itself. A record that cannot be read is [`StoreError::Corrupt`]: that session alone.
//! 6. Nothing blocks the runtime: calls run on tokio's pool for blocking work, behind one connection that
//!    writes and [some](SqliteStore::readers) that read.
//!
//! ```no_run
//! use paste_core::{AppExt, Request, Result, response};
//! use paste_session::{SessionExt, Sessions, SqliteStore};
//!
//! async fn counter(request: Request) -> Result {
//!     let visits = request.session()?.update("visits", |n: Option<u64>| n.unwrap_or(0) + 1).await?;
//!     Ok(response::text(format!("visit {visits}")))
//! }
//!
//! let app = counter.with(Sessions::new(SqliteStore::new("sessions.db")));
//! ```

use std::fmt;
use std::fs::OpenOptions;
use std::io;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use rusqlite::{
    Connection, Error, ErrorCode, OpenFlags, OptionalExtension, Row, TransactionBehavior,
};
use tokio::sync::Semaphore;

use crate::record::{from_millis, to_millis};
use crate::{Consistency, Key, Record, Saved, Store, StoreError, Values};

/// The layout of the tables that this version knows.
const LAYOUT: i64 = 1;

const TABLES: &str = "
    CREATE TABLE paste_session_layout (version INTEGER NOT NULL) STRICT;
    INSERT INTO paste_session_layout VALUES (1);
    CREATE TABLE paste_sessions (
        key BLOB NOT NULL PRIMARY KEY, version INTEGER NOT NULL, user TEXT,
        created INTEGER NOT NULL, expires INTEGER NOT NULL, data TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX paste_sessions_of_user ON paste_sessions (user) WHERE user IS NOT NULL;
    CREATE INDEX paste_sessions_by_expiry ON paste_sessions (expires);
";

const LOAD: &str =
    "SELECT key, version, user, created, expires, data FROM paste_sessions WHERE key = ?1";
const OF_USER: &str =
    "SELECT key, version, user, created, expires, data FROM paste_sessions WHERE user = ?1";
const CREATE: &str = "INSERT INTO paste_sessions (key, version, user, created, expires, data)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING";
const SAVE: &str = "UPDATE paste_sessions
    SET version = ?2, user = ?3, created = ?4, expires = ?5, data = ?6
    WHERE key = ?1 AND version = ?2 - 1";
const EXISTS: &str = "SELECT 1 FROM paste_sessions WHERE key = ?1";
const DESTROY: &str = "DELETE FROM paste_sessions WHERE key = ?1";
const SWEEP: &str = "DELETE FROM paste_sessions WHERE key IN
    (SELECT key FROM paste_sessions WHERE expires <= ?1 ORDER BY expires LIMIT 2)";

/// Keeps sessions in a file of SQLite. See the [module](self) for the rules.
pub struct SqliteStore {
    database: Database,
    writer: Connections,
    readers: Connections,
}

#[derive(Clone, Debug)]
struct Database {
    path: PathBuf,
    fsync: bool,
    busy_timeout: Duration,
}

impl SqliteStore {
    /// Keeps sessions in the file at `path`, which need not be there yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        // So that it is always the name of a file, which `:memory:` is not, wherever the process goes.
        let path = std::path::absolute(&path).unwrap_or(path);
        Self {
            database: Database { path, fsync: false, busy_timeout: Duration::from_secs(5) },
            writer: Connections::of(1),
            readers: Connections::of(4),
        }
    }

    /// Whether each write waits until it is on the disk. Default: no.
    #[must_use]
    pub fn fsync(mut self, fsync: bool) -> Self {
        self.database.fsync = fsync;
        self
    }

    /// How long to wait for others that write. Default: 5 seconds.
    #[must_use]
    pub fn busy_timeout(mut self, time: Duration) -> Self {
        self.database.busy_timeout = time;
        self
    }

    /// How many connections read at the same time. Default: 4.
    #[must_use]
    pub fn readers(mut self, readers: NonZeroUsize) -> Self {
        self.readers = Connections::of(readers.get().min(Semaphore::MAX_PERMITS));
        self
    }
}

impl Store for SqliteStore {
    fn consistency(&self) -> Consistency {
        Consistency::Merging
    }

    async fn load(&self, key: &Key) -> Result<Option<Record>, StoreError> {
        let key = *key;
        let stored = self.readers.run(&self.database, move |connection| {
            connection.prepare_cached(LOAD)?.query_row([key.as_bytes()], stored).optional()
        });
        Ok(stored.await?.map(Stored::into_record).transpose()?.map(|(_, record)| record))
    }

    async fn create(
        &self,
        key: &Key,
        record: &Record,
        now: SystemTime,
    ) -> Result<bool, StoreError> {
        let (stored, now) = (Stored::of(key, record), to_millis(now));
        let created = self.writer.run(&self.database, move |connection| {
            let both = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let created = both.prepare_cached(CREATE)?.execute(stored.columns())? == 1;
            both.prepare_cached(SWEEP)?.execute([now])?;
            both.commit()?;
            Ok(created)
        });
        created.await
    }

    async fn save(&self, key: &Key, record: &Record, _: SystemTime) -> Result<Saved, StoreError> {
        let stored = Stored::of(key, record);
        let saved = self.writer.run(&self.database, move |connection| {
            if connection.prepare_cached(SAVE)?.execute(stored.columns())? == 1 {
                return Ok(Saved::Saved);
            }
            let exists = connection.prepare_cached(EXISTS)?.exists([&stored.key])?;
            Ok(if exists { Saved::Conflict } else { Saved::Gone })
        });
        saved.await
    }

    async fn destroy(&self, key: &Key) -> Result<(), StoreError> {
        let key = *key;
        let destroyed = self.writer.run(&self.database, move |connection| {
            connection.prepare_cached(DESTROY)?.execute([key.as_bytes()])
        });
        destroyed.await.map(drop)
    }

    /// Those that cannot be read are left out: they have ended.
    async fn of_user(&self, user: &str) -> Result<Vec<(Key, Record)>, StoreError> {
        let user = user.to_owned();
        let all = self.readers.run(&self.database, move |connection| {
            connection
                .prepare_cached(OF_USER)?
                .query_map([user], stored)?
                .collect::<rusqlite::Result<Vec<_>>>()
        });
        Ok(all.await?.into_iter().filter_map(|stored| stored.into_record().ok()).collect())
    }
}

/// A record as it stands in the table.
struct Stored {
    key: [u8; 32],
    version: i64,
    user: Option<String>,
    created: i64,
    expires: i64,
    data: String,
}

impl Stored {
    fn of(key: &Key, record: &Record) -> Self {
        Self {
            key: *key.as_bytes(),
            version: i64::try_from(record.version).unwrap_or(i64::MAX),
            user: record.user.clone(),
            created: to_millis(record.created),
            expires: to_millis(record.expires),
            data: record.values.to_json(),
        }
    }

    fn columns(&self) -> impl rusqlite::Params {
        let Self { key, version, user, created, expires, data } = self;
        (key, version, user, created, expires, data)
    }

    fn into_record(self) -> Result<(Key, Record), StoreError> {
        let corrupt = |what: &str| StoreError::Corrupt(what.to_owned());
        let record = Record {
            version: u64::try_from(self.version).map_err(|_| corrupt("its version is none"))?,
            values: Values::from_json(&self.data)
                .map_err(|_| corrupt("its data is no JSON object"))?,
            user: self.user,
            created: from_millis(self.created),
            expires: from_millis(self.expires),
        };
        Ok((Key::from_bytes(self.key), record))
    }
}

fn stored(row: &Row<'_>) -> rusqlite::Result<Stored> {
    Ok(Stored {
        key: row.get(0)?,
        version: row.get(1)?,
        user: row.get(2)?,
        created: row.get(3)?,
        expires: row.get(4)?,
        data: row.get(5)?,
    })
}

/// Some connections, which are opened as they are needed.
struct Connections {
    idle: Arc<Mutex<Vec<Connection>>>,
    turns: Arc<Semaphore>,
}

impl Connections {
    fn of(size: usize) -> Self {
        Self { idle: Arc::default(), turns: Arc::new(Semaphore::new(size)) }
    }

    /// Does `work` with one of them. What was begun ends, even if nobody waits for it any more.
    async fn run<T: Send + 'static>(
        &self,
        database: &Database,
        work: impl FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let turn = Arc::clone(&self.turns).acquire_owned();
        let turn = tokio::time::timeout(database.busy_timeout, turn)
            .await
            .map_err(|_| StoreError::unavailable("others use the database all the time"))?;
        let (idle, database) = (Arc::clone(&self.idle), database.clone());
        let done = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            let taken = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let mut connection = taken.map_or_else(|| database.open(), Ok)?;
            let done = work(&mut connection);
            // After an error the next one opens the database anew, in whatever state it is then.
            if done.is_ok() {
                idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
            }
            done.map_err(|error| database.failure(&error))
        });
        done.await.map_err(StoreError::unavailable)?
    }
}

impl Database {
    fn open(&self) -> Result<Connection, StoreError> {
        // Only a file that is new is opened here: to close one would void the locks that other connections of
        // this process have on it.
        match new_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                let wrong = format!("cannot make {}: {error}", self.path.display());
                return Err(StoreError::unavailable(wrong));
            }
            _ => {}
        }
        let started = Instant::now();
        loop {
            match self.connect() {
                // Who makes the tables does not wait for others who do, nor for who changes the mode.
                Err(Failed::Sqlite(error))
                    if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
                        && started.elapsed() < self.busy_timeout =>
                {
                    std::thread::sleep(Duration::from_millis(2));
                }
                Err(Failed::Sqlite(error)) => return Err(self.failure(&error)),
                Err(Failed::Layout(found)) => {
                    let path = self.path.display();
                    return Err(StoreError::unavailable(format!(
                        "{path} has sessions in layout {found}; expected {LAYOUT}"
                    )));
                }
                Ok(connection) => return Ok(connection),
            }
        }
    }

    fn connect(&self) -> Result<Connection, Failed> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(&self.path, flags)?;
        connection.busy_timeout(self.busy_timeout)?;
        connection.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
        let synchronous = if self.fsync { "full" } else { "normal" };
        connection.pragma_update(None, "synchronous", synchronous)?;
        if !has_tables(&connection)? {
            let making = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            if !has_tables(&making)? {
                making.execute_batch(TABLES)?;
            }
            making.commit()?;
        }
        match connection.query_row("SELECT version FROM paste_session_layout", [], |row| row.get(0))
        {
            Ok(LAYOUT) => Ok(connection),
            Ok(found) => Err(Failed::Layout(found)),
            Err(error) => Err(error.into()),
        }
    }

    fn failure(&self, error: &Error) -> StoreError {
        let path = self.path.display();
        match (error, error.sqlite_error_code()) {
            (
                Error::FromSqlConversionFailure(..)
                | Error::InvalidColumnType(..)
                | Error::IntegralValueOutOfRange(..)
                | Error::Utf8Error(..),
                _,
            ) => StoreError::Corrupt("a column of it has another type".to_owned()),
            (_, Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)) => {
                StoreError::unavailable(format!("the database {path} is damaged: {error}"))
            }
            _ => StoreError::unavailable(format!("the database {path}: {error}")),
        }
    }
}

enum Failed {
    Sqlite(Error),
    Layout(i64),
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self::Sqlite(error)
    }
}

fn has_tables(connection: &Connection) -> rusqlite::Result<bool> {
    let mut find = connection
        .prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'paste_sessions'")?;
    find.exists([])
}

/// Sessions are nobody else's to read; the files beside it get the same mode.
fn new_file(path: &std::path::Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").field("path", &self.database.path).finish_non_exhaustive()
    }
}
