//! The one reading of URL paths: segments are split first and decoded once, so that `%2F` never
//! separates and doubled slashes never count.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// The segments of a raw path, still percent-encoded. Empty ones (doubled, leading and trailing
/// slashes) are left out.
///
/// ```
/// use paste_core::path::segments;
///
/// assert!(segments("//wiki/Main%20Page/").eq(["wiki", "Main%20Page"]));
/// assert!(segments("/").eq([""; 0]));
/// ```
pub fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|segment| !segment.is_empty())
}

/// A segment's bytes, percent-decoded once. A `%` that no two hexadecimal digits follow stands for
/// itself. Nothing is allocated where there is no `%`.
pub fn decode(segment: &str) -> Cow<'_, [u8]> {
    percent_decode_str(segment).into()
}

/// A path, or a part of it, percent-decoded to text. Bytes that are not UTF-8 become U+FFFD.
pub fn decode_text(path: &str) -> Cow<'_, str> {
    percent_decode_str(path).decode_utf8_lossy()
}

/// Makes one slash of each run of slashes. Nothing is allocated where there is no run.
pub fn collapse(path: &str) -> Cow<'_, str> {
    if !path.contains("//") {
        return Cow::Borrowed(path);
    }
    let mut collapsed = String::with_capacity(path.len());
    for character in path.chars() {
        if character != '/' || !collapsed.ends_with('/') {
            collapsed.push(character);
        }
    }
    Cow::Owned(collapsed)
}

/// A path that no browser takes for a host: without doubled slashes, and without backslashes, which
/// browsers read as slashes.
pub(crate) fn hostless(path: &str) -> Cow<'_, str> {
    let collapsed = collapse(path);
    if collapsed.contains('\\') { Cow::Owned(collapsed.replace('\\', "%5C")) } else { collapsed }
}

/// Splits a collapsed path behind its first `count` segments: what they take, and the rest (empty,
/// or with its leading slash). `None` if it has fewer segments.
pub(crate) fn split_after(path: &str, count: usize) -> Option<(&str, &str)> {
    let mut end = 0;
    for _ in 0..count {
        let segment = path[end..].strip_prefix('/')?;
        if segment.is_empty() {
            return None;
        }
        end += 1 + segment.find('/').unwrap_or(segment.len());
    }
    Some(path.split_at(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_behind_whole_segments() {
        for (path, count, expected) in [
            ("/a/b/c", 0, Some(("", "/a/b/c"))),
            ("/a/b/c", 2, Some(("/a/b", "/c"))),
            ("/a/b/c", 3, Some(("/a/b/c", ""))),
            ("/a/b/", 2, Some(("/a/b", "/"))),
            ("/a", 2, None),
            ("/a/", 2, None),
            ("/", 1, None),
            ("*", 1, None),
        ] {
            assert_eq!(split_after(path, count), expected, "{path} behind {count}");
        }
    }

    #[test]
    fn collapses_runs_of_slashes() {
        assert_eq!(collapse("///a//b///"), "/a/b/");
        assert!(matches!(collapse("/a/b/"), Cow::Borrowed(_)));
    }

    #[test]
    fn decodes_once() {
        assert_eq!(&*decode("%252F"), b"%2F");
        assert_eq!(&*decode("%zz%4"), b"%zz%4");
        assert_eq!(decode_text("%E9t%C3%A9"), "\u{FFFD}té");
    }
}
