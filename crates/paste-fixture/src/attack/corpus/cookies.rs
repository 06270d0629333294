//! Cookies.

use super::super::judge::FIXATED;
use super::super::{Allowed, Attack, Class};

/// Cookies that are doubled, nameless, disguised, many, or no cookies at all; and sessions of the
/// attacker's, which no service may adopt.
pub fn cookies() -> Vec<Attack> {
    let table = TABLE.iter().map(|&(name, value, why)| cookie(name, value, why));
    table.chain(fixation()).chain(others()).collect()
}

fn cookie(name: &'static str, value: impl Into<bytes::Bytes>, why: &'static str) -> Attack {
    Attack::get(name, Class::Cookies, "/").header("Cookie", value).why(why)
}

const TOSSING: &str = "Rack CVE-2020-8184: names of cookies are never decoded";
const NAMELESS: &str = "Werkzeug CVE-2023-23934: a nameless cookie became another";
const SYNTAX: &str = "RFC 6265, section 4.2.1: what is no cookie is passed over";
const FORGED: &str = "rack-session CVE-2026-39324: what cannot be opened is no session";

const TABLE: &[(&str, &str, &str)] = &[
    ("cookie-empty", "", SYNTAX),
    ("cookie-equals", "=", NAMELESS),
    ("cookie-nameless", "=value", NAMELESS),
    ("cookie-nameless-disguised", "=__Host-session=forged", NAMELESS),
    ("cookie-nameless-among", "a=b; =session=forged; c=d", NAMELESS),
    ("cookie-valueless", "session", SYNTAX),
    ("cookie-equals-many", "session====", SYNTAX),
    ("cookie-semicolons", ";;; ;;", SYNTAX),
    ("cookie-commas", "a=b, c=d, session=x", SYNTAX),
    ("cookie-no-space", "a=b;c=d;e=f", SYNTAX),
    ("cookie-tabs", "\ta\t=\tb\t;\tc=d", SYNTAX),
    ("cookie-quotes", "session=\"quoted\"", SYNTAX),
    ("cookie-quote-unclosed", "session=\"unclosed; a=b", SYNTAX),
    (
        "cookie-quote-around-two",
        "a=\"b; session=forged; c=\"",
        "a quote must not swallow other cookies",
    ),
    ("cookie-backslashes", "session=\"\\\"\\\\\\073\\012\"", "octal escapes of old libraries"),
    ("cookie-doubled", "session=first; session=second", "cookie tossing: one name twice"),
    ("cookie-doubled-case", "session=first; SESSION=second; Session=third", "names have a case"),
    ("cookie-host-encoded", "%5F%5FHost-session=forged", TOSSING),
    ("cookie-host-half-encoded", "__Host%2Dsession=forged", TOSSING),
    ("cookie-secure-encoded", "%5f%5fSecure-session=forged", TOSSING),
    ("cookie-host-case", "__hOsT-session=forged", "the prefix has no case"),
    ("cookie-host-space", "__Host- session=forged;  __Host-session =forged", "spaces in a name"),
    ("cookie-nul-encoded", "session=%00; a%00b=c", "encoded control characters"),
    (
        "cookie-line-encoded",
        "session=%0d%0aSet-Cookie:%20injected=1; lang=%0d%0aX-Injected:%201",
        "CR LF in what becomes a header",
    ),
    ("cookie-percent", "a=%; b=%zz; %=c", "a `%` without two digits"),
    (
        "cookie-markup",
        "name=<script>paste_attack()</script>; lang=\"><script>paste_attack()</script>",
        "a value in a page",
    ),
    (
        "cookie-path",
        "lang=../../../../etc/passwd; theme=..%2f..%2fsecret.txt",
        "a value that becomes a path",
    ),
    (
        "cookie-attributes",
        "$Version=1; session=x; $Path=/; $Domain=evil.example; Path=/; HttpOnly",
        "RFC 2965 is gone",
    ),
    (
        "cookie-prototype",
        "__proto__=x; constructor=y; toString=z",
        "names that mean something to a language",
    ),
    ("cookie-json", "session={\"user\":\"admin\",\"roles\":[\"admin\"]}", FORGED),
    ("cookie-base64", "session=eyJ1c2VyIjoiYWRtaW4ifQ==", FORGED),
    (
        "cookie-token-unsigned",
        "session=eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.; token=eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.",
        "RFC 8725, section 2.1: the algorithm none",
    ),
    (
        "cookie-pickle",
        "session=gASVFAAAAAAAAACMBXBvc2l4lIwGc3lzdGVtlJMu",
        "serialized objects are not opened",
    ),
    (
        "cookie-ticket",
        "auth_tkt=00000000000000000000000000000000ffffffffadmin!admin!",
        "a ticket without a right digest",
    ),
    (
        "cookie-ticket-short",
        "auth_tkt=\"\"; auth_tkt=!!!; auth_tkt=zz",
        "a ticket too short to be cut up",
    ),
    (
        "cookie-number",
        "session=99999999999999999999999999; id=-1; session_id=NaN",
        "numbers that are none",
    ),
];

/// passport CVE-2022-25896: an id that the client made up must not become a session.
fn fixation() -> Vec<Attack> {
    let why = "passport CVE-2022-25896: an unknown id is never adopted";
    let names = [
        "session",
        "sid",
        "sessionid",
        "session_id",
        "_SID_",
        "id",
        "__Host-session",
        "__Host-id",
        "PHPSESSID",
        "JSESSIONID",
    ];
    let all: Vec<_> = names.iter().map(|name| format!("{name}={FIXATED}")).collect();
    vec![
        cookie("fixation", all.join("; "), why),
        cookie("fixation-post", all.join("; "), why).method("POST"),
        Attack::get("fixation-query", Class::Cookies, format!("/?{}", all.join("&"))).why(why),
        cookie("fixation-encoded", format!("session={FIXATED}%00; sid=%22{FIXATED}%22"), why),
        cookie(
            "fixation-path",
            format!("session=../{FIXATED}; sid=/tmp/{FIXATED}"),
            "an id that becomes the name of a file",
        ),
    ]
}

fn others() -> Vec<Attack> {
    let large = |name, value: String| {
        cookie(name, value, "cookies are read in linear time, and in bounded memory")
            .allow(Allowed::answered().or_closed())
    };
    let two = |name, first: &'static str, second: &'static str| {
        cookie(name, first, "RFC 9113, section 8.2.3: cookies in several headers")
            .header("Cookie", second)
    };
    vec![
        two("cookie-two-headers", "session=first", "session=second"),
        two("cookie-headers-in-quotes", "a=\"b", "c\"; session=forged"),
        cookie("cookie-bytes", &b"session=\xff\xfe; \xc3=\x80"[..], "bytes that are no text"),
        cookie(
            "cookie-nul",
            &b"session=a\0b; a\0=b"[..],
            "RFC 9110, section 5.5: a NUL in a header",
        )
        .allow(Allowed::answered().or_closed()),
        large("cookie-long", format!("session={}", "a".repeat(60_000))),
        large("cookie-long-name", format!("{}=a", "a".repeat(60_000))),
        large("cookie-many", "a=b; ".repeat(12_000)),
        large(
            "cookie-many-names",
            (0..6000).map(|n| format!("c{n}=1; ")).collect::<Vec<_>>().concat(),
        ),
        large("cookie-many-equal", "session=a; ".repeat(5000)),
        large("cookie-long-semicolons", ";".repeat(60_000)),
        large("cookie-long-equals", "=".repeat(60_000)),
        large("cookie-long-quotes", format!("a={}", "\"".repeat(60_000))),
        large("cookie-long-percents", format!("a={}", "%25".repeat(20_000))),
        large("cookie-too-long", format!("a={}", "a".repeat(200_000))),
    ]
}
