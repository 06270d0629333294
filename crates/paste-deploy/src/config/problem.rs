//! What is wrong with a file, and where.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::Spanned;

/// One thing that is wrong with a section of a file.
#[derive(Clone, Debug)]
pub struct Problem {
    place: Place,
    message: String,
}

#[derive(Clone, Debug)]
enum Place {
    Section,
    Key(&'static str),
    Span(Range<usize>),
}

impl Problem {
    /// A problem with the section as a whole.
    pub fn new(message: impl fmt::Display) -> Self {
        Self { place: Place::Section, message: message.to_string() }
    }

    /// A problem with the value of `key` in the section.
    pub fn at_key(key: &'static str, message: impl fmt::Display) -> Self {
        Self { place: Place::Key(key), message: message.to_string() }
    }

    /// A problem with a value that was read together with its place.
    pub fn at<T>(value: &Spanned<T>, message: impl fmt::Display) -> Self {
        Self::at_span(value.span(), message)
    }

    pub(crate) fn at_span(span: Range<usize>, message: impl fmt::Display) -> Self {
        Self { place: Place::Span(span), message: message.to_string() }
    }
}

impl<E: std::error::Error> From<E> for Problem {
    fn from(error: E) -> Self {
        Self::new(error)
    }
}

/// All that is wrong with a file. It displays one problem per line, as `FILE:LINE:COLUMN: MESSAGE`.
#[derive(Clone, Debug)]
pub struct ConfigError {
    path: PathBuf,
    /// Line and column from 1, in characters; none where the file could not be read.
    problems: Vec<(Option<(usize, usize)>, String)>,
}

impl ConfigError {
    pub(crate) fn not_utf8(path: &Path, valid: &str) -> Self {
        let message = "the text is not UTF-8 from here on".to_owned();
        Self {
            path: path.to_owned(),
            problems: vec![(Some(line_and_column(valid, valid.len())), message)],
        }
    }

    pub(crate) fn unreadable(path: &Path, error: &std::io::Error) -> Self {
        Self {
            path: path.to_owned(),
            problems: vec![(None, format!("cannot read this file: {error}"))],
        }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (place, message)) in self.problems.iter().enumerate() {
            let new_line = if index > 0 { "\n" } else { "" };
            write!(f, "{new_line}{}", self.path.display())?;
            if let Some((line, column)) = place {
                write!(f, ":{line}:{column}")?;
            }
            // What the file says goes to a terminal: no control characters.
            write!(f, ": {}", message.replace(char::is_control, "\u{FFFD}"))?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}

/// The problems found so far, by their place in the text.
#[derive(Debug, Default)]
pub(crate) struct Problems(Vec<(usize, String)>);

impl Problems {
    pub(crate) fn add(&mut self, span: Range<usize>, message: impl fmt::Display) {
        self.0.push((span.start, message.to_string()));
    }

    /// Adds a problem of a section; `place_of` tells where the section and its keys stand.
    pub(crate) fn add_of_section(
        &mut self,
        problem: Problem,
        section: Range<usize>,
        key: impl FnOnce(&str) -> Option<Range<usize>>,
    ) {
        let span = match problem.place {
            Place::Section => section,
            Place::Key(name) => key(name).unwrap_or(section),
            Place::Span(span) => span,
        };
        self.add(span, problem.message);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The error that tells all of them, in the order of the text.
    pub(crate) fn into_error(mut self, path: &Path, text: &str) -> ConfigError {
        self.0.sort();
        self.0.dedup();
        let place = |offset| Some(line_and_column(text, offset));
        let problems = self.0.into_iter().map(|(offset, message)| (place(offset), message));
        ConfigError { path: path.to_owned(), problems: problems.collect() }
    }
}

fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

/// `; did you mean ...?` if a candidate is near what was found, else the list of all.
pub(crate) fn near_misses<'a>(
    found: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> String {
    let mut all: Vec<_> = candidates.into_iter().collect();
    all.sort_unstable();
    all.dedup();
    let mut near: Vec<_> =
        all.iter().map(|name| (strsim::osa_distance(found, name), *name)).collect();
    near.retain(|(distance, name)| {
        *distance <= 1 + name.chars().count().min(found.chars().count()) / 4
    });
    near.sort_unstable();
    if near.is_empty() {
        return match &all[..] {
            [] => "; there are none".to_owned(),
            [few @ .., _] if few.len() < 20 => format!("; expected one of `{}`", all.join("`, `")),
            [first @ .., _] => {
                format!(
                    "; expected one of `{}` and {} more",
                    first[..20].join("`, `"),
                    all.len() - 20
                )
            }
        };
    }
    let near: Vec<_> = near.iter().take(3).map(|(_, name)| format!("`{name}`")).collect();
    format!("; did you mean {}?", near.join(" or "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_lines_and_columns_from_one_in_characters() {
        let text = "a = 1\né = \"x\"\n";
        for (offset, expected) in [(0, (1, 1)), (4, (1, 5)), (6, (2, 1)), (8, (2, 2)), (99, (3, 1))]
        {
            assert_eq!(line_and_column(text, offset), expected, "{offset}");
        }
    }

    #[test]
    fn tells_near_misses_or_all() {
        let kinds = ["static", "text", "redirect"];
        assert_eq!(near_misses("statik", kinds), "; did you mean `static`?");
        assert_eq!(near_misses("tex", kinds), "; did you mean `text`?");
        assert_eq!(near_misses("cgi", kinds), "; expected one of `redirect`, `static`, `text`");
        assert_eq!(near_misses("x", []), "; there are none");
    }
}
