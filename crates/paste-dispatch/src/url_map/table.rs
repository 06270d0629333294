//! Prefixes and their apps, found by whole segments.

use std::borrow::Cow;
use std::collections::BTreeMap;

use paste_core::{BoxApp, path};

/// The mounts of one host, by canonical prefix.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    apps: BTreeMap<Vec<u8>, BoxApp>,
    /// The number of segments of the longest prefix: nothing beyond is looked up.
    deepest: usize,
}

impl Table {
    /// Mounts `app` at a raw path; gives what was there.
    pub(super) fn insert(&mut self, path: &str, app: BoxApp) -> Option<BoxApp> {
        self.deepest = self.deepest.max(path::segments(path).count());
        self.apps.insert(canonical(path).into_owned(), app)
    }

    /// Takes away what is mounted at a raw path.
    pub(super) fn remove(&mut self, path: &str) -> Option<BoxApp> {
        let removed = self.apps.remove(&*canonical(path));
        let depths = self.apps.keys().map(|prefix| first_segments(prefix, usize::MAX).1);
        self.deepest = depths.max().unwrap_or_default();
        removed
    }

    pub(super) fn is_empty(&self) -> bool {
        self.apps.is_empty()
    }

    /// The prefixes, as text; the root is `/`.
    pub(super) fn paths(&self) -> impl Iterator<Item = String> {
        self.apps.keys().map(|prefix| match &**prefix {
            [] => "/".to_owned(),
            prefix => String::from_utf8_lossy(prefix).into_owned(),
        })
    }

    /// The app with the longest prefix of a canonical path, and that prefix's number of segments.
    pub(super) fn find(&self, path: &[u8]) -> Option<(&BoxApp, usize)> {
        let (mut prefix, mut segments) = first_segments(path, self.deepest);
        loop {
            if let Some(app) = self.apps.get(prefix) {
                return Some((app, segments));
            }
            let last = prefix.iter().rposition(|&byte| byte == b'/')?;
            prefix = &prefix[..last];
            segments -= 1;
        }
    }
}

/// The one form of all paths with the same segments: `/` before each segment, none behind, decoded
/// but for `%2F` and `%25`. The root is empty.
pub(super) fn canonical(path: &str) -> Cow<'_, [u8]> {
    if !path.contains('%') && !path.contains("//") {
        return Cow::Borrowed(path.strip_suffix('/').unwrap_or(path).as_bytes());
    }
    let mut form = Vec::with_capacity(path.len());
    for segment in path::segments(path) {
        form.push(b'/');
        for &byte in &*path::decode(segment) {
            match byte {
                b'/' => form.extend_from_slice(b"%2F"),
                b'%' => form.extend_from_slice(b"%25"),
                other => form.push(other),
            }
        }
    }
    Cow::Owned(form)
}

/// The part of a canonical path up to its segment number `most`, and how many segments that has.
fn first_segments(path: &[u8], most: usize) -> (&[u8], usize) {
    let starts = path.iter().enumerate().filter(|&(_, &byte)| byte == b'/').map(|(start, _)| start);
    let mut segments = 0;
    for start in starts {
        if segments == most {
            return (&path[..start], segments);
        }
        segments += 1;
    }
    if segments == 0 { (&[], 0) } else { (path, segments) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_with_the_same_segments_have_one_form() {
        for (path, expected) in [
            ("/", ""),
            ("", ""),
            ("//", ""),
            ("/a/b", "/a/b"),
            ("/a/b/", "/a/b"),
            ("//a///b//", "/a/b"),
            ("/%61/b", "/a/b"),
            ("/a%2Fb", "/a%2Fb"),
            ("/a%252Fb", "/a%252Fb"),
            ("/a%2fb", "/a%2Fb"),
        ] {
            assert_eq!(&*canonical(path), expected.as_bytes(), "{path}");
        }
    }

    #[test]
    fn cuts_behind_a_number_of_segments() {
        for (path, most, expected) in [
            ("/a/b/c", 2, ("/a/b", 2)),
            ("/a/b", 2, ("/a/b", 2)),
            ("/a", 2, ("/a", 1)),
            ("/a", 0, ("", 0)),
            ("*", 1, ("", 0)),
        ] {
            let (prefix, segments) = first_segments(path.as_bytes(), most);
            assert_eq!((prefix, segments), (expected.0.as_bytes(), expected.1), "{path}");
        }
    }
}
