//! `Accept-Encoding` (RFC 9110, section 12.5.3):
//!
//! ```text
//! Accept-Encoding = #( codings [ weight ] )
//! codings         = content-coding / "identity" / "*"
//! ```

use std::fmt;

use http::{HeaderMap, header};

use super::quality::{self, Fit, Quality};

/// The content codings that a client decodes, by quality.
///
/// ```
/// use paste_core::header::AcceptEncoding;
///
/// let codings = AcceptEncoding::parse("gzip;q=0.5, br");
/// assert_eq!(codings.best(["zstd", "br", "gzip"]), Some("br"));
/// assert_eq!(codings.best(["zstd"]), Some("identity"));
/// assert_eq!(AcceptEncoding::parse("identity;q=0").best(["zstd"]), None);
/// ```
///
/// `identity`, no coding at all, is always among the offers, and loses to every coding that the client
/// names, unless it names `identity`, too. `x-gzip` is `gzip`. A client that sends no header is sent
/// no coding: RFC 9110 would allow any, and clients that say nothing seldom decode.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AcceptEncoding {
    codings: Vec<(String, Quality)>,
}

const IDENTITY: &str = "identity";

impl AcceptEncoding {
    /// What the client says in `headers`, in one line or in several.
    pub fn from_headers(headers: &HeaderMap) -> Self {
        let list = quality::joined(headers, &header::ACCEPT_ENCODING);
        list.map_or_else(Self::default, |list| Self::parse(&list))
    }

    /// Reads the value of a header.
    pub fn parse(list: &str) -> Self {
        let codings = quality::items(list).map(|(coding, quality, _)| {
            let coding = coding.to_ascii_lowercase();
            (if coding == "x-gzip" { "gzip".to_owned() } else { coding }, quality)
        });
        Self { codings: codings.collect() }
    }

    /// The codings with their qualities, in lower case, in the order of the header.
    pub fn codings(&self) -> impl Iterator<Item = (&str, Quality)> {
        self.codings.iter().map(|(coding, quality)| (&**coding, *quality))
    }

    /// How much the client likes a coding, from 0 (not at all) to 1000.
    pub fn quality(&self, coding: &str) -> Quality {
        self.fit(coding).map_or(0, |fit| fit.quality)
    }

    /// The coding among `offers` and `identity` that the client likes best; `None` if it takes none
    /// of them.
    pub fn best<'a>(&self, offers: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
        quality::best(offers.into_iter().chain([IDENTITY]), |offer| self.fit(offer))
    }

    fn fit(&self, coding: &str) -> Option<Fit> {
        let precision = |named: &str| match named {
            "*" => Some(1),
            _ => named.eq_ignore_ascii_case(coding).then_some(2),
        };
        let fit = quality::fit(&self.codings, precision);
        if !coding.eq_ignore_ascii_case(IDENTITY) {
            return fit;
        }
        // Unless it is named, it is acceptable, and only just; `*;q=0` excludes it.
        match fit {
            Some(fit) if fit.precision == 2 || fit.quality == 0 => Some(fit),
            _ => Some(Fit { precision: 0, quality: 1, place: usize::MAX }),
        }
    }
}

/// As the header says it.
impl fmt::Display for AcceptEncoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        quality::write(f, self.codings())
    }
}

#[cfg(feature = "headers")]
impl headers::Header for AcceptEncoding {
    fn name() -> &'static http::HeaderName {
        &header::ACCEPT_ENCODING
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
    fn the_best_coding_wins() {
        for (accept, expected) in [
            ("gzip, br", Some("gzip")),
            ("br, gzip", Some("br")),
            ("gzip;q=0.1, br;q=0.2", Some("br")),
            ("gzip;q=0.001", Some("gzip")),
            ("*", Some("br")),
            ("*;q=0", None),
            ("gzip;q=0", Some("identity")),
            ("identity;q=0", None),
            ("identity;q=0, gzip", Some("gzip")),
            ("identity, gzip;q=0.5", Some("identity")),
            ("gzip;q=0, *", Some("br")),
            ("*;q=0, identity;q=0.1", Some("identity")),
            ("X-GZIP", Some("gzip")),
            ("zstd", Some("identity")),
            ("", Some("identity")),
            (";;;=", Some("identity")),
        ] {
            assert_eq!(AcceptEncoding::parse(accept).best(["br", "gzip"]), expected, "{accept}");
        }
        assert_eq!(
            AcceptEncoding::from_headers(&HeaderMap::new()).best(["gzip"]),
            Some("identity")
        );
    }
}
