//! Composes web apps from a TOML file: the library behind the program `paster` of the Paste web
//! toolkit.
//!
//! A [`Registry`] knows kinds of apps and filters; [`Site::load`] makes one app of a file that
//! names them. `docs/kinds.md` in the repository lists the kinds and their keys.
//!
//! A program of your own adds kinds to those of `paster` and keeps all of its commands:
//!
//! ```no_run
//! use paste_core::{Request, Response, response};
//! use paste_deploy::{Context, Problem, Registry};
//!
//! /// Greets by name.
//! #[derive(serde::Deserialize, schemars::JsonSchema)]
//! #[serde(deny_unknown_fields)]
//! struct Greeting {
//!     /// Who is greeted.
//!     name: String,
//! }
//!
//! fn greeting(options: Greeting, _: &mut Context<'_>) -> Result<impl paste_core::App + use<>, Problem> {
//!     let text = format!("Hello, {}!\n", options.name);
//!     Ok(move |_: Request| {
//!         let text = text.clone();
//!         async move { Ok(response::text(text)) }
//!     })
//! }
//!
//! fn main() -> std::process::ExitCode {
//!     paste_deploy::main(Registry::default().app("greeting", greeting))
//! }
//! ```

mod cli;
mod config;
mod kinds;
mod registry;
mod site;

pub use cli::main;
pub use config::{ConfigError, LimitOptions, Problem, ServerOptions, TlsOptions};
pub use registry::{Filter, Registry};
pub use site::{Context, Site};

/// A value of a file together with where it stands, for [`Problem::at`].
pub use toml::Spanned;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
