//! Bytes that no request can express, for servers.

use super::super::{Allowed, Attack, Class};

/// Messages whose framing is ambiguous, whose lines are broken, that have no host or two, or that do
/// not end. A server refuses them, or reads them in the one safe way; it answers once, and closes
/// the connection, because whatever stands behind might be taken for another request.
pub fn raw() -> Vec<Attack> {
    let mut attacks = Vec::new();
    attacks.extend(
        TWO_LENGTHS.iter().map(|&(name, head, body, why)| ambiguous(name, head, body, why)),
    );
    attacks.extend(
        LENGTHS.iter().map(|&(name, head, why)| refused(ambiguous(name, head, "abcd", why))),
    );
    attacks.extend(
        CHUNKS
            .iter()
            .map(|&(name, body, why)| ambiguous(name, "Transfer-Encoding: chunked", body, why)),
    );
    attacks.extend(
        REFUSED_HEADERS.iter().map(|&(name, line, why)| refused(with_line(name, line, why))),
    );
    attacks.extend(HEADERS.iter().map(|&(name, line, why)| with_line(name, line, why)));
    attacks.extend(
        REFUSED_MESSAGES.iter().map(|&(name, text, why)| refused(Attack::raw(name, text).why(why))),
    );
    attacks.extend(MESSAGES.iter().map(|&(name, text, why)| Attack::raw(name, text).why(why)));
    attacks.extend(floods());
    attacks.extend(bytes());
    debug_assert!(attacks.iter().all(|attack| attack.class() == Class::Raw));
    attacks
}

/// Refused, or met with a closed connection.
fn refused(attack: Attack) -> Attack {
    attack.allow(Allowed::refused().or_closed().then_closed())
}

/// Answered, or met with a closed connection.
fn lenient(attack: Attack) -> Attack {
    attack.allow(Allowed::answered().or_closed().then_closed())
}

/// A POST with another request behind its body, which must not be answered.
fn ambiguous(name: &'static str, head: &str, body: &str, why: &'static str) -> Attack {
    let bytes = format!(
        "POST {{path}} HTTP/1.1\r\nHost: {{host}}\r\n{head}\r\n\r\n{body}GET {{path}}smuggled HTTP/1.1\r\nHost: {{host}}\r\n\r\n"
    );
    lenient(Attack::raw(name, bytes).why(why))
}

/// A GET that asks to close, with one more line in its head.
fn with_line(name: &'static str, line: &str, why: &'static str) -> Attack {
    let bytes =
        format!("GET {{path}} HTTP/1.1\r\nHost: {{host}}\r\nConnection: close\r\n{line}\r\n\r\n");
    Attack::raw(name, bytes).why(why)
}

const BOTH: &str = "RFC 9112, section 6.3: chunked goes before a length, and the connection closes";
const CODING: &str = "RFC 9112, section 6.3: a request whose last coding is not chunked is a 400";
const HIDDEN: &str =
    "actix-http RUSTSEC-2021-0081: a coding that one reader sees and another does not";

/// Name, lines of the head, body, reason.
const TWO_LENGTHS: &[(&str, &str, &str, &str)] = &[
    ("length-and-chunked", "Content-Length: 4\r\nTransfer-Encoding: chunked", "0\r\n\r\n", BOTH),
    ("chunked-and-length", "Transfer-Encoding: chunked\r\nContent-Length: 4", "0\r\n\r\n", BOTH),
    (
        "chunked-and-length-zero",
        "Transfer-Encoding: chunked\r\nContent-Length: 0",
        "0\r\n\r\n",
        BOTH,
    ),
    (
        "chunked-and-two-lengths",
        "Content-Length: 4\r\nTransfer-Encoding: chunked\r\nContent-Length: 5",
        "0\r\n\r\n",
        BOTH,
    ),
    (
        "chunked-and-length-none",
        "Content-Length: x\r\nTransfer-Encoding: chunked",
        "0\r\n\r\n",
        BOTH,
    ),
    ("chunked-case", "Content-Length: 4\r\ntRANSFER-eNCODING: cHuNkEd", "0\r\n\r\n", BOTH),
    ("chunked-tab", "Content-Length: 4\r\nTransfer-Encoding:\tchunked\t", "0\r\n\r\n", BOTH),
    (
        "chunked-twice",
        "Transfer-Encoding: chunked, chunked\r\nContent-Length: 4",
        "0\r\n\r\n",
        CODING,
    ),
    (
        "chunked-two-headers",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\nContent-Length: 4",
        "0\r\n\r\n",
        CODING,
    ),
    (
        "chunked-behind-identity",
        "Transfer-Encoding: identity, chunked\r\nContent-Length: 4",
        "0\r\n\r\n",
        CODING,
    ),
    (
        "chunked-empty-members",
        "Transfer-Encoding: , chunked ,\r\nContent-Length: 4",
        "0\r\n\r\n",
        CODING,
    ),
    (
        "chunked-parameter",
        "Transfer-Encoding: chunked;q=1\r\nContent-Length: 4",
        "0\r\n\r\n",
        CODING,
    ),
    ("chunked-quoted", "Transfer-Encoding: \"chunked\"\r\nContent-Length: 4", "0\r\n\r\n", HIDDEN),
    (
        "chunked-vertical-tab",
        "Transfer-Encoding: \x0bchunked\r\nContent-Length: 4",
        "0\r\n\r\n",
        HIDDEN,
    ),
    ("chunked-nul", "Transfer-Encoding: chunked\0\r\nContent-Length: 4", "0\r\n\r\n", HIDDEN),
    (
        "chunked-folded",
        "Transfer-Encoding:\r\n chunked\r\nContent-Length: 4",
        "0\r\n\r\n",
        "RFC 9112, section 5.2: folded lines",
    ),
    (
        "chunked-carriage-return",
        "X: y\rTransfer-Encoding: chunked\r\nContent-Length: 4",
        "0\r\n\r\n",
        "RFC 9112, section 2.2: a bare CR ends no line",
    ),
    (
        "length-same-twice-chunked",
        "Content-Length: 4, 4\r\nTransfer-Encoding: chunked",
        "0\r\n\r\n",
        BOTH,
    ),
];

const LENGTH: &str = "RFC 9112, section 6.3: a length that is none is a 400";

/// Name, lines of the head, reason. All are refused: nobody knows where the body ends.
const LENGTHS: &[(&str, &str, &str)] = &[
    ("lengths-different", "Content-Length: 4\r\nContent-Length: 5", LENGTH),
    ("lengths-in-list", "Content-Length: 4, 5", LENGTH),
    ("length-negative", "Content-Length: -4", LENGTH),
    ("length-plus", "Content-Length: +4", LENGTH),
    ("length-hexadecimal", "Content-Length: 0x4", LENGTH),
    ("length-float", "Content-Length: 4.0", LENGTH),
    ("length-empty", "Content-Length:", LENGTH),
    ("length-space", "Content-Length: 4 4", LENGTH),
    ("length-letters", "Content-Length: abcd", LENGTH),
    ("length-underscore", "Content-Length: 1_0", LENGTH),
    ("length-overflow", "Content-Length: 18446744073709551616", LENGTH),
    ("length-overflow-far", "Content-Length: 99999999999999999999999999999999999999", LENGTH),
    ("coding-unknown", "Transfer-Encoding: evil", CODING),
    ("coding-gzip", "Transfer-Encoding: gzip", CODING),
    ("coding-identity", "Transfer-Encoding: identity", CODING),
    ("coding-chunked-first", "Transfer-Encoding: chunked, gzip", CODING),
    (
        "coding-chunked-then-identity",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
        CODING,
    ),
    ("coding-prefixed", "Transfer-Encoding: xchunked", CODING),
    ("coding-suffixed", "Transfer-Encoding: chunkedx", CODING),
    ("coding-empty", "Transfer-Encoding:", CODING),
    (
        "coding-space-before-colon",
        "Transfer-Encoding : chunked",
        "RFC 9112, section 5.1: a space before the colon is a 400",
    ),
    (
        "length-space-before-colon",
        "Content-Length : 4",
        "RFC 9112, section 5.1: a space before the colon is a 400",
    ),
    (
        "length-tab-before-colon",
        "Content-Length\t: 4",
        "RFC 9112, section 5.1: a space before the colon is a 400",
    ),
];

const CHUNK: &str = "RFC 9112, section 7.1: chunks, and what is none";

/// Name, body, reason. The first head is answered without its body, or the body is refused.
const CHUNKS: &[(&str, &str, &str)] = &[
    ("chunk-size-none", "x\r\nabc\r\n0\r\n\r\n", CHUNK),
    ("chunk-size-empty", "\r\nabc\r\n0\r\n\r\n", CHUNK),
    ("chunk-size-prefixed", "0x3\r\nabc\r\n0\r\n\r\n", CHUNK),
    ("chunk-size-plus", "+3\r\nabc\r\n0\r\n\r\n", CHUNK),
    ("chunk-size-negative", "-3\r\nabc\r\n0\r\n\r\n", CHUNK),
    ("chunk-size-space", " 3\r\nabc\r\n0\r\n\r\n", CHUNK),
    ("chunk-size-underscore", "1_0\r\nabc\r\n0\r\n\r\n", CHUNK),
    (
        "chunk-size-overflow",
        "10000000000000003\r\nabc\r\n0\r\n\r\n",
        "RFC 9112, section 7.1: recipients must not overflow",
    ),
    (
        "chunk-size-largest",
        "fffffffffffffffffffffffffffffff3\r\nabc\r\n0\r\n\r\n",
        "RFC 9112, section 7.1: recipients must not overflow",
    ),
    ("chunk-size-zeros", "00000000000000000000000000000000003\r\nabc\r\nx\r\n\r\n", CHUNK),
    ("chunk-longer-than-size", "3\r\nabcd\r\n0\r\n\r\n", CHUNK),
    ("chunk-bare-lf", "3\nabc\n0\n\n", "RFC 9112, section 2.2: a bare LF in chunks"),
    ("chunk-bare-cr", "3\rabc\r0\r\r", "RFC 9112, section 2.2: a bare CR ends no line"),
    (
        "chunk-extension-lf",
        "3;\nx\r\nabc\r\n0\r\n\r\n",
        "RFC 9112, section 7.1.1: an extension has no line end",
    ),
    (
        "chunk-trailer-broken",
        "0\r\nno trailer\r\n\r\n",
        "RFC 9112, section 7.1.2: trailers are headers",
    ),
];

const NAME: &str = "RFC 9112, section 5.1: names of headers are tokens";
const HOST: &str = "RFC 9112, section 3.2: one host, and a valid one, or 400";

/// Name, line, reason.
const REFUSED_HEADERS: &[(&str, &str, &str)] = &[
    ("header-name-empty", ": x", NAME),
    ("header-name-space", "X Y: x", NAME),
    ("header-name-space-before-colon", "X : x", NAME),
    ("header-name-bracket", "X(Y): x", NAME),
    ("header-name-nul", "X\0Y: x", NAME),
    ("header-name-unicode", "X-\u{e9}: x", NAME),
    ("header-no-colon", "no colon here", NAME),
    ("header-lf-cr", "X: y\n\rZ: x", "RFC 9112, section 2.2: a bare CR ends no line"),
    ("host-twice", "Host: {host}", HOST),
    ("host-twice-different", "Host: evil.example", HOST),
    ("host-twice-case", "hOST: evil.example", HOST),
];

/// Name, line, reason.
const HEADERS: &[(&str, &str, &str)] = &[
    (
        "header-folded",
        "X: y\r\n X-Injected: 1",
        "RFC 9112, section 5.2: folded lines are a 400, or spaces",
    ),
    (
        "header-folded-first",
        "X:\r\n\ty",
        "RFC 9112, section 5.2: folded lines are a 400, or spaces",
    ),
    (
        "header-value-cr",
        "X: y\rX-Injected: 1",
        "RFC 9110, section 5.5: a CR in a value is a 400, or a space",
    ),
    ("header-value-nul", "X: y\0z", "RFC 9110, section 5.5: a NUL in a value is a 400, or a space"),
    (
        "header-value-controls",
        "X: \x01\x02\x1b[2J\x7f",
        "RFC 9110, section 5.5: control characters",
    ),
    ("header-bare-lf", "X: y\nZ: x", "RFC 9112, section 2.2: a bare LF may end a line"),
    ("header-underscored", "Transfer_Encoding: chunked", "`_` and `-` are one in an environment"),
    ("header-length-underscored", "Content_Length: 4", "`_` and `-` are one in an environment"),
    (
        "cookie-raw-cr",
        "Cookie: a=b\rX-Injected: 1",
        "RFC 9110, section 5.5: a CR in a value is a 400, or a space",
    ),
    (
        "range-raw-nul",
        "Range: bytes=0-\x000",
        "RFC 9110, section 5.5: a NUL in a value is a 400, or a space",
    ),
];

const TARGET: &str = "RFC 9112, section 3.2: targets, and what is none";
const LINE: &str = "RFC 9112, section 3: request lines, and what is none";

/// Name, bytes, reason.
const REFUSED_MESSAGES: &[(&str, &str, &str)] = &[
    ("host-none", "GET {path} HTTP/1.1\r\n\r\n", HOST),
    ("host-markup-raw", "GET {path} HTTP/1.1\r\nHost: <script>\r\n\r\n", HOST),
    ("host-user-raw", "GET {path} HTTP/1.1\r\nHost: user@{host}\r\n\r\n", HOST),
    ("host-path-raw", "GET {path} HTTP/1.1\r\nHost: evil.example/x\r\n\r\n", HOST),
    ("host-port-raw", "GET {path} HTTP/1.1\r\nHost: a:99999\r\n\r\n", HOST),
    ("host-nul-raw", "GET {path} HTTP/1.1\r\nHost: a\0b\r\n\r\n", HOST),
    (
        "host-folded",
        "GET {path} HTTP/1.1\r\nHost:\r\n evil.example\r\nX: y\r\nHost: {host}\r\n\r\n",
        HOST,
    ),
    (
        "host-behind-space",
        "GET {path} HTTP/1.1\r\n Host: evil.example\r\nHost: a\r\nHost: b\r\n\r\n",
        HOST,
    ),
    (
        "target-user",
        "GET http://user@evil.example/ HTTP/1.1\r\nHost: {host}\r\n\r\n",
        "RFC 9110, section 4.2.4: user information in a target",
    ),
    ("target-no-host", "GET http:///x HTTP/1.1\r\nHost: {host}\r\n\r\n", TARGET),
    ("target-port", "GET http://a:99999/ HTTP/1.1\r\nHost: {host}\r\n\r\n", TARGET),
    ("target-relative", "GET secret.txt HTTP/1.1\r\nHost: {host}\r\n\r\n", TARGET),
    ("target-climbs", "GET ../secret.txt HTTP/1.1\r\nHost: {host}\r\n\r\n", TARGET),
    ("target-backslash", "GET \\secret.txt HTTP/1.1\r\nHost: {host}\r\n\r\n", TARGET),
    ("target-authority", "GET evil.example:80 HTTP/1.1\r\nHost: {host}\r\n\r\n", TARGET),
    (
        "target-star",
        "GET * HTTP/1.1\r\nHost: {host}\r\n\r\n",
        "RFC 9112, section 3.2.4: `*` is for OPTIONS",
    ),
    ("target-none", "GET  HTTP/1.1\r\nHost: {host}\r\n\r\n", TARGET),
    ("target-space", "GET {path}a b HTTP/1.1\r\nHost: {host}\r\n\r\n", TARGET),
    ("target-nul", "GET {path}\0 HTTP/1.1\r\nHost: {host}\r\n\r\n", TARGET),
    ("target-delete", "GET {path}\x7f HTTP/1.1\r\nHost: {host}\r\n\r\n", TARGET),
    ("target-cr", "GET {path}\rX-Injected:1 HTTP/1.1\r\nHost: {host}\r\n\r\n", TARGET),
    (
        "connect",
        "CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\nConnection: close\r\n\r\n",
        "RFC 9110, section 9.3.6: an origin server is no tunnel",
    ),
    (
        "connect-path",
        "CONNECT {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n",
        "RFC 9110, section 9.3.6: an origin server is no tunnel",
    ),
    ("line-empty-method", " {path} HTTP/1.1\r\nHost: {host}\r\n\r\n", LINE),
    ("line-method-brackets", "G(E)T {path} HTTP/1.1\r\nHost: {host}\r\n\r\n", LINE),
    ("line-method-nul", "GET\0 {path} HTTP/1.1\r\nHost: {host}\r\n\r\n", LINE),
    ("line-no-version", "GET {path} HTTP\r\nHost: {host}\r\n\r\n", LINE),
    ("line-version-text", "GET {path} HTTP/x.y\r\nHost: {host}\r\n\r\n", LINE),
    (
        "line-version-9",
        "GET {path} HTTP/9.9\r\nHost: {host}\r\n\r\n",
        "RFC 9110, section 15.6.6: 505",
    ),
    ("line-version-long", "GET {path} HTTP/1.11\r\nHost: {host}\r\n\r\n", LINE),
    ("line-version-case", "GET {path} http/1.1\r\nHost: {host}\r\n\r\n", LINE),
    ("line-other-protocol", "GET {path} ICY/1.1\r\nHost: {host}\r\n\r\n", LINE),
    ("other-ssh", "SSH-2.0-OpenSSH_9.9\r\n\r\n\r\n", "another protocol"),
    ("other-smtp", "EHLO evil.example\r\nMAIL FROM:<x@evil.example>\r\n\r\n", "another protocol"),
    ("other-redis", "*1\r\n$4\r\nINFO\r\n\r\n", "another protocol"),
    (
        "coding-in-http-1-0",
        "POST {path} HTTP/1.0\r\nHost: {host}\r\nTransfer-Encoding: evil\r\n\r\n0\r\n\r\n",
        "RFC 9112, section 6.1: HTTP/1.0 has no transfer codings",
    ),
];

/// Name, bytes, reason.
const MESSAGES: &[(&str, &str, &str)] = &[
    (
        "chunked-in-http-1-0",
        "POST {path} HTTP/1.0\r\nHost: {host}\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\nGET {path}smuggled HTTP/1.1\r\nHost: {host}\r\n\r\n",
        "RFC 9112, section 6.1: HTTP/1.0 has no transfer codings",
    ),
    (
        "target-absolute",
        "GET http://evil.example{path}sub HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n",
        "RFC 9112, section 3.2.2: every server takes the absolute form",
    ),
    (
        "target-absolute-climbs",
        "GET http://{host}{path}../secret.txt HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n",
        "RFC 9112, section 3.2.2: every server takes the absolute form",
    ),
    (
        "target-other-scheme",
        "GET file:///etc/passwd HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n",
        TARGET,
    ),
    (
        "target-fragment",
        "GET {path}#/../secret.txt HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n",
        "RFC 9112, section 3.2: a target has no fragment",
    ),
    (
        "target-markup",
        "GET {path}<script>paste_attack()</script> HTTP/1.1\r\nHost: {host}\r\nAccept: text/html\r\nConnection: close\r\n\r\n",
        "Paste CVE-2010-2477: a page that shows the path",
    ),
    (
        "options-star",
        "OPTIONS * HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n",
        "RFC 9112, section 3.2.4: asked of the server as a whole",
    ),
    (
        "line-lower-method",
        "get {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n",
        "RFC 9110, section 9.1: methods have a case",
    ),
    (
        "body-behind-head",
        "HEAD {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: 4\r\n\r\nabcd",
        "RFC 9110, section 9.3.2: a body without meaning",
    ),
    (
        "trailers-forbidden",
        "POST {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nTrailer: Content-Length, Host\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nContent-Length: 99\r\nHost: evil.example\r\nTransfer-Encoding: evil\r\nX-Injected: 1\r\n\r\n",
        "RFC 9110, section 6.5.1: trailers that change nothing",
    ),
    (
        "expect-continue",
        "POST {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\nabcd",
        "RFC 9110, section 10.1.1: a client that does not wait",
    ),
    (
        "multipart-chunked",
        "POST {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Type: multipart/form-data; boundary=a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n-\r\n1\r\n-\r\n1\r\na\r\n0\r\n\r\n",
        "a body whose pieces cut the delimiter",
    ),
    (
        "range-raw-bytes",
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nRange: bytes=0-0\r\nRange:\r\nIf-Range: \"\"\r\n\r\n",
        "RFC 9110, section 14.2: two headers where one may be",
    ),
];

fn floods() -> Vec<Attack> {
    let why = "a head has a bound: 431, 414, 400";
    let flood = |name, text: String| refused(Attack::raw(name, text).why(why));
    let r = str::repeat;
    let start = "GET {path} HTTP/1.1\r\nHost: {host}\r\n";
    vec![
        flood("flood-headers", format!("{start}{}\r\n", r("X: x\r\n", 10_000))),
        flood("flood-headers-no-end", format!("{start}{}", r("X: x\r\n", 500_000))),
        flood("flood-value", format!("{start}X: {}\r\n\r\n", r("x", 1 << 20))),
        flood("flood-value-no-end", format!("{start}X: {}", r("x", 4 << 20))),
        flood("flood-name", format!("{start}{}: x\r\n\r\n", r("x", 1 << 20))),
        flood(
            "flood-target",
            format!("GET {{path}}{} HTTP/1.1\r\nHost: {{host}}\r\n\r\n", r("x", 1 << 20)),
        ),
        flood("flood-target-no-end", format!("GET {{path}}{}", r("x", 4 << 20))),
        flood(
            "flood-method",
            format!("{} {{path}} HTTP/1.1\r\nHost: {{host}}\r\n\r\n", r("G", 1 << 20)),
        ),
        flood("flood-folds", format!("{start}X: x{}\r\n\r\n", r("\r\n x", 100_000))),
        flood("flood-host", format!("GET {{path}} HTTP/1.1\r\nHost: {}\r\n\r\n", r("a", 1 << 20))),
        flood(
            "flood-spaces",
            format!("GET {}{{path}} HTTP/1.1\r\nHost: {{host}}\r\n\r\n", r(" ", 1 << 20)),
        ),
        flood("flood-nothing", r("\0", 1 << 20)),
        lenient(flood(
            "flood-empty-lines",
            format!("{}{start}Connection: close\r\n\r\n", r("\r\n", 100_000)),
        )),
        ambiguous(
            "flood-chunk-extension",
            "Transfer-Encoding: chunked",
            &format!("3;{}\r\nabc\r\n0\r\n\r\n", r("x", 1 << 20)),
            "RFC 9112, section 7.1.1: extensions have a bound",
        ),
        ambiguous(
            "flood-chunk-extensions",
            "Transfer-Encoding: chunked",
            &(r("1;x=yyyyyyyyyyyyyyyy\r\na\r\n", 50_000) + "x\r\n"),
            "RFC 9112, section 7.1.1: extensions have a bound",
        ),
        ambiguous(
            "flood-trailers",
            "Transfer-Encoding: chunked",
            &format!("0\r\n{}x\r\n", r("X: x\r\n", 100_000)),
            "RFC 9112, section 7.1.2: trailers have a bound",
        ),
        ambiguous(
            "flood-chunk-size",
            "Transfer-Encoding: chunked",
            &format!("{}3\r\nabc\r\nx\r\n", r("0", 1 << 20)),
            "RFC 9112, section 7.1: a size has a bound",
        ),
    ]
}

fn bytes() -> Vec<Attack> {
    let target = b"GET {path}\xff\xfe HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n";
    let empty = "\r\n\r\nGET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n";
    let tls =
        [&b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03"[..], &[0x5a; 160], b"\r\n\r\n"].concat();
    let noise: Vec<u8> = (0..=255).cycle().take(4096).chain(*b"\r\n\r\n").collect();
    let other = "another protocol";
    vec![
        lenient(
            Attack::raw("target-bytes", &target[..])
                .why("RFC 9112, section 3.2: targets are ASCII"),
        ),
        lenient(
            Attack::raw("empty-lines", empty)
                .why("RFC 9112, section 2.2: empty lines before a request"),
        ),
        refused(Attack::raw("other-tls", tls).why(other)),
        refused(Attack::raw("other-noise", noise).why(other)),
        refused(with_line("host-full-width", "\u{ff28}ost: x", NAME)),
    ]
}
