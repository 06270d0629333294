//! The kind `counter`.

use paste_core::{App, Request, Response, response};
use paste_session::SessionExt;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{Context, Problem};

/// Counts the visits of each session under its key `count`, and answers the number as text, whatever the
/// method. For trying sessions out; needs the filter `session` around it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Options {}

#[derive(Debug)]
pub(super) struct Counter(());

pub(super) fn build(_: Options, _: &mut Context<'_>) -> Result<Counter, Problem> {
    Ok(Counter(()))
}

impl App for Counter {
    async fn call(&self, request: Request) -> paste_core::Result<Response> {
        let more = |count: Option<u64>| count.unwrap_or(0).saturating_add(1);
        let count = request.session()?.update("count", more).await?;
        Ok(response::text(count.to_string()))
    }
}
