//! Asks one app after the other, until one has an answer: `paste.cascade`.
//!
//! 1. An answer whose status is caught (404 unless told otherwise), or an error of such a status, is
//!    dropped unread, and the next app is asked. The last app's answer is final.
//! 2. Each app gets the request as it came: what another has consumed of the path, or left in the
//!    extensions, does not stay.
//! 3. Each app can read the whole body. What an app reads is kept for the next: 1 MiB in memory, the
//!    rest in a temporary file, [64 MiB](Cascade::replay_limit) in all; beyond, the next app that is
//!    asked is a 413. A body that no app reads is never read; one that breaks breaks for the next app,
//!    too. Trailers are for the app that reads them first.
//! 4. Control flow passes. Without apps it is a 404.
//!
//! ```
//! use paste_core::{Error, Request, RequestExt, Result, response};
//! use paste_dispatch::Cascade;
//!
//! async fn pages(request: Request) -> Result {
//!     match &*request.path_info() {
//!         "/" => Ok(response::text("home")),
//!         _ => Err(Error::not_found()),
//!     }
//! }
//! async fn wiki(_request: Request) -> Result { Ok(response::text("a page of the wiki")) }
//!
//! let site = Cascade::new().app(pages).app(wiki);
//! ```

use std::sync::Arc;

use http::StatusCode;
use paste_core::{App, AppExt, BoxApp, Error, Request, Result};
use tracing::Instrument;

use crate::replay::{LIMIT, Replay};

/// An app that asks several. See the [module](self) for the rules.
#[derive(Clone, Debug)]
pub struct Cascade {
    apps: Vec<BoxApp>,
    catch: Arc<[StatusCode]>,
    limit: u64,
}

impl Default for Cascade {
    fn default() -> Self {
        Self { apps: Vec::new(), catch: [StatusCode::NOT_FOUND].into(), limit: LIMIT }
    }
}

impl Cascade {
    /// Asks no app yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks `app` after those before.
    #[must_use]
    pub fn app(mut self, app: impl App) -> Self {
        self.apps.push(app.boxed());
        self
    }

    /// The statuses after which the next app is asked, in place of 404.
    #[must_use]
    pub fn catch(mut self, statuses: impl IntoIterator<Item = StatusCode>) -> Self {
        self.catch = statuses.into_iter().collect();
        self
    }

    /// How much of a body that an app has read is kept for the next, in bytes. Default: 64 MiB.
    #[must_use]
    pub fn replay_limit(mut self, bytes: u64) -> Self {
        self.limit = bytes;
        self
    }

    fn catches(&self, outcome: &Result) -> bool {
        match outcome {
            Ok(response) => self.catch.contains(&response.status()),
            Err(error) => !error.has_payload() && self.catch.contains(&error.status()),
        }
    }
}

impl App for Cascade {
    async fn call(&self, request: Request) -> Result {
        let Some((last, others)) = self.apps.split_last() else {
            return Err(Error::not_found());
        };
        let (head, body) = request.into_parts();
        let mut replay = Replay::new(body, self.limit);
        for (place, app) in others.iter().enumerate() {
            let request = Request::from_parts(head.clone(), replay.next().await?);
            let span = tracing::info_span!("cascade", app = place);
            let outcome = app.call(request).instrument(span).await;
            if !self.catches(&outcome) {
                return outcome;
            }
        }
        let span = tracing::info_span!("cascade", app = others.len());
        last.call(Request::from_parts(head, replay.last().await?)).instrument(span).await
    }
}
