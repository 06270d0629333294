//! The PROXY protocol, versions 1 and 2: what a proxy says before the client's first byte (see
//! `proxy-protocol.txt` of `HAProxy`).
//!
//! 1. The header is required where the listener expects it, and read within the time of a head.
//! 2. The client's address is the source that the header names. `UNKNOWN`, `LOCAL` and the other
//!    families that the protocol knows keep the address of the connection.
//! 3. What is not a whole, correct header closes the connection. The first is logged as a warning,
//!    since a proxy that is set up wrongly sends no other.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The longest header of version 1, its line end included.
const V1_LIMIT: usize = 107;
const V2_SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";
const V2_FIXED: usize = 16;
/// The longest header of version 2 that is read: addresses, and what extensions usually take.
pub(crate) const LIMIT: usize = 2048;

/// What the first bytes of a connection are.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Header {
    /// The beginning of a header.
    Partial,
    /// A header of this length, and the source that it names.
    Whole(usize, Option<SocketAddr>),
    /// Something else.
    Wrong,
}

/// Reads the header that `bytes` begins with.
pub(crate) fn parse(bytes: &[u8]) -> Header {
    let begins = |signature: &[u8]| {
        let length = bytes.len().min(signature.len());
        bytes[..length] == signature[..length]
    };
    if begins(V2_SIGNATURE) {
        parse_v2(bytes)
    } else if begins(b"PROXY ") {
        parse_v1(bytes)
    } else {
        Header::Wrong
    }
}

fn parse_v1(bytes: &[u8]) -> Header {
    let Some(end) = bytes.windows(2).take(V1_LIMIT - 1).position(|pair| pair == b"\r\n") else {
        return if bytes.len() < V1_LIMIT { Header::Partial } else { Header::Wrong };
    };
    let length = end + 2;
    let Ok(line) = str::from_utf8(&bytes[..end]) else { return Header::Wrong };
    let fields: Vec<&str> = line.split(' ').collect();
    match fields[..] {
        ["PROXY", "UNKNOWN", ..] => Header::Whole(length, None),
        ["PROXY", family @ ("TCP4" | "TCP6"), source, target, source_port, target_port] => {
            let address = |ip: &str, port: &str| {
                let ip: IpAddr = ip.parse().ok()?;
                let port = parse_port(port)?;
                (ip.is_ipv4() == (family == "TCP4")).then(|| SocketAddr::new(ip, port))
            };
            match (address(source, source_port), address(target, target_port)) {
                (Some(source), Some(_)) => Header::Whole(length, Some(source)),
                _ => Header::Wrong,
            }
        }
        _ => Header::Wrong,
    }
}

/// Digits alone, without zeros before them.
fn parse_port(text: &str) -> Option<u16> {
    let port: u16 = text.parse().ok()?;
    (port.to_string() == text).then_some(port)
}

fn parse_v2(bytes: &[u8]) -> Header {
    let Some((fixed, rest)) = bytes.split_at_checked(V2_FIXED) else { return Header::Partial };
    let (command, family) = (fixed[12], fixed[13]);
    let length = usize::from(u16::from_be_bytes([fixed[14], fixed[15]]));
    if !matches!(command, 0x20 | 0x21) || V2_FIXED + length > LIMIT {
        return Header::Wrong;
    }
    let Some(addresses) = rest.get(..length) else { return Header::Partial };
    let port = |at: usize| Some(u16::from_be_bytes([*addresses.get(at)?, *addresses.get(at + 1)?]));
    let v4 = || {
        let ip: [u8; 4] = addresses.get(..4)?.try_into().ok()?;
        Some(SocketAddr::new(Ipv4Addr::from(ip).into(), port(8)?))
    };
    let v6 = || {
        let ip: [u8; 16] = addresses.get(..16)?.try_into().ok()?;
        Some(SocketAddr::new(Ipv6Addr::from(ip).into(), port(32)?))
    };
    let source = match (command, family) {
        (0x21, 0x11) => v4().map(Some),
        (0x21, 0x21) => v6().map(Some),
        // LOCAL, whatever stands behind it; unspecified, UDP, and Unix sockets.
        (0x20, _) | (_, 0x00 | 0x12 | 0x22 | 0x31 | 0x32) => Some(None),
        _ => None,
    };
    source.map_or(Header::Wrong, |source| Header::Whole(V2_FIXED + length, source))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_version_1() {
        let source = |text: &str| Some(text.parse().unwrap());
        for (line, expected) in [
            (
                "PROXY TCP4 192.0.2.1 192.0.2.2 5000 80\r\n",
                Header::Whole(40, source("192.0.2.1:5000")),
            ),
            (
                "PROXY TCP6 2001:db8::1 ::1 5000 80\r\nGET",
                Header::Whole(36, source("[2001:db8::1]:5000")),
            ),
            ("PROXY UNKNOWN\r\n", Header::Whole(15, None)),
            ("PROXY UNKNOWN ::1 ::2 1 2\r\n", Header::Whole(27, None)),
            ("PROXY TCP4 192.0.2.1", Header::Partial),
            ("PRO", Header::Partial),
            ("PROXY TCP4 ::1 ::1 1 2\r\n", Header::Wrong),
            ("PROXY TCP4 192.0.2.1 192.0.2.2 5000\r\n", Header::Wrong),
            ("PROXY TCP4 192.0.2.1 192.0.2.2 5000 99999\r\n", Header::Wrong),
            ("PROXY TCP4 192.0.2.1 192.0.2.2 +1000 80\r\n", Header::Wrong),
            ("PROXY TCP4 192.0.2.1 192.0.2.2 1000 0080\r\n", Header::Wrong),
            (
                "PROXY TCP4 192.0.2.1 192.0.2.2 0 65535\r\n",
                Header::Whole(40, source("192.0.2.1:0")),
            ),
            ("PROXY TCP4 192.0.2.1 192.0.2.2  80\r\n", Header::Wrong),
            ("PROXY TCP4  192.0.2.1 192.0.2.2 5000 80\r\n", Header::Wrong),
            ("GET / HTTP/1.1\r\n", Header::Wrong),
        ] {
            assert_eq!(parse(line.as_bytes()), expected, "{line}");
        }
        assert_eq!(parse(format!("PROXY TCP4 {}", "1".repeat(200)).as_bytes()), Header::Wrong);
    }

    #[test]
    fn reads_version_2() {
        let header = |command: u8, family: u8, addresses: &[u8]| {
            let length = u16::try_from(addresses.len()).unwrap().to_be_bytes();
            [V2_SIGNATURE, &[command, family], &length, addresses].concat()
        };
        let v4 = [192, 0, 2, 1, 192, 0, 2, 2, 0x13, 0x88, 0, 80];
        let whole = header(0x21, 0x11, &v4);
        let source = Some("192.0.2.1:5000".parse().unwrap());
        assert_eq!(parse(&whole), Header::Whole(28, source));
        for cut in 1..whole.len() {
            assert_eq!(parse(&whole[..cut]), Header::Partial, "{cut}");
        }
        let mut v6 = [0; 36];
        (v6[15], v6[33]) = (1, 7);
        assert_eq!(
            parse(&header(0x21, 0x21, &v6)),
            Header::Whole(52, Some("[::1]:7".parse().unwrap()))
        );
        assert_eq!(parse(&header(0x20, 0, &[])), Header::Whole(16, None));
        assert_eq!(parse(&header(0x20, 0x41, &[])), Header::Whole(16, None));
        for family in [0x00, 0x12, 0x22, 0x31, 0x32] {
            assert_eq!(parse(&header(0x21, family, &v4)), Header::Whole(28, None), "{family:x}");
        }
        for family in [0x01, 0x10, 0x13, 0x20, 0x30, 0x33, 0x41, 0xFF] {
            assert_eq!(parse(&header(0x21, family, &v4)), Header::Wrong, "{family:x}");
        }
        assert_eq!(parse(&header(0x21, 0x11, &v4[..8])), Header::Wrong);
        assert_eq!(parse(&header(0x31, 0x11, &v4)), Header::Wrong);
        assert_eq!(parse(&header(0x21, 0x11, &[0; 3000])), Header::Wrong);
    }
}
