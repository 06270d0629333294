//! Typical mistakes do not compile, and the message says what to do. After a change of a message,
//! `TRYBUILD=overwrite cargo test -p paste-core --test it` writes the new one.

#[test]
fn typical_mistakes_are_explained() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
