//! The value sanitization of each type of input (WHATWG HTML, 4.10.5.1).

use scraper::ElementRef;

use super::controls::{Control, Kind};

/// The type of an input with a text, and what else says which texts it takes.
#[derive(Clone, Debug)]
pub(super) struct InputType {
    name: String,
    range: Range,
    /// Whether it takes several addresses.
    multiple: bool,
}

impl InputType {
    pub(super) fn of(input: ElementRef<'_>) -> Self {
        Self {
            name: input.attr("type").unwrap_or_default().to_ascii_lowercase(),
            range: Range::of(input),
            multiple: input.attr("multiple").is_some(),
        }
    }
}

/// Between what a range input moves, and by what steps.
#[derive(Clone, Copy, Debug)]
struct Range {
    min: f64,
    max: f64,
    /// `None`: any number will do.
    step: Option<f64>,
    /// From where the steps count.
    base: f64,
}

impl Range {
    fn of(input: ElementRef<'_>) -> Self {
        let number = |name| input.attr(name).and_then(float);
        let any = input.attr("step").is_some_and(|step| step.eq_ignore_ascii_case("any"));
        let min = number("min");
        Self {
            min: min.unwrap_or(0.0),
            max: number("max").unwrap_or(100.0),
            step: (!any).then(|| number("step").filter(|step| *step > 0.0).unwrap_or(1.0)),
            base: min.or_else(|| number("value")).unwrap_or(0.0),
        }
    }

    /// The number between the bounds that a step leads to and that is next to the text's; of no
    /// number, to the middle.
    fn clamp(self, text: &str) -> String {
        let max = self.max.max(self.min);
        let middle = self.min + (max - self.min) / 2.0;
        let number = float(text).unwrap_or(middle).clamp(self.min, max);
        let Some(step) = self.step else { return number.to_string() };
        let at = |steps: f64| tidied(self.base + steps * step, step, self.base);
        // Of two that are as near, the larger.
        let nearest = ((number - self.base) / step + 0.5).floor();
        let candidates = [nearest, nearest - 1.0, nearest + 1.0].map(at);
        let fits = |number: &f64| (self.min..=max).contains(number);
        candidates.into_iter().find(fits).unwrap_or(number).to_string()
    }
}

/// A sum without the digits that only its computation has brought.
fn tidied(number: f64, step: f64, base: f64) -> f64 {
    let decimals =
        |number: f64| number.to_string().split_once('.').map_or(0, |(_, part)| part.len());
    let decimals = decimals(step).max(decimals(base));
    format!("{number:.decimals$}").parse().unwrap_or(number)
}

/// Makes the text of a control what its type lets it be.
pub(super) fn sanitize(control: &mut Control) {
    let Kind::Text { value, input_type } = &mut control.kind else { return };
    let text = value.replace(['\r', '\n'], "");
    *value = match input_type.name.as_str() {
        "email" if input_type.multiple => {
            text.split(',').map(trimmed).collect::<Vec<_>>().join(",")
        }
        "url" | "email" => trimmed(&text).to_owned(),
        "number" => if_valid(text, |text| float(text).is_some()),
        "range" => input_type.range.clamp(&text),
        "color" => color(&text),
        "date" => if_valid(text, is_date),
        "month" => if_valid(text, is_month),
        "week" => if_valid(text, is_week),
        "time" => if_valid(text, is_time),
        "datetime-local" => date_time(&text),
        _ => text,
    };
}

fn trimmed(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\x0C'])
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

/// A color of CSS as `#rrggbb`: a name, or hexadecimal digits. Anything else is black.
fn color(text: &str) -> String {
    use cssparser::color::{parse_hash_color, parse_named_color};
    let text = text.to_ascii_lowercase();
    let (red, green, blue) = match text.strip_prefix('#') {
        Some(hex) => {
            parse_hash_color(hex.as_bytes()).map(|(red, green, blue, _)| (red, green, blue))
        }
        None => parse_named_color(&text),
    }
    .unwrap_or_default();
    format!("#{red:02x}{green:02x}{blue:02x}")
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
    let week = year_and(text)
        .and_then(|(year, week)| Some((year, number(week.strip_prefix('W')?, 2, false)?)));
    week.is_some_and(|(year, week)| (1..=weeks_of(year)).contains(&week))
}

/// How many weeks a year has: 53 if it begins or ends with a Thursday.
fn weeks_of(year: u32) -> u32 {
    let year = u64::from(year);
    // The weekday of its 31 December, from Sunday.
    let last_day = |year: u64| (year + year / 4 - year / 100 + year / 400) % 7;
    if last_day(year) == 4 || last_day(year - 1) == 3 { 53 } else { 52 }
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

/// A date and a time in their one form: a `T` between them, no more of the seconds than they say.
fn date_time(text: &str) -> String {
    match text.split_once(['T', ' ']).filter(|(date, time)| is_date(date) && is_time(time)) {
        Some((date, time)) => {
            let part = |time: &str| time.trim_end_matches('0').trim_end_matches('.').len();
            let time = if time.contains('.') { &time[..part(time)] } else { time };
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
            (
                &is_week,
                &["2026-W53", "2020-W53", "2023-W52"],
                &["2026-W54", "2023-W53", "2024-W53", "2024-53"],
            ),
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
            ("2024-01-01T10:00:00.000", "2024-01-01T10:00"),
            ("2024-01-01T10:00:30.500", "2024-01-01T10:00:30.5"),
            ("2024-01-01T10:00:30.0", "2024-01-01T10:00:30"),
            ("2024-01-01T00:00", "2024-01-01T00:00"),
            ("2024-01-01", ""),
        ] {
            assert_eq!(date_time(text), expected, "{text}");
        }
    }

    #[test]
    fn a_range_stays_between_its_bounds_and_moves_by_steps() {
        let range = |min, max, step| Range { min, max, step, base: min };
        for (range, text, expected) in [
            (range(0.0, 10.0, Some(1.0)), "", "5"),
            (range(0.0, 5.0, Some(1.0)), "", "3"),
            (range(0.0, 10.0, Some(1.0)), "NaN", "5"),
            (range(0.0, 10.0, Some(1.0)), "500", "10"),
            (range(0.0, 10.0, Some(1.0)), "-1", "0"),
            (range(0.0, 10.0, Some(1.0)), "7.5", "8"),
            (range(0.0, 10.0, Some(1.0)), "7.4", "7"),
            (range(0.0, 10.0, Some(1.0)), "1e1", "10"),
            (range(0.0, 10.0, None), "7.50", "7.5"),
            (range(0.0, 10.0, Some(3.0)), "10", "9"),
            (range(1.0, 10.0, Some(0.1)), "1.27", "1.3"),
            (range(-2.5, 2.5, Some(1.0)), "0", "0.5"),
            (range(5.0, 1.0, Some(1.0)), "3", "5"),
        ] {
            assert_eq!(range.clamp(text), expected, "{text} in {range:?}");
        }
    }

    #[test]
    fn a_color_is_of_css() {
        for (text, expected) in [
            ("red", "#ff0000"),
            ("RebeccaPurple", "#663399"),
            (" red", "#000000"),
            ("#ABCDEF", "#abcdef"),
            ("#fa0", "#ffaa00"),
            ("#é", "#000000"),
            ("none", "#000000"),
            ("", "#000000"),
        ] {
            assert_eq!(color(text), expected, "{text}");
        }
    }
}
