//! Walks a URL along a directory tree to a file, and has the handler of its extension answer:
//! `paste.urlparser.URLParser`.
//!
//! 1. Segments lead from directory to directory, up to the first that names a file; what a
//!    [`StaticDir`](crate::StaticDir) refuses names nothing here either.
//! 2. A segment names the file of that name, or else the one file of that name with an extension:
//!    `/report` is `report.txt`. Where there are several, it names none, and a warning is logged.
//! 3. A directory without its slash redirects (301). With it, the first of the index names answers
//!    that names a file.
//! 4. The handler sees the path up to the file as its script name, what follows as its path info, and
//!    the file as [`FoundFile`]. It answers any method.
//! 5. A handler's app is made once for each file, and anew when the file has changed. At most 1,024 are
//!    kept.
//! 6. A file whose extension has no handler is sent as a `StaticDir` sends files, and has no path behind
//!    it. A program (`.cgi`, `.php`, `.pl`, `.py`, `.rb`, `.sh`, `.wsgi`) without a handler names
//!    nothing: its source is not for visitors.
//! 7. Names with a hidden ending never answer. Names with an ignored extension answer only in full.
//! 8. What is not found goes to the hook of the nearest directory above that has one, with its path as
//!    it was; a request is given to a hook once.
//!
//! ```
//! use paste_core::{AppExt, Request, RequestExt, Result, response};
//! use paste_static::{FileTree, FoundFile};
//!
//! async fn shout(request: Request) -> Result {
//!     let file = &request.extensions().get::<FoundFile>().expect("set by the tree").0;
//!     Ok(response::text(format!("{} {}", file.display(), request.path_info())))
//! }
//!
//! let tree = FileTree::new("site").handler(".shout", |_file| Ok(shout.boxed()));
//! ```

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use paste_core::{App, AppExt, BoxApp, Error, Request, RequestExt, Result};

use crate::Delivery;
use crate::entity;
use crate::precompressed::Chosen;
use crate::resolve::{Found, Identity, OpenFile, Patience, Policy, Root, Symlinks};
use crate::static_dir::{file_entity, permitted, redirect_to_slash};

/// The most apps that are kept.
const MOST_APPS: usize = 1024;

/// What has programs' extensions is not sent.
const PROGRAMS: [&str; 7] = [".cgi", ".php", ".pl", ".py", ".rb", ".sh", ".wsgi"];

/// An app that finds files by URL and has handlers answer for them. See the [module](self) for the
/// rules. Clones share what they were told, and the apps that were made.
#[derive(Clone, Debug)]
pub struct FileTree {
    options: Arc<Options>,
    made: Arc<Mutex<HashMap<PathBuf, Made>>>,
}

/// The file that a [`FileTree`] found for a request: an extension of the request that its handler gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundFile(pub PathBuf);

type Factory = Arc<dyn Fn(&Path) -> Result<BoxApp> + Send + Sync>;

#[derive(Clone)]
struct Options {
    root: PathBuf,
    policy: Policy,
    index: Vec<String>,
    handlers: HashMap<String, Factory>,
    hide: Vec<String>,
    ignore: Vec<String>,
    not_found: Vec<(PathBuf, BoxApp)>,
    delivery: Delivery,
}

/// An app, and the identity of the file that it was made for.
#[derive(Debug)]
struct Made {
    identity: Identity,
    app: BoxApp,
}

/// Marks a request that a hook has.
#[derive(Clone, Debug)]
struct Hooked;

impl FileTree {
    /// Finds files below `root`, which is looked at anew with each request.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        let options = Options {
            root: root.into(),
            policy: Policy::default(),
            index: words(&["index", "main"]),
            handlers: HashMap::new(),
            hide: words(&[".bak", ".pyc", ".pyo", "~"]),
            ignore: Vec::new(),
            not_found: Vec::new(),
            delivery: Delivery::new(),
        };
        Self { options: Arc::new(options), made: Arc::default() }
    }

    fn options(&mut self) -> &mut Options {
        Arc::make_mut(&mut self.options)
    }

    /// Has the app that `factory` makes of a file's path answer for files with this extension, such as
    /// `.cgi`; an empty one is that of names without a dot. Default: none. The factory must not block
    /// for long: other files' apps wait for it.
    #[must_use]
    pub fn handler(
        mut self,
        extension: impl Into<String>,
        factory: impl Fn(&Path) -> Result<BoxApp> + Send + Sync + 'static,
    ) -> Self {
        self.options().handlers.insert(extension.into(), Arc::new(factory));
        self.made = Arc::default();
        self
    }

    /// The names, with or without extension, that answer for a directory, in order of preference.
    /// Default: `index`, `main`.
    #[must_use]
    pub fn index<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.options().index = names.into_iter().map(Into::into).collect();
        self
    }

    /// The endings of names that never answer. Default: `.bak`, `.pyc`, `.pyo`, `~`.
    #[must_use]
    pub fn hide<S: Into<String>>(mut self, endings: impl IntoIterator<Item = S>) -> Self {
        self.options().hide = endings.into_iter().map(Into::into).collect();
        self
    }

    /// The extensions, such as `.xml`, that cannot be left out. Default: none.
    #[must_use]
    pub fn ignore<S: Into<String>>(mut self, extensions: impl IntoIterator<Item = S>) -> Self {
        self.options().ignore = extensions.into_iter().map(Into::into).collect();
        self
    }

    /// Has `app` answer for what is not found in `directory`, a path below the root, and below it.
    /// Default: a 404.
    #[must_use]
    pub fn not_found(mut self, directory: impl Into<PathBuf>, app: impl App) -> Self {
        let hooks = &mut self.options().not_found;
        hooks.push((directory.into(), app.boxed()));
        hooks.sort_by_key(|(directory, _)| std::cmp::Reverse(directory.components().count()));
        self
    }

    /// Which symbolic links are followed. Default: [`Symlinks::Inside`].
    #[must_use]
    pub fn symlinks(mut self, symlinks: Symlinks) -> Self {
        self.options().policy.symlinks = symlinks;
        self
    }

    /// How files without a handler are sent. Default: [`Delivery::new`].
    #[must_use]
    pub fn delivery(mut self, delivery: Delivery) -> Self {
        self.options().delivery = delivery;
        self
    }

    /// The app of `factory` for a file, made now or before.
    fn app_for(&self, factory: &Factory, path: PathBuf, file: &OpenFile) -> Result<BoxApp> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(made) = made.get(&path).filter(|made| made.identity == file.identity) {
            return Ok(made.app.clone());
        }
        let app = factory(&path)?;
        if made.len() >= MOST_APPS {
            made.clear();
        }
        made.insert(path, Made { identity: file.identity, app: app.clone() });
        Ok(app)
    }

    /// The hook's answer, or a 404.
    async fn answer_not_found(&self, mut request: Request) -> Result {
        let path = self.options.policy.relative_path(request.uri().path()).unwrap_or_default();
        let mut hooks = self.options.not_found.iter();
        let hook = hooks.find(|(directory, _)| path.starts_with(directory));
        match hook {
            Some((_, app)) if request.extensions_mut().insert(Hooked).is_none() => {
                app.call(request).await
            }
            _ => Err(Error::not_found()),
        }
    }
}

impl App for FileTree {
    async fn call(&self, mut request: Request) -> Result {
        let (file, path, taken) = match find(&self.options, &request).await? {
            Way::File { file, path, taken } => (file, path, taken),
            Way::WithoutSlash => return Ok(redirect_to_slash(&request)),
            Way::Nothing => return self.answer_not_found(request).await,
        };
        if let Some(factory) = self.options.handlers.get(extension(&path)) {
            let file_path = self.options.root.join(&path);
            let app = self.app_for(factory, file_path.clone(), &file)?;
            request.shift_segments(taken);
            request.extensions_mut().insert(FoundFile(file_path));
            return app.call(request).await;
        }
        if let Some(answer) = entity::refuse(request.method()) {
            return answer;
        }
        let delivery = &self.options.delivery;
        let entity = file_entity(Chosen::plain(file), delivery.headers_for(&path));
        entity::answer(&request, entity, delivery.range_limit())
    }
}

/// Where a URL leads.
#[derive(Debug)]
enum Way {
    /// To a file at `path` below the root, named by so many segments.
    File {
        file: OpenFile,
        path: PathBuf,
        taken: usize,
    },
    /// To a directory without the slash that it needs.
    WithoutSlash,
    Nothing,
}

async fn find(options: &Arc<Options>, request: &Request) -> Result<Way> {
    let Some(relative) = options.policy.relative_path(request.uri().path()) else {
        return Ok(Way::Nothing);
    };
    let has_slash = request.path_info().ends_with('/');
    #[cfg(target_os = "linux")]
    match options.find(&relative, has_slash, Patience::None) {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
        found => return permitted(found),
    }
    let options = Arc::clone(options);
    let finding = move || options.find(&relative, has_slash, Patience::Any);
    permitted(tokio::task::spawn_blocking(finding).await?)
}

impl Options {
    fn find(&self, relative: &Path, has_slash: bool, patience: Patience) -> io::Result<Way> {
        let root = Root::open(&self.root, self.policy, patience)?;
        let mut directory = PathBuf::new();
        let segments = relative.iter().count();
        for (before, name) in relative.iter().enumerate() {
            let path = directory.join(name);
            if let Found::Directory = root.find(&path)? {
                directory = path;
                continue;
            }
            let taken = before + 1;
            let has_rest = taken < segments || has_slash;
            return Ok(match self.named(&root, &directory, name.as_bytes())? {
                Some((_, path)) if has_rest && !self.has_handler(&path) => Way::Nothing,
                Some((file, path)) => Way::File { file, path, taken },
                None => Way::Nothing,
            });
        }
        if !has_slash {
            return Ok(Way::WithoutSlash);
        }
        for name in &self.index {
            if let Some((file, path)) = self.named(&root, &directory, name.as_bytes())? {
                return Ok(Way::File { file, path, taken: segments });
            }
        }
        Ok(Way::Nothing)
    }

    /// The file in `directory` that `name` means, with or without its extension.
    fn named(
        &self,
        root: &Root<'_>,
        directory: &Path,
        name: &[u8],
    ) -> io::Result<Option<(OpenFile, PathBuf)>> {
        let path = directory.join(std::ffi::OsStr::from_bytes(name));
        if self.may_answer(&path)
            && let Found::File(file) = root.find(&path)?
        {
            return Ok(Some((file, path)));
        }
        if root.patience() != Patience::Any {
            return Err(io::ErrorKind::WouldBlock.into()); // the directory must be read
        }
        let mut found = None;
        for full in root.names_in(directory)? {
            let path = directory.join(std::ffi::OsStr::from_bytes(&full));
            let extension = extension(&path);
            let is_named = full.strip_suffix(extension.as_bytes()) == Some(name);
            let is_whole = extension.is_empty() || self.ignore.iter().any(|own| own == extension);
            if !is_named || is_whole || !self.may_answer(&path) {
                continue;
            }
            if let Found::File(file) = root.find(&path)?
                && let Some((_, other)) = found.replace((file, path.clone()))
            {
                tracing::warn!(path = %path.display(), other = %other.display(), "an ambiguous URL");
                return Ok(None);
            }
        }
        Ok(found)
    }

    fn may_answer(&self, path: &Path) -> bool {
        let name = path.file_name().unwrap_or_default().as_bytes();
        let is_hidden = self.hide.iter().any(|ending| name.ends_with(ending.as_bytes()));
        let extension = extension(path);
        let is_program = PROGRAMS.iter().any(|own| own.eq_ignore_ascii_case(extension));
        !is_hidden && (!is_program || self.has_handler(path))
    }

    fn has_handler(&self, path: &Path) -> bool {
        self.handlers.contains_key(extension(path))
    }
}

/// The extension with its dot; empty where there is none.
fn extension(path: &Path) -> &str {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    match name.rfind('.') {
        Some(dot) if dot > 0 => &name[dot..],
        _ => "",
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options").field("root", &self.root).finish_non_exhaustive()
    }
}
