//! A server by its URL, as an app.

use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use paste_core::{App, Body, Error, Request, Response, Result};
use tokio::net::TcpStream;
use url::Url;

/// Sends each request to one server, over HTTP/1.1, on a connection of its own.
#[derive(Clone, Debug)]
pub(super) struct Live {
    server: Url,
}

impl Live {
    pub(super) fn new(server: Url) -> Self {
        Self { server }
    }

    async fn send(&self, request: Request) -> Result {
        let host = self.server.host_str().ok_or_else(|| Error::boxed("the URL has no host"))?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let stream =
            TcpStream::connect((host, self.server.port_or_known_default().unwrap_or(80))).await?;
        let (mut client, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        let mut response = client.send_request(request).await?;
        // They are between the server and this client, and say nothing of the answer itself.
        for of_the_connection in ["connection", "keep-alive", "transfer-encoding"] {
            response.headers_mut().remove(of_the_connection);
        }
        Ok(response.map(Body::new))
    }
}

impl App for Live {
    async fn call(&self, request: Request) -> Result<Response> {
        self.send(request).await.map_err(|error| error.note(format!("asking {}", self.server)))
    }
}
