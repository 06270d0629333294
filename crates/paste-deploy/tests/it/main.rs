//! The program `paster` and its file, from outside.
#![allow(clippy::unwrap_used, reason = "a test that fails panics")]

mod check; // what is refused, and how it is told
mod commands; // what each command prints
#[cfg(feature = "demo")]
mod demo; // the kind of that name
mod dispatch; // the kinds of paste-dispatch
mod files; // the kinds of paste-static
mod filters; // the kinds of paste-filter, and of tower-http's layers
mod kinds; // what each kind does
mod session; // the kinds of paste-session

use std::path::PathBuf;

use paste_deploy::{ConfigError, Registry, Site};
use paste_fixture::command::TestCommand;
use paste_fixture::{CommandEnvironment, TestApp};

/// A scratch directory with a file `site.toml`, and a directory `public` with a file `a.txt`.
struct Fixture(CommandEnvironment);

impl Fixture {
    fn new(toml: &str) -> Self {
        let env = CommandEnvironment::new().unwrap();
        env.write("site.toml", toml).unwrap();
        env.write("public/a.txt", "alpha").unwrap();
        Self(env)
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("site.toml")
    }

    fn load(&self) -> Result<Site, ConfigError> {
        Site::load(&self.path(), &Registry::default())
    }

    fn app(&self) -> TestApp {
        TestApp::new(self.load().unwrap().app())
    }

    /// A run of `paster` in the directory.
    fn paster(&self, args: &[&str]) -> TestCommand<'_> {
        self.0.command(env!("CARGO_BIN_EXE_paster")).args(args)
    }
}
