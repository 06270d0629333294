//! From a URL path to a file below a root: the one place that decides what a path may name.
//!
//! 1. Segments are split first and decoded once; a decoded slash, backslash or NUL names nothing, and
//!    neither does a segment that begins with a dot, except `.well-known`.
//! 2. The kernel is asked to stay below the root (`openat2`). Where it cannot, or where a symbolic link
//!    stands in the way, the path is walked one name at a time from open directories, so that what is
//!    swapped meanwhile leads nowhere else.
//! 3. What was opened is looked at afterwards. Nothing waits in opening: a pipe, a socket and a
//!    device name nothing.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};
use std::time::{Duration, SystemTime};

use paste_core::Clock;
use paste_core::path::{decode, segments};
use rustix::fs::{AtFlags, CWD, Dir, Mode, OFlags};
use rustix::io::Errno;

use crate::file_body::Written;
use crate::windows;

/// Which symbolic links below a root are followed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize, schemars::JsonSchema))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
pub enum Symlinks {
    /// Those that stay below the root, and lead to nothing hidden. A relative link whose way leads out of
    /// the root and back into it is not followed.
    #[default]
    Inside,
    /// None: they name nothing.
    Deny,
    /// All, wherever they lead: whoever can make a link below the root decides what is served.
    Follow,
}

/// What a path may name.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Policy {
    pub(crate) symlinks: Symlinks,
    /// Whether names that begin with a dot are served.
    pub(crate) dotfiles: bool,
}

/// Whether opening may wait for a disk. If not, it fails with [`io::ErrorKind::WouldBlock`] where it
/// would have to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Patience {
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "only Linux can promise it"))]
    None,
    Any,
}

/// What a path names.
#[derive(Debug)]
pub(crate) enum Found {
    /// A file, open for reading.
    File(OpenFile),
    /// A directory.
    Directory,
    /// Nothing that may be served.
    Nothing,
}

/// Device, inode and time of the inode's last change in nanoseconds.
pub(crate) type Identity = (u64, u64, i128);

/// The identity of what has this metadata. The time at which it was written to does not count: anybody
/// may set that.
pub(crate) fn identity(metadata: &fs::Metadata) -> Identity {
    let changed = i128::from(metadata.ctime()) * 1_000_000_000 + i128::from(metadata.ctime_nsec());
    (metadata.dev(), metadata.ino(), changed)
}

/// A file that was found, and what it was like when it was opened.
#[derive(Debug)]
pub(crate) struct OpenFile {
    pub(crate) file: File,
    /// Its length in bytes.
    pub(crate) length: u64,
    /// When it was last changed, where the system says.
    pub(crate) modified: Option<SystemTime>,
    /// What tells whether it was written to since.
    pub(crate) written: Written,
    pub(crate) identity: Identity,
}

/// What tells whether names came into a directory or left it: its device, inode and time of change in
/// nanoseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stamp(u64, u64, i128);

impl Stamp {
    /// Whether the last change is longer ago than `age`, by the system's clock.
    pub(crate) fn is_older_than(&self, age: Duration) -> bool {
        let now = Clock::system().now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        i128::try_from(now.saturating_sub(age).as_nanos()).is_ok_and(|limit| self.2 < limit)
    }
}

impl Policy {
    /// The relative path that a raw URL path names, or `None` where it could leave the root or name
    /// something hidden. Segments are decoded once.
    pub(crate) fn relative_path(self, url_path: &str) -> Option<PathBuf> {
        let mut relative = PathBuf::new();
        for segment in segments(url_path) {
            let name = decode(segment);
            if !self.may_name(&name) {
                return None;
            }
            relative.push(OsStr::from_bytes(&name));
        }
        Some(relative)
    }

    /// Whether one name in a path may name something.
    pub(crate) fn may_name(self, name: &[u8]) -> bool {
        let leads_away = matches!(name, b"" | b"." | b"..")
            || name.iter().any(|byte| matches!(byte, 0 | b'/' | b'\\'));
        let is_refused = cfg!(windows) && windows::refuses(name);
        !(leads_away || is_refused || self.hides(name))
    }

    fn hides(self, name: &[u8]) -> bool {
        !self.dotfiles && name.starts_with(b".") && name != b".well-known"
    }
}

/// A root that is open, for one request.
#[derive(Debug)]
pub(crate) struct Root<'a> {
    directory: OwnedFd,
    path: &'a Path,
    policy: Policy,
    patience: Patience,
}

impl<'a> Root<'a> {
    /// Opens the root at `path`. One that is not there is an error of the kind `NotFound`.
    pub(crate) fn open(path: &'a Path, policy: Policy, patience: Patience) -> io::Result<Self> {
        match openat(CWD, path, PASS, patience) {
            Ok(directory) => Ok(Self { directory, path, policy, patience }),
            Err(error) if is_absence(error) => Err(io::ErrorKind::NotFound.into()),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether opening may wait.
    pub(crate) fn patience(&self) -> Patience {
        self.patience
    }

    /// Whether one name in a path may name something.
    #[cfg(feature = "listing")]
    pub(crate) fn may_name(&self, name: &[u8]) -> bool {
        self.policy.may_name(name)
    }

    /// The stamp of the directory in which `relative` names something.
    pub(crate) fn stamp_of_parent(&self, relative: &Path) -> Option<Stamp> {
        let parent = relative.parent().filter(|parent| !parent.as_os_str().is_empty());
        let status = match parent {
            Some(parent) => rustix::fs::statat(&self.directory, parent, AtFlags::empty()).ok()?,
            None => rustix::fs::fstat(&self.directory).ok()?,
        };
        let nanos = i128::from(status.st_mtime) * 1_000_000_000 + i128::from(status.st_mtime_nsec);
        Some(Stamp(status.st_dev, status.st_ino, nanos))
    }

    /// Opens what `relative` names.
    pub(crate) fn find(&self, relative: &Path) -> io::Result<Found> {
        let opened = match self.open_below(relative, READ) {
            // A directory that may be passed through, but not read.
            Err(Errno::ACCESS) => self.open_below(relative, PASS).map_err(|_| Errno::ACCESS),
            opened => opened,
        };
        match opened {
            Err(error) if is_absence(error) => Ok(Found::Nothing),
            Err(error) => Err(error.into()),
            Ok(opened) => what_is(opened),
        }
    }

    /// Opens the directory that `relative` names, to be read. One that is not there is an error of the
    /// kind `NotFound`.
    pub(crate) fn directory(&self, relative: &Path) -> io::Result<OwnedFd> {
        match self.open_below(relative, READ | OFlags::DIRECTORY) {
            Err(error) if is_absence(error) => Err(io::ErrorKind::NotFound.into()),
            opened => Ok(opened?),
        }
    }

    /// The names in a directory that may name something.
    pub(crate) fn names_in(&self, relative: &Path) -> io::Result<Vec<Vec<u8>>> {
        let mut names = Vec::new();
        for entry in Dir::read_from(self.directory(relative)?)? {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if self.policy.may_name(name) {
                names.push(name.to_owned());
            }
        }
        Ok(names)
    }
}

fn what_is(opened: OwnedFd) -> io::Result<Found> {
    let file = File::from(opened);
    let metadata = file.metadata()?;
    if metadata.is_dir() {
        return Ok(Found::Directory);
    }
    if !metadata.is_file() {
        return Ok(Found::Nothing);
    }
    let identity = identity(&metadata);
    let (modified, written) = (metadata.modified().ok(), Written::of(&metadata));
    Ok(Found::File(OpenFile { length: metadata.len(), modified, written, identity, file }))
}

/// The path names nothing, as opposed to something that cannot be read.
fn is_absence(error: Errno) -> bool {
    matches!(
        error,
        Errno::NOENT
            | Errno::NOTDIR
            | Errno::LOOP
            | Errno::NAMETOOLONG
            | Errno::INVAL
            | Errno::XDEV
            | Errno::NXIO // a socket
            | Errno::NODEV
    )
}

/// To read: without waiting for the other end of a pipe.
const READ: OFlags =
    OFlags::RDONLY.union(OFlags::NONBLOCK).union(OFlags::NOCTTY).union(OFlags::CLOEXEC);

/// To pass through a directory.
#[cfg(target_os = "linux")]
const PASS: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);
#[cfg(not(target_os = "linux"))]
const PASS: OFlags = READ.union(OFlags::DIRECTORY);

/// How many symbolic links are followed in one path.
const MOST_LINKS: usize = 40;

impl Root<'_> {
    fn open_below(&self, relative: &Path, flags: OFlags) -> Result<OwnedFd, Errno> {
        let relative = if relative.as_os_str().is_empty() { Path::new(".") } else { relative };
        if self.policy.symlinks == Symlinks::Follow {
            return openat(self.directory.as_fd(), relative, flags, self.patience);
        }
        match open_beneath(self.directory.as_fd(), relative, flags, self.patience) {
            Err(Errno::LOOP) if self.policy.symlinks == Symlinks::Deny => Err(Errno::LOOP),
            // A symbolic link; or a kernel or its guard that does not have the call.
            Err(Errno::LOOP | Errno::NOSYS | Errno::PERM) => match self.patience {
                Patience::None => Err(Errno::AGAIN),
                Patience::Any => self.walk(relative, flags),
            },
            opened => opened,
        }
    }

    /// Opens `relative` one name at a time, each below a directory that is open, and follows symbolic
    /// links by hand.
    fn walk(&self, relative: &Path, flags: OFlags) -> Result<OwnedFd, Errno> {
        let mut left = Vec::new();
        push_names(&mut left, relative)?;
        let mut passed: Vec<OwnedFd> = Vec::new();
        let mut links = 0;
        while let Some(name) = left.pop() {
            if name == ".." {
                passed.pop().ok_or(Errno::XDEV)?; // above the root
                continue;
            }
            if self.policy.hides(name.as_bytes()) {
                return Err(Errno::NOENT);
            }
            let here = passed.last().unwrap_or(&self.directory).as_fd();
            let flags = if left.is_empty() { flags } else { PASS };
            match openat(here, &*name, flags | OFlags::NOFOLLOW, Patience::Any) {
                Ok(opened) if left.is_empty() && !is_link(&opened) => return Ok(opened),
                Ok(opened) if !is_link(&opened) => passed.push(opened),
                result => {
                    let Ok(target) = rustix::fs::readlinkat(here, &*name, Vec::new()) else {
                        return Err(result.err().unwrap_or(Errno::LOOP));
                    };
                    links += 1;
                    if self.policy.symlinks == Symlinks::Deny || links > MOST_LINKS {
                        return Err(Errno::LOOP);
                    }
                    let target = Path::new(OsStr::from_bytes(target.as_bytes()));
                    if target.is_absolute() {
                        passed.clear();
                        push_names(&mut left, &self.below_root(target)?)?;
                    } else {
                        push_names(&mut left, target)?;
                    }
                }
            }
        }
        openat(
            passed.last().unwrap_or(&self.directory).as_fd(),
            Path::new("."),
            flags,
            Patience::Any,
        )
    }

    /// What an absolute path names below the root.
    fn below_root(&self, target: &Path) -> Result<PathBuf, Errno> {
        if let Ok(rest) = target.strip_prefix(self.path) {
            return Ok(rest.to_owned());
        }
        let root = fs::canonicalize(self.path).map_err(|_| Errno::XDEV)?;
        target.strip_prefix(root).map(Path::to_owned).map_err(|_| Errno::XDEV)
    }
}

/// Puts the names of a path onto a stack, the first one on top.
fn push_names(stack: &mut Vec<OsString>, path: &Path) -> Result<(), Errno> {
    for component in path.components().rev() {
        match component {
            Component::Normal(name) => stack.push(name.to_owned()),
            Component::ParentDir => stack.push("..".into()),
            Component::CurDir => {}
            Component::RootDir | Component::Prefix(_) => return Err(Errno::XDEV),
        }
    }
    Ok(())
}

/// Opening the way to a directory may give the link itself.
fn is_link(opened: &OwnedFd) -> bool {
    let status = rustix::fs::fstat(opened);
    status.is_ok_and(|status| {
        rustix::fs::FileType::from_raw_mode(status.st_mode) == rustix::fs::FileType::Symlink
    })
}

#[cfg(target_os = "linux")]
fn openat(
    directory: BorrowedFd<'_>,
    path: impl AsRef<Path>,
    flags: OFlags,
    patience: Patience,
) -> Result<OwnedFd, Errno> {
    match patience {
        Patience::None => openat2(directory, path.as_ref(), flags, ResolveFlags::CACHED),
        Patience::Any => rustix::fs::openat(directory, path.as_ref(), flags, Mode::empty()),
    }
}

#[cfg(not(target_os = "linux"))]
fn openat(
    directory: BorrowedFd<'_>,
    path: impl AsRef<Path>,
    flags: OFlags,
    _: Patience,
) -> Result<OwnedFd, Errno> {
    rustix::fs::openat(directory, path.as_ref(), flags, Mode::empty())
}

#[cfg(target_os = "linux")]
use rustix::fs::ResolveFlags;

/// Opens a path that has no symbolic link in it and stays below `directory`.
#[cfg(target_os = "linux")]
fn open_beneath(
    directory: BorrowedFd<'_>,
    path: &Path,
    flags: OFlags,
    patience: Patience,
) -> Result<OwnedFd, Errno> {
    let strict = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    let quick =
        if patience == Patience::None { ResolveFlags::CACHED } else { ResolveFlags::empty() };
    openat2(directory, path, flags, strict | quick)
}

#[cfg(not(target_os = "linux"))]
fn open_beneath(_: BorrowedFd<'_>, _: &Path, _: OFlags, _: Patience) -> Result<OwnedFd, Errno> {
    Err(Errno::NOSYS)
}

/// A kernel that does not know how not to wait says `EINVAL`: it would wait.
#[cfg(target_os = "linux")]
fn openat2(
    directory: BorrowedFd<'_>,
    path: &Path,
    flags: OFlags,
    resolve: ResolveFlags,
) -> Result<OwnedFd, Errno> {
    match rustix::fs::openat2(directory, path, flags, Mode::empty(), resolve) {
        Err(Errno::INVAL | Errno::NOSYS | Errno::PERM)
            if resolve.contains(ResolveFlags::CACHED) =>
        {
            Err(Errno::AGAIN)
        }
        opened => opened,
    }
}

#[cfg(test)]
mod tests;
