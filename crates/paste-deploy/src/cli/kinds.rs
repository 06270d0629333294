//! `paster kinds`: what the options structs say of themselves, as text, Markdown or JSON schema.

use std::fmt::Write as _;
use std::io::Write as _;

use paste_core::BoxError;
use schemars::Schema;
use serde_json::{Map, Value, json};

use crate::config::schema_of;
use crate::{Registry, ServerOptions};

/// In which form.
#[derive(Debug, clap::Args)]
pub(super) struct Options {
    /// As Markdown
    #[arg(long, conflicts_with = "schema")]
    markdown: bool,
    /// As the JSON schema of a whole file, for editors
    #[arg(long)]
    schema: bool,
}

pub(super) fn run(options: &Options, registry: &Registry) -> Result<(), BoxError> {
    let text = match options {
        Options { schema: true, .. } => format!("{:#}\n", file_schema(registry)),
        Options { markdown: true, .. } => markdown(registry)?,
        Options { .. } => plain(registry)?,
    };
    Ok(std::io::stdout().lock().write_all(text.as_bytes())?)
}

/// A title and its kinds by name.
type Chapter<'a> = (&'static str, Vec<(&'a str, &'a Schema)>);

fn chapters(registry: &Registry) -> [Chapter<'_>; 2] {
    let apps = registry.apps.iter().map(|(name, kind)| (name.as_str(), &kind.schema));
    let filters = registry.filters.iter().map(|(name, kind)| (name.as_str(), &kind.schema));
    [("Apps", apps.collect()), ("Filters", filters.collect())]
}

fn plain(registry: &Registry) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    for (title, kinds) in chapters(registry) {
        writeln!(text, "# {title}")?;
        for (name, schema) in kinds {
            writeln!(text, "\n{name:<12}  {}", description(schema.as_value()))?;
            for key in keys(schema) {
                writeln!(
                    text,
                    "    {:<14} {} ({}, {})",
                    key.name, key.meaning, key.shape, key.default
                )?;
            }
        }
        writeln!(text)?;
    }
    Ok(text)
}

fn markdown(registry: &Registry) -> Result<String, std::fmt::Error> {
    let mut text = String::from(
        "# Kinds\n\nThe kinds of apps and filters that a TOML file may `use`, as `paster kinds` lists \
         them. Generated from the options structs: do not edit.\n",
    );
    let server = schema_of::<ServerOptions>();
    writeln!(text, "\n## The section `[server]`\n\n{}", description(server.as_value()))?;
    markdown_keys(&mut text, &server)?;
    for (name, property) in
        server.get("properties").and_then(Value::as_object).into_iter().flatten()
    {
        if let Ok(table) = Schema::try_from(property.clone())
            && table.get("properties").is_some()
        {
            writeln!(text, "\n### The table `{name}`\n\n{}", description(property))?;
            markdown_keys(&mut text, &table)?;
        }
    }
    for (title, kinds) in chapters(registry) {
        writeln!(text, "\n## {title}")?;
        for (name, schema) in kinds {
            writeln!(text, "\n### `{name}`\n\n{}", description(schema.as_value()))?;
            markdown_keys(&mut text, schema)?;
        }
    }
    Ok(text)
}

fn markdown_keys(text: &mut String, schema: &Schema) -> std::fmt::Result {
    let mut keys = keys(schema).peekable();
    if keys.peek().is_none() {
        return writeln!(text, "\nNo keys.");
    }
    writeln!(text, "\n| key | is | default | meaning |\n| --- | --- | --- | --- |")?;
    keys.try_for_each(|key| {
        let default = key
            .default
            .strip_prefix("default ")
            .map_or(key.default.clone(), |value| format!("`{value}`"));
        writeln!(text, "| `{}` | {} | {default} | {} |", key.name, key.shape, key.meaning)
    })
}

/// One key of a kind, in words.
struct Key<'a> {
    name: &'a str,
    shape: String,
    default: String,
    meaning: String,
}

fn keys(schema: &Schema) -> impl Iterator<Item = Key<'_>> {
    let required = schema.get("required").and_then(Value::as_array);
    let properties = schema.get("properties").and_then(Value::as_object);
    properties.into_iter().flatten().map(move |(name, property)| Key {
        name,
        shape: shape(property),
        default: match property.get("default") {
            Some(default) if !default.is_null() => format!("default {default}"),
            _ if required.is_some_and(|names| names.iter().any(|required| required == name)) => {
                "required".to_owned()
            }
            _ => "optional".to_owned(),
        },
        meaning: description(property),
    })
}

/// The first paragraph of a schema's documentation, on one line.
fn description(schema: &Value) -> String {
    let text = schema.get("description").and_then(Value::as_str).unwrap_or_default();
    text.split("\n\n").next().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
}

fn shape(schema: &Value) -> String {
    let one = |kind: &str| match kind {
        "array" => format!(
            "list of {}",
            schema.get("items").map_or("values".to_owned(), |items| {
                let shape = shape(items);
                if shape.ends_with('`') { shape } else { shape + "s" }
            })
        ),
        "object" if schema.get("properties").is_some() => {
            let names = schema["properties"].as_object().into_iter().flat_map(Map::keys);
            match names.map(String::as_str).collect::<Vec<_>>() {
                few if few.len() < 4 => format!("`{{ {} }}`", few.join(", ")),
                _ => "table".to_owned(),
            }
        }
        "object" => "table of strings".to_owned(),
        "boolean" => "true or false".to_owned(),
        "integer" => "whole number".to_owned(),
        other => other.to_owned(),
    };
    match (schema.get("type"), schema.get("anyOf").and_then(Value::as_array)) {
        (Some(Value::String(kind)), _) => one(kind),
        (Some(Value::Array(kinds)), _) => {
            let kinds = kinds.iter().filter_map(Value::as_str).filter(|kind| *kind != "null");
            kinds.map(one).collect::<Vec<_>>().join(" or ")
        }
        (_, Some(choices)) => {
            let shapes = choices.iter().map(shape).filter(|shape| shape != "null");
            shapes.collect::<Vec<_>>().join(" or ")
        }
        _ => "value".to_owned(),
    }
}

/// The JSON schema of a whole file.
fn file_schema(registry: &Registry) -> Value {
    let [(_, apps), (_, filters)] = chapters(registry);
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A site of paster",
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "server": schema_of::<ServerOptions>(),
            "app": { "type": "object", "additionalProperties": { "oneOf": sections(&apps, true) } },
            "filter": { "type": "object", "additionalProperties": { "oneOf": sections(&filters, false) } },
        },
    })
}

fn sections(kinds: &[(&str, &Schema)], may_have_filters: bool) -> Vec<Value> {
    kinds.iter().map(|(name, schema)| section(name, schema, may_have_filters)).collect()
}

/// A kind's own schema, with the keys that every section has.
fn section(name: &str, schema: &Schema, may_have_filters: bool) -> Value {
    let mut section = schema.as_object().cloned().unwrap_or_else(Map::new);
    let mut required =
        section.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
    required.push("use".into());
    section.insert("required".to_owned(), required.into());
    let properties = section.entry("properties").or_insert_with(|| json!({}));
    properties["use"] = json!({ "const": name });
    if may_have_filters {
        let about = "The filters around this app, outermost first.";
        properties["filters"] =
            json!({ "description": about, "type": "array", "items": { "type": "string" } });
    }
    section.into()
}
