//! The kind `urlmap`.

use std::collections::BTreeMap;
use std::fmt;

use paste_dispatch::UrlMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};
use toml::Spanned;

use crate::{Context, Problem};

/// Hands each request to the app mounted for its host and path, the longest prefix of whole
/// segments first.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Options {
    /// App names by path (`/wiki`), or by host and path (`//host/path`, `//host:port/path`,
    /// `//*.host/`). An app whose mount has a name of its own is `{ app = "wiki", name = "docs" }`.
    #[schemars(with = "BTreeMap<String, Target>")]
    mount: BTreeMap<Spanned<String>, Spanned<Target>>,
    /// The name of the app for what no mount takes; without one, that is a 404.
    #[schemars(with = "Option<String>")]
    default: Option<Spanned<String>>,
    /// Whether that 404 tells what is mounted.
    #[serde(default)]
    debug: bool,
}

/// The name of an app, or a table of that and of a name for the mount.
#[derive(Debug, JsonSchema)]
#[schemars(untagged)]
enum Target {
    App(String),
    Named(Named),
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Named {
    app: String,
    name: String,
}

impl<'de> Deserialize<'de> for Target {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = Target;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of an app, or { app, name }")
            }

            fn visit_str<E>(self, name: &str) -> Result<Target, E> {
                Ok(Target::App(name.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Target, A::Error> {
                Named::deserialize(MapAccessDeserializer::new(map)).map(Target::Named)
            }
        }

        deserializer.deserialize_any(Either)
    }
}

pub(super) fn build(options: Options, context: &mut Context<'_>) -> Result<UrlMap, Problem> {
    let map = UrlMap::new().debug(options.debug);
    let mounts = map.mounts();
    for (key, target) in options.mount {
        let place = target.span();
        let (app, name) = match target.into_inner() {
            Target::App(app) => (app, None),
            Target::Named(Named { app, name }) => (app, Some(name)),
        };
        let Some(app) = context.app(&Spanned::new(place.clone(), app)) else { continue };
        let mounted = match &name {
            Some(name) => mounts.mount_named(name, key.get_ref(), app),
            None => mounts.mount(key.get_ref(), app),
        };
        if let Err(error) = mounted {
            context.report(Problem::at(&key, error));
        }
    }
    match options.default.and_then(|name| context.app(&name)) {
        Some(app) => Ok(map.default_app(app)),
        None => Ok(map),
    }
}
