//! What a client has already: `If-Match`, `If-None-Match` and `If-Modified-Since` (RFC 9110, section
//! 13.1).

use std::time::SystemTime;

use http::{HeaderMap, HeaderName, HeaderValue, header};

/// The conditions of a request.
#[derive(Debug)]
pub(super) struct Conditions {
    /// The lines of `If-Match`.
    required: Vec<HeaderValue>,
    /// The lines of `If-None-Match`.
    known: Vec<HeaderValue>,
    since: Option<SystemTime>,
}

impl Conditions {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        Self {
            required: headers.get_all(header::IF_MATCH).iter().cloned().collect(),
            known: headers.get_all(header::IF_NONE_MATCH).iter().cloned().collect(),
            since: date(headers, &header::IF_MODIFIED_SINCE),
        }
    }

    /// Whether the client wants nothing but what the response with these headers and a tag is not.
    pub(super) fn fail(&self, headers: &HeaderMap) -> bool {
        let Some(tag) = headers.get(header::ETAG) else { return false };
        let tag = strong(tags(tag.as_bytes())).next();
        let names = |list: &[u8]| {
            list.trim_ascii() == b"*"
                || tag.is_some_and(|tag| strong(tags(list)).any(|one| one == tag))
        };
        !self.required.is_empty() && !self.required.iter().any(|list| names(list.as_bytes()))
    }

    /// Whether the client has the response with these headers.
    pub(super) fn holds(&self, headers: &HeaderMap) -> bool {
        if !self.known.is_empty() {
            let tag = headers.get(header::ETAG).and_then(|tag| tags(tag.as_bytes()).next());
            return self.known.iter().map(HeaderValue::as_bytes).any(|list| {
                let is = |(_, opaque)| tag.is_some_and(|(_, tag)| tag == opaque);
                list.trim_ascii() == b"*" || tags(list).any(is)
            });
        }
        match (self.since, date(headers, &header::LAST_MODIFIED)) {
            (Some(since), Some(modified)) => modified <= since,
            _ => false,
        }
    }
}

/// Those that are strong.
fn strong<'a>(tags: impl Iterator<Item = (bool, &'a [u8])>) -> impl Iterator<Item = &'a [u8]> {
    tags.filter_map(|(is_weak, opaque)| (!is_weak).then_some(opaque))
}

/// The tags of a list: whether they are weak, and what stands between their quotes. It ends where it is
/// malformed.
fn tags(list: &[u8]) -> impl Iterator<Item = (bool, &[u8])> {
    let mut rest = list;
    std::iter::from_fn(move || {
        while let [b' ' | b'\t' | b',', tail @ ..] = rest {
            rest = tail;
        }
        let weak = rest.strip_prefix(b"W/");
        let opaque = weak.unwrap_or(rest).strip_prefix(b"\"")?;
        let end = opaque.iter().position(|byte| *byte == b'"')?;
        rest = &opaque[end + 1..];
        Some((weak.is_some(), &opaque[..end]))
    })
}

/// A date that stands once and can be read.
fn date(headers: &HeaderMap, name: &HeaderName) -> Option<SystemTime> {
    let mut lines = headers.get_all(name).iter();
    let line = lines.next().filter(|_| lines.next().is_none())?;
    httpdate::parse_http_date(line.to_str().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATE: &str = "Tue, 14 Nov 2023 22:13:20 GMT";
    const LATER: &str = "Tue, 14 Nov 2023 22:13:21 GMT";

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn rule_4_tags_compare_weakly_and_come_before_dates() {
        for (asked, answer, expected) in [
            (&[("if-none-match", "\"a\"")][..], &[("etag", "\"a\"")][..], true),
            (&[("if-none-match", "W/\"a\"")], &[("etag", "\"a\"")], true),
            (&[("if-none-match", "\"a\"")], &[("etag", "W/\"a\"")], true),
            (&[("if-none-match", "\"b\", ,\"a\"")], &[("etag", "\"a\"")], true),
            (&[("if-none-match", "\"b\""), ("if-none-match", "\"a\"")], &[("etag", "\"a\"")], true),
            (&[("if-none-match", "*")], &[], true),
            (&[("if-none-match", "\"b\"")], &[("etag", "\"a\"")], false),
            (&[("if-none-match", "a")], &[("etag", "\"a\"")], false),
            (&[("if-none-match", "\"a")], &[("etag", "\"a\"")], false),
            (&[("if-none-match", "\"\"")], &[], false),
            (&[("if-none-match", "")], &[("etag", "")], false),
            (&[], &[("etag", "\"a\"")], false),
            (&[("if-modified-since", DATE)], &[("last-modified", DATE)], true),
            (&[("if-modified-since", LATER)], &[("last-modified", DATE)], true),
            (&[("if-modified-since", DATE)], &[("last-modified", LATER)], false),
            (&[("if-modified-since", "then")], &[("last-modified", DATE)], false),
            (&[("if-modified-since", DATE)], &[], false),
            (
                &[("if-modified-since", DATE), ("if-modified-since", DATE)],
                &[("last-modified", DATE)],
                false,
            ),
            (
                &[("if-none-match", "\"b\""), ("if-modified-since", DATE)],
                &[("etag", "\"a\""), ("last-modified", DATE)],
                false,
            ),
        ] {
            let conditions = Conditions::of(&headers(asked));
            assert_eq!(conditions.holds(&headers(answer)), expected, "{asked:?} {answer:?}");
        }
    }
}
