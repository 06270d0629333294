//! Prints the rules of the lint as Markdown: what `cargo xtask doc` writes to `RULES.md`.
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

fn main() {
    print!("{}", paste_fixture::lint::rules_markdown());
}
