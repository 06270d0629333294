//! Sets and removes response headers: HSTS, CSP and the like.
//!
//! 1. First the headers to remove go, then those to set come; what is set replaces what was there.
//! 2. An error on its way out is treated the same, so that its page has the headers, too.
//!
//! ```
//! use http::{HeaderValue, header};
//! use paste_core::{AppExt, Request, Result, response};
//! use paste_filter::Headers;
//!
//! async fn hello(_request: Request) -> Result { Ok(response::text("hi")) }
//!
//! let app = hello.with(
//!     Headers::new()
//!         .set(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"))
//!         .remove(header::SERVER),
//! );
//! ```
//!
//! And around an axum route:
//!
//! ```
//! use axum::{Router, routing::get};
//! use http::{HeaderValue, header};
//! use paste_core::tower::IntoLayer;
//! use paste_filter::Headers;
//!
//! let no_frames = Headers::new().set(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
//! let router: Router = Router::new().route("/", get(async || "hi")).layer(no_frames.into_layer());
//! ```

use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue};
use paste_core::{App, Middleware, Request, Response, Result, after};

/// Sets and removes response headers. See the [module](self) for the rules.
#[derive(Clone, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(from = "config::Headers"))]
pub struct Headers {
    changes: Arc<Changes>,
}

#[derive(Clone, Debug, Default)]
struct Changes {
    remove: Vec<HeaderName>,
    set: Vec<(HeaderName, HeaderValue)>,
}

impl Headers {
    /// Changes nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets `name` to `value` in every response.
    #[must_use]
    pub fn set(mut self, name: HeaderName, value: HeaderValue) -> Self {
        Arc::make_mut(&mut self.changes).set.push((name, value));
        self
    }

    /// Removes `name` from every response.
    #[must_use]
    pub fn remove(mut self, name: HeaderName) -> Self {
        Arc::make_mut(&mut self.changes).remove.push(name);
        self
    }
}

impl<A: App> Middleware<A> for Headers {
    type App = WithHeaders<A>;

    fn wrap(self, app: A) -> WithHeaders<A> {
        WithHeaders { app, changes: self.changes }
    }
}

/// An app whose response headers [`Headers`] changes.
#[derive(Clone, Debug)]
pub struct WithHeaders<A> {
    app: A,
    changes: Arc<Changes>,
}

impl<A: App> App for WithHeaders<A> {
    fn call(&self, request: Request) -> impl Future<Output = Result<Response>> + Send {
        after(self.app.call(request), |result| match result {
            Ok(response) => self.changes.apply(response.headers_mut()),
            Err(error) => self.changes.apply(error.headers_mut()),
        })
    }
}

impl Changes {
    fn apply(&self, headers: &mut HeaderMap) {
        for name in &self.remove {
            headers.remove(name);
        }
        for (name, value) in &self.set {
            headers.insert(name.clone(), value.clone());
        }
    }
}

#[cfg(feature = "serde")]
mod config {
    //! The same as a configuration says it.

    use std::collections::BTreeMap;
    use std::sync::Arc;

    use http::{HeaderMap, HeaderName};
    use serde::de::{Deserialize, Deserializer, Error};

    /// Sets and removes response headers, on error pages, too.
    #[derive(serde::Deserialize, schemars::JsonSchema)]
    #[serde(deny_unknown_fields)]
    pub(super) struct Headers {
        /// Headers to set in every response, by name.
        #[serde(default, with = "http_serde::header_map")]
        #[schemars(with = "BTreeMap<String, String>", default = "BTreeMap::<String, String>::new")]
        set: HeaderMap,
        /// Names of headers to remove from every response, before others are set.
        #[serde(default, deserialize_with = "names")]
        #[schemars(with = "Vec<String>", default = "Vec::<String>::new")]
        remove: Vec<HeaderName>,
    }

    fn names<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<HeaderName>, D::Error> {
        let names = Vec::<String>::deserialize(deserializer)?;
        let parse = |name: &String| {
            name.parse().map_err(|_| Error::custom(format_args!("`{name}` is not a header name")))
        };
        names.iter().map(parse).collect()
    }

    impl From<Headers> for super::Headers {
        fn from(Headers { set, remove }: Headers) -> Self {
            let set = set.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
            Self { changes: Arc::new(super::Changes { remove, set }) }
        }
    }

    impl schemars::JsonSchema for super::Headers {
        fn schema_name() -> std::borrow::Cow<'static, str> {
            Headers::schema_name()
        }

        fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
            Headers::json_schema(generator)
        }
    }
}

#[cfg(test)]
mod tests {
    use http::header;
    use paste_core::{AppExt, Body, Error, response};

    use super::*;

    async fn headers_of(path: &str, filter: Headers) -> HeaderMap {
        async fn app(request: Request) -> Result {
            let server = (header::SERVER, HeaderValue::from_static("secret"));
            if request.uri().path() == "/error" {
                return Err(Error::not_found().header(server.0, server.1));
            }
            let mut response = response::text("hi");
            response.headers_mut().insert(server.0, server.1);
            Ok(response)
        }
        let request = http::Request::get(path).body(Body::empty()).unwrap();
        match app.with(filter).call(request).await {
            Ok(response) => response.headers().clone(),
            Err(error) => error.headers().clone(),
        }
    }

    #[tokio::test]
    async fn rules_1_and_2_removes_then_sets_on_responses_and_errors() {
        let filter = Headers::new()
            .set(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"))
            .remove(header::SERVER)
            .remove(header::X_FRAME_OPTIONS);
        for path in ["/", "/error"] {
            let headers = headers_of(path, filter.clone()).await;
            assert_eq!(headers["x-frame-options"], "DENY", "{path}");
            assert!(!headers.contains_key("server"), "{path}");
        }
        let replaced = Headers::new().set(header::SERVER, HeaderValue::from_static("x"));
        let headers = headers_of("/", replaced).await;
        assert!(headers.get_all("server").iter().eq(["x"]));
    }

    #[cfg(feature = "serde")]
    #[tokio::test]
    async fn reads_its_configuration() {
        let config =
            serde_json::json!({ "set": { "X-Frame-Options": "DENY" }, "remove": ["Server"] });
        let headers = headers_of("/", serde_json::from_value(config).unwrap()).await;
        assert_eq!(headers["x-frame-options"], "DENY");
        assert!(!headers.contains_key("server"));
        for (config, complaint) in [
            (serde_json::json!({ "remove": ["a b"] }), "`a b` is not a header name"),
            (serde_json::json!({ "set": { "a": "\n" } }), "failed to parse header value"),
            (serde_json::json!({ "sett": {} }), "unknown field `sett`, expected `set` or `remove`"),
        ] {
            let error = serde_json::from_value::<Headers>(config).unwrap_err().to_string();
            assert!(error.contains(complaint), "{error}");
        }
    }
}
