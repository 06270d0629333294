//! A server by its URL, as an app.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderValue, header};
use http_body::Frame;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use paste_core::{App, Body, BoxError, Error, Request, Response, Result};
use tokio::net::TcpStream;
use url::Url;

use super::in_process::{NoAnswer, gather};

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
        let mut received = BytesMut::new();
        let broke = gather(Body::new(body), &mut received).await.err();
        connection.abort();
        // They are between the server and this client, and say nothing of the answer itself.
        let upgrades = head.headers.contains_key(header::UPGRADE) && has_option(&head, "upgrade");
        for of_the_connection in ["connection", "keep-alive", "transfer-encoding"] {
            head.headers.remove(of_the_connection);
        }
        // That much is of the answer: which goes with Upgrade.
        if upgrades {
            head.headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        }
        let received = received.freeze();
        let body = match broke {
            None => received.into(),
            Some(broke) => Body::new(Cut { received: Some(received), broke: Some(broke) }),
        };
        Ok(Response::from_parts(head, body))
    }
}

/// Whether `Connection` lists the option.
fn has_option(head: &http::response::Parts, option: &str) -> bool {
    let lines = head.headers.get_all(header::CONNECTION).into_iter();
    let mut lines = lines.filter_map(|line| line.to_str().ok());
    lines.any(|line| line.split(',').any(|part| part.trim().eq_ignore_ascii_case(option)))
}

/// A body that broke: what had come of it, and how.
struct Cut {
    received: Option<Bytes>,
    broke: Option<Error>,
}

impl http_body::Body for Cut {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let received = self.received.take().map(|data| Ok(Frame::data(data)));
        Poll::Ready(received.or_else(|| self.broke.take().map(|error| Err(error.into_boxed()))))
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
