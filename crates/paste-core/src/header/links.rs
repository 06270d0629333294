//! `Link` (RFC 8288, section 3):
//!
//! ```text
//! Link       = #link-value
//! link-value = "<" URI-Reference ">" *( ";" link-param )
//! link-param = token [ "=" ( token / quoted-string ) ]
//! ```

use std::fmt;

use super::scan::{Scanner, is_token_char, token_or_quoted};

/// The links of a `Link` header: where a page, or an API's answer, points to.
///
/// ```
/// use paste_core::header::{Links, WebLink};
///
/// let links = Links::parse(r#"</page/2>; rel="next", </style.css>; rel=preload; as=style"#).unwrap();
/// assert_eq!(links.rel("next").unwrap().target, "/page/2");
/// assert_eq!(links.rel("preload").unwrap().parameter("as"), Some("style"));
///
/// let next = Links::from_iter([WebLink::new("/page/3", "next")]);
/// assert_eq!(next.to_string(), "</page/3>; rel=next");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Links(Vec<WebLink>);

/// One link: see [`Links`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WebLink {
    /// Where to: a URI reference.
    pub target: String,
    /// The parameters, names in lower case, in their order; one without a value has an empty one.
    pub parameters: Vec<(String, String)>,
}

impl WebLink {
    /// A link to `target` with the relation `rel`. What may not stand in a URL is percent-encoded.
    pub fn new(target: &str, rel: &str) -> Self {
        let target = crate::error::encode_location(target);
        Self { target, parameters: vec![("rel".to_owned(), rel.to_owned())] }
    }

    /// Adds a parameter. Names that are no tokens are left out.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        if !name.is_empty() && name.chars().all(is_token_char) {
            self.parameters.push((name.to_ascii_lowercase(), value.to_owned()));
        }
        self
    }

    /// The first parameter of that name, in lower case.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(own, _)| own == name).map(|(_, value)| &**value)
    }

    /// Whether `rel` is among its relations.
    pub fn has_rel(&self, rel: &str) -> bool {
        let relations = self.parameter("rel").unwrap_or_default();
        relations.split_ascii_whitespace().any(|own| own.eq_ignore_ascii_case(rel))
    }
}

impl Links {
    /// Reads one line. `None`: it is malformed.
    pub fn parse(line: &str) -> Option<Self> {
        let mut scanner = Scanner::new(line);
        let mut links = Vec::new();
        loop {
            while scanner.skip_space().eat(',') {}
            if scanner.is_at_end() {
                return (!links.is_empty()).then_some(Self(links));
            }
            links.push(link(&mut scanner)?);
            if !scanner.skip_space().is_at_end() && !scanner.eat(',') {
                return None;
            }
        }
    }

    /// The links, in their order.
    pub fn iter(&self) -> impl Iterator<Item = &WebLink> {
        self.0.iter()
    }

    /// The first link with this relation.
    pub fn rel(&self, rel: &str) -> Option<&WebLink> {
        self.0.iter().find(|link| link.has_rel(rel))
    }
}

impl FromIterator<WebLink> for Links {
    fn from_iter<I: IntoIterator<Item = WebLink>>(links: I) -> Self {
        Self(links.into_iter().collect())
    }
}

fn link(scanner: &mut Scanner<'_>) -> Option<WebLink> {
    if !scanner.eat('<') {
        return None;
    }
    let target = scanner.run(|character| character != '>').unwrap_or_default().to_owned();
    if !scanner.eat('>') {
        return None;
    }
    let mut parameters = Vec::new();
    while scanner.skip_space().eat(';') {
        let Some(name) = scanner.skip_space().token() else { continue };
        let name = name.to_ascii_lowercase();
        let value = if scanner.skip_space().eat('=') {
            scanner.skip_space().value()?.into_owned()
        } else {
            String::new()
        };
        parameters.push((name, value));
    }
    Some(WebLink { target, parameters })
}

impl fmt::Display for Links {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, link) in self.0.iter().enumerate() {
            write!(f, "{}<{}>", if place == 0 { "" } else { ", " }, link.target)?;
            for (name, value) in &link.parameters {
                write!(f, "; {name}={}", token_or_quoted(value))?;
            }
        }
        Ok(())
    }
}

#[cfg(feature = "headers")]
impl headers::Header for Links {
    fn name() -> &'static http::HeaderName {
        &http::header::LINK
    }

    fn decode<'i, I: Iterator<Item = &'i http::HeaderValue>>(
        values: &mut I,
    ) -> Result<Self, headers::Error> {
        let mut links = Vec::new();
        for value in values {
            let line = value.to_str().ok().and_then(Self::parse);
            links.extend(line.ok_or_else(headers::Error::invalid)?.0);
        }
        if links.is_empty() { Err(headers::Error::invalid()) } else { Ok(Self(links)) }
    }

    fn encode<E: Extend<http::HeaderValue>>(&self, values: &mut E) {
        values.extend(http::HeaderValue::try_from(self.to_string()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_read() {
        for (line, expected) in [
            ("</a>", "</a>"),
            (
                r#"</a>;rel="next prev" ; Title="x, \"y\"""#,
                r#"</a>; rel="next prev"; title="x, \"y\"""#,
            ),
            ("<a,b;c>;rel=x,<>;rel=y", "<a,b;c>; rel=x, <>; rel=y"),
            ("</a>; crossorigin; rel=preload", r#"</a>; crossorigin=""; rel=preload"#),
            (",</a> ,, </b>;,", "</a>, </b>"),
        ] {
            assert_eq!(
                Links::parse(line).map(|l| l.to_string()).as_deref(),
                Some(expected),
                "{line}"
            );
        }
        let links = Links::parse("</a>; rel=\"Next prev\"").unwrap();
        assert!(
            links.rel("next").is_some() && links.rel("PREV").is_some() && links.rel("n").is_none()
        );
    }

    #[test]
    fn a_malformed_line_is_none() {
        for line in ["", ",", "/a", "<a", "</a> </b>", "</a>; rel=", "</a>; rel=\"x", "</a>x"] {
            assert_eq!(Links::parse(line), None, "{line}");
        }
    }

    #[test]
    fn a_target_cannot_end_the_brackets() {
        let link = Links::from_iter([WebLink::new("/a>; rel=evil, <b", "next").with("a b", "x")]);
        assert_eq!(link.to_string(), "</a%3E;%20rel=evil,%20%3Cb>; rel=next");
    }

    proptest::proptest! {
        #[test]
        fn printed_and_read_again_it_is_the_same(line in "[a-z<>;=,\" \\\\/]{0,60}") {
            if let Some(links) = Links::parse(&line) {
                proptest::prop_assert_eq!(Links::parse(&links.to_string()), Some(links));
            }
        }
    }
}
