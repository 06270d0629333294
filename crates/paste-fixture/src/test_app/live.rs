//! A server by its URL, as an app.

use std::time::Duration;

use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use paste_core::{App, Body, BoxError, Error, Request, Response, Result};
use tokio::net::TcpStream;
use url::Url;

use super::in_process::{MAX_BODY, NoAnswer};

/// How long a whole answer may take.
const TIME_LIMIT: Duration = Duration::from_secs(30);

/// Sends each request to one server, over HTTP/1.1, on a connection of its own.
#[derive(Clone, Debug)]
pub(super) struct Live {
    server: Url,
}

impl Live {
    pub(super) fn new(server: Url) -> Self {
        Self { server }
    }

    async fn send(&self, request: Request) -> Result<Response, BoxError> {
        let host = self.server.host_str().ok_or("the URL has no host")?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let stream =
            TcpStream::connect((host, self.server.port_or_known_default().unwrap_or(80))).await?;
        let (mut client, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let connection = tokio::spawn(connection.with_upgrades());
        let (mut head, body) = client.send_request(request).await?.into_parts();
        let body = Body::new(body).collect(MAX_BODY).await;
        connection.abort();
        // They are between the server and this client, and say nothing of the answer itself.
        for of_the_connection in ["connection", "keep-alive", "transfer-encoding"] {
            head.headers.remove(of_the_connection);
        }
        Ok(Response::from_parts(
            head,
            body.map_err(|error| format!("the body broke: {error}"))?.into(),
        ))
    }
}

impl App for Live {
    async fn call(&self, request: Request) -> Result<Response> {
        let answer = tokio::time::timeout(TIME_LIMIT, self.send(request)).await;
        let answer =
            answer.unwrap_or_else(|_| Err(format!("nothing whole within {TIME_LIMIT:?}").into()));
        answer.map_err(|error| {
            let causes = std::iter::successors(Some(&*error as &dyn std::error::Error), |error| {
                error.source()
            });
            let causes: Vec<_> = causes.map(ToString::to_string).collect();
            Error::from(NoAnswer(format!("asking {}: {}", self.server, causes.join(": "))))
        })
    }
}
