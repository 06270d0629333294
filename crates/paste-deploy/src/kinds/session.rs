//! The kind `session`.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use paste_session::{CookieStore, FileStore, MemoryStore, OnFailure, Sessions};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::config::units::duration;
use crate::{Context, Problem};

/// Gives every request its session, which a cookie names. Nothing is stored or sent until an app uses it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Options {
    /// Where sessions are kept: `sqlite:PATH`, one file that is made when it is needed; `file:DIR`, one file
    /// each; `redis://HOST` or `postgres://USER@HOST/DATABASE` (features of paster, not compiled in by
    /// default), which several machines can share; `memory:`, where they end with the program, and when it reads its file anew; or `cookie:`,
    /// encrypted in the cookies themselves, where they take little, and nobody can end them before their time.
    #[serde(default = "sqlite")]
    store: String,
    /// The name of the cookie. Over https it has the prefix `__Host-`.
    #[serde(default = "session")]
    name: String,
    /// How long a session lives without being used.
    #[serde(default = "half_a_day", deserialize_with = "duration")]
    #[schemars(with = "String", default = "half_a_day_text")]
    idle_timeout: Duration,
    /// How long a session lives in all.
    #[serde(default = "a_month", deserialize_with = "duration")]
    #[schemars(with = "String", default = "a_month_text")]
    max_age: Duration,
    /// Whether browsers keep the cookie when they are closed, for the idle time.
    #[serde(default)]
    rolling: bool,
    /// For `cookie:`, what encrypts: at least 32 bytes, such as `${SECRET}` from the environment.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    secret: Option<Secret>,
    /// In place of `secret` several, the newest first: older ones are still read.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    secrets: Vec<Secret>,
    /// What becomes of a request while the store fails: `refuse` answers 503, `continue` goes on as if there
    /// were no session.
    #[serde(default)]
    on_failure: Failure,
}

/// What no message may show.
#[derive(Deserialize)]
#[serde(transparent)]
struct Secret(String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

#[derive(Debug, Default, Deserialize, serde::Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
enum Failure {
    #[default]
    Refuse,
    Continue,
}

fn sqlite() -> String {
    "sqlite:sessions.db".to_owned()
}

fn session() -> String {
    "session".to_owned()
}

fn half_a_day() -> Duration {
    Duration::from_secs(12 * 3600)
}

fn half_a_day_text() -> String {
    "12h".to_owned()
}

fn a_month() -> Duration {
    Duration::from_secs(30 * 24 * 3600)
}

fn a_month_text() -> String {
    "30days".to_owned()
}

pub(super) fn build(options: Options, context: &mut Context<'_>) -> Result<Sessions, Problem> {
    for (key, time) in [("idle_timeout", options.idle_timeout), ("max_age", options.max_age)] {
        if time.is_zero() {
            return Err(Problem::at_key(key, "expected more than no time"));
        }
    }
    let secrets = secrets(options.secret, options.secrets)?;
    let sessions = match (&*options.store, secrets) {
        ("cookie:", Some(store)) => Sessions::in_cookie(store),
        ("cookie:", None) => {
            let message = "`cookie:` needs the key `secret`, of at least 32 bytes";
            return Err(Problem::at_key("store", message));
        }
        (_, Some(_)) => {
            let message =
                "a secret is for the store `cookie:` alone: others keep nothing at the client";
            return Err(Problem::at_key("store", message));
        }
        (url, None) => {
            sessions(url, context.dir()).map_err(|wrong| Problem::at_key("store", wrong))?
        }
    };
    let sessions = sessions.name(options.name).map_err(|error| {
        Problem::at_key("name", error.source().map(ToString::to_string).unwrap_or_default())
    })?;
    Ok(sessions
        .idle_timeout(options.idle_timeout)
        .max_age(options.max_age)
        .rolling(options.rolling)
        .on_failure(match options.on_failure {
            Failure::Refuse => OnFailure::Refuse,
            Failure::Continue => OnFailure::Continue,
        }))
}

/// What encrypts cookies, if there is a secret at all.
fn secrets(one: Option<Secret>, several: Vec<Secret>) -> Result<Option<CookieStore>, Problem> {
    let key = if one.is_some() { "secret" } else { "secrets" };
    if one.is_some() && !several.is_empty() {
        return Err(Problem::at_key("secrets", "expected either `secret` or `secrets`"));
    }
    let short = |error| Problem::at_key(key, error);
    let mut all = one.into_iter().chain(several);
    let Some(Secret(newest)) = all.next() else { return Ok(None) };
    let newest = CookieStore::new(newest).map_err(short)?;
    all.try_fold(newest, |store, Secret(older)| store.older(older)).map(Some).map_err(short)
}

/// Sessions in the store that a URL names, which is not touched yet.
fn sessions(url: &str, dir: &Path) -> Result<Sessions, String> {
    let (kind, rest) = url.split_once(':').unwrap_or((url, ""));
    match kind {
        "memory" if rest.is_empty() => Ok(Sessions::new(MemoryStore::new())),
        "file" if !rest.is_empty() => {
            let root = dir.join(rest);
            if root.exists() && !root.is_dir() {
                return Err(format!("`{rest}` is not a folder"));
            }
            Ok(Sessions::new(FileStore::new(root)))
        }
        "sqlite" if !rest.is_empty() => in_sqlite(dir, rest),
        "redis" | "redis+unix" => in_redis(url),
        "postgres" | "postgresql" => in_postgres(url),
        _ => Err(format!(
            "`{kind}:` names no store: expected `sqlite:PATH`, `file:DIR`, `redis:URL`, `postgres:URL`, \
             `memory:` or `cookie:`"
        )),
    }
}

#[cfg(feature = "sqlite")]
fn in_sqlite(dir: &Path, file: &str) -> Result<Sessions, String> {
    let path = dir.join(file);
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    if !folder.is_dir() {
        return Err(format!("there is no folder for `{file}`"));
    }
    if path.is_dir() {
        return Err(format!("`{file}` is a folder"));
    }
    Ok(Sessions::new(paste_session::SqliteStore::new(path)))
}

#[cfg(not(feature = "sqlite"))]
fn in_sqlite(_: &Path, _: &str) -> Result<Sessions, String> {
    Err(needs("sqlite"))
}

/// A URL may have a password: what is wrong with it is told without it.
#[cfg(feature = "redis")]
fn in_redis(url: &str) -> Result<Sessions, String> {
    let store = paste_session::RedisStore::new(url);
    let wrong = |_| "expected `redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE]`".to_owned();
    store.map(Sessions::new).map_err(wrong)
}

#[cfg(not(feature = "redis"))]
fn in_redis(_: &str) -> Result<Sessions, String> {
    Err(needs("redis"))
}

#[cfg(feature = "postgres")]
fn in_postgres(url: &str) -> Result<Sessions, String> {
    let store = paste_session::PostgresStore::new(url);
    let wrong = |_| "expected `postgres://[USER[:PASSWORD]@]HOST[:PORT]/DATABASE`".to_owned();
    store.map(Sessions::new).map_err(wrong)
}

#[cfg(not(feature = "postgres"))]
fn in_postgres(_: &str) -> Result<Sessions, String> {
    Err(needs("postgres"))
}

#[cfg(not(all(feature = "postgres", feature = "redis", feature = "sqlite")))]
fn needs(feature: &str) -> String {
    format!("this store needs paster's feature `{feature}`, which is not compiled in")
}
