//! Sessions in Redis: one server, or a cluster (feature `redis-cluster`).
//!
//! 1. A session is one key, `paste:session:KEY`, which Redis lets expire by itself.
//! 2. Loading is one round trip, and so is saving: a script compares the version and writes.
//! 3. A user's sessions are found by a sorted set, `paste:user:NAME`, written at the same time as the session
//!    of a user is. What in it has ended is passed over, and goes with the next session of that user.
//! 4. What is acknowledged is as durable as Redis is told to make it: with `appendonly yes` and
//!    `appendfsync always` it survives a crash of the server. A replica that takes over may lack the last
//!    moments.
//! 5. A server that is down, or does not answer within two seconds, is [`StoreError::Unavailable`]. The
//!    connection is made anew by itself.
//!
//! ```no_run
//! use paste_session::{RedisStore, Sessions};
//!
//! let sessions = Sessions::new(RedisStore::new("redis://127.0.0.1:6379/")?);
//! # Ok::<(), paste_session::StoreError>(())
//! ```

use std::fmt;
use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use ::redis::aio::{ConnectionLike, ConnectionManager, ConnectionManagerConfig};
use ::redis::{
    Client, Cmd, FromRedisValue, Pipeline, RedisFuture, RedisResult, Script, Value, cmd,
};
#[cfg(feature = "redis-cluster")]
use ::redis::{cluster::ClusterClient, cluster_async::ClusterConnection};
use futures_util::future::{try_join, try_join_all};
use tokio::sync::OnceCell;

use crate::record::to_millis;
use crate::{Consistency, Key, Record, Saved, Store, StoreError, stored};

/// How long a command, or a connection, may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// Writes a record in place of the one with the version before. What is stored begins with its version.
static SAVE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local stored = redis.call('GET', KEYS[1])
         if not stored then return 'gone' end
         if string.match(stored, '^(%d+) ') ~= ARGV[1] then return 'conflict' end
         redis.call('SET', KEYS[1], ARGV[2], 'PXAT', ARGV[3])
         return 'saved'",
    )
});

/// Notes a session of a user, and forgets those that have expired.
static NOTE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[3])
         redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
         local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')
         redis.call('PEXPIREAT', KEYS[1], last[2])
         return 'noted'",
    )
});

/// Keeps sessions in Redis. See the [module](self) for the rules.
pub struct RedisStore {
    server: Server,
    prefix: String,
    connection: OnceCell<Connection>,
}

enum Server {
    One(Client),
    #[cfg(feature = "redis-cluster")]
    Cluster(Box<ClusterClient>),
}

#[derive(Clone)]
enum Connection {
    One(ConnectionManager),
    #[cfg(feature = "redis-cluster")]
    Cluster(ClusterConnection),
}

impl RedisStore {
    /// Keeps sessions at this URL: `redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE]`, or `redis+unix:///PATH`.
    /// Nothing is connected yet.
    pub fn new(url: &str) -> Result<Self, StoreError> {
        Ok(Self::at(Server::One(Client::open(url).map_err(unavailable)?)))
    }

    /// Keeps sessions in the cluster of which these are some of the servers.
    #[cfg(feature = "redis-cluster")]
    pub fn cluster<'a>(urls: impl IntoIterator<Item = &'a str>) -> Result<Self, StoreError> {
        let client = ClusterClient::builder(urls)
            .connection_timeout(PATIENCE)
            .response_timeout(PATIENCE)
            .build();
        Ok(Self::at(Server::Cluster(Box::new(client.map_err(unavailable)?))))
    }

    fn at(server: Server) -> Self {
        Self { server, prefix: "paste:".to_owned(), connection: OnceCell::new() }
    }

    /// Begins the names of keys with `prefix` instead of `paste:`: for several sites in one Redis.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    fn session(&self, key: &Key) -> String {
        format!("{}session:{key}", self.prefix)
    }

    fn user(&self, user: &str) -> String {
        format!("{}user:{user}", self.prefix)
    }

    async fn connection(&self) -> Result<Connection, StoreError> {
        let connecting = self.connection.get_or_try_init(async || match &self.server {
            Server::One(client) => {
                let config = ConnectionManagerConfig::new()
                    .set_connection_timeout(Some(PATIENCE))
                    .set_response_timeout(Some(PATIENCE))
                    .set_number_of_retries(1)
                    .set_max_delay(Duration::from_millis(100));
                ConnectionManager::new_lazy_with_config(client.clone(), config).map(Connection::One)
            }
            #[cfg(feature = "redis-cluster")]
            Server::Cluster(client) => client.get_async_connection().await.map(Connection::Cluster),
        });
        connecting.await.cloned().map_err(unavailable)
    }

    async fn query<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, StoreError> {
        let mut connection = self.connection().await?;
        within(command.query_async(&mut connection)).await
    }

    /// Notes that the session is the user's, if it is one's.
    async fn note(&self, key: &Key, record: &Record, now: SystemTime) -> Result<(), StoreError> {
        let Some(user) = &record.user else { return Ok(()) };
        let mut connection = self.connection().await?;
        let mut note = NOTE.key(self.user(user));
        note.arg(key.to_string()).arg(to_millis(record.expires)).arg(to_millis(now));
        within(note.invoke_async::<String>(&mut connection)).await.map(drop)
    }

    async fn write(&self, key: &Key, record: &Record) -> Result<Saved, StoreError> {
        let mut connection = self.connection().await?;
        let mut save = SAVE.key(self.session(key));
        save.arg(record.version.saturating_sub(1)).arg(text(record)).arg(to_millis(record.expires));
        let saved: String = within(save.invoke_async(&mut connection)).await?;
        Ok(match &*saved {
            "saved" => Saved::Saved,
            "conflict" => Saved::Conflict,
            _ => Saved::Gone,
        })
    }
}

impl Store for RedisStore {
    fn consistency(&self) -> Consistency {
        Consistency::Merging
    }

    async fn load(&self, key: &Key) -> Result<Option<Record>, StoreError> {
        let stored: Option<Vec<u8>> = self.query(cmd("GET").arg(self.session(key))).await?;
        stored.map(|stored| record(&stored)).transpose()
    }

    async fn create(
        &self,
        key: &Key,
        record: &Record,
        now: SystemTime,
    ) -> Result<bool, StoreError> {
        let mut create = cmd("SET");
        create.arg(self.session(key)).arg(text(record)).arg("NX");
        create.arg("PXAT").arg(to_millis(record.expires));
        let creating = self.query::<Option<String>>(&create);
        let (created, ()) = try_join(creating, self.note(key, record, now)).await?;
        Ok(created.is_some())
    }

    async fn save(&self, key: &Key, record: &Record, now: SystemTime) -> Result<Saved, StoreError> {
        let (saved, ()) = try_join(self.write(key, record), self.note(key, record, now)).await?;
        Ok(saved)
    }

    async fn destroy(&self, key: &Key) -> Result<(), StoreError> {
        self.query::<i64>(cmd("DEL").arg(self.session(key))).await.map(drop)
    }

    async fn of_user(&self, user: &str) -> Result<Vec<(Key, Record)>, StoreError> {
        let mut all = cmd("ZRANGE");
        let keys: Vec<String> = self.query(all.arg(self.user(user)).arg(0).arg(-1)).await?;
        let keys = keys.iter().filter_map(|key| key.parse::<Key>().ok());
        let loading = keys.map(async |key| Ok((key, self.load(&key).await?)));
        let loaded = try_join_all(loading).await?.into_iter();
        let there = loaded.filter_map(|(key, record)| Some((key, record?)));
        Ok(there.filter(|(_, record)| record.user.as_deref() == Some(user)).collect())
    }
}

/// The version and the record: a script reads the version without knowing JSON.
fn text(record: &Record) -> String {
    format!("{} {}", record.version, stored::to_json(record))
}

fn record(text: &[u8]) -> Result<Record, StoreError> {
    let space = text.iter().position(|byte| *byte == b' ');
    let json = space.map_or(&[][..], |space| &text[space + 1..]);
    stored::from_json(json)
}

async fn within<T>(answer: impl Future<Output = RedisResult<T>>) -> Result<T, StoreError> {
    match tokio::time::timeout(PATIENCE * 2, answer).await {
        Ok(answer) => answer.map_err(unavailable),
        Err(elapsed) => Err(StoreError::unavailable(elapsed)),
    }
}

fn unavailable(error: ::redis::RedisError) -> StoreError {
    StoreError::unavailable(error)
}

impl ConnectionLike for Connection {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        match self {
            Self::One(connection) => connection.req_packed_command(command),
            #[cfg(feature = "redis-cluster")]
            Self::Cluster(connection) => connection.req_packed_command(command),
        }
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        match self {
            Self::One(connection) => connection.req_packed_commands(pipeline, offset, count),
            #[cfg(feature = "redis-cluster")]
            Self::Cluster(connection) => connection.req_packed_commands(pipeline, offset, count),
        }
    }

    fn get_db(&self) -> i64 {
        match self {
            Self::One(connection) => connection.get_db(),
            #[cfg(feature = "redis-cluster")]
            Self::Cluster(connection) => connection.get_db(),
        }
    }
}

/// Without the URL, which may have a password.
impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RedisStore")
    }
}
