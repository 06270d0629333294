//! The kind `https-redirect`.

use paste_filter::HttpsRedirect;
use schemars::JsonSchema;
use serde::Deserialize;

use super::status_at;
use crate::{Context, Problem};

/// Sends clients that came by http to https, at the same host, path and query. What a trusted proxy says of
/// the scheme counts. The addresses by which certificates are proved (ACME) are left alone.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Options {
    /// The port of https.
    #[serde(default = "https")]
    port: u16,
    /// The status of the redirect: 301, 302, 307 or 308.
    #[serde(default = "permanent")]
    status: u16,
}

fn https() -> u16 {
    443
}

fn permanent() -> u16 {
    308
}

pub(super) fn build(options: Options, _: &mut Context<'_>) -> Result<HttpsRedirect, Problem> {
    let status = match options.status {
        301 | 302 | 307 | 308 => status_at("status", options.status, 301..=308)?,
        other => {
            let wrong = format!(
                "status {other} does not redirect a request as it is: expected 301, 302, 307 or 308"
            );
            return Err(Problem::at_key("status", wrong));
        }
    };
    if options.port == 0 {
        return Err(Problem::at_key("port", "expected a port from 1 to 65535"));
    }
    Ok(HttpsRedirect::new().port(options.port).status(status))
}
