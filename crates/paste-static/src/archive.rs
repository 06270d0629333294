//! Serves the files in a zip archive, which is never extracted.
//!
//! 1. The archive is read when the app is made, and anew when another file is at its path (by inode, time
//!    of change and length, asked for with each request); who reads the old one reads on. Where it is
//!    gone, or is no archive, the old one stays, and that is logged once. Until a new one is read, others
//!    get the old one.
//! 2. Paths are found as those of a [`StaticDir`](crate::StaticDir) are: the same names are refused, a
//!    directory redirects to its slash and is answered by its index. Links and encrypted entries are
//!    not served.
//! 3. What the archive holds uncompressed is sent as a part of its file; the rest is inflated for each
//!    request, up to a limit for each entry. An entry that is larger is an error when the app is made,
//!    and one that gives more than it says, or other bytes, is a 500. So is one of an archive that was
//!    written to in place and is no archive now.
//! 4. Files are sent as a `StaticDir` sends them; the time of change is that of the archive.
//!
//! ```no_run
//! use paste_static::Archive;
//!
//! let manual = Archive::open("manual.zip")?;
//! # Ok::<(), paste_static::ArchiveError>(())
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs::{File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, TryLockError};
use std::time::SystemTime;

use paste_core::{App, Error, FileRange, Request, Result};
use zip::{CompressionMethod, ZipArchive};

use crate::Delivery;
use crate::conditional::EntityTag;
use crate::entity::{self, Content, Entity};
use crate::file_body::Written;
use crate::packed::{Located, is_servable, locate};
use crate::resolve::{Identity, identity};
use crate::static_dir::redirect_to_slash;

/// The largest entry that is inflated by default: 64 MiB.
pub const MAX_ENTRY: u64 = 64 * 1024 * 1024;

/// An app that serves the files in a zip archive. See the [module](self) for the rules. Clones share
/// the archive.
#[derive(Clone)]
pub struct Archive {
    source: Arc<Source>,
    index: Vec<String>,
    delivery: Delivery,
}

/// The archive at a path.
struct Source {
    path: PathBuf,
    max_entry: u64,
    current: RwLock<Arc<Opened>>,
    /// What was there last, if it could not be read. Locked while a new one is opened.
    refused: Mutex<Option<Refused>>,
}

/// An archive that is open.
struct Opened {
    zip: ZipArchive<Shared>,
    entries: Entries,
    stamp: Stamp,
}

/// What was no archive: nothing, or something with that stamp.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Refused(Option<Stamp>);

/// What tells one archive from another.
type Stamp = (Identity, u64);

/// An archive that cannot be served.
#[derive(Debug)]
pub struct ArchiveError(String);

#[derive(Debug)]
struct Entries {
    files: BTreeMap<String, Place>,
    directories: BTreeSet<String>,
    modified: Option<SystemTime>,
    written: Written,
}

#[derive(Debug)]
struct Place {
    number: usize,
    size: u64,
    tag: EntityTag,
    /// Where its bytes begin, if they are uncompressed.
    stored_at: Option<u64>,
}

impl Archive {
    /// Serves the archive at `path`, with entries of up to [`MAX_ENTRY`] bytes. Blocks.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, ArchiveError> {
        Self::open_limited(path, MAX_ENTRY)
    }

    /// The same with compressed entries of up to `max_entry` bytes, when they are inflated.
    pub fn open_limited(path: impl AsRef<Path>, max_entry: u64) -> Result<Self, ArchiveError> {
        let path = path.as_ref();
        let opened = Opened::open(path, max_entry)?;
        let source = Source {
            path: path.to_owned(),
            max_entry,
            current: RwLock::new(Arc::new(opened)),
            refused: Mutex::new(None),
        };
        let index = vec!["index.html".to_owned()];
        Ok(Self { source: Arc::new(source), index, delivery: Delivery::new() })
    }

    /// The names of the files that answer for a directory, in order of preference. Default:
    /// `index.html`.
    #[must_use]
    pub fn index<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.index = names.into_iter().map(Into::into).collect();
        self
    }

    /// How the files are sent. Default: [`Delivery::new`].
    #[must_use]
    pub fn delivery(mut self, delivery: Delivery) -> Self {
        self.delivery = delivery;
        self
    }
}

impl Source {
    fn current(&self) -> Arc<Opened> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The archive, read anew if another one is at its path.
    async fn newest(self: &Arc<Self>) -> Result<Arc<Opened>> {
        let there = std::fs::metadata(&self.path).ok().map(|metadata| stamp(&metadata));
        let is_known = there == Some(self.current().stamp)
            || self.lock_refused().is_none_or(|refused| *refused == Some(Refused(there)));
        if !is_known {
            let source = Arc::clone(self);
            tokio::task::spawn_blocking(move || source.open_anew(there)).await?;
        }
        Ok(self.current())
    }

    /// `None`: somebody opens a new one.
    fn lock_refused(&self) -> Option<MutexGuard<'_, Option<Refused>>> {
        match self.refused.try_lock() {
            Ok(refused) => Some(refused),
            Err(TryLockError::Poisoned(refused)) => Some(refused.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    fn open_anew(&self, there: Option<Stamp>) {
        let Some(mut refused) = self.lock_refused() else { return };
        let is_told = refused.replace(Refused(there)).is_some();
        match Opened::open(&self.path, self.max_entry) {
            Ok(opened) => {
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(opened);
                *refused = None;
            }
            Err(error) if !is_told => {
                tracing::error!(%error, "the archive cannot be read anew; the old one stays");
            }
            Err(_) => {}
        }
    }
}

fn stamp(metadata: &Metadata) -> Stamp {
    (identity(metadata), metadata.len())
}

impl Opened {
    fn open(path: &Path, max_entry: u64) -> Result<Self, ArchiveError> {
        let told = |error: &dyn fmt::Display| ArchiveError(format!("{}: {error}", path.display()));
        let file = File::open(path).map_err(|error| told(&error))?;
        let metadata = file.metadata().map_err(|error| told(&error))?;
        let shared = Shared { file: Arc::new(file), at: 0 };
        let mut zip = ZipArchive::new(shared).map_err(|error| told(&error))?;
        let mut entries = Entries {
            files: BTreeMap::new(),
            directories: BTreeSet::new(),
            modified: metadata.modified().ok(),
            written: Written::of(&metadata),
        };
        let stamp = stamp(&metadata);
        for number in 0..zip.len() {
            let entry = zip.by_index_raw(number).map_err(|error| told(&error))?;
            let Ok(name) = entry.name().map(std::borrow::Cow::into_owned) else { continue };
            if entry.is_symlink() || entry.encrypted() || entry.is_dir() || !is_servable(&name) {
                continue;
            }
            let is_stored = entry.compression() == CompressionMethod::Stored;
            let size = entry.size();
            if !is_stored && size > max_entry {
                let large =
                    format!("`{name}` has {size} bytes, more than the limit of {max_entry}");
                return Err(told(&large));
            }
            let stored_at = if is_stored { entry.data_start() } else { None };
            let tag = EntityTag::of_identity(&(stamp, number, entry.crc32()), size);
            let ends = name.match_indices('/').map(|(at, _)| at);
            entries.directories.extend(ends.map(|end| name[..end].to_owned()));
            entries.files.entry(name).or_insert(Place { number, size, tag, stored_at });
        }
        Ok(Self { zip, entries, stamp })
    }

    async fn content(&self, place: &Place) -> Result<Content> {
        let (mut archive, number, size) = (self.zip.clone(), place.number, place.size);
        if let Some(offset) = place.stored_at {
            let (file, written) = (archive.into_inner().file, self.entries.written);
            written.check(&file)?;
            return Ok(Content::File(FileRange { file, offset, length: size }, written));
        }
        let inflating = tokio::task::spawn_blocking(move || {
            let mut bytes = Vec::new();
            archive.by_index(number)?.take(size.saturating_add(1)).read_to_end(&mut bytes)?;
            if bytes.len() as u64 == size {
                Ok(bytes)
            } else {
                Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "an entry has another size than it says",
                ))
            }
        });
        Ok(Content::Bytes(inflating.await??.into()))
    }
}

impl App for Archive {
    async fn call(&self, request: Request) -> Result {
        let refused = entity::refuse(request.method());
        if let Some(Err(error)) = refused {
            return Err(error);
        }
        let opened = self.source.newest().await?;
        let entries = &opened.entries;
        let has_file = |name: &str| entries.files.contains_key(name);
        let has_directory = |name: &str| entries.directories.contains(name);
        let located = locate(&request, &self.index, has_file, has_directory);
        if let (Some(Ok(options)), false) = (refused, located == Located::Nothing) {
            return Ok(options);
        }
        let name = match located {
            Located::File(name) => name,
            Located::WithoutSlash => return Ok(redirect_to_slash(&request)),
            Located::Nothing => return Err(Error::not_found()),
        };
        let Some(place) = entries.files.get(&name) else { return Err(Error::not_found()) };
        let entity = Entity {
            content: opened.content(place).await?,
            tag: Some(place.tag.clone()),
            modified: entries.modified,
            headers: self.delivery.headers_for(Path::new(&name)),
        };
        entity::answer(&request, entity, self.delivery.range_limit())
    }
}

impl fmt::Debug for Archive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Archive").field("path", &self.source.path).finish_non_exhaustive()
    }
}

impl fmt::Display for ArchiveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ArchiveError {}

/// A file that several read at once, each at a place of its own.
#[derive(Clone, Debug)]
struct Shared {
    file: Arc<File>,
    at: u64,
}

impl Read for Shared {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(buffer, self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

impl Seek for Shared {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
            SeekFrom::End(by) => self.file.metadata()?.len().checked_add_signed(by),
        };
        self.at = at.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}
