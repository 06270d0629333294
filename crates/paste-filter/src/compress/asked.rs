//! What of a request bears on how its answer is compressed.

use http::uri::Authority;
use http::{HeaderMap, HeaderValue, Method, Uri, header};
use paste_core::header::AcceptEncoding;
use paste_core::{Request, RequestExt};

use super::{Options, SEC_FETCH_SITE, forbids_transforming, weaken};
use crate::Coding;

/// What a request asks for.
#[derive(Debug)]
pub(super) struct Asked {
    /// `None`: no coding.
    pub(super) coding: Option<Coding>,
    pub(super) is_head: bool,
    /// The lines of `If-None-Match`.
    known: Vec<HeaderValue>,
}

impl Asked {
    pub(super) fn of(request: &Request, options: &Options) -> Self {
        let headers = request.headers();
        let is_barred = headers.contains_key(header::RANGE)
            || forbids_transforming(headers)
            || (!options.cross_site && is_cross_site(request));
        let accepted = || best(&AcceptEncoding::from_headers(headers), &options.algorithms);
        Self {
            coding: if is_barred { None } else { accepted() },
            is_head: request.method() == Method::HEAD,
            known: headers.get_all(header::IF_NONE_MATCH).iter().cloned().collect(),
        }
    }

    /// Makes the tag of a 304 weak where the client has it weak: only then may a cache take the two for
    /// the same (RFC 9111, section 4.3.4).
    pub(super) fn weaken_known(&self, headers: &mut HeaderMap) {
        let Some(tag) = headers.get(header::ETAG) else { return };
        let weak = [b"W/", tag.as_bytes()].concat();
        let names =
            |line: &HeaderValue| line.as_bytes().windows(weak.len()).any(|window| window == weak);
        if self.known.iter().any(names) {
            weaken(headers);
        }
    }
}

/// The coding that the client likes best; of those that it likes equally, the first. `None`: none at
/// all, which it likes better, or has to put up with.
fn best(accepted: &AcceptEncoding, offers: &[Coding]) -> Option<Coding> {
    let plain = accepted.quality("identity");
    let mut best = None;
    for &offer in offers {
        let quality = accepted.quality(offer.name());
        if quality > 0 && quality >= plain && best.is_none_or(|(_, most)| quality > most) {
            best = Some((offer, quality));
        }
    }
    best.map(|(offer, _)| offer)
}

/// Whether a page of another site made the browser ask.
fn is_cross_site(request: &Request) -> bool {
    let headers = request.headers();
    if let Some(site) = headers.get(SEC_FETCH_SITE) {
        return site.as_bytes().eq_ignore_ascii_case(b"cross-site");
    }
    let Some(from) = headers.get(header::ORIGIN).or_else(|| headers.get(header::REFERER)) else {
        return false;
    };
    // What names no host, as `null` does, hides where it comes from.
    let from = from.to_str().ok().and_then(|from| from.parse::<Uri>().ok());
    let host = request.host().and_then(|host| host.parse::<Authority>().ok());
    match (from.as_ref().and_then(Uri::host), host) {
        (Some(from), Some(host)) => !from.eq_ignore_ascii_case(host.host()),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rule_1_the_client_decides_by_quality_and_the_server_among_equals() {
        let best = |accepted: &str, offers: &[Coding]| {
            best(&AcceptEncoding::parse(accepted), offers).map_or("", Coding::name)
        };
        for (accepted, expected) in [
            ("gzip, deflate", "deflate"),
            ("gzip, deflate;q=0.9", "gzip"),
            ("*", "deflate"),
            ("*;q=0.5, gzip", "gzip"),
            ("gzip;q=0.001", "gzip"),
            ("x-gzip", "gzip"),
            ("GZip", "gzip"),
            ("gzip;q=0", ""),
            ("gzip;q=0, *", "deflate"),
            ("*;q=0", ""),
            ("identity;q=0", ""),
            ("identity;q=0, gzip;q=0.1", "gzip"),
            ("*;q=0, identity", ""),
            ("identity, gzip;q=0.5", ""),
            ("identity;q=0.5, gzip;q=0.5", "gzip"),
            ("gzip, identity", "gzip"),
            ("compress, exi", ""),
            ("", ""),
            (";;,,=q", ""),
        ] {
            assert_eq!(best(accepted, &[Coding::Deflate, Coding::Gzip]), expected, "{accepted}");
        }
    }

    #[test]
    fn rule_4_the_site_that_asks_is_told_by_the_browser() {
        for (headers, expected) in [
            (&[][..], false),
            (&[("sec-fetch-site", "cross-site")], true),
            (&[("sec-fetch-site", "same-site"), ("origin", "https://b.example")], false),
            (&[("sec-fetch-site", "none")], false),
            (&[("origin", "https://A.example:81")], false),
            (&[("origin", "https://b.example")], true),
            (&[("origin", "null")], true),
            (&[("referer", "http://a.example/x?y#z")], false),
            (&[("referer", "http://a.example.b.example/")], true),
            (&[("referer", "http://b.example/a.example")], true),
            (&[("referer", "rubbish here")], true),
            (&[("origin", "http://a.example"), ("referer", "http://b.example/")], false),
        ] {
            let mut request = http::Request::get("/").header("host", "a.example:8080");
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let request = request.body(paste_core::Body::empty()).unwrap();
            assert_eq!(is_cross_site(&request), expected, "{headers:?}");
        }
    }
}
