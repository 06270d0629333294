//! `Forwarded` (RFC 7239, section 4):
//!
//! ```text
//! Forwarded         = #forwarded-element
//! forwarded-element = [ forwarded-pair ] *( ";" [ forwarded-pair ] )
//! forwarded-pair    = token "=" ( token / quoted-string )
//! node              = nodename [ ":" node-port ]
//! nodename          = IPv4address / "[" IPv6address "]" / "unknown" / obfnode
//! ```

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use http::{HeaderMap, HeaderName, header};

use super::scan::{Scanner, is_token_char, quote, split_list};

/// What the proxies on the way say of the request that each of them got, the one next to the client
/// first.
///
/// ```
/// use paste_core::header::Forwarded;
///
/// let forwarded = Forwarded::parse(r#"for=192.0.2.43;proto=https, for="[2001:db8::17]:4711""#).unwrap();
/// assert_eq!(forwarded.elements()[0].proto.as_deref(), Some("https"));
/// assert_eq!(forwarded.elements()[1].client().unwrap().to_string(), "[2001:db8::17]:4711");
/// ```
///
/// Anyone may have written any of it: [`TrustedProxies`](crate::TrustedProxies) tells what to believe.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forwarded {
    elements: Vec<ForwardedElement>,
}

/// What one proxy says: see [`Forwarded`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ForwardedElement {
    /// `for`: who made the request to the proxy.
    pub client: Option<Node>,
    /// `by`: the proxy.
    pub by: Option<Node>,
    /// `host`: the `Host` header as the proxy got it.
    pub host: Option<String>,
    /// `proto`: the scheme, in lower case.
    pub proto: Option<String>,
}

/// A party of a connection (RFC 7239, section 6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// An address, with port 0 where none is told.
    Address(SocketAddr),
    /// An address that is not known (`unknown`) or not told (`_` and a name).
    Hidden(String),
}

impl ForwardedElement {
    /// Reads one element. `None`: it is malformed.
    pub fn parse(text: &str) -> Option<Self> {
        element(text)
    }

    /// The address of the client, where it is told.
    pub fn client(&self) -> Option<SocketAddr> {
        match self.client {
            Some(Node::Address(address)) => Some(address),
            _ => None,
        }
    }
}

impl Forwarded {
    /// Reads the lines of `headers`. `None`: the header is absent, or malformed.
    pub fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let mut elements = Vec::new();
        let lines = headers.get_all(&HEADER);
        for line in lines {
            elements.extend(Self::parse(line.to_str().ok()?)?.elements);
        }
        (!elements.is_empty()).then_some(Self { elements })
    }

    /// Reads one line. `None`: it is malformed.
    pub fn parse(line: &str) -> Option<Self> {
        let elements: Option<Vec<_>> = split_list(line, ',').map(ForwardedElement::parse).collect();
        elements.filter(|elements| !elements.is_empty()).map(|elements| Self { elements })
    }

    /// The elements, in the order of the header: each proxy has added its own at the end.
    pub fn elements(&self) -> &[ForwardedElement] {
        &self.elements
    }
}

const HEADER: HeaderName = header::FORWARDED;

fn element(text: &str) -> Option<ForwardedElement> {
    let mut element = ForwardedElement::default();
    for pair in split_list(text, ';') {
        let mut scanner = Scanner::new(pair);
        let name = scanner.token()?;
        if !scanner.eat('=') {
            return None;
        }
        let value = scanner.value()?;
        if !scanner.is_at_end() {
            return None;
        }
        // A parameter must not occur more than once (section 4).
        let first = match &*name.to_ascii_lowercase() {
            "for" => element.client.replace(Node::parse(&value)?).is_none(),
            "by" => element.by.replace(Node::parse(&value)?).is_none(),
            "host" => {
                if !crate::host::is_valid(value.as_bytes()) || value.is_empty() {
                    return None;
                }
                element.host.replace(value.into_owned()).is_none()
            }
            "proto" => {
                let is_scheme = value.starts_with(|first: char| first.is_ascii_alphabetic())
                    && value.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
                if !is_scheme {
                    return None;
                }
                element.proto.replace(value.to_ascii_lowercase()).is_none()
            }
            _ => true, // an extension
        };
        if !first {
            return None;
        }
    }
    Some(element)
}

impl Node {
    /// Reads a node. The port of an address may be obfuscated, and is then 0.
    pub fn parse(text: &str) -> Option<Self> {
        let is_obfuscated = |text: &str| {
            text.len() > 1
                && text.starts_with('_')
                && text.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
        };
        let (name, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (address, port) = rest.split_once(']')?;
                (address, port)
            }
            None => text.split_at(text.find(':').unwrap_or(text.len())),
        };
        let port = match port.strip_prefix(':') {
            Some(port) if is_obfuscated(port) => 0,
            Some(port) => {
                let is_number = port.len() <= 5 && port.bytes().all(|byte| byte.is_ascii_digit());
                is_number.then(|| port.parse().ok()).flatten()?
            }
            None if port.is_empty() => 0,
            None => return None,
        };
        if text.starts_with('[') {
            return Some(Self::Address(SocketAddr::new(IpAddr::V6(name.parse().ok()?), port)));
        }
        if is_obfuscated(name) || name.eq_ignore_ascii_case("unknown") {
            return Some(Self::Hidden(name.to_owned()));
        }
        Some(Self::Address(SocketAddr::new(IpAddr::V4(name.parse().ok()?), port)))
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hidden(name) => f.write_str(name),
            Self::Address(address) if address.port() != 0 => address.fmt(f),
            Self::Address(address) => match address.ip() {
                IpAddr::V4(ip) => ip.fmt(f),
                IpAddr::V6(ip) => write!(f, "[{ip}]"),
            },
        }
    }
}

impl fmt::Display for Forwarded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, element) in self.elements.iter().enumerate() {
            f.write_str(if place == 0 { "" } else { ", " })?;
            let pairs = [
                ("for", element.client.as_ref().map(Node::to_string)),
                ("by", element.by.as_ref().map(Node::to_string)),
                ("host", element.host.clone()),
                ("proto", element.proto.clone()),
            ];
            let mut separator = "";
            for (name, value) in pairs {
                let Some(value) = value else { continue };
                let value = if value.chars().all(is_token_char) { value } else { quote(&value) };
                write!(f, "{separator}{name}={value}")?;
                separator = ";";
            }
        }
        Ok(())
    }
}

#[cfg(feature = "headers")]
impl headers::Header for Forwarded {
    fn name() -> &'static HeaderName {
        &header::FORWARDED
    }

    fn decode<'i, I: Iterator<Item = &'i http::HeaderValue>>(
        values: &mut I,
    ) -> Result<Self, headers::Error> {
        let mut elements = Vec::new();
        for value in values {
            let line = value.to_str().ok().and_then(Self::parse);
            elements.extend(line.ok_or_else(headers::Error::invalid)?.elements);
        }
        if elements.is_empty() { Err(headers::Error::invalid()) } else { Ok(Self { elements }) }
    }

    fn encode<E: Extend<http::HeaderValue>>(&self, values: &mut E) {
        values.extend(http::HeaderValue::try_from(self.to_string()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_read() {
        // Examples of RFC 7239, section 4 and 6.
        for (line, expected) in [
            (r#"for="_gazonk""#, "for=_gazonk"),
            (r#"For="[2001:db8:cafe::17]:4711""#, r#"for="[2001:db8:cafe::17]:4711""#),
            (
                "for=192.0.2.60;proto=http;by=203.0.113.43",
                "for=192.0.2.60;by=203.0.113.43;proto=http",
            ),
            ("for=192.0.2.43, for=198.51.100.17", "for=192.0.2.43, for=198.51.100.17"),
            (r#"for="192.0.2.43:47011""#, r#"for="192.0.2.43:47011""#),
            (r#"for="192.0.2.43:_x""#, "for=192.0.2.43"),
            ("for=unknown;;host=example.org", "for=unknown;host=example.org"),
            (r#"for="_a:_b";secret=x"#, "for=_a"),
            (r#"proto=HTTPS;host="example.org:8443""#, r#"host="example.org:8443";proto=https"#),
        ] {
            assert_eq!(
                Forwarded::parse(line).map(|f| f.to_string()).as_deref(),
                Some(expected),
                "{line}"
            );
        }
    }

    #[test]
    fn a_malformed_line_is_none() {
        for line in [
            "",
            "for",
            "for=",
            "for=;proto=http",
            "for = 192.0.2.43",
            "for=192.0.2.43;for=192.0.2.44",
            r#"for="192.0.2.43"#,
            "for=192.0.2.43 proto=http",
            "for=2001:db8::1",
            r#"for="2001:db8::1""#,
            r#"for="[::1""#,
            r#"for="[::1]x""#,
            r#"for="192.0.2.43:99999""#,
            r#"for="192.0.2.43:+80""#,
            "for=example.org",
            r#"host="a b""#,
            r#"host="a/b;c""#,
            r#"host="user@example.org""#,
            r#"proto="ht tp""#,
            "for=192.0.2.43, , =",
        ] {
            assert_eq!(Forwarded::parse(line), None, "{line}");
        }
    }

    proptest::proptest! {
        #[test]
        fn printed_and_read_again_it_is_the_same(line in "[a-z0-9:;=,.\\[\\]\" _-]{0,60}") {
            if let Some(forwarded) = Forwarded::parse(&line) {
                let printed = forwarded.to_string();
                let has_content = forwarded.elements().iter().all(|e| *e != ForwardedElement::default());
                if has_content {
                    proptest::prop_assert_eq!(Forwarded::parse(&printed), Some(forwarded));
                }
            }
        }
    }
}
