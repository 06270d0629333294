//! The kinds of apps and filters that a file may name.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use paste_core::{App, AppExt, BoxApp, Middleware};
use schemars::{JsonSchema, Schema};
use serde::de::DeserializeOwned;
use toml::de::DeTable;

use crate::config::{Problem, deserialize, schema_of};
use crate::site::Context;

/// The kinds that a file may `use`. The default has all of the toolkit's; see the
/// [crate](crate) for an example that adds one.
#[derive(Clone, Debug)]
pub struct Registry {
    pub(crate) apps: BTreeMap<String, Kind<BoxApp>>,
    pub(crate) filters: BTreeMap<String, Kind<Filter>>,
}

impl Default for Registry {
    fn default() -> Self {
        crate::kinds::register(Self { apps: BTreeMap::new(), filters: BTreeMap::new() })
    }
}

impl Registry {
    /// Adds a kind of app, or replaces the one of that name. `factory` makes an app of its options;
    /// the options' documentation is the kind's.
    #[must_use]
    pub fn app<O, A, F>(mut self, name: &str, factory: F) -> Self
    where
        O: DeserializeOwned + JsonSchema,
        A: App,
        F: Fn(O, &mut Context<'_>) -> Result<A, Problem> + Send + Sync + 'static,
    {
        let build =
            move |options, context: &mut Context<'_>| Ok(factory(options, context)?.boxed());
        self.apps.insert(name.to_owned(), Kind::new::<O>(name, build));
        self
    }

    /// Adds a kind of filter, or replaces the one of that name. `factory` makes a middleware of its
    /// options; one section of a file is one middleware, whose clones wrap every app that names it.
    #[must_use]
    pub fn filter<O, M, F>(mut self, name: &str, factory: F) -> Self
    where
        O: DeserializeOwned + JsonSchema,
        M: Middleware<BoxApp> + Clone + Send + Sync + 'static,
        F: Fn(O, &mut Context<'_>) -> Result<M, Problem> + Send + Sync + 'static,
    {
        let build =
            move |options, context: &mut Context<'_>| Ok(Filter::new(factory(options, context)?));
        self.filters.insert(name.to_owned(), Kind::new::<O>(name, build));
        self
    }
}

/// One kind: what its options look like, and how it is built. `None` means that what is wrong is
/// already told.
pub(crate) struct Kind<T> {
    pub(crate) schema: Schema,
    build: Arc<Build<T>>,
}

type Build<T> = dyn Fn(DeTable<'_>, Range<usize>, &mut Context<'_>) -> Option<T> + Send + Sync;

impl<T> Kind<T> {
    fn new<O: DeserializeOwned + JsonSchema>(
        name: &str,
        build: impl Fn(O, &mut Context<'_>) -> Result<T, Problem> + Send + Sync + 'static,
    ) -> Self {
        let owner = format!("kind `{name}`");
        let build =
            move |options: DeTable<'_>, section: Range<usize>, context: &mut Context<'_>| {
                let options = deserialize(options, &section, &owner, context.problems())?;
                build(options, context).map_err(|problem| context.report(problem)).ok()
            };
        Self { schema: schema_of::<O>(), build: Arc::new(build) }
    }

    pub(crate) fn build(
        &self,
        options: DeTable<'_>,
        section: Range<usize>,
        context: &mut Context<'_>,
    ) -> Option<T> {
        (self.build)(options, section, context)
    }
}

impl<T> Clone for Kind<T> {
    fn clone(&self) -> Self {
        Self { schema: self.schema.clone(), build: Arc::clone(&self.build) }
    }
}

impl<T> fmt::Debug for Kind<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kind").finish_non_exhaustive()
    }
}

/// A filter of a file: a middleware that wraps any app, any number of times.
#[derive(Clone)]
pub struct Filter(Arc<dyn Fn(BoxApp) -> BoxApp + Send + Sync>);

impl Filter {
    fn new<M: Middleware<BoxApp> + Clone + Send + Sync + 'static>(middleware: M) -> Self {
        Self(Arc::new(move |app| middleware.clone().wrap(app).boxed()))
    }

    /// Changes nothing.
    pub(crate) fn none() -> Self {
        Self(Arc::new(|app| app))
    }
}

impl Middleware<BoxApp> for Filter {
    type App = BoxApp;

    fn wrap(self, app: BoxApp) -> BoxApp {
        (self.0)(app)
    }
}

impl fmt::Debug for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Filter")
    }
}
