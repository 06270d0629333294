//! Rules about a file as text.

use super::Fault;
use crate::repo::{File, Repo};

/// Past this, a file holds more than one thing. The soft limit for people is 300 lines of code.
const MOST_LINES: usize = 600;

/// A reader who opens a file learns first what it is for.
pub(super) fn module_docs(repo: &Repo) -> Vec<Fault> {
    let fix = "begin it with a `//!` line that says what the file is for";
    repo.rust_files()
        .filter(|file| !file.is_fixture() && !file.path.starts_with("benches/peers/"))
        .filter(|file| !file.text.starts_with("//!"))
        .map(|file| Fault::new(&file.path, "does not start with a `//!` doc", fix))
        .collect()
}

pub(super) fn file_length(repo: &Repo) -> Vec<Fault> {
    repo.rust_files()
        .map(|file| (file, file.text.lines().count()))
        .filter(|(_, lines)| *lines > MOST_LINES)
        .map(|(file, lines)| {
            let what = format!("{lines} lines long; the limit is {MOST_LINES}");
            let fix = "split it by meaning: a folder of roles, as ARCHITECTURE.md shows";
            Fault::new(&file.path, &what, fix)
        })
        .collect()
}

pub(super) fn whitespace(repo: &Repo) -> Vec<Fault> {
    repo.files.iter().filter(|file| !file.is_fixture()).flat_map(whitespace_of).collect()
}

fn whitespace_of(file: &File) -> Vec<Fault> {
    let mut faults = Vec::new();
    if ["rs", "toml", "md"].contains(&file.extension()) {
        // Not `lines()`, which would hide a carriage return.
        for (index, line) in file.text.split('\n').enumerate() {
            if line.ends_with(char::is_whitespace) {
                let fix = "remove it (for a line break in Markdown, end the paragraph)";
                faults.push(Fault::at(&file.path, index, "whitespace at the end of the line", fix));
            }
            if line.trim_end().contains('\t') {
                let fix = "use blanks, or `\\t` within a string";
                faults.push(Fault::at(&file.path, index, "a tab", fix));
            }
        }
    }
    if !file.text.is_empty() && !file.text.ends_with('\n') {
        let fix =
            "end it with a newline (fixtures that must not have one belong in a folder `data`)";
        faults.push(Fault::new(&file.path, "does not end with a newline", fix));
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::super::tests::{places, repo};
    use super::*;

    #[test]
    fn a_rust_file_starts_with_its_doc() {
        let repo = repo(&[
            ("a.rs", "//! Doc.\n"),
            ("b.rs", "use a;\n//! Doc.\n"),
            ("tests/ui/c.rs", "fn main() {}\n"),
            ("benches/peers/src/main.rs", "fn main() {}\n"),
        ]);
        assert_eq!(places(&module_docs(&repo)), ["b.rs"]);
    }

    #[test]
    fn a_long_file_is_a_fault() {
        let (limit, longer) = ("x\n".repeat(MOST_LINES), "x\n".repeat(MOST_LINES + 1));
        let repo = repo(&[("limit.rs", &limit), ("longer.rs", &longer), ("longer.md", &longer)]);
        assert_eq!(places(&file_length(&repo)), ["longer.rs"]);
    }

    #[test]
    fn whitespace_faults_name_their_line() {
        let repo = repo(&[
            ("a.rs", "ok\nblank \n"),
            ("b.toml", "a\t= 1\n"),
            ("c.md", "return\r\n"),
            ("d.html", "tab\tand blank \n"),
            ("e.txt", "no newline"),
            ("tests/data/f.md", "\t"),
            ("empty.md", ""),
        ]);
        assert_eq!(places(&whitespace(&repo)), ["a.rs:2", "b.toml:1", "c.md:1", "e.txt"]);
    }
}
