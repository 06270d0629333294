//! Answers only for the hosts that the app is known by.
//!
//! 1. A request whose host is on the list passes; a name without a port stands for every port,
//!    `*.example.org` for every name below `example.org`. A request without a port has the scheme's.
//! 2. Any other request, and one without a host, is a 421 (RFC 9110, section 15.5.20).
//!
//! What the app builds of [`RequestExt::application_url`], and what is sent by mail, redirected to or
//! cached, then never names a host that a client made up.
//!
//! ```
//! use paste_core::{AllowedHosts, AppExt, Request, Result, response};
//!
//! async fn hello(_request: Request) -> Result { Ok(response::text("hi")) }
//!
//! let app = hello.with(AllowedHosts::new(["example.org", "*.example.org", "localhost:8080"]));
//! ```

use std::sync::Arc;

use http::StatusCode;

use crate::{App, Error, Middleware, Request, RequestExt, Result, host};

/// Refuses requests for other hosts than those listed. See the [module](self) for the rules.
#[derive(Clone, Debug)]
pub struct AllowedHosts {
    hosts: Arc<[String]>,
}

impl AllowedHosts {
    /// Allows `host`, `host:port`, and `*.host`, without regard to case.
    pub fn new<S: Into<String>>(hosts: impl IntoIterator<Item = S>) -> Self {
        Self { hosts: hosts.into_iter().map(|host| host.into().to_ascii_lowercase()).collect() }
    }

    fn allows(&self, host: &str, scheme: &str) -> bool {
        if !host::is_valid(host.as_bytes()) {
            return false;
        }
        let host = host.to_ascii_lowercase();
        let (name, port) = host::split_port(&host);
        let port = port.unwrap_or(if scheme == "https" { "443" } else { "80" });
        self.hosts.iter().any(|allowed| {
            let (own, own_port) = host::split_port(allowed);
            let fits = match own.strip_prefix('*') {
                Some(below) => {
                    name.len() > below.len() && below.starts_with('.') && name.ends_with(below)
                }
                None => own == name && !name.is_empty(),
            };
            fits && own_port.is_none_or(|own| own == port)
        })
    }
}

impl<A: App> Middleware<A> for AllowedHosts {
    type App = WithAllowedHosts<A>;

    fn wrap(self, app: A) -> WithAllowedHosts<A> {
        WithAllowedHosts { app, hosts: self }
    }
}

/// An app that answers for [`AllowedHosts`] only.
#[derive(Clone, Debug)]
pub struct WithAllowedHosts<A> {
    app: A,
    hosts: AllowedHosts,
}

impl<A: App> App for WithAllowedHosts<A> {
    async fn call(&self, request: Request) -> Result {
        if request.host().is_some_and(|host| self.hosts.allows(host, request.scheme())) {
            return self.app.call(request).await;
        }
        Err(Error::from_status(StatusCode::MISDIRECTED_REQUEST))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AppExt, Body, response};

    #[tokio::test]
    async fn only_listed_hosts_pass() {
        let app = async |_: Request| Ok(response::text("hi"));
        let app = app.with(AllowedHosts::new([
            "Example.org",
            "*.example.org",
            "[::1]:8080",
            "a:9",
            "b:80",
            "*.c:80",
        ]));
        for (host, status) in [
            ("example.org", 200),
            ("EXAMPLE.ORG:8080", 200),
            ("www.example.org", 200),
            ("a:9", 200),
            ("[::1]:8080", 200),
            ("b:80", 200),
            ("b", 200),
            ("x.c", 200),
            ("x.c:81", 421),
            ("b:81", 421),
            ("evil.com/.example.org", 421),
            ("evil.com?.example.org", 421),
            ("evil.com@x.example.org", 421),
            (".example.org", 421),
            ("example.org:evil", 421),
            ("example.org:80:80", 421),
            ("[::1]", 421),
            ("a:8", 421),
            ("a", 421),
            ("evil.org", 421),
            ("evilexample.org", 421),
            ("example.org.evil.org", 421),
            ("", 421),
        ] {
            let request = http::Request::get("/").header("host", host).body(Body::empty()).unwrap();
            let answered = app.call(request).await;
            let answered =
                answered.map_or_else(|error| error.status(), |response| response.status());
            assert_eq!(answered, status, "{host}");
        }
    }
}
