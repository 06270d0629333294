//! One test per rule of `BodyLimit`, `Timeout` and `RateLimit`.

use std::future::pending;
use std::num::NonZeroUsize;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::StatusCode;
use paste_core::{
    App, AppExt, Body, ClientAddr, Clock, Error, RemoteUser, Request, Result, response,
};
use paste_filter::{BodyLimit, RateLimit, Timeout};
use paste_fixture::TestApp;

async fn length(request: Request) -> Result {
    let mut body = request.into_body();
    let mut length = 0;
    while let Some(chunk) = body.chunk().await? {
        length += chunk.len();
    }
    Ok(response::text(length.to_string()))
}

#[tokio::test]
async fn body_limit_rule_1_a_body_that_says_it_is_larger_never_reaches_the_app() {
    let app = TestApp::new(length.with(BodyLimit::new(10)));
    app.post("/").body("1234567890").await.must_contain("10");
    let never = |_: Request| async { panic!("called") as Result };
    let app = TestApp::new(never.with(BodyLimit::new(10)));
    let page = app.post("/").body("12345678901").expect(413).await;
    page.must_contain("The body must not have more than 10 bytes.");
}

#[tokio::test]
async fn body_limit_rule_2_a_stream_is_cut_where_it_passes_the_limit() {
    let app = length.with(BodyLimit::new(10));
    for (pieces, expected) in [(2, Ok("10")), (3, Err(StatusCode::PAYLOAD_TOO_LARGE))] {
        let pieces = (0..pieces).map(|_| Ok::<_, Error>(Bytes::from_static(b"12345")));
        let body = Body::from_stream(futures_util::stream::iter(pieces));
        let answer = app.call(Request::new(body)).await;
        let answer = match answer {
            Ok(response) => response.into_body().collect(100).await.map_err(|error| error.status()),
            Err(error) => Err(error.status()),
        };
        assert_eq!(answer, expected.map(Bytes::from));
    }
}

#[tokio::test(start_paused = true)]
async fn timeout_rule_1_an_app_that_takes_too_long_is_dropped() {
    let limit = Timeout::new(Duration::from_secs(30));
    let hangs = (|_: Request| pending::<Result>()).with(limit);
    let begun = tokio::time::Instant::now();
    let error = hangs.call(Request::default()).await.unwrap_err();
    assert_eq!(error.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(error.public_detail(), Some("The answer took too long."));
    assert_eq!(begun.elapsed().as_secs(), 30);

    let slow = |_: Request| async {
        // tidy: time is what is tested, and it is paused
        tokio::time::sleep(Duration::from_secs(29)).await;
        Ok(response::text("late"))
    };
    assert!(slow.with(limit).call(Request::default()).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn timeout_rule_2_a_body_may_take_longer() {
    let streams = |_: Request| async {
        let late = futures_util::stream::once(async {
            // tidy: time is what is tested, and it is paused
            tokio::time::sleep(Duration::from_secs(60)).await;
            Ok::<_, Error>(Bytes::from_static(b"late"))
        });
        Ok(response::text(Body::from_stream(late)))
    };
    let app = streams.with(Timeout::new(Duration::from_secs(30)));
    let response = app.call(Request::default()).await.unwrap();
    assert_eq!(response.into_body().collect(10).await.unwrap(), "late");
}

/// Asks as a client of this address, and perhaps as a user: the status, and after how long to come back.
async fn ask(app: &impl App, address: &str, user: Option<&str>) -> (u16, Option<String>) {
    let mut request = http::Request::get("/").body(Body::empty()).unwrap();
    if !address.is_empty() {
        let address = ClientAddr((address.parse::<std::net::IpAddr>().unwrap(), 1).into());
        request.extensions_mut().insert(address);
    }
    if let Some(user) = user {
        request.extensions_mut().insert(RemoteUser::new(user));
    }
    match app.call(request).await {
        Ok(response) => (response.status().as_u16(), None),
        Err(error) => {
            let after = error.headers().get("retry-after");
            (error.status().as_u16(), after.map(|after| after.to_str().unwrap().to_owned()))
        }
    }
}

async fn hello(_: Request) -> Result {
    Ok(response::text("hi"))
}

#[tokio::test]
async fn rate_limit_rules_1_and_2_requests_come_back_evenly() {
    let clock = Clock::manual(SystemTime::UNIX_EPOCH);
    let limit = RateLimit::new(3, Duration::from_secs(60)).clock(clock.clone());
    let app = hello.with(limit.clone());
    for _ in 0..3 {
        assert_eq!(ask(&app, "10.0.0.1", None).await, (200, None));
    }
    for _ in 0..10 {
        assert_eq!(ask(&app, "10.0.0.1", None).await, (429, Some("20".to_owned())));
    }
    clock.advance(Duration::from_secs(19));
    assert_eq!(ask(&app, "10.0.0.1", None).await, (429, Some("1".to_owned())));
    clock.advance(Duration::from_secs(1));
    // One state in every app that it wraps.
    let other = hello.with(limit);
    assert_eq!(ask(&other, "10.0.0.1", None).await, (200, None));
    assert_eq!(ask(&app, "10.0.0.1", None).await, (429, Some("20".to_owned())));
    clock.advance(Duration::from_secs(3600));
    for status in [200, 200, 200, 429] {
        assert_eq!(ask(&app, "10.0.0.1", None).await.0, status, "no more than three at once");
    }
}

#[tokio::test]
async fn rate_limit_rule_3_a_client_is_a_network_or_a_user() {
    let clock = Clock::manual(SystemTime::UNIX_EPOCH);
    let limit = RateLimit::new(1, Duration::from_secs(60)).clock(clock);
    let app = hello.with(limit.clone());
    for (address, status) in [
        ("10.0.0.1", 200),
        ("10.0.0.2", 200),
        ("::ffff:10.0.0.1", 429),
        ("2001:db8::1", 200),
        ("2001:db8::ffff:1", 429),
        ("2001:db8:0:1::1", 200),
    ] {
        assert_eq!(ask(&app, address, Some("ann")).await.0, status, "{address}");
    }
    let app = hello.with(limit.max_clients(NonZeroUsize::MIN.saturating_add(9)).by_user());
    for (address, user, status) in [
        ("10.0.0.1", Some("ann"), 200),
        ("10.0.0.2", Some("ann"), 429),
        ("10.0.0.1", Some("bob"), 200),
        ("10.0.0.1", None, 200),
        ("10.0.0.1", None, 429),
    ] {
        assert_eq!(ask(&app, address, user).await.0, status, "{address} {user:?}");
    }
}

#[tokio::test]
async fn rate_limit_rule_4_who_came_least_recently_is_forgotten() {
    let limit =
        RateLimit::new(1, Duration::from_secs(60)).clock(Clock::manual(SystemTime::UNIX_EPOCH));
    let app = hello.with(limit.max_clients(NonZeroUsize::MIN.saturating_add(1)));
    for (address, status) in [
        ("10.0.0.1", 200),
        ("10.0.0.2", 200),
        ("10.0.0.1", 429),
        ("10.0.0.3", 200),
        ("10.0.0.1", 429),
        ("10.0.0.2", 200),
    ] {
        assert_eq!(ask(&app, address, None).await.0, status, "{address}");
    }
}

#[tokio::test]
async fn rate_limit_rule_5_without_an_address_it_refuses() {
    let app = hello.with(RateLimit::new(1, Duration::from_secs(60)));
    assert_eq!(ask(&app, "", None).await, (500, None));
    let error = app.call(Request::default()).await.unwrap_err();
    assert!(error.source().unwrap().to_string().contains("the request has no client address"));
    assert!(error.public_detail().is_none());
    let users = hello.with(RateLimit::new(1, Duration::from_secs(60)).by_user());
    assert_eq!(ask(&users, "", Some("ann")).await.0, 200);
}

#[tokio::test]
async fn rate_limit_a_clock_that_is_set_back_locks_nobody_out() {
    let late = Clock::manual(SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 30));
    let limit = RateLimit::new(2, Duration::from_secs(60));
    let app = hello.with(limit.clone().clock(late));
    assert_eq!(ask(&app, "10.0.0.1", None).await.0, 200);
    let early = Clock::manual(SystemTime::UNIX_EPOCH);
    let app = hello.with(limit.clock(early.clone()));
    assert_eq!(ask(&app, "10.0.0.1", None).await, (429, Some("30".to_owned())));
    early.advance(Duration::from_secs(30));
    assert_eq!(ask(&app, "10.0.0.1", None).await.0, 200);
}
