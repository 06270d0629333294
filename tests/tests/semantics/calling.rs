//! Section 1, calling.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use paste_core::{App, AppExt, Next, Request, Result, from_fn, response};

use super::{ask, get};

/// An app that must never be cloned.
struct NotClone(AtomicUsize);

impl App for NotClone {
    async fn call(&self, _: Request) -> Result {
        let before = self.0.fetch_add(1, Ordering::Relaxed);
        Ok(response::text(before.to_string()))
    }
}

#[tokio::test]
async fn semantics_1_1_a_call_borrows_the_app_and_clones_nothing() {
    let app = NotClone(AtomicUsize::new(0));
    let (first, second) = (app.call(get("/")), app.call(get("/")));
    assert_eq!(super::text(second.await.unwrap()).await, "0");
    assert_eq!(super::text(first.await.unwrap()).await, "1");
}

#[tokio::test]
async fn semantics_1_2_dropping_the_future_cancels_the_request() {
    let held = Arc::new(());
    let watched = Arc::clone(&held);
    let app = move |_: Request| {
        let held = Arc::clone(&held);
        async move {
            std::future::pending::<()>().await;
            drop(held);
            Ok(response::no_content())
        }
    };
    let wrapped = app.with(paste_core::HttpErrors::new()).boxed();
    let call = tokio::time::timeout(Duration::ZERO, wrapped.call(get("/"))).await;
    assert!(call.is_err(), "it waits for ever");
    assert_eq!(Arc::strong_count(&watched), 2, "the app's own is left, the call's is gone");
}

/// A middleware that puts `mark` around the text.
fn mark(mark: &'static str) -> impl paste_core::Middleware<paste_core::BoxApp, App: Sized> + Clone {
    from_fn(move |request: Request, next: Next| async move {
        let inner = super::text(next.call(request).await?).await;
        Ok(response::text(format!("{mark}({inner})")))
    })
}

#[tokio::test]
async fn semantics_1_3_the_last_with_is_outermost() {
    let hello = |_: Request| async { Ok(response::text("hi")) };
    let app = hello.boxed().with(mark("a")).boxed().with(mark("b")).boxed();
    assert_eq!(ask(&app, "/").await, "b(a(hi))");
}

async fn function(_: Request) -> Result {
    Ok(response::text("function"))
}

#[tokio::test]
async fn semantics_1_4_functions_closures_and_types_are_apps_alike() {
    let text = "closure".to_owned();
    let closure = move |_: Request| {
        let text = text.clone();
        async move { Ok(response::text(text)) }
    };
    let modern = async |_: Request| Ok(response::text("async closure"));
    assert_eq!(ask(&function, "/").await, "function");
    assert_eq!(ask(&closure, "/").await, "closure");
    assert_eq!(ask(&modern.boxed(), "/").await, "async closure");
    assert_eq!(ask(&NotClone(AtomicUsize::new(7)), "/").await, "7");
}

#[tokio::test]
async fn semantics_1_5_clones_of_a_boxed_app_are_the_same_app() {
    let app = NotClone(AtomicUsize::new(0)).boxed();
    let clone = app.clone().boxed();
    assert_eq!(ask(&app, "/").await, "0");
    assert_eq!(ask(&clone, "/").await, "1");
}

#[tokio::test]
async fn semantics_1_6_a_middleware_may_call_the_app_never_or_more_than_once() {
    let app =
        NotClone(AtomicUsize::new(0)).with(from_fn(|request: Request, next: Next| async move {
            if request.uri().path() == "/never" {
                return Ok(response::text("never"));
            }
            next.call(get("/")).await?;
            next.call(request).await
        }));
    assert_eq!(ask(&app, "/never").await, "never");
    assert_eq!(ask(&app, "/twice").await, "1");
}
