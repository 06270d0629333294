//! An attack: its name, its message, and the bytes of it.

use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{HeaderName, HeaderValue, Method, Uri, header};
use paste_core::{Body, Request};

use super::{Allowed, Class};

/// One attack: a request, or bytes that are none, and what a right service may answer.
///
/// The corpora are lists of them. More of the same kind for a service of one's own:
///
/// ```
/// use paste_fixture::attack::{Allowed, Attack, Class};
///
/// let attack = Attack::get("pages-climb", Class::Paths, "/pages/..%2f..%2fsecret.txt")
///     .why("the page store takes names from the path")
///     .allow(Allowed::refused());
/// ```
#[derive(Clone, Debug)]
pub struct Attack {
    name: &'static str,
    class: Class,
    why: &'static str,
    message: Message,
    content: Content,
    pub(super) allowed: Allowed,
}

/// What the body of an attack is to a reader of its content type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// It can be read.
    Sound,
    /// It breaks the rules of its content type: whoever reads it refuses it.
    Malformed,
    /// It has more of something than any reader should take: fields, parts, bytes, depth.
    Excessive,
}

#[derive(Clone, Debug)]
enum Message {
    Request {
        method: &'static str,
        prefix: String,
        target: Bytes,
        headers: Vec<(&'static str, Bytes)>,
        body: Bytes,
    },
    /// Bytes as they go out, but for `{path}` and `{host}`.
    Raw { prefix: String, bytes: Bytes },
}

impl Attack {
    /// A GET of `target`, which a right service [answers](Allowed::answered). `name` is in
    /// kebab case and tells the attack from all others.
    pub fn get(name: &'static str, class: Class, target: impl Into<Bytes>) -> Self {
        Self::request("GET", name, class, target, Bytes::new())
    }

    /// A POST of `body` to `/`, which a right service [answers](Allowed::answered).
    pub fn post(
        name: &'static str,
        class: Class,
        content_type: impl Into<Bytes>,
        body: impl Into<Bytes>,
    ) -> Self {
        Self::request("POST", name, class, "/", body.into()).header("Content-Type", content_type)
    }

    /// Bytes for a server, after which it [closes](Allowed::then_closed) the connection. In them,
    /// `{path}` is the path below which the server is attacked, with its last slash, and `{host}`
    /// the value of the `Host` header. For servers only: in process the attack is skipped.
    pub fn raw(name: &'static str, bytes: impl Into<Bytes>) -> Self {
        let message = Message::Raw { prefix: String::new(), bytes: bytes.into() };
        Self::new(name, Class::Raw, message, Allowed::answered().then_closed())
    }

    fn request(
        method: &'static str,
        name: &'static str,
        class: Class,
        target: impl Into<Bytes>,
        body: Bytes,
    ) -> Self {
        let (target, prefix) = (target.into(), String::new());
        let message = Message::Request { method, prefix, target, headers: Vec::new(), body };
        Self::new(name, class, message, Allowed::answered())
    }

    fn new(name: &'static str, class: Class, message: Message, allowed: Allowed) -> Self {
        Self { name, class, why: "", message, content: Content::Sound, allowed }
    }

    /// Says why the attack is there: an advisory, a section of an RFC, or a kind of program that it
    /// has broken.
    #[must_use]
    pub fn why(mut self, why: &'static str) -> Self {
        self.why = why;
        self
    }

    /// Uses another method. A raw attack stays as it is.
    #[must_use]
    pub fn method(mut self, other: &'static str) -> Self {
        if let Message::Request { method, .. } = &mut self.message {
            *method = other;
        }
        self
    }

    /// Adds a header; `Host` takes the place of the real one. A raw attack stays as it is.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<Bytes>) -> Self {
        if let Message::Request { headers, .. } = &mut self.message {
            headers.push((name, value.into()));
        }
        self
    }

    /// Sends the request to another target. A raw attack stays as it is.
    #[must_use]
    pub fn at(mut self, other: impl Into<Bytes>) -> Self {
        if let Message::Request { target, .. } = &mut self.message {
            *target = other.into();
        }
        self
    }

    /// Puts `prefix`, where a service is mounted, before the target: `/files`, without a last slash.
    #[must_use]
    pub fn below(mut self, prefix: &str) -> Self {
        let (Message::Request { prefix: own, .. } | Message::Raw { prefix: own, .. }) =
            &mut self.message;
        own.insert_str(0, prefix);
        self
    }

    /// Says what its body is.
    #[must_use]
    pub fn content(mut self, content: Content) -> Self {
        self.content = content;
        self
    }

    /// Says what a right service may answer.
    #[must_use]
    pub fn allow(mut self, allowed: Allowed) -> Self {
        self.allowed = allowed;
        self
    }

    /// For a service that is known to read the body: one that is not [sound](Content::Sound) must
    /// be [refused](Allowed::refused).
    #[must_use]
    pub fn read(mut self) -> Self {
        if self.content != Content::Sound {
            self.allowed.statuses = Allowed::refused().statuses;
        }
        self
    }

    /// What tells this attack from all others.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// What it tries.
    pub fn class(&self) -> Class {
        self.class
    }

    /// Why it is there.
    pub fn reason(&self) -> &'static str {
        self.why
    }

    /// What its body is.
    pub fn body_is(&self) -> Content {
        self.content
    }

    /// What a right service may answer.
    pub fn allowed(&self) -> &Allowed {
        &self.allowed
    }

    /// The request for an app in process; `None` where there is none of that shape.
    pub(super) fn to_request(&self, host: &str) -> Option<Request> {
        let Message::Request { method, prefix, target, headers, body } = &self.message else {
            return None;
        };
        let mut request = Request::new(Body::from(body.clone()));
        *request.method_mut() = Method::from_bytes(method.as_bytes()).ok()?;
        let target = [prefix.as_bytes(), target].concat();
        let target = target.starts_with(b"/").then(|| PathAndQuery::try_from(target).ok())??;
        *request.uri_mut() = Uri::from(target);
        let map = request.headers_mut();
        for (name, value) in headers {
            let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
            map.try_append(name, HeaderValue::from_bytes(value).ok()?).ok()?;
        }
        if !map.contains_key(header::HOST) {
            map.insert(header::HOST, HeaderValue::try_from(host).ok()?);
        }
        if self.has_body() {
            map.insert(header::CONTENT_LENGTH, body.len().into());
        }
        Some(request)
    }

    /// The bytes for a server.
    #[cfg(feature = "live")]
    pub(super) fn to_bytes(&self, host: &str) -> Vec<u8> {
        match &self.message {
            Message::Raw { prefix, bytes } => {
                let path = format!("{prefix}/");
                fill_in(bytes, [(b"{path}", path.as_bytes()), (b"{host}", host.as_bytes())])
            }
            Message::Request { method, prefix, target, headers, body } => {
                let mut bytes = format!("{method} {prefix}").into_bytes();
                bytes.extend_from_slice(target);
                bytes.extend_from_slice(b" HTTP/1.1\r\n");
                let mut line = |name: &str, value: &[u8]| {
                    bytes.extend_from_slice(name.as_bytes());
                    bytes.extend_from_slice(b": ");
                    bytes.extend_from_slice(value);
                    bytes.extend_from_slice(b"\r\n");
                };
                if self.host_header().is_none() {
                    line("Host", host.as_bytes());
                }
                for (name, value) in headers {
                    line(name, value);
                }
                if self.has_body() {
                    line("Content-Length", body.len().to_string().as_bytes());
                }
                line("Connection", b"close");
                bytes.extend_from_slice(b"\r\n");
                bytes.extend_from_slice(body);
                bytes
            }
        }
    }

    /// The host that the request names, if it names another than its server's.
    #[cfg(feature = "live")]
    fn host_header(&self) -> Option<&[u8]> {
        let Message::Request { headers, .. } = &self.message else {
            return None;
        };
        let host = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("host"));
        host.map(|(_, value)| &**value)
    }

    /// Whether the request has this host somewhere, as a word of its own.
    pub(super) fn names(&self, host: &str) -> bool {
        let holds = |bytes: &[u8]| {
            let text = String::from_utf8_lossy(bytes).to_ascii_lowercase();
            let in_host = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
            !host.is_empty()
                && text.match_indices(host).any(|(start, _)| {
                    let (before, behind) = (&text[..start], &text[start + host.len()..]);
                    !before.ends_with(in_host) && !behind.starts_with(in_host)
                })
        };
        match &self.message {
            Message::Request { target, headers, body, .. } => {
                holds(target) || holds(body) || headers.iter().any(|(_, value)| holds(value))
            }
            Message::Raw { bytes, .. } => holds(bytes),
        }
    }

    /// Whether the answer has no content, whatever its head says.
    pub(super) fn is_head(&self) -> bool {
        match &self.message {
            Message::Request { method, .. } => *method == "HEAD",
            Message::Raw { bytes, .. } => bytes.starts_with(b"HEAD "),
        }
    }

    fn has_body(&self) -> bool {
        matches!(&self.message, Message::Request { method, body, .. } if *method == "POST" || !body.is_empty())
    }
}

/// Puts values in the places that have their names.
#[cfg(feature = "live")]
fn fill_in(text: &[u8], values: [(&[u8], &[u8]); 2]) -> Vec<u8> {
    let mut filled = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(place) = rest.iter().position(|byte| *byte == b'{') {
        filled.extend_from_slice(&rest[..place]);
        rest = &rest[place..];
        let found = values.into_iter().find(|(name, _)| rest.starts_with(name));
        let (name, value) = found.unwrap_or((b"{", b"{"));
        filled.extend_from_slice(value);
        rest = &rest[name.len()..];
    }
    filled.extend_from_slice(rest);
    filled
}

#[cfg(all(test, feature = "live"))]
mod tests {
    use super::*;

    #[test]
    fn a_request_goes_out_as_it_is() {
        let attack = Attack::get("x", Class::Paths, "/../%00").header("X", &b"\xFF\0"[..]);
        let bytes = attack.clone().below("/files").to_bytes("a:1");
        let expected =
            b"GET /files/../%00 HTTP/1.1\r\nHost: a:1\r\nX: \xFF\0\r\nConnection: close\r\n\r\n";
        assert_eq!(bytes, expected);
        assert!(attack.to_request("a").is_none(), "no header has a NUL");
    }

    #[test]
    fn raw_bytes_know_path_and_host() {
        let attack = Attack::raw("x", "GET {path}a HTTP/1.1\r\nHost: {host}\r\n\r\n{{path}");
        assert_eq!(attack.to_bytes("b"), b"GET /a HTTP/1.1\r\nHost: b\r\n\r\n{/");
        assert!(attack.to_request("b").is_none());
    }

    #[test]
    fn a_reader_must_refuse_what_is_not_sound() {
        let attack = Attack::post("x", Class::Forms, "text/plain", "a").header("Host", "b");
        assert_eq!(attack.clone().read().allowed, Allowed::answered());
        let read = attack.clone().content(Content::Excessive).read();
        assert_eq!(read.allowed, Allowed::refused());
        let request = attack.to_request("c").unwrap();
        assert_eq!(
            (&request.headers()["host"], &request.headers()["content-length"]),
            (&HeaderValue::from_static("b"), &HeaderValue::from_static("1"))
        );
    }
}
