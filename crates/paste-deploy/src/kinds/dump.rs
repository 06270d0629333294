//! The kind `dump`.

use paste_core::{App, Request, RequestExt, Response, response};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Context, Problem};

/// Answers every request, of any method, with what it looks like from inside, as a JSON object:
/// `method`, `scheme`, `host`, `script_name`, `path_info`, `query`, `headers`, `remote_user`,
/// `client_addr`, `session` and `body_length`. For trying things out.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Options {}

#[derive(Debug)]
pub(super) struct Dump(());

pub(super) fn build(_: Options, _: &mut Context<'_>) -> Result<Dump, Problem> {
    Ok(Dump(()))
}

/// The answer, in this order.
#[derive(Serialize)]
struct Dumped<'a> {
    method: &'a str,
    scheme: &'a str,
    host: Option<&'a str>,
    script_name: &'a str,
    path_info: &'a str,
    query: Vec<(String, String)>,
    headers: Vec<(&'a str, String)>,
    remote_user: Option<&'a str>,
    client_addr: Option<String>,
    /// Sessions are not built yet.
    session: Option<()>,
    body_length: u64,
}

impl App for Dump {
    async fn call(&self, mut request: Request) -> paste_core::Result<Response> {
        let mut body = std::mem::take(request.body_mut());
        let mut body_length = 0;
        while let Some(chunk) = body.chunk().await? {
            body_length += chunk.len() as u64;
        }
        let text =
            |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        response::json(&Dumped {
            method: request.method().as_str(),
            scheme: request.scheme(),
            host: request.host(),
            script_name: request.script_name(),
            path_info: &request.path_info(),
            query: request.query_pairs(),
            headers: request
                .headers()
                .iter()
                .map(|(name, value)| (name.as_str(), text(value)))
                .collect(),
            remote_user: request.remote_user().map(paste_core::RemoteUser::name),
            client_addr: request.client_addr().map(|client| client.0.ip().to_string()),
            session: None,
            body_length,
        })
    }
}
