//! The kind `upload-progress`.

use std::num::NonZeroUsize;
use std::time::Duration;

use paste_filter::UploadProgress;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::config::units::duration;
use crate::{Context, Problem};

/// Tells how far an upload has come. A request with an id (the header `X-Progress-ID`, or that name in the
/// query) is watched; an id has 1 to 64 letters, digits, `-` and `_`, and anything else is none. GET of `path`
/// with `?id=ID` answers a JSON object: `id`, `path`, `state` (`uploading`, `done`, `failed`), `received`,
/// `size`, `started` and `finished`. An upload of a user is told to that user alone, and without an id all
/// of them; one of nobody is told to whoever knows its id.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Options {
    /// The path of the report, from where the filter stands.
    #[serde(default = "report")]
    path: String,
    /// How many uploads are remembered.
    #[serde(default = "thousand")]
    #[schemars(with = "usize", default = "thousand")]
    max_uploads: NonZeroUsize,
    /// How long an upload is remembered after its end.
    #[serde(default = "five_minutes", deserialize_with = "duration")]
    #[schemars(with = "String", default = "five_minutes_text")]
    keep: Duration,
}

fn report() -> String {
    "/upload-progress".to_owned()
}

fn thousand() -> NonZeroUsize {
    NonZeroUsize::new(1000).expect("is not zero")
}

fn five_minutes() -> Duration {
    Duration::from_secs(300)
}

fn five_minutes_text() -> String {
    "5m".to_owned()
}

pub(super) fn build(options: Options, _: &mut Context<'_>) -> Result<UploadProgress, Problem> {
    if !options.path.starts_with('/') || options.path.contains(['?', '#']) {
        let wrong = "expected a path that begins with a slash, without `?` and `#`";
        return Err(Problem::at_key("path", wrong));
    }
    let progress = UploadProgress::new().max_uploads(options.max_uploads);
    Ok(progress.path(options.path).keep(options.keep))
}
