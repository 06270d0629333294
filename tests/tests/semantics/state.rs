//! Section 2, state.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::routing::get as route;
use paste_core::tower::IntoLayer;
use paste_core::{App, AppExt, Middleware, Request, Result, response};
use paste_deploy::{Context, Problem, Registry, Site};
use tower::ServiceExt;

use super::ask;

/// Counts requests in the state that its builder made, and answers with the count; and counts how
/// often it was wrapped.
#[derive(Clone, Debug, Default)]
struct Count {
    requests: Arc<AtomicUsize>,
    wraps: Arc<AtomicUsize>,
}

struct WithCount(Arc<AtomicUsize>);

impl<A: App> Middleware<A> for Count {
    type App = WithCount;

    fn wrap(self, _: A) -> WithCount {
        self.wraps.fetch_add(1, Ordering::Relaxed);
        WithCount(self.requests)
    }
}

impl App for WithCount {
    async fn call(&self, _: Request) -> Result {
        Ok(response::text((self.0.fetch_add(1, Ordering::Relaxed) + 1).to_string()))
    }
}

async fn hello(_: Request) -> Result {
    Ok(response::text("hi"))
}

#[tokio::test]
async fn semantics_2_1_clones_of_a_middleware_share_its_state() {
    let count = Count::default();
    let (first, second) = (hello.with(count.clone()), hello.with(count));
    assert_eq!(ask(&first, "/").await, "1");
    assert_eq!(ask(&second, "/").await, "2");
}

#[tokio::test]
async fn semantics_2_2_wrap_may_run_often_and_makes_no_state() {
    let count = Count::default();
    let router: Router = Router::new()
        .route("/a", route(async || "a"))
        .route("/b", route(async || "b"))
        .layer(count.clone().into_layer());
    for (path, expected) in [("/a", "1"), ("/b", "2"), ("/a", "3")] {
        let request = http::Request::get(path).body(axum::body::Body::empty()).unwrap();
        let answer = router.clone().oneshot(request).await.unwrap();
        let body = axum::body::to_bytes(answer.into_body(), 100).await.unwrap();
        assert_eq!(body, expected, "{path}");
    }
    assert!(count.wraps.load(Ordering::Relaxed) > 1, "axum wraps each route");
}

/// No keys.
#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct NoKeys {}

#[tokio::test]
async fn semantics_2_3_one_filter_section_is_one_state() {
    let build = |_: NoKeys, _: &mut Context<'_>| Ok::<_, Problem>(Count::default());
    let registry = Registry::default().filter("count", build);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("site.toml");
    let toml = r#"
        app.main = { use = "urlmap", mount = { "/a" = "a", "/b" = "b", "/c" = "c" } }
        app.a = { use = "text", body = "", filters = ["one"] }
        app.b = { use = "text", body = "", filters = ["one"] }
        app.c = { use = "text", body = "", filters = ["two"] }
        filter.one = { use = "count" }
        filter.two = { use = "count" }
    "#;
    std::fs::write(&path, toml).unwrap();
    let app = Site::load(&path, &registry).unwrap().app();
    for (path, expected) in [("/a", "1"), ("/b", "2"), ("/c", "1"), ("/a", "3")] {
        assert_eq!(ask(&app, path).await, expected, "{path}");
    }
}
