//! The project's own commands, run as `cargo xtask COMMAND`.
//!
//! This file only dispatches. CI calls `cargo xtask test` and nothing else, so what passes here passes
//! there. The package depends on none of our crates: it must work while they do not compile.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]

mod bench;
mod doc;
mod fuzz;
mod peers;
mod repo;
mod steps;
mod test;
mod tidy;

use std::process::ExitCode;

use clap::{Parser, ValueEnum};

/// The project's own commands.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
enum Command {
    /// Runs every check that CI runs; without PART all parts in the order given
    Test { part: Option<Part> },
    /// Checks the rules that no compiler checks, and says how to fix each fault
    Tidy,
    /// Writes the generated parts of README.md, ARCHITECTURE.md and docs/
    Doc {
        /// Writes nothing; fails if a generated part is not up to date
        #[arg(long)]
        check: bool,
    },
    /// Measures our side against its peers, side by side
    Bench(bench::Options),
    /// Fuzzes the parsers of untrusted input
    Fuzz(fuzz::Options),
}

/// A part of `cargo xtask test`.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Part {
    /// Format, lints, tests, docs, features: needs nothing but git and the Rust toolchain
    Unit,
    /// Against real programs (curl, wget, nghttp, ...), which it installs
    Integration,
    /// In a real browser, which it installs
    Browser,
}

fn main() -> ExitCode {
    let outcome = match Command::parse() {
        Command::Test { part } => test::run(part),
        Command::Tidy => tidy::run(),
        Command::Doc { check } => doc::run(check),
        Command::Bench(options) => bench::run(&options),
        Command::Fuzz(options) => fuzz::run(&options),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("\nerror: {message}");
            ExitCode::FAILURE
        }
    }
}
