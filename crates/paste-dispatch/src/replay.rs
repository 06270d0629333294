//! A request body that several apps read, one after the other.
//!
//! 1. Nothing is read before an app reads; what it reads is kept, in memory while it is little, in a
//!    temporary file beyond.
//! 2. The next app gets what was kept, and then what nobody has read yet.
//! 3. A body that breaks while an app reads it breaks for the next, with the same status.
//! 4. More than the limit is not kept: the app that reads it has it, and the next one gets an error
//!    with status 413. Trailers are not kept.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::StatusCode;
use http_body::{Body as _, Frame, SizeHint};
use paste_core::spool::{MEMORY, Spool, Spooled};
use paste_core::{Body, Error, Result};

/// How much is kept, unless told otherwise: 64 MiB.
pub(crate) const LIMIT: u64 = 64 * 1024 * 1024;

/// A body to be read again and again.
#[derive(Debug)]
pub(crate) struct Replay {
    /// What earlier apps have read, in its order.
    kept: Vec<Spooled>,
    /// The rest, while no app has it.
    rest: Slot,
    length: Option<u64>,
    limit: u64,
}

type Slot = Arc<Mutex<Option<Reading>>>;

/// The rest of the body, and what the present app has read of it.
#[derive(Debug)]
struct Live {
    source: Body,
    spool: Spool,
    /// How much may still be kept.
    room: u64,
    is_lost: bool,
    /// The source has broken, with this status and detail.
    broken: Option<(StatusCode, Option<String>)>,
}

impl Replay {
    pub(crate) fn new(body: Body, limit: u64) -> Self {
        let length = body.size_hint().exact();
        let spool = Spool::new().memory(MEMORY);
        let live = Live { source: body, spool, room: limit, is_lost: false, broken: None };
        let rest = Arc::new(Mutex::new(Some(Reading::Rest(live))));
        Self { kept: Vec::new(), rest, length, limit }
    }

    /// The body for the next app, which another may follow.
    pub(crate) async fn next(&mut self) -> Result<Body> {
        let live = self.take_rest().await?;
        if live.source.is_end_stream() && self.kept.is_empty() && live.broken.is_none() {
            self.put_back(live);
            return Ok(Body::empty());
        }
        let (kept, slot) = (self.bodies(), Arc::clone(&self.rest));
        Ok(Body::new(Tee { kept, reading: Reading::Rest(live), slot, left: self.length }))
    }

    /// The body for the last app.
    pub(crate) async fn last(mut self) -> Result<Body> {
        let live = self.take_rest().await?;
        if self.kept.is_empty() && live.broken.is_none() {
            return Ok(live.source);
        }
        let (kept, slot) = (self.bodies(), Slot::default());
        Ok(Body::new(Tee { kept, reading: Reading::Last(live), slot, left: self.length }))
    }

    fn bodies(&self) -> VecDeque<Body> {
        self.kept.iter().map(Spooled::body).collect()
    }

    /// Takes the rest back from the app before, and keeps what that has read.
    async fn take_rest(&mut self) -> Result<Live> {
        let rest = self.rest.lock().unwrap_or_else(PoisonError::into_inner).take();
        let mut live = match rest {
            Some(Reading::Rest(live) | Reading::Last(live)) => live,
            Some(Reading::Keeping(keeping)) => keeping.await.0,
            None => {
                return Err(Error::boxed("an app still holds the body that another is to read"));
            }
        };
        if live.is_lost {
            let detail = format!("A body of more than {} bytes cannot be read twice.", self.limit);
            return Err(Error::from_status(StatusCode::PAYLOAD_TOO_LARGE).detail(detail));
        }
        let spool = std::mem::replace(&mut live.spool, Spool::new().memory(MEMORY));
        if spool.size() > 0 {
            self.kept.push(spool.finish().await?);
        }
        Ok(live)
    }

    fn put_back(&self, live: Live) {
        *self.rest.lock().unwrap_or_else(PoisonError::into_inner) = Some(Reading::Rest(live));
    }
}

/// What was kept, then the rest, of which a copy is kept. Gives the rest back when it is dropped.
struct Tee {
    kept: VecDeque<Body>,
    reading: Reading,
    slot: Slot,
    /// How much is to come, where the length is known.
    left: Option<u64>,
}

enum Reading {
    Rest(Live),
    /// Data goes to a file before the app gets it.
    Keeping(Keeping),
    /// No app will come after this one: nothing more is kept.
    Last(Live),
}

type Keeping = Pin<Box<dyn Future<Output = (Live, Result<Bytes>)> + Send>>;

impl std::fmt::Debug for Reading {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Rest(_) => "Rest",
            Self::Keeping(_) => "Keeping",
            Self::Last(_) => "Last",
        })
    }
}

impl http_body::Body for Tee {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>>>> {
        let frame = ready!(self.poll(context));
        if let (Some(left), Some(Ok(frame))) = (&mut self.left, &frame) {
            *left = left.saturating_sub(frame.data_ref().map_or(0, |data| data.len() as u64));
        }
        Poll::Ready(frame)
    }

    fn size_hint(&self) -> SizeHint {
        self.left.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

impl Tee {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>>>> {
        while let Some(body) = self.kept.front_mut() {
            match ready!(Pin::new(body).poll_frame(context)) {
                None => drop(self.kept.pop_front()),
                frame => return Poll::Ready(frame),
            }
        }
        loop {
            match &mut self.reading {
                Reading::Last(live) => return live.poll_source(context),
                Reading::Rest(live) => {
                    let data = match ready!(live.poll_source(context)) {
                        Some(Ok(frame)) if frame.is_data() => frame.into_data().unwrap_or_default(),
                        frame => return Poll::Ready(frame),
                    };
                    if !live.must_wait(&data) {
                        return Poll::Ready(Some(Ok(Frame::data(data))));
                    }
                    let live = std::mem::replace(live, Live::none());
                    self.reading = Reading::Keeping(Box::pin(live.keep(data)));
                }
                Reading::Keeping(keeping) => {
                    let (live, data) = ready!(keeping.as_mut().poll(context));
                    self.reading = Reading::Rest(live);
                    return Poll::Ready(Some(data.map(Frame::data)));
                }
            }
        }
    }
}

impl Live {
    /// Of no body.
    fn none() -> Self {
        let (source, spool) = (Body::empty(), Spool::new());
        Self { source, spool, room: 0, is_lost: false, broken: None }
    }

    fn poll_source(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>>>> {
        if let Some((status, detail)) = &self.broken {
            let error = Error::from_status(*status);
            let error = match detail {
                Some(detail) => error.detail(detail.clone()),
                None => error,
            };
            return Poll::Ready(Some(
                Err(error.note("the body broke while an app before read it")),
            ));
        }
        let frame = ready!(Pin::new(&mut self.source).poll_frame(context));
        if let Some(Err(error)) = &frame {
            self.broken = Some((error.status(), error.public_detail().map(str::to_owned)));
        }
        Poll::Ready(frame)
    }

    /// Keeps `data` at once where there is room in memory. `true`: it must go to a file first.
    fn must_wait(&mut self, data: &Bytes) -> bool {
        let room = self.room.checked_sub(data.len() as u64);
        if let Some(room) = room.filter(|_| !self.is_lost) {
            self.room = room;
            return !self.spool.write_now(data);
        }
        self.is_lost = true;
        self.spool = Spool::new();
        false
    }

    async fn keep(mut self, data: Bytes) -> (Self, Result<Bytes>) {
        let kept = self.spool.write(&data).await;
        (self, kept.map(|()| data))
    }
}

impl Drop for Tee {
    fn drop(&mut self) {
        let reading = std::mem::replace(&mut self.reading, Reading::Rest(Live::none()));
        *self.slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(reading);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunks(count: usize, size: usize) -> Body {
        let chunk = move |n: usize| Ok::<_, Error>(vec![u8::try_from(n % 251).unwrap(); size]);
        Body::from_stream(futures_util::stream::iter((0..count).map(chunk)))
    }

    async fn read(body: &mut Body, most: usize) -> Vec<u8> {
        let mut read = Vec::new();
        while read.len() < most
            && let Some(chunk) = body.chunk().await.unwrap()
        {
            read.extend_from_slice(&chunk);
        }
        read
    }

    #[tokio::test]
    async fn each_app_reads_all_of_it() {
        for (count, size) in [(10, 1000), (100, 50_000)] {
            let whole = read(&mut chunks(count, size), usize::MAX).await;
            let mut replay = Replay::new(chunks(count, size), LIMIT);
            for most in [0, 1, whole.len() / 2, usize::MAX, 1] {
                let mut body = replay.next().await.unwrap();
                let read = read(&mut body, most).await;
                assert!(whole.starts_with(&read) && read.len() >= most.min(whole.len()));
            }
            let mut last = replay.last().await.unwrap();
            assert!(read(&mut last, usize::MAX).await == whole);
        }
    }

    #[tokio::test]
    async fn what_is_too_large_is_read_once() {
        let mut replay = Replay::new(chunks(10, 1000), 5000);
        let mut first = replay.next().await.unwrap();
        assert_eq!(read(&mut first, usize::MAX).await.len(), 10_000);
        drop(first);
        assert_eq!(replay.next().await.unwrap_err().status(), 413);
        let mut replay = Replay::new(chunks(10, 1000), 5000);
        read(&mut replay.next().await.unwrap(), 5000).await;
        assert_eq!(read(&mut replay.last().await.unwrap(), usize::MAX).await.len(), 10_000);
    }

    #[tokio::test]
    async fn what_breaks_breaks_for_the_next_app_too() {
        let broken = || {
            let error = Error::bad_request("The client has gone.").into_boxed();
            Body::from_stream(futures_util::stream::iter([Ok("some"), Err(error)]))
        };
        let mut replay = Replay::new(broken(), LIMIT);
        for _ in 0..2 {
            let error = replay.next().await.unwrap().collect(99).await.unwrap_err();
            assert_eq!(
                (error.status().as_u16(), error.public_detail()),
                (400, Some("The client has gone."))
            );
        }
        assert_eq!(replay.last().await.unwrap().collect(99).await.unwrap_err().status(), 400);
    }

    #[tokio::test]
    async fn a_body_that_is_dropped_while_it_is_kept_loses_nothing() {
        let mut replay = Replay::new(chunks(3, MEMORY), LIMIT);
        let mut first = replay.next().await.unwrap();
        first.chunk().await.unwrap();
        // The second chunk goes to a file, for which the app does not wait.
        assert!(futures_util::FutureExt::now_or_never(first.chunk()).is_none());
        drop(first);
        let whole = read(&mut replay.last().await.unwrap(), usize::MAX).await;
        assert!(whole == read(&mut chunks(3, MEMORY), usize::MAX).await);
    }

    #[tokio::test]
    async fn a_length_stays_known_and_an_empty_body_empty() {
        let mut replay = Replay::new(Body::from("hello"), LIMIT);
        let mut first = replay.next().await.unwrap();
        assert_eq!(first.size_hint().exact(), Some(5));
        read(&mut first, 9).await;
        drop(first);
        let last = replay.last().await.unwrap();
        assert_eq!(last.size_hint().exact(), Some(5));
        assert_eq!(last.collect(9).await.unwrap(), "hello");
        let mut replay = Replay::new(Body::empty(), LIMIT);
        assert!(replay.next().await.unwrap().is_end_stream());
        assert!(replay.last().await.unwrap().is_end_stream());
    }

    #[tokio::test]
    async fn a_body_that_is_held_is_not_shared() {
        let mut replay = Replay::new(Body::from("hello"), LIMIT);
        let held = replay.next().await.unwrap();
        assert_eq!(replay.next().await.unwrap_err().status(), 500);
        drop(held);
    }
}
