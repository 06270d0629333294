//! Resolves URL references: RFC 3986, section 5.2.

/// The URL that `reference` means where `base` is the current one.
pub(crate) fn resolve(base: &str, reference: &str) -> String {
    let base = Parts::of(base);
    let reference = Parts::of(reference);
    let (scheme, authority, path, query);
    if reference.scheme.is_some() {
        (scheme, authority) = (reference.scheme, reference.authority);
        (path, query) = (remove_dots(reference.path), reference.query);
    } else if reference.authority.is_some() {
        (scheme, authority) = (base.scheme, reference.authority);
        (path, query) = (remove_dots(reference.path), reference.query);
    } else {
        (scheme, authority) = (base.scheme, base.authority);
        if reference.path.is_empty() {
            (path, query) = (base.path.to_owned(), reference.query.or(base.query));
        } else if reference.path.starts_with('/') {
            (path, query) = (remove_dots(reference.path), reference.query);
        } else {
            (path, query) = (remove_dots(&base.merge(reference.path)), reference.query);
        }
    }
    let mut url = String::new();
    let mut part = |before: &str, part: Option<&str>, behind: &str| {
        if let Some(part) = part {
            url.push_str(before);
            url.push_str(part);
            url.push_str(behind);
        }
    };
    part("", scheme, ":");
    part("//", authority, "");
    // Without a host, `//` at the start of a path would name one.
    part(if authority.is_none() && path.starts_with("//") { "/." } else { "" }, Some(&path), "");
    part("?", query, "");
    part("#", reference.fragment, "");
    url
}

/// The path of a URL, without scheme and host; `""` where what follows the scheme is no path on a host.
#[cfg(feature = "form")]
pub(crate) fn path_of(url: &str) -> &str {
    let parts = Parts::of(url);
    if parts.scheme.is_some() && parts.authority.is_none() { "" } else { parts.path }
}

/// The components of a reference: RFC 3986, appendix B.
struct Parts<'a> {
    scheme: Option<&'a str>,
    authority: Option<&'a str>,
    path: &'a str,
    query: Option<&'a str>,
    fragment: Option<&'a str>,
}

impl<'a> Parts<'a> {
    fn of(text: &'a str) -> Self {
        let (text, fragment) = cut(text, '#');
        let (text, query) = cut(text, '?');
        let (scheme, text) = match text.split_once(':') {
            Some((scheme, rest)) if is_scheme(scheme) => (Some(scheme), rest),
            _ => (None, text),
        };
        let (authority, path) = match text.strip_prefix("//") {
            Some(rest) => {
                let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
                (Some(authority), path)
            }
            None => (None, text),
        };
        Self { scheme, authority, path, query, fragment }
    }

    /// Section 5.2.3.
    fn merge(&self, relative: &str) -> String {
        if self.authority.is_some() && self.path.is_empty() {
            return format!("/{relative}");
        }
        let directory = self.path.rfind('/').map_or("", |slash| &self.path[..=slash]);
        format!("{directory}{relative}")
    }
}

fn cut(text: &str, separator: char) -> (&str, Option<&str>) {
    text.split_once(separator).map_or((text, None), |(before, behind)| (before, Some(behind)))
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

/// Section 5.2.4: `.` and `..` go, and none leads above the root.
fn remove_dots(path: &str) -> String {
    let is_absolute = path.starts_with('/');
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.split('/').peekable();
    while let Some(segment) = segments.next() {
        let is_dot = matches!(segment, "." | "..");
        if segment == ".." && kept.len() > usize::from(is_absolute) {
            kept.pop();
        }
        if !is_dot {
            kept.push(segment);
        } else if segments.peek().is_none() {
            kept.push("");
        }
    }
    kept.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_rfc() {
        for (reference, expected) in [
            // Section 5.4.1.
            ("g:h", "g:h"),
            ("g", "http://a/b/c/g"),
            ("./g", "http://a/b/c/g"),
            ("g/", "http://a/b/c/g/"),
            ("/g", "http://a/g"),
            ("//g", "http://g"),
            ("?y", "http://a/b/c/d;p?y"),
            ("g?y", "http://a/b/c/g?y"),
            ("#s", "http://a/b/c/d;p?q#s"),
            ("g#s", "http://a/b/c/g#s"),
            ("g?y#s", "http://a/b/c/g?y#s"),
            (";x", "http://a/b/c/;x"),
            ("g;x", "http://a/b/c/g;x"),
            ("g;x?y#s", "http://a/b/c/g;x?y#s"),
            ("", "http://a/b/c/d;p?q"),
            (".", "http://a/b/c/"),
            ("./", "http://a/b/c/"),
            ("..", "http://a/b/"),
            ("../", "http://a/b/"),
            ("../g", "http://a/b/g"),
            ("../..", "http://a/"),
            ("../../", "http://a/"),
            ("../../g", "http://a/g"),
            // Section 5.4.2.
            ("../../../g", "http://a/g"),
            ("../../../../g", "http://a/g"),
            ("/./g", "http://a/g"),
            ("/../g", "http://a/g"),
            ("g.", "http://a/b/c/g."),
            (".g", "http://a/b/c/.g"),
            ("g..", "http://a/b/c/g.."),
            ("..g", "http://a/b/c/..g"),
            ("./../g", "http://a/b/g"),
            ("./g/.", "http://a/b/c/g/"),
            ("g/./h", "http://a/b/c/g/h"),
            ("g/../h", "http://a/b/c/h"),
            ("g;x=1/./y", "http://a/b/c/g;x=1/y"),
            ("g;x=1/../y", "http://a/b/c/y"),
            ("g?y/./x", "http://a/b/c/g?y/./x"),
            ("g#s/../x", "http://a/b/c/g#s/../x"),
        ] {
            assert_eq!(resolve("http://a/b/c/d;p?q", reference), expected, "{reference}");
        }
    }

    #[test]
    fn a_base_without_a_host_keeps_to_paths() {
        for (base, reference, expected) in [
            ("/wiki/Main", "../x", "/x"),
            ("/wiki/Main", "Other?a=b", "/wiki/Other?a=b"),
            ("http://a", "x", "http://a/x"),
            ("/a/b", "/.//evil", "/.//evil"),
            ("/a/b", "..//evil", "/.//evil"),
        ] {
            assert_eq!(resolve(base, reference), expected, "{base} {reference}");
        }
    }
}
