//! Tells how far an upload has come, while it comes: `paste.progress`.
//!
//! 1. An upload is a request with an id of the client's choice: in the header `X-Progress-ID`, or as
//!    `X-Progress-ID` in the query, which a form can do, too. 1 to 64 letters, digits, `-` and `_` are an id;
//!    anything else is none.
//! 2. GET of the report's path with `?id=ID` answers a JSON object: `id`, `path`, `state` (`"uploading"`,
//!    `"done"`, `"failed"`), `received` and `size` in bytes (`size` is null where it is not known),
//!    `started` and `finished` (RFC 3339, or null). An id that is not known is a 404.
//! 3. Without an id it answers an array of all uploads of the [`RemoteUser`]; a request of nobody is a 404.
//! 4. An upload of a user is told to nobody else. One of nobody is told to whoever knows its id.
//! 5. The id of an upload that has not ended cannot be taken over.
//! 6. It remembers a bounded number of uploads, and each for some minutes after its end.
//! 7. `received` is what the app has read. What the app left unread when it answered makes it `"failed"`.
//!
//! ```
//! use paste_core::{AppExt, Request, Result, response};
//! use paste_filter::UploadProgress;
//!
//! async fn upload(request: Request) -> Result {
//!     let mut body = request.into_body();
//!     let mut length = 0;
//!     while let Some(chunk) = body.chunk().await? {
//!         length += chunk.len();
//!     }
//!     Ok(response::text(format!("{length} bytes")))
//! }
//!
//! // POST /?X-Progress-ID=a1b2 with a body, and meanwhile GET /upload-progress?id=a1b2
//! let app = upload.with(UploadProgress::new());
//! ```

use std::fmt;
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderValue, Method, header};
use http_body::{Frame, SizeHint};
use lru::LruCache;
use paste_core::{
    App, Body, Clock, Error, Middleware, RemoteUser, Request, RequestExt, Response, Result,
    ResultExt, response,
};

/// The header, and the name in the query, that nginx's and lighttpd's modules of the kind use.
const ID: &str = "X-Progress-ID";
const MAX_ID: usize = 64;
const MAX_UPLOADS: NonZeroUsize = NonZeroUsize::new(1000).expect("is not zero");

/// Watches uploads, and reports on them. See the [module](self) for the rules.
#[derive(Clone, Debug)]
pub struct UploadProgress {
    path: Arc<str>,
    keep: Duration,
    clock: Clock,
    uploads: Arc<Mutex<Uploads>>,
}

struct Uploads(LruCache<String, Arc<Upload>>);

#[derive(Debug)]
struct Upload {
    user: Option<RemoteUser>,
    path: String,
    size: Option<u64>,
    received: AtomicU64,
    started: SystemTime,
    /// When it ended, and whether it had all come.
    end: OnceLock<(SystemTime, bool)>,
}

impl Default for UploadProgress {
    fn default() -> Self {
        Self {
            path: "/upload-progress".into(),
            keep: Duration::from_secs(300),
            clock: Clock::system(),
            uploads: Arc::new(Mutex::new(Uploads(LruCache::new(MAX_UPLOADS)))),
        }
    }
}

impl UploadProgress {
    /// Reports at `/upload-progress`, remembers 1,000 uploads, and each for five minutes after its end.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reports at this path, from where the middleware stands.
    #[must_use]
    pub fn path(mut self, path: impl Into<Arc<str>>) -> Self {
        self.path = path.into();
        self
    }

    /// Remembers so many uploads, and forgets all so far. Beyond that the one that came least recently
    /// goes; it is received all the same.
    #[must_use]
    pub fn max_uploads(mut self, count: NonZeroUsize) -> Self {
        self.uploads = Arc::new(Mutex::new(Uploads(LruCache::new(count))));
        self
    }

    /// Remembers an upload for this long after its end.
    #[must_use]
    pub fn keep(mut self, time: Duration) -> Self {
        self.keep = time;
        self
    }

    /// Takes the time from `clock`.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    fn is_over(&self, upload: &Upload) -> bool {
        upload.end.get().is_some_and(|(at, _)| {
            self.clock.now().duration_since(*at).is_ok_and(|since| since >= self.keep)
        })
    }

    /// Remembers an upload under `id`, unless another is coming under it.
    fn remember(&self, id: String, request: &Request) -> Option<Arc<Upload>> {
        let upload = Arc::new(Upload {
            user: request.remote_user().cloned(),
            path: request.original_uri().path().to_owned(),
            size: http_body::Body::size_hint(request.body()).exact(),
            received: AtomicU64::new(0),
            started: self.clock.now(),
            end: OnceLock::new(),
        });
        let mut uploads = self.lock();
        if uploads.0.peek(&id).is_some_and(|known| known.end.get().is_none()) {
            return None;
        }
        uploads.0.put(id, Arc::clone(&upload));
        Some(upload)
    }

    /// The same request, whose body is watched.
    fn watch(&self, request: Request, upload: Arc<Upload>) -> Request {
        let clock = self.clock.clone();
        let ended = Arc::clone(&upload);
        request.map(|body| {
            let body = body.on_end(move |sent| {
                let _ = ended.end.set((clock.now(), sent.complete));
            });
            Body::new(Counted { body, upload })
        })
    }

    fn report(&self, request: &Request) -> Result {
        let query = request.query_pairs();
        let asked = query.iter().find(|(name, _)| name == "id").map(|(_, id)| id);
        let user = request.remote_user();
        let uploads = self.lock();
        let known = uploads.0.iter().filter(|(_, upload)| !self.is_over(upload));
        let mut report = if let Some(asked) = asked {
            let mut known = known.filter(|(id, _)| *id == asked);
            let (id, upload) = known.next().not_found()?;
            if upload.user.is_some() && upload.user.as_ref() != user {
                return Err(Error::not_found());
            }
            response::json(&Report::of(id, upload))?
        } else {
            let user = user.not_found()?;
            let own = known.filter(|(_, upload)| upload.user.as_ref() == Some(user));
            response::json(&own.map(|(id, upload)| Report::of(id, upload)).collect::<Vec<_>>())?
        };
        let no_store = HeaderValue::from_static("no-store");
        report.headers_mut().insert(header::CACHE_CONTROL, no_store);
        Ok(report)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Uploads> {
        self.uploads.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The id of an upload, if the request has one.
fn id_of(request: &Request) -> Option<String> {
    let in_header = request.headers().get(ID).and_then(|id| id.to_str().ok()).map(str::to_owned);
    let id = in_header.or_else(|| {
        let pairs = request.uri().query().is_some_and(|query| query.contains(ID));
        let pairs = if pairs { request.query_pairs() } else { Vec::new() };
        pairs.into_iter().find(|(name, _)| name == ID).map(|(_, id)| id)
    })?;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    ((1..=MAX_ID).contains(&id.len()) && id.bytes().all(is_plain)).then_some(id)
}

#[derive(serde::Serialize)]
struct Report<'a> {
    id: &'a str,
    path: &'a str,
    state: &'static str,
    received: u64,
    size: Option<u64>,
    started: String,
    finished: Option<String>,
}

impl<'a> Report<'a> {
    fn of(id: &'a str, upload: &'a Upload) -> Self {
        let text = |time: SystemTime| humantime::format_rfc3339_millis(time).to_string();
        let end = upload.end.get();
        Self {
            id,
            path: &upload.path,
            state: match end {
                None => "uploading",
                Some((_, true)) => "done",
                Some((_, false)) => "failed",
            },
            received: upload.received.load(Ordering::Relaxed),
            size: upload.size,
            started: text(upload.started),
            finished: end.map(|(at, _)| text(*at)),
        }
    }
}

impl<A: App> Middleware<A> for UploadProgress {
    type App = WithUploadProgress<A>;

    fn wrap(self, app: A) -> WithUploadProgress<A> {
        WithUploadProgress { app, progress: self }
    }
}

/// An app whose uploads [`UploadProgress`] watches.
#[derive(Clone, Debug)]
pub struct WithUploadProgress<A> {
    app: A,
    progress: UploadProgress,
}

impl<A: App> App for WithUploadProgress<A> {
    async fn call(&self, request: Request) -> Result<Response> {
        let is_reading = matches!(*request.method(), Method::GET | Method::HEAD);
        if request.uri().path() == &*self.progress.path {
            let allowed = [Method::GET, Method::HEAD];
            let refused = || Err(Error::method_not_allowed(&allowed));
            return if is_reading { self.progress.report(&request) } else { refused() };
        }
        let id = if is_reading { None } else { id_of(&request) };
        match id.and_then(|id| self.progress.remember(id, &request)) {
            Some(upload) => self.app.call(self.progress.watch(request, upload)).await,
            None => self.app.call(request).await,
        }
    }
}

/// A body that counts what is read of it.
struct Counted {
    body: Body,
    upload: Arc<Upload>,
}

impl http_body::Body for Counted {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        if let Some(Ok(frame)) = &frame
            && let Some(data) = frame.data_ref()
        {
            self.upload.received.fetch_add(data.len() as u64, Ordering::Relaxed);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl fmt::Debug for Uploads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} uploads", self.0.len())
    }
}
