//! WebSockets in apps: behind a map, middlewares, a tower layer and an axum router.
#![allow(clippy::unwrap_used, reason = "a test that fails panics")]

use std::fmt::Write as _;

use axum::Router;
use futures_util::{SinkExt, StreamExt};
use http::{HeaderValue, header};
use paste_core::tower::{IntoApp, IntoMiddleware};
use paste_core::{AppExt, HttpErrors};
use paste_deploy::{Registry, Site};
use paste_dispatch::UrlMap;
use paste_filter::Headers;
use paste_fixture::Lint;
use paste_tests::{TestServer, within};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tower_http::compression::CompressionLayer;

#[tokio::test]
async fn the_clock_of_the_demo_ticks_through_everything_around_it() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("site.toml");
    let mut toml = String::from("[app.main]\nuse = \"urlmap\"\nfilters = [\"http-errors\"]\n");
    writeln!(toml, "mount = {{ \"/demo\" = \"demo\" }}\n[app.demo]\nuse = \"demo\"").unwrap();
    std::fs::write(&file, toml).unwrap();
    let demo = Site::load(&file, &Registry::default()).unwrap().app();
    let router = Router::<()>::new().nest_service("/nested", demo.clone().into_service());
    let app = UrlMap::new().mount("/", demo).unwrap().mount("/axum", router.into_app()).unwrap();
    let app = app
        .with(Headers::new().set(header::SERVER, HeaderValue::from_static("x")))
        .with(CompressionLayer::new().into_middleware())
        .with(Lint::new())
        .with(HttpErrors::new());
    let server = TestServer::new(app).await;
    for path in ["demo/clock", "axum/nested/demo/clock"] {
        let url = format!("ws://{}/{path}", server.addr);
        let connecting = tokio_tungstenite::client_async(&*url, server.connect().await);
        let (mut socket, answer) = within("the handshake", connecting).await.unwrap();
        assert_eq!(answer.headers()["server"], "x");
        for (name, value) in [("origin", "http://evil.example"), ("sec-websocket-version", "8")] {
            let mut request = (&*url).into_client_request().unwrap();
            request.headers_mut().insert(name, HeaderValue::from_static(value));
            let refused = tokio_tungstenite::client_async(request, server.connect().await).await;
            assert!(refused.is_err(), "{name}");
        }
        let mut times = Vec::new();
        for _ in 0..2 {
            let message = within("a tick", socket.next()).await.unwrap().unwrap();
            times.push(message.to_text().unwrap().parse::<u64>().unwrap());
        }
        assert!(times[0] <= times[1] && times[0] > 1_700_000_000, "{times:?}");
        // It goes when it is told to, and when a message is too large for a clock.
        socket.send(Message::text("x".repeat(10_000))).await.unwrap();
        within("the end", async { while let Some(Ok(_)) = socket.next().await {} }).await;
    }
}
