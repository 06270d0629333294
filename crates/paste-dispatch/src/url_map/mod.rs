//! Mounts apps by URL prefix and host: `paste.urlmap`.
//!
//! 1. A prefix matches whole segments, the longest first: `/foo` takes `/foo` and `/foo/bar`, not
//!    `/foobar`. `/` takes what no other takes.
//! 2. The prefix moves to the script name; the app sees what is left.
//! 3. Segments are compared decoded, once: `/caf%C3%A9` is `/café`, and `%2F` never separates.
//! 4. Doubled slashes count as one, in requests and inside keys (at the start of a key they mean a
//!    host).
//! 5. A key with a host (`//host/path`, `//host:port/path`, `//*.host/`; `http:` or `https:` before
//!    it changes nothing) is for that host only. The most particular host is asked first: host with
//!    port, host, then `*.` with the longest rest, then the keys without a host. Hosts are compared
//!    without regard to case. A host that has no mount for the path leaves it to the next.
//! 6. What no mount takes goes to the default app; without one it is a 404, which lists what is
//!    mounted only where [`debug`](UrlMap::debug) is on.
//! 7. [`Mounts`] changes the map while it serves: a request sees the map as it was or as it is, and
//!    waits for nobody.
//! 8. A mount with a name is found by [`url_to`](UrlTo::url_to) from every app below its map, the default
//!    app among them, through maps within maps: `"wiki"`, or `"docs/wiki"` for a name in a map that is
//!    itself mounted by a name. A mount that is for no host, asked for on a host that another mount takes
//!    the path on, is at the [main host](Mounts::main_host).
//!
//! ```
//! use paste_core::{Request, RequestExt, Result, response};
//! use paste_dispatch::{UrlMap, UrlTo};
//!
//! async fn wiki(request: Request) -> Result {
//!     Ok(response::text(format!("{} in {}", request.path_info(), request.script_name())))
//! }
//! async fn home(request: Request) -> Result {
//!     let page = request.url_to("wiki", ["Main Page"])?; // "/wiki/Main%20Page"
//!     Ok(response::html(page.a("Read").to_string()))
//! }
//!
//! let site = UrlMap::new().mount("/", home)?.mount_named("wiki", "/wiki", wiki)?;
//! let mounts = site.mounts();
//! mounts.mount("//wiki.localhost/", wiki)?; // also later, while it serves
//! # Ok::<(), paste_dispatch::MountError>(())
//! ```

mod hosts;
mod key;
mod names;
mod table;

use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use paste_core::{App, AppExt, BoxApp, Error, Request, RequestExt, Response, Result};

use self::hosts::Hosts;
use self::key::Key;
pub use self::key::MountError;
use self::names::Names;
pub use self::names::UrlTo;
use self::table::Table;

/// An app that hands each request to the app mounted for its host and path. See the
/// [module](self) for the rules. Clones are the same map.
#[derive(Clone, Debug, Default)]
pub struct UrlMap {
    mounts: Mounts,
    default: Option<BoxApp>,
    debug: bool,
}

/// What a [`UrlMap`] mounts, to look at and to change while it serves. Clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Mounts {
    tables: Arc<ArcSwap<Tables>>,
    /// Held by who changes the map.
    changing: Arc<Mutex<()>>,
}

/// All mounts at one time.
#[derive(Clone, Debug, Default)]
struct Tables {
    any_host: Table,
    hosts: Hosts,
    names: Names,
    main_host: Option<String>,
}

impl UrlMap {
    /// A map that mounts nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Mounts `app` at `key`: a path, or a host and a path. A key that is neither, or is taken, is
    /// an error.
    pub fn mount(self, key: &str, app: impl App) -> Result<Self, MountError> {
        self.mounts.mount(key, app)?;
        Ok(self)
    }

    /// The same with a name, by which apps [find](UrlTo::url_to) the URL. A name that is taken or
    /// empty, or has a slash, is an error.
    pub fn mount_named(self, name: &str, key: &str, app: impl App) -> Result<Self, MountError> {
        self.mounts.mount_named(name, key, app)?;
        Ok(self)
    }

    /// Sends to `app` what no mount takes.
    #[must_use]
    pub fn default_app(mut self, app: impl App) -> Self {
        self.default = Some(app.boxed());
        self
    }

    /// Whether the 404 of the map tells what is mounted. Default: false.
    #[must_use]
    pub fn debug(mut self, debug: bool) -> Self {
        self.debug = debug;
        self
    }

    /// The mounts, to look at and to change while the map serves.
    pub fn mounts(&self) -> Mounts {
        self.mounts.clone()
    }

    fn nothing(&self) -> Error {
        let error = Error::not_found();
        if !self.debug {
            return error;
        }
        error.detail(format!("Mounted here: {}.", self.mounts.keys().join(", ")))
    }
}

impl App for UrlMap {
    fn call(&self, mut request: Request) -> impl Future<Output = Result<Response>> + Send {
        let app = self.mounts.find(&mut request).or_else(|| {
            self.mounts.visit(&mut request);
            self.default.clone()
        });
        async move {
            match app {
                Some(app) => app.call(request).await,
                None => Err(self.nothing()),
            }
        }
    }
}

impl Mounts {
    /// Mounts `app` at `key`, which must not be taken.
    pub fn mount(&self, key: &str, app: impl App) -> Result<(), MountError> {
        let parsed = Key::parse(key)?;
        let app = app.boxed();
        self.change(|tables| {
            if tables.insert(&parsed, app).is_some() {
                return Err(MountError::Taken(key.to_owned()));
            }
            Ok(())
        })
    }

    /// Mounts `app` at `key`, neither of which must be taken, by a name.
    pub fn mount_named(&self, name: &str, key: &str, app: impl App) -> Result<(), MountError> {
        let parsed = Key::parse(key)?;
        let app = app.boxed();
        self.change(|tables| {
            if !tables.names.insert(name, parsed.clone(), &app) {
                return Err(MountError::BadName(name.to_owned()));
            }
            if tables.insert(&parsed, app).is_some() {
                return Err(MountError::Taken(key.to_owned()));
            }
            Ok(())
        })
    }

    /// Mounts `app` at `key` in place of the app that is there, if any, and gives that. A name stays.
    /// Requests that have reached the old app go on in it.
    pub fn replace(&self, key: &str, app: impl App) -> Result<Option<BoxApp>, MountError> {
        let parsed = Key::parse(key)?;
        let app = app.boxed();
        self.change(|tables| {
            tables.names.replace(&parsed, &app);
            Ok(tables.insert(&parsed, app))
        })
    }

    /// Takes away what is mounted at `key`, with its name, and gives it.
    pub fn remove(&self, key: &str) -> Result<Option<BoxApp>, MountError> {
        let parsed = Key::parse(key)?;
        self.change(|tables| {
            tables.names.remove(&parsed);
            Ok(tables.remove(&parsed))
        })
    }

    /// The host, with its port if need be, that URLs name for mounts without a host where those of the
    /// request's own host stand before them.
    pub fn main_host(&self, host: &str) -> Result<(), MountError> {
        let is_host = !host.is_empty() && paste_core::host::is_valid(host.as_bytes());
        if !is_host {
            return Err(MountError::BadHost(host.to_owned()));
        }
        self.change(|tables| {
            tables.main_host = Some(host.to_owned());
            Ok(())
        })
    }

    /// The keys, in their order; each as short as it can be written.
    pub fn keys(&self) -> Vec<String> {
        let tables = self.tables.load();
        let mut keys = tables.any_host.paths().collect::<Vec<_>>();
        keys.extend(
            tables
                .hosts
                .iter()
                .flat_map(|(host, table)| table.paths().map(move |path| format!("//{host}{path}"))),
        );
        keys.sort();
        keys
    }

    /// Works on a copy, which takes the place of the map when all went well.
    fn change<T>(
        &self,
        change: impl FnOnce(&mut Tables) -> Result<T, MountError>,
    ) -> Result<T, MountError> {
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut tables = Tables::clone(&self.tables.load());
        let outcome = change(&mut tables)?;
        self.tables.store(Arc::new(tables));
        Ok(outcome)
    }

    /// Notes in the request that it passes through this map, if that has names.
    fn visit(&self, request: &mut Request) {
        if !self.tables.load().names.is_empty() {
            names::visit(request, self);
        }
    }

    /// The app for a request, whose prefix moves to the script name.
    fn find(&self, request: &mut Request) -> Option<BoxApp> {
        let tables = self.tables.load();
        let (app, segments) = tables.find(request)?;
        let app = app.clone();
        drop(tables);
        self.visit(request);
        request.shift_segments(segments);
        Some(app)
    }
}

impl Tables {
    fn insert(&mut self, key: &Key, app: BoxApp) -> Option<BoxApp> {
        let table = match &key.host {
            Some(host) => self.hosts.table_mut(host),
            None => &mut self.any_host,
        };
        table.insert(&key.path, app)
    }

    fn remove(&mut self, key: &Key) -> Option<BoxApp> {
        match &key.host {
            Some(host) => self.hosts.remove(host, &key.path),
            None => self.any_host.remove(&key.path),
        }
    }

    /// Whether the request's own host has a mount that stands before those without a host at `path`.
    fn is_hidden<B>(&self, request: &http::Request<B>, path: &str) -> bool {
        let host = request.host().unwrap_or_default();
        self.hosts.find(host, request.scheme(), &table::canonical(path)).is_some()
    }

    /// The app for a request, and how many segments of the path are its prefix.
    fn find(&self, request: &Request) -> Option<(&BoxApp, usize)> {
        let path = table::canonical(request.uri().path());
        if !self.hosts.is_empty()
            && let Some(host) = request.host()
            && let Some(found) = self.hosts.find(host, request.scheme(), &path)
        {
            return Some(found);
        }
        self.any_host.find(&path)
    }
}
