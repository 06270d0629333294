//! Sessions in Redis, in a cluster of Redis, and in Postgres: real servers, started here, killed and started
//! again.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use paste_core::{App, AppExt, Body, Request, Response, Result, response};
use paste_session::{PostgresStore, RedisStore, SessionExt, Sessions, Store, conformance};
use paste_tests::{Paster, within};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use super::print;

/// A server of its own, with its files in a directory of its own.
struct Server {
    folder: tempfile::TempDir,
    port: u16,
    child: Child,
    start: fn(&Path, u16) -> Command,
}

impl Server {
    async fn new(prepare: impl AsyncFnOnce(&Path), start: fn(&Path, u16) -> Command) -> Self {
        let folder = tempfile::tempdir().unwrap();
        prepare(folder.path()).await;
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let child = start(folder.path(), port).spawn().unwrap();
        let server = Self { folder, port, child, start };
        server.answers().await;
        server
    }

    async fn redis() -> Self {
        Self::new(async |_| {}, redis_server).await
    }

    async fn postgres() -> Self {
        Self::new(init_database, postgres_server).await
    }

    async fn answers(&self) {
        within("a database", async {
            while TcpStream::connect(("127.0.0.1", self.port)).await.is_err() {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }

    /// Ends it as a power cut does.
    async fn kill(&mut self) {
        self.child.kill().await.unwrap();
    }

    async fn start_again(&mut self) {
        let _ = std::fs::remove_file(self.folder.path().join("data/postmaster.pid"));
        self.child = (self.start)(self.folder.path(), self.port).spawn().unwrap();
        self.answers().await;
    }
}

fn quiet(mut command: Command) -> Command {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    command
}

fn redis_server(folder: &Path, port: u16) -> Command {
    let mut command = Command::new("redis-server");
    command.args(["--bind", "127.0.0.1", "--port", &port.to_string(), "--save", ""]);
    command.args(["--appendonly", "yes", "--appendfsync", "always", "--dir"]).arg(folder);
    quiet(command)
}

/// Debian keeps the server's programs out of `PATH`.
fn postgres_program(name: &str) -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql");
    let versions = versions.expect("`cargo xtask test integration` installs postgresql");
    let mut programs: Vec<_> =
        versions.map(|version| version.unwrap().path().join("bin").join(name)).collect();
    programs.retain(|program| program.exists());
    programs.sort();
    programs.pop().unwrap()
}

/// Postgres does not run as root: as root it runs as the user that its package makes.
fn as_postgres(program: &Path) -> Command {
    let is_root = std::fs::metadata("/proc/self")
        .is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
    if !is_root {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(program);
    command
}

async fn init_database(folder: &Path) {
    let everyone = std::os::unix::fs::PermissionsExt::from_mode(0o777);
    std::fs::set_permissions(folder, everyone).unwrap();
    let mut init = quiet(as_postgres(&postgres_program("initdb")));
    init.args(["-U", "postgres", "-A", "trust", "--no-sync", "-D"]).arg(folder.join("data"));
    assert!(within("initdb", init.status()).await.unwrap().success());
}

fn postgres_server(folder: &Path, port: u16) -> Command {
    let mut command = quiet(as_postgres(&postgres_program("postgres")));
    command.arg("-D").arg(folder.join("data"));
    command.args(["-p", &port.to_string(), "-c", "listen_addresses=127.0.0.1", "-c"]);
    command.arg(format!("unix_socket_directories={}", folder.display()));
    command
}

fn redis_store(server: &Server) -> RedisStore {
    RedisStore::new(&format!("redis://127.0.0.1:{}/", server.port)).unwrap()
}

/// A store as soon as the server takes queries: it listens a moment before that.
async fn postgres_store(server: &Server) -> PostgresStore {
    let url = format!("postgres://postgres@127.0.0.1:{}/postgres", server.port);
    let store = PostgresStore::new(&url).unwrap();
    within("Postgres to take queries", async {
        while store.of_user("nobody").await.is_err() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    store
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_conforms() {
    let server = Server::redis().await;
    conformance::check(redis_store(&server)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_conforms() {
    let server = Server::postgres().await;
    conformance::check(postgres_store(&server).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_of_redis_conforms() {
    let start = |folder: &Path, port: u16| {
        let mut command = redis_server(folder, port);
        command.args(["--cluster-enabled", "yes"]);
        command
    };
    let mut servers = Vec::new();
    for _ in 0..3 {
        servers.push(Server::new(async |_| {}, start).await);
    }
    let addresses: Vec<_> =
        servers.iter().map(|server| format!("127.0.0.1:{}", server.port)).collect();
    let create = [
        &["--cluster", "create"],
        &*addresses.iter().map(String::as_str).collect::<Vec<_>>(),
        &["--cluster-yes"],
    ];
    print("redis-cli", &create.concat()).await;
    let urls: Vec<_> = addresses.iter().map(|address| format!("redis://{address}/")).collect();
    let store = RedisStore::cluster(urls.iter().map(String::as_str)).unwrap();
    within("the cluster", async {
        while store.of_user("nobody").await.is_err() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    conformance::check(store).await;
}

async fn count(request: Request) -> Result {
    let session = request.session()?;
    let visits = session.update("n", |n: Option<u64>| n.unwrap_or(0) + 1).await?;
    Ok(response::text(visits.to_string()))
}

fn with_cookie(cookie: &str) -> Request {
    http::Request::get("/").header("cookie", cookie).body(Body::empty()).unwrap()
}

fn cookie_of(response: &Response) -> String {
    let line = response.headers()["set-cookie"].to_str().unwrap();
    line.split(';').next().unwrap().to_owned()
}

/// While its server is killed and started again, a session answers 503 or counts on, and no visit that was
/// acknowledged is lost.
async fn survives_a_kill(mut server: Server, store: impl Store) {
    let app = count.with(Sessions::new(store)).boxed();
    let cookie = cookie_of(&app.call(with_cookie("")).await.unwrap());
    let acknowledged = Arc::new(std::sync::atomic::AtomicU64::new(1));
    let refused = Arc::new(std::sync::atomic::AtomicU64::new(0));
    let stop = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let order = std::sync::atomic::Ordering::SeqCst;
    let mut clients = Vec::new();
    for _ in 0..4 {
        let (app, cookie) = (app.clone(), cookie.clone());
        let (acknowledged, refused, stop) =
            (Arc::clone(&acknowledged), Arc::clone(&refused), Arc::clone(&stop));
        clients.push(tokio::spawn(async move {
            while !stop.load(order) {
                match app.call(with_cookie(&cookie)).await {
                    Ok(_) => acknowledged.fetch_add(1, order),
                    Err(error) => {
                        assert_eq!(error.status(), 503, "{error:?}");
                        assert!(error.headers().contains_key("retry-after"));
                        refused.fetch_add(1, order)
                    }
                };
            }
        }));
    }
    for _ in 0..2 {
        let before = acknowledged.load(order);
        within("visits", async {
            while acknowledged.load(order) < before + 50 {
                tokio::task::yield_now().await;
            }
        })
        .await;
        server.kill().await;
        let before = refused.load(order);
        within("a refusal", async {
            while refused.load(order) == before {
                tokio::task::yield_now().await;
            }
        })
        .await;
        server.start_again().await;
    }
    let before = acknowledged.load(order);
    within("visits after it came back", async {
        while acknowledged.load(order) < before + 50 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    stop.store(true, order);
    for client in clients {
        client.await.unwrap();
    }
    let (sure, unsure) = (acknowledged.load(order), refused.load(order));
    let body = app.call(with_cookie(&cookie)).await.unwrap().into_body().collect(20).await.unwrap();
    let counted: u64 = std::str::from_utf8(&body).unwrap().parse().unwrap();
    // What was refused while it was written may count, or not.
    assert!(
        (sure + 1..=sure + unsure + 1).contains(&counted),
        "{counted}: {sure} and {unsure} unsure"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_killed_and_restarted_under_load_loses_nothing_acknowledged() {
    let server = Server::redis().await;
    let store = redis_store(&server);
    survives_a_kill(server, store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_killed_and_restarted_under_load_loses_nothing_acknowledged() {
    let server = Server::postgres().await;
    let store = postgres_store(&server).await;
    survives_a_kill(server, store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_lets_sessions_expire_and_is_asked_once_for_each_load_and_save() {
    let server = Server::redis().await;
    let sessions = Sessions::new(redis_store(&server)).idle_timeout(Duration::from_secs(1000));
    let app = count.with(sessions);
    let cookie = cookie_of(&app.call(with_cookie("")).await.unwrap());
    let port = server.port.to_string();
    let cli = async |args: &[&str]| print("redis-cli", &[&["-p", &port][..], args].concat()).await;
    let keys = cli(&["KEYS", "*"]).await;
    assert!(keys.starts_with("paste:session:") && keys.lines().count() == 1, "{keys}");
    assert!(!keys.contains(cookie.split('=').nth(1).unwrap()), "the id stands in no key");
    let ttl: u64 = cli(&["TTL", keys.trim()]).await.trim().parse().unwrap();
    assert!((900..=1000).contains(&ttl), "{ttl}");

    app.call(with_cookie(&cookie)).await.unwrap();
    cli(&["CONFIG", "RESETSTAT"]).await;
    app.call(with_cookie(&cookie)).await.unwrap();
    let stats = cli(&["INFO", "commandstats"]).await;
    let calls = |name: &str| {
        stats.lines().find(|line| line.starts_with(&format!("cmdstat_{name}:"))).map(str::to_owned)
    };
    assert!(calls("evalsha").unwrap().contains("calls=1,"), "{stats}");
    // One from outside, and one of the script.
    assert!(calls("get").unwrap().contains("calls=2,"), "{stats}");
}

/// Two processes behind nginx, which asks them in turn.
async fn two_processes_count_together(store: &str) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("site.toml");
    let toml = format!(
        "[app.main]\nuse = \"counter\"\nfilters = [\"session\"]\n\
         [filter.session]\nuse = \"session\"\nstore = \"{store}\"\n"
    );
    std::fs::write(&file, toml).unwrap();
    let file = file.to_str().unwrap();
    let pasters = [
        Paster::start(["serve", file, "--listen", "127.0.0.1:0"]).await,
        Paster::start(["serve", file, "--listen", "127.0.0.1:0"]).await,
    ];
    let socket = folder.path().join("nginx.sock");
    let upstream = pasters
        .each_ref()
        .map(|paster| format!("server {};", paster.url.strip_prefix("http://").unwrap()));
    let base = folder.path().display();
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|name| format!("{name}_temp_path {base}/{name};"))
        .concat();
    let configuration = format!(
        "daemon off; master_process off; pid {base}/pid; events {{}}\n\
         http {{ access_log off; {temporary} upstream both {{ {} }}\n\
         server {{ listen unix:{}; location / {{ proxy_pass http://both; }} }} }}",
        upstream.concat(),
        socket.display()
    );
    std::fs::write(folder.path().join("nginx.conf"), configuration).unwrap();
    let mut command = Command::new("nginx");
    command
        .arg("-e")
        .arg(folder.path().join("errors"))
        .arg("-c")
        .arg(folder.path().join("nginx.conf"));
    let _nginx = quiet(command).spawn().unwrap();
    within("nginx", async {
        while tokio::net::UnixStream::connect(&socket).await.is_err() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let jar = folder.path().join("cookies");
    let (jar, socket) = (jar.to_str().unwrap(), socket.to_str().unwrap());
    for visit in 1..=20 {
        let args = ["-sS", "--unix-socket", socket, "-b", jar, "-c", jar, "http://localhost/"];
        assert_eq!(print("curl", &args).await, visit.to_string());
    }
    let mut visits = Vec::new();
    for _ in 0..20 {
        let args =
            ["-sS", "--unix-socket", socket, "-b", jar, "http://localhost/"].map(str::to_owned);
        visits.push(tokio::spawn(async move {
            print("curl", &args.each_ref().map(String::as_str)).await.parse::<u32>().unwrap()
        }));
    }
    let mut numbers = Vec::new();
    for visit in visits {
        numbers.push(visit.await.unwrap());
    }
    numbers.sort_unstable();
    assert!(numbers.into_iter().eq(21..=40), "each visit has its number");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_behind_nginx_share_sessions_through_redis() {
    let server = Server::redis().await;
    two_processes_count_together(&format!("redis://127.0.0.1:{}/", server.port)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_behind_nginx_share_sessions_through_postgres() {
    let server = Server::postgres().await;
    drop(postgres_store(&server).await);
    let store = format!("postgres://postgres@127.0.0.1:{}/postgres", server.port);
    two_processes_count_together(&store).await;
}
