//! The keys of a map, and the host patterns that a request's host fits.

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
}

/// A parsed key.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Key {
    /// The lower-case host pattern, if the key is for one.
    pub(super) host: Option<String>,
    /// The path, as it was written.
    pub(super) path: String,
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
            let host = without_final_dot(&host.to_ascii_lowercase());
            if !is_host_pattern(&host) {
                return Err(MountError::BadHost(key.to_owned()));
            }
            return Ok(Self { host: Some(host), path: path.to_owned() });
        }
        if after_scheme.is_some() || !(key.is_empty() || key.starts_with('/')) {
            return Err(MountError::NotAKey(key.to_owned()));
        }
        Ok(Self { host: None, path: key.to_owned() })
    }
}

fn is_host_pattern(pattern: &str) -> bool {
    let host = pattern.strip_prefix("*.").unwrap_or(pattern);
    let Ok(authority) = host.parse::<Authority>() else {
        return false;
    };
    let (name, port) = split_port(host);
    name == authority.host()
        && !name.contains('*')
        && port.is_none_or(|port| port.parse::<u16>().is_ok())
}

/// The patterns that a request's host fits, the most particular first. A missing port is the
/// scheme's.
pub(super) fn host_patterns(host: &str, scheme: &str) -> impl Iterator<Item = String> + use<> {
    let host = without_final_dot(host);
    let (name, port) = split_port(&host);
    let scheme_port = if scheme == "https" { "443" } else { "80" };
    let port = port.filter(|port| !port.is_empty()).unwrap_or(scheme_port).to_owned();
    let name = name.to_ascii_lowercase();
    let parents =
        name.match_indices('.').map(|(dot, _)| format!("*{}", &name[dot..])).collect::<Vec<_>>();
    std::iter::once(name).chain(parents).flat_map(move |name| [format!("{name}:{port}"), name])
}

/// `example.org.` is `example.org`, with a port or without.
fn without_final_dot(host: &str) -> String {
    match split_port(host) {
        (name, Some(port)) => format!("{}:{port}", name.strip_suffix('.').unwrap_or(name)),
        (name, None) => name.strip_suffix('.').unwrap_or(name).to_owned(),
    }
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
            let expected = Key { host: host.map(str::to_owned), path: path.to_owned() };
            assert_eq!(Key::parse(key), Ok(expected), "{key}");
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
    fn the_most_particular_pattern_comes_first() {
        let patterns: Vec<_> = host_patterns("A.Example.org", "https").collect();
        assert_eq!(
            patterns,
            [
                "a.example.org:443",
                "a.example.org",
                "*.example.org:443",
                "*.example.org",
                "*.org:443",
                "*.org"
            ]
        );
        let patterns: Vec<_> = host_patterns("[::1]:8080", "http").collect();
        assert_eq!(patterns, ["[::1]:8080", "[::1]"]);
        assert_eq!(host_patterns("localhost.", "http").last().unwrap(), "localhost");
    }
}
