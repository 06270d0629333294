//! `cargo xtask tidy`: the rules of this repository that no compiler checks.
//!
//! Every check is one function from the repository to its faults, and every fault says how to fix it.
//! All faults are collected, so that one run shows everything. `cargo test` runs the same checks.

mod dependencies;
mod documents;
mod forbidden;
mod manifests;
mod modules;
mod msrv;
mod rules;
mod semantics;
mod text;

use std::fmt;

use crate::doc;
use crate::repo::{Repo, Result};

/// One broken rule: where, what, and what to do.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Fault {
    place: String,
    what: String,
    fix: String,
}

impl Fault {
    /// `place` is a path, or `path:line`.
    pub(crate) fn new(place: &str, what: &str, fix: &str) -> Self {
        Self { place: place.to_owned(), what: what.to_owned(), fix: fix.to_owned() }
    }

    /// `index` counts lines from 0, as `enumerate` does.
    fn at(path: &str, index: usize, what: &str, fix: &str) -> Self {
        Self::new(&format!("{path}:{}", index + 1), what, fix)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}\n    fix: {}", self.place, self.what, self.fix)
    }
}

type Check = fn(&Repo) -> Vec<Fault>;

const CHECKS: [Check; 20] = [
    text::module_docs,
    text::file_length,
    text::whitespace,
    forbidden::unfinished_code,
    forbidden::ignored_doc_tests,
    forbidden::commented_out_items,
    forbidden::sleeping_tests,
    modules::unreachable_files,
    manifests::lints,
    manifests::inherited_fields,
    manifests::dependency_versions,
    manifests::unused_workspace_dependencies,
    manifests::rustfmt_keys,
    msrv::stated_once,
    dependencies::direction,
    documents::root_files,
    documents::crates_are_described,
    semantics::sentences_and_tests,
    rules::listed,
    doc::stale_tables,
];

pub(crate) fn run() -> Result {
    let repo = Repo::load()?;
    let faults = faults(&repo);
    if faults.is_empty() {
        println!("tidy: {} files, no faults", repo.files.len());
        return Ok(());
    }
    Err(report(&faults))
}

fn faults(repo: &Repo) -> Vec<Fault> {
    CHECKS.iter().flat_map(|check| check(repo)).collect()
}

fn report(faults: &[Fault]) -> String {
    let list: Vec<String> = faults.iter().map(Fault::to_string).collect();
    format!(
        "tidy found {} faults:\n\n{}\n\nAfter the fixes `cargo xtask tidy` tells in a second whether \
         all are gone.",
        faults.len(),
        list.join("\n\n")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::File;

    #[test]
    fn this_repository_is_tidy() {
        let repo = Repo::load().unwrap();
        assert!(repo.files.len() > 20, "git lists only {} files", repo.files.len());
        let faults = faults(&repo);
        assert!(faults.is_empty(), "{}", report(&faults));
    }

    #[test]
    fn the_report_says_where_what_and_how_to_fix() {
        let fault = Fault::at("a.rs", 2, "a tab", "use blanks");
        assert!(report(&[fault]).contains("a.rs:3: a tab\n    fix: use blanks\n"));
    }

    /// A repository of these files, given as path and text.
    pub(super) fn repo(files: &[(&str, &str)]) -> Repo {
        let file =
            |&(path, text): &(&str, &str)| File { path: path.to_owned(), text: text.to_owned() };
        Repo { files: files.iter().map(file).collect(), packages: Vec::new() }
    }

    /// Only the places, for tests that ask where a check finds something.
    pub(super) fn places(faults: &[Fault]) -> Vec<&str> {
        faults.iter().map(|fault| fault.place.as_str()).collect()
    }
}
