//! Believes the proxies before the server, and nobody else, about the client.
//!
//! 1. Only where the request comes from a trusted address are `Forwarded` (RFC 7239) and
//!    `X-Forwarded-For`, `-Proto` and `-Host` read at all.
//! 2. The client is the rightmost address that is not trusted, or the leftmost if all are. A proxy
//!    that does not tell it (`unknown`, `_hidden`) leaves the request without
//!    [`ClientAddr`].
//! 3. Scheme and host are what the outermost trusted proxy says: [`RequestExt::scheme`] and the `Host`
//!    header. Other schemes than `http` and `https` are ignored.
//! 4. A malformed value is ignored as if it were absent, and so is all that stands left of it.
//! 5. Where both kinds of header are there, only what both say alike is believed, since someone else
//!    than the proxy may have written one of them: otherwise scheme and host stay, and the client's
//!    address is unknown.
//! 6. A proxy must write or remove each of these headers that clients can send: what it lets through, a
//!    client has written. A proxy that writes only `X-Forwarded-For` lets clients choose their scheme and
//!    host; put [`AllowedHosts`](crate::AllowedHosts) inside, or have the proxy set the others.
//! 7. A peer without an address, on a Unix socket, is trusted only where
//!    [`unix`](TrustedProxies::unix) says so.
//!
//! ```
//! use paste_core::{AppExt, Request, RequestExt, Result, TrustedProxies, response};
//!
//! async fn whoami(request: Request) -> Result {
//!     Ok(response::text(format!("{:?} by {}", request.client_addr(), request.scheme())))
//! }
//!
//! let app = whoami.with(TrustedProxies::new(["127.0.0.1".parse()?, "10.0.0.0/8".parse()?]));
//! # Ok::<(), paste_core::NetworkError>(())
//! ```
//!
//! It belongs outermost: whoever stands outside it sees the proxy.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::header::{ForwardedElement, Node};
use crate::{App, ClientAddr, Middleware, Request, RequestExt, Response, Result, Scheme, host};

/// Takes the client's address, scheme and host from what trusted proxies say. See the
/// [module](self) for the rules.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies {
    networks: Arc<[Network]>,
    unix: bool,
}

impl TrustedProxies {
    /// Trusts the proxies in these networks.
    pub fn new(networks: impl IntoIterator<Item = Network>) -> Self {
        Self { networks: networks.into_iter().collect(), unix: false }
    }

    /// Whether peers on Unix sockets are trusted, too: requests without a [`ClientAddr`]. Only where
    /// nobody but the proxy reaches the socket, and the server tells the addresses of all others.
    /// Default: no.
    #[must_use]
    pub fn unix(mut self, trusted: bool) -> Self {
        self.unix = trusted;
        self
    }

    fn trusts(&self, client: &Client) -> bool {
        match client {
            Client::At(address) => {
                self.networks.iter().any(|network| network.contains(address.ip()))
            }
            Client::OnUnix => self.unix,
            Client::Hidden => false,
        }
    }
}

impl<A: App> Middleware<A> for TrustedProxies {
    type App = WithTrustedProxies<A>;

    fn wrap(self, app: A) -> WithTrustedProxies<A> {
        WithTrustedProxies { app, proxies: self }
    }
}

/// An app whose clients [`TrustedProxies`] tells.
#[derive(Clone, Debug)]
pub struct WithTrustedProxies<A> {
    app: A,
    proxies: TrustedProxies,
}

impl<A: App> App for WithTrustedProxies<A> {
    fn call(&self, mut request: Request) -> impl Future<Output = Result<Response>> + Send {
        self.proxies.apply(&mut request);
        self.app.call(request)
    }
}

impl TrustedProxies {
    fn apply(&self, request: &mut Request) {
        let peer = request.client_addr().map_or(Client::OnUnix, |client| Client::At(client.0));
        if !self.trusts(&peer) {
            return;
        }
        let headers = request.headers();
        let Some(story) = self.by_forwarded(peer, headers).and(self.by_x_forwarded(peer, headers))
        else {
            return;
        };
        match story.client {
            Client::At(address) => request.extensions_mut().insert(ClientAddr(address)),
            Client::OnUnix | Client::Hidden => request.extensions_mut().remove(),
        };
        if let Some(scheme) = story.scheme {
            request.extensions_mut().insert(scheme);
        }
        if let Some(host) = story.host.and_then(|host| HeaderValue::try_from(host).ok()) {
            request.headers_mut().insert(header::HOST, host);
        }
    }

    /// What `Forwarded` tells. Elements are split at every comma: one that a client left open with a
    /// quote must not swallow what the proxy wrote behind it.
    fn by_forwarded(&self, peer: Client, headers: &HeaderMap) -> Story {
        let mut story = Story::of(peer);
        let lines = headers.get_all(header::FORWARDED).iter().rev();
        let texts = lines.flat_map(|line| line.to_str().unwrap_or(MALFORMED).rsplit(','));
        for text in texts.filter(|text| !text.trim().is_empty()) {
            if !self.trusts(&story.client) {
                break;
            }
            let Some(element) = ForwardedElement::parse(text.trim()) else { break };
            story.is_told = true;
            story.scheme = element.proto.as_deref().and_then(scheme).or(story.scheme);
            story.host = element.host.or(story.host);
            let Some(client) = element.client else { break };
            story.client = client.into();
        }
        story
    }

    /// What `X-Forwarded-For`, `-Proto` and `-Host` tell. The lists of the latter two are as long as
    /// the first, or shorter where a proxy sets them for all.
    fn by_x_forwarded(&self, peer: Client, headers: &HeaderMap) -> Story {
        let mut story = Story::of(peer);
        let mut hops = 0;
        for text in values(headers, &X_FORWARDED_FOR) {
            if !self.trusts(&story.client) {
                break;
            }
            let Some(client) = address(text) else { break };
            story.client = client;
            story.is_told = true;
            hops += 1;
        }
        let outermost = |name| values(headers, name).take(hops.max(1)).last();
        story.scheme = outermost(&X_FORWARDED_PROTO).and_then(scheme);
        let is_host = |host: &&str| !host.is_empty() && host::is_valid(host.as_bytes());
        story.host = outermost(&X_FORWARDED_HOST).filter(is_host).map(str::to_owned);
        story.is_told |= story.scheme.is_some() || story.host.is_some();
        story
    }
}

static X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
static X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
static X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// Stands for a line that is no text.
const MALFORMED: &str = "=";

/// The values of a list, the last first.
fn values<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    let lines = headers.get_all(name).iter().rev();
    let values = lines.flat_map(|line| line.to_str().unwrap_or(MALFORMED).rsplit(','));
    values.map(str::trim).filter(|value| !value.is_empty())
}

/// What one kind of header tells of the client.
struct Story {
    client: Client,
    scheme: Option<Scheme>,
    host: Option<String>,
    is_told: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Client {
    At(SocketAddr),
    /// The peer on a Unix socket itself.
    OnUnix,
    Hidden,
}

impl Story {
    fn of(peer: Client) -> Self {
        Self { client: peer, scheme: None, host: None, is_told: false }
    }

    /// Both together, where they do not contradict each other. `None`: neither tells anything.
    fn and(self, other: Self) -> Option<Self> {
        match (self.is_told, other.is_told) {
            (false, false) => None,
            (true, false) => Some(self),
            (false, true) => Some(other),
            (true, true) => Some(Self {
                client: if self.client.is_same(&other.client) {
                    self.client
                } else {
                    Client::Hidden
                },
                scheme: self.scheme.filter(|scheme| other.scheme.as_ref() == Some(scheme)),
                host: self.host.filter(|host| other.host.as_ref() == Some(host)),
                is_told: true,
            }),
        }
    }
}

impl Client {
    /// Ports do not count: only some proxies tell them.
    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::At(one), Self::At(other)) => {
                one.ip().to_canonical() == other.ip().to_canonical()
            }
            _ => self == other,
        }
    }
}

impl From<Node> for Client {
    fn from(node: Node) -> Self {
        match node {
            Node::Address(address) => Self::At(address),
            Node::Hidden(_) => Self::Hidden,
        }
    }
}

/// An element of `X-Forwarded-For`: an address, with a port or without, or `unknown`.
fn address(text: &str) -> Option<Client> {
    match text.parse::<IpAddr>() {
        Ok(address) => Some(Client::At(SocketAddr::new(address, 0))),
        Err(_) => Node::parse(text).map(Client::from),
    }
}

fn scheme(text: &str) -> Option<Scheme> {
    ["http", "https"].into_iter().find(|known| known.eq_ignore_ascii_case(text)).map(Scheme)
}

/// A network of addresses, as CIDR writes it: `10.0.0.0/8`, `2001:db8::/32`, or one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

impl Network {
    /// Whether `address` is in it. An IPv4 address that is written as IPv6 (`::ffff:10.0.0.1`)
    /// counts as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let apart = own.to_bits() ^ other.to_bits();
                apart.checked_shr(32 - u32::from(self.bits)).unwrap_or(0) == 0
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let apart = own.to_bits() ^ other.to_bits();
                apart.checked_shr(128 - u32::from(self.bits)).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

/// The text is not a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkError {
    text: String,
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let error = || NetworkError { text: text.to_owned() };
        let (address, bits) = text.split_once('/').map_or((text, None), |(a, b)| (a, Some(b)));
        let address: IpAddr = address.parse().map_err(|_| error())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let is_number = |bits: &str| bits.bytes().all(|byte| byte.is_ascii_digit());
        let bits = bits.map_or(Some(most), |bits| bits.parse().ok().filter(|_| is_number(bits)));
        let bits = bits.filter(|&bits| bits <= most).ok_or_else(error)?;
        Ok(Self { address, bits })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

impl fmt::Display for NetworkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is not a network such as 10.0.0.0/8 or 2001:db8::/32, nor an address",
            self.text
        )
    }
}

impl std::error::Error for NetworkError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Body;

    /// Client, scheme and host, after proxies in 10/8 and `::1` were believed.
    fn seen(peer: &str, headers: &[(&str, &str)]) -> (Option<String>, String, String) {
        let proxies =
            TrustedProxies::new(["10.0.0.0/8", "::1"].map(|network| network.parse().unwrap()));
        let mut request = http::Request::get("/").header("host", "inner");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(Body::empty()).unwrap();
        let peer = SocketAddr::new(peer.parse().unwrap(), 1);
        request.extensions_mut().insert(ClientAddr(peer));
        proxies.apply(&mut request);
        let client = request.client_addr().map(|client| client.0.ip().to_string());
        (client, request.scheme().to_owned(), request.host().unwrap().to_owned())
    }

    #[test]
    fn rule_1_only_trusted_peers_are_believed() {
        let told = [("forwarded", "for=1.2.3.4;proto=https;host=outer")];
        let believed = (Some("1.2.3.4".to_owned()), "https".to_owned(), "outer".to_owned());
        for peer in ["10.1.2.3", "::ffff:10.1.2.3", "::1"] {
            assert_eq!(seen(peer, &told), believed, "{peer}");
        }
        let own = |peer: &str| (Some(peer.to_owned()), "http".to_owned(), "inner".to_owned());
        for peer in ["11.0.0.1", "::2", "127.0.0.1"] {
            assert_eq!(seen(peer, &told), own(peer));
        }
    }

    #[test]
    fn rule_2_the_client_is_the_rightmost_untrusted_address() {
        for (name, value, client) in [
            ("x-forwarded-for", "6.6.6.6, 1.2.3.4", Some("1.2.3.4")),
            ("x-forwarded-for", "6.6.6.6, 1.2.3.4, 10.0.0.9", Some("1.2.3.4")),
            ("x-forwarded-for", "10.0.0.8,10.0.0.9", Some("10.0.0.8")),
            ("x-forwarded-for", "2001:db8::1", Some("2001:db8::1")),
            ("x-forwarded-for", "[2001:db8::1]:80, 10.0.0.9:1234", Some("2001:db8::1")),
            ("x-forwarded-for", "1.2.3.4, unknown", None),
            ("forwarded", "for=6.6.6.6, for=1.2.3.4", Some("1.2.3.4")),
            ("forwarded", "for=1.2.3.4;proto=http, for=10.0.0.9", Some("1.2.3.4")),
            ("forwarded", r#"for="[2001:db8::1]:80""#, Some("2001:db8::1")),
            ("forwarded", "for=1.2.3.4, for=_hidden", None),
        ] {
            assert_eq!(seen("10.0.0.1", &[(name, value)]).0.as_deref(), client, "{value}");
        }
        let lines = [("x-forwarded-for", "6.6.6.6"), ("x-forwarded-for", "1.2.3.4")];
        assert_eq!(seen("10.0.0.1", &lines).0.as_deref(), Some("1.2.3.4"));
    }

    #[test]
    fn rule_3_scheme_and_host_are_what_the_outermost_trusted_proxy_says() {
        for (headers, scheme, host) in [
            (
                &[(
                    "forwarded",
                    "for=6.6.6.6;host=evil, for=1.2.3.4;proto=https;host=outer, for=10.0.0.9;proto=http;host=middle",
                )][..],
                "https",
                "outer",
            ),
            (&[("forwarded", "proto=https")], "https", "inner"),
            (
                &[("x-forwarded-proto", "https"), ("x-forwarded-host", "outer:8443")],
                "https",
                "outer:8443",
            ),
            (
                &[
                    ("x-forwarded-for", "1.2.3.4, 10.0.0.9"),
                    ("x-forwarded-proto", "evil, https, http"),
                    ("x-forwarded-host", "evil, outer, middle"),
                ],
                "https",
                "outer",
            ),
            (
                &[("x-forwarded-for", "1.2.3.4, 10.0.0.9"), ("x-forwarded-proto", "https")],
                "https",
                "inner",
            ),
            (&[("x-forwarded-proto", "ftp")], "http", "inner"),
        ] {
            let (_, seen_scheme, seen_host) = seen("10.0.0.1", headers);
            assert_eq!((&*seen_scheme, &*seen_host), (scheme, host), "{headers:?}");
        }
    }

    #[test]
    fn rule_4_what_is_malformed_is_as_if_absent() {
        for (name, value, client) in [
            ("x-forwarded-for", "not-an-address", "10.0.0.1"),
            ("x-forwarded-for", "1.2.3.4, garbage", "10.0.0.1"),
            ("x-forwarded-for", "garbage, 1.2.3.4", "1.2.3.4"),
            ("x-forwarded-for", "1.2.3.4, ::zz, 10.0.0.9", "10.0.0.9"),
            ("x-forwarded-for", " , ", "10.0.0.1"),
            ("forwarded", "for=", "10.0.0.1"),
            ("forwarded", r#"for="x, for=1.2.3.4"#, "1.2.3.4"),
            ("forwarded", "for=1.2.3.4;for=6.6.6.6", "10.0.0.1"),
            // Rack CVE-2026-32762: what is separated by a semicolon in quotes, or by several.
            ("forwarded", r#"host="a;for=6.6.6.6";for=1.2.3.4"#, "10.0.0.1"),
            ("forwarded", ";;for=1.2.3.4;;", "1.2.3.4"),
        ] {
            assert_eq!(seen("10.0.0.1", &[(name, value)]).0.as_deref(), Some(client), "{value}");
        }
        // Rack CVE-2026-34835: a host with characters that no host has.
        for host in ["a b", "evil/x", "a@b", "<script>", "a:99999", r#""a""#] {
            assert_eq!(seen("10.0.0.1", &[("x-forwarded-host", host)]).2, "inner", "{host}");
            let forwarded = format!("host=\"{host}\"");
            assert_eq!(seen("10.0.0.1", &[("forwarded", &forwarded)]).2, "inner", "{host}");
        }
    }

    #[test]
    fn rule_5_headers_that_contradict_each_other_are_not_believed() {
        let both = |one: &str, other: &str| {
            seen("10.0.0.1", &[("forwarded", one), ("x-forwarded-for", other)]).0
        };
        assert_eq!(both("for=1.2.3.4", "1.2.3.4").as_deref(), Some("1.2.3.4"));
        assert_eq!(both(r#"for="1.2.3.4:80""#, "1.2.3.4").as_deref(), Some("1.2.3.4"));
        assert_eq!(both("for=10.9.9.9", "1.2.3.4"), None);
        assert_eq!(both("garbage", "1.2.3.4").as_deref(), Some("1.2.3.4"));
        let schemes = [("forwarded", "for=1.2.3.4;proto=https"), ("x-forwarded-proto", "http")];
        assert_eq!(seen("10.0.0.1", &schemes).1, "http");
    }

    #[test]
    fn rule_5_a_client_cannot_add_what_the_proxy_does_not_say() {
        let mixed = |forwarded: &str, more: &[(&str, &str)]| {
            let mut headers = vec![("forwarded", forwarded), ("x-forwarded-for", "1.2.3.4")];
            headers.extend(more);
            seen("10.0.0.1", &headers)
        };
        let own = |client: Option<&str>| {
            (client.map(str::to_owned), "http".to_owned(), "inner".to_owned())
        };
        assert_eq!(mixed("for=6.6.6.6;host=evil;proto=https", &[]), own(None));
        assert_eq!(mixed("for=1.2.3.4;host=evil;proto=https", &[]), own(Some("1.2.3.4")));
        assert_eq!(mixed("host=evil", &[]), own(None));
        let alike = mixed(
            "for=1.2.3.4;proto=https",
            &[("x-forwarded-proto", "https"), ("x-forwarded-host", "evil")],
        );
        assert_eq!(alike, (Some("1.2.3.4".to_owned()), "https".to_owned(), "inner".to_owned()));
    }

    #[test]
    fn without_an_address_nothing_is_believed() {
        let mut request = http::Request::get("/")
            .header("x-forwarded-for", "1.2.3.4")
            .body(Body::empty())
            .unwrap();
        TrustedProxies::new(["0.0.0.0/0".parse().unwrap()]).apply(&mut request);
        assert_eq!(request.client_addr(), None);
    }

    #[test]
    fn rule_7_peers_on_a_unix_socket_are_believed_where_it_is_said() {
        for (networks, headers, client, scheme) in [
            (&[][..], &[("forwarded", "for=1.2.3.4;proto=https")][..], Some("1.2.3.4"), "https"),
            (&[], &[("x-forwarded-for", "6.6.6.6, 1.2.3.4")], Some("1.2.3.4"), "http"),
            (&["10.0.0.0/8"], &[("x-forwarded-for", "1.2.3.4, 10.0.0.9")], Some("1.2.3.4"), "http"),
            (&[], &[("x-forwarded-for", "1.2.3.4, unknown")], None, "http"),
            (&[], &[("x-forwarded-for", "1.2.3.4, unix:")], None, "http"),
            (&[], &[("x-forwarded-proto", "https")], None, "https"),
            (&[], &[("forwarded", "host=evil"), ("x-forwarded-for", "1.2.3.4")], None, "http"),
            (&[], &[], None, "http"),
        ] {
            let networks = networks.iter().map(|network: &&str| network.parse().unwrap());
            let proxies = TrustedProxies::new(networks).unix(true);
            let mut request = http::Request::get("/").body(Body::empty()).unwrap();
            for (name, value) in headers {
                request.headers_mut().insert(*name, value.parse().unwrap());
            }
            proxies.apply(&mut request);
            let found = request.client_addr().map(|client| client.0.ip().to_string());
            assert_eq!((found.as_deref(), request.scheme()), (client, scheme), "{headers:?}");
            // Whoever has an address is no peer on a Unix socket.
            request.extensions_mut().remove::<Scheme>();
            request.extensions_mut().insert(ClientAddr("6.6.6.6:1".parse().unwrap()));
            proxies.apply(&mut request);
            assert_eq!(request.client_addr().unwrap().0.ip().to_string(), "6.6.6.6");
            assert_eq!(request.scheme(), "http");
        }
    }

    #[test]
    fn networks_contain_what_shares_their_bits() {
        for (network, inside, outside) in [
            ("10.0.0.0/8", "10.255.0.1", "11.0.0.0"),
            ("192.168.1.77/24", "192.168.1.1", "192.168.2.1"),
            ("0.0.0.0/0", "255.255.255.255", "::1"),
            ("127.0.0.1", "127.0.0.1", "127.0.0.2"),
            ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::1"),
            ("::/0", "::1", "1.2.3.4"),
        ] {
            let parsed: Network = network.parse().unwrap();
            assert!(parsed.contains(inside.parse().unwrap()), "{network} {inside}");
            assert!(!parsed.contains(outside.parse().unwrap()), "{network} {outside}");
        }
        for text in
            ["", "10.0.0.0/33", "10.0.0.0/", "10.0.0/8", "::/129", "10.0.0.0/+8", "localhost"]
        {
            assert!(text.parse::<Network>().is_err(), "{text}");
        }
    }
}
