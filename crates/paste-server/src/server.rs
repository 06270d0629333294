//! Listens, accepts, and stops: `paste.httpserver`.
//!
//! 1. A server listens on one address or several: see [`crate::listen`].
//! 2. When it is told to stop it takes in what has connected already, accepts no more, lets every
//!    request that has begun finish, and closes the connections that wait for one.
//! 3. What has not finished after the graceful timeout is cut.
//! 4. With one runtime per core, each accepts on a socket of its own, and a connection stays where
//!    it was accepted.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Once};
use std::thread::JoinHandle;
use std::time::Duration;

use paste_core::App;
use tokio::task::JoinSet;
use tracing::Instrument;

use crate::connection::{self, Accepted};
use crate::control::{Control, Handle};
use crate::edge::Edge;
use crate::io::files::Marker;
use crate::listen::{self, BACKLOG, Bound, Listener, Name};
use crate::tls::{Certificates, Files};
use crate::{Limits, Signals, span};

/// A server before it listens. See the [crate](crate) for an example.
#[derive(Clone, Debug)]
pub struct Server {
    listen: Vec<String>,
    redirect: Vec<String>,
    unix_mode: Option<u32>,
    proxy_protocol: bool,
    per_core: usize,
    tls: Vec<Files>,
    limits: Limits,
    sendfile: bool,
    health: Option<String>,
    graceful_timeout: Duration,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: Vec::new(),
            redirect: Vec::new(),
            unix_mode: None,
            proxy_protocol: false,
            per_core: 1,
            tls: Vec::new(),
            limits: Limits::default(),
            sendfile: false,
            health: None,
            graceful_timeout: Duration::from_secs(30),
        }
    }
}

impl Server {
    /// A server that listens on `127.0.0.1:8080` unless told otherwise.
    pub fn new() -> Self {
        Self::default()
    }

    /// Listens on `HOST:PORT`, for example `127.0.0.1:0` or `[::1]:8080`; on `unix:PATH`; or, with
    /// `fd`, on the sockets that the service manager hands over. May be called again.
    #[must_use]
    pub fn listen(mut self, address: impl Into<String>) -> Self {
        self.listen.push(address.into());
        self
    }

    /// Listens there, too, only to redirect (308) each request to https on the port of the first
    /// listener. Needs [`tls`](Self::tls).
    #[must_use]
    pub fn redirect_to_https(mut self, address: impl Into<String>) -> Self {
        self.redirect.push(address.into());
        self
    }

    /// The mode of the files of Unix sockets, such as `0o660`. Default: what the process's umask
    /// leaves.
    #[must_use]
    pub fn unix_mode(mut self, mode: u32) -> Self {
        self.unix_mode = Some(mode);
        self
    }

    /// Whether each connection begins with a PROXY header, version 1 or 2, which names the client.
    /// Only for listeners that nobody but the proxy reaches. Default: no.
    #[must_use]
    pub fn proxy_protocol(mut self, expected: bool) -> Self {
        self.proxy_protocol = expected;
        self
    }

    /// Accepts in `count` single-threaded runtimes, one per core, instead of in the runtime that
    /// serves: no work moves between cores. The first of them is the runtime that calls
    /// [`serve`](BoundServer::serve). Default: 1.
    #[must_use]
    pub fn per_core(mut self, count: usize) -> Self {
        self.per_core = count.max(1);
        self
    }

    /// Serves by TLS, with the certificate (and those that sign it) and the private key in these PEM
    /// files. May be called again: a client gets the certificate of the name that it asks for, else
    /// the first. Changed files are read anew. Needs the feature `tls`.
    #[must_use]
    pub fn tls(mut self, certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        self.tls.push(Files { certificate: certificate.into(), key: key.into() });
        self
    }

    /// What a client may cost.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Lets the system send file bodies by itself (`sendfile`), over HTTP/1 without TLS: they cost less,
    /// and are the same bytes. On Linux only; elsewhere, and over HTTP/2 and TLS, files are read and
    /// written. A file that is written to in place while it is sent cuts the connection before
    /// the last of it goes out, so that nobody takes it for whole; what the system has taken by then is the
    /// file's own memory, and may arrive changed. Files are to be replaced, not changed. The process must ignore SIGPIPE, as Rust's programs do. Default: no.
    #[must_use]
    pub fn sendfile(mut self, on: bool) -> Self {
        self.sendfile = on;
        self
    }

    /// Answers this path by itself: 200, or 503 once the server stops. Default: no path.
    #[must_use]
    pub fn health(mut self, path: impl Into<String>) -> Self {
        self.health = Some(path.into());
        self
    }

    /// How long a stop waits for requests that have begun, and for upgraded connections. Default:
    /// 30 s.
    #[must_use]
    pub fn graceful_timeout(mut self, timeout: Duration) -> Self {
        self.graceful_timeout = timeout;
        self
    }

    /// Reads the certificates and keys as [`bind`](Self::bind) does, and opens nothing.
    pub fn check_certificates(&self) -> io::Result<()> {
        if self.tls.is_empty() { Ok(()) } else { Certificates::load(self.tls.clone()).map(drop) }
    }

    /// Opens the sockets, and reads the certificates. From here on clients connect, though nothing
    /// answers them yet. An address that cannot be had is an error that names it.
    pub async fn bind(mut self) -> io::Result<BoundServer> {
        if self.listen.is_empty() {
            self.listen.push("127.0.0.1:8080".to_owned());
        }
        let is_tls = !self.tls.is_empty();
        if !self.redirect.is_empty() && !is_tls {
            let message = "a listener that redirects to https needs certificates";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
        }
        let certificates =
            if is_tls { Some(Certificates::load(std::mem::take(&mut self.tls))?) } else { None };
        let mut listeners = Vec::new();
        for address in &self.listen {
            listeners.extend(self.bind_one(address).await?);
        }
        for address in &self.redirect {
            let mut bound = self.bind_one(address).await?;
            for one in &mut bound {
                one.redirects = true;
            }
            listeners.extend(bound);
        }
        let marker = (self.sendfile && cfg!(target_os = "linux")).then(Marker::new);
        let control = Control::new(self.limits.clone(), certificates, marker);
        Ok(BoundServer { listeners, control, server: self })
    }

    async fn bind_one(&self, address: &str) -> io::Result<Vec<Bound>> {
        // Where the same port of IPv4 is listened to, that of IPv6 is for IPv6 alone.
        let only_v6 = address.strip_prefix("[::]:").is_some_and(|port| {
            self.listen
                .iter()
                .chain(&self.redirect)
                .any(|other| *other == format!("0.0.0.0:{port}"))
        });
        listen::bind(address, only_v6, self.per_core, self.unix_mode).await
    }
}

/// A server whose sockets are open.
#[derive(Debug)]
pub struct BoundServer {
    listeners: Vec<Bound>,
    control: Arc<Control>,
    server: Server,
}

impl BoundServer {
    /// The TCP addresses it listens on, with their real ports.
    pub fn local_addrs(&self) -> Vec<SocketAddr> {
        let address = |bound: &Bound| match bound.name {
            Name::Tcp(address) => Some(address),
            Name::Unix(_) => None,
        };
        self.listeners.iter().filter_map(address).collect()
    }

    /// The addresses as URLs, for people: `http://127.0.0.1:8080`, `https://...`, `unix:PATH`.
    pub fn urls(&self) -> Vec<String> {
        let is_tls = self.control.certificates.is_some();
        self.listeners.iter().map(|bound| bound.url(is_tls)).collect()
    }

    /// The server from outside, for as long as it serves.
    pub fn handle(&self) -> Handle {
        Handle(Arc::clone(&self.control))
    }

    /// Serves `app` until SIGTERM or SIGINT arrives; a second one ends it at once. It takes over
    /// these signals of the process, and SIGHUP, which reads the certificates anew.
    pub async fn serve(self, app: impl App) {
        match Signals::take() {
            Ok(signals) => self.serve_by(app, signals, || {}).await,
            Err(error) => {
                tracing::error!(%error, "cannot wait for signals: only killing ends this server");
                self.serve_until(app, std::future::pending()).await;
            }
        }
    }

    /// Like [`serve`](Self::serve), with signals that were taken before, and with something to do at
    /// each SIGHUP.
    pub async fn serve_by(self, app: impl App, signals: Signals, reload: impl Fn() + Send) {
        let govern = signals.govern(self.handle(), reload);
        tokio::select! {
            () = self.serve_until(app, std::future::pending()) => {}
            () = govern => {}
        }
    }

    /// Serves `app` until `stop` is ready or the [`Handle`] says so, then stops gracefully.
    pub async fn serve_until(self, app: impl App, stop: impl Future<Output = ()>) {
        let Self { listeners, control, server } = self;
        let redirect_to = listeners.iter().find_map(|bound| match bound.name {
            Name::Tcp(address) => Some(address.port()),
            Name::Unix(_) => None,
        });
        let mut places: Vec<Vec<(socket2::Socket, Door)>> = Vec::new();
        places.resize_with(server.per_core, Vec::new);
        let mut files = Vec::new();
        for bound in listeners {
            let door = Door { redirect_to: redirect_to.filter(|_| bound.redirects) };
            for (place, socket) in places.iter_mut().zip(bound.sockets) {
                place.push((socket, door));
            }
            files.extend(bound.file);
        }
        let serving = Arc::new(Serving {
            edge: Edge::new(app, Arc::clone(&control), server.health),
            control: Arc::clone(&control),
            proxy_protocol: server.proxy_protocol,
            proxy_warned: Once::new(),
        });
        let mut places = places.into_iter();
        let here = places.next().unwrap_or_default();
        let elsewhere: Vec<_> = places.map(|place| serve_apart(place, &serving)).collect();
        let mut accepting = accept_all(here, &serving);

        let handle = Handle(Arc::clone(&control));
        tokio::select! {
            () = stop => handle.stop(),
            () = control.stopping.cancelled() => {}
        }
        let connections = &control.connections;
        tracing::info!(connections = handle.counters().open_connections, "stopping");
        drop(files);
        while accepting.join_next().await.is_some() {}
        connections.close();
        let finished = tokio::select! {
            finished = tokio::time::timeout(server.graceful_timeout, connections.wait()) => finished,
            () = control.cutting.cancelled() => Ok(()),
        };
        if finished.is_err() {
            tracing::warn!(
                connections = handle.counters().open_connections,
                "cutting what has not finished in time"
            );
        }
        control.cutting.cancel();
        connections.wait().await;
        for thread in elsewhere.into_iter().flatten() {
            let joined = tokio::task::spawn_blocking(|| thread.join()).await;
            if !matches!(joined, Ok(Ok(()))) {
                tracing::error!("a runtime of the server ended by a panic");
            }
        }
    }
}

/// What all connections of a server share while it serves.
pub(crate) struct Serving<A> {
    pub(crate) edge: Edge<A>,
    pub(crate) control: Arc<Control>,
    pub(crate) proxy_protocol: bool,
    /// That a PROXY header was missing or wrong has been logged.
    pub(crate) proxy_warned: Once,
}

/// What a listener is for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Door {
    /// The port of https that it redirects to; `None`: it serves the app.
    pub(crate) redirect_to: Option<u16>,
}

type Place = Vec<(socket2::Socket, Door)>;

/// Accepts in the runtime that calls this, until the server stops.
fn accept_all<A: App>(place: Place, serving: &Arc<Serving<A>>) -> JoinSet<()> {
    let mut accepting = JoinSet::new();
    for (socket, door) in place {
        match Listener::new(socket) {
            Ok(listener) => drop(accepting.spawn(accept(listener, door, Arc::clone(serving)))),
            Err(error) => tracing::error!(%error, "cannot wait for connections"),
        }
    }
    accepting
}

/// Accepts in a runtime of its own, which ends after the last connection.
fn serve_apart<A: App>(place: Place, serving: &Arc<Serving<A>>) -> Option<JoinHandle<()>> {
    let serving = Arc::clone(serving);
    // While this accepts, the server does not take itself for finished.
    let accepts = serving.control.connections.token();
    let run = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        match runtime {
            Ok(runtime) => runtime.block_on(async {
                let mut accepting = accept_all(place, &serving);
                while accepting.join_next().await.is_some() {}
                drop(accepts);
                serving.control.connections.wait().await;
            }),
            Err(error) => tracing::error!(%error, "cannot start a runtime"),
        }
    };
    let thread = std::thread::Builder::new().name("paste-server".to_owned()).spawn(run);
    thread.inspect_err(|error| tracing::error!(%error, "cannot start a thread")).ok()
}

/// Accepts connections until the server stops, and then those that wait already. Each lives in a
/// task of its own.
async fn accept<A: App>(listener: Listener, door: Door, serving: Arc<Serving<A>>) {
    let control = &serving.control;
    let next = || async {
        control.room().await;
        listener.accept().await
    };
    while let Some(accepted) = control.stopping.run_until_cancelled(next()).await {
        match accepted {
            Ok((socket, client)) => begin(socket, client, door, &serving),
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                // Out of descriptors or memory: what is open must end before more can come.
                tracing::error!(%error, "cannot accept connections");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
    // Their clients think that they are connected. No more than the system queues, though: others
    // go on coming for as long as the socket is open.
    for _ in 0..BACKLOG {
        match listener.accept_waiting() {
            Some(Ok((socket, client))) => begin(socket, client, door, &serving),
            Some(Err(error)) if is_of_one_connection(&error) => {}
            Some(Err(_)) | None => break,
        }
    }
}

fn begin<A: App>(
    socket: socket2::Socket,
    client: Option<SocketAddr>,
    door: Door,
    serving: &Arc<Serving<A>>,
) {
    let control = &serving.control;
    let Some(slot) = control.enter(client.map(|client| client.ip())) else {
        return; // closes it
    };
    let accepted = Accepted { socket, client, slot, door };
    let connection = connection::serve(accepted, Arc::clone(serving));
    let connection = connection.instrument(span::of_connection(client));
    control.connections.spawn(connection);
}

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}
