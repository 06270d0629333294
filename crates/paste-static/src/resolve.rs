//! From a URL path to a file below a root: the one place that decides what a path may name.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use paste_core::path::{decode, segments};

/// What a path names.
#[derive(Debug)]
pub(crate) enum Found {
    /// A file, open for reading.
    File {
        /// The open file.
        file: File,
        /// Its length in bytes.
        length: u64,
        /// When it was last changed, where the system says.
        modified: Option<SystemTime>,
    },
    /// A directory.
    Directory,
    /// Nothing that may be served.
    Nothing,
}

/// The relative path that a raw URL path names, or `None` where it could leave the root or name
/// something hidden. Segments are decoded once.
pub(crate) fn relative_path(url_path: &str) -> Option<PathBuf> {
    let mut relative = PathBuf::new();
    for segment in segments(url_path) {
        let name = decode(segment);
        if is_hidden(&name) || name.iter().any(|byte| matches!(byte, 0 | b'/' | b'\\')) {
            return None;
        }
        relative.push(OsStr::from_bytes(&name));
    }
    Some(relative)
}

fn is_hidden(name: &[u8]) -> bool {
    name.starts_with(b".") && name != b".well-known"
}

fn has_no_hidden_part(relative: &Path) -> bool {
    relative.iter().all(|name| !is_hidden(name.as_bytes()))
}

/// Opens what `relative` names below `root`. Blocks.
///
/// A symbolic link is followed if it stays below the root and leads to nothing hidden.
pub(crate) fn open(root: &Path, relative: &Path) -> io::Result<Found> {
    let found = look_up(root, relative);
    match found {
        Err(error) if is_absence(&error) => Ok(Found::Nothing),
        found => found,
    }
}

fn look_up(root: &Path, relative: &Path) -> io::Result<Found> {
    let path = fs::canonicalize(root.join(relative))?;
    let root = fs::canonicalize(root)?;
    if !path.strip_prefix(&root).is_ok_and(has_no_hidden_part) {
        return Ok(Found::Nothing);
    }
    let kind = fs::metadata(&path)?;
    if kind.is_dir() {
        return Ok(Found::Directory);
    }
    if !kind.is_file() {
        return Ok(Found::Nothing); // opening a pipe or a device could wait for ever
    }
    let file = File::open(&path)?;
    let metadata = file.metadata()?;
    let modified = metadata.modified().ok();
    Ok(Found::File { length: metadata.len(), modified, file })
}

/// The path names nothing, as opposed to something that cannot be read.
fn is_absence(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidFilename, InvalidInput, NotADirectory, NotFound};
    let is_loop = error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error());
    is_loop || matches!(error.kind(), NotFound | NotADirectory | InvalidInput | InvalidFilename)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_could_leave_the_root_names_nothing() {
        for path in [
            "/..",
            "/../x",
            "/a/../b",
            "/%2e%2e/x",
            "/%2E%2E",
            "/.",
            "/a/%2e/b",
            "/..%2fx",
            "/a%2Fb",
            "/a%5Cb",
            "/a%00",
            "/%00",
            "/.git/config",
            "/a/.env",
            "/...",
            "/a/..%5c..%5cb",
        ] {
            assert_eq!(relative_path(path), None, "{path}");
        }
    }

    #[test]
    fn segments_are_decoded_once() {
        for (path, expected) in [
            ("/", ""),
            ("//a///b/", "a/b"),
            ("/%61%20b", "a b"),
            ("/%252e%252e/x", "%2e%2e/x"),
            ("/.well-known/acme", ".well-known/acme"),
            ("/c:/x", "c:/x"),
        ] {
            assert_eq!(relative_path(path), Some(PathBuf::from(expected)), "{path}");
        }
        assert_eq!(relative_path("/%E9"), Some(PathBuf::from(OsStr::from_bytes(b"\xE9"))));
    }
}
