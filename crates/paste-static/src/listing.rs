//! Lists a directory, as HTML or as JSON.
//!
//! 1. What is listed is what would be served: the same names are hidden, the same links left out, and
//!    pipes, sockets and devices are not there.
//! 2. `Accept` chooses between a page and JSON (`name`, `href`, `type`, `size` in bytes, `modified` as in
//!    HTTP). `href` is a URL relative to the directory's, right for names that are not UTF-8, too.
//! 3. `?sort=name`, `size` or `modified` and `&order=desc` sort; directories come first.
//! 4. Names are escaped by construction, and links go nowhere else than below the directory.
//! 5. At most 10,000 entries are listed; the page tells if there are more. The answer has a weak `ETag`.

use std::cmp::Ordering;
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{HeaderMap, HeaderValue, header};
use maud::{DOCTYPE, Markup, html};
use paste_core::{Request, RequestExt, Result};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use rustix::fs::{AtFlags, Dir, FileType};
use serde::Serialize;

use crate::conditional::EntityTag;
use crate::entity::{Content, Entity};
use crate::resolve::{Found, Root};

/// The most entries that are listed.
const MOST: usize = 10_000;

/// What is in a directory.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    entries: Vec<Entry>,
    has_more: bool,
}

#[derive(Debug)]
struct Entry {
    name: Vec<u8>,
    is_directory: bool,
    size: u64,
    modified: Option<SystemTime>,
}

/// An entry as JSON tells it.
#[derive(Serialize)]
struct Told<'a> {
    name: &'a str,
    href: String,
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    modified: Option<String>,
}

/// Reads what of a directory may be served.
pub(crate) fn read(root: &Root<'_>, relative: &Path) -> io::Result<Listing> {
    let directory = root.directory(relative)?;
    let mut listing = Listing::default();
    for found in Dir::read_from(&directory)? {
        let found = found?;
        let name = found.file_name().to_bytes();
        if !root.may_name(name) {
            continue;
        }
        let Ok(status) =
            rustix::fs::statat(&directory, found.file_name(), AtFlags::SYMLINK_NOFOLLOW)
        else {
            continue; // it is gone already
        };
        let entry = match FileType::from_raw_mode(status.st_mode) {
            FileType::Directory => Entry::of(name, true, 0, time(&status)),
            FileType::RegularFile => {
                Entry::of(name, false, u64::try_from(status.st_size).unwrap_or(0), time(&status))
            }
            FileType::Symlink => {
                let path = relative.join(OsStr::from_bytes(name));
                match root.find(&path) {
                    Ok(Found::Directory) => Entry::of(name, true, 0, None),
                    Ok(Found::File(file)) => Entry::of(name, false, file.length, file.modified),
                    Ok(Found::Nothing) | Err(_) => continue,
                }
            }
            _ => continue,
        };
        if listing.entries.len() == MOST {
            listing.has_more = true;
            break;
        }
        listing.entries.push(entry);
    }
    Ok(listing)
}

fn time(status: &rustix::fs::Stat) -> Option<SystemTime> {
    let seconds = u64::try_from(status.st_mtime).ok()?;
    UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

impl Entry {
    fn of(name: &[u8], is_directory: bool, size: u64, modified: Option<SystemTime>) -> Self {
        Self { name: name.to_owned(), is_directory, size, modified }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.name).into_owned()
    }

    /// A link from the directory's page: the dot keeps a colon from making a scheme.
    fn link(&self) -> String {
        const NOT_IN_SEGMENTS: &AsciiSet =
            &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
        let slash = if self.is_directory { "/" } else { "" };
        format!("./{}{slash}", percent_encode(&self.name, NOT_IN_SEGMENTS))
    }

    fn date(&self) -> Option<String> {
        self.modified.map(httpdate::fmt_http_date)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    Name,
    Size,
    Modified,
}

impl Key {
    const ALL: [(Self, &'static str, &'static str); 3] = [
        (Self::Name, "name", "Name"),
        (Self::Size, "size", "Size"),
        (Self::Modified, "modified", "Modified"),
    ];

    fn compare(self, one: &Entry, other: &Entry) -> Ordering {
        match self {
            Self::Name => one.name.cmp(&other.name),
            Self::Size => one.size.cmp(&other.size),
            Self::Modified => one.modified.cmp(&other.modified),
        }
    }
}

/// The key and whether it counts downwards.
fn order(query: &str) -> (Key, bool) {
    let says = |pair: &str| query.split('&').any(|own| own == pair);
    let key = Key::ALL.into_iter().find(|(_, name, _)| says(&format!("sort={name}")));
    (key.map_or(Key::Name, |(key, ..)| key), says("order=desc"))
}

impl Listing {
    /// The listing as the client wants it.
    pub(crate) fn entity(mut self, request: &Request) -> Result<Entity> {
        let (key, is_descending) = order(request.uri().query().unwrap_or_default());
        self.entries.sort_by(|one, other| {
            let order = key.compare(one, other).then_with(|| one.name.cmp(&other.name));
            let order = if is_descending { order.reverse() } else { order };
            other.is_directory.cmp(&one.is_directory).then(order)
        });
        let best = request.accept().best(["text/html", "application/json"]);
        let (kind, content) = if best == Some("application/json") {
            ("application/json", self.json()?)
        } else {
            let path = request.script_name().to_owned() + request.uri().path();
            let page = self.page(&paste_core::path::decode_text(&path), key, is_descending);
            ("text/html; charset=utf-8", page.into_string().into_bytes())
        };
        let mut headers = HeaderMap::new();
        for (name, value) in [
            (header::CONTENT_TYPE, kind),
            (header::VARY, "accept"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        let tag = EntityTag::of_identity(&content, content.len() as u64).weak();
        let content = Content::Bytes(content.into());
        Ok(Entity { content, tag: Some(tag), modified: None, headers })
    }

    fn json(&self) -> Result<Vec<u8>> {
        let names: Vec<String> = self.entries.iter().map(Entry::text).collect();
        let told = self.entries.iter().zip(&names).map(|(entry, name)| Told {
            name,
            href: entry.link(),
            r#type: if entry.is_directory { "directory" } else { "file" },
            size: (!entry.is_directory).then_some(entry.size),
            modified: entry.date(),
        });
        Ok(serde_json::to_vec(&told.collect::<Vec<_>>())?)
    }

    fn page(&self, path: &str, key: Key, is_descending: bool) -> Markup {
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    title { (path) }
                    style { (STYLE) }
                }
                body {
                    h1 { (path) }
                    table {
                        thead {
                            tr {
                                @for (own, name, title) in Key::ALL {
                                    @let turns = own == key && !is_descending;
                                    th aria-sort=[(own == key).then_some(if is_descending { "descending" } else { "ascending" })] {
                                        a href={ "?sort=" (name) @if turns { "&order=desc" } } { (title) }
                                    }
                                }
                            }
                        }
                        tbody {
                            @if !path.trim_matches('/').is_empty() {
                                tr { td { a href="../" { "../" } } td {} td {} }
                            }
                            @for entry in &self.entries {
                                tr {
                                    td { a href=(entry.link()) { (entry.text()) @if entry.is_directory { "/" } } }
                                    td { @if !entry.is_directory { (size(entry.size)) } }
                                    td { @if let Some(date) = entry.date() { (date) } }
                                }
                            }
                        }
                    }
                    @if self.has_more { p { "Only the first " (MOST) " entries are shown." } }
                }
            }
        }
    }
}

const STYLE: &str = ":root{color-scheme:light dark}\
    body{font:1rem/1.5 system-ui,sans-serif;margin:1rem auto;max-width:60rem;padding:0 1rem}\
    h1{font-size:1.2rem;overflow-wrap:anywhere}table{border-collapse:collapse;width:100%}\
    th{text-align:left}td,th{padding:.3rem .5rem .3rem 0;overflow-wrap:anywhere}\
    td+td{white-space:nowrap;opacity:.7}tr+tr{border-top:1px solid #8886}\
    @media(max-width:40rem){td+td+td,th+th+th{display:none}}";

/// A size as people read it.
fn size(bytes: u64) -> String {
    let (mut unit, mut name) = (1_u64, "B");
    for larger in ["KiB", "MiB", "GiB", "TiB"] {
        if bytes / unit < 1024 {
            break;
        }
        (unit, name) = (unit * 1024, larger);
    }
    match (bytes / unit, u128::from(bytes) * 10 / u128::from(unit) % 10) {
        (whole, _) if unit == 1 => format!("{whole} B"),
        (whole, tenths) => format!("{whole}.{tenths} {name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_by_people() {
        for (bytes, expected) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (1536, "1.5 KiB"),
            (5 << 30, "5.0 GiB"),
            (u64::MAX, "16777215.9 TiB"),
        ] {
            assert_eq!(size(bytes), expected);
        }
    }
}
