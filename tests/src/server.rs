//! A server in process, and raw bytes to and from it.

use std::net::SocketAddr;
use std::time::Duration;

use paste_core::App;
use paste_server::{Handle, Server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Waits for something that must happen; a test that waits longer than this has failed.
pub async fn within<F: Future>(what: &str, future: F) -> F::Output {
    let limited = tokio::time::timeout(Duration::from_secs(20), future).await;
    limited.unwrap_or_else(|_| panic!("waited too long for {what}"))
}

/// A server on a free port, serving until it is stopped or dropped.
#[derive(Debug)]
pub struct TestServer {
    /// Where it listens.
    pub addr: SocketAddr,
    /// The server from outside.
    pub handle: Handle,
    stop: Option<oneshot::Sender<()>>,
    serving: JoinHandle<()>,
}

impl TestServer {
    /// Serves `app`.
    pub async fn new(app: impl App) -> Self {
        Self::with(Server::new(), app).await
    }

    /// Serves `app` by `server`, on a free port.
    pub async fn with(server: Server, app: impl App) -> Self {
        let bound = server.listen("127.0.0.1:0").bind().await.expect("a free port");
        let addr = *bound.local_addrs().last().expect("that of the free port");
        let handle = bound.handle();
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = tokio::spawn(bound.serve_until(app, async {
            let _ = stopped.await;
        }));
        Self { addr, handle, stop: Some(stop), serving }
    }

    /// Tells the server to stop, and does not wait.
    pub fn begin_stop(&mut self) {
        drop(self.stop.take());
    }

    /// Waits until the server has ended.
    pub async fn ended(self) {
        within("the server to end", self.serving).await.expect("serving does not panic");
    }

    /// Stops the server, and waits for its end.
    pub async fn ended_now(mut self) {
        self.begin_stop();
        self.ended().await;
    }

    /// A new connection.
    pub async fn connect(&self) -> TcpStream {
        within("a connection", TcpStream::connect(self.addr)).await.expect("the server listens")
    }

    /// Sends `bytes` on a new connection, and gives all that comes back until the server closes.
    pub async fn raw(&self, bytes: impl AsRef<[u8]>) -> String {
        let mut stream = self.connect().await;
        // A server may answer and close before it has read all.
        let _ = stream.write_all(bytes.as_ref()).await;
        let mut answer = Vec::new();
        let _ = within("the server to close", stream.read_to_end(&mut answer)).await;
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// One GET, and the whole answer.
    pub async fn get(&self, target: &str) -> String {
        self.raw(format!("GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"))
            .await
    }
}
