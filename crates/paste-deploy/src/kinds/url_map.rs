//! The kind `urlmap`.

use std::collections::BTreeMap;

use paste_dispatch::UrlMap;
use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use crate::{Context, Problem};

/// Hands each request to the app mounted for its host and path, the longest prefix of whole
/// segments first.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Options {
    /// App names by path (`/wiki`), or by host and path (`//host/path`, `//host:port/path`,
    /// `//*.host/`).
    #[schemars(with = "BTreeMap<String, String>")]
    mount: BTreeMap<Spanned<String>, Spanned<String>>,
    /// The name of the app for what no mount takes; without one, that is a 404.
    #[schemars(with = "Option<String>")]
    default: Option<Spanned<String>>,
}

#[expect(clippy::unnecessary_wraps, reason = "the shape of a factory")]
pub(super) fn build(options: Options, context: &mut Context<'_>) -> Result<UrlMap, Problem> {
    let mut map = UrlMap::new();
    for (key, name) in options.mount {
        let Some(app) = context.app(&name) else { continue };
        match map.clone().mount(key.get_ref(), app) {
            Ok(mounted) => map = mounted,
            Err(error) => context.report(Problem::at(&key, error)),
        }
    }
    match options.default.and_then(|name| context.app(&name)) {
        Some(app) => Ok(map.default_app(app)),
        None => Ok(map),
    }
}
