//! Siblings of a file that hold it compressed: `app.js.br` beside `app.js`.
//!
//! 1. `.br`, `.zst` and `.gz` count, where they are at least as new as the file itself.
//! 2. The client's `Accept-Encoding` chooses by quality; where it takes none, the file itself is sent.
//! 3. A sibling is found as any file is, and is identified by itself.
//! 4. That a file has none is remembered until its directory changes; of one that changed a moment ago
//!    nothing is, since its time may not tell the next change.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use paste_core::header::AcceptEncoding;

use crate::delivery::media_type;
use crate::resolve::{Found, OpenFile, Patience, Root, Stamp};

const CODINGS: [(&str, &str); 3] = [("br", ".br"), ("zstd", ".zst"), ("gzip", ".gz")];

/// A file in the coding in which it is sent.
#[derive(Debug)]
pub(crate) struct Chosen {
    pub(crate) open: OpenFile,
    /// `None`: as it is.
    pub(crate) coding: Option<&'static str>,
    /// Whether another client may be sent another one.
    pub(crate) varies: bool,
}

impl Chosen {
    pub(crate) fn plain(open: OpenFile) -> Self {
        Self { open, coding: None, varies: false }
    }
}

/// Looks for siblings, and remembers which files have none. Clones remember the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct Siblings {
    without: Arc<Mutex<HashMap<PathBuf, Stamp>>>,
}

/// How many files without siblings are remembered.
const MOST_REMEMBERED: usize = 10_000;

/// For how long a change may be followed by one that the time of change does not tell.
const GRAIN: Duration = Duration::from_secs(2);

impl Siblings {
    /// The best of `plain`, the file at `path`, and its siblings.
    pub(crate) fn choose(
        &self,
        root: &Root<'_>,
        path: &Path,
        plain: OpenFile,
        codings: &AcceptEncoding,
    ) -> io::Result<Chosen> {
        if !is_worth_it(media_type(path)) {
            return Ok(Chosen::plain(plain));
        }
        // Only a look that does not wait has followed no symbolic link, whose end may change by itself.
        let stamp = root.stamp_of_parent(path).filter(|_| root.patience() == Patience::None);
        if stamp.is_some() && self.lock().get(path) == stamp.as_ref() {
            return Ok(Chosen::plain(plain));
        }
        let mut siblings = Vec::new();
        let mut has_none = true;
        for (coding, extension) in CODINGS {
            match root.find(&with_extension(path, extension)) {
                Ok(Found::File(sibling)) if sibling.modified >= plain.modified => {
                    siblings.push((coding, sibling));
                }
                Ok(Found::Nothing) => continue,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Err(error),
                Ok(_) | Err(_) => {}
            }
            has_none = false;
        }
        if let Some(stamp) = stamp.filter(|stamp| has_none && stamp.is_older_than(GRAIN)) {
            self.remember(path, stamp);
        }
        let varies = !siblings.is_empty();
        let best = codings.best(siblings.iter().map(|(coding, _)| *coding));
        let chosen = siblings.into_iter().find(|(coding, _)| Some(*coding) == best);
        Ok(match chosen {
            Some((coding, open)) => Chosen { open, coding: Some(coding), varies },
            None => Chosen { open: plain, coding: None, varies },
        })
    }

    fn remember(&self, path: &Path, stamp: Stamp) {
        let mut without = self.lock();
        if without.len() >= MOST_REMEMBERED {
            without.clear();
        }
        without.insert(path.to_owned(), stamp);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<PathBuf, Stamp>> {
        self.without.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn with_extension(path: &Path, extension: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(extension);
    name.into()
}

/// Nobody compresses what is compressed already.
fn is_worth_it(media_type: &str) -> bool {
    let (kind, subtype) = media_type.split_once('/').unwrap_or((media_type, ""));
    match kind {
        "image" => matches!(subtype, "svg+xml" | "bmp" | "x-icon"),
        "audio" | "video" => false,
        _ => !matches!(subtype, "gzip" | "zip" | "zstd" | "x-7z-compressed" | "x-bzip2" | "x-xz"),
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::fs::{self, File};
    use std::time::SystemTime;

    use super::*;
    use crate::resolve::{Policy, Symlinks};

    /// A look that waits brings the names to memory, for one that does not.
    fn coding_of(siblings: &Siblings, root: &Path) -> Option<&'static str> {
        let patient = look(siblings, root, Patience::Any).expect("it may wait");
        let quick = (0..1000).find_map(|_| look(siblings, root, Patience::None).ok());
        assert_eq!(Some(patient), quick);
        patient
    }

    fn look(
        siblings: &Siblings,
        root: &Path,
        patience: Patience,
    ) -> io::Result<Option<&'static str>> {
        let policy = Policy { symlinks: Symlinks::Inside, dotfiles: false };
        let root = Root::open(root, policy, patience)?;
        let path = Path::new("a.txt");
        let Found::File(plain) = root.find(path)? else { panic!("no file") };
        Ok(siblings.choose(&root, path, plain, &AcceptEncoding::parse("gzip"))?.coding)
    }

    #[test]
    fn rule_4_that_there_is_none_is_remembered_until_the_directory_changes() {
        let base = tempfile::tempdir().unwrap();
        let root = base.path();
        let path = root.join("a.txt");
        fs::write(&path, "a").unwrap();
        let age = |path: &Path, seconds: u64| {
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
            File::open(path).unwrap().set_modified(time).unwrap();
        };
        age(&path, 1000);
        let siblings = Siblings::default();
        let remembered = || siblings.lock().len();

        assert_eq!((coding_of(&siblings, root), remembered()), (None, 0), "it changed just now");
        age(root, 2000);
        assert_eq!((coding_of(&siblings, root), remembered()), (None, 1));
        assert_eq!((coding_of(&siblings, root), remembered()), (None, 1));
        fs::write(root.join("a.txt.gz"), "gz").unwrap();
        assert_eq!(coding_of(&siblings, root), Some("gzip"), "at once");

        // A sibling that is too old may become young without a change of the directory.
        age(&root.join("a.txt.gz"), 500);
        age(root, 3000);
        assert_eq!(coding_of(&siblings, root), None);
        age(&root.join("a.txt.gz"), 5000);
        age(root, 3000);
        assert_eq!(coding_of(&siblings, root), Some("gzip"));
    }
}
