//! What the headers of content negotiation share: lists of values with a quality (RFC 9110, section
//! 12.4.2), and the choice among offers.

use std::cmp::Reverse;
use std::fmt;

use http::{HeaderMap, HeaderName};

use super::scan::{Scanner, split_list};

/// A preference between 0 ("not this") and 1000 ("best"): `q=0.8` is 800.
pub type Quality = u16;

/// The quality of a value that names none.
pub(super) const BEST: Quality = 1000;

/// The lines of a header as one list. `None`: the header is absent. Lines that are not text are left
/// out.
pub(super) fn joined(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let mut lines = headers.get_all(name).iter().filter_map(|line| line.to_str().ok());
    let mut joined = lines.next()?.to_owned();
    for line in lines {
        joined.push(',');
        joined.push_str(line);
    }
    Some(joined)
}

/// The items of a list, each with its quality and its other parameters. An item that is malformed
/// is passed over; a quality that cannot be read counts as 1.
pub(super) fn items(list: &str) -> impl Iterator<Item = (&str, Quality, Parameters)> {
    split_list(list, ',').filter_map(|item| {
        let mut pieces = split_list(item, ';');
        let value = pieces.next().filter(|value| !item.starts_with(';') && !value.contains('"'))?;
        let mut quality = BEST;
        let mut parameters = Parameters::new();
        for piece in pieces {
            let Some((name, value)) = Scanner::new(piece).parameter() else { continue };
            if name.eq_ignore_ascii_case("q") {
                quality = read(&value);
            } else {
                parameters.push((name.to_ascii_lowercase(), value.to_ascii_lowercase()));
            }
        }
        Some((value, quality, parameters))
    })
}

/// The parameters of a value, in lower case.
pub(super) type Parameters = Vec<(String, String)>;

fn read(text: &str) -> Quality {
    let quality = text.parse::<f32>().ok().filter(|quality| (0.0..=1.0).contains(quality));
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and 1000"
    )]
    quality.map_or(BEST, |quality| {
        let thousandths = (quality * 1000.0).round() as Quality;
        if quality > 0.0 { thousandths.max(1) } else { 0 } // only 0 means "never"
    })
}

/// Values with their qualities as a header says them: `a, b;q=0.8, c;q=0`.
pub(super) fn write<S: fmt::Display>(
    f: &mut fmt::Formatter<'_>,
    items: impl Iterator<Item = (S, Quality)>,
) -> fmt::Result {
    for (place, (value, quality)) in items.enumerate() {
        write!(f, "{}{value}", if place == 0 { "" } else { ", " })?;
        match quality {
            BEST.. => {}
            0 => f.write_str(";q=0")?,
            _ => write!(f, ";q=0.{}", format!("{quality:03}").trim_end_matches('0'))?,
        }
    }
    Ok(())
}

/// How well an item of the header fits an offer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fit {
    /// How precisely the item names the offer; the most precise one counts.
    pub(super) precision: u8,
    pub(super) quality: Quality,
    /// The item's place in the header.
    pub(super) place: usize,
}

/// The item that counts for an offer: the most precise, of those the first.
pub(super) fn most_precise(fits: impl Iterator<Item = Fit>) -> Option<Fit> {
    fits.max_by_key(|fit| (fit.precision, Reverse(fit.place)))
}

/// The same for a plain list; `precision` tells how precisely an item names the offer.
pub(super) fn fit(
    list: &[(String, Quality)],
    precision: impl Fn(&str) -> Option<u8>,
) -> Option<Fit> {
    most_precise(list.iter().enumerate().filter_map(|(place, (named, quality))| {
        Some(Fit { precision: precision(named)?, quality: *quality, place })
    }))
}

/// The offer that the client likes best: by quality, then by how precisely it is named, then by its
/// place in the header, then by its place among the offers. `None` if it takes none of them.
pub(super) fn best<T>(
    offers: impl IntoIterator<Item = T>,
    fit: impl Fn(&T) -> Option<Fit>,
) -> Option<T> {
    let acceptable = offers.into_iter().enumerate().filter_map(|(offered, offer)| {
        let Fit { precision, quality, place } = fit(&offer)?;
        (quality > 0).then_some(((quality, precision, Reverse(place), Reverse(offered)), offer))
    });
    acceptable.max_by_key(|(rank, _)| *rank).map(|(_, offer)| offer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn qualities_are_read_and_malformed_items_passed_over() {
        let list = r#"a;q=0.5, b ; Q = "0.25" , c;q=banana, ;q=1, d;q=2, e;q=0.0004, "f", g;x=Y"#;
        let read: Vec<_> = items(list).collect();
        let with = |value, quality| (value, quality, Vec::new());
        let expected =
            vec![with("a", 500), with("b", 250), with("c", 1000), with("d", 1000), with("e", 1)];
        assert_eq!(read[..5], expected);
        assert_eq!(read[5], ("g", 1000, vec![("x".to_owned(), "y".to_owned())]));
        assert_eq!(read.len(), 6);
    }

    #[test]
    fn qualities_are_written_as_short_as_can_be() {
        let list = "a, b;q=0.8, c;q=0.005, d;q=0";
        assert_eq!(crate::header::AcceptEncoding::parse(list).to_string(), list);
        let accept = crate::header::Accept::parse("Text/HTML; Level=1;q=0.50, */*;q=0.1");
        assert_eq!(accept.to_string(), "text/html;level=1;q=0.5, */*;q=0.1");
    }
}
