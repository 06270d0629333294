//! The rules of the lint and their list: each id stands in both. Their texts are compared where the
//! list is generated; this needs no build.

use std::collections::BTreeSet;

use super::Fault;
use crate::repo::Repo;

const SOURCES: &str = "crates/paste-fixture/src/lint/rules/";
const LIST: &str = "crates/paste-fixture/RULES.md";

pub(super) fn listed(repo: &Repo) -> Vec<Fault> {
    let Some(list) = repo.text(LIST) else { return Vec::new() };
    let sources = repo.rust_files().filter(|file| file.path.starts_with(SOURCES));
    let coded = ids(sources.flat_map(|file| file.text.lines()), "id: \"", '"');
    let listed = ids(list.lines(), "| `", '`');
    let fault = |id: &&str| {
        let what = format!("the rule `{id}` stands only there or only in {SOURCES}");
        Fault::new(LIST, &what, "run `cargo xtask doc`")
    };
    coded.symmetric_difference(&listed).map(fault).collect()
}

/// What stands between `start`, at the beginning of a line, and `end`.
fn ids<'a>(lines: impl Iterator<Item = &'a str>, start: &str, end: char) -> BTreeSet<&'a str> {
    lines.filter_map(|line| line.trim().strip_prefix(start)?.split(end).next()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::repo;
    use super::*;

    #[test]
    fn a_rule_that_is_not_listed_is_a_fault_and_the_other_way_round() {
        let source = "    id: \"etag-quotes\",\n    id: \"new-rule\",\n";
        let list = "| rule |\n| `etag-quotes` | must |\n| `old-rule` | must |\n";
        let repo = repo(&[("crates/paste-fixture/src/lint/rules/a.rs", source), (LIST, list)]);
        let faults: Vec<_> = listed(&repo).into_iter().map(|fault| fault.what).collect();
        assert_eq!(faults.len(), 2, "{faults:?}");
        assert!(faults[0].contains("`new-rule`") && faults[1].contains("`old-rule`"));
    }
}
