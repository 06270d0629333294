//! One attack on a server of this machine, byte for byte, with its time and its answer bounded.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use url::Url;

use super::Attack;
use super::judge::{Answer, Outcome};

/// A server that may be attacked.
pub(super) struct Server {
    host: String,
    prefix: String,
    addresses: Vec<SocketAddr>,
}

/// After this long without a byte, an answer that has come to its end is the last.
const QUIET: Duration = Duration::from_millis(500);

impl Server {
    /// Finds the server at `url`, and makes sure that it is on this machine.
    pub(super) async fn find(url: &str) -> io::Result<Self> {
        let refuse = |why: String| io::Error::new(io::ErrorKind::InvalidInput, why);
        let parsed = Url::parse(url).ok().filter(|url| url.scheme() == "http");
        let Some((parsed, name)) = parsed.as_ref().and_then(|url| Some((url, url.host_str()?)))
        else {
            return Err(refuse(format!(
                "`{url}` is not a URL that begins with http:// and a host"
            )));
        };
        let name = name.trim_start_matches('[').trim_end_matches(']');
        let port = parsed.port_or_known_default().unwrap_or(80);
        let addresses: Vec<_> = tokio::net::lookup_host((name, port)).await?.collect();
        let foreign = addresses.iter().find(|address| !address.ip().to_canonical().is_loopback());
        if let Some(foreign) = foreign {
            return Err(refuse(format!(
                "{name} is {}, which is not a loopback address: only servers on this machine are attacked",
                foreign.ip()
            )));
        }
        let host = parsed[url::Position::BeforeHost..url::Position::AfterPort].to_owned();
        let prefix = parsed.path().trim_end_matches('/').to_owned();
        Ok(Self { host, prefix, addresses })
    }

    /// The value of the `Host` header.
    pub(super) fn host(&self) -> &str {
        &self.host
    }

    /// What goes before every target.
    pub(super) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Sends `attack` on a connection of its own. An error: the server cannot be reached.
    pub(super) async fn send(&self, attack: &Attack) -> io::Result<Outcome> {
        let allowed = &attack.allowed;
        let deadline = Instant::now() + allowed.time;
        let connecting = timeout(allowed.time, TcpStream::connect(&self.addresses[..])).await;
        let mut stream = connecting.map_err(io::Error::from)?.map_err(|error| {
            io::Error::new(error.kind(), format!("{} is not reached: {error}", self.host))
        })?;
        let bytes = attack.to_bytes(&self.host);
        let most = allowed.size + (1 << 20);
        let (mut reader, mut writer) = stream.split();
        let mut writing = pin!(writer.write_all(&bytes));
        let mut answer = Vec::new();
        let mut reading = pin!(async {
            loop {
                let wait = QUIET.min(deadline.saturating_duration_since(Instant::now()));
                match timeout(wait, reader.read_buf(&mut answer)).await {
                    Ok(Ok(0) | Err(_)) => return Ok((answer, true)),
                    Ok(Ok(_)) if answer.len() > most => return Err(Outcome::Endless),
                    Ok(Ok(_)) => {}
                    Err(_) if Instant::now() >= deadline => return Ok((answer, false)),
                    Err(_) => {
                        if !allowed.must_close && whole(&answer, attack.is_head()) {
                            return Ok((answer, false));
                        }
                    }
                }
            }
        });
        // A server may answer and close before it has read all.
        let mut is_written = false;
        let received = poll_fn(|context| {
            is_written = is_written || writing.as_mut().poll(context).is_ready();
            reading.as_mut().poll(context)
        })
        .await;
        Ok(match received {
            Ok((bytes, closed)) => outcome(bytes, closed, attack),
            Err(outcome) => outcome,
        })
    }
}

fn whole(bytes: &[u8], is_head: bool) -> bool {
    matches!(read_answer(bytes, is_head, false), Ok(Some((answer, _))) if answer.whole)
}

/// Reads all that a server sent.
fn outcome(bytes: Vec<u8>, closed: bool, attack: &Attack) -> Outcome {
    if bytes.is_empty() {
        return if closed { Outcome::Unanswered } else { Outcome::Late };
    }
    let bytes = Bytes::from(bytes);
    let (answer, mut rest) = match read_answer(&bytes, attack.is_head(), closed) {
        Ok(Some(found)) => found,
        Ok(None) if closed => return Outcome::Broken("the answer ends within its head".to_owned()),
        Ok(None) => return Outcome::Late,
        Err(why) => return Outcome::Broken(why),
    };
    if !closed && !answer.whole {
        return Outcome::Late;
    }
    let mut more = 0;
    while !rest.is_empty() {
        match read_answer(rest, false, closed) {
            Ok(Some((_, behind))) => rest = behind,
            _ => return Outcome::Broken("bytes behind the answer".to_owned()),
        }
        more += 1;
    }
    Outcome::Answered { answer, more, closed }
}

/// Reads one final answer of HTTP/1, and gives what is behind it. `None`: its head has no end yet.
fn read_answer(
    bytes: &[u8],
    is_head: bool,
    closed: bool,
) -> Result<Option<(Answer, &[u8])>, String> {
    let Some(end) = bytes.windows(4).position(|part| part == b"\r\n\r\n") else {
        return if b"HTTP/1.".starts_with(&bytes[..bytes.len().min(7)]) {
            Ok(None)
        } else {
            Err(no_answer(bytes))
        };
    };
    let (head, rest) = (&bytes[..end], &bytes[end + 4..]);
    let mut lines = head.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end);
    let status = lines.next().and_then(|line| {
        let line = std::str::from_utf8(line).ok()?.strip_prefix("HTTP/1.")?;
        line.get(2..5)?.parse::<u16>().ok()
    });
    let status = status.ok_or_else(|| no_answer(bytes))?;
    if (100..200).contains(&status) && status != 101 {
        return read_answer(rest, is_head, closed);
    }
    let mut headers = HeaderMap::new();
    for line in lines {
        let mut parts = line.splitn(2, |byte| *byte == b':');
        let name = parts.next().and_then(|name| HeaderName::from_bytes(name).ok());
        let value = parts.next().and_then(|value| HeaderValue::from_bytes(value.trim_ascii()).ok());
        let (Some(name), Some(value)) = (name, value) else {
            return Err(format!("no header: {:?}", String::from_utf8_lossy(line)));
        };
        headers.append(name, value);
    }
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let (body, whole, rest) = if is_head || matches!(status, 101 | 204 | 304) {
        (Bytes::new(), true, rest)
    } else if text(header::TRANSFER_ENCODING).is_some_and(|coding| coding.ends_with("chunked")) {
        read_chunks(rest)?
    } else if let Some(length) = text(header::CONTENT_LENGTH) {
        let length: usize = length.parse().map_err(|_| format!("Content-Length: {length}"))?;
        let has = length.min(rest.len());
        (Bytes::copy_from_slice(&rest[..has]), has == length, &rest[has..])
    } else {
        (Bytes::copy_from_slice(rest), closed, &rest[rest.len()..])
    };
    Ok(Some((Answer { status, headers, body, whole }, rest)))
}

fn no_answer(bytes: &[u8]) -> String {
    format!("no answer of HTTP/1: {:?}", String::from_utf8_lossy(&bytes[..bytes.len().min(60)]))
}

/// The content of a chunked body, whether it came to its end, and what is behind it.
fn read_chunks(bytes: &[u8]) -> Result<(Bytes, bool, &[u8]), String> {
    let mut body = Vec::new();
    let mut rest = bytes;
    loop {
        let Some(end) = rest.windows(2).position(|part| part == b"\r\n") else {
            return Ok((body.into(), false, &[]));
        };
        let size = std::str::from_utf8(&rest[..end]).ok();
        let size = size.and_then(|line| line.split(';').next());
        let size = size.and_then(|size| usize::from_str_radix(size.trim(), 16).ok());
        let size = size.ok_or("an answer with a chunk that has no size")?;
        rest = &rest[end + 2..];
        if size == 0 {
            // Trailers, and the empty line.
            let end = if rest.starts_with(b"\r\n") {
                Some(2)
            } else {
                rest.windows(4).position(|part| part == b"\r\n\r\n").map(|end| end + 4)
            };
            return Ok(end.map_or((body.clone().into(), false, &[]), |end| {
                (body.into(), true, &rest[end..])
            }));
        }
        if rest.len() < size + 2 {
            body.extend_from_slice(&rest[..rest.len().min(size)]);
            return Ok((body.into(), false, &[]));
        }
        body.extend_from_slice(&rest[..size]);
        rest = &rest[size + 2..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, closed: bool) -> (u16, String, bool, String) {
        let (answer, rest) = read_answer(text.as_bytes(), false, closed).unwrap().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (answer.status, text(&answer.body), answer.whole, text(rest))
    }

    #[test]
    fn answers_end_as_their_heads_say() {
        for (text, closed, body, whole, rest) in [
            ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcd", false, "abc", true, "d"),
            ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", true, "ab", false, ""),
            ("HTTP/1.1 200 OK\r\n\r\nab", true, "ab", true, ""),
            ("HTTP/1.1 200 OK\r\n\r\nab", false, "ab", false, ""),
            ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 200\r\n\r\n", true, "", true, ""),
            (
                "HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n3;x\r\nabc\r\n0\r\n\r\nd",
                true,
                "abc",
                true,
                "d",
            ),
            (
                "HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nT: x\r\n\r\n",
                true,
                "abc",
                true,
                "",
            ),
            ("HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab", true, "ab", false, ""),
            (
                "HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
                true,
                "abc",
                false,
                "",
            ),
        ] {
            let expected = (200, body.to_owned(), whole, rest.to_owned());
            assert_eq!(read(text, closed), expected, "{text}");
        }
        assert!(read_answer(b"HTTP/1.1 200 OK\r\nA: b\r\n", false, false).unwrap().is_none());
        for text in ["SSH-2.0-x", "HTTP/1.1 200 OK\r\na b\r\n\r\n", "HTTP/1.1 x\r\n\r\n"] {
            assert!(read_answer(text.as_bytes(), false, true).is_err(), "{text}");
        }
    }

    #[tokio::test]
    async fn only_servers_on_this_machine_are_found() {
        for url in [
            "http://127.0.0.1:1/a/",
            "http://[::1]:1",
            "http://[::ffff:127.0.0.1]/",
            "http://127.9.9.9/",
        ] {
            assert!(Server::find(url).await.is_ok(), "{url}");
        }
        let server = Server::find("http://127.0.0.1:81/a/").await.unwrap();
        assert_eq!((server.host(), server.prefix()), ("127.0.0.1:81", "/a"));
        for (url, complaint) in [
            ("http://192.0.2.1/", "192.0.2.1 is 192.0.2.1, which is not a loopback address"),
            ("http://0.0.0.0/", "not a loopback address"),
            ("http://[2001:db8::1]/", "not a loopback address"),
            ("https://127.0.0.1/", "begins with http://"),
            ("127.0.0.1:80", "begins with http://"),
        ] {
            let error = Server::find(url).await.err().unwrap().to_string();
            assert!(error.contains(complaint), "{url}: {error}");
        }
    }
}
