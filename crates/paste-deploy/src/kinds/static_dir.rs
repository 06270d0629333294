//! The kind `static`, and how files are sent by the kinds that send files.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use http::HeaderValue;
use paste_filter::headers::HeaderPairs;
use paste_static::{ActiveContent, Delivery, StaticDir, Symlinks};
use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use crate::{Context, Problem};

/// Serves the files below a directory.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a key of its own")]
pub(super) struct Options {
    /// The directory whose files are served.
    root: PathBuf,
    /// The names of the files that answer for a directory, in order of preference.
    #[serde(default = "index")]
    index: Vec<String>,
    /// Whether a directory without an index is listed, as a page or as JSON.
    #[serde(default)]
    listing: bool,
    /// Whether `.br`, `.zst` and `.gz` files that are at least as new are sent in place of the file
    /// beside them, to clients that decode them.
    #[serde(default = "yes")]
    precompressed: bool,
    /// Which symbolic links are followed: those that stay `inside` the root, none (`deny`), or all
    /// (`follow`). A relative link whose way leads out of the root and back is none of those inside.
    #[serde(default)]
    symlinks: Symlinks,
    /// Whether names that begin with a dot are served; `.well-known` always is.
    #[serde(default)]
    dotfiles: bool,
    /// Whether `/about` is answered by `about.html` where nothing has that name.
    #[serde(default)]
    html_extension: bool,
    /// The page below the root that answers for paths that name nothing, for an application that runs in
    /// the browser: where the last segment of the path has no dot, and `Accept` names HTML. So the answer
    /// has `Vary: Accept`.
    spa: Option<PathBuf>,
    /// Further headers, by name; none that describes the file, such as `Content-Type`.
    #[serde(default)]
    headers: HeaderPairs,
    /// `Cache-Control` by pattern: `{ "*.css" = "max-age=3600", "/assets/**" = "no-cache" }`. The longest
    /// pattern that fits counts.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, String>")]
    cache: BTreeMap<Spanned<String>, Spanned<String>>,
    /// Whether names that carry a hash, such as `app.3f2a9c1b.js`, are kept for a year.
    #[serde(default)]
    immutable: bool,
    /// What becomes of HTML, SVG and XML: `show`, `sandbox` (no scripts, no origin) or `attachment`
    /// (saved, not shown).
    #[serde(default)]
    active: ActiveContent,
}

pub(super) fn index() -> Vec<String> {
    vec!["index.html".to_owned()]
}

pub(super) fn yes() -> bool {
    true
}

pub(super) fn build(options: Options, context: &mut Context<'_>) -> Result<StaticDir, Problem> {
    let root = directory("root", &options.root, context)?;
    for name in &options.index {
        // Looked up as it stands: below a directory that is served, and by a name, not by a path.
        if name.is_empty() || name.starts_with('.') || name.contains(['/', '\\', '\0']) {
            let message = format!("`{name}` is not the name of a file that may be served");
            return Err(Problem::at_key("index", message));
        }
    }
    if let Some(page) = &options.spa {
        if !is_below(page) || page.as_os_str().is_empty() {
            return Err(Problem::at_key("spa", "expected a path below the root, without `..`"));
        }
        if !root.join(page).is_file() {
            let message = format!("there is no file {} below the root", page.display());
            return Err(Problem::at_key("spa", message));
        }
    }
    let delivery = delivery(options.headers, options.cache, context);
    let files = StaticDir::new(root)
        .index(options.index)
        .listing(options.listing)
        .precompressed(options.precompressed)
        .symlinks(options.symlinks)
        .dotfiles(options.dotfiles)
        .html_extension(options.html_extension)
        .delivery(delivery.immutable(options.immutable).active(options.active));
    Ok(match options.spa {
        Some(page) => files.spa(page),
        None => files,
    })
}

/// Whether a path leads from a root to nothing but what is below it.
pub(super) fn is_below(path: &Path) -> bool {
    path.components().all(|part| matches!(part, Component::Normal(_)))
}

/// A directory beside the file, which must be readable.
pub(super) fn directory(
    key: &'static str,
    path: &Path,
    context: &Context<'_>,
) -> Result<PathBuf, Problem> {
    if path.as_os_str().is_empty() {
        return Err(Problem::at_key(key, "empty; `.` is the directory of this file"));
    }
    let path = context.dir().join(path);
    match std::fs::read_dir(&path) {
        Ok(_) => Ok(path),
        Err(error) => Err(Problem::at_key(
            key,
            format!("cannot read the directory {}: {error}", path.display()),
        )),
    }
}

/// What the answer with a file says of it by itself.
const OF_THE_FILE: [&str; 8] = [
    "accept-ranges",
    "content-encoding",
    "content-length",
    "content-range",
    "content-type",
    "etag",
    "last-modified",
    "x-content-type-options",
];

/// How files are sent, as the keys `headers` and `cache` say.
pub(super) fn delivery(
    headers: HeaderPairs,
    cache: BTreeMap<Spanned<String>, Spanned<String>>,
    context: &mut Context<'_>,
) -> Delivery {
    let mut delivery = Delivery::new();
    for (name, value) in headers.0 {
        if OF_THE_FILE.contains(&name.as_str()) {
            let message = format!("the header `{name}` is that of the file which is sent");
            context.report(Problem::at_key("headers", message));
            continue;
        }
        delivery = delivery.header(name, value);
    }
    for (pattern, control) in cache {
        let Ok(value) = HeaderValue::from_str(control.get_ref()) else {
            context.report(Problem::at(&control, "a header cannot have this value"));
            continue;
        };
        match delivery.clone().cache(pattern.get_ref(), value) {
            Ok(more) => delivery = more,
            Err(error) => context.report(Problem::at(&pattern, error)),
        }
    }
    delivery
}
