//! The key `limits` of the section `[server]`.

use std::time::Duration;

use paste_server::Limits;
use schemars::JsonSchema;
use serde::Deserialize;

use super::units::{duration, size};

/// What a client may cost. Durations are strings such as "30s", sizes such as "64KiB".
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct LimitOptions {
    /// How long the head of a request may take, from the accept or its first byte.
    #[serde(deserialize_with = "duration")]
    #[schemars(with = "String", default = "header_timeout")]
    pub header_timeout: Duration,
    /// How long a connection may wait for its next request.
    #[serde(deserialize_with = "duration")]
    #[schemars(with = "String", default = "idle_timeout")]
    pub idle_timeout: Duration,
    /// How long a body may be silent while it is read, and an answer not be taken.
    #[serde(deserialize_with = "duration")]
    #[schemars(with = "String", default = "body_timeout")]
    pub body_timeout: Duration,
    /// How much of a body must come, or of an answer be taken, per second of waiting; "0B": any.
    #[serde(deserialize_with = "size")]
    #[schemars(with = "String", default = "min_rate")]
    pub min_rate: u64,
    /// How long a stop waits for requests that have begun.
    #[serde(deserialize_with = "duration")]
    #[schemars(with = "String", default = "graceful_timeout")]
    pub graceful_timeout: Duration,
    /// How large the request line and all headers may be together, "8KiB" at least.
    #[serde(deserialize_with = "header_size")]
    #[schemars(with = "String", default = "max_header_size")]
    pub max_header_size: u32,
    /// How many headers a request of HTTP/1 may have, at least 1.
    #[serde(deserialize_with = "positive")]
    pub max_headers: u16,
    /// How many connections may be open; further ones wait. 0: no limit.
    pub max_connections: usize,
    /// How many connections one address may have open; further ones are closed. 0: no limit.
    pub max_connections_per_address: usize,
    /// How many requests may run at once; further ones get 503. 0: no limit.
    pub max_requests: usize,
    /// How many requests a connection of HTTP/2 may have open, at least 1.
    #[serde(deserialize_with = "positive")]
    pub http2_streams: u32,
    /// How many more requests a connection of HTTP/2 may cancel than let end.
    pub http2_resets: usize,
}

impl Default for LimitOptions {
    fn default() -> Self {
        Self {
            header_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(75),
            body_timeout: Duration::from_secs(75),
            min_rate: 256,
            graceful_timeout: Duration::from_secs(30),
            max_header_size: 64 * 1024,
            max_headers: 100,
            max_connections: 10_000,
            max_connections_per_address: 0,
            max_requests: 10_000,
            http2_streams: 100,
            http2_resets: 100,
        }
    }
}

impl LimitOptions {
    /// As the server takes them.
    pub(crate) fn limits(&self) -> Limits {
        Limits::new()
            .header_timeout(self.header_timeout)
            .idle_timeout(self.idle_timeout)
            .body_timeout(self.body_timeout)
            .min_rate(self.min_rate)
            .max_header_size(self.max_header_size)
            .max_headers(self.max_headers.into())
            .max_connections(self.max_connections)
            .max_connections_per_address(self.max_connections_per_address)
            .max_requests(self.max_requests)
            .http2_streams(self.http2_streams)
            .http2_resets(self.http2_resets)
    }
}

fn header_size<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let bytes = size(deserializer)?;
    match u32::try_from(bytes) {
        Ok(bytes) if (8 * 1024..=16 << 20).contains(&bytes) => Ok(bytes),
        _ => Err(serde::de::Error::custom("expected a size from `8KiB` to `16MiB`")),
    }
}

fn positive<'de, D, N>(deserializer: D) -> Result<N, D::Error>
where
    D: serde::Deserializer<'de>,
    N: Deserialize<'de> + Default + PartialEq,
{
    let count = N::deserialize(deserializer)?;
    if count == N::default() {
        return Err(serde::de::Error::custom("0 would refuse every request"));
    }
    Ok(count)
}

fn header_timeout() -> &'static str {
    "10s"
}

fn idle_timeout() -> &'static str {
    "75s"
}

fn body_timeout() -> &'static str {
    "75s"
}

fn min_rate() -> &'static str {
    "256B"
}

fn graceful_timeout() -> &'static str {
    "30s"
}

fn max_header_size() -> &'static str {
    "64KiB"
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;

    #[test]
    fn the_defaults_are_those_of_the_server() {
        assert_eq!(LimitOptions::default().limits(), Limits::default());
    }

    #[test]
    fn the_schema_states_the_defaults() {
        let schema = crate::config::schema_of::<LimitOptions>();
        let mut toml = String::new();
        for (key, property) in schema.get("properties").unwrap().as_object().unwrap() {
            writeln!(toml, "{key} = {}", property["default"]).unwrap();
        }
        assert_eq!(toml::from_str::<LimitOptions>(&toml).unwrap(), LimitOptions::default());
    }
}
