//! The kind `timeout`.

use std::time::Duration;

use paste_filter::Timeout;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::config::units::duration;
use crate::{Context, Problem};

/// Ends requests whose answer has not begun in time, with 503.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Options {
    /// How long an answer may take to begin.
    #[serde(default = "half_a_minute", deserialize_with = "duration")]
    #[schemars(with = "String", default = "half_a_minute_text")]
    after: Duration,
}

fn half_a_minute() -> Duration {
    Duration::from_secs(30)
}

fn half_a_minute_text() -> String {
    "30s".to_owned()
}

pub(super) fn build(options: Options, _: &mut Context<'_>) -> Result<Timeout, Problem> {
    if options.after.is_zero() {
        return Err(Problem::at_key("after", "no answer begins in no time"));
    }
    Ok(Timeout::new(options.after))
}
