//! `paster` against real programs, which `cargo xtask test integration` installs.
#![allow(clippy::unwrap_used, reason = "a test that fails panics")]

mod access_log; // logs rotated by logrotate, read by GoAccess
mod clients; // curl, wget and h2load on the example site
mod compression; // what curl, gzip, brotli, zstd and Python make of it
mod file_table; // what is asked of nginx, Apache and us
mod files; // nginx and Apache as the oracles of files, and downloads taken up again
mod paste; // Python Paste as the oracle of dispatching
mod server; // TLS, systemd, nginx, reloads, slow clients
mod sessions; // Redis and Postgres, killed and started again
mod stop; // a stop while clients download
mod uploads; // large files sent by curl and Python

use std::process::Output;

use paste_tests::within;
use tokio::process::Command;

/// Runs a program to its end.
async fn run(program: &str, args: &[&str]) -> Output {
    let mut command = Command::new(program);
    let output = command.args(args).kill_on_drop(true).output();
    let output = within(program, output).await;
    output.unwrap_or_else(|error| {
        panic!("{program}: {error}; `cargo xtask test integration` installs it")
    })
}

/// Runs a program that must succeed; gives what it printed.
async fn print(program: &str, args: &[&str]) -> String {
    let output = run(program, args).await;
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {args:?}: {}\n{errors}", output.status);
    String::from_utf8(output.stdout).unwrap()
}
