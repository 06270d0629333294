//! `cargo xtask doc`: what is generated from one source, so that no two places can disagree.
//!
//! 1. The tables of crates in README.md and ARCHITECTURE.md come from the manifests of the crates.
//! 2. docs/kinds.md and docs/paster.schema.json are what `paster kinds` prints.
//! 3. The list of the lint's rules is what the example `rules` of its crate prints.

use std::fs;

use crate::repo::{self, Package, Repo, Result};
use crate::tidy::Fault;

const START: &str = "<!-- generated: crates -->";
const END: &str = "<!-- end generated -->";

/// The file, and the arguments of `cargo run` by which it is printed.
const PRINTED: [(&str, &[&str]); 3] = [
    ("docs/kinds.md", &["-p", "paste-deploy", "--", "kinds", "--markdown"]),
    ("docs/paster.schema.json", &["-p", "paste-deploy", "--", "kinds", "--schema"]),
    ("crates/paste-fixture/RULES.md", &["-p", "paste-fixture", "--example", "rules"]),
];

/// Reading order: what everything builds on first, what composes all of it last.
const ORDER: [&str; 11] = [
    "paste-core",
    "paste-server",
    "paste-dispatch",
    "paste-static",
    "paste-gateway",
    "paste-filter",
    "paste-auth",
    "paste-session",
    "paste-debug",
    "paste-fixture",
    "paste-deploy",
];

pub(crate) fn run(check: bool) -> Result {
    let repo = Repo::load()?;
    let mut stale = Vec::new();
    // First what needs no build, so that the tables can be written while the program does not compile.
    for (path, text) in tables(&repo) {
        let text = text.map_err(|fault| fault.to_string())?;
        stale.extend(update(&repo, path, &text, check)?);
    }
    for (path, text) in printed()? {
        stale.extend(update(&repo, path, &text, check)?);
    }
    if stale.is_empty() {
        return Ok(());
    }
    Err(format!("not up to date: {}; run `cargo xtask doc`", stale.join(", ")))
}

/// Writes `text` if the file has another; with `check` returns the path instead.
fn update(
    repo: &Repo,
    path: &'static str,
    text: &str,
    check: bool,
) -> Result<Option<&'static str>> {
    if repo.text(path) == Some(text) {
        return Ok(None);
    }
    if check {
        return Ok(Some(path));
    }
    println!("writing {path}");
    write(path, text)?;
    Ok(None)
}

/// The part of `run(true)` that needs no build: tidy calls it.
pub(crate) fn stale_tables(repo: &Repo) -> Vec<Fault> {
    let what = "its table of crates is not up to date";
    let fault = |(path, wanted): (&str, std::result::Result<String, Fault>)| match wanted {
        Ok(wanted) if repo.text(path) == Some(wanted.as_str()) => None,
        Ok(_) => Some(Fault::new(path, what, "run `cargo xtask doc`")),
        Err(fault) => Some(fault),
    };
    tables(repo).into_iter().filter_map(fault).collect()
}

/// README.md and ARCHITECTURE.md with their tables as they should be. A missing file is a fault of its
/// own, which tidy reports.
fn tables(repo: &Repo) -> Vec<(&'static str, std::result::Result<String, Fault>)> {
    let packages = in_order(repo);
    let tables = [
        ("README.md", readme_table(&packages)),
        ("ARCHITECTURE.md", architecture_table(&packages)),
    ];
    let mut wanted = Vec::new();
    for (path, table) in tables {
        let Some(text) = repo.text(path) else { continue };
        let fix = format!("add the lines `{START}` and `{END}`, then run `cargo xtask doc`");
        let no_place = || Fault::new(path, "has no place for the table of crates", &fix);
        wanted.push((path, with_table(text, &table).ok_or_else(no_place)));
    }
    wanted
}

/// What our programs print about themselves. The first call of each may have to build it.
fn printed() -> Result<Vec<(&'static str, String)>> {
    let print = |(path, arguments): (&'static str, &[&str])| {
        let mut command = repo::cargo();
        command.args(["run", "-q"]).args(arguments);
        let text = repo::stdout(&mut command)?;
        if text.is_empty() {
            let line = arguments.join(" ");
            return Err(format!("`cargo run {line}` printed nothing, and {path} comes from it"));
        }
        Ok((path, text))
    };
    PRINTED.into_iter().map(print).collect()
}

fn write(path: &str, text: &str) -> Result {
    let full = repo::root().join(path);
    let folder = full.parent().expect("a file of the checkout lies in a folder");
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(&full, text))
        .map_err(|error| format!("cannot write {path}: {error}"))
}

fn in_order(repo: &Repo) -> Vec<&Package> {
    let mut packages: Vec<&Package> = repo.crates().collect();
    packages.sort_by_key(|package| {
        let place = ORDER.iter().position(|&name| name == package.name).unwrap_or(ORDER.len());
        (place, &package.name)
    });
    packages
}

fn readme_table(packages: &[&Package]) -> String {
    let mut table = "| crate | Paste modules | what for | first file to open |\n".to_owned();
    table.push_str("| --- | --- | --- | --- |\n");
    for package in packages {
        let modules = code_names(package.modules.as_deref().unwrap_or_default());
        let row = [crate_link(package), modules, package.description.clone(), file_link(package)];
        push_row(&mut table, &row);
    }
    table
}

fn architecture_table(packages: &[&Package]) -> String {
    let mut table = "| crate | what it does | main file |\n| --- | --- | --- |\n".to_owned();
    for package in packages {
        push_row(
            &mut table,
            &[crate_link(package), package.description.clone(), file_link(package)],
        );
    }
    table
}

fn push_row(table: &mut String, cells: &[String]) {
    for cell in cells {
        table.push_str("| ");
        table.push_str(&cell.replace('|', "\\|"));
        // An empty cell must not leave two blanks.
        table.push_str(if cell.is_empty() { "" } else { " " });
    }
    table.push_str("|\n");
}

fn crate_link(package: &Package) -> String {
    format!("[{}]({})", package.name, package.dir)
}

fn file_link(package: &Package) -> String {
    let Some(first) = &package.first else { return String::new() };
    format!("[{first}]({}/{first})", package.dir)
}

/// Module names in code font; other words, such as "Paste Deploy", as they are.
fn code_names(modules: &str) -> String {
    let names = modules.split(',').map(str::trim);
    let names: Vec<String> = names
        .map(|name| if name.contains('.') { format!("`{name}`") } else { name.to_owned() })
        .collect();
    names.join(", ")
}

/// `text` with `table` between the two markers, or `None` if it has no such place.
fn with_table(text: &str, table: &str) -> Option<String> {
    let (before, rest) = text.split_once(START)?;
    let (_, after) = rest.split_once(END)?;
    // The blank lines are for renderers that would take the table for a part of the comment.
    Some(format!("{before}{START}\n\n{table}\n{END}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str) -> Package {
        Package {
            name: name.to_owned(),
            dir: format!("crates/{name}"),
            description: "Maps a|b".to_owned(),
            modules: Some("paste.urlmap, Paste Deploy".to_owned()),
            first: Some("src/url_map.rs".to_owned()),
            ..Package::default()
        }
    }

    #[test]
    fn a_row_links_to_the_crate_and_its_first_file() {
        let table = readme_table(&[&package("paste-x")]);
        let row = "| [paste-x](crates/paste-x) | `paste.urlmap`, Paste Deploy | Maps a\\|b \
                   | [src/url_map.rs](crates/paste-x/src/url_map.rs) |";
        assert_eq!(table.lines().nth(2), Some(row));
    }

    #[test]
    fn crates_stand_in_reading_order_and_unknown_ones_last() {
        let names = ["paste-zoo", "paste-deploy", "paste-ant", "paste-core", "paste-static"];
        let repo =
            Repo { packages: names.iter().map(|name| package(name)).collect(), files: Vec::new() };
        let order: Vec<&str> = in_order(&repo).iter().map(|p| p.name.as_str()).collect();
        assert_eq!(order, ["paste-core", "paste-static", "paste-deploy", "paste-ant", "paste-zoo"]);
    }

    #[test]
    fn only_what_is_between_the_markers_changes() {
        let text = format!("# Title\n\n{START}\nold\n{END}\n\nmore\n");
        let wanted = format!("# Title\n\n{START}\n\nnew\n\n{END}\n\nmore\n");
        assert_eq!(with_table(&text, "new\n"), Some(wanted.clone()));
        assert_eq!(with_table(&wanted, "new\n"), Some(wanted));
        assert_eq!(with_table("# Title\n", "new\n"), None);
    }

    #[test]
    fn an_old_table_is_a_fault() {
        let table = readme_table(&[&package("paste-core")]);
        let readme = |table: &str| Repo {
            files: vec![repo::File {
                path: "README.md".to_owned(),
                text: format!("{START}\n\n{table}\n{END}\n"),
            }],
            packages: vec![package("paste-core")],
        };
        assert!(stale_tables(&readme(&table)).is_empty());
        assert_eq!(stale_tables(&readme("old\n")).len(), 1);
    }
}
