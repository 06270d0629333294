//! The TOML file: from text to sections, with the place of everything for the messages.

mod environment;
mod file;
mod options;
mod problem;
mod server;

pub(crate) use file::{File, Section};
pub(crate) use options::{deserialize, schema_of};
pub use problem::{ConfigError, Problem};
pub(crate) use problem::{Problems, near_misses};
pub use server::ServerOptions;
pub(crate) use server::parse_address;
