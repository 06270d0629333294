//! The kind `cascade`.

use paste_dispatch::Cascade;
use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use crate::{Context, Problem};

/// Asks one app after the other, until one answers with a status that is not caught.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Options {
    /// The names of the apps, in the order in which they are asked.
    #[schemars(with = "Vec<String>")]
    apps: Vec<Spanned<String>>,
    /// The statuses after which the next app is asked.
    #[serde(default = "not_found")]
    catch: Vec<u16>,
}

fn not_found() -> Vec<u16> {
    vec![404]
}

pub(super) fn build(options: Options, context: &mut Context<'_>) -> Result<Cascade, Problem> {
    if options.apps.is_empty() {
        return Err(Problem::at_key("apps", "empty: there is no app to ask"));
    }
    if options.catch.is_empty() {
        return Err(Problem::at_key("catch", "empty: only the first app would be asked"));
    }
    let statuses = options.catch.into_iter().map(|code| super::status_at("catch", code, 200..=599));
    let cascade = Cascade::new().catch(statuses.collect::<Result<Vec<_>, _>>()?);
    let apps = options.apps.iter().filter_map(|name| context.app(name));
    Ok(apps.fold(cascade, Cascade::app))
}
