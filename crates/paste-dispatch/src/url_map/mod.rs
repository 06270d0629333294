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
//! 6. What no mount takes goes to the default app; without one it is a 404.
//!
//! ```
//! use paste_core::{Request, RequestExt, Result, response};
//! use paste_dispatch::UrlMap;
//!
//! async fn wiki(request: Request) -> Result {
//!     Ok(response::text(format!("{} in {}", request.path_info(), request.script_name())))
//! }
//! async fn home(_request: Request) -> Result { Ok(response::text("home")) }
//!
//! let site = UrlMap::new().mount("/", home)?.mount("/wiki", wiki)?.mount("//wiki.localhost/", wiki)?;
//! # Ok::<(), paste_dispatch::MountError>(())
//! ```

mod key;
mod table;

use std::collections::HashMap;

use paste_core::{App, AppExt, BoxApp, Error, Request, RequestExt, Result};

pub use self::key::MountError;
use self::key::{Key, host_patterns};
use self::table::Table;

/// An app that hands each request to the app mounted for its host and path. See the
/// [module](self) for the rules.
#[derive(Clone, Debug, Default)]
pub struct UrlMap {
    any_host: Table,
    /// By lower-case pattern: `host`, `host:port`, `*.host` or `*.host:port`.
    hosts: HashMap<String, Table>,
    default: Option<BoxApp>,
}

impl UrlMap {
    /// A map that mounts nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Mounts `app` at `key`: a path, or a host and a path. A key that is neither, or is taken, is
    /// an error.
    pub fn mount(mut self, key: &str, app: impl App) -> Result<Self, MountError> {
        let Key { host, path } = Key::parse(key)?;
        let table = match host {
            Some(pattern) => self.hosts.entry(pattern).or_default(),
            None => &mut self.any_host,
        };
        if table.insert(&path, app.boxed()) {
            Ok(self)
        } else {
            Err(MountError::Taken(key.to_owned()))
        }
    }

    /// Sends to `app` what no mount takes.
    #[must_use]
    pub fn default_app(mut self, app: impl App) -> Self {
        self.default = Some(app.boxed());
        self
    }

    /// The app for a request, and how many segments of the path are its prefix.
    fn find(&self, request: &Request) -> Option<(&BoxApp, usize)> {
        let path = table::canonical(request.uri().path());
        let for_host = || {
            let mut patterns = host_patterns(request.host()?, request.scheme());
            patterns.find_map(|pattern| self.hosts.get(&pattern)?.find(&path))
        };
        let found = if self.hosts.is_empty() { None } else { for_host() };
        found.or_else(|| self.any_host.find(&path))
    }
}

impl App for UrlMap {
    async fn call(&self, mut request: Request) -> Result {
        if let Some((app, segments)) = self.find(&request) {
            request.shift_segments(segments);
            return app.call(request).await;
        }
        match &self.default {
            Some(app) => app.call(request).await,
            None => Err(Error::not_found()),
        }
    }
}
