//! The kind `request-id`: tower-http's layers, which do it well, and by the bridge.

use http::HeaderName;
use paste_core::tower::IntoMiddleware;
use paste_core::{AppExt, BoxApp, Middleware, Next, Request, from_fn};
use paste_filter::headers::FreeHeader;
use schemars::JsonSchema;
use serde::Deserialize;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};

use crate::{Context, Problem};

/// Gives each request an id (a random UUID) in a header, and the answer the same: for logs, and for whoever
/// reports a fault. One that a client or a proxy sends stays, if it is at most 128 visible characters of
/// ASCII without quotes and backslashes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Options {
    /// The name of the header; none that says how a message is framed, or where it goes.
    #[serde(default = "x_request_id")]
    header: FreeHeader,
    /// Whether an id that the client sends stays.
    #[serde(default = "yes")]
    trust: bool,
}

fn x_request_id() -> FreeHeader {
    FreeHeader(HeaderName::from_static("x-request-id"))
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
    Ok(RequestId { header: options.header.0, trust: options.trust })
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
