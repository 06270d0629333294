//! `Accept-Charset` (RFC 9110, section 12.5.2; deprecated, and still sent by old clients):
//!
//! ```text
//! Accept-Charset = #( ( token / "*" ) [ weight ] )
//! ```

use std::fmt;

use http::{HeaderMap, header};

use super::quality::{self, Fit, Quality};

/// The charsets that a client reads, by quality.
///
/// ```
/// use paste_core::header::AcceptCharset;
///
/// let charsets = AcceptCharset::parse("iso-8859-1, utf-8;q=0.7");
/// assert_eq!(charsets.best(["utf-8", "iso-8859-1"]), Some("iso-8859-1"));
/// ```
///
/// Ties go as in [`Accept`](super::Accept). A header that is absent, or empty, takes every charset.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AcceptCharset {
    charsets: Vec<(String, Quality)>,
}

impl AcceptCharset {
    /// What the client says in `headers`, in one line or in several.
    pub fn from_headers(headers: &HeaderMap) -> Self {
        let list = quality::joined(headers, &header::ACCEPT_CHARSET);
        list.map_or_else(Self::default, |list| Self::parse(&list))
    }

    /// Reads the value of a header.
    pub fn parse(list: &str) -> Self {
        let charsets = quality::items(list);
        Self { charsets: charsets.map(|(name, q, _)| (name.to_ascii_lowercase(), q)).collect() }
    }

    /// The charsets with their qualities, in lower case, in the order of the header.
    pub fn charsets(&self) -> impl Iterator<Item = (&str, Quality)> {
        self.charsets.iter().map(|(charset, quality)| (&**charset, *quality))
    }

    /// How much the client likes a charset, from 0 (not at all) to 1000.
    pub fn quality(&self, charset: &str) -> Quality {
        self.fit(charset).map_or(0, |fit| fit.quality)
    }

    /// The charset among `offers` that the client likes best; `None` if it takes none.
    pub fn best<'a>(&self, offers: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
        quality::best(offers, |offer| self.fit(offer))
    }

    fn fit(&self, charset: &str) -> Option<Fit> {
        if self.charsets.is_empty() {
            return Some(Fit { precision: 0, quality: quality::BEST, place: 0 });
        }
        let precision = |named: &str| match named {
            "*" => Some(1),
            _ => named.eq_ignore_ascii_case(charset).then_some(2),
        };
        quality::fit(&self.charsets, precision)
    }
}

/// As the header says it.
impl fmt::Display for AcceptCharset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        quality::write(f, self.charsets())
    }
}

#[cfg(feature = "headers")]
impl headers::Header for AcceptCharset {
    fn name() -> &'static http::HeaderName {
        &header::ACCEPT_CHARSET
    }

    fn decode<'i, I: Iterator<Item = &'i http::HeaderValue>>(
        values: &mut I,
    ) -> Result<Self, headers::Error> {
        super::typed::decode(values, Self::parse)
    }

    fn encode<E: Extend<http::HeaderValue>>(&self, values: &mut E) {
        values.extend(http::HeaderValue::try_from(self.to_string()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_charset_wins() {
        for (accept, expected) in [
            ("utf-8", Some("utf-8")),
            ("ISO-8859-1;q=0.9, UTF-8;q=0.8", Some("iso-8859-1")),
            ("*;q=0.5, utf-8", Some("utf-8")),
            ("utf-16", None),
            ("", Some("utf-8")),
        ] {
            assert_eq!(
                AcceptCharset::parse(accept).best(["utf-8", "iso-8859-1"]),
                expected,
                "{accept}"
            );
        }
    }
}
