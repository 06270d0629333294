//! The `Range` of a request: RFC 9110, section 14. Pure: text and a length in, parts of bytes out.
//!
//! 1. Only `bytes` counts. A header that is malformed (reversed, empty, not a number) is ignored, and so
//!    is one for something empty: the whole is sent.
//! 2. An end behind the last byte is the last byte, also where the number overflows. `-n` is the last
//!    `n` bytes.
//! 3. Parts that lie outside are left out. If no part is left, the range cannot be satisfied.
//! 4. Parts that overlap or touch become one, in the place of the first of them.
//! 5. More ranges than the limit are ignored. Time and memory are bounded by it.

use std::ops::Range;

/// What a client asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ranges {
    /// The whole.
    Whole,
    /// Parts: at least one, none empty, none overlapping.
    Parts(Vec<Range<u64>>),
    /// Only what is not there.
    Unsatisfiable,
}

/// Reads a `Range` header for something of `length` bytes. More than `limit` ranges are ignored.
pub fn parse(header: &str, length: u64, limit: usize) -> Ranges {
    let Some((unit, set)) = header.split_once('=') else { return Ranges::Whole };
    if !unit.trim().eq_ignore_ascii_case("bytes") || length == 0 {
        return Ranges::Whole;
    }
    let mut parts = Vec::new();
    let mut count = 0;
    for spec in set.split(',').map(|spec| spec.trim_matches([' ', '\t'])) {
        if spec.is_empty() {
            continue;
        }
        count += 1;
        if count > limit {
            return Ranges::Whole;
        }
        match part(spec, length) {
            Some(part) if part.is_empty() => {}
            Some(part) => parts.push(part),
            None => return Ranges::Whole,
        }
    }
    match (count, parts.is_empty()) {
        (0, _) => Ranges::Whole,
        (_, true) => Ranges::Unsatisfiable,
        (_, false) => Ranges::Parts(merged(parts)),
    }
}

/// One range; empty where it lies outside, `None` where it is malformed.
fn part(spec: &str, length: u64) -> Option<Range<u64>> {
    let (first, last) = spec.split_once('-')?;
    if first.is_empty() {
        let count = number(last)?;
        return Some(length.saturating_sub(count)..length);
    }
    let first = number(first)?;
    let end = match last {
        "" => length,
        last => {
            let last = number(last)?;
            if last < first {
                return None;
            }
            last.saturating_add(1).min(length)
        }
    };
    Some(first.min(end)..end)
}

/// A number of digits alone; one that is too large is the largest.
fn number(digits: &str) -> Option<u64> {
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse().unwrap_or(u64::MAX))
}

/// Makes one part of those that overlap or touch, and keeps the order in which they were asked for.
fn merged(parts: Vec<Range<u64>>) -> Vec<Range<u64>> {
    let mut by_start: Vec<(usize, Range<u64>)> = parts.into_iter().enumerate().collect();
    by_start.sort_unstable_by_key(|(_, part)| part.start);
    let mut merged: Vec<(usize, Range<u64>)> = Vec::with_capacity(by_start.len());
    for (place, part) in by_start {
        match merged.last_mut() {
            Some((first, last)) if part.start <= last.end => {
                last.end = last.end.max(part.end);
                *first = place.min(*first);
            }
            _ => merged.push((place, part)),
        }
    }
    merged.sort_unstable_by_key(|(place, _)| *place);
    merged.into_iter().map(|(_, part)| part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{prop_assert, proptest};

    fn parts(header: &str) -> Option<Vec<(u64, u64)>> {
        match parse(header, 1000, 200) {
            Ranges::Parts(parts) => Some(parts.iter().map(|part| (part.start, part.end)).collect()),
            Ranges::Unsatisfiable => Some(Vec::new()),
            Ranges::Whole => None,
        }
    }

    #[test]
    fn rule_1_malformed_ranges_are_ignored() {
        for header in [
            "",
            "bytes",
            "bytes=",
            "bytes=,",
            "bytes= , ,",
            "bytes=-",
            "bytes=abc",
            "bytes=9-0",
            "bytes=0-1,9-0",
            "bytes=1",
            "bytes=--1",
            "bytes=+1-2",
            "bytes=1-2-3",
            "bytes=0x1-2",
            "bytes=1 -2",
            "lines=0-1",
            "bytes:0-1",
        ] {
            assert_eq!(parts(header), None, "{header}");
        }
        assert_eq!(parse("bytes=0-1", 0, 200), Ranges::Whole);
        assert_eq!(parse("bytes=-1", 0, 200), Ranges::Whole);
    }

    #[test]
    fn rule_2_ends_are_cut_and_suffixes_counted_from_the_end() {
        for (header, expected) in [
            ("bytes=0-9", (0, 10)),
            ("bytes=0-0", (0, 1)),
            ("BYTES=0-0", (0, 1)),
            ("bytes=995-", (995, 1000)),
            ("bytes=995-5000", (995, 1000)),
            ("bytes=-5", (995, 1000)),
            ("bytes=-5000", (0, 1000)),
            ("bytes=0-18446744073709551615", (0, 1000)),
            ("bytes=0-99999999999999999999999", (0, 1000)),
            ("bytes=-99999999999999999999999", (0, 1000)),
            ("bytes= 0-9 ,", (0, 10)),
        ] {
            assert_eq!(parts(header), Some(vec![expected]), "{header}");
        }
    }

    #[test]
    fn rule_3_what_lies_outside_is_left_out() {
        for (header, expected) in [
            ("bytes=5000-", vec![]),
            ("bytes=1000-", vec![]),
            ("bytes=-0", vec![]),
            ("bytes=18446744073709551616-", vec![]),
            ("bytes=18446744073709551615-18446744073709551615", vec![]),
            ("bytes=5000-,0-0", vec![(0, 1)]),
            ("bytes=-0,2-2", vec![(2, 3)]),
        ] {
            assert_eq!(parts(header), Some(expected), "{header}");
        }
    }

    #[test]
    fn rule_4_overlapping_parts_become_one_in_order() {
        for (header, expected) in [
            ("bytes=0-0,10-12", vec![(0, 1), (10, 13)]),
            ("bytes=10-12,0-0", vec![(10, 13), (0, 1)]),
            ("bytes=0-99,50-149", vec![(0, 150)]),
            ("bytes=0-1,2-3", vec![(0, 4)]),
            ("bytes=500-600,0-0,550-700,0-", vec![(0, 1000)]),
            ("bytes=500-600,0-0,550-700", vec![(500, 701), (0, 1)]),
            ("bytes=-1,0-0,999-", vec![(999, 1000), (0, 1)]),
        ] {
            assert_eq!(parts(header), Some(expected), "{header}");
        }
    }

    #[test]
    fn rule_5_too_many_ranges_are_ignored() {
        for one in ["0-0", "0-", "0-999", "5-5", "9999-"] {
            let many = |count: usize| format!("bytes={}", vec![one; count].join(","));
            assert_eq!(parse(&many(10_000), 1000, 200), Ranges::Whole);
            assert_ne!(parse(&many(200), 1000, 200), Ranges::Whole);
        }
        assert_eq!(parse("bytes=0-0", 1000, 0), Ranges::Whole);
        let spread: Vec<_> = (0..10_000).map(|at| format!("{}-{}", at * 2, at * 2)).collect();
        let spread = format!("bytes={}", spread.join(","));
        assert!(
            matches!(parse(&spread, 20_000, 10_000), Ranges::Parts(parts) if parts.len() == 10_000)
        );
    }

    proptest! {
        #[test]
        fn parts_are_sound(specs in proptest::collection::vec("([0-9]{0,3}|[0-9]{18,22})-([0-9]{0,3}|[0-9]{18,22})", 0..12), length in 0_u64..500) {
            let header = format!("bytes={}", specs.join(","));
            if let Ranges::Parts(parts) = parse(&header, length, 10) {
                prop_assert!(!parts.is_empty() && specs.len() <= 10);
                for (index, part) in parts.iter().enumerate() {
                    prop_assert!(part.start < part.end && part.end <= length);
                    for other in &parts[index + 1..] {
                        prop_assert!(part.end < other.start || other.end < part.start);
                    }
                }
            }
        }

        #[test]
        fn nothing_panics(header in "(bytes=)?[ -~]{0,60}", length: u64) {
            parse(&header, length, 5);
        }
    }
}
