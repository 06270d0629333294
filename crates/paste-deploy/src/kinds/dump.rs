//! The kind `dump`.

use paste_core::{App, Request, RequestExt, Response, response};
use paste_session::SessionExt;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

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
    session: Option<Map<String, Value>>,
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
            session: session(&request).await?,
            body_length,
        })
    }
}

/// What is in the session of a request, if it has one.
async fn session(request: &Request) -> paste_core::Result<Option<Map<String, Value>>> {
    let Ok(session) = request.session() else { return Ok(None) };
    if !session.exists().await? {
        return Ok(None);
    }
    let mut values = Map::new();
    for name in session.names().await? {
        let value = session.get(&name).await?.unwrap_or_default();
        values.insert(name, value);
    }
    Ok(Some(values))
}
