//! Replaces `${NAME}` in the strings of a file by the environment's value.
//!
//! 1. A name that is not set is a problem, as is a `${` without its `}`.
//! 2. `$${` stands for `${` itself. What comes from the environment is not looked at again.

use std::borrow::Cow;
use std::ops::Range;

use toml::de::{DeTable, DeValue};

use super::Problems;

/// Replaces in all values of `table`. Keys stay.
pub(super) fn substitute(
    table: &mut DeTable<'_>,
    lookup: &dyn Fn(&str) -> Option<String>,
    problems: &mut Problems,
) {
    for (_, value) in table.iter_mut() {
        let span = value.span();
        substitute_value(value.get_mut(), span, lookup, problems);
    }
}

fn substitute_value(
    value: &mut DeValue<'_>,
    span: Range<usize>,
    lookup: &dyn Fn(&str) -> Option<String>,
    problems: &mut Problems,
) {
    match value {
        DeValue::String(text) if text.contains("${") => match replace(text, lookup) {
            Ok(replaced) => *text = Cow::Owned(replaced),
            Err(message) => problems.add(span, message),
        },
        DeValue::Array(values) => {
            for value in values.iter_mut() {
                let span = value.span();
                substitute_value(value.get_mut(), span, lookup, problems);
            }
        }
        DeValue::Table(table) => substitute(table, lookup, problems),
        _ => {}
    }
}

fn replace(text: &str, lookup: &dyn Fn(&str) -> Option<String>) -> Result<String, String> {
    let mut replaced = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        if let Some(before) = before.strip_suffix('$') {
            replaced.push_str(before);
            replaced.push_str("${");
            rest = after;
            continue;
        }
        let (name, behind) =
            after.split_once('}').ok_or("`${` has no `}` (write `$${` for the text itself)")?;
        let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if name.is_empty() || !is_name {
            return Err(format!("`${{{name}}}` does not name an environment variable"));
        }
        let value = lookup(name).ok_or_else(|| {
            format!("the environment variable `{name}` is not set, or is not UTF-8")
        })?;
        replaced.push_str(before);
        replaced.push_str(&value);
        rest = behind;
    }
    replaced.push_str(rest);
    Ok(replaced)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces_names_and_refuses_what_is_not_set() {
        let lookup = |name: &str| (name == "A").then(|| "${B}".to_owned());
        for (text, expected) in [
            ("x${A}y${A}", Ok("x${B}y${B}")),
            ("$${A}", Ok("${A}")),
            ("$A $", Ok("$A $")),
            ("${B}", Err("the environment variable `B` is not set, or is not UTF-8")),
            ("${A:-x}", Err("`${A:-x}` does not name an environment variable")),
            ("${}", Err("`${}` does not name an environment variable")),
            ("${A", Err("`${` has no `}` (write `$${` for the text itself)")),
        ] {
            assert_eq!(
                replace(text, &lookup),
                expected.map(str::to_owned).map_err(str::to_owned),
                "{text}"
            );
        }
    }
}
