//! The program `paster`: every kind of the toolkit, and nothing else.

use std::process::ExitCode;

fn main() -> ExitCode {
    paste_deploy::main(paste_deploy::Registry::default())
}
