//! The section `[server]`.

use std::fmt;

use schemars::JsonSchema;
use serde::de::{Deserialize, Deserializer, SeqAccess, Visitor};
use toml::Spanned;

use super::{Problems, Section, deserialize};

/// Where the site is served, and how.
#[derive(Clone, Debug, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ServerOptions {
    /// The address to listen on, `HOST:PORT`, or a list of them. Port 0 takes a free one.
    #[serde(default = "default_listen", deserialize_with = "one_or_many")]
    #[schemars(with = "OneOrMany")]
    pub listen: Vec<String>,
    /// The name of the app to serve.
    #[serde(default = "default_app")]
    #[schemars(with = "String", default = "app_name")]
    pub app: Spanned<String>,
    /// How many threads work, at most 1024; 0 means one per core.
    #[serde(default, deserialize_with = "threads")]
    pub workers: usize,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self { listen: default_listen(), app: default_app(), workers: 0 }
    }
}

impl ServerOptions {
    /// Reads the section.
    pub(crate) fn read(section: Section<'_>, problems: &mut Problems) -> Self {
        deserialize(section.options, &section.span, "[server]", problems).unwrap_or_default()
    }
}

fn default_listen() -> Vec<String> {
    vec!["127.0.0.1:8080".to_owned()]
}

fn default_app() -> Spanned<String> {
    Spanned::new(0..0, app_name())
}

fn app_name() -> String {
    "main".to_owned()
}

#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "describes the key `listen` in the schema")]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    struct Addresses;

    impl<'de> Visitor<'de> for Addresses {
        type Value = Vec<String>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an address such as \"127.0.0.1:8080\", or a list of them")
        }

        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
            check_address(text)?;
            Ok(vec![text.to_owned()])
        }

        fn visit_seq<S: SeqAccess<'de>>(self, mut list: S) -> Result<Self::Value, S::Error> {
            let mut addresses = Vec::new();
            while let Some(Address(address)) = list.next_element()? {
                if addresses.contains(&address) && !address.ends_with(":0") {
                    return Err(serde::de::Error::custom(format!("`{address}` stands twice")));
                }
                addresses.push(address);
            }
            if addresses.is_empty() {
                return Err(serde::de::Error::invalid_length(0, &self));
            }
            Ok(addresses)
        }
    }

    deserializer.deserialize_any(Addresses)
}

struct Address(String);

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        check_address(&text)?;
        Ok(Self(text))
    }
}

/// Checks an address as the server will read it.
pub(crate) fn parse_address(text: &str) -> Result<String, String> {
    if text.starts_with("unix:") || text == "fd" {
        return Err(format!("`{text}`: this version listens on TCP addresses only"));
    }
    let is_name = |host: &str| {
        host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
    };
    let is_address = text.parse::<std::net::SocketAddr>().is_ok();
    let is_named = text.rsplit_once(':').is_some_and(|(host, port)| {
        let is_port = port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok();
        !host.is_empty() && is_name(host) && is_port
    });
    if is_address || is_named {
        return Ok(text.to_owned());
    }
    Err(format!("`{text}` is not an address of the form HOST:PORT"))
}

fn check_address<E: serde::de::Error>(text: &str) -> Result<(), E> {
    parse_address(text).map(drop).map_err(E::custom)
}

/// More threads than any machine has cores are a mistake.
fn threads<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    let workers = usize::deserialize(deserializer)?;
    if workers <= 1024 {
        Ok(workers)
    } else {
        Err(serde::de::Error::custom(format!("{workers} threads are more than 1024")))
    }
}
