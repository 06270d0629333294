//! Ranges that overlap, overflow, or are many.

use super::super::{Allowed, Attack, Class};

/// Requests for parts of `/`. A service that knows no ranges answers with the whole; one that does
/// must not answer with more than it has, and not with a part where the header is none.
/// [`Attack::at`] aims them at a file.
pub fn ranges() -> Vec<Attack> {
    let fitting = FITTING.iter().map(|&(name, value, why)| range(name, value, why));
    let none = NONE.iter().map(|&(name, value, why)| whole(range(name, value, why)));
    let conditional = CONDITIONAL.iter().map(|&(name, validator, why)| {
        whole(range(name, "bytes=0-0", why).header("If-Range", validator))
    });
    fitting.chain(none).chain(conditional).chain(many()).chain(others()).collect()
}

fn range(name: &'static str, value: impl Into<bytes::Bytes>, why: &'static str) -> Attack {
    Attack::get(name, Class::Ranges, "/").header("Range", value).why(why)
}

/// There is nothing that a part could answer.
fn whole(attack: Attack) -> Attack {
    attack.allow(Allowed::answered().statuses([200..=205, 207..=499, 501..=501]))
}

type Table = &'static [(&'static str, &'static str, &'static str)];

const FITTING: Table = &[
    ("range-first", "bytes=0-0", "RFC 9110, section 14.1.2: one byte"),
    ("range-all", "bytes=0-", "RFC 9110, section 14.1.2: a part that is the whole"),
    ("range-last", "bytes=-1", "RFC 9110, section 14.1.2: a suffix"),
    (
        "range-suffix-large",
        "bytes=-18446744073709551615",
        "a suffix longer than the file is the whole",
    ),
    ("range-suffix-overflow", "bytes=-18446744073709551616", "u64 overflow"),
    ("range-end-overflow", "bytes=0-18446744073709551615", "u64 overflow: the last byte plus one"),
    ("range-end-beyond-u64", "bytes=0-18446744073709551616", "u64 overflow"),
    ("range-end-huge", "bytes=0-99999999999999999999999999999999", "u64 overflow"),
    ("range-i64", "bytes=0-9223372036854775808", "i64 overflow"),
    ("range-two", "bytes=0-0,2-2", "RFC 9110, section 14.1.2: two parts"),
    ("range-same-twice", "bytes=0-,0-", "Rack CVE-2024-26141: parts that overlap"),
    ("range-overlapping", "bytes=0-9,5-14,9-20", "CVE-2011-3192: parts that overlap"),
    ("range-backwards", "bytes=9-9,5-5,0-0", "RFC 9110, section 14.2: parts in another order"),
    ("range-some-beyond", "bytes=0-0,99999999999-", "a part that exists, and one that does not"),
    ("range-empty-members", "bytes=,,0-0,,", "RFC 9110, section 5.6.1: empty members of a list"),
    ("range-spaces", "bytes= 0-0 ,\t2-2", "RFC 9110, section 5.6.1: spaces in a list"),
    (
        "range-leading-zeros",
        "bytes=00000000000000000000000-000000000000000000000000",
        "numbers with zeros before them",
    ),
    ("range-inner-space", "bytes=0 - 0", "RFC 9110, section 14.1.1: no space within a range"),
    ("range-unit-case", "BYTES=0-0", "RFC 9110, section 14.1: units and their case"),
];

const NONE: Table = &[
    ("range-suffix-zero", "bytes=-0", "actix-files 0.6.10: a suffix of nothing"),
    ("range-empty", "bytes=", "actix-files 0.6.10: no range at all"),
    ("range-empty-value", "", "actix-files 0.6.10: no range at all"),
    ("range-no-unit", "0-0", "RFC 9110, section 14.2: no unit"),
    ("range-dash", "bytes=-", "a range without numbers"),
    ("range-dashes", "bytes=--1", "a negative suffix"),
    ("range-three", "bytes=0-1-2", "a range of three"),
    ("range-commas", "bytes=,,,", "a list of nothing"),
    (
        "range-reversed",
        "bytes=9-5",
        "RFC 9110, section 14.1.1: the last before the first is invalid",
    ),
    ("range-reversed-one-of-two", "bytes=9-5,4-3", "RFC 9110, section 14.1.1: invalid ranges only"),
    ("range-beyond", "bytes=18446744073709551615-", "u64 overflow: a first byte that no file has"),
    ("range-beyond-u64", "bytes=18446744073709551616-18446744073709551617", "u64 overflow"),
    ("range-letters", "bytes=a-b", "numbers that are none"),
    ("range-hexadecimal", "bytes=0x0-0x1", "numbers that are none"),
    ("range-plus", "bytes=+0-+1", "numbers with a sign"),
    ("range-float", "bytes=0.0-1.0", "numbers that are none"),
    ("range-digits-of-unicode", "bytes=\u{660}-\u{661}", "digits of another script"),
    ("range-unknown-unit", "lines=0-0", "RFC 9110, section 14.2: an unknown unit is ignored"),
    ("range-unit-none", "none", "RFC 9110, section 14.1: no unit"),
    ("range-semicolons", "bytes=0-0;2-2", "another separator"),
    ("range-content-range", "bytes 0-0/9", "the syntax of the answer"),
];

const CONDITION: &str = "RFC 9110, section 13.1.5: If-Range that does not match gives the whole";
const CONDITIONAL: Table = &[
    ("if-range-other", "\"no-such-version\"", CONDITION),
    ("if-range-weak", "W/\"weak\"", "RFC 9110, section 13.1.5: a weak tag never matches"),
    ("if-range-unquoted", "unquoted", CONDITION),
    ("if-range-unclosed", "\"", CONDITION),
    ("if-range-empty", "", CONDITION),
    ("if-range-star", "*", "RFC 9110, section 13.1.5: no asterisk here"),
    (
        "if-range-past",
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "RFC 9110, section 13.1.5: dates match exactly",
    ),
    (
        "if-range-future",
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "RFC 9110, section 13.1.5: dates match exactly",
    ),
    (
        "if-range-no-date",
        "Mon, 99 Foo 2026 99:99:99 GMT",
        "time RUSTSEC-2026-0009: dates that are none",
    ),
];

fn many() -> Vec<Attack> {
    let list = |member: &dyn Fn(u32) -> String| {
        let members: Vec<_> = (0..10_000).map(member).collect();
        format!("bytes={}", members.join(","))
    };
    let many =
        |name, value: String, why| range(name, value, why).allow(Allowed::answered().or_closed());
    let apache = "CVE-2011-3192: the answer was the file, thousands of times";
    let merge = "Starlette CVE-2025-62727: ranges were merged in quadratic time";
    vec![
        many("ranges-1000-whole", format!("bytes=0-{}", ",0-".repeat(1000)), apache),
        many("ranges-10000-whole", format!("bytes=0-{}", ",0-".repeat(9999)), apache),
        many(
            "ranges-nested",
            format!("bytes={}", (0..6000).map(|n| format!("{n}-,")).collect::<Vec<_>>().concat()),
            apache,
        ),
        many("ranges-suffixes", list(&|n| format!("-{n}")), "Rack CVE-2026-34826: many suffixes"),
        many(
            "ranges-single-bytes",
            format!(
                "bytes={}",
                (0..6000).map(|n| format!("{0}-{0},", n * 2)).collect::<Vec<_>>().concat()
            ),
            merge,
        ),
        many(
            "ranges-backwards",
            format!(
                "bytes={}",
                (0..5000).rev().map(|n| format!("{0}-{0},", n * 2)).collect::<Vec<_>>().concat()
            ),
            merge,
        ),
        many(
            "ranges-invalid",
            list(&|_| "-".to_owned()),
            "Rack CVE-2022-44570: time spent on what is invalid",
        ),
        many(
            "ranges-commas",
            format!("bytes={}", ",".repeat(60_000)),
            "Rack CVE-2022-44570: time spent on what is invalid",
        ),
        many("ranges-digits", format!("bytes=0-{}", "9".repeat(60_000)), "u64 overflow, at length"),
        many(
            "ranges-spaces",
            format!("bytes={}0-0", " ".repeat(60_000)),
            "Rack CVE-2022-44570: time spent on what is invalid",
        ),
    ]
}

fn others() -> Vec<Attack> {
    vec![
        range("range-head", "bytes=0-0", "RFC 9110, section 14.2: Range means nothing to HEAD")
            .method("HEAD"),
        range(
            "range-head-beyond",
            "bytes=99999999999-",
            "RFC 9110, section 14.2: Range means nothing to HEAD",
        )
        .method("HEAD"),
        whole(
            range("range-post", "bytes=0-0", "RFC 9110, section 14.2: Range is for GET")
                .method("POST"),
        ),
        range("range-two-headers", "bytes=0-0", "two headers where one may be")
            .header("Range", "bytes=2-2"),
        range(
            "range-precondition",
            "bytes=0-0",
            "RFC 9110, section 13.2.2: preconditions before ranges",
        )
        .header("If-None-Match", "*"),
        range("range-and-coding", "bytes=0-0", "the part of a coded answer")
            .header("Accept-Encoding", "gzip, br, zstd"),
        range("range-of-missing", "bytes=0-0", "a part of a 404").at("/no-such-file"),
        whole(range("range-not-ascii", &b"bytes=\xff-\xff"[..], "bytes that are no text")),
        range("request-range", "x", "old names of the header").header("Request-Range", "bytes=9-5"),
    ]
}
