//! Headers that no longer mean anything.

use super::super::rule::{Level, Rule};
use super::{Check, Entry};

pub(super) static ENTRIES: &[Entry] = &[
    Entry {
        rule: Rule {
            id: "pragma-obsolete",
            level: Level::Should,
            clause: "RFC 9111, 5.4",
            text: "Pragma is deprecated, and never meant anything in a response",
        },
        on: &["pragma"],
        check: Check::Response(|exchange| exchange.present("pragma")),
        breaks: "GET /\n\n200\nPragma: no-cache",
        sound: "GET /\n\n200\nCache-Control: no-cache",
    },
    Entry {
        rule: Rule {
            id: "warning-obsolete",
            level: Level::Should,
            clause: "RFC 9111, 5.5",
            text: "Warning is obsolete",
        },
        on: &["warning"],
        check: Check::Response(|exchange| exchange.present("warning")),
        breaks: "GET /\n\n200\nWarning: 199 - \"a\"",
        sound: "GET /\n\n200",
    },
    Entry {
        rule: Rule {
            id: "content-md5-obsolete",
            level: Level::Should,
            clause: "RFC 7231, appendix B",
            text: "Content-MD5 is gone; Repr-Digest and Content-Digest (RFC 9530) do that",
        },
        on: &["content-md5"],
        check: Check::Response(|exchange| exchange.present("content-md5")),
        breaks: "GET /\n\n200\nContent-MD5: Q2hlY2sgSW50ZWdyaXR5IQ==",
        sound: "GET /\n\n200",
    },
    Entry {
        rule: Rule {
            id: "digest-obsolete",
            level: Level::Should,
            clause: "RFC 9530, 1.3",
            text: "Digest is obsolete; Repr-Digest and Content-Digest do that",
        },
        on: &["digest"],
        check: Check::Response(|exchange| exchange.present("digest")),
        breaks: "GET /\n\n200\nDigest: sha-256=abc",
        sound: "GET /\n\n200\nRepr-Digest: sha-256=:abc=:",
    },
    Entry {
        rule: Rule {
            id: "set-cookie2-obsolete",
            level: Level::Should,
            clause: "RFC 6265, 9.4",
            text: "Set-Cookie2 is obsolete",
        },
        on: &["set-cookie2"],
        check: Check::Response(|exchange| exchange.present("set-cookie2")),
        breaks: "GET /\n\n200\nSet-Cookie2: a=b; Version=1",
        sound: "GET /\n\n200\nSet-Cookie: a=b",
    },
    Entry {
        rule: Rule {
            id: "content-transfer-encoding-obsolete",
            level: Level::Should,
            clause: "RFC 9112, B.5",
            text: "HTTP has no Content-Transfer-Encoding: that is of mail",
        },
        on: &["content-transfer-encoding"],
        check: Check::Response(|exchange| exchange.present("content-transfer-encoding")),
        breaks: "GET /\n\n200\nContent-Transfer-Encoding: binary",
        sound: "GET /\n\n200",
    },
    Entry {
        rule: Rule {
            id: "x-xss-protection-obsolete",
            level: Level::Should,
            clause: "OWASP HTTP Headers Cheat Sheet, X-XSS-Protection",
            text: "no browser filters by X-XSS-Protection any more, and where one did, it could be misused: `0`, or a Content-Security-Policy",
        },
        on: &["x-xss-protection"],
        check: Check::Response(|exchange| {
            exchange.not_ok("x-xss-protection", |value| value == "0")
        }),
        breaks: "GET /\n\n200\nX-XSS-Protection: 1; mode=block",
        sound: "GET /\n\n200\nX-XSS-Protection: 0",
    },
    Entry {
        rule: Rule {
            id: "public-key-pins-obsolete",
            level: Level::Should,
            clause: "RFC 7469, which browsers have dropped",
            text: "no browser pins keys by Public-Key-Pins any more",
        },
        on: &["public-key-pins", "public-key-pins-report-only"],
        check: Check::Response(|exchange| {
            let report_only = || exchange.present("public-key-pins-report-only");
            exchange.present("public-key-pins").or_else(report_only)
        }),
        breaks: "GET /\n\n200\nPublic-Key-Pins-Report-Only: max-age=5",
        sound: "GET /\n\n200",
    },
    Entry {
        rule: Rule {
            id: "expect-ct-obsolete",
            level: Level::Should,
            clause: "RFC 9163, which browsers have dropped",
            text: "browsers want certificates to be public, with or without Expect-CT",
        },
        on: &["expect-ct"],
        check: Check::Response(|exchange| exchange.present("expect-ct")),
        breaks: "GET /\n\n200\nExpect-CT: max-age=5",
        sound: "GET /\n\n200",
    },
    Entry {
        rule: Rule {
            id: "p3p-obsolete",
            level: Level::Should,
            clause: "W3C, P3P 1.0, retired in 2018",
            text: "no browser reads P3P any more",
        },
        on: &["p3p"],
        check: Check::Response(|exchange| exchange.present("p3p")),
        breaks: "GET /\n\n200\nP3P: CP=\"this is no policy\"",
        sound: "GET /\n\n200",
    },
];
