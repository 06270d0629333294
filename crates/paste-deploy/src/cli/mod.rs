//! The commands of `paster`.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program talks to its user")]

mod attack;
mod kinds;
mod lint;
mod request;
mod serve;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use paste_core::{AppExt, BoxError, HttpErrors};
use paste_static::StaticDir;

use crate::config::parse_address;
use crate::{Registry, ServerOptions, Site};

/// Composes web apps from a TOML file, and serves them.
#[derive(Debug, Parser)]
#[command(name = "paster", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve what FILE describes, until SIGTERM or SIGINT
    Serve {
        /// The TOML file
        file: PathBuf,
        /// Listen on HOST:PORT, unix:PATH or fd, not where FILE says; may be given again
        #[arg(long, value_name = "ADDRESS", value_parser = parse_address)]
        listen: Vec<String>,
        /// Not in this version
        #[arg(long, hide = true)]
        reload: bool,
    },
    /// Serve the files below DIR
    Static {
        /// The directory
        dir: PathBuf,
        /// Listen on HOST:PORT, unix:PATH or fd; may be given again [default: 127.0.0.1:8080]
        #[arg(long, value_name = "ADDRESS", value_parser = parse_address)]
        listen: Vec<String>,
    },
    /// Tell everything that `serve` would refuse in FILE; exit 1 if there is anything. Whether an
    /// address is free only `serve` can tell
    Check {
        /// The TOML file
        file: PathBuf,
    },
    /// Make one request of FILE's app, without a server, and print the answer
    Request(request::Options),
    /// Fetch a URL of any server, and tell which rules of HTTP the answer breaks
    Lint(lint::Options),
    /// Attack a server on this machine, and tell what it does not withstand
    Attack(attack::Options),
    /// List every kind of app and filter, with its keys, defaults and meaning
    Kinds(kinds::Options),
}

/// Runs `paster` with the kinds of `registry`, on the arguments of the process.
pub fn main(registry: Registry) -> ExitCode {
    let run = match Cli::parse().command {
        Command::Serve { reload: true, .. } => Err("this version has no --reload".into()),
        Command::Serve { file, listen, .. } => serve_file(&file, listen, registry),
        Command::Static { dir, listen } => serve_dir(dir, listen),
        Command::Check { file } => check(&file, &registry),
        Command::Request(options) => request::run(&options, &registry),
        Command::Lint(options) => lint::run(options),
        Command::Attack(options) => attack::run(options),
        Command::Kinds(options) => kinds::run(&options, &registry),
    };
    match run {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn serve_file(file: &Path, listen: Vec<String>, registry: Registry) -> Result<(), BoxError> {
    let site = Site::load(file, &registry)?;
    let options = listening(site.server().clone(), listen);
    let app = serve::Reloadable::new(site.app());
    let again = serve::Reload { file: file.to_owned(), registry, options: site.server().clone() };
    serve::run(app.clone(), options, move |server| again.run(&app, server))
}

fn serve_dir(dir: PathBuf, listen: Vec<String>) -> Result<(), BoxError> {
    std::fs::read_dir(&dir)
        .map_err(|error| format!("cannot read the directory {}: {error}", dir.display()))?;
    let app = StaticDir::new(dir).with(HttpErrors::new());
    serve::run(app, listening(ServerOptions::default(), listen), |_| {})
}

fn listening(options: ServerOptions, listen: Vec<String>) -> ServerOptions {
    if listen.is_empty() { options } else { ServerOptions { listen, ..options } }
}

fn check(file: &Path, registry: &Registry) -> Result<(), BoxError> {
    Site::load(file, registry)?;
    println!("{}: ok", file.display());
    Ok(())
}
