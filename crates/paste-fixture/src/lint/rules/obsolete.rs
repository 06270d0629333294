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
];
