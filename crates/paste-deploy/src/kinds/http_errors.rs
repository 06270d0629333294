//! The kind `http-errors`.

use paste_core::HttpErrors;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{Context, Problem};

/// Turns errors into pages at the place where it stands: HTML, plain text or problem+json by the
/// `Accept` header. What passes all filters as an error becomes the same page at the server.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Options {}

pub(super) fn build(_: Options, _: &mut Context<'_>) -> Result<HttpErrors, Problem> {
    Ok(HttpErrors::new())
}
