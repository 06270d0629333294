//! Every store passes the conformance suite.

use std::num::NonZeroUsize;
use std::time::{Duration, SystemTime};

use paste_core::{App, AppExt, Body, Clock, Request, Result, response};
use paste_session::{MemoryStore, SessionExt, Sessions, conformance};

#[tokio::test(flavor = "multi_thread")]
async fn memory_conforms() {
    conformance::check(MemoryStore::new()).await;
}

#[cfg(feature = "file")]
#[tokio::test(flavor = "multi_thread")]
async fn file_conforms() {
    let folder = tempfile::tempdir().unwrap();
    for fsync in [false, true] {
        conformance::check(paste_session::FileStore::new(folder.path()).fsync(fsync)).await;
    }
}

#[cfg(feature = "sqlite")]
#[tokio::test(flavor = "multi_thread")]
async fn sqlite_conforms() {
    let folder = tempfile::tempdir().unwrap();
    for fsync in [false, true] {
        let path = folder.path().join("sessions.db");
        conformance::check(paste_session::SqliteStore::new(path).fsync(fsync)).await;
    }
}

async fn visit(request: Request) -> Result {
    request.session()?.insert("n", &1).await?;
    Ok(response::text("hi"))
}

#[tokio::test]
async fn memory_is_bounded_and_what_has_expired_goes() {
    let clock = Clock::manual(SystemTime::UNIX_EPOCH);
    let store = std::sync::Arc::new(MemoryStore::with_capacity(NonZeroUsize::new(10).unwrap()));
    let sessions =
        Sessions::new(std::sync::Arc::clone(&store)).idle_timeout(Duration::from_secs(60));
    let app = visit.with(sessions.clock(clock.clone()));
    for _ in 0..100 {
        app.call(http::Request::get("/").body(Body::empty()).unwrap()).await.unwrap();
    }
    assert_eq!(format!("{store:?}"), "MemoryStore(10 sessions)");
    clock.advance(Duration::from_secs(60));
    for left in [9, 8, 7, 6, 5, 6, 7] {
        app.call(http::Request::get("/").body(Body::empty()).unwrap()).await.unwrap();
        assert!(format!("{store:?}").contains(&left.to_string()), "{store:?}, not {left}");
    }
}
