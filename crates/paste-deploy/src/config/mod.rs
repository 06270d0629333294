//! The TOML file: from text to sections, with the place of everything for the messages.

mod environment;
mod file;
mod limits;
mod options;
mod problem;
mod server;
pub(crate) mod units;

pub(crate) use file::{File, Section};
pub use limits::LimitOptions;
pub(crate) use options::{deserialize, schema_of};
pub use problem::{ConfigError, Problem};
pub(crate) use problem::{Problems, near_misses};
pub(crate) use server::parse_address;
pub use server::{ServerOptions, TlsOptions};
