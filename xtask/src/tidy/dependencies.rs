//! Dependencies between our packages point one way.
//!
//! 1. Nothing of ours stands below paste-core.
//! 2. A family crate builds on paste-core only, so that people pull in only what they need.
//! 3. Tests may use paste-fixture besides.
//! 4. paste-deploy may use every published crate, and no published crate uses paste-deploy.
//! 5. Published crates use no unpublished package.

use super::Fault;
use crate::repo::{Dependency, Package, Repo};

const CORE: &str = "paste-core";
const DEPLOY: &str = "paste-deploy";
const FIXTURE: &str = "paste-fixture";

pub(super) fn direction(repo: &Repo) -> Vec<Fault> {
    let mut faults = Vec::new();
    for package in repo.crates() {
        for dependency in &package.dependencies {
            let Some(ours) = repo.packages.iter().find(|other| other.name == dependency.name)
            else {
                continue; // from a registry
            };
            if !may_use(package, ours, dependency) {
                faults.push(fault(package, ours, dependency));
            }
        }
    }
    faults
}

fn may_use(package: &Package, ours: &Package, dependency: &Dependency) -> bool {
    match package.name.as_str() {
        DEPLOY => ours.is_published(),
        CORE => dependency.dev && ours.name == FIXTURE,
        _ => ours.name == CORE || (dependency.dev && ours.name == FIXTURE),
    }
}

fn fault(package: &Package, ours: &Package, dependency: &Dependency) -> Fault {
    let kind = if dependency.dev { "dev-dependency" } else { "dependency" };
    let what = format!("{} must not have the {kind} {}", package.name, ours.name);
    let fix = if !ours.is_published() {
        "move the code that needs it to the unpublished packages (tests, examples, benches, xtask)"
    } else if dependency.dev {
        "dev-dependencies of ours are paste-fixture only; a test that needs two crates belongs in tests/"
    } else if package.name == CORE {
        "paste-core stands below all others: move the code up, or what it needs down into paste-core"
    } else {
        "a family crate knows only paste-core: move what both need there, or join the two in paste-deploy"
    };
    Fault::new(&package.manifest_path(), &what, fix)
}

#[cfg(test)]
mod tests {
    use super::super::tests::repo;
    use super::*;

    /// Whether `package` may have `dependency`.
    fn allowed(package: &str, dependency: &str, dev: bool) -> bool {
        let mut repo = repo(&[]);
        let names = ["paste-core", "paste-static", "paste-auth", "paste-fixture", "paste-deploy"];
        let dirs = names.map(|name| format!("crates/{name}"));
        for dir in dirs.into_iter().chain(["paste-tests".to_owned()]) {
            let name = dir.trim_start_matches("crates/").to_owned();
            repo.packages.push(Package { name, dir, ..Package::default() });
        }
        let user = repo.packages.iter_mut().find(|other| other.name == package).unwrap();
        user.dependencies.push(Dependency { name: dependency.to_owned(), dev });
        direction(&repo).is_empty()
    }

    #[test]
    fn a_family_crate_builds_on_core_only() {
        assert!(allowed("paste-static", "paste-core", false));
        assert!(allowed("paste-static", "http", false));
        assert!(!allowed("paste-static", "paste-auth", false));
        assert!(!allowed("paste-static", "paste-fixture", false));
    }

    #[test]
    fn tests_may_use_the_fixture_and_no_sibling() {
        assert!(allowed("paste-static", "paste-fixture", true));
        assert!(allowed("paste-core", "paste-fixture", true));
        assert!(!allowed("paste-static", "paste-auth", true));
    }

    #[test]
    fn core_builds_on_nothing_of_ours() {
        assert!(!allowed("paste-core", "paste-static", false));
        assert!(!allowed("paste-core", "paste-fixture", false));
    }

    #[test]
    fn deploy_stands_on_top() {
        assert!(allowed("paste-deploy", "paste-static", false));
        assert!(!allowed("paste-static", "paste-deploy", true));
        assert!(allowed("paste-tests", "paste-deploy", false));
    }

    #[test]
    fn published_crates_use_no_unpublished_package() {
        assert!(!allowed("paste-deploy", "paste-tests", true));
        assert!(!allowed("paste-static", "paste-tests", true));
    }
}
