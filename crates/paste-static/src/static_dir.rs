//! Serves the files below a directory: `paste.urlparser.StaticURLParser`.
//!
//! 1. GET and HEAD only; other methods are a 405.
//! 2. A path that names no file below the root is a 404: one that climbs (`..`), one with an encoded
//!    slash, backslash or NUL, one that follows a symbolic link out of the root, one that goes on
//!    behind a file. So is one with a segment that begins with a dot, except `.well-known`, and one
//!    that a symbolic link leads to such a name.
//! 3. A directory asked for without its slash redirects (301) to itself with the slash; the mount
//!    prefix and the query stay, and the target never begins with two slashes.
//! 4. A directory is answered by the first of its index files that exists.
//! 5. A file is streamed with its length, its modification time and the content type of the name
//!    that was asked for; text has the charset UTF-8. A file that shrinks meanwhile cuts the response.
//! 6. A file that exists and cannot be read is a 403 when permission lacks.
//!
//! ```
//! use paste_static::StaticDir;
//!
//! let files = StaticDir::new("public").index(["index.html"]);
//! ```

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{io, mem};

use http::{HeaderValue, Method, StatusCode, header};
use paste_core::path::collapse;
use paste_core::{
    App, Error, FileRange, Request, RequestExt, Response, Result, ResultExt, response,
};

use crate::file_body::file_body;
use crate::resolve::{Found, open, relative_path};

/// An app that serves the files below a directory. See the [module](self) for the rules.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, schemars::JsonSchema))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
#[cfg_attr(feature = "serde", schemars(description = "Serves the files below a directory."))]
pub struct StaticDir {
    /// The directory whose files are served.
    root: PathBuf,
    /// The names of the files that answer for a directory, in order of preference.
    #[cfg_attr(feature = "serde", serde(default = "default_index"))]
    index: Vec<String>,
}

fn default_index() -> Vec<String> {
    vec!["index.html".to_owned()]
}

impl StaticDir {
    /// Serves the files below `root`, which is looked at anew with each request.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into(), index: default_index() }
    }

    /// The names of the files that answer for a directory, in order of preference. Default:
    /// `index.html`.
    #[must_use]
    pub fn index<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.index = names.into_iter().map(Into::into).collect();
        self
    }

    /// Takes a relative root relative to `base`, not to the working directory.
    #[must_use]
    pub fn relative_to(mut self, base: &Path) -> Self {
        self.root = base.join(mem::take(&mut self.root));
        self
    }

    /// The names of the files that answer for a directory.
    pub fn index_names(&self) -> &[String] {
        &self.index
    }

    /// The directory whose files are served.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Opens a path below the root, off the async threads.
    async fn open(&self, relative: PathBuf) -> Result<Found> {
        let root = self.root.clone();
        let opening = tokio::task::spawn_blocking(move || open(&root, &relative));
        match opening.await? {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                Err(error).status(StatusCode::FORBIDDEN)
            }
            found => Ok(found?),
        }
    }

    /// The first index file of a directory that exists, and its name.
    async fn open_index(&self, directory: PathBuf) -> Result<(Found, PathBuf)> {
        for name in &self.index {
            let file = directory.join(name);
            let found = self.open(file.clone()).await?;
            if matches!(found, Found::File { .. }) {
                return Ok((found, file));
            }
        }
        Ok((Found::Nothing, directory))
    }
}

impl App for StaticDir {
    async fn call(&self, request: Request) -> Result {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return Err(Error::method_not_allowed(&[Method::GET, Method::HEAD]));
        }
        let relative = relative_path(request.uri().path()).not_found()?;
        let asks_for_directory = request.path_info().ends_with('/');
        let (found, name) = match self.open(relative.clone()).await? {
            Found::Directory if !asks_for_directory => return Ok(redirect_to_slash(&request)),
            Found::Directory => self.open_index(relative).await?,
            Found::File { .. } if asks_for_directory => (Found::Nothing, relative),
            found => (found, relative),
        };
        match found {
            Found::File { file, length, modified } => {
                let range = FileRange { file: Arc::new(file), offset: 0, length };
                let mut response = Response::new(file_body(range));
                let headers = response.headers_mut();
                headers.insert(header::CONTENT_TYPE, content_type(&name));
                headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
                if let Some(modified) = modified.map(httpdate::fmt_http_date) {
                    headers.insert(header::LAST_MODIFIED, HeaderValue::try_from(modified)?);
                }
                Ok(response)
            }
            Found::Directory | Found::Nothing => Err(Error::not_found()),
        }
    }
}

/// To the same path with a slash behind it. The script name and the collapsed path each begin with
/// just one slash, so the target can never name another host.
fn redirect_to_slash(request: &Request) -> Response {
    let rest = if request.path_info().is_empty() { "" } else { request.uri().path() };
    let mut location = format!("{}{}/", request.script_name(), collapse(rest));
    if let Some(query) = request.uri().query() {
        location.push('?');
        location.push_str(query);
    }
    response::redirect(StatusCode::MOVED_PERMANENTLY, &location)
}

fn content_type(path: &Path) -> HeaderValue {
    let guess = mime_guess::from_path(path).first_raw().unwrap_or("application/octet-stream");
    if guess.starts_with("text/") {
        let text = HeaderValue::try_from(format!("{guess}; charset=utf-8"));
        return text.unwrap_or(HeaderValue::from_static("text/plain; charset=utf-8"));
    }
    HeaderValue::from_static(guess)
}
