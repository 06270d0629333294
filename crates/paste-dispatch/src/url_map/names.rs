//! Mounts that have a name, and the URLs that lead to them.

use std::collections::BTreeMap;
use std::sync::Arc;

use paste_core::{BoxApp, Error, Link, RequestExt, Result, host, path};

use super::Mounts;
use super::key::{HostKey, Key, host_and_port, parents};
use super::{UrlMap, table};

/// The names of one map.
#[derive(Clone, Debug, Default)]
pub(super) struct Names(BTreeMap<String, Named>);

#[derive(Clone, Debug)]
struct Named {
    key: Key,
    /// The mounts of the app, if it is itself a map.
    inner: Option<Mounts>,
}

impl Names {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `false`: the name is taken, or none.
    pub(super) fn insert(&mut self, name: &str, key: Key, app: &BoxApp) -> bool {
        if name.is_empty() || name.contains('/') || self.0.contains_key(name) {
            return false;
        }
        self.0.insert(name.to_owned(), Named { key, inner: inner(app) });
        true
    }

    pub(super) fn replace(&mut self, key: &Key, app: &BoxApp) {
        for named in self.0.values_mut().filter(|named| is_same(&named.key, key)) {
            named.inner = inner(app);
        }
    }

    pub(super) fn remove(&mut self, key: &Key) {
        self.0.retain(|_, named| !is_same(&named.key, key));
    }
}

fn inner(app: &BoxApp) -> Option<Mounts> {
    app.downcast_ref::<UrlMap>().map(UrlMap::mounts)
}

fn is_same(one: &Key, other: &Key) -> bool {
    one.host == other.host && table::canonical(&one.path) == table::canonical(&other.path)
}

/// The maps that a request has passed through, the innermost first.
#[derive(Clone, Debug)]
struct Visited(Arc<Visit>);

#[derive(Debug)]
struct Visit {
    mounts: Mounts,
    /// The script name where the map stands.
    base: String,
    outer: Option<Visited>,
}

/// Notes that `request` passes through a map.
pub(super) fn visit<B>(request: &mut http::Request<B>, mounts: &Mounts) {
    let base = request.script_name().to_owned();
    let outer = request.extensions().get::<Visited>().cloned();
    let visit = Visit { mounts: mounts.clone(), base, outer };
    request.extensions_mut().insert(Visited(Arc::new(visit)));
}

/// Finds the URLs of mounts by their names.
pub trait UrlTo {
    /// The URL of the mount `name`, and of `segments` below it.
    ///
    /// The name is looked for in the map nearest to this app, then in the maps around that. A name in a
    /// map that is mounted by a name itself, without a middleware between them, is `outer/inner`.
    ///
    /// Where the mount is for a host, the URL names that host, with the scheme of this request, and its
    /// port unless the key has one; for `*.host` this request's own host where it fits. Any other is a
    /// path on the host of this request. A name that no map has is an error with status 500 that lists
    /// those that there are.
    fn url_to<S: AsRef<str>>(
        &self,
        name: &str,
        segments: impl IntoIterator<Item = S>,
    ) -> Result<Link>;
}

impl<B> UrlTo for http::Request<B> {
    #[track_caller]
    fn url_to<S: AsRef<str>>(
        &self,
        name: &str,
        segments: impl IntoIterator<Item = S>,
    ) -> Result<Link> {
        let innermost = self.extensions().get::<Visited>();
        let mut visits = std::iter::successors(innermost, |Visited(visit)| visit.outer.as_ref());
        let place = visits.find_map(|Visited(visit)| visit.place(name, self));
        let Some(place) = place.transpose()? else {
            let mut known = Vec::new();
            let visits = std::iter::successors(innermost, |Visited(visit)| visit.outer.as_ref());
            for Visited(visit) in visits {
                known.extend(visit.mounts.tables.load().names.0.keys().cloned());
            }
            let known = known.join(", ");
            return Err(Error::boxed(format!(
                "no mount has the name `{name}`; there are: {known}"
            )));
        };
        if let Some(main_host) = place.main_host {
            let base = format!("{}://{main_host}{}", self.scheme(), place.path);
            return Ok(Link::new(&base).path(segments));
        }
        let host = match place.host.as_ref().map(|key| host_for(self, key)) {
            Some(Host::Named(host)) => format!("{}://{host}", self.scheme()),
            Some(Host::Own) | None => String::new(),
            Some(Host::Unknown) => {
                return Err(Error::boxed(format!(
                    "`{name}` is for many hosts: none is this request's"
                )));
            }
        };
        Ok(Link::new(&(host + &place.path)).path(segments))
    }
}

/// Where a mount stands.
struct Place {
    host: Option<HostKey>,
    /// For a mount without a host that one of the request's own host hides.
    main_host: Option<String>,
    path: String,
}

impl Visit {
    fn place<B>(&self, name: &str, request: &http::Request<B>) -> Option<Result<Place>> {
        let mut place = Place { host: None, main_host: None, path: self.base.clone() };
        let mut mounts = self.mounts.clone();
        let mut parts = name.split('/').peekable();
        while let Some(part) = parts.next() {
            let tables = mounts.tables.load_full();
            let Named { key, inner } = tables.names.0.get(part)?;
            if key.host.is_none() && place.host.is_none() && tables.is_hidden(request, &key.path) {
                let Some(main_host) = &tables.main_host else {
                    return Some(Err(Error::boxed(format!(
                        "another mount hides `{name}` on this host: `Mounts::main_host` says where it is"
                    ))));
                };
                place.main_host = Some(main_host.clone());
            }
            place.host = key.host.clone().or(place.host);
            for segment in path::segments(&key.path) {
                place.path.push('/');
                place.path.push_str(segment);
            }
            if parts.peek().is_some() {
                mounts = inner.clone()?;
            } else if key.path.ends_with('/') {
                place.path.push('/');
            }
        }
        Some(Ok(place))
    }
}

/// The host that a URL names for a key.
enum Host {
    /// None: the request is on a host that fits.
    Own,
    Named(String),
    /// `*.host`, and the request's own is not one of them.
    Unknown,
}

fn host_for<B>(request: &http::Request<B>, key: &HostKey) -> Host {
    let own = request.host().filter(|host| host::is_valid(host.as_bytes())).unwrap_or_default();
    let (name, own_port) = host_and_port(own, request.scheme());
    let fits = !key.below || parents(&name).any(|parent| parent == key.name);
    if !fits {
        return Host::Unknown;
    }
    let name = if key.below { &*name } else { &key.name };
    let has_no_port =
        own.is_empty() || own.rsplit_once(':').is_none_or(|(_, port)| port.contains(']'));
    match key.port {
        None if key.below => Host::Own,
        Some(port) if port == own_port && has_no_port => Host::Named(name.to_owned()),
        Some(port) => Host::Named(format!("{name}:{port}")),
        None if has_no_port => Host::Named(name.to_owned()),
        None => Host::Named(format!("{name}:{own_port}")),
    }
}
