//! Serves the files below a directory: `paste.urlparser.StaticURLParser`.
//!
//! 1. GET and HEAD only; other methods are a 405.
//! 2. A path that names no file below the root is a 404: one that climbs (`..`), one with an encoded
//!    slash, backslash or NUL, one that follows a symbolic link out of the root, one that goes on
//!    behind a file. So is one with a segment that begins with a dot, except `.well-known`.
//! 3. A directory asked for without its slash redirects (301) to itself with the slash; the mount
//!    prefix and the query stay, and the target never begins with two slashes.
//! 4. A directory is answered by the first of its index files that exists.
//! 5. A file is streamed with its length, its modification time and its content type; text has the
//!    charset UTF-8. A file that shrinks meanwhile cuts the response.
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

    /// The first index file of a directory that exists.
    async fn open_index(&self, directory: &Path) -> Result<Found> {
        for name in &self.index {
            let found = self.open(directory.join(name)).await?;
            if matches!(found, Found::File { .. }) {
                return Ok(found);
            }
        }
        Ok(Found::Nothing)
    }
}

impl App for StaticDir {
    async fn call(&self, request: Request) -> Result {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return Err(Error::method_not_allowed(&[Method::GET, Method::HEAD]));
        }
        let relative = relative_path(request.uri().path()).not_found()?;
        let asks_for_directory = request.path_info().ends_with('/');
        let found = match self.open(relative.clone()).await? {
            Found::Directory if !asks_for_directory => return Ok(redirect_to_slash(&request)),
            Found::Directory => self.open_index(&relative).await?,
            Found::File { .. } if asks_for_directory => Found::Nothing,
            found => found,
        };
        match found {
            Found::File { file, path, length, modified } => {
                let range = FileRange { file: Arc::new(file), offset: 0, length };
                let mut response = Response::new(file_body(range));
                let headers = response.headers_mut();
                headers.insert(header::CONTENT_TYPE, content_type(&path));
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

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use http::response::Parts;
    use paste_core::Body;

    use super::*;

    /// A root beside a file that must never be served.
    fn site() -> (tempfile::TempDir, StaticDir) {
        let base = tempfile::tempdir().unwrap();
        let root = base.path().join("root");
        fs::create_dir_all(root.join("sub/empty")).unwrap();
        fs::create_dir(root.join(".well-known")).unwrap();
        fs::create_dir(base.path().join("rootsecret")).unwrap();
        for (path, content) in [
            ("secret.txt", "secret"),
            ("rootsecret/x", "secret"),
            ("root/a.txt", "alpha"),
            ("root/sub/index.html", "<p>sub</p>"),
            ("root/.env", "secret"),
            ("root/.well-known/x", "known"),
            ("root/é x.json", "{}"),
            ("root/empty", ""),
        ] {
            fs::write(base.path().join(path), content).unwrap();
        }
        symlink("../secret.txt", root.join("out")).unwrap();
        symlink("../rootsecret", root.join("outdir")).unwrap();
        symlink("a.txt", root.join("in")).unwrap();
        symlink("loop", root.join("loop")).unwrap();
        let files = StaticDir::new("root").relative_to(base.path());
        (base, files)
    }

    async fn ask(app: &StaticDir, method: Method, target: &str) -> (Parts, String) {
        let request =
            http::Request::builder().method(method).uri(target).body(Body::empty()).unwrap();
        ask_with(app, request).await
    }

    async fn ask_with(app: &StaticDir, request: Request) -> (Parts, String) {
        let renderer = paste_core::ErrorRenderer::for_request(&request);
        let response =
            app.call(request).await.unwrap_or_else(|mut error| renderer.render(&mut error));
        let (head, body) = response.into_parts();
        (head, String::from_utf8(body.collect(10_000_000).await.unwrap().to_vec()).unwrap())
    }

    #[tokio::test]
    async fn rule_1_other_methods_are_a_405() {
        let (_base, files) = site();
        let (head, _) = ask(&files, Method::POST, "/a.txt").await;
        assert_eq!(
            (head.status.as_u16(), &head.headers["allow"]),
            (405, &HeaderValue::from_static("GET, HEAD"))
        );
    }

    #[tokio::test]
    async fn rule_2_what_is_not_below_the_root_is_a_404() {
        let (_base, files) = site();
        for target in [
            "/missing",
            "/../secret.txt",
            "/%2e%2e/secret.txt",
            "/sub/../../secret.txt",
            "/sub/..",
            "/out",
            "/outdir/x",
            "/loop",
            "/.env",
            "/a.txt/",
            "/a.txt/more",
            "/..%2fsecret.txt",
            "/a.txt%00",
            "/a.txt%00.html",
            "/sub%2Findex.html",
            "/../rootsecret/x",
            "/%E9",
            "/sub/empty/",
            "/",
        ] {
            let (head, body) = ask(&files, Method::GET, target).await;
            assert_eq!(head.status, 404, "{target}");
            assert!(!body.contains("secret") && !body.contains("root"), "{target}: {body}");
        }
        let long = format!("/{}", "x".repeat(5000));
        assert_eq!(ask(&files, Method::GET, &long).await.0.status, 404);
        for (target, content) in
            [("/in", "alpha"), ("/.well-known/x", "known"), ("//a.txt", "alpha")]
        {
            let (head, body) = ask(&files, Method::GET, target).await;
            assert_eq!((head.status.as_u16(), &*body), (200, content), "{target}");
        }
    }

    #[tokio::test]
    async fn rule_3_a_directory_without_its_slash_redirects() {
        let (_base, files) = site();
        for (target, shifted, location) in [
            ("/sub", 0, "/sub/"),
            ("/sub?a=1&b=//x", 0, "/sub/?a=1&b=//x"),
            ("/wiki", 1, "/wiki/"),
            ("/wiki?q", 1, "/wiki/?q"),
            ("/wiki//sub", 1, "/wiki/sub/"),
            ("//sub", 0, "/sub/"),
            ("///sub//empty", 0, "/sub/empty/"),
            ("/s%75b", 0, "/s%75b/"),
        ] {
            let mut request = http::Request::get(target).body(Body::empty()).unwrap();
            assert!(request.shift_segments(shifted));
            let (head, _) = ask_with(&files, request).await;
            assert_eq!(head.status, 301, "{target}");
            assert_eq!(head.headers["location"], location);
        }
    }

    #[tokio::test]
    async fn rule_4_a_directory_is_answered_by_its_index() {
        let (_base, files) = site();
        let (head, body) = ask(&files, Method::GET, "/sub/").await;
        assert_eq!((head.status.as_u16(), &*body), (200, "<p>sub</p>"));
        let files = files.index(["none", "a.txt"]);
        assert_eq!(ask(&files, Method::GET, "/").await.1, "alpha");
        assert_eq!(ask(&files, Method::GET, "/sub/").await.0.status, 404);
    }

    #[tokio::test]
    async fn rule_5_a_file_has_its_type_and_length() {
        let (base, files) = site();
        for (target, content_type, content) in [
            ("/a.txt", "text/plain; charset=utf-8", "alpha"),
            ("/%C3%A9%20x.json", "application/json", "{}"),
            ("/empty", "application/octet-stream", ""),
            ("/sub/index.html", "text/html; charset=utf-8", "<p>sub</p>"),
        ] {
            let (head, body) = ask(&files, Method::GET, target).await;
            assert_eq!((head.status.as_u16(), &*body), (200, content), "{target}");
            assert_eq!(head.headers["content-type"], content_type);
            assert!(head.headers["last-modified"].to_str().unwrap().ends_with(" GMT"));
        }
        let long: String = ('a'..='z').cycle().take(200_000).collect();
        fs::write(base.path().join("root/long"), &long).unwrap();
        assert!(ask(&files, Method::GET, "/long").await.1 == long);
    }

    #[tokio::test]
    async fn rule_5_a_file_that_shrinks_cuts_the_response() {
        let (base, files) = site();
        let path = base.path().join("root/shrinks");
        fs::write(&path, "x".repeat(200_000)).unwrap();
        let request = http::Request::get("/shrinks").body(Body::empty()).unwrap();
        let mut body = files.call(request).await.unwrap().into_body();
        assert_eq!(http_body::Body::size_hint(&body).exact(), Some(200_000));
        assert!(body.chunk().await.unwrap().is_some());
        fs::write(&path, "").unwrap();
        assert!(body.chunk().await.is_err());
    }

    #[tokio::test]
    async fn rule_6_what_may_not_be_read_is_a_403() {
        let (base, files) = site();
        let path = base.path().join("root/a.txt");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
        let readable_anyway = fs::read(&path).is_ok(); // root reads everything
        let expected = if readable_anyway { 200 } else { 403 };
        assert_eq!(ask(&files, Method::GET, "/a.txt").await.0.status, expected);
    }
}
