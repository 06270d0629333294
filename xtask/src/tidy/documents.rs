//! Rules about the documents of the project and of each crate.

use super::Fault;
use crate::repo::{Package, Repo};

/// What a newcomer, a packager or a reporter of a hole looks for at the root, and what it is for.
const ROOT_FILES: [(&str, &str); 10] = [
    ("README.md", "what this is, its first commands, and the table of crates"),
    ("ARCHITECTURE.md", "the map of the code and its invariants, on one page"),
    ("SEMANTICS.md", "the numbered sentences that say how apps and middlewares behave"),
    ("CHANGELOG.md", "what changed for users, version by version"),
    ("CONTRIBUTING.md", "how to set up, test and add a middleware"),
    ("SECURITY.md", "how to report a hole"),
    ("LICENSE-MIT", "the license text"),
    ("LICENSE-APACHE", "the license text"),
    ("deny.toml", "which licenses and sources dependencies may have"),
    ("rustfmt.toml", "the format, in stable keys only"),
];

pub(super) fn root_files(repo: &Repo) -> Vec<Fault> {
    ROOT_FILES
        .iter()
        .filter(|(path, _)| repo.text(path).is_none())
        .map(|(path, purpose)| Fault::new(path, "does not exist", &format!("write it: {purpose}")))
        .collect()
}

pub(super) fn crates_are_described(repo: &Repo) -> Vec<Fault> {
    repo.crates().flat_map(|package| faults_of(repo, package)).collect()
}

fn faults_of(repo: &Repo, package: &Package) -> Vec<Fault> {
    let Package { name, dir, .. } = package;
    let mut faults = Vec::new();
    for path in ["README.md", "ARCHITECTURE.md"] {
        if repo.text(path).is_some_and(|text| !text.contains(name)) {
            let what = format!("does not name the crate {name}");
            faults.push(Fault::new(path, &what, "run `cargo xtask doc`"));
        }
    }

    let readme = format!("{dir}/README.md");
    let first = repo.text(&readme).map(first_paragraph);
    if first.is_none() {
        let fix = "write it: what the crate is for, which Paste modules it covers, a first example";
        faults.push(Fault::new(&readme, "does not exist", fix));
    } else if first.is_some_and(|paragraph| !paragraph.contains("web toolkit")) {
        let what = "its first paragraph does not say that this is a web toolkit";
        let fix =
            "use the words \"web toolkit\" there: many look for `paste`, the token-pasting macro";
        faults.push(Fault::new(&readme, what, fix));
    }

    let library = format!("{dir}/src/lib.rs");
    let docs = repo.text(&library).and_then(|text| text.lines().next()?.strip_prefix("//!"));
    if docs.is_none_or(|line| line.trim().is_empty()) {
        let fix = "begin it with `//!` and one sentence that says what the crate is for";
        faults.push(Fault::new(&library, "has no docs", fix));
    }

    let manifest = package.manifest_path();
    let table = "under `[package.metadata.paste]`";
    if package.description.is_empty() {
        let fix = "add `description = \"...\"`: the tables of crates and crates.io show it";
        faults.push(Fault::new(&manifest, "has no description", fix));
    }
    if package.modules.is_none() {
        let fix = format!(
            "add `modules = \"paste.urlmap, paste.cascade\"` {table}: what it has from Paste"
        );
        faults.push(Fault::new(&manifest, "names no modules of Paste", &fix));
    }
    match &package.first {
        None => {
            let fix = format!("add `first = \"src/url_map.rs\"` {table}: the file to read first");
            faults.push(Fault::new(&manifest, "names no first file to open", &fix));
        }
        Some(first) if repo.text(&format!("{dir}/{first}")).is_none() => {
            let what = format!("its first file to open, {first}, does not exist");
            let fix = format!("correct `first` {table}: a path relative to {dir}");
            faults.push(Fault::new(&manifest, &what, &fix));
        }
        Some(_) => {}
    }
    faults
}

/// The first text below the title, on one line. Badges and comments are no text.
fn first_paragraph(markdown: &str) -> String {
    let paragraphs = markdown.split("\n\n").map(|block| {
        let no_text = |line: &&str| {
            let line = line.trim_start();
            !["#", "[!", "![", "<"].iter().any(|start| line.starts_with(start))
        };
        block.lines().filter(no_text).flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
    });
    paragraphs.into_iter().find(|paragraph| !paragraph.is_empty()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{places, repo};
    use super::*;

    #[test]
    fn the_first_paragraph_is_found_below_title_and_badges() {
        let text = "# paste-core\n\n[![CI](a)](b)\n\nThe core of a web\ntoolkit.\n\nMore.\n";
        assert_eq!(first_paragraph(text), "The core of a web toolkit.");
        assert_eq!(first_paragraph("# Title\nText.\n"), "Text.");
        assert_eq!(first_paragraph("# Title\n"), "");
    }

    #[test]
    fn missing_root_files_are_faults() {
        let all: Vec<(&str, &str)> = ROOT_FILES.iter().map(|(path, _)| (*path, "")).collect();
        assert!(root_files(&repo(&all)).is_empty());
        assert_eq!(places(&root_files(&repo(&all[1..]))), ["README.md"]);
    }

    #[test]
    fn a_described_crate_has_no_faults_and_a_bare_one_has_all() {
        let mut repo = repo(&[
            ("README.md", "paste-a"),
            ("ARCHITECTURE.md", "paste-a"),
            ("crates/paste-a/README.md", "# paste-a\n\nFiles for a web\ntoolkit.\n"),
            ("crates/paste-a/src/lib.rs", "//! Files.\n"),
            ("crates/paste-b/README.md", "# paste-b\n\nFiles.\n"),
            ("crates/paste-b/src/lib.rs", "//!\n"),
        ]);
        let package = |name: &str, first: &str| Package {
            name: name.to_owned(),
            dir: format!("crates/{name}"),
            description: "Files".to_owned(),
            modules: Some(String::new()),
            first: Some(first.to_owned()),
            ..Package::default()
        };
        repo.packages = vec![package("paste-a", "src/lib.rs"), package("paste-b", "src/gone.rs")];
        let faults = crates_are_described(&repo);
        let expected = [
            "README.md",
            "ARCHITECTURE.md",
            "crates/paste-b/README.md",
            "crates/paste-b/src/lib.rs",
            "crates/paste-b/Cargo.toml",
        ];
        assert_eq!(places(&faults), expected);
    }
}
