//! `Accept` (RFC 9110, section 12.5.1):
//!
//! ```text
//! Accept      = #( media-range [ weight ] )
//! media-range = ( "*/*" / ( type "/" "*" ) / ( type "/" subtype ) ) parameters
//! ```

use std::fmt::{self, Write as _};

use http::{HeaderMap, header};

use super::quality::{self, Fit, Parameters, Quality};

/// The media types that a client takes, by quality.
///
/// ```
/// use paste_core::header::Accept;
///
/// let accept = Accept::parse("text/html, application/json;q=0.9, */*;q=0.1");
/// assert_eq!(accept.best(["application/json", "text/html"]), Some("text/html"));
/// assert_eq!(accept.quality("image/png"), 100);
/// ```
///
/// For each offer the most precise range counts: `type/subtype;parameter`, `type/subtype`,
/// `type/*`, `*/*`. Among offers of one quality the more precisely named one wins, then the one named
/// first, then the one offered first. Malformed ranges are passed over; a header that is absent, or
/// has no sound range at all, takes everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accept {
    ranges: Vec<MediaRange>,
}

/// A part of an [`Accept`] header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaRange {
    kind: String,
    subtype: String,
    parameters: Parameters,
    quality: Quality,
}

impl MediaRange {
    /// The type and the subtype, in lower case; either may be `*`.
    pub fn essence(&self) -> (&str, &str) {
        (&self.kind, &self.subtype)
    }

    /// The quality.
    pub fn quality(&self) -> Quality {
        self.quality
    }
}

impl Accept {
    /// What the client says in `headers`, in one line or in several.
    pub fn from_headers(headers: &HeaderMap) -> Self {
        quality::joined(headers, &header::ACCEPT)
            .map_or_else(Self::default, |list| Self::parse(&list))
    }

    /// Reads the value of a header.
    pub fn parse(list: &str) -> Self {
        let ranges = quality::items(list).filter_map(|(value, quality, parameters)| {
            let (kind, subtype) = if value == "*" { ("*", "*") } else { value.split_once('/')? };
            let (kind, subtype) = (kind.trim(), subtype.trim());
            let is_sound =
                !kind.is_empty() && !subtype.is_empty() && (kind != "*" || subtype == "*");
            is_sound.then(|| MediaRange {
                kind: kind.to_ascii_lowercase(),
                subtype: subtype.to_ascii_lowercase(),
                parameters,
                quality,
            })
        });
        Self { ranges: ranges.collect() }
    }

    /// The ranges, in the order of the header.
    pub fn ranges(&self) -> &[MediaRange] {
        &self.ranges
    }

    /// How much the client likes a media type, from 0 (not at all) to 1000.
    pub fn quality(&self, media_type: &str) -> Quality {
        self.fit(media_type).map_or(0, |fit| fit.quality)
    }

    /// The media type among `offers` that the client likes best; `None` if it takes none.
    pub fn best<'a>(&self, offers: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
        quality::best(offers, |offer| self.fit(offer))
    }

    pub(crate) fn best_by<T>(
        &self,
        offers: impl IntoIterator<Item = T>,
        media_type: impl Fn(&T) -> &str,
    ) -> Option<T> {
        quality::best(offers, |offer| self.fit(media_type(offer)))
    }

    fn fit(&self, media_type: &str) -> Option<Fit> {
        if self.ranges.is_empty() {
            return Some(Fit { precision: 0, quality: quality::BEST, place: 0 });
        }
        let (essence, _, parameters) = quality::items(media_type).next()?;
        let (kind, subtype) = essence.split_once('/')?;
        let precision = |range: &MediaRange| {
            if range.kind == "*" {
                return Some(1);
            }
            if !range.kind.eq_ignore_ascii_case(kind) {
                return None;
            }
            if range.subtype == "*" {
                return Some(2);
            }
            let has = |parameter| parameters.contains(parameter);
            let fits =
                range.subtype.eq_ignore_ascii_case(subtype) && range.parameters.iter().all(has);
            fits.then(|| {
                3_u8.saturating_add(u8::try_from(range.parameters.len()).unwrap_or(u8::MAX))
            })
        };
        let fits = self.ranges.iter().enumerate().filter_map(|(place, range)| {
            Some(Fit { precision: precision(range)?, quality: range.quality, place })
        });
        quality::most_precise(fits)
    }
}

/// As the header says it.
impl fmt::Display for Accept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = self.ranges.iter().map(|range| {
            let mut text = format!("{}/{}", range.kind, range.subtype);
            for (name, value) in &range.parameters {
                let _ = write!(text, ";{name}={}", super::scan::token_or_quoted(value));
            }
            (text, range.quality)
        });
        quality::write(f, named)
    }
}

#[cfg(feature = "headers")]
impl headers::Header for Accept {
    fn name() -> &'static http::HeaderName {
        &header::ACCEPT
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
    fn the_most_precise_range_counts() {
        // The example of RFC 9110, section 12.5.1.
        let accept = Accept::parse(
            "text/*;q=0.3, text/plain;q=0.7, text/plain;format=flowed, text/plain;format=fixed;q=0.4, */*;q=0.5",
        );
        for (media_type, quality) in [
            ("text/plain;format=flowed", 1000),
            ("text/plain", 700),
            ("text/html", 300),
            ("image/jpeg", 500),
            ("text/plain;format=fixed", 400),
            ("text/html;level=3", 300),
            ("TEXT/PLAIN", 700),
        ] {
            assert_eq!(accept.quality(media_type), quality, "{media_type}");
        }
    }

    #[test]
    fn the_best_offer_wins_and_ties_have_an_order() {
        for (accept, offers, expected) in [
            ("text/html", &["text/html"][..], Some("text/html")),
            ("text/html", &["image/png"], None),
            ("*/*", &["image/png", "text/html"], Some("image/png")),
            ("text/*, text/html", &["text/plain", "text/html"], Some("text/html")),
            ("text/plain, text/html", &["text/html", "text/plain"], Some("text/plain")),
            ("text/html;q=0.5, text/plain;q=0.6", &["text/html", "text/plain"], Some("text/plain")),
            ("text/html;q=0, */*", &["text/html", "text/plain"], Some("text/plain")),
            ("text/html;q=0", &["text/html"], None),
            ("*", &["text/html"], Some("text/html")),
            ("text", &["text/html"], Some("text/html")), // nothing sound: everything
            ("", &["text/html"], Some("text/html")),
            (";;,,q=", &["text/html"], Some("text/html")),
            ("*/html, a/b", &["text/html"], None),
            ("text/html", &["text", ""], None),
            (
                "application/xbel+xml",
                &["application/xbel+xml", "text/xml"],
                Some("application/xbel+xml"),
            ),
            ("text/*;q=0.5,*/*; q=0.1", &["text/xml", "application/xbel+xml"], Some("text/xml")),
        ] {
            assert_eq!(Accept::parse(accept).best(offers.iter().copied()), expected, "{accept}");
        }
        assert_eq!(Accept::from_headers(&HeaderMap::new()).best(["a/b", "c/d"]), Some("a/b"));
    }

    #[test]
    fn lines_count_as_one_list() {
        let mut headers = HeaderMap::new();
        headers.append(header::ACCEPT, "image/png".parse().unwrap());
        headers.append(header::ACCEPT, "text/html;q=0.5".parse().unwrap());
        let accept = Accept::from_headers(&headers);
        assert_eq!((accept.quality("image/png"), accept.quality("text/html")), (1000, 500));
    }

    proptest::proptest! {
        #[test]
        fn no_header_is_too_odd(accept in "[a-z/*;=,q.\" 019-]{0,60}", offer in "[a-z/;=\" ]{0,12}") {
            Accept::parse(&accept).best([&*offer]);
        }
    }
}
