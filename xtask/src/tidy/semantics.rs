//! Every numbered sentence of SEMANTICS.md has a test that carries its number, and the reverse.
//!
//! A sentence is a line that starts with its number: `2.3. The last `with` is outermost.` Its test is
//! a function with a `#[test]` whose name contains `semantics_2_3`.

use super::Fault;
use crate::repo::{File, Repo};

const DOCUMENT: &str = "SEMANTICS.md";

/// `[2, 3]` for sentence 2.3.
type Number = Vec<u32>;

pub(super) fn sentences_and_tests(repo: &Repo) -> Vec<Fault> {
    let Some(document) = repo.text(DOCUMENT) else { return Vec::new() };
    let sentences = sentences(document);
    let tests: Vec<(String, Number)> = repo.rust_files().flat_map(tests_of).collect();
    let mut faults = Vec::new();
    if sentences.is_empty() {
        let fix = "begin each sentence with its number: `2.3. The last `with` is outermost.`";
        faults.push(Fault::new(DOCUMENT, "has no numbered sentence", fix));
    }
    for (index, number) in &sentences {
        if !tests.iter().any(|(_, test)| sentence_of(test, &sentences) == Some(number)) {
            let what = format!("sentence {} has no test", shown(number, "."));
            let fix = format!(
                "write a test `semantics_{}_WHAT_IT_PROMISES` (if the line is no sentence, let it not \
                 start with a number)",
                shown(number, "_")
            );
            faults.push(Fault::at(DOCUMENT, *index, &what, &fix));
        }
        if sentences.iter().filter(|(_, other)| other == number).count() > 1 {
            let what = format!("the number {} stands twice", shown(number, "."));
            faults.push(Fault::at(DOCUMENT, *index, &what, "give each sentence its own number"));
        }
    }
    for (place, test) in &tests {
        if sentence_of(test, &sentences).is_none() {
            let what = format!("a test of sentence {}, which {DOCUMENT} has not", shown(test, "."));
            faults.push(Fault::new(place, &what, "give the test the number of its sentence"));
        }
    }
    faults
}

/// The numbered lines outside code blocks, with their line index.
fn sentences(document: &str) -> Vec<(usize, Number)> {
    let mut in_code = false;
    let mut found = Vec::new();
    for (index, line) in document.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        }
        if let Some(number) = sentence_number(line).filter(|_| !in_code) {
            found.push((index, number));
        }
    }
    found
}

/// `2.3. Text` or `**2.3.** Text`.
fn sentence_number(line: &str) -> Option<Number> {
    let (number, _) = line.trim_start_matches('*').split_once(char::is_whitespace)?;
    let number = number.trim_end_matches('*').strip_suffix('.')?;
    number.split('.').map(|part| part.parse().ok()).collect()
}

/// The tests of a file that carry a number, with their place.
fn tests_of(file: &File) -> Vec<(String, Number)> {
    let lines: Vec<&str> = file.text.lines().map(str::trim).collect();
    let mut found = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let is_test = lines[..index]
            .iter()
            .rev()
            .take_while(|line| line.starts_with("#[") || line.starts_with("//"))
            .any(|line| line.starts_with("#[") && line.contains("test"));
        if let Some(number) = test_number(line).filter(|_| is_test) {
            found.push((format!("{}:{}", file.path, index + 1), number));
        }
    }
    found
}

/// `[2, 3]` of `async fn semantics_2_3_the_last_is_outermost() {`.
fn test_number(line: &str) -> Option<Number> {
    let (_, name) = line.split_once("fn ")?;
    let name = name.split(|c: char| !(c.is_alphanumeric() || c == '_')).next()?;
    let (_, rest) = name.split_once("semantics_")?;
    let number: Number = rest.split('_').map_while(|part| part.parse().ok()).collect();
    (!number.is_empty()).then_some(number)
}

/// The sentence that a test means. Its name may go on with a number: `semantics_2_3_404_is_caught`.
fn sentence_of<'a>(test: &[u32], sentences: &'a [(usize, Number)]) -> Option<&'a Number> {
    let of = sentences.iter().map(|(_, number)| number).filter(|number| test.starts_with(number));
    of.max_by_key(|number| number.len())
}

fn shown(number: &[u32], separator: &str) -> String {
    number.iter().map(u32::to_string).collect::<Vec<_>>().join(separator)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{places, repo};
    use super::*;

    #[test]
    fn sentences_begin_with_their_number() {
        assert_eq!(sentence_number("2.3. Text"), Some(vec![2, 3]));
        assert_eq!(sentence_number("**2.3.** Text"), Some(vec![2, 3]));
        assert_eq!(sentence_number("1. Text"), Some(vec![1]));
        for line in ["## 2. Title", "2.3 Text", "2.3.", "- 2. Text", "x. Text", "1.5.x. Text", ""] {
            assert_eq!(sentence_number(line), None, "{line}");
        }
    }

    #[test]
    fn code_blocks_hold_no_sentences() {
        assert_eq!(sentences("1. A\n```\n2. B\n```\n3. C\n"), [(0, vec![1]), (4, vec![3])]);
    }

    #[test]
    fn test_names_carry_their_number() {
        assert_eq!(test_number("fn semantics_2_3_order() {"), Some(vec![2, 3]));
        assert_eq!(test_number("pub async fn semantics_2_3() {"), Some(vec![2, 3]));
        assert_eq!(test_number("fn semantics_are_kept() {"), None);
        assert_eq!(test_number("semantics_2_3();"), None);
    }

    #[test]
    fn a_name_that_goes_on_with_a_number_means_its_sentence() {
        let sentences = [(0, vec![2, 3]), (1, vec![2, 30])];
        assert_eq!(sentence_of(&[2, 3, 404], &sentences), Some(&vec![2, 3]));
        assert_eq!(sentence_of(&[2, 30], &sentences), Some(&vec![2, 30]));
        assert_eq!(sentence_of(&[2], &sentences), None);
    }

    #[test]
    fn sentences_and_tests_must_match() {
        // Put together here, or the check would find these tests in this very file.
        let test =
            |number: &str| format!("#[tokio::test]\nasync fn {}_{number}() {{}}\n", "semantics");
        let tests =
            format!("{}{}fn {}_1_2() {{}}\n", test("1_1_order"), test("7_1_gone"), "semantics");
        let repo = repo(&[(DOCUMENT, "1.1. A\n1.2. B\n1.3. C\n1.3. D\n"), ("tests/a.rs", &tests)]);
        let expected = [
            "SEMANTICS.md:2", // its function carries no `#[test]`
            "SEMANTICS.md:3",
            "SEMANTICS.md:3",
            "SEMANTICS.md:4",
            "SEMANTICS.md:4",
            "tests/a.rs:4",
        ];
        assert_eq!(places(&sentences_and_tests(&repo)), expected);
    }
}
