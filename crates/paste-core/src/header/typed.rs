//! What our typed headers share as implementations of [`headers::Header`].

use http::HeaderValue;

/// Reads the lines of a list, which is never malformed as a whole.
pub(super) fn decode<'i, T>(
    values: &mut impl Iterator<Item = &'i HeaderValue>,
    parse: impl Fn(&str) -> T,
) -> Result<T, headers::Error> {
    let lines: Vec<_> = values.filter_map(|value| value.to_str().ok()).collect();
    if lines.is_empty() { Err(headers::Error::invalid()) } else { Ok(parse(&lines.join(","))) }
}
