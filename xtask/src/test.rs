//! `cargo xtask test`: the whole of CI, in the order in which faults are cheapest to find.

use std::process::Command;

use crate::repo::{self, Package, Result};
use crate::steps::Steps;
use crate::{Part, peers, tidy};

pub(crate) fn run(part: Option<Part>) -> Result {
    let all = [Part::Unit, Part::Integration, Part::Browser];
    let parts = part.map_or_else(|| all.to_vec(), |part| vec![part]);
    let mut steps = Steps::default();
    let outcome = parts.into_iter().try_for_each(|part| match part {
        Part::Unit => unit(&mut steps),
        Part::Integration => integration(&mut steps),
        Part::Browser => browser(&mut steps),
    });
    steps.print_summary();
    outcome
}

/// Needs nothing but git and the Rust toolchain, so that it passes on a fresh clone.
fn unit(steps: &mut Steps) -> Result {
    let packages = repo::packages()?;
    let opt_in = opt_in_features(&packages);

    steps.task("lock file", "cargo metadata --locked", lock_file)?;
    steps.command("format", &mut cargo("fmt --all --check"))?;
    steps.task("tidy", "cargo xtask tidy", tidy::run)?;

    let mut clippy = cargo("clippy --workspace --all-targets");
    steps.command("clippy", clippy.args(&opt_in).args(["--", "-D", "warnings"]))?;

    // Doc tests are part of this, the tidy test of xtask, and those that hold generated files fresh.
    steps.command("test", cargo("test --workspace").args(&opt_in))?;

    let mut rustdoc = cargo("doc --workspace --no-deps");
    steps.command("docs", rustdoc.args(&opt_in).env("RUSTDOCFLAGS", "-D warnings"))?;

    for package in packages.iter().filter(|package| package.is_published()) {
        let name = format!("features of {}", package.name);
        for features in feature_sets(package) {
            let line = format!("clippy -q -p {} --no-default-features{features}", package.name);
            steps.command(&name, cargo(&line).args(["--", "-D", "warnings"]))?;
        }
    }

    // The tests behind a feature (`peers`, `browser`) are not run here, but they must compile.
    for package in packages.iter().filter(|package| !package.is_published()) {
        if !package.features.is_empty() {
            let line = format!("clippy -q -p {} --all-targets --all-features", package.name);
            steps.command("tests behind features", cargo(&line).args(["--", "-D", "warnings"]))?;
        }
    }
    Ok(())
}

/// What the manifests ask for is what Cargo.lock has: else others build something else than we test.
fn lock_file() -> Result {
    let mut metadata = cargo("metadata --locked --quiet --format-version 1");
    repo::stdout(&mut metadata).map(drop).map_err(|error| {
        format!("{error}\n       Cargo.lock is stale: run `cargo check --workspace`, and commit it")
    })
}

/// Against real programs.
fn integration(steps: &mut Steps) -> Result {
    peers::install(peers::INTEGRATION, steps)?;
    // The tests start the program `paster`, which belongs to another package than they do.
    steps.command("build paster", &mut cargo("build -q -p paste-deploy"))?;
    steps.command("peers", &mut cargo("test -p paste-tests --features peers --test peers"))
}

/// In a real browser.
fn browser(steps: &mut Steps) -> Result {
    let packages = repo::packages()?;
    let tests = packages.iter().find(|package| package.name == "paste-tests");
    if !tests.is_some_and(|package| package.features.iter().any(|name| name == "browser")) {
        println!("==> no browser tests yet: the package paste-tests declares no feature `browser`");
        return Ok(());
    }
    peers::install(peers::BROWSER, steps)?;
    steps.command("build paster", &mut cargo("build -q -p paste-deploy"))?;
    steps.command("browser", &mut cargo("test -p paste-tests --features browser --test browser"))
}

/// `--features paste-core/spool,...` for everything that is off by default in the published crates:
/// otherwise no step would ever run the tests that stand behind an opt-in feature.
fn opt_in_features(packages: &[Package]) -> Vec<String> {
    let mut names = Vec::new();
    for package in packages.iter().filter(|package| package.is_published()) {
        for feature in &package.features {
            if !package.default_features.contains(feature) {
                names.push(format!("{}/{feature}", package.name));
            }
        }
    }
    if names.is_empty() { names } else { vec!["--features".to_owned(), names.join(",")] }
}

/// No feature at all, then each alone, as the end of a command line.
fn feature_sets(package: &Package) -> Vec<String> {
    let alone = package.features.iter().map(|feature| format!(" --features {feature}"));
    std::iter::once(String::new()).chain(alone).collect()
}

/// A cargo command from its words.
fn cargo(line: &str) -> Command {
    let mut command = repo::cargo();
    // Flags of the caller would build everything anew, and could hide the warnings that we look for.
    command.args(line.split(' ')).env_remove("RUSTFLAGS").env_remove("RUSTDOCFLAGS");
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(dir: &str, features: &[&str], default: &[&str]) -> Package {
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        Package {
            name: dir.rsplit('/').next().unwrap().to_owned(),
            dir: dir.to_owned(),
            features: owned(features),
            default_features: owned(default),
            ..Package::default()
        }
    }

    #[test]
    fn each_feature_is_checked_alone_and_none_too() {
        let package = package("crates/a", &["json", "tower"], &["json"]);
        assert_eq!(feature_sets(&package), ["", " --features json", " --features tower"]);
    }

    #[test]
    fn the_lock_file_is_fresh() {
        lock_file().unwrap();
    }

    #[test]
    fn opt_in_features_of_published_crates_are_tested() {
        let packages = [
            package("crates/a", &["json", "spool"], &["json"]),
            package("crates/b", &["full"], &[]),
            package("tests", &["peers"], &[]),
        ];
        assert_eq!(opt_in_features(&packages), ["--features", "a/spool,b/full"]);
        assert!(opt_in_features(&packages[2..]).is_empty());
    }
}
