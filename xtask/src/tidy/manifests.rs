//! Rules about Cargo.toml and rustfmt.toml: every setting stands in one place.

use toml::{Table, Value};

use super::Fault;
use crate::repo::Repo;

/// Keys of rustfmt that the stable toolchain knows: others are ignored there with a warning.
const STABLE_RUSTFMT_KEYS: [&str; 14] = [
    "chain_width",
    "edition",
    "fn_call_width",
    "fn_params_layout",
    "hard_tabs",
    "match_block_trailing_comma",
    "max_width",
    "newline_style",
    "reorder_imports",
    "reorder_modules",
    "style_edition",
    "use_field_init_shorthand",
    "use_small_heuristics",
    "use_try_shorthand",
];

pub(super) fn lints(repo: &Repo) -> Vec<Fault> {
    let fix = "add the lines `[lints]` and `workspace = true`";
    members(repo)
        .filter(|(_, manifest)| !inherits(manifest.get("lints")))
        .map(|(path, _)| Fault::new(&path, "does not take the lints of the workspace", fix))
        .collect()
}

pub(super) fn inherited_fields(repo: &Repo) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (path, manifest) in members(repo) {
        let package = manifest.get("package");
        for field in ["edition", "rust-version", "license", "version"] {
            if !inherits(package.and_then(|package| package.get(field))) {
                let what = format!("does not take `{field}` from the workspace");
                let fix = format!("write `{field}.workspace = true` under `[package]`");
                faults.push(Fault::new(&path, &what, &fix));
            }
        }
    }
    faults
}

pub(super) fn dependency_versions(repo: &Repo) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (path, manifest) in members(repo) {
        for (name, dependency) in dependencies(&manifest) {
            if !inherits(Some(dependency)) {
                let what = format!("does not take the dependency `{name}` from the workspace");
                let fix = format!(
                    "write its version under `[workspace.dependencies]` in the root manifest, and \
                     `{name}.workspace = true` here"
                );
                faults.push(Fault::new(&path, &what, &fix));
            }
        }
    }
    faults
}

pub(super) fn unused_workspace_dependencies(repo: &Repo) -> Vec<Fault> {
    let members: Vec<(String, Table)> = members(repo).collect();
    let used: Vec<&String> = members
        .iter()
        .flat_map(|(_, manifest)| dependencies(manifest))
        .map(|(name, _)| name)
        .collect();
    let root = repo.manifest("Cargo.toml").unwrap_or_default();
    let offered = root.get("workspace").and_then(|workspace| workspace.get("dependencies"));
    let offered = offered.and_then(Value::as_table).cloned().unwrap_or_default();
    let unused: Vec<&str> =
        offered.keys().filter(|name| !used.contains(name)).map(String::as_str).collect();
    if unused.is_empty() {
        return Vec::new();
    }
    let what = format!("no member uses the workspace dependencies {}", unused.join(", "));
    vec![Fault::new("Cargo.toml", &what, "remove their lines from `[workspace.dependencies]`")]
}

pub(super) fn rustfmt_keys(repo: &Repo) -> Vec<Fault> {
    let keys = repo.manifest("rustfmt.toml").unwrap_or_default();
    keys.keys()
        .filter(|key| !STABLE_RUSTFMT_KEYS.contains(&key.as_str()))
        .map(|key| {
            let what = format!("`{key}` is not known to be a key of stable rustfmt");
            let fix = "remove it, or if it has become stable add it to xtask/src/tidy/manifests.rs";
            Fault::new("rustfmt.toml", &what, fix)
        })
        .collect()
}

/// Path and content of every member's manifest.
fn members(repo: &Repo) -> impl Iterator<Item = (String, Table)> {
    repo.packages.iter().filter_map(|package| {
        let path = package.manifest_path();
        let manifest = repo.manifest(&path)?;
        Some((path, manifest))
    })
}

/// `{ workspace = true, ... }`
fn inherits(value: Option<&Value>) -> bool {
    value.and_then(|value| value.get("workspace")).and_then(Value::as_bool) == Some(true)
}

/// All dependencies of a manifest: normal, dev and build, those for some platforms too.
fn dependencies(manifest: &Table) -> Vec<(&String, &Value)> {
    let platforms = manifest.get("target").and_then(Value::as_table);
    let platforms = platforms.into_iter().flat_map(|table| table.values());
    let tables = platforms.filter_map(Value::as_table).chain([manifest]);
    tables
        .flat_map(|table| {
            ["dependencies", "dev-dependencies", "build-dependencies"]
                .into_iter()
                .filter_map(|kind| table.get(kind)?.as_table())
        })
        .flatten()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::repo;
    use super::*;
    use crate::repo::Package;

    const GOOD: &str = "[package]\nedition.workspace = true\nrust-version.workspace = true\n\
                        license.workspace = true\nversion.workspace = true\n[lints]\nworkspace = true\n\
                        [dependencies]\nhttp.workspace = true\nserde = { workspace = true, optional = true }\n";

    fn with_member(manifest: &str) -> Repo {
        let root = "[workspace.dependencies]\nhttp = \"1\"\nserde = \"1\"\nunused = \"1\"\n";
        let mut repo = repo(&[("Cargo.toml", root), ("crates/a/Cargo.toml", manifest)]);
        repo.packages = vec![Package { dir: "crates/a".to_owned(), ..Package::default() }];
        repo
    }

    fn whats(faults: &[Fault]) -> Vec<&str> {
        faults.iter().map(|fault| fault.what.as_str()).collect()
    }

    #[test]
    fn a_member_that_inherits_everything_is_fine() {
        let repo = with_member(GOOD);
        assert!(lints(&repo).is_empty());
        assert!(inherited_fields(&repo).is_empty());
        assert!(dependency_versions(&repo).is_empty());
    }

    #[test]
    fn what_a_member_states_itself_is_a_fault() {
        let repo = with_member(
            "[package]\nversion = \"1.0.0\"\nedition.workspace = true\nrust-version.workspace = true\n\
             license.workspace = true\n[lints.rust]\nunsafe_code = \"forbid\"\n\
             [target.'cfg(unix)'.dependencies]\nlibc = \"0.2\"\n[dev-dependencies]\nb = { path = \"../b\" }\n",
        );
        assert_eq!(lints(&repo).len(), 1);
        assert_eq!(whats(&inherited_fields(&repo)), ["does not take `version` from the workspace"]);
        let faults = dependency_versions(&repo);
        assert!(whats(&faults)[0].contains("`libc`"));
        assert!(whats(&faults)[1].contains("`b`"));
    }

    #[test]
    fn an_unused_workspace_dependency_is_a_fault() {
        let faults = unused_workspace_dependencies(&with_member(GOOD));
        assert_eq!(whats(&faults), ["no member uses the workspace dependencies unused"]);
    }

    #[test]
    fn a_key_of_nightly_rustfmt_is_a_fault() {
        let repo = repo(&[("rustfmt.toml", "max_width = 100\nimports_granularity = \"Crate\"\n")]);
        assert!(whats(&rustfmt_keys(&repo))[0].starts_with("`imports_granularity`"));
    }
}
