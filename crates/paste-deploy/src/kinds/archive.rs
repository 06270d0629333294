//! The kind `archive`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use paste_filter::headers::HeaderPairs;
use paste_static::Archive;
use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use super::file::readable_file;
use super::static_dir::{delivery, index};
use crate::{Context, Problem};

/// Serves the files in a zip archive, which is never extracted. A new archive at its path counts at once. An
/// entry that is compressed has at most 64 MiB.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Options {
    /// The archive.
    path: PathBuf,
    /// The names of the files that answer for a directory, in order of preference.
    #[serde(default = "index")]
    index: Vec<String>,
    /// Further headers, by name; none that describes the file, such as `Content-Type`.
    #[serde(default)]
    headers: HeaderPairs,
    /// `Cache-Control` by pattern, as in the kind `static`.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, String>")]
    cache: BTreeMap<Spanned<String>, Spanned<String>>,
}

pub(super) fn build(options: Options, context: &mut Context<'_>) -> Result<Archive, Problem> {
    let path = readable_file(&options.path, context)?;
    let archive = Archive::open(path);
    let archive =
        archive.map_err(|error| Problem::at_key("path", format!("cannot serve {error}")))?;
    let delivery = delivery(options.headers, options.cache, context);
    Ok(archive.index(options.index).delivery(delivery))
}
