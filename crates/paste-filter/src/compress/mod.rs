//! Compresses responses: zstd, Brotli, gzip or deflate, whichever the client takes.
//!
//! Which coding:
//!
//! 1. `Accept-Encoding` decides by quality (RFC 9110, section 12.5.3); among equals the order of
//!    [`algorithms`](Compress::algorithms) does. What the client excludes it never gets. A client that
//!    sends no such header, or takes none of them, gets the response as it is, never a 406.
//!
//! Which responses:
//!
//! 2. Those of a media type that is [worth it](Compress::types), and of at least
//!    [`min_size`](Compress::min_size) bytes, or of unknown length.
//! 3. Left as they are: what has a `Content-Encoding`; 1xx, 204, 205, 206 and 304; answers to a `Range`,
//!    and what has a `Content-Range`; where request or response say `Cache-Control: no-transform`;
//!    where the app vouches for the bytes (`Content-MD5`, `Digest`, `Content-Digest`, `Repr-Digest`,
//!    `Signature`: of what is sent, RFC 9530); where the app put [`NoCompression`] into the extensions.
//! 4. Requests from pages of other sites get what they ask for uncompressed, unless
//!    [`cross_site`](Compress::cross_site) says otherwise: who may choose a part of a page and see its
//!    size finds out the rest (BREACH). `Sec-Fetch-Site` tells; where a browser does not send it, another
//!    host in `Origin` or `Referer` does.
//!
//! What becomes of them:
//!
//! 5. `Content-Encoding` is set, `Content-Length` is that of the compressed bytes or goes, and
//!    `Accept-Ranges` goes.
//! 6. A strong `ETag` becomes weak: two runs of a compressor need not give the same bytes. The app
//!    inside then finds its own tag in `If-None-Match`, which compares weakly. `If-Match` compares
//!    strongly and fails: who edits what he got asks for it with `Accept-Encoding: identity`. The tag
//!    of a 304 is made weak where `If-None-Match` names it weak, and only there: with `*`, a date, or the
//!    strong tag in the list it stays strong, whatever coding the client has.
//! 7. `Vary: Accept-Encoding` stands on every response that some client would get compressed, and on 206
//!    and 304 where that cannot be excluded.
//! 8. The answer to HEAD has the headers of the answer to GET, but no `Content-Length`.
//!
//! How they are sent:
//!
//! 9. A body of at most 128 KiB that is there as a whole is compressed at once, and has a length. If it is
//!    broken already, that is an error in place of a response.
//! 10. Any other is compressed as it comes, in constant memory, and only as fast as it is taken. Whenever
//!     nothing comes for a while, all that came is sent; of `text/event-stream` each frame is sent at once.
//! 11. A body that breaks stays broken: the client sees a cut response. Trailers stay.
//!
//! ```
//! use paste_core::{AppExt, Request, Result, response};
//! use paste_filter::Compress;
//!
//! async fn page(_request: Request) -> Result { Ok(response::text("hi".repeat(1000))) }
//!
//! let app = page.with(Compress::new().min_size(1024).except(["text/csv"])?);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Features pick what is compiled in: `compress` has gzip and deflate, `br` and `zstd` add theirs. Which
//! implementation gzip has is the choice of the program, by the features of its own dependency on
//! `flate2`; nothing is chosen here, so that nobody else's choice is changed.

mod asked;
mod body;
mod types;

use std::sync::Arc;

use futures_util::FutureExt;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use http_body::Body as _;
use paste_core::{App, Body, Middleware, Request, Response, Result, after};

use self::asked::Asked;
use self::body::Compressed;
pub use self::types::TypePatternError;
use self::types::Types;
use crate::Coding;
use crate::coding::HIGHEST_LEVEL;

/// The largest body that is compressed at once.
const WHOLE: u64 = 128 * 1024;

/// Compresses responses. See the [module](self) for the rules.
#[derive(Clone, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(try_from = "config::Compress"))]
pub struct Compress {
    options: Arc<Options>,
}

#[derive(Clone, Debug)]
struct Options {
    algorithms: Vec<Coding>,
    level: Option<u8>,
    min_size: u64,
    types: Types,
    cross_site: bool,
}

/// The algorithms unless said otherwise. deflate is not among them: who takes it takes gzip, too.
const ALGORITHMS: &[Coding] = &[
    #[cfg(feature = "zstd")]
    Coding::Zstd,
    #[cfg(feature = "br")]
    Coding::Br,
    Coding::Gzip,
];

/// The size unless said otherwise.
const MIN_SIZE: u64 = 256;

impl Default for Options {
    fn default() -> Self {
        Self {
            algorithms: ALGORITHMS.to_vec(),
            level: None,
            min_size: MIN_SIZE,
            types: Types::default(),
            cross_site: false,
        }
    }
}

/// In the extensions of a response: it is sent uncompressed. For pages that hold a secret beside what
/// others may choose.
///
/// ```
/// use paste_core::{Request, Result, response};
/// use paste_filter::NoCompression;
///
/// async fn page_with_token(_request: Request) -> Result {
///     let mut page = response::html("...");
///     page.extensions_mut().insert(NoCompression);
///     Ok(page)
/// }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NoCompression;

impl Compress {
    /// Compresses text in all its forms, of 256 bytes or more.
    pub fn new() -> Self {
        Self::default()
    }

    /// The algorithms, the one that the server prefers first. By default zstd, Brotli and gzip, as far as
    /// they are compiled in.
    #[must_use]
    pub fn algorithms(self, algorithms: impl IntoIterator<Item = Coding>) -> Self {
        self.change(|options| options.algorithms = algorithms.into_iter().collect())
    }

    /// How hard to try, from 1 (fast) to 22 (small). An algorithm with fewer levels takes its highest:
    /// 9 for gzip and deflate, 11 for Brotli. By default 6 for those, 4 for Brotli, 3 for zstd.
    ///
    /// What a response costs goes up with it. Of text, 3,000 bytes and 12 MB took so many megabytes of
    /// memory while they were compressed: zstd 0.6 and 2.2 at level 3, 0.7 and 4.2 at 9, 0.7 and 4.1 at 12,
    /// 0.5 and 6.1 at 19 and 22; Brotli 1.3 and 8.4 at 4, 6.1 and 31 at 9, 1.6 and 24 at 11; gzip 0.5 and
    /// 0.7 at 9. A body that is there as a whole is compressed without a pause: 128 KiB took 0.15 s at
    /// Brotli's level 11, 0.06 s at zstd's 22 and 0.005 s at Brotli's 4, and other requests of the thread wait.
    #[must_use]
    pub fn level(self, level: u8) -> Self {
        self.change(|options| options.level = Some(level.clamp(1, HIGHEST_LEVEL)))
    }

    /// How many bytes a response has at least, for it to be compressed: by default 256.
    #[must_use]
    pub fn min_size(self, bytes: u64) -> Self {
        self.change(|options| options.min_size = bytes)
    }

    /// The media types to compress, in place of the default ones: `text/html`, `text/*`, `*/*+json`,
    /// `*/*`. What is packed already (images, video, archives) never is. A text that is no such pattern is
    /// an error.
    pub fn types<S: Into<String>>(
        self,
        types: impl IntoIterator<Item = S>,
    ) -> Result<Self, TypePatternError> {
        let types = types::patterns(types)?;
        Ok(self.change(|options| options.types.only = Some(types)))
    }

    /// The media types not to compress, in the same form.
    pub fn except<S: Into<String>>(
        self,
        types: impl IntoIterator<Item = S>,
    ) -> Result<Self, TypePatternError> {
        let types = types::patterns(types)?;
        Ok(self.change(|options| options.types.except = types))
    }

    /// Whether requests from pages of other sites are compressed, too: by default not. Right for a site
    /// without secrets, whose visitors come by links from elsewhere.
    #[must_use]
    pub fn cross_site(self, compress: bool) -> Self {
        self.change(|options| options.cross_site = compress)
    }

    fn change(mut self, change: impl FnOnce(&mut Options)) -> Self {
        change(Arc::make_mut(&mut self.options));
        self
    }
}

impl<A: App> Middleware<A> for Compress {
    type App = WithCompress<A>;

    fn wrap(self, app: A) -> WithCompress<A> {
        WithCompress { app, options: self.options }
    }
}

/// An app whose responses [`Compress`] compresses.
#[derive(Clone, Debug)]
pub struct WithCompress<A> {
    app: A,
    options: Arc<Options>,
}

impl<A: App> App for WithCompress<A> {
    fn call(&self, request: Request) -> impl Future<Output = Result<Response>> + Send {
        let asked = Asked::of(&request, &self.options);
        after(self.app.call(request), move |result| {
            if let Ok(response) = result
                && let Err(error) = self.options.apply(&asked, response)
            {
                *result = Err(error);
            }
        })
    }
}

/// How one response is compressed.
#[derive(Clone, Copy, Debug)]
struct Plan {
    coding: Coding,
    level: Option<u8>,
    /// How long the body is, if that is known.
    size: Option<u64>,
    is_events: bool,
}

impl Options {
    fn apply(&self, asked: &Asked, response: &mut Response) -> Result<()> {
        let is_part = response.headers().contains_key(header::CONTENT_RANGE)
            || response.status() == StatusCode::PARTIAL_CONTENT;
        if response.status() == StatusCode::NOT_MODIFIED || is_part {
            if is_free(response) && self.may_fit(response.headers()) {
                add_vary(response.headers_mut());
                asked.weaken_known(response.headers_mut());
            }
            return Ok(());
        }
        let size = size(asked.is_head, response);
        if !self.is_worth_it(response, size) {
            return Ok(());
        }
        add_vary(response.headers_mut());
        let Some(coding) = asked.coding else { return Ok(()) };
        let is_events = media_type(response.headers())
            .is_some_and(|value| essence_is(value, "text/event-stream"));
        let plan = Plan { coding, level: self.level, size, is_events };
        let body = std::mem::take(response.body_mut());
        let body = if asked.is_head { head(plan, body) } else { compressed(plan, body)? };
        *response.body_mut() = body;
        describe(response.headers_mut(), coding);
        Ok(())
    }

    /// Whether some client would get the response compressed.
    fn is_worth_it(&self, response: &Response, size: Option<u64>) -> bool {
        let status = response.status();
        let has_content = !status.is_informational()
            && !matches!(status, StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT);
        has_content
            && is_free(response)
            && media_type(response.headers()).is_some_and(|value| self.types.fit(value))
            && size.is_none_or(|size| size > 0 && size >= self.min_size)
    }

    /// Whether what a 206 or 304 is about may be of a type that is worth it.
    fn may_fit(&self, headers: &HeaderMap) -> bool {
        media_type(headers)
            .is_none_or(|value| self.types.fit(value) || essence_is(value, "multipart/byteranges"))
    }
}

/// Whether nothing but its type and size says that a response must stay as it is.
fn is_free(response: &Response) -> bool {
    const VOUCHERS: [&str; 5] =
        ["content-md5", "digest", "content-digest", "repr-digest", "signature"];
    let headers = response.headers();
    !headers.contains_key(header::CONTENT_ENCODING)
        && response.extensions().get::<NoCompression>().is_none()
        && !forbids_transforming(headers)
        && !VOUCHERS.iter().any(|name| headers.contains_key(*name))
}

fn forbids_transforming(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(header::CACHE_CONTROL).iter();
    let mut directives = lines.flat_map(|line| line.as_bytes().split(|&byte| byte == b','));
    directives.any(|directive| directive.trim_ascii().eq_ignore_ascii_case(b"no-transform"))
}

fn media_type(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::CONTENT_TYPE)?.to_str().ok()
}

fn essence_is(media_type: &str, name: &str) -> bool {
    media_type.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case(name))
}

/// How many bytes the answer to GET has. For HEAD, a body that is not there tells nothing.
fn size(is_head: bool, response: &Response) -> Option<u64> {
    let stated = || response.headers().get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok();
    match response.body().size_hint().exact() {
        Some(0) if is_head => stated(),
        Some(size) => Some(size),
        None => stated(),
    }
}

fn add_vary(headers: &mut HeaderMap) {
    let lines = headers.get_all(header::VARY).iter();
    let mut names = lines.flat_map(|line| line.as_bytes().split(|&byte| byte == b','));
    let is_there = names.any(|name| {
        let name = name.trim_ascii();
        name == b"*" || name.eq_ignore_ascii_case(b"accept-encoding")
    });
    if !is_there {
        headers.append(header::VARY, const { HeaderValue::from_static("accept-encoding") });
    }
}

fn describe(headers: &mut HeaderMap, coding: Coding) {
    headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding.name()));
    headers.remove(header::CONTENT_LENGTH);
    headers.remove(header::ACCEPT_RANGES);
    weaken(headers);
}

/// Makes a strong tag weak.
fn weaken(headers: &mut HeaderMap) {
    if let Some(tag) = headers.get_mut(header::ETAG)
        && tag.as_bytes().starts_with(b"\"")
        && let Ok(weak) = HeaderValue::from_bytes(&[b"W/", tag.as_bytes()].concat())
    {
        *tag = weak;
    }
}

/// What stands for the compressed body in an answer to HEAD: no length is known of it.
fn head(plan: Plan, body: Body) -> Body {
    Body::new(Compressed::new(plan, bytes::Bytes::new(), body.without_content()))
}

fn compressed(plan: Plan, mut body: Body) -> Result<Body> {
    let mut piece = bytes::Bytes::new();
    // What is there as a whole is given at the first time of asking. What is not comes later.
    if body.size_hint().exact().is_some_and(|size| size <= WHOLE)
        && let Some(frame) = body.frame().now_or_never()
    {
        match frame.transpose()?.map(http_body::Frame::into_data) {
            Some(Ok(data)) if body.is_end_stream() => return Ok(body::whole(&plan, &data)?.into()),
            Some(Ok(data)) => piece = data,
            _ => {}
        }
    }
    Ok(Body::new(Compressed::new(plan, piece, body)))
}

/// `Sec-Fetch-Site` has no constant in `http`.
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

#[cfg(feature = "serde")]
mod config {
    //! The same as a configuration says it.

    use std::sync::Arc;

    use super::{ALGORITHMS, Coding, HIGHEST_LEVEL, MIN_SIZE, Options, types};

    /// Compresses responses for clients that take it: text in all its forms, as it is sent.
    #[derive(serde::Deserialize, schemars::JsonSchema)]
    #[serde(deny_unknown_fields)]
    pub(super) struct Compress {
        /// The algorithms, the one that the server prefers first: `zstd`, `br`, `gzip`, `deflate`.
        #[serde(default = "algorithms")]
        algorithms: Vec<Coding>,
        /// How hard to try, from 1 (fast) to 22 (small); an algorithm with fewer levels takes its highest.
        /// Without it, each has its own: 3 for zstd, 4 for br, 6 for gzip and deflate. A high one costs time
        /// and memory: br takes up to 31 MB for a large answer, zstd up to 6.
        level: Option<u8>,
        /// How large a response is at least, for it to be compressed.
        #[serde(default = "min_size", deserialize_with = "crate::size::read")]
        #[schemars(with = "String", default = "min_size_text")]
        min_size: u64,
        /// The media types to compress, such as `text/html`, `text/*`, `*/*+json`; what is packed already
        /// never is. Without it: text in all its forms.
        types: Option<Vec<String>>,
        /// The media types not to compress.
        #[serde(default)]
        except: Vec<String>,
        /// Whether requests from pages of other sites are compressed, too: for sites without secrets.
        #[serde(default)]
        cross_site: bool,
    }

    fn algorithms() -> Vec<Coding> {
        ALGORITHMS.to_vec()
    }

    fn min_size() -> u64 {
        MIN_SIZE
    }

    fn min_size_text() -> String {
        format!("{MIN_SIZE}B")
    }

    impl TryFrom<Compress> for super::Compress {
        type Error = String;

        fn try_from(config: Compress) -> Result<Self, String> {
            if let Some(level) = config.level
                && !(1..=HIGHEST_LEVEL).contains(&level)
            {
                return Err(format!(
                    "the level {level} does not exist: expected 1 to {HIGHEST_LEVEL}"
                ));
            }
            if config.types.as_ref().is_some_and(Vec::is_empty) {
                return Err("`types` is empty: nothing would be compressed".to_owned());
            }
            if config.algorithms.is_empty() {
                return Err("`algorithms` is empty: nothing would be compressed".to_owned());
            }
            let patterns =
                |list| types::patterns::<String>(list).map_err(|error| error.to_string());
            let options = Options {
                algorithms: config.algorithms,
                level: config.level,
                min_size: config.min_size,
                types: types::Types {
                    only: config.types.map(patterns).transpose()?,
                    except: patterns(config.except)?,
                },
                cross_site: config.cross_site,
            };
            Ok(Self { options: Arc::new(options) })
        }
    }

    impl schemars::JsonSchema for super::Compress {
        fn schema_name() -> std::borrow::Cow<'static, str> {
            Compress::schema_name()
        }

        fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
            Compress::json_schema(generator)
        }
    }
}
