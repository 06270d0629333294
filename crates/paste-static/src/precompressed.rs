//! Siblings of a file that hold it compressed: `app.js.br` beside `app.js`.
//!
//! 1. `.br`, `.zst` and `.gz` count, where they are at least as new as the file itself.
//! 2. The client's `Accept-Encoding` chooses by quality; where it takes none, the file itself is sent.
//! 3. A sibling is found as any file is, and is identified by itself.

use std::io;
use std::path::{Path, PathBuf};

use paste_core::header::AcceptEncoding;

use crate::delivery::media_type;
use crate::resolve::{Found, OpenFile, Patience, Policy, open};

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

/// The best of `plain`, the file at `path`, and its siblings.
pub(crate) fn choose(
    root: &Path,
    path: &Path,
    policy: Policy,
    patience: Patience,
    plain: OpenFile,
    codings: &AcceptEncoding,
) -> io::Result<Chosen> {
    if !is_worth_it(media_type(path)) {
        return Ok(Chosen::plain(plain));
    }
    let mut siblings = Vec::new();
    for (coding, extension) in CODINGS {
        match open(root, &with_extension(path, extension), policy, patience) {
            Ok(Found::File(sibling)) if sibling.modified >= plain.modified => {
                siblings.push((coding, sibling));
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Err(error),
            _ => {}
        }
    }
    let varies = !siblings.is_empty();
    let best = codings.best(siblings.iter().map(|(coding, _)| *coding));
    let chosen = siblings.into_iter().find(|(coding, _)| Some(*coding) == best);
    Ok(match chosen {
        Some((coding, open)) => Chosen { open, coding: Some(coding), varies },
        None => Chosen { open: plain, coding: None, varies },
    })
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
