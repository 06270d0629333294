//! What travels with a request in its extensions: the environment of CGI and WSGI, typed.

use std::net::SocketAddr;
use std::sync::Arc;

use http::Uri;

/// The part of the path that the apps so far have consumed, percent-encoded as it was sent and
/// without doubled slashes: `SCRIPT_NAME`. Absent while nothing is consumed.
///
/// [`RequestExt`](crate::RequestExt) reads it and moves segments into it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScriptName {
    pub(crate) raw: String,
    /// The path ended where the script name ends: the rest is `""`, which a `Uri` cannot say.
    pub(crate) consumed_all: bool,
}

impl ScriptName {
    /// The script name: empty, or text that begins with a slash and does not end with one.
    pub fn as_str(&self) -> &str {
        &self.raw
    }
}

/// The whole target as the client sent it, before any app consumed a part of it. Absent while the
/// request's own URI still is that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OriginalUri(pub Uri);

/// The address of the client, set by the server. The port is 0 where only the address is known.
///
/// Under axum, one line takes it from `ConnectInfo`:
/// `request.extensions_mut().insert(ClientAddr(connect_info.0))`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddr(pub SocketAddr);

/// The scheme by which the client came, set by the server where it is not `http`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scheme(pub &'static str);

/// The authenticated user, set by an authentication middleware: `REMOTE_USER`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteUser {
    name: Arc<str>,
}

impl RemoteUser {
    /// A user of this name.
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self { name: name.into() }
    }

    /// The user's name.
    pub fn name(&self) -> &str {
        &self.name
    }
}
