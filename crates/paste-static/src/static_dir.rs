//! Serves the files below a directory: `paste.urlparser.StaticURLParser`.
//!
//! 1. GET and HEAD only; OPTIONS is a 204 and other methods are a 405, both with `Allow`.
//! 2. A path that names no file below the root is a 404: one that climbs (`..`), one with an encoded
//!    slash, backslash or NUL, one that follows a symbolic link out of the root, one that goes on
//!    behind a file. So is one with a segment that begins with a dot, except `.well-known`, and one
//!    that a symbolic link leads to such a name.
//! 3. A directory asked for without its slash redirects (301) to itself with the slash; the mount
//!    prefix and the query stay, and the target never begins with two slashes.
//! 4. A directory is answered by the first of its index files that exists.
//! 5. A file is streamed with its length, its modification time and the content type of the name
//!    that was asked for; text has the charset UTF-8. A file that shrinks meanwhile cuts the response; so
//!    does one that is written to, where it takes more than one piece of 64 KiB: whoever gets all of it
//!    has got what it was when it was opened. Files are to be replaced, not changed.
//! 6. A file that exists and cannot be read is a 403 when permission lacks.
//! 7. A file has a strong `ETag` of its identity (device, inode, time of change, length); conditions
//!    and ranges are RFC 9110's. The time is that of the inode (`ctime`), which nobody sets back: a new
//!    name or mode gives another tag, too, and a change within one tick of the system's clock none.
//! 8. A sibling that holds the file compressed is sent in its place to clients that decode it, with an
//!    `ETag` of its own, if it is at least as new; then the answer varies by `Accept-Encoding`.
//! 9. Where it is turned on, a path that names nothing is answered by the file of that name with
//!    `.html`, and, if its last segment has no dot and the client asks for HTML, by the site's one page,
//!    which then varies by `Accept`.
//! 10. Where it is turned on, a directory without an index is listed, as HTML or as JSON, with what
//!     would be served of it and nothing else.
//!
//! ```
//! use paste_static::StaticDir;
//!
//! let files = StaticDir::new("public").index(["index.html"]);
//! ```

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use http::{HeaderMap, HeaderValue, StatusCode, header};
use paste_core::header::AcceptEncoding;
use paste_core::path::{collapse, segments};
use paste_core::{
    App, Error, FileRange, Request, RequestExt, Response, Result, ResultExt, response,
};

use crate::Delivery;
use crate::conditional::EntityTag;
use crate::entity::{self, Content, Entity};
use crate::precompressed::{Chosen, Siblings};
use crate::resolve::{Found, OpenFile, Patience, Policy, Root, Symlinks};

/// An app that serves the files below a directory. See the [module](self) for the rules. Clones share
/// what they were told.
#[derive(Clone, Debug)]
pub struct StaticDir(Arc<Options>);

#[derive(Clone, Debug)]
struct Options {
    root: PathBuf,
    index: Vec<String>,
    policy: Policy,
    precompressed: Option<Siblings>,
    html_extension: bool,
    spa: Option<PathBuf>,
    #[cfg(feature = "listing")]
    listing: bool,
    delivery: Delivery,
}

impl StaticDir {
    /// Serves the files below `root`, which is looked at anew with each request.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self(Arc::new(Options {
            root: root.into(),
            index: vec!["index.html".to_owned()],
            policy: Policy::default(),
            precompressed: Some(Siblings::default()),
            html_extension: false,
            spa: None,
            #[cfg(feature = "listing")]
            listing: false,
            delivery: Delivery::new(),
        }))
    }

    fn options(&mut self) -> &mut Options {
        Arc::make_mut(&mut self.0)
    }

    /// The names of the files that answer for a directory, in order of preference. Default:
    /// `index.html`.
    #[must_use]
    pub fn index<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.options().index = names.into_iter().map(Into::into).collect();
        self
    }

    /// Which symbolic links are followed. Default: [`Symlinks::Inside`].
    #[must_use]
    pub fn symlinks(mut self, symlinks: Symlinks) -> Self {
        self.options().policy.symlinks = symlinks;
        self
    }

    /// Whether names that begin with a dot are served; `.well-known` always is. Default: `false`.
    #[must_use]
    pub fn dotfiles(mut self, dotfiles: bool) -> Self {
        self.options().policy.dotfiles = dotfiles;
        self
    }

    /// Whether siblings that hold a file compressed are sent in its place. Default: `true`.
    #[must_use]
    pub fn precompressed(mut self, precompressed: bool) -> Self {
        self.options().precompressed = precompressed.then(Siblings::default);
        self
    }

    /// Whether `/about` is answered by `about.html` where nothing has that name. Default: `false`.
    #[must_use]
    pub fn html_extension(mut self, html_extension: bool) -> Self {
        self.options().html_extension = html_extension;
        self
    }

    /// The page below the root that answers for paths that name nothing, for an application that runs
    /// in the browser. It answers where the last segment has no dot and `Accept` names HTML. Default: none.
    #[must_use]
    pub fn spa(mut self, page: impl Into<PathBuf>) -> Self {
        self.options().spa = Some(page.into());
        self
    }

    /// Whether a directory without an index is listed: to people as a page that sorts, to programs as
    /// JSON, by `Accept`. Default: `false`.
    #[cfg(feature = "listing")]
    #[must_use]
    pub fn listing(mut self, listing: bool) -> Self {
        self.options().listing = listing;
        self
    }

    /// How files are sent. Default: [`Delivery::new`].
    #[must_use]
    pub fn delivery(mut self, delivery: Delivery) -> Self {
        self.options().delivery = delivery;
        self
    }

    /// Takes a relative root relative to `base`, not to the working directory.
    #[must_use]
    pub fn relative_to(mut self, base: &Path) -> Self {
        let root = base.join(&self.0.root);
        self.options().root = root;
        self
    }

    /// The directory whose files are served.
    pub fn root(&self) -> &Path {
        &self.0.root
    }
}

impl App for StaticDir {
    async fn call(&self, request: Request) -> Result {
        let refused = entity::refuse(request.method());
        if let Some(Err(error)) = refused {
            return Err(error);
        }
        let answer = find(&self.0, Asked::of(&self.0, &request)?).await?;
        if let (Some(Ok(options)), false) = (refused, matches!(answer, Answer::Nothing)) {
            return Ok(options);
        }
        match answer {
            Answer::File(chosen, path, is_fallback) => {
                let mut headers = self.0.delivery.headers_for(&path);
                if is_fallback {
                    headers.append(header::VARY, HeaderValue::from_static("accept"));
                }
                let entity = file_entity(chosen, headers);
                entity::answer(&request, entity, self.0.delivery.range_limit())
            }
            #[cfg(feature = "listing")]
            Answer::Listing(listing) => {
                let entity = listing.entity(&request)?;
                entity::answer(&request, entity, 0)
            }
            Answer::WithoutSlash => Ok(redirect_to_slash(&request)),
            Answer::Nothing => Err(Error::not_found()),
        }
    }
}

/// What the client asks for, as far as it decides which file is sent.
#[derive(Clone, Debug)]
struct Asked {
    relative: PathBuf,
    is_directory: bool,
    codings: AcceptEncoding,
    /// It would take the one page of an application.
    takes_page: bool,
}

/// What there is for it.
#[derive(Debug)]
enum Answer {
    /// A file, the path that gives it its type, and whether it is the one page of an application.
    File(Chosen, PathBuf, bool),
    /// What is in a directory.
    #[cfg(feature = "listing")]
    Listing(crate::listing::Listing),
    /// A directory without the slash that it needs.
    WithoutSlash,
    Nothing,
}

impl Asked {
    fn of(options: &Options, request: &Request) -> Result<Self> {
        let path = request.uri().path();
        let takes_html = || {
            let accept = request.accept();
            let mut ranges = accept.ranges().iter().filter(|range| range.quality() > 0);
            ranges.any(|range| range.essence() == ("text", "html"))
        };
        let is_file_name = segments(path).last().is_some_and(|name| name.contains('.'));
        Ok(Self {
            relative: options.policy.relative_path(path).not_found()?,
            is_directory: request.path_info().ends_with('/'),
            codings: AcceptEncoding::from_headers(request.headers()),
            takes_page: options.spa.is_some() && !is_file_name && takes_html(),
        })
    }
}

/// Looks for what is asked for: at once, where the system has it in its memory, or on the blocking pool.
async fn find(options: &Arc<Options>, asked: Asked) -> Result<Answer> {
    #[cfg(target_os = "linux")]
    match options.find(&asked, Patience::None) {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
        found => return permitted(found),
    }
    let options = Arc::clone(options);
    permitted(tokio::task::spawn_blocking(move || options.find(&asked, Patience::Any)).await?)
}

pub(crate) fn permitted<T>(found: io::Result<T>) -> Result<T> {
    match found {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            Err(error).status(StatusCode::FORBIDDEN)
        }
        // A directory that went away after it was found.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(error).not_found(),
        found => Ok(found?),
    }
}

impl Options {
    fn find(&self, asked: &Asked, patience: Patience) -> io::Result<Answer> {
        let root = Root::open(&self.root, self.policy, patience)?;
        match root.find(&asked.relative)? {
            Found::Directory if !asked.is_directory => return Ok(Answer::WithoutSlash),
            Found::Directory => {
                for name in &self.index {
                    let path = asked.relative.join(name);
                    if let Some(answer) = self.file(&root, path, asked)? {
                        return Ok(answer);
                    }
                }
                #[cfg(feature = "listing")]
                if self.listing {
                    if patience == Patience::None {
                        return Err(io::ErrorKind::WouldBlock.into());
                    }
                    let listing = crate::listing::read(&root, &asked.relative)?;
                    return Ok(Answer::Listing(listing));
                }
            }
            Found::File(file) if !asked.is_directory => {
                return self.choose(&root, file, asked.relative.clone(), asked);
            }
            Found::File(_) | Found::Nothing => {}
        }
        if self.html_extension && !asked.is_directory && asked.relative.file_name().is_some() {
            let mut path = asked.relative.clone().into_os_string();
            path.push(".html");
            if let Some(answer) = self.file(&root, path.into(), asked)? {
                return Ok(answer);
            }
        }
        if let (Some(page), true) = (&self.spa, asked.takes_page)
            && let Some(Answer::File(chosen, path, _)) = self.file(&root, page.clone(), asked)?
        {
            return Ok(Answer::File(chosen, path, true));
        }
        Ok(Answer::Nothing)
    }

    /// The file at `path`, if there is one.
    fn file(&self, root: &Root<'_>, path: PathBuf, asked: &Asked) -> io::Result<Option<Answer>> {
        match root.find(&path)? {
            Found::File(file) => self.choose(root, file, path, asked).map(Some),
            Found::Directory | Found::Nothing => Ok(None),
        }
    }

    fn choose(
        &self,
        root: &Root<'_>,
        file: OpenFile,
        path: PathBuf,
        asked: &Asked,
    ) -> io::Result<Answer> {
        let chosen = match &self.precompressed {
            Some(siblings) => siblings.choose(root, &path, file, &asked.codings)?,
            None => Chosen::plain(file),
        };
        Ok(Answer::File(chosen, path, false))
    }
}

/// A file as it is sent, with its identity as its tag.
pub(crate) fn file_entity(chosen: Chosen, mut headers: HeaderMap) -> Entity {
    let Chosen { open, coding, varies } = chosen;
    if let Some(coding) = coding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
    }
    if varies {
        headers.append(header::VARY, HeaderValue::from_static("accept-encoding"));
    }
    let range = FileRange { file: Arc::new(open.file), offset: 0, length: open.length };
    Entity {
        content: Content::File(range, open.written),
        tag: Some(EntityTag::of_identity(&open.identity, open.length)),
        modified: open.modified,
        headers,
    }
}

/// To the same path with a slash behind it. The script name and the collapsed path each begin with
/// just one slash, so the target can never name another host.
pub(crate) fn redirect_to_slash(request: &Request) -> Response {
    let rest = if request.path_info().is_empty() { "" } else { request.uri().path() };
    let mut location = format!("{}{}/", request.script_name(), collapse(rest));
    if let Some(query) = request.uri().query() {
        location.push('?');
        location.push_str(query);
    }
    response::redirect(StatusCode::MOVED_PERMANENTLY, &location)
}
