//! The kind `body-limit`.

use paste_filter::BodyLimit;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::config::units::size;
use crate::{Context, Problem};

/// Refuses request bodies that are too large with 413, whoever reads them.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Options {
    /// How large a body may be.
    #[serde(default = "two_mebibytes", deserialize_with = "size")]
    #[schemars(with = "String", default = "two_mebibytes_text")]
    max: u64,
}

fn two_mebibytes() -> u64 {
    2 << 20
}

fn two_mebibytes_text() -> String {
    "2MiB".to_owned()
}

pub(super) fn build(options: Options, _: &mut Context<'_>) -> Result<BodyLimit, Problem> {
    Ok(BodyLimit::new(usize::try_from(options.max).unwrap_or(usize::MAX)))
}
