//! Conditional requests: RFC 9110, section 13. Pure: headers and validators in, a verdict out.
//!
//! 1. `If-Match` holds for `*` and for a strong tag that is equal; if it does not hold, nothing is sent.
//! 2. `If-Unmodified-Since` counts where there is no `If-Match`.
//! 3. `If-None-Match` holds against `*` and against a tag that is equal, weak or strong.
//! 4. `If-Modified-Since` counts where there is no `If-None-Match`.
//! 5. `If-Range` lets a range pass for a strong tag that is equal, or for exactly the date of the last
//!    change.
//! 6. A date that cannot be read, or that stands twice, counts as absent. A malformed list of tags ends
//!    where it is malformed.

use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{HeaderMap, HeaderName, HeaderValue, header};

/// An entity tag (RFC 9110, section 8.8.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EntityTag {
    is_weak: bool,
    opaque: String,
}

/// What identifies the representation that would be sent.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Validators<'a> {
    pub(crate) tag: Option<&'a EntityTag>,
    pub(crate) modified: Option<SystemTime>,
}

/// What becomes of a request for a representation that exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is answered.
    Proceed,
    /// 304.
    NotModified,
    /// 412.
    Failed,
}

impl EntityTag {
    /// A strong tag of hexadecimal numbers.
    pub(crate) fn strong(parts: &[u64]) -> Self {
        let mut opaque = String::with_capacity(parts.len() * 17);
        for part in parts {
            let dash = if opaque.is_empty() { "" } else { "-" };
            let _ = write!(opaque, "{dash}{part:x}");
        }
        Self { is_weak: false, opaque }
    }

    /// A strong tag for something of that identity and length. It tells nothing about either but
    /// whether they changed.
    pub(crate) fn of_identity(identity: &impl Hash, length: u64) -> Self {
        let mut hasher = DefaultHasher::new();
        identity.hash(&mut hasher);
        Self::strong(&[hasher.finish(), length])
    }

    /// The same tag, weak: for what is made on the fly.
    #[cfg(feature = "listing")]
    pub(crate) fn weak(self) -> Self {
        Self { is_weak: true, ..self }
    }

    pub(crate) fn value(&self) -> HeaderValue {
        let weak = if self.is_weak { "W/" } else { "" };
        HeaderValue::try_from(format!("{weak}\"{}\"", self.opaque)).expect("hexadecimal numbers")
    }

    fn equals(&self, (is_weak, opaque): (bool, &[u8]), strongly: bool) -> bool {
        self.opaque.as_bytes() == opaque && !(strongly && (self.is_weak || is_weak))
    }
}

/// Whether a GET or HEAD with these headers is answered with the representation (section 13.2.2).
pub(crate) fn judge(headers: &HeaderMap, current: Validators<'_>) -> Verdict {
    if headers.contains_key(header::IF_MATCH) {
        if !names(headers, &header::IF_MATCH, current.tag, true) {
            return Verdict::Failed;
        }
    } else if let Some(since) = date(headers, &header::IF_UNMODIFIED_SINCE)
        && current.modified.is_some_and(|modified| whole_seconds(modified) > since)
    {
        return Verdict::Failed;
    }
    if headers.contains_key(header::IF_NONE_MATCH) {
        if names(headers, &header::IF_NONE_MATCH, current.tag, false) {
            return Verdict::NotModified;
        }
    } else if let Some(since) = date(headers, &header::IF_MODIFIED_SINCE)
        && current.modified.is_some_and(|modified| whole_seconds(modified) <= since)
    {
        return Verdict::NotModified;
    }
    Verdict::Proceed
}

/// Whether the `Range` of a request counts (section 13.1.5).
pub(crate) fn range_counts(headers: &HeaderMap, current: Validators<'_>) -> bool {
    let Some(condition) = headers.get(header::IF_RANGE) else { return true };
    if headers.get_all(header::IF_RANGE).iter().count() > 1 {
        return false;
    }
    if let Some(tag) = tags(condition.as_bytes()).next() {
        return current.tag.is_some_and(|current| current.equals(tag, true));
    }
    let since = date(headers, &header::IF_RANGE);
    since.is_some() && since == current.modified.map(whole_seconds)
}

fn names(
    headers: &HeaderMap,
    name: &HeaderName,
    current: Option<&EntityTag>,
    strongly: bool,
) -> bool {
    headers.get_all(name).iter().map(HeaderValue::as_bytes).any(|list| {
        list.trim_ascii() == b"*"
            || current.is_some_and(|current| tags(list).any(|tag| current.equals(tag, strongly)))
    })
}

/// The tags of a list: whether each is weak, and what stands between its quotes.
fn tags(list: &[u8]) -> impl Iterator<Item = (bool, &[u8])> {
    let mut rest = list;
    std::iter::from_fn(move || {
        while let [b' ' | b'\t' | b',', tail @ ..] = rest {
            rest = tail;
        }
        let (is_weak, quoted) = match rest.strip_prefix(b"W/") {
            Some(quoted) => (true, quoted),
            None => (false, rest),
        };
        let opaque = quoted.strip_prefix(b"\"")?;
        let end = opaque.iter().position(|byte| *byte == b'"')?;
        rest = &opaque[end + 1..];
        Some((is_weak, &opaque[..end]))
    })
}

fn date(headers: &HeaderMap, name: &HeaderName) -> Option<SystemTime> {
    let mut lines = headers.get_all(name).iter();
    let line = lines.next().filter(|_| lines.next().is_none())?;
    httpdate::parse_http_date(line.to_str().ok()?).ok()
}

/// A time as `Last-Modified` tells it. One before 1970 is 1970.
pub(crate) fn whole_seconds(time: SystemTime) -> SystemTime {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    UNIX_EPOCH + Duration::from_secs(since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    const DATE: &str = "Tue, 14 Nov 2023 22:13:20 GMT";
    const EARLIER: &str = "Tue, 14 Nov 2023 22:13:19 GMT";
    const LATER: &str = "Tue, 14 Nov 2023 22:13:21 GMT";

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &str)| {
            (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())
        };
        let mut headers = HeaderMap::new();
        for (name, value) in pairs.iter().map(pair) {
            headers.append(name, value);
        }
        headers
    }

    /// What becomes of a request for the tag `"a-b"`, changed half a second after `DATE`.
    fn verdict(pairs: &[(&'static str, &str)]) -> Verdict {
        let tag = EntityTag::strong(&[10, 11]);
        let modified = UNIX_EPOCH + Duration::from_millis(1_700_000_000_500);
        judge(&headers(pairs), Validators { tag: Some(&tag), modified: Some(modified) })
    }

    #[test]
    fn rules_1_and_2_what_must_hold() {
        for (condition, holds) in [
            ("\"a-b\"", true),
            ("*", true),
            (" \"x\", \"a-b\"", true),
            ("\"x,\", ,\"a-b\"", true),
            ("W/\"a-b\"", false),
            ("\"x\"", false),
            ("a-b", false),
            ("", false),
            ("\"a-b", false),
        ] {
            let expected = if holds { Verdict::Proceed } else { Verdict::Failed };
            assert_eq!(verdict(&[("if-match", condition)]), expected, "{condition}");
            let both = [("if-match", condition), ("if-unmodified-since", EARLIER)];
            assert_eq!(verdict(&both), expected, "{condition} before the date");
        }
        for (date, expected) in [
            (DATE, Verdict::Proceed),
            (LATER, Verdict::Proceed),
            (EARLIER, Verdict::Failed),
            ("garbage", Verdict::Proceed),
        ] {
            assert_eq!(verdict(&[("if-unmodified-since", date)]), expected, "{date}");
        }
    }

    #[test]
    fn rules_3_and_4_what_the_client_has() {
        for (condition, has) in [
            ("\"a-b\"", true),
            ("W/\"a-b\"", true),
            ("*", true),
            ("\"x\", W/\"y\" ,\"a-b\"", true),
            ("\"x\"", false),
            ("a-b", false),
            ("w/\"a-b\"", false),
        ] {
            let expected = if has { Verdict::NotModified } else { Verdict::Proceed };
            assert_eq!(verdict(&[("if-none-match", condition)]), expected, "{condition}");
            let both = [("if-none-match", condition), ("if-modified-since", LATER)];
            assert_eq!(verdict(&both), expected, "{condition} before the date");
        }
        let lines = [("if-none-match", "\"x\""), ("if-none-match", "\"a-b\"")];
        assert_eq!(verdict(&lines), Verdict::NotModified);
        for (date, expected) in [
            (DATE, Verdict::NotModified),
            (LATER, Verdict::NotModified),
            (EARLIER, Verdict::Proceed),
            ("Tuesday, 14-Nov-23 22:13:20 GMT", Verdict::NotModified),
            ("Tue Nov 14 22:13:20 2023", Verdict::NotModified),
            ("garbage", Verdict::Proceed),
        ] {
            assert_eq!(verdict(&[("if-modified-since", date)]), expected, "{date}");
        }
        let failed = [("if-match", "\"x\""), ("if-none-match", "\"a-b\"")];
        assert_eq!(verdict(&failed), Verdict::Failed);
    }

    #[test]
    fn rule_5_a_range_counts_for_what_is_the_same_for_sure() {
        let (strong, modified) =
            (EntityTag::strong(&[10, 11]), UNIX_EPOCH + Duration::from_millis(1_700_000_000_500));
        let weak = EntityTag { is_weak: true, ..strong.clone() };
        for (condition, counts) in [
            ("\"a-b\"", true),
            ("W/\"a-b\"", false),
            ("\"x\"", false),
            (DATE, true),
            (LATER, false),
            (EARLIER, false),
            ("garbage", false),
        ] {
            let asked = headers(&[("if-range", condition)]);
            let current = Validators { tag: Some(&strong), modified: Some(modified) };
            assert_eq!(range_counts(&asked, current), counts, "{condition}");
            assert!(!range_counts(&asked, Validators::default()));
        }
        let asked = headers(&[("if-range", "W/\"a-b\"")]);
        assert!(!range_counts(&asked, Validators { tag: Some(&weak), modified: None }));
        assert!(range_counts(&HeaderMap::new(), Validators::default()));
    }

    #[test]
    fn rule_6_dates_that_stand_twice_count_as_absent() {
        let twice = [("if-modified-since", DATE), ("if-modified-since", DATE)];
        assert_eq!(verdict(&twice), Verdict::Proceed);
    }

    proptest! {
        #[test]
        fn a_tag_matches_itself_and_nothing_panics(parts in proptest::collection::vec(any::<u64>(), 1..4), text in "[ -~]{0,40}") {
            let tag = EntityTag::strong(&parts);
            let current = Validators { tag: Some(&tag), modified: None };
            let value = tag.value();
            let mut asked = HeaderMap::new();
            asked.insert(header::IF_NONE_MATCH, value.clone());
            prop_assert_eq!(judge(&asked, current), Verdict::NotModified);
            asked.insert(header::IF_RANGE, value);
            prop_assert!(range_counts(&asked, current));
            for name in ["if-match", "if-none-match", "if-range", "if-modified-since"] {
                judge(&headers(&[(name, &text)]), current);
                range_counts(&headers(&[(name, &text)]), current);
            }
        }
    }
}
