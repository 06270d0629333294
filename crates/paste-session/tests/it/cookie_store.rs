//! One test per rule of `CookieStore`.

use std::time::{Duration, SystemTime};

use paste_core::{App, AppExt, Body, Clock, Request, Scheme, response};
use paste_fixture::TestApp;
use paste_session::{Consistency, CookieStore, Key, SessionExt, Sessions, ShortSecret};

use crate::advisories::{ask, request};
use crate::sessions::{app, cookie_of};

const SECRET: [u8; 32] = *b"of this test alone, 32 bytes....";
const NEWER: [u8; 32] = *b"of this test alone, and newer...";

fn sessions() -> Sessions {
    Sessions::in_cookie(CookieStore::new(SECRET).unwrap())
}

async fn text(sessions: &Sessions, target: &str, cookie: &str) -> String {
    let (status, _, text) = ask(sessions, target, cookie).await;
    assert_eq!(status, 200, "{target}");
    text
}

async fn begin(sessions: &Sessions) -> String {
    ask(sessions, "/set?a=plaintext", "").await.1
}

#[tokio::test]
async fn rule_1_a_session_is_in_its_cookie_where_nobody_can_read_it() {
    let browser = TestApp::new(app.with(sessions()));
    for target in ["/set?a=plaintext", "/set?b=2", "/login?ann", "/flash?hello"] {
        browser.get(target).await;
    }
    let cookie = browser.cookie("session").unwrap();
    assert!(!cookie.contains("plaintext") && cookie.len() > 100, "{cookie}");
    for (target, expected) in
        [("/get?a", "plaintext"), ("/names", "a,b"), ("/user", "ann"), ("/flashes", "hello")]
    {
        assert_eq!(browser.get(target).await.text(), expected, "{target}");
    }
    assert_eq!(browser.get("/flashes").await.text(), "", "taken");
    // Each time it is another, although the same is in it; and nothing is sent where nothing has changed.
    let sessions = sessions();
    assert_ne!(begin(&sessions).await, begin(&sessions).await);
    let cookie = begin(&sessions).await;
    assert_eq!(ask(&sessions, "/get?a", &cookie).await.1, "-");
    assert_eq!(ask(&sessions, "/destroy", &cookie).await.1, "session=");
    assert_eq!(format!("{:?}", CookieStore::new(SECRET).unwrap()), "CookieStore(1 secrets)");
}

#[tokio::test]
async fn rule_2_every_mutation_is_no_session_rack_session_cve_2026_39324() {
    let sessions = sessions();
    let cookie = begin(&sessions).await;
    let value = cookie.strip_prefix("session=").unwrap();
    let mut forged = vec![
        String::new(),
        "0123456789abcdef0123456789abcdef".to_owned(),
        value[..value.len() - 1].to_owned(),
        format!("{value}="),
        format!("{value}A"),
        format!("A{value}"),
        value[4..].to_owned(),
        value.replace('=', ""),
        // What a decoder of what is not encrypted would take.
        r#"{"version":1,"created":0,"expires":99999999999999,"values":{"a":"evil"}}"#.to_owned(),
        "eyJ2ZXJzaW9uIjoxLCJjcmVhdGVkIjowLCJleHBpcmVzIjo5OTk5OTk5OTk5OTk5OSwidmFsdWVzIjp7fX0="
            .to_owned(),
    ];
    for at in 0..value.len() {
        for other in [b'A', b'B', b'=', b'/'] {
            let mut bytes = value.as_bytes().to_vec();
            bytes[at] = other;
            forged.push(String::from_utf8(bytes).unwrap());
        }
    }
    for forged in forged.iter().filter(|forged| *forged != value) {
        let forged = format!("session={forged}");
        assert_eq!(text(&sessions, "/exists", &forged).await, "false", "{forged}");
    }
    // Of another cookie, or of another secret.
    let named = sessions.clone().name("sid").unwrap();
    assert_eq!(text(&named, "/exists", &format!("sid={value}")).await, "false");
    let other = Sessions::in_cookie(CookieStore::new(NEWER).unwrap());
    assert_eq!(text(&other, "/exists", &cookie).await, "false");
    // That of a plain connection is none over https.
    let mut over_https = request("/exists", &format!("__Host-{cookie}"));
    over_https.extensions_mut().insert(Scheme("https"));
    let answer = app.with(sessions.clone()).call(over_https).await.unwrap();
    assert_eq!(answer.into_body().collect(10).await.unwrap(), "false");
    assert_eq!(text(&sessions, "/get?a", &cookie).await, "plaintext");
}

#[tokio::test]
async fn rule_3_when_it_ends_stands_inside() {
    let hour = Duration::from_secs(3600);
    let clock = Clock::manual(SystemTime::UNIX_EPOCH + 1000 * hour);
    let sessions = sessions().idle_timeout(hour).max_age(2 * hour).clock(clock.clone());
    let first = begin(&sessions).await;
    clock.advance(hour / 2);
    let (_, second, _) = ask(&sessions, "/get?a", &first).await;
    assert_ne!(second, "-", "that it was used is written down");
    clock.advance(hour / 2);
    assert_eq!(text(&sessions, "/exists", &first).await, "false");
    let (_, third, found) = ask(&sessions, "/get?a", &second).await;
    assert_eq!(found, "plaintext");
    clock.advance(hour / 2);
    let (_, fourth, _) = ask(&sessions, "/get?a", &third).await;
    clock.advance(hour / 2);
    for old in [third, fourth] {
        assert_eq!(text(&sessions, "/exists", &old).await, "false", "two hours in all");
    }
}

#[tokio::test]
async fn rule_4_secrets_are_long_and_can_be_changed() {
    assert_eq!(CookieStore::new([1; 31]).unwrap_err(), ShortSecret);
    assert_eq!(CookieStore::new(SECRET).unwrap().older("short").unwrap_err(), ShortSecret);
    let (old, new) = (sessions(), Sessions::in_cookie(CookieStore::new(NEWER).unwrap()));
    let both = CookieStore::new(NEWER).unwrap().older(SECRET).unwrap();
    let both = Sessions::in_cookie(both);
    let cookie = begin(&old).await;
    assert_eq!(text(&new, "/exists", &cookie).await, "false");
    let (_, renewed, _) = ask(&both, "/set?b=2", &cookie).await;
    assert_eq!(text(&new, "/names", &renewed).await, "a,b", "the newest encrypts");
    assert_eq!(text(&old, "/exists", &renewed).await, "false");
}

#[tokio::test]
async fn rule_5_what_is_too_large_for_a_cookie_is_a_500_and_sends_nothing() {
    let sessions = sessions();
    let cookie = begin(&sessions).await;
    let (mut most, mut status) = (0, 200);
    while status == 200 {
        most += 10;
        let (found, sent, _) = ask(&sessions, &format!("/fill?{most}"), &cookie).await;
        status = found;
        assert!(sent.len() <= 4096, "{}", sent.len());
        assert_eq!(sent == "-", status == 500);
    }
    assert_eq!(status, 500);
    assert!(
        (2800..3000).contains(&most),
        "{most}: about three quarters, less what is always in it"
    );
    assert_eq!(text(&sessions, "/get?a", &cookie).await, "plaintext");
    // Who saves by hand is told why.
    let by_hand = async |request: Request| {
        let session = request.session()?;
        session.insert("filling", &"x".repeat(5000)).await?;
        let error = session.save().await.unwrap_err();
        let text = error.source().unwrap().to_string();
        session.remove("filling").await;
        Ok(response::text(text))
    };
    let answer = by_hand.with(sessions).call(request("/", &cookie)).await.unwrap();
    let told = answer.into_body().collect(200).await.unwrap();
    let told = str::from_utf8(&told).unwrap();
    assert!(
        told.starts_with("a session is too large: ") && told.ends_with("at most 4096"),
        "{told}"
    );
}

#[tokio::test]
async fn rule_6_the_client_has_it() {
    let store = CookieStore::new(SECRET).unwrap();
    assert_eq!(store.consistency(), Consistency::ClientHeld);
    let sessions = sessions();
    let cookie = begin(&sessions).await;
    let error = sessions.of_user("ann").await.unwrap_err();
    assert!(error.source().unwrap().to_string().contains("neither listed nor revoked"));
    let error = sessions.revoke(&Key::from_bytes([0; 32])).await.unwrap_err();
    assert_eq!(error.status(), 500);
    assert_eq!(sessions.revoke_user("ann").await.unwrap_err().status(), 500);
    // A copy that was kept works; `update` counts within one request.
    ask(&sessions, "/destroy", &cookie).await;
    assert_eq!(text(&sessions, "/get?a", &cookie).await, "plaintext");
    let twice = async |request: Request| {
        let session = request.session()?;
        for _ in 0..2 {
            session.update("n", |n: Option<u64>| n.unwrap_or(0) + 1).await?;
        }
        Ok(response::no_content())
    };
    let answer = twice.with(sessions.clone()).call(request("/", &cookie)).await.unwrap();
    assert_eq!(text(&sessions, "/number?n", &cookie_of(answer.headers())).await, "2");
    // A login sends another cookie; the id cannot be fixed, since there is none.
    let (_, after, _) = ask(&sessions, "/login?ann", &cookie).await;
    assert_eq!(text(&sessions, "/user", &after).await, "ann");
    assert_eq!(text(&sessions, "/user", &cookie).await, "-");
}

#[tokio::test]
async fn untouched_it_costs_nothing() {
    let request = http::Request::get("/untouched").header("cookie", begin(&sessions()).await);
    let answer = app.with(sessions()).call(request.body(Body::empty()).unwrap()).await.unwrap();
    assert!(answer.headers().get("set-cookie").is_none() && answer.headers().get("vary").is_none());
}
