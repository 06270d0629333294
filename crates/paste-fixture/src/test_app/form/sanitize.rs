//! The value sanitization of each type of input (WHATWG HTML, 4.10.5.1).

use scraper::ElementRef;

use super::controls::{Control, Kind};

/// Between what a range input moves.
#[derive(Clone, Copy, Debug)]
pub(super) struct Range {
    min: f64,
    max: f64,
}

impl Default for Range {
    fn default() -> Self {
        Self { min: 0.0, max: 100.0 }
    }
}

impl Range {
    pub(super) fn of(element: ElementRef<'_>) -> Self {
        let bound = |name| element.attr(name).and_then(float);
        Self { min: bound("min").unwrap_or(0.0), max: bound("max").unwrap_or(100.0) }
    }

    /// The text of a number between the bounds; of none, the middle.
    fn clamp(self, text: &str) -> String {
        let max = self.max.max(self.min);
        match float(text) {
            Some(number) if number < self.min => self.min.to_string(),
            Some(number) if number > max => max.to_string(),
            Some(_) => text.to_owned(),
            None => (self.min + (max - self.min) / 2.0).to_string(),
        }
    }
}

/// Makes the text of a control what its type lets it be.
pub(super) fn sanitize(control: &mut Control) {
    let Kind::Text { value, input_type, range } = &mut control.kind else { return };
    let text = value.replace(['\r', '\n'], "");
    *value = match input_type.as_str() {
        "url" | "email" => text.trim_matches([' ', '\t', '\x0C']).to_owned(),
        "number" => if_valid(text, |text| float(text).is_some()),
        "range" => range.clamp(&text),
        "color" => color(&text),
        "date" => if_valid(text, is_date),
        "month" => if_valid(text, is_month),
        "week" => if_valid(text, is_week),
        "time" => if_valid(text, is_time),
        "datetime-local" => date_time(&text),
        _ => text,
    };
}

fn if_valid(text: String, is_valid: impl Fn(&str) -> bool) -> String {
    if is_valid(&text) { text } else { String::new() }
}

/// A valid floating-point number: no sign but `-`, digits on both sides of a point.
fn float(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (number, exponent) =
        unsigned.split_once(['e', 'E']).map_or((unsigned, None), |(n, e)| (n, Some(e)));
    let (whole, part) =
        number.split_once('.').map_or((number, None), |(whole, part)| (whole, Some(part)));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let sound = (digits(whole) || (whole.is_empty() && part.is_some()))
        && part.is_none_or(digits)
        && exponent
            .is_none_or(|exponent| digits(exponent.strip_prefix(['-', '+']).unwrap_or(exponent)));
    text.parse::<f64>().ok().filter(|number| sound && number.is_finite())
}

fn color(text: &str) -> String {
    let hex = text.strip_prefix('#').filter(|hex| hex.len() == 6);
    let is_simple = hex.is_some_and(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
    if is_simple { text.to_ascii_lowercase() } else { "#000000".to_owned() }
}

/// A number of at least, or of just, so many digits.
fn number(text: &str, digits: usize, more: bool) -> Option<u32> {
    let fits = text.len() == digits || (more && text.len() > digits);
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| text.parse().ok())
        .flatten()
        .filter(|_| fits)
}

fn year_and(text: &str) -> Option<(u32, &str)> {
    let (year, rest) = text.split_once('-')?;
    Some((number(year, 4, true).filter(|&year| year > 0)?, rest))
}

fn is_month(text: &str) -> bool {
    year_and(text)
        .and_then(|(_, month)| number(month, 2, false))
        .is_some_and(|month| (1..=12).contains(&month))
}

fn is_week(text: &str) -> bool {
    let week = year_and(text).and_then(|(_, week)| number(week.strip_prefix('W')?, 2, false));
    week.is_some_and(|week| (1..=53).contains(&week))
}

fn is_date(text: &str) -> bool {
    let date = year_and(text).and_then(|(year, rest)| {
        let (month, day) = rest.split_once('-')?;
        Some((year, number(month, 2, false)?, number(day, 2, false)?))
    });
    date.is_some_and(|(year, month, day)| {
        let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        let days = match month {
            4 | 6 | 9 | 11 => 30,
            2 if leap => 29,
            2 => 28,
            1..=12 => 31,
            _ => 0,
        };
        (1..=days).contains(&day)
    })
}

/// `HH:MM`, `HH:MM:SS`, or that with up to three digits of a second's part.
fn is_time(text: &str) -> bool {
    let (time, part) = text.split_once('.').map_or((text, None), |(time, part)| (time, Some(part)));
    let numbers: Option<Vec<_>> = time.split(':').map(|text| number(text, 2, false)).collect();
    let part_fits =
        part.is_none_or(|part| (1..=3).contains(&part.len()) && number(part, 1, true).is_some());
    match numbers.as_deref() {
        Some([hour, minute]) => *hour < 24 && *minute < 60 && part.is_none(),
        Some([hour, minute, second]) => *hour < 24 && *minute < 60 && *second < 60 && part_fits,
        _ => false,
    }
}

/// A date and a time, with a `T` between them and no seconds that are zero.
fn date_time(text: &str) -> String {
    match text.split_once(['T', ' ']).filter(|(date, time)| is_date(date) && is_time(time)) {
        Some((date, time)) => {
            // `10:00:00` and `10:00`, but not `10:00` and `10`.
            let time = time.strip_suffix(":00").filter(|short| short.len() == 5).unwrap_or(time);
            format!("{date}T{time}")
        }
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_dates_and_times_are_held_against_their_grammar() {
        for (is_valid, good, bad) in [
            (
                &(|t: &str| float(t).is_some()) as &dyn Fn(&str) -> bool,
                &["1", "-1.5", ".5", "1e2", "1E-2"][..],
                &["+1", "1.", "NaN", "", "1e", "x"][..],
            ),
            (
                &is_date,
                &["2024-02-29", "12024-12-31"],
                &["2023-02-29", "2024-13-01", "24-01-01", "2024-1-1", "0000-01-01"],
            ),
            (&is_month, &["2024-12"], &["2024-13", "2024-00", "2024"]),
            (&is_week, &["2024-W53"], &["2024-W54", "2024-53"]),
            (
                &is_time,
                &["23:59", "10:00:00.5"],
                &["24:00", "10:60", "1:00", "10:00.5", "10:00:00.1234"],
            ),
        ] {
            for text in good {
                assert!(is_valid(text), "{text}");
            }
            for text in bad {
                assert!(!is_valid(text), "{text}");
            }
        }
    }

    #[test]
    fn a_local_date_and_time_has_one_form() {
        for (text, expected) in [
            ("2024-01-01 10:00", "2024-01-01T10:00"),
            ("2024-01-01T10:00:00", "2024-01-01T10:00"),
            ("2024-01-01T10:00:30", "2024-01-01T10:00:30"),
            ("2024-01-01T00:00", "2024-01-01T00:00"),
            ("2024-01-01", ""),
        ] {
            assert_eq!(date_time(text), expected, "{text}");
        }
    }

    #[test]
    fn a_range_stays_between_its_bounds() {
        let range = Range { min: 0.0, max: 10.0 };
        for (text, expected) in
            [("", "5"), ("NaN", "5"), ("500", "10"), ("-1", "0"), ("7.5", "7.5")]
        {
            assert_eq!(range.clamp(text), expected, "{text}");
        }
    }
}
