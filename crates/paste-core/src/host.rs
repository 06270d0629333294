//! What a host is: the value of the `Host` header.

use std::net::Ipv6Addr;

/// Whether `host` is a host with an optional port, without user information (RFC 9110, section
/// 7.2). The empty host, of a target that has none, is valid, too.
///
/// Of what RFC 3986 allows in a name, percent-encoding and `!$&'()*+,;=` are refused: no host is called
/// so, and what they stand beside might take them for its own.
///
/// ```
/// use paste_core::host;
///
/// assert!(host::is_valid(b"example.org:8080") && host::is_valid(b"[::1]"));
/// assert!(!host::is_valid(b"user@example.org") && !host::is_valid(b"a b"));
/// ```
pub fn is_valid(host: &[u8]) -> bool {
    let is_bracketed = host.first() == Some(&b'[');
    let end = if is_bracketed {
        host.iter().position(|&byte| byte == b']').map_or(host.len(), |last| last + 1)
    } else {
        host.iter().take_while(|&&byte| IS_NAME[usize::from(byte)]).count()
    };
    let (name, port) = host.split_at(end);
    let is_name = match name {
        [] => port.is_empty(),
        [b'[', address @ .., b']'] => {
            str::from_utf8(address).is_ok_and(|address| address.parse::<Ipv6Addr>().is_ok())
        }
        _ => !is_bracketed,
    };
    is_name && is_port(port)
}

/// The bytes that a name or an address of IPv4 may have.
const IS_NAME: [bool; 256] = {
    let mut is_name = [false; 256];
    let mut byte = b'-';
    while byte <= b'~' {
        is_name[byte as usize] =
            byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
        byte += 1;
    }
    is_name
};

/// Nothing, or a colon and a number of at most 16 bits, which may be left out.
fn is_port(port: &[u8]) -> bool {
    let digits = match port {
        [] => return true,
        [b':', digits @ ..] => digits,
        _ => return false,
    };
    let mut number: u32 = 0;
    for digit in digits {
        number = number * 10 + u32::from(digit.wrapping_sub(b'0'));
        if !digit.is_ascii_digit() || u16::try_from(number).is_err() {
            return false;
        }
    }
    true
}

/// Splits `host:port`; an IPv6 address keeps its brackets, and an empty port is none.
pub(crate) fn split_port(host: &str) -> (&str, Option<&str>) {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => (name, Some(port).filter(|p| !p.is_empty())),
        _ => (host, None),
    }
}

/// A host without the port that `scheme` has by default.
pub(crate) fn without_default_port<'a>(host: &'a str, scheme: &str) -> &'a str {
    let port = match scheme {
        "https" => ":443",
        _ => ":80",
    };
    host.strip_suffix(port).or_else(|| host.strip_suffix(':')).unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_a_name_or_address_with_an_optional_port() {
        for host in
            ["example.org", "example.org:8080", "example.org:", "[::1]", "[::1]:80", "", "a_b"]
        {
            assert!(is_valid(host.as_bytes()), "{host}");
        }
        for host in [
            "a b",
            "user@host",
            "user:pass@host",
            "a/b",
            "a:b",
            "a:99999",
            "a:1:2",
            "a:+1",
            ":80",
            "[::1]x",
            "[]",
            "[a]",
            "a<b",
            "[::1",
            "é",
            "a;b=c",
            "a'b",
            "%61",
        ] {
            assert!(!is_valid(host.as_bytes()), "{host}");
        }
    }

    #[test]
    fn the_default_port_goes() {
        for (host, scheme, expected) in [
            ("a:80", "http", "a"),
            ("a:443", "https", "a"),
            ("a:443", "http", "a:443"),
            ("a:8080", "http", "a:8080"),
            ("a:", "http", "a"),
            ("[::1]:80", "http", "[::1]"),
            ("[::80]", "http", "[::80]"),
        ] {
            assert_eq!(without_default_port(host, scheme), expected);
        }
    }
}
