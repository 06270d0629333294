//! `Accept-Language` (RFC 9110, section 12.5.4; RFC 4647):
//!
//! ```text
//! Accept-Language = #( language-range [ weight ] )
//! language-range  = ( 1*8ALPHA *( "-" 1*8alphanum ) ) / "*"
//! ```

use std::fmt;

use http::{HeaderMap, header};

use super::quality::{self, Fit, Quality};

/// The languages that a client's user reads, by quality.
///
/// ```
/// use paste_core::header::AcceptLanguage;
///
/// let languages = AcceptLanguage::parse("de-CH, fr;q=0.8");
/// assert_eq!(languages.best(["en", "fr", "de"]), Some("de")); // better than nothing Swiss
/// assert_eq!(languages.best(["en"]), None);
/// ```
///
/// An offer is named precisely, or by a range that it begins with (`de` names `de-AT`; RFC 4647,
/// section 3.3.1), or else by a range that begins with it (`de-CH` is content with `de`; section 3.4),
/// or else by `*`. Ties go as in [`Accept`](super::Accept). Malformed ranges are passed over; a header
/// that is absent, or has no sound range, takes every language.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AcceptLanguage {
    ranges: Vec<(String, Quality)>,
}

impl AcceptLanguage {
    /// What the client says in `headers`, in one line or in several.
    pub fn from_headers(headers: &HeaderMap) -> Self {
        let list = quality::joined(headers, &header::ACCEPT_LANGUAGE);
        list.map_or_else(Self::default, |list| Self::parse(&list))
    }

    /// Reads the value of a header.
    pub fn parse(list: &str) -> Self {
        let is_subtag = |text: &str| {
            (1..=8).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
        };
        let is_range = |text: &str| text == "*" || text.split('-').all(is_subtag);
        let ranges = quality::items(list).filter(|(range, ..)| is_range(range));
        Self { ranges: ranges.map(|(range, quality, _)| (range.to_owned(), quality)).collect() }
    }

    /// The language ranges with their qualities, in the order of the header.
    pub fn ranges(&self) -> impl Iterator<Item = (&str, Quality)> {
        self.ranges.iter().map(|(range, quality)| (&**range, *quality))
    }

    /// The ranges by quality, best first, without `*` and those of quality 0: for programs that
    /// look for a language by themselves.
    pub fn by_quality(&self) -> Vec<&str> {
        let mut ranges: Vec<_> =
            self.ranges().filter(|&(range, q)| q > 0 && range != "*").collect();
        ranges.sort_by_key(|&(_, quality)| std::cmp::Reverse(quality));
        ranges.into_iter().map(|(range, _)| range).collect()
    }

    /// How much the client likes a language tag such as `de-CH`, from 0 (not at all) to 1000.
    pub fn quality(&self, language: &str) -> Quality {
        self.fit(language).map_or(0, |fit| fit.quality)
    }

    /// The language among `offers` that the client likes best; `None` if it takes none.
    pub fn best<'a>(&self, offers: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
        quality::best(offers, |offer| self.fit(offer))
    }

    fn fit(&self, language: &str) -> Option<Fit> {
        if self.ranges.is_empty() {
            return Some(Fit { precision: 0, quality: quality::BEST, place: 0 });
        }
        // The longest range that the language is, or is more particular than.
        let precision = |range: &str| {
            let names = range.eq_ignore_ascii_case(language) || begins_with(language, range);
            names.then(|| u8::try_from(range.len()).unwrap_or(u8::MAX))
        };
        quality::fit(&self.ranges, precision).map(|fit| Fit { precision: 3, ..fit }).or_else(|| {
            // Better than nothing: of the ranges that are more particular, the one liked best.
            let narrower = self
                .ranges
                .iter()
                .enumerate()
                .filter(|(_, (range, quality))| *quality > 0 && begins_with(range, language));
            let narrower = narrower.max_by_key(|(place, (_, q))| (*q, std::cmp::Reverse(*place)));
            let narrower = narrower.map(|(place, (_, quality))| Fit {
                precision: 2,
                quality: *quality,
                place,
            });
            narrower.or_else(|| quality::fit(&self.ranges, |range| (range == "*").then_some(1)))
        })
    }
}

/// Whether `tag` is `prefix` with further subtags.
fn begins_with(tag: &str, prefix: &str) -> bool {
    let (tag, prefix) = (tag.as_bytes(), prefix.as_bytes());
    tag.len() > prefix.len()
        && tag[prefix.len()] == b'-'
        && tag[..prefix.len()].eq_ignore_ascii_case(prefix)
}

/// As the header says it.
impl fmt::Display for AcceptLanguage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        quality::write(f, self.ranges())
    }
}

#[cfg(feature = "headers")]
impl headers::Header for AcceptLanguage {
    fn name() -> &'static http::HeaderName {
        &header::ACCEPT_LANGUAGE
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
    fn languages_fit_by_whole_subtags() {
        for (accept, offers, expected) in [
            ("da, en-gb;q=0.8, en;q=0.7", &["en", "da"][..], Some("da")),
            ("da, en-gb;q=0.8, en;q=0.7", &["en", "en-GB"], Some("en-GB")),
            ("de", &["de-AT"], Some("de-AT")),
            ("de-CH", &["de"], Some("de")),
            ("de-CH, en;q=0.5", &["de-AT", "en"], Some("en")),
            ("d", &["de"], None),
            ("de-CH;q=0, *", &["de-CH", "fr"], Some("fr")),
            ("en;q=0.5, *", &["en", "fr"], Some("fr")),
            ("de;q=0", &["de"], None),
            ("zh;q=0.3, zh-Hant;q=0.9, en;q=0.5", &["en", "zh-Hant-TW"], Some("zh-Hant-TW")),
            ("en-GB;q=0.2, en-US;q=0.9, fr;q=0.5", &["en", "fr"], Some("en")),
            ("de-CH;q=0, *;q=0.5", &["de"], Some("de")),
            ("not_a_language, x-😀, de", &["fr", "de"], Some("de")),
            ("%%%", &["fr", "de"], Some("fr")),
            ("", &["fr", "de"], Some("fr")),
        ] {
            assert_eq!(
                AcceptLanguage::parse(accept).best(offers.iter().copied()),
                expected,
                "{accept}"
            );
        }
    }

    #[test]
    fn ranges_are_listed_by_quality() {
        let languages = AcceptLanguage::parse("en;q=0.5, de, *, fr;q=0, it;q=0.9");
        assert_eq!(languages.by_quality(), ["de", "it", "en"]);
    }

    proptest::proptest! {
        #[test]
        fn no_header_is_too_odd(accept in "[a-z*;=,q.é 01-]{0,60}", offer in "[a-zé-]{0,6}") {
            AcceptLanguage::parse(&accept).best([&*offer]);
        }
    }
}
