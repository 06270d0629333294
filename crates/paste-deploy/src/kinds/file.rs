//! The kind `file`.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;

use paste_filter::headers::HeaderPairs;
use paste_static::{ActiveContent, FileApp};
use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use super::static_dir::{delivery, yes};
use crate::{Context, Problem};

/// Serves one file, whatever the path.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Options {
    /// The file.
    path: PathBuf,
    /// Whether a `.br`, `.zst` or `.gz` file beside it that is at least as new is sent in its place, to
    /// clients that decode it.
    #[serde(default = "yes")]
    precompressed: bool,
    /// Further headers, by name; none that describes the file, such as `Content-Type`.
    #[serde(default)]
    headers: HeaderPairs,
    /// `Cache-Control` by pattern of the file's name, such as `{ "*" = "max-age=3600" }`.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, String>")]
    cache: BTreeMap<Spanned<String>, Spanned<String>>,
    /// What becomes of HTML, SVG and XML: `show`, `sandbox` (no scripts, no origin) or `attachment`
    /// (saved, not shown).
    #[serde(default)]
    active: ActiveContent,
}

pub(super) fn build(options: Options, context: &mut Context<'_>) -> Result<FileApp, Problem> {
    let path = readable_file(&options.path, context)?;
    let delivery = delivery(options.headers, options.cache, context).active(options.active);
    Ok(FileApp::new(path).precompressed(options.precompressed).delivery(delivery))
}

/// The file of the key `path`, which must be one that can be read.
pub(super) fn readable_file(
    path: &std::path::Path,
    context: &Context<'_>,
) -> Result<PathBuf, Problem> {
    let path = context.dir().join(path);
    let told =
        |why: String| Problem::at_key("path", format!("cannot read {}: {why}", path.display()));
    match std::fs::metadata(&path) {
        Ok(kind) if !kind.is_file() => return Err(told("not a file".to_owned())),
        Ok(_) => File::open(&path).map_err(|error| told(error.to_string()))?,
        Err(error) => return Err(told(error.to_string())),
    };
    Ok(path)
}
