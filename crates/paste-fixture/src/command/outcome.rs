//! What a program did.

use std::fmt::{self, Write};
use std::time::Duration;

use similar::TextDiff;

use super::Files;
use crate::cut::{cut, cut_within};

/// How much a message shows of each thing, in bytes.
const MOST_SHOWN: usize = 16 << 10;

/// After how long a diff is no longer the smallest.
const DIFF_TIME: Duration = Duration::from_secs(1);

/// What a program printed, how it ended, and what it did to the directory.
#[derive(Clone, Debug)]
pub struct CommandResult {
    line: String,
    code: Option<i32>,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    created: Files,
    changed: Files,
    deleted: Files,
    /// Whether anything was touched, hidden or not.
    touched: bool,
}

impl CommandResult {
    pub(super) fn new(
        line: String,
        code: Option<i32>,
        stdout: Vec<u8>,
        stderr: Vec<u8>,
        before: &Files,
        after: &Files,
        show_hidden: bool,
    ) -> Self {
        let shown = |files: Files| if show_hidden { files } else { files.without_hidden() };
        let touched = before != after;
        let (created, deleted) = (shown(after.not_in(before)), shown(before.not_in(after)));
        let changed = shown(after.changed_since(before));
        Self { line, code, stdout, stderr, created, changed, deleted, touched }
    }

    /// The exit code; `None` if a signal ended it.
    pub fn code(&self) -> Option<i32> {
        self.code
    }

    /// Standard output as text; bytes that are not UTF-8 become U+FFFD.
    pub fn stdout(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// Standard output as it was.
    pub fn stdout_bytes(&self) -> &[u8] {
        &self.stdout
    }

    /// Standard error as text.
    pub fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }

    /// The files and directories that were not there before.
    pub fn created(&self) -> &Files {
        &self.created
    }

    /// The files that were there before with another content or mode, as they are now.
    pub fn changed(&self) -> &Files {
        &self.changed
    }

    /// The files and directories that are gone, as they were.
    pub fn deleted(&self) -> &Files {
        &self.deleted
    }

    /// Panics, with a diff, unless standard output is just this.
    #[track_caller]
    pub fn assert_stdout(&self, expected: &str) -> &Self {
        self.assert_same("standard output", expected, &self.stdout());
        self
    }

    /// Panics, with a diff, unless standard error is just this.
    #[track_caller]
    pub fn assert_stderr(&self, expected: &str) -> &Self {
        self.assert_same("standard error", expected, &self.stderr());
        self
    }

    /// Panics, with a diff, unless this file was created or changed, and now holds just this.
    #[track_caller]
    pub fn assert_file(&self, path: &str, expected: &str) -> &Self {
        let Some(file) = self.created.get(path).or_else(|| self.changed.get(path)) else {
            panic!("`{path}` was neither created nor changed\n{self}");
        };
        self.assert_same(path, expected, &file.text());
        self
    }

    /// Panics unless no file was created, changed or deleted, hidden ones among them.
    #[track_caller]
    pub fn assert_no_files_touched(&self) -> &Self {
        assert!(!self.touched, "files were touched (`show_hidden` shows all)\n{self}");
        self
    }

    #[track_caller]
    fn assert_same(&self, what: &str, expected: &str, found: &str) {
        if expected != found {
            let diff = TextDiff::configure().timeout(DIFF_TIME).diff_lines(expected, found);
            let diff = diff.unified_diff().header("expected", "found").to_string();
            panic!("{what} is not as expected\n{}\n{self}", cut(&diff, MOST_SHOWN));
        }
    }
}

/// The command, how it ended, its outputs, and the files that it touched; where these are long, in
/// part.
impl fmt::Display for CommandResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "$ {}", self.line)?;
        match self.code {
            Some(0) => writeln!(f)?,
            Some(code) => writeln!(f, "\nexit code: {code}")?,
            None => writeln!(f, "\nended by a signal")?,
        }
        for (name, output) in [("stdout", self.stdout()), ("stderr", self.stderr())] {
            if !output.is_empty() {
                let output = cut_within(output.trim_end_matches('\n'), MOST_SHOWN);
                writeln!(f, "--- {name}\n{output}")?;
            }
        }
        let mut touched = String::new();
        for (what, files) in
            [("created", &self.created), ("changed", &self.changed), ("deleted", &self.deleted)]
        {
            for (path, file) in files.iter() {
                let size = file.bytes().len();
                let kind =
                    if file.is_dir() { "directory".to_owned() } else { format!("{size} bytes") };
                let _ = writeln!(touched, "--- {what}: {path} ({kind}, mode {:o})", file.mode());
            }
        }
        f.write_str(&cut(&touched, MOST_SHOWN))
    }
}
