//! The kind `rate-limit`.

use std::num::{NonZeroU32, NonZeroUsize};
use std::time::Duration;

use paste_filter::RateLimit;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::config::units::duration;
use crate::{Context, Problem};

/// Limits how many requests a client may make; further ones get 429 with `Retry-After`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Options {
    /// How many requests a client may make at once. They come back evenly.
    #[schemars(with = "u32")]
    requests: NonZeroU32,
    /// How long it takes until all have come back.
    #[serde(default = "a_minute", deserialize_with = "duration")]
    #[schemars(with = "String", default = "a_minute_text")]
    per: Duration,
    /// Who a client is: `client`, an address (of IPv6 the first 64 bits), or `user`, the user for those who
    /// are logged in further out.
    #[serde(default)]
    by: By,
    /// How many clients are remembered; then the one that came least recently is forgotten.
    #[serde(default = "ten_thousand")]
    #[schemars(with = "usize", default = "ten_thousand")]
    max_clients: NonZeroUsize,
}

#[derive(Debug, Default, Deserialize, serde::Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
enum By {
    #[default]
    Client,
    User,
}

fn a_minute() -> Duration {
    Duration::from_secs(60)
}

fn a_minute_text() -> String {
    "1m".to_owned()
}

fn ten_thousand() -> NonZeroUsize {
    NonZeroUsize::new(10_000).expect("is not zero")
}

pub(super) fn build(options: Options, _: &mut Context<'_>) -> Result<RateLimit, Problem> {
    if options.per.is_zero() {
        return Err(Problem::at_key("per", "expected more than no time"));
    }
    let limit =
        RateLimit::new(options.requests.get(), options.per).max_clients(options.max_clients);
    Ok(match options.by {
        By::Client => limit,
        By::User => limit.by_user(),
    })
}
