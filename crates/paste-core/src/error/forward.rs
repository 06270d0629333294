//! Control flow: an internal forward.

use std::fmt;

use http::{HeaderMap, HeaderName, HeaderValue};

use super::Error;
use crate::{Request, RequestExt, Result};

/// Control flow: asks for an internal forward. Raised as an error, it travels outwards to the
/// middleware that performs forwards, which starts the request again on another path, or changed.
///
/// ```
/// use paste_core::{Error, Forward};
///
/// let mut error = Error::from(Forward::to("/errors/404.html"));
/// assert_eq!(error.take::<Forward>().unwrap().path(), "/errors/404.html");
/// ```
#[derive(Default)]
pub struct Forward {
    path: String,
    headers: HeaderMap,
    edit: Option<Box<Edit>>,
}

type Edit = dyn FnOnce(&mut Request) + Send + Sync;

impl Forward {
    /// A forward to `path`, below where the middleware stands. With a query it replaces that of the
    /// request, without one it keeps it.
    pub fn to(path: impl Into<String>) -> Self {
        Self { path: path.into(), ..Self::default() }
    }

    /// The same request again, as `edit` changes it.
    pub fn edited(edit: impl FnOnce(&mut Request) + Send + Sync + 'static) -> Self {
        Self::default().edit(edit)
    }

    /// With this header, in place of those of its name.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// With what `edit` changes, when path and headers are set.
    #[must_use]
    pub fn edit(mut self, edit: impl FnOnce(&mut Request) + Send + Sync + 'static) -> Self {
        self.edit = Some(match self.edit.take() {
            Some(first) => Box::new(move |request| {
                first(request);
                edit(request);
            }),
            None => Box::new(edit),
        });
        self
    }

    /// Where to, with the query if there is one; `""` where the path stays.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Makes of `request`, as it was where the middleware stands, the one that was asked for. A path
    /// that is none is an error with status 500.
    pub fn apply(self, request: &mut Request) -> Result<()> {
        if !self.path.is_empty() {
            request.rewrite(&self.path)?;
        }
        let mut headers = self.headers.into_iter();
        let mut set = headers.next();
        while let Some((Some(name), value)) = set {
            request.headers_mut().insert(name, value);
            set = headers.next();
        }
        if let Some(edit) = self.edit {
            edit(request);
        }
        Ok(())
    }
}

impl From<Forward> for Error {
    #[track_caller]
    fn from(forward: Forward) -> Self {
        Self::with_payload(forward)
    }
}

impl fmt::Debug for Forward {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Forward").field("path", &self.path).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use http::{Method, header};

    use super::*;
    use crate::Body;

    #[test]
    fn a_request_is_changed_as_it_was_asked_for() {
        let request = || {
            let mut request = http::Request::post("/app/old?a=1").body(Body::empty()).unwrap();
            request.shift_path_info();
            request
        };
        let forwarded = |forward: Forward| {
            let mut request = request();
            forward.apply(&mut request).unwrap();
            assert_eq!(request.script_name(), "/app");
            assert_eq!(request.original_uri(), "/app/old?a=1");
            request
        };
        assert_eq!(forwarded(Forward::to("/new")).uri(), "/new?a=1");
        assert_eq!(forwarded(Forward::to("/ä b?")).uri(), "/%C3%A4%20b?");
        let full = Forward::to("/new?b=2")
            .header(header::ACCEPT, HeaderValue::from_static("text/html"))
            .edit(|request| *request.method_mut() = Method::GET)
            .edit(|request| assert_eq!(*request.method(), Method::GET));
        let changed = forwarded(full);
        assert_eq!(
            (changed.uri().to_string(), changed.method()),
            ("/new?b=2".into(), &Method::GET)
        );
        assert_eq!(changed.headers()[header::ACCEPT], "text/html");
        for none in ["x", "http://h/x", "?a=b"] {
            assert_eq!(
                Forward::to(none).apply(&mut request()).unwrap_err().status(),
                500,
                "{none}"
            );
        }
    }
}
