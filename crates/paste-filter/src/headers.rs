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
pub use config::{FreeHeader, HeaderPairs};

#[cfg(feature = "serde")]
mod config {
    //! The same as a configuration says it.

    use std::collections::BTreeMap;
    use std::sync::Arc;

    use http::{HeaderName, HeaderValue};
    use serde::de::{Deserialize, Deserializer, Error};

    /// Sets and removes response headers, on error pages, too.
    #[derive(serde::Deserialize, schemars::JsonSchema)]
    #[serde(deny_unknown_fields)]
    pub(super) struct Headers {
        /// Headers to set in every response, by name.
        #[serde(default)]
        set: HeaderPairs,
        /// Names of headers to remove from every response, before others are set.
        #[serde(default, deserialize_with = "names")]
        #[schemars(with = "Vec<String>", default = "Vec::<String>::new")]
        remove: Vec<HeaderName>,
    }

    /// Names and values of headers, as a configuration has them: a table of texts. What says how a
    /// message is framed is refused, since that is the server's.
    #[derive(Clone, Debug, Default)]
    pub struct HeaderPairs(pub Vec<(HeaderName, HeaderValue)>);

    impl<'de> Deserialize<'de> for HeaderPairs {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let table = BTreeMap::<String, String>::deserialize(deserializer)?;
            let mut pairs: Vec<(HeaderName, HeaderValue)> = Vec::with_capacity(table.len());
            for (name, value) in &table {
                let name = header_name(name)?;
                if pairs.iter().any(|(known, _)| known == name) {
                    return Err(Error::custom(format_args!("the header `{name}` stands twice")));
                }
                let value = HeaderValue::from_str(value);
                let value = value.map_err(|_| {
                    Error::custom(format_args!("the header `{name}` cannot have this value"))
                })?;
                pairs.push((name, value));
            }
            Ok(Self(pairs))
        }
    }

    impl serde::Serialize for HeaderPairs {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
            serializer.collect_map(self.0.iter().map(|(name, value)| (name.as_str(), text(value))))
        }
    }

    impl schemars::JsonSchema for HeaderPairs {
        fn schema_name() -> std::borrow::Cow<'static, str> {
            "HeaderPairs".into()
        }

        fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
            BTreeMap::<String, String>::json_schema(generator)
        }
    }

    /// The name of a header that is nobody's in particular, as a configuration has it. What says how a
    /// message is framed, or where it goes, is refused.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct FreeHeader(pub HeaderName);

    impl<'de> Deserialize<'de> for FreeHeader {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            header_name(&String::deserialize(deserializer)?).map(Self)
        }
    }

    impl serde::Serialize for FreeHeader {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_str(self.0.as_str())
        }
    }

    impl schemars::JsonSchema for FreeHeader {
        fn schema_name() -> std::borrow::Cow<'static, str> {
            "FreeHeader".into()
        }

        fn inline_schema() -> bool {
            true
        }

        fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
            String::json_schema(generator)
        }
    }

    fn names<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<HeaderName>, D::Error> {
        let names = Vec::<String>::deserialize(deserializer)?;
        names.iter().map(|name| header_name(name)).collect()
    }

    fn header_name<E: Error>(text: &str) -> Result<HeaderName, E> {
        let name: HeaderName =
            text.parse().map_err(|_| E::custom(format_args!("`{text}` is not a header name")))?;
        match name.as_str() {
            "connection" | "content-length" | "expect" | "host" | "keep-alive"
            | "proxy-connection" | "te" | "trailer" | "transfer-encoding" | "upgrade" => {
                Err(E::custom(format_args!("the header `{name}` is the server's to set")))
            }
            _ => Ok(name),
        }
    }

    impl From<Headers> for super::Headers {
        fn from(Headers { set, remove }: Headers) -> Self {
            Self { changes: Arc::new(super::Changes { remove, set: set.0 }) }
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
