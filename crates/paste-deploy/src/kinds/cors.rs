//! The kind `cors`: tower-http's layer, which knows the protocol well, and by the bridge. It takes every
//! OPTIONS request for a preflight, so that it is asked only about those that are.

use std::time::Duration;

use http::{HeaderName, HeaderValue, Method, header};
use paste_core::tower::IntoMiddleware;
use paste_core::{App, AppExt, BoxApp, Middleware, Request};
use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;
use tower_http::cors::{AllowHeaders, AllowMethods, AllowOrigin, Any, CorsLayer, ExposeHeaders};

use crate::config::units::duration;
use crate::{Context, Problem};

/// Lets pages of other origins read what is answered (CORS), and answers the browsers' questions whether they
/// may (preflights).
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Options {
    /// The origins, such as `https://example.org`; or `*` for all.
    #[schemars(with = "Vec<String>")]
    origins: Vec<Spanned<String>>,
    /// The methods that they may use; or `*` for all.
    #[serde(default = "simple_methods")]
    #[schemars(with = "Vec<String>", default = "simple_method_names")]
    methods: Vec<Spanned<String>>,
    /// The headers that they may send besides the ones that are always allowed; or `*` for all.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    headers: Vec<Spanned<String>>,
    /// The headers of answers that they may read besides the ones that they always may; or `*` for all.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    expose: Vec<Spanned<String>>,
    /// Whether cookies and passwords may come along. Then nothing may be `*`.
    #[serde(default)]
    credentials: bool,
    /// How long a browser may remember what is allowed.
    #[serde(default = "ten_minutes", deserialize_with = "duration")]
    #[schemars(with = "String", default = "ten_minutes_text")]
    max_age: Duration,
}

fn simple_methods() -> Vec<Spanned<String>> {
    simple_method_names().into_iter().map(|name| Spanned::new(0..0, name)).collect()
}

fn simple_method_names() -> Vec<String> {
    ["GET", "HEAD", "POST"].map(str::to_owned).to_vec()
}

fn ten_minutes() -> Duration {
    Duration::from_secs(600)
}

fn ten_minutes_text() -> String {
    "10m".to_owned()
}

#[derive(Clone)]
pub(super) struct Cors(CorsLayer);

pub(super) fn build(options: Options, context: &mut Context<'_>) -> Result<Cors, Problem> {
    if options.origins.is_empty() {
        return Err(Problem::at_key("origins", "expected at least one origin, or `*`"));
    }
    let mut layer =
        CorsLayer::new().allow_credentials(options.credentials).max_age(options.max_age);
    let mut read = Reader { context, credentials: options.credentials };
    layer = layer.allow_origin(
        match read.all(&options.origins, origin, "an origin such as `https://example.org`") {
            List::Any => AllowOrigin::any(),
            List::These(origins) => AllowOrigin::list(origins),
        },
    );
    layer =
        layer.allow_methods(match read.all(&options.methods, method, "a method such as `GET`") {
            List::Any => AllowMethods::from(Any),
            List::These(methods) => AllowMethods::list(methods),
        });
    layer = layer.allow_headers(match read.all(&options.headers, header_name, "a header name") {
        List::Any => AllowHeaders::from(Any),
        List::These(names) => AllowHeaders::list(names),
    });
    layer = layer.expose_headers(match read.all(&options.expose, header_name, "a header name") {
        List::Any => ExposeHeaders::from(Any),
        List::These(names) => ExposeHeaders::list(names),
    });
    Ok(Cors(layer))
}

enum List<T> {
    Any,
    These(Vec<T>),
}

struct Reader<'a, 'b> {
    context: &'a mut Context<'b>,
    credentials: bool,
}

impl Reader<'_, '_> {
    /// Reads a list of names, or `*` alone, and reports what is none.
    fn all<T>(
        &mut self,
        names: &[Spanned<String>],
        read: impl Fn(&str) -> Option<T>,
        expected: &str,
    ) -> List<T> {
        let mut list = Vec::new();
        for name in names {
            let text = name.get_ref();
            if text != "*" {
                match read(text) {
                    Some(read) => list.push(read),
                    None => self.report(name, format!("`{text}` is not {expected}")),
                }
            } else if self.credentials {
                self.report(
                    name,
                    "with `credentials` each must be named: `*` does not go".to_owned(),
                );
            } else if names.len() > 1 {
                self.report(name, "`*` stands alone".to_owned());
            } else {
                return List::Any;
            }
        }
        List::These(list)
    }

    fn report(&mut self, place: &Spanned<String>, wrong: String) {
        self.context.report(Problem::at(place, wrong));
    }
}

/// `scheme://host`, perhaps with a port, as browsers send it: in small letters, without a path.
fn origin(text: &str) -> Option<HeaderValue> {
    let (scheme, host) = text.split_once("://")?;
    let is_scheme = !scheme.is_empty() && scheme.bytes().all(|byte| byte.is_ascii_lowercase());
    let is_small = !host.bytes().any(|byte| byte.is_ascii_uppercase());
    let is_host = !host.is_empty() && paste_core::host::is_valid(host.as_bytes());
    (is_scheme && is_small && is_host).then(|| HeaderValue::from_str(text).ok())?
}

fn method(text: &str) -> Option<Method> {
    let is_small = text.bytes().any(|byte| byte.is_ascii_lowercase());
    text.parse().ok().filter(|_| !is_small)
}

fn header_name(text: &str) -> Option<HeaderName> {
    text.parse().ok()
}

impl Middleware<BoxApp> for Cors {
    type App = BoxApp;

    fn wrap(self, app: BoxApp) -> BoxApp {
        let shared = app.clone().with(self.0.into_middleware()).boxed();
        let choose = move |request: Request| {
            let asks = request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
            let is_plain_options = request.method() == Method::OPTIONS && !asks;
            let chosen = if is_plain_options { app.clone() } else { shared.clone() };
            async move { chosen.call(request).await }
        };
        choose.boxed()
    }
}
