//! The kind `recursive`.

use paste_dispatch::Recursive;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{Context, Problem};

/// Performs the internal forwards and sub-requests that apps below ask for.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Options {
    /// How many may follow from one request, one out of the other.
    #[serde(default = "ten")]
    max_steps: usize,
}

fn ten() -> usize {
    10
}

pub(super) fn build(options: Options, _: &mut Context<'_>) -> Result<Recursive, Problem> {
    if options.max_steps == 0 {
        return Err(Problem::at_key("max_steps", "0 would refuse every forward"));
    }
    Ok(Recursive::new().max_steps(options.max_steps))
}
