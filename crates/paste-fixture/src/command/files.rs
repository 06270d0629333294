//! What is in a directory, and how two looks at it differ.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::ops::Index;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Files and directories by their path below the scratch directory, with `/` between its parts. In a
/// name that is not UTF-8 the odd bytes stand as `\xNN`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files(BTreeMap<String, FoundFile>);

/// One file or directory as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundFile {
    content: Content,
    mode: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Content {
    File(Vec<u8>),
    Link(Vec<u8>),
    Directory,
    Other,
}

impl FoundFile {
    /// The content of a file, or the target of a symbolic link; empty for everything else.
    pub fn bytes(&self) -> &[u8] {
        match &self.content {
            Content::File(bytes) | Content::Link(bytes) => bytes,
            Content::Directory | Content::Other => &[],
        }
    }

    /// The content as text; bytes that are not UTF-8 become U+FFFD.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(self.bytes()).into_owned()
    }

    /// The permission bits, for example `0o644`.
    pub fn mode(&self) -> u32 {
        self.mode
    }

    /// Whether it is a directory.
    pub fn is_dir(&self) -> bool {
        self.content == Content::Directory
    }

    /// Whether it is a symbolic link.
    pub fn is_link(&self) -> bool {
        matches!(self.content, Content::Link(_))
    }
}

impl Files {
    /// Everything below `root`.
    pub(super) fn below(root: &Path) -> io::Result<Self> {
        let mut files = Self::default();
        files.add_directory(root, "")?;
        Ok(files)
    }

    /// Without what is below a name that begins with a dot.
    pub(super) fn without_hidden(&self) -> Self {
        self.filtered(|path, _| !path.split('/').any(|name| name.starts_with('.')))
    }

    /// The paths, sorted.
    pub fn paths(&self) -> Vec<&str> {
        self.0.keys().map(String::as_str).collect()
    }

    /// What is at a path.
    pub fn get(&self, path: &str) -> Option<&FoundFile> {
        self.0.get(path)
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Paths and what is there, sorted by path.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &FoundFile)> {
        self.0.iter().map(|(path, file)| (path.as_str(), file))
    }

    /// What is here and not in `other`.
    pub(super) fn not_in(&self, other: &Self) -> Self {
        self.filtered(|path, _| !other.0.contains_key(path))
    }

    /// What is here and in `other` with another content or mode.
    pub(super) fn changed_since(&self, other: &Self) -> Self {
        self.filtered(|path, file| other.0.get(path).is_some_and(|before| before != file))
    }

    fn filtered(&self, keep: impl Fn(&str, &FoundFile) -> bool) -> Self {
        let kept = self.0.iter().filter(|(path, file)| keep(path, file));
        Self(kept.map(|(path, file)| (path.clone(), file.clone())).collect())
    }

    fn add_directory(&mut self, directory: &Path, prefix: &str) -> io::Result<()> {
        for entry in fs::read_dir(directory)? {
            let entry = entry?;
            let name = entry.file_name();
            // A name that is not UTF-8 is told by its bytes, so that two of them stay two.
            let escaped = || name.as_bytes().escape_ascii().to_string();
            let name = name.to_str().map_or_else(escaped, str::to_owned);
            let path = format!("{prefix}{name}");
            let kind = entry.file_type()?;
            let content = if kind.is_dir() {
                self.add_directory(&entry.path(), &format!("{path}/"))?;
                Content::Directory
            } else if kind.is_symlink() {
                Content::Link(fs::read_link(entry.path())?.as_os_str().as_bytes().to_vec())
            } else if kind.is_file() {
                Content::File(fs::read(entry.path())?)
            } else {
                Content::Other
            };
            let mode = entry.metadata()?.permissions().mode() & 0o7777;
            self.0.insert(path, FoundFile { content, mode });
        }
        Ok(())
    }
}

impl Index<&str> for Files {
    type Output = FoundFile;

    #[track_caller]
    fn index(&self, path: &str) -> &FoundFile {
        match self.get(path) {
            Some(file) => file,
            None => panic!("`{path}` is not among {:?}", self.paths()),
        }
    }
}
