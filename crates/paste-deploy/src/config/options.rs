//! From a section's keys to the options struct of its kind.

use std::ops::Range;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue, ValueDeserializer};

use super::{Problems, near_misses};

/// Reads the options of a section. All unknown keys are problems, then the first that is wrong
/// about the others; `None` if that is one.
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
    let options = DeValue::Table(options.into_iter().filter(is_known).collect());
    match O::deserialize(ValueDeserializer::from(Spanned::new(section.clone(), options))) {
        Ok(options) => Some(options),
        Err(error) => {
            let message = in_plain_words(error.message());
            problems.add(error.span().unwrap_or(section.clone()), format!("{owner}: {message}"));
            None
        }
    }
}

/// A message of serde without the words of Rust.
fn in_plain_words(message: &str) -> String {
    let words = [
        ("missing field", "missing key"),
        ("expected usize", "expected a whole number from 0"),
        ("expected u16", "expected a whole number from 0 to 65535"),
        ("invalid type: map", "found a table"),
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
