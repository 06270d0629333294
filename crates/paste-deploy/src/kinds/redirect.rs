//! The kind `redirect`.

use http::{StatusCode, Uri};
use paste_core::{App, Request, Response, response};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{Context, Problem};

/// Redirects every request, of any method, to one address.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Options {
    /// Where to: a URL, or a path on this site.
    to: String,
    /// The status: 301 or 308 for good, 302, 303 or 307 for now.
    #[serde(default = "found")]
    status: u16,
}

fn found() -> u16 {
    302
}

#[derive(Debug)]
pub(super) struct Redirect {
    to: String,
    status: StatusCode,
}

pub(super) fn build(options: Options, _: &mut Context<'_>) -> Result<Redirect, Problem> {
    let status = super::status(options.status, 300..=308)?;
    if matches!(status.as_u16(), 304 | 306) {
        return Err(Problem::at_key("status", format!("status {status} is not a redirect")));
    }
    let is_path = options.to.starts_with('/');
    let is_url = Uri::try_from(&options.to)
        .is_ok_and(|uri| is_path || matches!(uri.scheme_str(), Some("http" | "https")));
    if !is_url && !is_path || options.to.contains(|c: char| c.is_control()) {
        let message =
            format!("{:?} is neither a URL of http or https nor a path on this site", options.to);
        return Err(Problem::at_key("to", message));
    }
    Ok(Redirect { to: options.to, status })
}

impl App for Redirect {
    async fn call(&self, _: Request) -> paste_core::Result<Response> {
        Ok(response::redirect(self.status, &self.to))
    }
}
