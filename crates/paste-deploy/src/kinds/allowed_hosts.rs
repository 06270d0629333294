//! The kind `allowed-hosts`.

use paste_core::AllowedHosts;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{Context, Problem};

/// Answers only for the hosts that the site is known by; a request for another is a 421. So no
/// address that the site builds of the `Host` header names a host that a client made up.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Options {
    /// The hosts: `example.org` for every port, `example.org:8080` for one, `*.example.org` for all
    /// names below.
    hosts: Vec<String>,
}

pub(super) fn build(options: Options, _: &mut Context<'_>) -> Result<AllowedHosts, Problem> {
    if options.hosts.is_empty() {
        return Err(Problem::at_key("hosts", "empty: every request would be refused"));
    }
    let unsound = options.hosts.iter().find(|host| {
        let name = host.strip_prefix("*.").unwrap_or(host);
        name.is_empty() || !paste_core::host::is_valid(name.as_bytes())
    });
    match unsound {
        Some(host) => Err(Problem::at_key("hosts", format!("`{host}` is not a host"))),
        None => Ok(AllowedHosts::new(options.hosts)),
    }
}
