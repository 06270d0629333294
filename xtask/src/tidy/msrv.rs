//! The oldest Rust that we support is stated once: `rust-version` in the root manifest.
//!
//! Stated twice, one of the two is soon wrong. Cargo hands the one value to clippy and to docs.rs; CI
//! reads it from the manifest.

use toml::Value;

use super::Fault;
use crate::repo::{File, Repo};

/// What a version number of Rust stands behind, in prose and in settings.
const BEFORE_A_VERSION: [&str; 9] = [
    "rust",
    "rustc",
    "rust-version",
    "rust_version",
    "rust-toolchain",
    "toolchain",
    "channel",
    "msrv",
    "cargo",
];

/// Words that may stand between: "the MSRV is at least 1.NN".
const FILLERS: [&str; 6] = ["is", "of", "at", "least", "version", "since"];

pub(super) fn stated_once(repo: &Repo) -> Vec<Fault> {
    let mut faults = Vec::new();
    let root = repo.manifest("Cargo.toml").unwrap_or_default();
    let package = root.get("workspace").and_then(|workspace| workspace.get("package"));
    if package.and_then(|package| package.get("rust-version")).and_then(Value::as_str).is_none() {
        let fix = "write `rust-version = \"...\"` under `[workspace.package]`";
        faults.push(Fault::new("Cargo.toml", "states no `rust-version`", fix));
    }
    let fix = "remove the number and point to `rust-version` in the root Cargo.toml, the only place \
               that states it";
    for file in repo.files.iter().filter(|file| may_not_state(file)) {
        for (index, line) in file.text.lines().enumerate() {
            // Code may hold any number; what people read in it is the docs.
            let prose = file.extension() != "rs" || is_doc(line);
            if let Some(version) = stated_version(line).filter(|_| prose) {
                let what = format!("states a version of Rust, {version}");
                faults.push(Fault::at(&file.path, index, &what, fix));
            }
        }
    }
    faults
}

fn may_not_state(file: &File) -> bool {
    let name = file.path.rsplit('/').next().unwrap_or_default();
    // The changelog tells what was true at its time.
    file.path != "Cargo.toml"
        && name != "Cargo.lock"
        && name != "CHANGELOG.md"
        && !file.is_fixture()
}

fn is_doc(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with("//!") || line.starts_with("///")
}

/// `1.NN` where the words before it say that it is a version of Rust.
fn stated_version(line: &str) -> Option<&str> {
    line.match_indices("1.").find_map(|(start, _)| {
        let (before, rest) = line.split_at(start);
        let digits = rest[2..].bytes().take_while(u8::is_ascii_digit).count();
        // A two-digit minor version: "Rust 1.0" may be a version of ours.
        (digits >= 2 && names_rust(before)).then(|| &rest[..2 + digits])
    })
}

fn names_rust(before: &str) -> bool {
    if before.ends_with(|c: char| c.is_ascii_digit() || c == '.') {
        return false; // the middle of another number
    }
    let before = before.to_lowercase();
    let words = before.split(|c: char| !(c.is_alphanumeric() || c == '-' || c == '_'));
    let mut words = words.map(|word| word.trim_matches('-')).filter(|word| !word.is_empty()).rev();
    words.find(|word| !FILLERS.contains(word)).is_some_and(|word| BEFORE_A_VERSION.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{places, repo};
    use super::*;

    #[test]
    fn versions_of_rust_are_found_in_prose_and_settings() {
        for line in [
            "It needs Rust 1.89 or newer.",
            "The MSRV is 1.89.",
            "rust-version = \"1.89\"",
            "msrv = \"1.89.0\"",
            "channel = \"1.89\"",
            "  - uses: dtolnay/rust-toolchain@1.89",
            "cargo +1.89 check",
            "FROM rust:1.89",
            "![Rust](https://img.shields.io/badge/rust-1.89-blue)",
        ] {
            assert_eq!(stated_version(line), Some("1.89"), "{line}");
        }
    }

    #[test]
    fn other_numbers_are_left_alone() {
        for line in [
            "rust-version.workspace = true",
            "Paste for Rust 1.0 is out",
            "rustls = \"1.23\"",
            "listens on 127.0.1.25",
            "Rust took 11.25 s",
            "nginx 1.22",
            "Rust programs took 1.25 s",
        ] {
            assert_eq!(stated_version(line), None, "{line}");
        }
    }

    #[test]
    fn only_the_root_manifest_and_the_changelog_may_state_it() {
        let root = "[workspace.package]\nrust-version = \"1.89\"\n";
        let repo = repo(&[
            ("Cargo.toml", root),
            ("CHANGELOG.md", "MSRV 1.89\n"),
            ("README.md", "Needs Rust 1.89.\n"),
            ("clippy.toml", "msrv = \"1.89\"\n"),
            ("a.rs", "//! For Rust 1.89.\nlet x = \"Rust 1.89\";\n"),
        ]);
        assert_eq!(places(&stated_once(&repo)), ["README.md:1", "clippy.toml:1", "a.rs:1"]);
    }

    #[test]
    fn a_root_manifest_without_it_is_a_fault() {
        assert_eq!(places(&stated_once(&repo(&[("Cargo.toml", "[workspace]\n")]))), ["Cargo.toml"]);
    }
}
