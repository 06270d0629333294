//! Words that must not stay in Rust files.
//!
//! The needles are built with `concat!`, so that this file does not find itself.

use super::Fault;
use crate::repo::{File, Repo};

/// What is forbidden everywhere, and what to do instead.
const UNFINISHED: [(&str, &str); 5] = [
    (concat!("todo", "!("), "write it, or leave the item out until it is needed"),
    (concat!("unimplemented", "!("), "write it, or return an error that says what is missing"),
    (
        concat!("#[", "ignore"),
        "make the test run everywhere (xtask installs its peers), or delete it",
    ),
    (concat!("dbg", "!("), "remove it"),
    (concat!("assert", "!(true)"), "assert something that can be false"),
];

const SLEEP: &str = concat!("sleep", "(");

/// On the line of a sleep or on the one before, with a reason: says that it stays.
const MARKER: &str = concat!("// ", "tidy: ");

pub(super) fn unfinished_code(repo: &Repo) -> Vec<Fault> {
    let found = |line: &str| UNFINISHED.iter().find(|(needle, _)| line.contains(needle)).copied();
    scan(repo, |line| found(line).map(|(needle, fix)| (format!("`{needle}`"), fix)))
}

/// A doc example that is not compiled is wrong after the next change.
pub(super) fn ignored_doc_tests(repo: &Repo) -> Vec<Fault> {
    let fix = "let it run; hide what only the compiler needs behind `# `; `no_run` if it must not \
               run; `text` if it is no Rust";
    scan(repo, |line| {
        let doc = line.strip_prefix("//!").or(line.strip_prefix("///"))?;
        let words = doc.trim_start().strip_prefix("```")?;
        let ignored = words.split(',').any(|word| word.trim() == "ignore");
        ignored.then(|| ("a doc example marked `ignore`".to_owned(), fix))
    })
}

pub(super) fn commented_out_items(repo: &Repo) -> Vec<Fault> {
    let fix = "delete the line: git remembers it";
    scan(repo, |line| {
        let code = line.strip_prefix("//")?.trim_start();
        let item = ["mod ", "pub mod ", "pub use ", "pub(crate) mod ", "pub(crate) use "]
            .iter()
            .any(|start| code.starts_with(start));
        (item && code.ends_with(';')).then(|| (format!("commented out: `{code}`"), fix))
    })
}

/// A test that sleeps is slow where the machine is fast, and fails where it is slow.
pub(super) fn sleeping_tests(repo: &Repo) -> Vec<Fault> {
    repo.rust_files().filter(|file| !file.is_fixture()).flat_map(sleeps_of).collect()
}

fn sleeps_of(file: &File) -> Vec<Fault> {
    let fix = format!(
        "wait for the thing itself, with a limit; if only time can tell, say why on the line \
         before: `{MARKER}REASON`"
    );
    let lines: Vec<&str> = file.text.lines().collect();
    let in_test = test_lines(file, &lines);
    (0..lines.len())
        .filter(|&index| in_test[index] && lines[index].contains(SLEEP))
        .filter(|&index| !lines[index].trim_start().starts_with("//"))
        .filter(|&index| !has_reason(lines[index]))
        .filter(|&index| index == 0 || !has_reason(lines[index - 1]))
        .map(|index| Fault::at(&file.path, index, "a test sleeps", &fix))
        .collect()
}

fn has_reason(line: &str) -> bool {
    line.split_once(MARKER).is_some_and(|(_, reason)| !reason.trim().is_empty())
}

/// Which lines belong to tests: all of a file below `tests/` or called `tests.rs`, and in others what
/// stands in modules under `#[cfg(test)]`. Such a module ends at the brace that is indented as it is:
/// the format step sees to that.
fn test_lines(file: &File, lines: &[&str]) -> Vec<bool> {
    let of_tests = |part: &str| part == "tests" || part == "tests.rs";
    if file.path.split('/').any(of_tests) {
        return vec![true; lines.len()];
    }
    let mut marks = vec![false; lines.len()];
    let mut end: Option<String> = None;
    for (index, line) in lines.iter().enumerate() {
        let code = line.trim_start();
        let indent = &line[..line.len() - code.len()];
        let after_cfg = lines[..index]
            .iter()
            .rev()
            .map(|line| line.trim_start())
            .take_while(|line| line.starts_with("#["))
            .any(|line| line.starts_with("#[cfg(") && line.contains("test"));
        let opens_module = code.contains("mod ") && code.ends_with('{');
        if end.is_none() && after_cfg && opens_module {
            end = Some(format!("{indent}}}"));
        }
        marks[index] = end.is_some();
        if end.as_deref() == Some(line) {
            end = None;
        }
    }
    marks
}

/// Every line of every Rust file but trybuild's cases, without indentation.
fn scan(repo: &Repo, check: impl Fn(&str) -> Option<(String, &'static str)>) -> Vec<Fault> {
    let mut faults = Vec::new();
    for file in repo.rust_files().filter(|file| !file.is_fixture()) {
        for (index, line) in file.text.lines().enumerate() {
            if let Some((what, fix)) = check(line.trim()) {
                faults.push(Fault::at(&file.path, index, &what, fix));
            }
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::super::tests::{places, repo};
    use super::*;

    #[test]
    fn each_needle_is_found() {
        for (needle, _) in UNFINISHED {
            let text = format!("fn f() {{\n    {needle}\n}}\n");
            let repo = repo(&[("src/a.rs", &text), ("tests/ui/b.rs", &text), ("c.md", &text)]);
            assert_eq!(places(&unfinished_code(&repo)), ["src/a.rs:2"], "{needle}");
        }
    }

    #[test]
    fn ignored_examples_are_found_and_others_are_not() {
        let lines =
            ["//! ```ignore", "/// ```rust,ignore", "/// ```no_run", "// ```ignore", "//! ignore"];
        let repo = repo(&[("a.rs", &lines.join("\n"))]);
        assert_eq!(places(&ignored_doc_tests(&repo)), ["a.rs:1", "a.rs:2"]);
    }

    #[test]
    fn commented_out_items_are_found_and_prose_is_not() {
        let lines = [
            "// mod old;",
            "//pub use old::Thing;",
            "// mod is a keyword",
            "/// pub use it.",
            "mod new;",
        ];
        let repo = repo(&[("a.rs", &lines.join("\n"))]);
        assert_eq!(places(&commented_out_items(&repo)), ["a.rs:1", "a.rs:2"]);
    }

    #[test]
    fn sleeps_are_found_in_tests_only() {
        let sleep = format!("{SLEEP}5);");
        let unit = format!(
            "fn f() {{ {sleep} }}\n#[cfg(test)]\nuse a;\n#[cfg(test)]\n#[allow(x)]\nmod tests {{\n    \
             {sleep}\n}}\nfn g() {{ {sleep} }}\n"
        );
        let repo = repo(&[
            ("src/a.rs", &unit),
            ("src/b/tests.rs", &sleep),
            ("crates/c/tests/it/main.rs", &sleep),
            ("examples/d.rs", &sleep),
        ]);
        let expected = ["src/a.rs:7", "src/b/tests.rs:1", "crates/c/tests/it/main.rs:1"];
        assert_eq!(places(&sleeping_tests(&repo)), expected);
    }

    #[test]
    fn a_sleep_with_a_reason_may_stay() {
        let same_line = format!("{SLEEP}5); {MARKER}the kernel's own timer\n");
        let line_before = format!("{MARKER}the kernel's own timer\n{SLEEP}5);\n");
        let no_reason = format!("{SLEEP}5); {MARKER}\n");
        let repo = repo(&[
            ("tests/a.rs", &same_line),
            ("tests/b.rs", &line_before),
            ("tests/c.rs", &no_reason),
        ]);
        assert_eq!(places(&sleeping_tests(&repo)), ["tests/c.rs:1"]);
    }
}
