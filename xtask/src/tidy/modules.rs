//! Rust files that no target compiles: a test that nobody builds never fails.
//!
//! From the root file of every target we follow `mod name;` lines, by a plain look at the text:
//! `name.rs`, `name/mod.rs` and `#[path = "..."]`. What is left over is a fault.

use std::collections::BTreeSet;

use super::Fault;
use crate::repo::Repo;

/// A line `mod name;`, with the path that an attribute gave it.
#[derive(Debug, Eq, PartialEq)]
struct Declaration {
    name: String,
    path: Option<String>,
}

pub(super) fn unreachable_files(repo: &Repo) -> Vec<Fault> {
    let reached = reached(repo);
    let excluded = excluded(repo);
    let fix = "declare it (`mod NAME;` in the file above it), give it a target in Cargo.toml, or \
               delete it; fixtures belong in a folder `data` or `ui`";
    repo.rust_files()
        .filter(|file| !file.is_fixture())
        .filter(|file| !excluded.iter().any(|folder| file.path.starts_with(folder)))
        .filter(|file| !reached.contains(file.path.as_str()))
        .map(|file| Fault::new(&file.path, "no target compiles this file", fix))
        .collect()
}

/// The folders that the root manifest keeps out of the workspace: cargo tells us no targets of those.
fn excluded(repo: &Repo) -> Vec<String> {
    let manifest = repo.manifest("Cargo.toml").unwrap_or_default();
    let exclude = manifest.get("workspace").and_then(|workspace| workspace.get("exclude"));
    let folders = exclude.and_then(toml::Value::as_array).map(Vec::as_slice).unwrap_or_default();
    folders.iter().filter_map(|folder| Some(format!("{}/", folder.as_str()?))).collect()
}

fn reached(repo: &Repo) -> BTreeSet<&str> {
    let mut reached = BTreeSet::new();
    let targets = repo.packages.iter().flat_map(|package| package.targets.iter().cloned());
    let mut queue: Vec<(String, bool)> = targets.map(|path| (path, true)).collect();
    while let Some((path, is_root)) = queue.pop() {
        let Some(file) = repo.files.iter().find(|file| file.path == path) else { continue };
        if !reached.insert(file.path.as_str()) {
            continue;
        }
        for declaration in declarations(&file.text) {
            for candidate in candidates(&path, is_root, &declaration) {
                queue.push((candidate, false));
            }
        }
    }
    reached
}

fn declarations(text: &str) -> Vec<Declaration> {
    let mut found = Vec::new();
    let mut path = None;
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with("//")) {
        let (attributes, code) = split_attributes(line);
        if let Some((_, rest)) = attributes.split_once("path = \"") {
            path = rest.split('"').next().map(str::to_owned);
        }
        if code.is_empty() {
            continue; // an attribute on a line of its own belongs to the next
        }
        if let Some(name) = declared_name(code) {
            found.push(Declaration { name, path: path.take() });
        }
        path = None;
    }
    found
}

/// `#[cfg(test)] mod x;` as its two parts.
fn split_attributes(line: &str) -> (&str, &str) {
    if !line.starts_with("#[") {
        return ("", line);
    }
    let end = line.rfind(']').map_or(line.len(), |end| end + 1);
    (&line[..end], line[end..].trim_start())
}

/// `x` of `mod x;`, with or without a visibility.
fn declared_name(code: &str) -> Option<String> {
    let mut code = code.strip_prefix("pub").unwrap_or(code);
    if code.starts_with('(') {
        code = code.split_once(')')?.1;
    }
    let (name, _) = code.trim_start().strip_prefix("mod ")?.split_once(';')?;
    let name = name.trim().trim_start_matches("r#");
    let is_name = name.chars().all(|c| c.is_alphanumeric() || c == '_');
    is_name.then(|| name.to_owned())
}

/// Where the compiler looks for the file of a declaration that stands in `file`.
fn candidates(file: &str, is_root: bool, declaration: &Declaration) -> Vec<String> {
    let (folder, file_name) = file.rsplit_once('/').unwrap_or(("", file));
    if let Some(path) = &declaration.path {
        return vec![joined(folder, path)];
    }
    let stem = file_name.trim_end_matches(".rs");
    // A target's root and a `mod.rs` own their folder; `x.rs` owns the folder `x`.
    let own = if is_root || stem == "mod" { folder.to_owned() } else { joined(folder, stem) };
    let name = &declaration.name;
    vec![joined(&own, &format!("{name}.rs")), joined(&own, &format!("{name}/mod.rs"))]
}

fn joined(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::super::tests::{places, repo};
    use super::*;
    use crate::repo::Package;

    fn names(text: &str) -> Vec<String> {
        declarations(text).into_iter().map(|declaration| declaration.name).collect()
    }

    #[test]
    fn declarations_are_found_in_every_usual_form() {
        let text = "mod a;\npub mod b;\n  pub(crate) mod c;\npub(in crate::x) mod d; // why\n\
                    #[cfg(test)]\nmod e;\n#[cfg(test)] mod f;\nmod r#fn;\n";
        assert_eq!(names(text), ["a", "b", "c", "d", "e", "f", "fn"]);
    }

    #[test]
    fn what_only_looks_like_a_declaration_is_none() {
        assert!(names("// mod a;\nmod b {\n}\nmodify(c);\nlet mod_d = 1;\n").is_empty());
    }

    #[test]
    fn a_path_belongs_to_the_next_declaration_only() {
        let found = declarations("#[path = \"x/y.rs\"]\n#[cfg(unix)]\nmod a;\nmod b;\n");
        let path = Some("x/y.rs".to_owned());
        assert_eq!(found[0], Declaration { name: "a".to_owned(), path });
        assert_eq!(found[1], Declaration { name: "b".to_owned(), path: None });
    }

    #[test]
    fn a_file_owns_a_folder_as_the_compiler_sees_it() {
        let declaration = |path: Option<&str>| Declaration {
            name: "m".to_owned(),
            path: path.map(str::to_owned),
        };
        let plain = declaration(None);
        assert_eq!(candidates("src/lib.rs", true, &plain), ["src/m.rs", "src/m/mod.rs"]);
        assert_eq!(candidates("src/a/mod.rs", false, &plain), ["src/a/m.rs", "src/a/m/mod.rs"]);
        assert_eq!(candidates("src/a.rs", false, &plain), ["src/a/m.rs", "src/a/m/mod.rs"]);
        let elsewhere = declaration(Some("../common/m.rs"));
        assert_eq!(candidates("tests/it/main.rs", true, &elsewhere), ["tests/common/m.rs"]);
    }

    #[test]
    fn forgotten_files_are_faults() {
        let mut repo = repo(&[
            ("Cargo.toml", "[workspace]\nexclude = [\"benches/peers\"]\n"),
            ("benches/peers/src/main.rs", ""),
            ("crates/a/src/lib.rs", "mod b;\n"),
            ("crates/a/src/b/mod.rs", "mod c;\n"),
            ("crates/a/src/b/c.rs", ""),
            ("crates/a/src/b/forgotten.rs", ""),
            ("crates/a/tests/it/main.rs", "mod data;\n"),
            ("crates/a/tests/it/forgotten.rs", ""),
            ("crates/a/tests/ui/case.rs", ""),
        ]);
        let targets = ["crates/a/src/lib.rs", "crates/a/tests/it/main.rs"];
        let targets = targets.map(str::to_owned).to_vec();
        repo.packages = vec![Package { targets, ..Package::default() }];
        let expected = ["crates/a/src/b/forgotten.rs", "crates/a/tests/it/forgotten.rs"];
        assert_eq!(places(&unreachable_files(&repo)), expected);
    }
}
