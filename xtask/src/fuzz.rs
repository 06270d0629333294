//! `cargo xtask fuzz`: libFuzzer on the parsers of untrusted input, by cargo-fuzz.
//!
//! Without a sanitizer, so that a stable compiler will do: our code has nothing unsafe for one to find,
//! and panics, hangs and memory are found without.

use std::fs;
use std::process::Command;

use clap::Args;

use crate::peers::in_path;
use crate::repo::{self, Result};
use crate::steps::Steps;

/// Options of `cargo xtask fuzz`.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Which target, by the name of its file in `fuzz/fuzz_targets`; without it each in turn
    target: Option<String>,
    /// How long each runs
    #[arg(long, default_value_t = 60)]
    seconds: u32,
}

/// Memory that a run may take, in MiB.
const MEMORY: u32 = 1024;

pub(crate) fn run(options: &Options) -> Result {
    if !in_path("cargo-fuzz") {
        return Err("cargo-fuzz is missing; install it: cargo install --locked cargo-fuzz".into());
    }
    let root = repo::root();
    let targets = targets(&root.join("fuzz/fuzz_targets"))?;
    let chosen: Vec<_> = match &options.target {
        Some(target) if targets.contains(target) => vec![target.clone()],
        Some(target) => {
            return Err(format!("no target `{target}`: there are {}", targets.join(", ")));
        }
        None => targets,
    };
    let mut steps = Steps::default();
    let outcome = chosen.iter().try_for_each(|target| {
        let limits = [
            format!("-max_total_time={}", options.seconds),
            format!("-rss_limit_mb={MEMORY}"),
            "-timeout=10".to_owned(),
        ];
        let mut fuzz = Command::new("cargo");
        fuzz.args(["fuzz", "run", "--sanitizer", "none", target, "--"]).args(limits);
        steps.command(target, fuzz.current_dir(&root))
    });
    steps.print_summary();
    outcome
}

fn targets(folder: &std::path::Path) -> Result<Vec<String>> {
    let read = |error| format!("cannot read {}: {error}", folder.display());
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(read)? {
        let path = entry.map_err(read)?.path();
        names.extend(path.file_stem().map(|stem| stem.to_string_lossy().into_owned()));
    }
    names.sort();
    Ok(names)
}
