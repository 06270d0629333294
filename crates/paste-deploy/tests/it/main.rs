//! The program `paster` and its file, from outside.
#![allow(clippy::unwrap_used, reason = "a test that fails panics")]

mod check; // what is refused, and how it is told
mod commands; // what each command prints
mod kinds; // what each kind does

use std::path::PathBuf;
use std::process::{Command, Output};

use paste_core::{App, Body, BoxApp, ErrorRenderer, Request};
use paste_deploy::{ConfigError, Registry, Site};

/// A directory with a file `site.toml`, and a directory `public` with a file `a.txt`.
struct Fixture(tempfile::TempDir);

impl Fixture {
    fn new(toml: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("site.toml"), toml).unwrap();
        std::fs::create_dir(dir.path().join("public")).unwrap();
        std::fs::write(dir.path().join("public/a.txt"), "alpha").unwrap();
        Self(dir)
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("site.toml")
    }

    fn load(&self) -> Result<Site, ConfigError> {
        Site::load(&self.path(), &Registry::default())
    }

    fn app(&self) -> BoxApp {
        self.load().unwrap().app()
    }
}

/// Runs `paster`.
fn paster(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_paster")).args(args).output().unwrap()
}

/// The status line's code, the headers and the text that an app answers, errors rendered.
async fn ask(app: &BoxApp, request: Request) -> (http::response::Parts, String) {
    let renderer = ErrorRenderer::for_request(&request);
    let answer = app.call(request).await.unwrap_or_else(|mut error| renderer.render(&mut error));
    let (head, body) = answer.into_parts();
    (head, String::from_utf8(body.collect(100_000).await.unwrap().to_vec()).unwrap())
}

fn get(target: &str) -> Request {
    http::Request::get(target).header("host", "localhost").body(Body::empty()).unwrap()
}
