//! Compiles the examples of the repository's README. The examples themselves are the files beside
//! `Cargo.toml`.

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
