//! The kind `request-id`: tower-http's layers, which do it well, and by the bridge.

use http::HeaderName;
use paste_core::tower::IntoMiddleware;
use paste_core::{AppExt, BoxApp, Middleware, Next, Request, from_fn};
use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};

use crate::{Context, Problem};

/// Gives each request an id (a random UUID) in a header, and the answer the same: for logs, and for whoever
/// reports a fault. One that a client or a proxy sends stays, if it is at most 128 visible characters of
/// ASCII without quotes and backslashes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Options {
    /// The name of the header.
    #[serde(default = "x_request_id")]
    #[schemars(with = "String", default = "x_request_id_text")]
    header: Spanned<String>,
    /// Whether an id that the client sends stays.
    #[serde(default = "yes")]
    trust: bool,
}

fn x_request_id() -> Spanned<String> {
    Spanned::new(0..0, x_request_id_text())
}

fn x_request_id_text() -> String {
    "x-request-id".to_owned()
}

fn yes() -> bool {
    true
}

#[derive(Clone)]
pub(super) struct RequestId {
    header: HeaderName,
    trust: bool,
}

pub(super) fn build(options: Options, _: &mut Context<'_>) -> Result<RequestId, Problem> {
    let name = options.header.get_ref();
    let wrong = || Problem::at(&options.header, format!("`{name}` is not a header name"));
    let header = name.parse().map_err(|_| wrong())?;
    Ok(RequestId { header, trust: options.trust })
}

impl Middleware<BoxApp> for RequestId {
    type App = BoxApp;

    fn wrap(self, app: BoxApp) -> BoxApp {
        let Self { header, trust } = self;
        let set = SetRequestIdLayer::new(header.clone(), MakeRequestUuid);
        let propagate = PropagateRequestIdLayer::new(header.clone());
        let keep_sound = from_fn(move |mut request: Request, next: Next| {
            let is_sound = |id: &http::HeaderValue| {
                let plain = |byte: &u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\');
                (1..=128).contains(&id.len()) && id.as_bytes().iter().all(plain)
            };
            if !trust || !request.headers().get(&header).is_some_and(is_sound) {
                request.headers_mut().remove(&header);
            }
            async move { next.call(request).await }
        });
        let app = app.with(propagate.into_middleware()).with(set.into_middleware());
        app.with(keep_sound).boxed()
    }
}
