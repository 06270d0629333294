//! Builds the apps of a file.
//!
//! 1. Every section is built, named by another or not, so that all problems are told at once.
//! 2. An app is built once; all who name it share it. So is a filter.
//! 3. Filters wrap in the order of the list, the first outermost.
//! 4. Apps that name each other in a circle are a problem; so is a chain of more than 100, of which
//!    each names the next: requests would go as deep.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::ops::Range;
use std::path::Path;

use paste_core::{AppExt, BoxApp};
use toml::Spanned;
use toml::de::DeTable;

use crate::Registry;
use crate::config::{ConfigError, File, Problem, Problems, Section, ServerOptions, near_misses};
use crate::registry::{Filter, Kind};

/// How many apps may name each other in a row. Each takes its part of a thread's stack.
const MAX_CHAIN: usize = 100;

/// A file's app, ready to be called, and how the file wants it served.
#[derive(Clone, Debug)]
pub struct Site {
    app: BoxApp,
    server: ServerOptions,
}

impl Site {
    /// Builds what the file at `path` describes from the kinds in `registry`. The error tells
    /// everything that is wrong with the file.
    pub fn load(path: &Path, registry: &Registry) -> Result<Self, ConfigError> {
        let bytes = std::fs::read(path).map_err(|error| ConfigError::unreadable(path, &error))?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            ConfigError::not_utf8(path, &String::from_utf8_lossy(valid))
        })?;
        let mut problems = Problems::default();
        let Some(file) = File::parse(&text, &mut problems) else {
            return Err(problems.into_error(path, &text));
        };
        let site = Builder::new(file, path, registry, &mut problems).build();
        match site {
            Some(site) if problems.is_empty() => Ok(site),
            _ => Err(problems.into_error(path, &text)),
        }
    }

    /// The app that the file serves.
    pub fn app(&self) -> BoxApp {
        self.app.clone()
    }

    /// What `[server]` says.
    pub fn server(&self) -> &ServerOptions {
        &self.server
    }
}

/// What a factory may ask while it builds the app or filter of one section.
pub struct Context<'a> {
    names: &'a mut (dyn Names + 'a),
    section: Range<usize>,
    key_spans: HashMap<String, Range<usize>>,
}

/// The rest of the file, as one section sees it.
trait Names {
    fn dir(&self) -> &Path;
    fn app(&mut self, name: &Spanned<String>) -> Option<BoxApp>;
    fn filter(&mut self, name: &Spanned<String>) -> Option<Filter>;
    fn problems(&mut self) -> &mut Problems;
}

impl Context<'_> {
    /// The directory of the file, which paths in it are relative to.
    pub fn dir(&self) -> &Path {
        self.names.dir()
    }

    /// The app of that name. `None`: there is none, or it is faulty, and that is told already.
    pub fn app(&mut self, name: &Spanned<String>) -> Option<BoxApp> {
        self.names.app(name)
    }

    /// The filter of that name, or of the kind of that name. `None`: as for apps.
    pub fn filter(&mut self, name: &Spanned<String>) -> Option<Filter> {
        self.names.filter(name)
    }

    /// Tells a problem without giving up: the rest is looked at, too, and the file is refused.
    pub fn report(&mut self, problem: Problem) {
        let key_span = |key: &str| self.key_spans.get(key).cloned();
        self.names.problems().add_of_section(problem, self.section.clone(), key_span);
    }

    pub(crate) fn problems(&mut self) -> &mut Problems {
        self.names.problems()
    }
}

impl fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("section", &self.section).finish_non_exhaustive()
    }
}

struct Builder<'t> {
    path: &'t Path,
    registry: &'t Registry,
    problems: &'t mut Problems,
    server: Option<Section<'t>>,
    /// There are none, and why is told.
    has_no_apps: bool,
    apps: BTreeMap<String, Progress<'t, BoxApp>>,
    filters: BTreeMap<String, Progress<'t, Filter>>,
    /// The apps being built, each named by the one before.
    chain: Vec<String>,
}

enum Progress<'t, T> {
    Waiting(Section<'t>),
    Begun,
    Done(T),
    Failed,
}

fn progress_of<T>(sections: BTreeMap<String, Section<'_>>) -> BTreeMap<String, Progress<'_, T>> {
    sections.into_iter().map(|(name, section)| (name, Progress::Waiting(section))).collect()
}

impl Names for Builder<'_> {
    fn dir(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new(""))
    }

    fn app(&mut self, name: &Spanned<String>) -> Option<BoxApp> {
        Builder::app(self, name)
    }

    fn filter(&mut self, name: &Spanned<String>) -> Option<Filter> {
        Builder::filter(self, name)
    }

    fn problems(&mut self) -> &mut Problems {
        self.problems
    }
}

impl<'t> Builder<'t> {
    fn new(
        file: File<'t>,
        path: &'t Path,
        registry: &'t Registry,
        problems: &'t mut Problems,
    ) -> Self {
        let File { server, apps, filters, faulty_apps, faulty_filters, has_no_apps } = file;
        let mut apps: BTreeMap<_, _> = progress_of(apps);
        let mut filters: BTreeMap<_, _> = progress_of(filters);
        apps.extend(faulty_apps.into_iter().map(|name| (name, Progress::Failed)));
        filters.extend(faulty_filters.into_iter().map(|name| (name, Progress::Failed)));
        Self { path, registry, problems, server, has_no_apps, apps, filters, chain: Vec::new() }
    }

    /// The site; `None` if there is a problem with the app that it serves.
    fn build(mut self) -> Option<Site> {
        let server = self.server.take();
        let dir = self.path.parent().unwrap_or(Path::new(""));
        let server = server
            .map(|section| ServerOptions::read(section, dir, self.problems))
            .unwrap_or_default();
        self.build_all();
        let app = self.served_app(&server.app)?;
        let app = match &server.trusted_proxies {
            None => app,
            Some(proxies) => app.with(proxies.clone()).boxed(),
        };
        Some(Site { app, server })
    }

    fn build_all(&mut self) {
        for name in self.apps.keys().cloned().collect::<Vec<_>>() {
            self.app(&Spanned::new(0..0, name));
        }
        for name in self.filters.keys().cloned().collect::<Vec<_>>() {
            self.filter(&Spanned::new(0..0, name));
        }
    }

    /// The app that `[server]` names, at a place that may be the default's.
    fn served_app(&mut self, name: &Spanned<String>) -> Option<BoxApp> {
        if self.has_no_apps {
            return None;
        }
        if !self.apps.contains_key(name.get_ref()) {
            let near = near_misses(name.get_ref(), self.apps.keys().map(String::as_str));
            let missing = format!("there is no [app.{}] to serve{near}", name.get_ref());
            self.problems.add(name.span(), missing);
            return None;
        }
        self.app(name)
    }

    fn app(&mut self, name: &Spanned<String>) -> Option<BoxApp> {
        let Some(progress) = self.apps.get_mut(name.get_ref()) else {
            let near = near_misses(name.get_ref(), self.apps.keys().map(String::as_str));
            self.problems.add(name.span(), format!("there is no [app.{}]{near}", name.get_ref()));
            return None;
        };
        match std::mem::replace(progress, Progress::Begun) {
            Progress::Waiting(_) if self.chain.len() >= MAX_CHAIN => {
                self.problems.add(
                    name.span(),
                    format!("more than {MAX_CHAIN} apps name each other in a row, down to here"),
                );
                self.apps.insert(name.get_ref().clone(), Progress::Failed);
                None
            }
            Progress::Waiting(section) => {
                self.chain.push(name.get_ref().clone());
                let app = self.build_app(section);
                self.chain.pop();
                let progress = app.clone().map_or(Progress::Failed, Progress::Done);
                self.apps.insert(name.get_ref().clone(), progress);
                app
            }
            Progress::Begun => {
                let circle = self.chain.iter().skip_while(|link| *link != name.get_ref());
                let circle: Vec<_> =
                    circle.map(String::as_str).chain([name.get_ref().as_str()]).collect();
                self.problems.add(
                    name.span(),
                    format!("apps name each other in a circle: {}", circle.join(" -> ")),
                );
                None
            }
            Progress::Done(app) => {
                *progress = Progress::Done(app.clone());
                Some(app)
            }
            Progress::Failed => {
                *progress = Progress::Failed;
                None
            }
        }
    }

    fn build_app(&mut self, section: Section<'t>) -> Option<BoxApp> {
        let filters: Vec<_> = section.filters.iter().map(|name| self.filter(name)).collect();
        let app = self.build_section(&self.registry.apps, "app", section)?;
        filters.into_iter().rev().try_fold(app, |app, filter| Some(app.with(filter?)))
    }

    /// The filter of that name, or of the kind of that name with its defaults.
    fn filter(&mut self, name: &Spanned<String>) -> Option<Filter> {
        if !self.filters.contains_key(name.get_ref())
            && self.registry.filters.contains_key(name.get_ref())
        {
            let kind = Spanned::new(name.span(), name.get_ref().clone());
            let section =
                Section { span: name.span(), kind, filters: Vec::new(), options: DeTable::new() };
            self.filters.insert(name.get_ref().clone(), Progress::Waiting(section));
        }
        let Some(progress) = self.filters.get_mut(name.get_ref()) else {
            let kinds = self.registry.filters.keys();
            let near =
                near_misses(name.get_ref(), self.filters.keys().chain(kinds).map(String::as_str));
            let unknown = format!(
                "there is no [filter.{0}], nor a kind of filter `{0}`{near}",
                name.get_ref()
            );
            self.problems.add(name.span(), unknown);
            return None;
        };
        let filter = match std::mem::replace(progress, Progress::Begun) {
            Progress::Waiting(section) => {
                self.build_section(&self.registry.filters, "filter", section)
            }
            Progress::Done(filter) => Some(filter),
            Progress::Begun => {
                let circle = format!("the filter `{}` is named by itself", name.get_ref());
                self.problems.add(name.span(), circle);
                None
            }
            Progress::Failed => None,
        };
        let progress = filter.clone().map_or(Progress::Failed, Progress::Done);
        self.filters.insert(name.get_ref().clone(), progress);
        filter
    }

    /// Builds a section by its kind, which is one of `kinds`.
    fn build_section<T>(
        &mut self,
        kinds: &BTreeMap<String, Kind<T>>,
        of: &str,
        section: Section<'t>,
    ) -> Option<T> {
        let name = &section.kind;
        let Some(kind) = kinds.get(name.get_ref()) else {
            let near = near_misses(name.get_ref(), kinds.keys().map(String::as_str));
            let unknown = format!("there is no kind of {of} `{}`{near}", name.get_ref());
            self.problems.add(name.span(), unknown);
            return None;
        };
        let key_spans = section.options.iter();
        let key_spans =
            key_spans.map(|(key, value)| (key.get_ref().to_string(), value.span())).collect();
        let mut context = Context { names: self, section: section.span.clone(), key_spans };
        kind.build(section.options, section.span, &mut context)
    }
}
