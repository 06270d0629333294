//! Listens, accepts, and stops: `paste.httpserver`.
//!
//! 1. A server listens on one address or several; port 0 takes a free one.
//! 2. When it is told to stop it accepts no more, lets every request that has begun finish, and
//!    closes the connections that wait for one.
//! 3. What has not finished after the graceful timeout is cut.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use paste_core::App;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::connection;
use crate::edge::Edge;

/// A server before it listens. See the [crate](crate) for an example.
#[derive(Clone, Debug)]
pub struct Server {
    listen: Vec<String>,
    graceful_timeout: Duration,
}

impl Default for Server {
    fn default() -> Self {
        Self { listen: Vec::new(), graceful_timeout: Duration::from_secs(30) }
    }
}

impl Server {
    /// A server that listens on `127.0.0.1:8080` unless told otherwise.
    pub fn new() -> Self {
        Self::default()
    }

    /// Listens on `HOST:PORT`, for example `127.0.0.1:0` or `[::1]:8080`; may be called again.
    #[must_use]
    pub fn listen(mut self, address: impl Into<String>) -> Self {
        self.listen.push(address.into());
        self
    }

    /// How long a stop waits for requests that have begun. Default: 30 s.
    #[must_use]
    pub fn graceful_timeout(mut self, timeout: Duration) -> Self {
        self.graceful_timeout = timeout;
        self
    }

    /// Opens the sockets. From here on clients connect, though nothing answers them yet. An
    /// address that cannot be had is an error that names it.
    pub async fn bind(mut self) -> io::Result<BoundServer> {
        if self.listen.is_empty() {
            self.listen.push("127.0.0.1:8080".to_owned());
        }
        let mut listeners = Vec::with_capacity(self.listen.len());
        for address in &self.listen {
            let listener = TcpListener::bind(address).await.map_err(|error| {
                io::Error::new(error.kind(), format!("cannot listen on {address}: {error}"))
            })?;
            listeners.push((listener.local_addr()?, listener));
        }
        Ok(BoundServer { listeners, graceful_timeout: self.graceful_timeout })
    }
}

/// A server whose sockets are open.
#[derive(Debug)]
pub struct BoundServer {
    listeners: Vec<(SocketAddr, TcpListener)>,
    graceful_timeout: Duration,
}

impl BoundServer {
    /// The addresses it listens on, with their real ports.
    pub fn local_addrs(&self) -> Vec<SocketAddr> {
        self.listeners.iter().map(|(address, _)| *address).collect()
    }

    /// The addresses as URLs, for people: `http://127.0.0.1:8080`.
    pub fn urls(&self) -> Vec<String> {
        self.listeners.iter().map(|(address, _)| format!("http://{address}")).collect()
    }

    /// Serves `app` until SIGTERM or SIGINT arrives. It takes over both signals of the process.
    pub async fn serve(self, app: impl App) {
        match termination() {
            Ok(stop) => self.serve_until(app, stop).await,
            Err(error) => {
                tracing::error!(%error, "cannot wait for signals: only killing ends this server");
                self.serve_until(app, std::future::pending()).await;
            }
        }
    }

    /// Serves `app` until `stop` is ready, then stops gracefully.
    pub async fn serve_until(self, app: impl App, stop: impl Future<Output = ()>) {
        let serving = Arc::new(Serving {
            edge: Edge::new(app),
            stopping: CancellationToken::new(),
            cutting: CancellationToken::new(),
            connections: TaskTracker::new(),
        });
        let mut accepting = JoinSet::new();
        for (_, listener) in self.listeners {
            accepting.spawn(accept(listener, Arc::clone(&serving)));
        }
        stop.await;

        let connections = &serving.connections;
        tracing::info!(connections = connections.len(), "stopping");
        serving.stopping.cancel();
        accepting.join_all().await;
        connections.close();
        if tokio::time::timeout(self.graceful_timeout, connections.wait()).await.is_err() {
            tracing::warn!(
                connections = connections.len(),
                "cutting what has not finished in time"
            );
            serving.cutting.cancel();
            connections.wait().await;
        }
    }
}

/// What all connections of a server share while it serves.
pub(crate) struct Serving<A> {
    pub(crate) edge: Edge<A>,
    /// No new requests: those that have begun finish.
    pub(crate) stopping: CancellationToken,
    /// The end, finished or not.
    cutting: CancellationToken,
    connections: TaskTracker,
}

/// Accepts connections until the server stops. Each lives in a task of its own.
async fn accept<A: App>(listener: TcpListener, serving: Arc<Serving<A>>) {
    while let Some(accepted) = serving.stopping.run_until_cancelled(listener.accept()).await {
        match accepted {
            Ok((stream, client)) => {
                let cutting = serving.cutting.clone();
                let connection = connection::serve(stream, client, Arc::clone(&serving));
                serving.connections.spawn(cutting.run_until_cancelled_owned(connection));
            }
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                // Out of descriptors or memory: what is open must end before more can come.
                tracing::error!(%error, "cannot accept connections");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

/// Ready once the process is told to end, by SIGTERM or SIGINT. From the call on, these signals do
/// nothing else: call it before you tell anyone that the server listens.
pub fn termination() -> io::Result<impl Future<Output = ()>> {
    let mut term = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = term.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
