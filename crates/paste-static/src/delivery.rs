//! How files are sent, whatever they come from: types, caching, headers, active content, ranges.
//!
//! 1. The content type is that of the name; text has a charset. `X-Content-Type-Options: nosniff` keeps
//!    browsers to it.
//! 2. `Cache-Control` goes by the longest pattern that fits the decoded path: one without a slash is
//!    for the name (`*.css`), one with a slash for the whole path below the root (`/assets/**`).
//! 3. Names that carry a hash are `immutable` for a year, where that is turned on and no pattern fits.
//! 4. Active content (HTML, SVG, XML) that others may have uploaded goes into a sandbox, or is saved
//!    and not shown, where that is turned on.
//! 5. Further headers are set in every answer that has the file, and never say how it is framed.
//!
//! ```
//! use http::HeaderValue;
//! use paste_static::{ActiveContent, Delivery, StaticDir};
//!
//! let delivery = Delivery::new()
//!     .cache("*.css", HeaderValue::from_static("public, max-age=3600"))?
//!     .active(ActiveContent::Sandbox);
//! let uploads = StaticDir::new("uploads").delivery(delivery);
//! # Ok::<(), paste_static::GlobError>(())
//! ```

use std::borrow::Cow;
use std::fmt;
use std::path::Path;

use glob::{MatchOptions, Pattern};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use paste_core::{Response, response};

/// How files are sent. See the [module](self) for the rules.
#[derive(Clone, Debug)]
pub struct Delivery {
    headers: HeaderMap,
    cache: Vec<(Glob, HeaderValue)>,
    immutable: bool,
    active: ActiveContent,
    charset: Cow<'static, str>,
    max_ranges: usize,
}

/// What becomes of files that can run scripts in the visitor's browser.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize, schemars::JsonSchema))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
pub enum ActiveContent {
    /// They are shown as they are: for files that are the site's own.
    #[default]
    Show,
    /// They are shown without scripts and without the site's origin: `Content-Security-Policy: sandbox`.
    Sandbox,
    /// They are saved, not shown: `Content-Disposition: attachment`.
    Attachment,
}

/// A pattern of paths that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GlobError(String);

impl fmt::Display for GlobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for GlobError {}

impl Default for Delivery {
    fn default() -> Self {
        Self {
            headers: HeaderMap::new(),
            cache: Vec::new(),
            immutable: false,
            active: ActiveContent::Show,
            charset: Cow::Borrowed("utf-8"),
            max_ranges: 200,
        }
    }
}

impl Delivery {
    /// Sends files with their types, without `Cache-Control`, with up to 200 ranges.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a header in every answer that has a file. Default: none.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        if name != header::CONTENT_LENGTH && name != header::TRANSFER_ENCODING {
            self.headers.append(name, value);
        }
        self
    }

    /// Sets `Cache-Control` for the paths that fit `pattern`, in which `*` stands for anything but a
    /// slash, `**` for any directories, `?` for one character and `[ab]` for one of them. Default: none.
    pub fn cache(mut self, pattern: &str, value: HeaderValue) -> Result<Self, GlobError> {
        self.cache.push((Glob::new(pattern)?, value));
        self.cache.sort_by_key(|(glob, _)| std::cmp::Reverse(glob.pattern.as_str().len()));
        Ok(self)
    }

    /// Whether names that carry a hash, such as `app.3f2a9c1b.js`, are kept for a year without asking
    /// again: at least 8 letters and digits, of both kinds, between dots, dashes or underscores.
    /// Default: `false`.
    #[must_use]
    pub fn immutable(mut self, immutable: bool) -> Self {
        self.immutable = immutable;
        self
    }

    /// What becomes of active content. Default: [`ActiveContent::Show`].
    #[must_use]
    pub fn active(mut self, active: ActiveContent) -> Self {
        self.active = active;
        self
    }

    /// The charset of text. Default: `utf-8`; an empty one is not told.
    #[must_use]
    pub fn charset(mut self, charset: impl Into<Cow<'static, str>>) -> Self {
        self.charset = charset.into();
        self
    }

    /// How many ranges a client may ask for at once; of one that asks for more, the ranges are ignored.
    /// Default: 200; 0 allows none.
    #[must_use]
    pub fn max_ranges(mut self, ranges: usize) -> Self {
        self.max_ranges = ranges;
        self
    }

    pub(crate) fn range_limit(&self) -> usize {
        self.max_ranges
    }

    /// The headers of a whole answer with the file at `path`, which is decoded and below the root.
    pub(crate) fn headers_for(&self, path: &Path) -> HeaderMap {
        let essence = media_type(path);
        let mut headers = self.headers.clone();
        headers.insert(header::CONTENT_TYPE, self.content_type(essence));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        if let Some(control) = self.cache_control(path) {
            headers.insert(header::CACHE_CONTROL, control);
        }
        if is_active(essence) {
            match self.active {
                ActiveContent::Show => {}
                ActiveContent::Sandbox => {
                    let sandbox = HeaderValue::from_static("sandbox");
                    headers.append(header::CONTENT_SECURITY_POLICY, sandbox);
                }
                ActiveContent::Attachment => {
                    let name = path.file_name().unwrap_or_default().to_string_lossy();
                    let saved = response::attachment(Response::default(), &name);
                    headers.extend(saved.into_parts().0.headers);
                }
            }
        }
        headers
    }

    fn content_type(&self, essence: &'static str) -> HeaderValue {
        if essence.starts_with("text/") && !self.charset.is_empty() {
            let text = HeaderValue::try_from(format!("{essence}; charset={}", self.charset));
            return text.unwrap_or(HeaderValue::from_static("text/plain; charset=utf-8"));
        }
        HeaderValue::from_static(essence)
    }

    fn cache_control(&self, path: &Path) -> Option<HeaderValue> {
        let fitting = self.cache.iter().find(|(glob, _)| glob.fits(path));
        match fitting {
            Some((_, control)) => Some(control.clone()),
            None if self.immutable && carries_hash(path) => {
                Some(HeaderValue::from_static("public, max-age=31536000, immutable"))
            }
            None => None,
        }
    }
}

/// The media type that a name stands for.
pub(crate) fn media_type(path: &Path) -> &'static str {
    mime_guess::from_path(path).first_raw().unwrap_or("application/octet-stream")
}

/// Whether a type can run scripts, or bring in what can.
fn is_active(essence: &str) -> bool {
    essence == "text/html" || essence.ends_with("xml") || essence == "text/xsl"
}

fn carries_hash(path: &Path) -> bool {
    let Some(stem) = path.file_stem().and_then(|stem| stem.to_str()) else { return false };
    stem.split(['.', '-', '_']).skip(1).any(|piece| {
        piece.len() >= 8
            && piece.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && piece.bytes().any(|byte| byte.is_ascii_digit())
            && piece.bytes().any(|byte| byte.is_ascii_alphabetic())
    })
}

#[derive(Clone, Debug)]
struct Glob {
    pattern: Pattern,
    is_for_path: bool,
}

impl Glob {
    fn new(text: &str) -> Result<Self, GlobError> {
        let is_for_path = text.contains('/');
        let pattern = Pattern::new(text.strip_prefix('/').unwrap_or(text));
        let pattern =
            pattern.map_err(|error| GlobError(format!("the pattern `{text}`: {error}")))?;
        Ok(Self { pattern, is_for_path })
    }

    fn fits(&self, path: &Path) -> bool {
        let options = MatchOptions { require_literal_separator: true, ..MatchOptions::new() };
        let text = if self.is_for_path { Some(path.as_os_str()) } else { path.file_name() };
        text.is_some_and(|text| self.pattern.matches_with(&text.to_string_lossy(), options))
    }
}
