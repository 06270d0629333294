//! From a section's keys to the options struct of its kind.

use std::ops::Range;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue, ValueDeserializer};

use super::{Problems, near_misses};

/// Reads the options of a section. All unknown keys, missing keys and wrong values are problems;
/// `None` if there is one beyond unknown keys.
pub(crate) fn deserialize<O: DeserializeOwned + JsonSchema>(
    options: DeTable<'_>,
    section: &Range<usize>,
    owner: &str,
    problems: &mut Problems,
) -> Option<O> {
    let schema = schema_of::<O>();
    let known: Vec<_> = property_names(&schema).collect();
    let is_known = |(key, _): &(Spanned<DeString<'_>>, _)| {
        let is_known = known.contains(&&**key.get_ref());
        if !is_known {
            let near = near_misses(key.get_ref(), known.iter().copied());
            problems.add(key.span(), format!("{owner} has no key `{}`{near}", key.get_ref()));
        }
        is_known
    };
    let mut options: DeTable<'_> = options.into_iter().filter(is_known).collect();
    let missing: Vec<_> =
        required_names(&schema).filter(|name| !options.contains_key(*name)).collect();
    for name in &missing {
        problems.add(section.clone(), format!("{owner}: missing key `{name}`"));
    }
    // serde stops at the first wrong value: tell it, leave it out, and look for the next.
    let mut sound = missing.is_empty();
    loop {
        let value = Spanned::new(section.clone(), DeValue::Table(options.clone()));
        let error = match O::deserialize(ValueDeserializer::from(value)) {
            Ok(read) => return sound.then_some(read),
            Err(error) => error,
        };
        let span = error.span().unwrap_or(section.clone());
        let wrong = options.iter().find(|(_, value)| contains(&value.span(), &span));
        let wrong = wrong.map(|(key, value)| (key.get_ref().to_string(), has_date(value, &span)));
        let is_told = !sound && wrong.is_none() && error.message().starts_with("missing field ");
        if !is_told {
            let is_date = wrong.as_ref().is_some_and(|(_, is_date)| *is_date);
            let message = in_plain_words(error.message(), is_date);
            problems.add(span, format!("{owner}: {message}"));
        }
        sound = false;
        options.remove(&*wrong?.0);
    }
}

fn contains(outer: &Range<usize>, inner: &Range<usize>) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

/// Whether the value that stands at `span` is a date, which serde takes for a table.
fn has_date(value: &Spanned<DeValue<'_>>, span: &Range<usize>) -> bool {
    match value.get_ref() {
        DeValue::Datetime(_) => value.span() == *span,
        DeValue::Array(values) => values.iter().any(|value| has_date(value, span)),
        DeValue::Table(table) => table.iter().any(|(_, value)| has_date(value, span)),
        _ => false,
    }
}

/// A message of serde without the words of Rust.
fn in_plain_words(message: &str, is_date: bool) -> String {
    let words = [
        ("invalid type: map", if is_date { "found a date" } else { "found a table" }),
        ("missing field", "missing key"),
        ("expected usize", "expected a whole number from 0"),
        ("expected u16", "expected a whole number from 0 to 65535"),
        ("invalid type: sequence", "found a list"),
        ("invalid type: ", "found "),
        ("invalid value: ", "found "),
        ("expected a map", "expected a table"),
        ("expected a sequence", "expected a list"),
        (" as i128", ""),
    ];
    words.iter().fold(message.to_owned(), |text, (rust, plain)| text.replace(rust, plain))
}

/// The JSON schema of an options struct, without references.
pub(crate) fn schema_of<O: JsonSchema>() -> Schema {
    SchemaSettings::draft2020_12()
        .with(|settings| {
            settings.inline_subschemas = true;
            settings.meta_schema = None;
        })
        .into_generator()
        .into_root_schema_for::<O>()
}

fn property_names(schema: &Schema) -> impl Iterator<Item = &str> {
    let properties = schema.get("properties").and_then(serde_json::Value::as_object);
    properties.into_iter().flat_map(|properties| properties.keys().map(String::as_str))
}

fn required_names(schema: &Schema) -> impl Iterator<Item = &str> {
    let required = schema.get("required").and_then(serde_json::Value::as_array);
    required.into_iter().flatten().filter_map(serde_json::Value::as_str)
}
