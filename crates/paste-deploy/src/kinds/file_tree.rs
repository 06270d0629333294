//! The kind `file-tree`, also called `urlparser`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use paste_static::{FileTree, Symlinks};
use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use super::static_dir::{directory, is_below};
use crate::{Context, Problem};

/// Walks a URL along a directory tree to a file, whose extension chooses the app that answers; files
/// without one are sent.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Options {
    /// The directory below which files are found.
    root: PathBuf,
    /// The names, with or without extension, that answer for a directory, in order of preference.
    #[serde(default = "index")]
    index: Vec<String>,
    /// Names of apps by extension, such as `{ ".hello" = "hello" }`; `""` is for names without a dot. The
    /// app gets the path behind the file as its own.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, String>")]
    handlers: BTreeMap<Spanned<String>, Spanned<String>>,
    /// The endings of names that never answer.
    #[serde(default = "hide")]
    hide: Vec<String>,
    /// The extensions that cannot be left out in a URL.
    #[serde(default)]
    ignore: Vec<String>,
    /// Names of apps by directory below the root (`""` is the root itself): they answer for what is not
    /// found there and below.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, String>")]
    not_found: BTreeMap<Spanned<String>, Spanned<String>>,
    /// Which symbolic links are followed: those that stay `inside` the root, none (`deny`), or all
    /// (`follow`). A relative link whose way leads out of the root and back is none of those inside.
    #[serde(default)]
    symlinks: Symlinks,
}

fn index() -> Vec<String> {
    ["index", "main"].map(str::to_owned).into()
}

fn hide() -> Vec<String> {
    [".bak", ".pyc", ".pyo", "~"].map(str::to_owned).into()
}

pub(super) fn build(options: Options, context: &mut Context<'_>) -> Result<FileTree, Problem> {
    let root = directory("root", &options.root, context)?;
    if options.hide.iter().any(String::is_empty) {
        let message = "an empty ending hides every name";
        context.report(Problem::at_key("hide", message));
    }
    if let Some(name) = options.ignore.iter().find(|name| !name.starts_with('.')) {
        let message = format!("`{name}` does not begin with a dot, as an extension does");
        context.report(Problem::at_key("ignore", message));
    }
    let mut tree = FileTree::new(&root)
        .index(options.index)
        .hide(options.hide)
        .ignore(options.ignore)
        .symlinks(options.symlinks);
    for (extension, name) in options.handlers {
        if !extension.get_ref().is_empty() && !extension.get_ref().starts_with('.') {
            context.report(Problem::at(&extension, "an extension begins with a dot"));
            continue;
        }
        if let Some(app) = context.app(&name) {
            tree = tree.handler(extension.into_inner(), move |_| Ok(app.clone()));
        }
    }
    for (directory, name) in options.not_found {
        let path = Path::new(directory.get_ref());
        if !is_below(path) || !root.join(path).is_dir() {
            context.report(Problem::at(&directory, "there is no such directory below the root"));
            continue;
        }
        if let Some(app) = context.app(&name) {
            tree = tree.not_found(directory.into_inner(), app);
        }
    }
    Ok(tree)
}
