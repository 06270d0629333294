//! Serves one file: `paste.fileapp.FileApp`.
//!
//! 1. The path of the request does not count: whoever mounts the app decides where the file is.
//! 2. The file is looked at anew with each request, wherever symbolic links lead. One that is missing
//!    is a 404, one that may not be read is a 403.
//! 3. It is sent as [`StaticDir`](crate::StaticDir) sends files, with its compressed siblings.
//!
//! ```
//! use paste_static::FileApp;
//!
//! let robots = FileApp::new("public/robots.txt");
//! ```

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use paste_core::header::AcceptEncoding;
use paste_core::{App, Error, Request, Result};

use crate::Delivery;
use crate::entity;
use crate::precompressed::{Chosen, Siblings};
use crate::resolve::{Found, Patience, Policy, Root, Symlinks};
use crate::static_dir::{file_entity, permitted};

/// An app that serves one file. See the [module](self) for the rules.
#[derive(Clone, Debug)]
pub struct FileApp(Arc<Options>);

#[derive(Clone, Debug)]
struct Options {
    path: PathBuf,
    precompressed: Option<Siblings>,
    delivery: Delivery,
}

impl FileApp {
    /// Serves the file at `path`.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        let precompressed = Some(Siblings::default());
        let options = Options { path: path.into(), precompressed, delivery: Delivery::new() };
        Self(Arc::new(options))
    }

    /// Whether siblings that hold the file compressed are sent in its place. Default: `true`.
    #[must_use]
    pub fn precompressed(mut self, precompressed: bool) -> Self {
        Arc::make_mut(&mut self.0).precompressed = precompressed.then(Siblings::default);
        self
    }

    /// How the file is sent. Default: [`Delivery::new`].
    #[must_use]
    pub fn delivery(mut self, delivery: Delivery) -> Self {
        Arc::make_mut(&mut self.0).delivery = delivery;
        self
    }

    /// The path of the file.
    pub fn path(&self) -> &Path {
        &self.0.path
    }
}

impl App for FileApp {
    async fn call(&self, request: Request) -> Result {
        if let Some(answer) = entity::refuse(request.method()) {
            return answer;
        }
        let codings = AcceptEncoding::from_headers(request.headers());
        let Some(chosen) = find(&self.0, codings).await? else { return Err(Error::not_found()) };
        let entity = file_entity(chosen, self.0.delivery.headers_for(&self.0.path));
        entity::answer(&request, entity, self.0.delivery.range_limit())
    }
}

async fn find(options: &Arc<Options>, codings: AcceptEncoding) -> Result<Option<Chosen>> {
    #[cfg(target_os = "linux")]
    match options.find(&codings, Patience::None) {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
        found => return permitted(found),
    }
    let options = Arc::clone(options);
    permitted(tokio::task::spawn_blocking(move || options.find(&codings, Patience::Any)).await?)
}

impl Options {
    fn find(&self, codings: &AcceptEncoding, patience: Patience) -> io::Result<Option<Chosen>> {
        let policy = Policy { symlinks: Symlinks::Follow, dotfiles: true };
        let Some(name) = self.path.file_name().map(Path::new) else { return Ok(None) };
        let directory = self.path.parent().filter(|path| !path.as_os_str().is_empty());
        let directory = directory.unwrap_or(Path::new("."));
        let root = Root::open(directory, policy, patience)?;
        match root.find(name)? {
            Found::File(file) => match &self.precompressed {
                Some(siblings) => siblings.choose(&root, name, file, codings).map(Some),
                None => Ok(Some(Chosen::plain(file))),
            },
            Found::Directory | Found::Nothing => Ok(None),
        }
    }
}
