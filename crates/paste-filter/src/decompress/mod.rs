//! Decompresses the bodies of requests, so that apps need not know that they came compressed.
//!
//! 1. `Content-Encoding` says how: gzip (`x-gzip`), deflate, Brotli and zstd, as far as they are compiled
//!    in; several codings, at most [`max_codings`](Decompress::max_codings), are undone from the last to
//!    the first. A request without one passes as it is.
//! 2. A coding that is not known, or too many of them, are a 415 that names those that are, in
//!    `Accept-Encoding` (RFC 7694).
//! 3. The app sees neither `Content-Encoding` nor `Content-Length`, nor what vouches for the bytes as
//!    they were sent (`Content-MD5`, `Digest`, `Content-Digest`, `Repr-Digest`).
//! 4. The body is decompressed as it is read, in constant memory; trailers stay.
//! 5. What becomes larger than [`max_size`](Decompress::max_size), or beyond 1 MiB more than
//!    [`max_ratio`](Decompress::max_ratio) times as large as it came, is an error with status 413, raised
//!    where the app reads. Each of several codings is held to both.
//! 6. What is broken, ends too early, or goes on behind its end is an error with status 400. gzip may have
//!    several members, zstd several frames; deflate may come with or without the frame of zlib.
//! 7. A body of no bytes at all is an empty body, whatever its coding.
//!
//! ```
//! use paste_core::{AppExt, ReadExt, Request, Result, response};
//! use paste_filter::Decompress;
//!
//! async fn length(mut request: Request) -> Result {
//!     let text = request.text(1 << 20).await?;
//!     Ok(response::text(format!("{} bytes\n", text.len())))
//! }
//!
//! let app = length.with(Decompress::new().max_size(1 << 20));
//! ```

mod body;

use std::sync::Arc;

use http::{HeaderMap, HeaderValue, StatusCode, header};
use http_body::Body as _;
use paste_core::{App, Body, Error, Middleware, Request, Response, Result};

use self::body::Decompressed;
use crate::Coding;

/// Decompresses the bodies of requests. See the [module](self) for the rules.
#[derive(Clone, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(try_from = "config::Decompress"))]
pub struct Decompress {
    options: Arc<Options>,
}

#[derive(Clone, Debug)]
struct Options {
    algorithms: Vec<Coding>,
    limits: Limits,
    max_codings: usize,
}

/// What may become of a body.
#[derive(Clone, Copy, Debug)]
struct Limits {
    size: u64,
    ratio: u32,
}

/// The limits unless said otherwise.
const MAX_SIZE: u64 = 64 << 20;
const MAX_RATIO: u32 = 200;
const MAX_CODINGS: usize = 2;

impl Default for Options {
    fn default() -> Self {
        Self {
            algorithms: Coding::ALL.to_vec(),
            limits: Limits { size: MAX_SIZE, ratio: MAX_RATIO },
            max_codings: MAX_CODINGS,
        }
    }
}

impl Decompress {
    /// Decompresses whatever this build can.
    pub fn new() -> Self {
        Self::default()
    }

    /// The algorithms: by default all that are compiled in.
    #[must_use]
    pub fn algorithms(self, algorithms: impl IntoIterator<Item = Coding>) -> Self {
        self.change(|options| options.algorithms = algorithms.into_iter().collect())
    }

    /// How many bytes a body may have once it is decompressed: by default 64 MiB.
    #[must_use]
    pub fn max_size(self, bytes: u64) -> Self {
        self.change(|options| options.limits.size = bytes)
    }

    /// How many times as large as it came a body may become, beyond its first mebibyte: by default 200.
    #[must_use]
    pub fn max_ratio(self, ratio: u32) -> Self {
        self.change(|options| options.limits.ratio = ratio)
    }

    /// How many codings a body may have, one around the other: by default 2.
    #[must_use]
    pub fn max_codings(self, codings: usize) -> Self {
        self.change(|options| options.max_codings = codings)
    }

    fn change(mut self, change: impl FnOnce(&mut Options)) -> Self {
        change(Arc::make_mut(&mut self.options));
        self
    }
}

impl<A: App> Middleware<A> for Decompress {
    type App = WithDecompress<A>;

    fn wrap(self, app: A) -> WithDecompress<A> {
        WithDecompress { app, options: self.options }
    }
}

/// An app whose requests [`Decompress`] decompresses.
#[derive(Clone, Debug)]
pub struct WithDecompress<A> {
    app: A,
    options: Arc<Options>,
}

impl<A: App> App for WithDecompress<A> {
    async fn call(&self, mut request: Request) -> Result<Response> {
        if request.headers().contains_key(header::CONTENT_ENCODING) {
            self.options.open(&mut request)?;
        }
        self.app.call(request).await
    }
}

impl Options {
    fn open(&self, request: &mut Request) -> Result<()> {
        let codings = self.codings(request.headers()).ok_or_else(|| self.unsupported())?;
        let headers = request.headers_mut();
        headers.remove(header::CONTENT_ENCODING);
        if codings.is_empty() {
            return Ok(());
        }
        headers.remove(header::CONTENT_LENGTH);
        for name in ["content-md5", "digest", "content-digest", "repr-digest"] {
            headers.remove(name);
        }
        let mut body = std::mem::take(request.body_mut());
        if !body.is_end_stream() {
            for coding in codings.into_iter().rev() {
                body = Body::new(Decompressed::new(coding, self.limits, body));
            }
        }
        *request.body_mut() = body;
        Ok(())
    }

    /// The codings of a body, the outermost last. `None`: they are not known, or too many.
    fn codings(&self, headers: &HeaderMap) -> Option<Vec<Coding>> {
        let mut codings = Vec::new();
        for line in headers.get_all(header::CONTENT_ENCODING) {
            for name in line.to_str().ok()?.split(',').map(str::trim) {
                if name.is_empty() || name.eq_ignore_ascii_case("identity") {
                    continue;
                }
                let coding = Coding::of_name(name)?;
                if !self.algorithms.contains(&coding) || codings.len() == self.max_codings {
                    return None;
                }
                codings.push(coding);
            }
        }
        Some(codings)
    }

    fn unsupported(&self) -> Error {
        let names: Vec<_> = self.algorithms.iter().map(|coding| coding.name()).collect();
        let names = if names.is_empty() { "identity".to_owned() } else { names.join(", ") };
        let detail = format!("The Content-Encoding is not supported; supported are {names}.");
        let names = HeaderValue::try_from(names).expect("names of codings are tokens");
        let error = Error::from_status(StatusCode::UNSUPPORTED_MEDIA_TYPE).detail(detail);
        error.header(header::ACCEPT_ENCODING, names)
    }
}

#[cfg(feature = "serde")]
mod config {
    //! The same as a configuration says it.

    use std::sync::Arc;

    use super::{Coding, Limits, MAX_CODINGS, MAX_RATIO, MAX_SIZE, Options};

    /// Decompresses the bodies of requests, within limits.
    #[derive(serde::Deserialize, schemars::JsonSchema)]
    #[serde(deny_unknown_fields)]
    pub(super) struct Decompress {
        /// The algorithms: `zstd`, `br`, `gzip`, `deflate`.
        #[serde(default = "algorithms")]
        algorithms: Vec<Coding>,
        /// How large a body may be once it is decompressed.
        #[serde(default = "max_size", deserialize_with = "crate::size::read")]
        #[schemars(with = "String", default = "max_size_text")]
        max_size: u64,
        /// How many times as large as it came a body may become, beyond its first mebibyte.
        #[serde(default = "max_ratio")]
        max_ratio: u32,
        /// How many codings a body may have, one around the other.
        #[serde(default = "max_codings")]
        max_codings: usize,
    }

    fn algorithms() -> Vec<Coding> {
        Coding::ALL.to_vec()
    }

    fn max_size() -> u64 {
        MAX_SIZE
    }

    fn max_size_text() -> String {
        format!("{}MiB", MAX_SIZE >> 20)
    }

    fn max_ratio() -> u32 {
        MAX_RATIO
    }

    fn max_codings() -> usize {
        MAX_CODINGS
    }

    impl TryFrom<Decompress> for super::Decompress {
        type Error = String;

        fn try_from(config: Decompress) -> Result<Self, String> {
            if config.algorithms.is_empty() {
                return Err("`algorithms` is empty: nothing would be decompressed".to_owned());
            }
            if config.max_ratio == 0 {
                return Err("`max_ratio` is 0: every body would be refused".to_owned());
            }
            let options = Options {
                algorithms: config.algorithms,
                limits: Limits { size: config.max_size, ratio: config.max_ratio },
                max_codings: config.max_codings,
            };
            Ok(Self { options: Arc::new(options) })
        }
    }

    impl schemars::JsonSchema for super::Decompress {
        fn schema_name() -> std::borrow::Cow<'static, str> {
            Decompress::schema_name()
        }

        fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
            Decompress::json_schema(generator)
        }
    }
}
