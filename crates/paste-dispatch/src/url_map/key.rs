//! The keys of a map, and the hosts that they are for.

use std::borrow::Cow;
use std::fmt;

use http::uri::Authority;
use paste_core::path::decode;

/// Why an app cannot be mounted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MountError {
    /// The key is neither a path nor a host with a path.
    #[error(
        "`{0}` is not a mount key: expected `/path`, `//host/path`, `//host:port/path` or `//*.host/path`"
    )]
    NotAKey(String),
    /// The key's host is no host.
    #[error(
        "`{0}` does not name a host: expected `host`, `host:port` or `*.host` between `//` and the path"
    )]
    BadHost(String),
    /// Another app is mounted there.
    #[error("`{0}` is mounted twice")]
    Taken(String),
    /// Another mount has that name, or a name is empty or has a slash.
    #[error("`{0}` cannot be the name of a mount: it is taken, empty, or has a slash")]
    BadName(String),
}

/// A parsed key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) host: Option<HostKey>,
    /// The path, as it was written.
    pub(super) path: String,
}

/// The hosts that a key is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct HostKey {
    /// The name in lower case; with `below`, the one that the host's name ends with.
    pub(super) name: String,
    /// `*.name`.
    pub(super) below: bool,
    pub(super) port: Option<u16>,
}

impl Key {
    pub(super) fn parse(key: &str) -> Result<Self, MountError> {
        let climbs = key.split('/').any(|segment| matches!(&*decode(segment), b"." | b".."));
        if climbs || key.contains(['?', '#', '\\']) || key.chars().any(char::is_control) {
            return Err(MountError::NotAKey(key.to_owned()));
        }
        let after_scheme = key.strip_prefix("http:").or_else(|| key.strip_prefix("https:"));
        if let Some(rest) = after_scheme.unwrap_or(key).strip_prefix("//") {
            let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            let host = HostKey::parse(host).ok_or_else(|| MountError::BadHost(key.to_owned()))?;
            return Ok(Self { host: Some(host), path: path.to_owned() });
        }
        if after_scheme.is_some() || !(key.is_empty() || key.starts_with('/')) {
            return Err(MountError::NotAKey(key.to_owned()));
        }
        Ok(Self { host: None, path: key.to_owned() })
    }
}

impl HostKey {
    fn parse(text: &str) -> Option<Self> {
        let (below, host) = match text.strip_prefix("*.") {
            Some(host) => (true, host),
            None => (false, text),
        };
        let authority = host.parse::<Authority>().ok()?;
        let (name, port) = split_port(host);
        if name != authority.host() || name.is_empty() || name.contains('*') {
            return None;
        }
        let port = match port {
            Some(port) => Some(port.parse().ok()?),
            None => None,
        };
        let name = without_final_dot(name).to_ascii_lowercase();
        Some(Self { name, below, port })
    }
}

/// As a key says it.
impl fmt::Display for HostKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.below { "*." } else { "" }, self.name)?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

/// The host of a request: its name in lower case, and its port, or else the scheme's.
pub(super) fn host_and_port<'a>(host: &'a str, scheme: &str) -> (Cow<'a, str>, u16) {
    let (name, port) = split_port(host);
    let name = without_final_dot(name);
    let is_lower = !name.bytes().any(|byte| byte.is_ascii_uppercase());
    let name = if is_lower { Cow::Borrowed(name) } else { Cow::Owned(name.to_ascii_lowercase()) };
    let scheme_port = if scheme == "https" { 443 } else { 80 };
    (name, port.and_then(|port| port.parse().ok()).unwrap_or(scheme_port))
}

/// The names that `name` is below, the nearest first: `example.org` and `org` of `a.example.org`.
pub(super) fn parents(name: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(name), |name| name.split_once('.').map(|(_, parent)| parent)).skip(1)
}

/// `example.org.` is `example.org`.
fn without_final_dot(name: &str) -> &str {
    name.strip_suffix('.').unwrap_or(name)
}

/// Splits `host:port`; an IPv6 address keeps its brackets.
fn split_port(host: &str) -> (&str, Option<&str>) {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => (name, Some(port)),
        _ => (host, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_a_path_or_a_host_with_a_path() {
        for (key, host, path) in [
            ("", None, ""),
            ("/", None, "/"),
            ("/a/b/", None, "/a/b/"),
            ("//Example.org", Some("example.org"), ""),
            ("//example.org.:80/", Some("example.org:80"), "/"),
            ("//example.org:8080/a", Some("example.org:8080"), "/a"),
            ("http://example.org/a", Some("example.org"), "/a"),
            ("https://*.example.org/", Some("*.example.org"), "/"),
            ("//[::1]:80/", Some("[::1]:80"), "/"),
            ("//*.localhost:8080/", Some("*.localhost:8080"), "/"),
        ] {
            let parsed = Key::parse(key).unwrap();
            let parsed = (parsed.host.map(|host| host.to_string()), &*parsed.path);
            assert_eq!(parsed, (host.map(str::to_owned), path), "{key}");
        }
        for key in [
            "a",
            "ftp://example.org/",
            "http:/a",
            "/a?b",
            "/a#b",
            "/a\nb",
            "/a\\b",
            "*",
            "/a/../b",
            "/%2e/",
        ] {
            assert!(matches!(Key::parse(key), Err(MountError::NotAKey(_))), "{key}");
        }
        for key in
            ["///a", "//a b/", "//user@host/", "//*/", "//*.*.org/", "//a:port/", "//a:99999/"]
        {
            assert!(matches!(Key::parse(key), Err(MountError::BadHost(_))), "{key}");
        }
    }

    #[test]
    fn a_host_is_split_and_has_parents() {
        for (host, scheme, name, port) in [
            ("A.Example.org", "https", "a.example.org", 443),
            ("localhost.:8080", "http", "localhost", 8080),
            ("[::1]:81", "http", "[::1]", 81),
            ("[::1]", "http", "[::1]", 80),
            ("a:", "http", "a", 80),
        ] {
            assert_eq!(host_and_port(host, scheme), (Cow::Borrowed(name), port), "{host}");
        }
        assert!(parents("a.example.org").eq(["example.org", "org"]));
        assert!(parents("localhost").eq([""; 0]));
    }
}
