//! Sessions in Postgres, shared by any number of processes and machines.
//!
//! 1. The tables are made when they are first needed; the user needs the right to create them, or someone has
//!    made them before.
//! 2. Loading is one round trip, and so is saving.
//! 3. What is acknowledged is on the server's disk, by its own `synchronous_commit`.
//! 4. What has expired goes, two for each that is new, so that no request pays for many.
//! 5. A server that is down, or does not answer within five seconds, is [`StoreError::Unavailable`]. Connections
//!    are made anew as they are needed. A record that cannot be read is [`StoreError::Corrupt`].
//! 6. Connections are not encrypted: use a Unix socket, or a network of your own.
//!
//! ```no_run
//! use paste_session::{PostgresStore, Sessions};
//!
//! let sessions = Sessions::new(PostgresStore::new("postgres://web@127.0.0.1/site")?);
//! # Ok::<(), paste_session::StoreError>(())
//! ```

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime};
use futures_util::future::try_join;
use tokio::sync::OnceCell;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Config, NoTls, Row};

use crate::record::{from_millis, to_millis};
use crate::{Consistency, Key, Record, Saved, Store, StoreError, Values};

/// How long whatever is asked may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Others may make the tables at the same time: they wait for each other.
const TABLES: &str = "
    BEGIN;
    SELECT pg_advisory_xact_lock(7236837454838720361);
    CREATE TABLE IF NOT EXISTS paste_sessions (
        key BYTEA PRIMARY KEY, version BIGINT NOT NULL, owner TEXT,
        created BIGINT NOT NULL, expires BIGINT NOT NULL, data TEXT NOT NULL
    );
    CREATE INDEX IF NOT EXISTS paste_sessions_of_owner ON paste_sessions (owner) WHERE owner IS NOT NULL;
    CREATE INDEX IF NOT EXISTS paste_sessions_by_expiry ON paste_sessions (expires);
    COMMIT;
";
const IS_THERE: &str = "SELECT to_regclass('paste_sessions') IS NOT NULL";
const LOAD: &str =
    "SELECT key, version, owner, created, expires, data FROM paste_sessions WHERE key = $1";
const OF_USER: &str =
    "SELECT key, version, owner, created, expires, data FROM paste_sessions WHERE owner = $1";
const CREATE: &str = "INSERT INTO paste_sessions (key, version, owner, created, expires, data)
    VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING";
const SAVE: &str = "WITH saved AS (
        UPDATE paste_sessions SET version = $2::bigint, owner = $3, created = $4, expires = $5, data = $6
        WHERE key = $1 AND version = $2::bigint - 1 RETURNING 1
    )
    SELECT EXISTS (SELECT FROM saved), EXISTS (SELECT FROM paste_sessions WHERE key = $1)";
const DESTROY: &str = "DELETE FROM paste_sessions WHERE key = $1";
const SWEEP: &str = "DELETE FROM paste_sessions WHERE key IN (
        SELECT key FROM paste_sessions WHERE expires <= $1 ORDER BY expires LIMIT 2 FOR UPDATE SKIP LOCKED
    )";

/// Keeps sessions in Postgres. See the [module](self) for the rules.
pub struct PostgresStore {
    pool: Pool,
    has_tables: OnceCell<()>,
}

impl PostgresStore {
    /// Keeps sessions in the database at this URL (`postgres://USER:PASSWORD@HOST:PORT/DATABASE`, or
    /// `host=/run/postgresql dbname=site`), by at most 16 connections. Nothing is connected yet.
    pub fn new(url: &str) -> Result<Self, StoreError> {
        Self::with_connections(url, 16)
    }

    /// The same, by at most so many connections.
    pub fn with_connections(url: &str, most: usize) -> Result<Self, StoreError> {
        // The message of the error may quote the URL, which may have a password.
        let mut config = Config::from_str(url)
            .map_err(|_| StoreError::unavailable("the URL of the database is none"))?;
        config.connect_timeout(PATIENCE);
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = Manager::from_config(config, NoTls, recycling);
        let pool = Pool::builder(manager)
            .max_size(most.max(1))
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(PATIENCE))
            .create_timeout(Some(PATIENCE))
            .recycle_timeout(Some(PATIENCE))
            .build();
        Ok(Self { pool: pool.map_err(StoreError::unavailable)?, has_tables: OnceCell::new() })
    }

    async fn client(&self) -> Result<Object, StoreError> {
        let client = self.pool.get().await.map_err(StoreError::unavailable)?;
        let making = self.has_tables.get_or_try_init(async || {
            let there: bool = client.query_one(IS_THERE, &[]).await?.get(0);
            if there { Ok(()) } else { client.batch_execute(TABLES).await }
        });
        within(making).await?;
        Ok(client)
    }

    async fn rows(
        &self,
        statement: &str,
        values: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, StoreError> {
        let client = self.client().await?;
        within(async { client.query(&client.prepare_cached(statement).await?, values).await }).await
    }
}

impl Store for PostgresStore {
    fn consistency(&self) -> Consistency {
        Consistency::Merging
    }

    async fn load(&self, key: &Key) -> Result<Option<Record>, StoreError> {
        let rows = self.rows(LOAD, &[&&key.as_bytes()[..]]).await?;
        rows.first().map(|row| record(row).map(|(_, record)| record)).transpose()
    }

    async fn create(
        &self,
        key: &Key,
        record: &Record,
        now: SystemTime,
    ) -> Result<bool, StoreError> {
        let columns = Columns::of(key, record);
        let client = self.client().await?;
        let created = within(async {
            let (create, sweep) =
                try_join(client.prepare_cached(CREATE), client.prepare_cached(SWEEP)).await?;
            let (values, now) = (columns.values(), to_millis(now));
            let swept: [&(dyn ToSql + Sync); 1] = [&now];
            let both = try_join(client.execute(&create, &values), client.execute(&sweep, &swept));
            both.await.map(|(created, _)| created)
        });
        Ok(created.await? == 1)
    }

    async fn save(&self, key: &Key, record: &Record, _: SystemTime) -> Result<Saved, StoreError> {
        let columns = Columns::of(key, record);
        let rows = self.rows(SAVE, &columns.values()).await?;
        let told = |column| rows.first().is_some_and(|row| row.get::<_, bool>(column));
        Ok(match (told(0), told(1)) {
            (true, _) => Saved::Saved,
            (false, true) => Saved::Conflict,
            (false, false) => Saved::Gone,
        })
    }

    async fn destroy(&self, key: &Key) -> Result<(), StoreError> {
        self.rows(DESTROY, &[&&key.as_bytes()[..]]).await.map(drop)
    }

    /// Those that cannot be read are left out: they have ended.
    async fn of_user(&self, user: &str) -> Result<Vec<(Key, Record)>, StoreError> {
        let rows = self.rows(OF_USER, &[&user]).await?;
        Ok(rows.iter().filter_map(|row| record(row).ok()).collect())
    }
}

/// A record as it stands in the table.
struct Columns<'a> {
    key: &'a [u8],
    version: i64,
    owner: Option<String>,
    created: i64,
    expires: i64,
    data: String,
}

impl<'a> Columns<'a> {
    fn of(key: &'a Key, record: &Record) -> Self {
        Self {
            key: key.as_bytes(),
            version: i64::try_from(record.version).unwrap_or(i64::MAX),
            owner: record.user.clone(),
            created: to_millis(record.created),
            expires: to_millis(record.expires),
            data: record.values.to_json(),
        }
    }

    fn values(&self) -> [&(dyn ToSql + Sync); 6] {
        [&self.key, &self.version, &self.owner, &self.created, &self.expires, &self.data]
    }
}

fn record(row: &Row) -> Result<(Key, Record), StoreError> {
    let corrupt = |what: &str| StoreError::Corrupt(what.to_owned());
    let other = |_| corrupt("a column of it has another type");
    let key: &[u8] = row.try_get(0).map_err(other)?;
    let key = key.try_into().map_err(|_| corrupt("its key has another length"))?;
    let version: i64 = row.try_get(1).map_err(other)?;
    let data: &str = row.try_get(5).map_err(other)?;
    let record = Record {
        version: u64::try_from(version).map_err(|_| corrupt("its version is none"))?,
        values: Values::from_json(data).map_err(|_| corrupt("its data is no JSON object"))?,
        user: row.try_get(2).map_err(other)?,
        created: from_millis(row.try_get(3).map_err(other)?),
        expires: from_millis(row.try_get(4).map_err(other)?),
    };
    Ok((Key::from_bytes(key), record))
}

async fn within<T>(
    answer: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> Result<T, StoreError> {
    match tokio::time::timeout(PATIENCE, answer).await {
        Ok(answer) => answer.map_err(StoreError::unavailable),
        Err(elapsed) => Err(StoreError::unavailable(elapsed)),
    }
}

/// Without the URL, which may have a password.
impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PostgresStore")
    }
}
