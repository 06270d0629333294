//! Digest access authentication (RFC 7616, sections 3.3 and 3.4):
//!
//! ```text
//! challenge   = "Digest" 1*SP #auth-param   ; realm, domain, nonce, opaque, stale, algorithm, qop,
//!                                           ; charset, userhash
//! credentials = "Digest" 1*SP #auth-param   ; username / username*, realm, nonce, uri, response,
//!                                           ; algorithm, cnonce, opaque, qop, nc, userhash
//! auth-param  = token BWS "=" BWS ( token / quoted-string )
//! ```
//!
//! Only the grammar: what is true of it is for whoever authenticates.

use std::borrow::Cow;
use std::fmt;

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::scan::{Scanner, quote, split_list};

/// What a client answers to a [`DigestChallenge`]: the `Authorization` header.
///
/// ```
/// use paste_core::header::DigestCredentials;
///
/// let credentials = DigestCredentials::parse(
///     r#"Digest username="Mufasa", realm="wiki", uri="/", nonce="7y", nc=00000001,
///        cnonce="f2", qop=auth, response="8ca523f5e9506fed4657c9700eebdbec", algorithm=MD5"#,
/// ).unwrap();
/// assert_eq!((&*credentials.username, credentials.nc), ("Mufasa", Some(1)));
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DigestCredentials {
    /// Who; with `userhash`, the hash of that.
    pub username: String,
    /// Whether `username` is a hash.
    pub userhash: bool,
    /// The realm of the challenge.
    pub realm: String,
    /// The nonce of the challenge.
    pub nonce: String,
    /// The target of the request.
    pub uri: String,
    /// The proof, in hexadecimal.
    pub response: String,
    /// The hash function, as the challenge named it.
    pub algorithm: Option<String>,
    /// The client's own nonce.
    pub cnonce: Option<String>,
    /// What the challenge asked to be sent back.
    pub opaque: Option<String>,
    /// The quality of protection.
    pub qop: Option<String>,
    /// How many requests the client has made with this nonce.
    pub nc: Option<u32>,
}

/// What a server asks of clients: the `WWW-Authenticate` header.
///
/// ```
/// use paste_core::header::DigestChallenge;
///
/// let mut challenge = DigestChallenge::new("wiki", "7ypf/xlj9XXwfDPEoM4URrv");
/// challenge.qop = vec!["auth".to_owned()];
/// challenge.algorithm = Some("SHA-256".to_owned());
/// let text = challenge.to_string();
/// assert_eq!(text, r#"Digest realm="wiki", nonce="7ypf/xlj9XXwfDPEoM4URrv", algorithm=SHA-256, qop="auth""#);
/// assert_eq!(DigestChallenge::parse(&text), Some(challenge));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DigestChallenge {
    /// What is protected, in words.
    pub realm: String,
    /// The URIs that are protected; empty: the whole server.
    pub domain: Vec<String>,
    /// The nonce.
    pub nonce: String,
    /// What the client is to send back.
    pub opaque: Option<String>,
    /// The nonce was too old, and all else was right.
    pub stale: bool,
    /// The hash function; none: MD5.
    pub algorithm: Option<String>,
    /// The qualities of protection that may be had.
    pub qop: Vec<String>,
    /// Names are in UTF-8.
    pub utf8: bool,
    /// Names may come hashed.
    pub userhash: bool,
}

impl DigestCredentials {
    /// Reads the value of an `Authorization` header. `None`: it is of another scheme, or malformed.
    pub fn parse(value: &str) -> Option<Self> {
        let mut username = None;
        let mut credentials = Self::default();
        let mut missing = vec!["realm", "nonce", "uri", "response"];
        for (name, value) in parameters(value)? {
            missing.retain(|needed| *needed != name);
            let value = value.into_owned();
            match &*name {
                "username" => username = Some(username.xor(Some(value))?),
                "username*" => username = Some(username.xor(Some(extended(&value)?))?),
                "realm" => credentials.realm = value,
                "nonce" => credentials.nonce = value,
                "uri" => credentials.uri = value,
                "response" => credentials.response = value,
                "algorithm" => credentials.algorithm = Some(value),
                "cnonce" => credentials.cnonce = Some(value),
                "opaque" => credentials.opaque = Some(value),
                "qop" => credentials.qop = Some(value),
                "nc" => credentials.nc = Some(count(&value)?),
                "userhash" => credentials.userhash = value.eq_ignore_ascii_case("true"),
                _ => {}
            }
        }
        credentials.username = username?;
        missing.is_empty().then_some(credentials)
    }
}

impl DigestChallenge {
    /// A challenge for a realm, with this nonce.
    pub fn new(realm: impl Into<String>, nonce: impl Into<String>) -> Self {
        Self { realm: realm.into(), nonce: nonce.into(), ..Self::default() }
    }

    /// Reads the value of a `WWW-Authenticate` header that has this challenge alone. `None`: it is
    /// of another scheme, or malformed.
    pub fn parse(value: &str) -> Option<Self> {
        let mut challenge = Self::default();
        let mut missing = vec!["realm", "nonce"];
        let words = |text: &str, separator: fn(char) -> bool| {
            text.split(separator).filter(|word| !word.is_empty()).map(str::to_owned).collect()
        };
        for (name, value) in parameters(value)? {
            missing.retain(|needed| *needed != name);
            match &*name {
                "realm" => challenge.realm = value.into_owned(),
                "domain" => challenge.domain = words(&value, |c| c == ' '),
                "nonce" => challenge.nonce = value.into_owned(),
                "opaque" => challenge.opaque = Some(value.into_owned()),
                "stale" => challenge.stale = value.eq_ignore_ascii_case("true"),
                "algorithm" => challenge.algorithm = Some(value.into_owned()),
                "qop" => challenge.qop = words(&value, |c| matches!(c, ',' | ' ')),
                "charset" => challenge.utf8 = value.eq_ignore_ascii_case("utf-8"),
                "userhash" => challenge.userhash = value.eq_ignore_ascii_case("true"),
                _ => {}
            }
        }
        missing.is_empty().then_some(challenge)
    }
}

/// The parameters behind the scheme, names in lower case. `None`: another scheme, a malformed
/// parameter, or one that stands twice.
fn parameters(value: &str) -> Option<Vec<(String, Cow<'_, str>)>> {
    const SCHEME: usize = "Digest".len();
    let scheme = value.get(..SCHEME).filter(|scheme| scheme.eq_ignore_ascii_case("Digest"))?;
    let list = value[scheme.len()..].strip_prefix(' ')?;
    let mut parameters: Vec<(String, Cow<'_, str>)> = Vec::new();
    for piece in split_list(list, ',') {
        let mut scanner = Scanner::new(piece.trim());
        let (name, value) = scanner.parameter()?;
        let name = name.to_ascii_lowercase();
        // Few are meant, and each is compared with those before.
        if parameters.len() >= 32
            || !scanner.skip_space().is_at_end()
            || parameters.iter().any(|(known, _)| *known == name)
        {
            return None;
        }
        parameters.push((name, value));
    }
    Some(parameters)
}

/// RFC 8187, section 3.2.1: `UTF-8'' ` and percent-encoded text.
fn extended(value: &str) -> Option<String> {
    let (charset, rest) = value.split_once('\'')?;
    let (_language, text) = rest.split_once('\'')?;
    let text = percent_decode_str(text).decode_utf8().ok()?;
    charset.eq_ignore_ascii_case("utf-8").then(|| text.into_owned())
}

/// Eight hexadecimal digits.
fn count(text: &str) -> Option<u32> {
    let is_count = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_count.then(|| u32::from_str_radix(text, 16).ok()).flatten()
}

impl fmt::Display for DigestCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.username.is_ascii() {
            write!(f, "Digest username={}", quote(&self.username))?;
        } else {
            let name = utf8_percent_encode(&self.username, NON_ALPHANUMERIC);
            write!(f, "Digest username*=UTF-8''{name}")?;
        }
        for (name, value) in [
            ("realm", Some(&self.realm)),
            ("nonce", Some(&self.nonce)),
            ("uri", Some(&self.uri)),
            ("response", Some(&self.response)),
            ("cnonce", self.cnonce.as_ref()),
            ("opaque", self.opaque.as_ref()),
        ] {
            if let Some(value) = value {
                write!(f, ", {name}={}", quote(value))?;
            }
        }
        for (name, value) in [("algorithm", &self.algorithm), ("qop", &self.qop)] {
            if let Some(value) = value {
                write!(f, ", {name}={}", super::scan::token_or_quoted(value))?;
            }
        }
        if let Some(nc) = self.nc {
            write!(f, ", nc={nc:08x}")?;
        }
        f.write_str(if self.userhash { ", userhash=true" } else { "" })
    }
}

impl fmt::Display for DigestChallenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest realm={}", quote(&self.realm))?;
        if !self.domain.is_empty() {
            write!(f, ", domain={}", quote(&self.domain.join(" ")))?;
        }
        write!(f, ", nonce={}", quote(&self.nonce))?;
        if let Some(opaque) = &self.opaque {
            write!(f, ", opaque={}", quote(opaque))?;
        }
        f.write_str(if self.stale { ", stale=true" } else { "" })?;
        if let Some(algorithm) = &self.algorithm {
            write!(f, ", algorithm={}", super::scan::token_or_quoted(algorithm))?;
        }
        if !self.qop.is_empty() {
            write!(f, ", qop={}", quote(&self.qop.join(", ")))?;
        }
        f.write_str(if self.utf8 { ", charset=UTF-8" } else { "" })?;
        f.write_str(if self.userhash { ", userhash=true" } else { "" })
    }
}

/// Without the proof, which is as good as a password while its nonce lives.
impl fmt::Debug for DigestCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DigestCredentials")
            .field("username", &self.username)
            .field("realm", &self.realm)
            .field("uri", &self.uri)
            .field("algorithm", &self.algorithm)
            .field("qop", &self.qop)
            .field("nc", &self.nc)
            .finish_non_exhaustive()
    }
}

#[cfg(feature = "headers")]
impl headers::authorization::Credentials for DigestCredentials {
    const SCHEME: &'static str = "Digest";

    fn decode(value: &http::HeaderValue) -> Option<Self> {
        Self::parse(value.to_str().ok()?)
    }

    fn encode(&self) -> http::HeaderValue {
        let mut value = http::HeaderValue::try_from(self.to_string())
            .unwrap_or_else(|_| http::HeaderValue::from_static("Digest"));
        value.set_sensitive(true);
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RFC: &str = r#"Digest username="Mufasa", realm="http-auth@example.org", uri="/dir/index.html", algorithm=SHA-256, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", nc=00000001, cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", qop=auth, response="753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS""#;

    #[test]
    fn credentials_are_read() {
        let credentials = DigestCredentials::parse(RFC).unwrap();
        assert_eq!(credentials.username, "Mufasa");
        assert_eq!(credentials.uri, "/dir/index.html");
        assert_eq!(credentials.algorithm.as_deref(), Some("SHA-256"));
        assert_eq!((credentials.nc, credentials.qop.as_deref()), (Some(1), Some("auth")));
        assert_eq!(DigestCredentials::parse(&credentials.to_string()), Some(credentials.clone()));
        let debug = format!("{credentials:?}");
        assert!(!debug.contains("753927fa") && !debug.contains("7ypf"), "{debug}");
        // The example of RFC 7616, section 3.9.2: an extended name.
        let named = RFC.replace(r#"username="Mufasa""#, "username*=UTF-8''J%C3%A4s%C3%B8n%20Doe");
        let named = DigestCredentials::parse(&named).unwrap();
        assert_eq!(named.username, "Jäsøn Doe");
        assert_eq!(DigestCredentials::parse(&named.to_string()), Some(named));
    }

    #[test]
    fn malformed_credentials_are_none() {
        for (from, to) in [
            ("Digest ", "Basic "),
            ("Digest ", "Digest"),
            ("nc=00000001", "nc=1"),
            ("nc=00000001", "nc=+0000001"),
            ("nc=00000001", "nc=zzzzzzzz"),
            ("nc=00000001", "nc=00000001, nc=00000002"),
            (r#"username="Mufasa", "#, ""),
            (r#"username="Mufasa""#, r#"username="Mufasa", username*=UTF-8''x"#),
            (r#"username="Mufasa""#, "username*=latin1''x"),
            (r#"username="Mufasa""#, r#"username="Mufasa"#),
            (r#"uri="/dir/index.html", "#, ""),
            ("qop=auth", "qop"),
            ("qop=auth", "qop=auth x"),
        ] {
            let text = RFC.replace(from, to);
            assert_ne!(text, RFC);
            assert_eq!(DigestCredentials::parse(&text), None, "{text}");
        }
    }

    #[test]
    fn a_challenge_is_read_as_it_was_written() {
        let challenge = DigestChallenge {
            realm: r#"the "wiki""#.to_owned(),
            domain: vec!["/".to_owned(), "/x".to_owned()],
            nonce: "abc".to_owned(),
            opaque: Some("o".to_owned()),
            stale: true,
            algorithm: Some("MD5-sess".to_owned()),
            qop: vec!["auth".to_owned(), "auth-int".to_owned()],
            utf8: true,
            userhash: true,
        };
        assert_eq!(DigestChallenge::parse(&challenge.to_string()), Some(challenge));
        assert_eq!(DigestChallenge::parse("Digest realm=x"), None);
    }

    proptest::proptest! {
        #[test]
        fn no_header_is_too_odd(rest in "[a-z=,\"\\\\ *'%0-9]{0,60}") {
            DigestCredentials::parse(&format!("Digest {rest}"));
            DigestChallenge::parse(&format!("Digest {rest}"));
        }
    }
}
