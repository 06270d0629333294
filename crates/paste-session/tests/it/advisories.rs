//! Faults that other sessions had, by name, on every store of ours.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::header;
use paste_core::{App, AppExt, Body, Request, Scheme, response};
use paste_session::{Key, MemoryStore, Record, SessionExt, Sessions, Store, Values};
use tokio::sync::Barrier;

use crate::sessions::{app, cookie_of};

/// What is kept as long as its store is used.
type Kept = Box<dyn Send + Sync>;

/// Sessions in each store whose cookie is an id, and the store's name.
fn all() -> Vec<(&'static str, Sessions, Kept)> {
    #[cfg_attr(
        not(any(feature = "file", feature = "sqlite")),
        expect(unused_mut, reason = "others are behind features")
    )]
    let mut all: Vec<(_, _, Kept)> =
        vec![("memory", Sessions::new(MemoryStore::new()), Box::new(()))];
    #[cfg(feature = "file")]
    {
        let folder = tempfile::tempdir().unwrap();
        let store = paste_session::FileStore::new(folder.path());
        all.push(("file", Sessions::new(store), Box::new(folder)));
    }
    #[cfg(feature = "sqlite")]
    {
        let folder = tempfile::tempdir().unwrap();
        let store = paste_session::SqliteStore::new(folder.path().join("sessions.db"));
        all.push(("sqlite", Sessions::new(store), Box::new(folder)));
    }
    all
}

/// The same, and sessions that are their cookies.
fn all_and_cookies() -> Vec<(&'static str, Sessions, Kept)> {
    #[cfg_attr(not(feature = "cookie-store"), expect(unused_mut, reason = "behind a feature"))]
    let mut all = all();
    #[cfg(feature = "cookie-store")]
    {
        let store = paste_session::CookieStore::new([7; 32]).unwrap();
        all.push(("cookie", Sessions::in_cookie(store), Box::new(())));
    }
    all
}

pub(crate) fn request(target: &str, cookie: &str) -> Request {
    let request = http::Request::get(target).header(header::COOKIE, cookie);
    request.body(Body::empty()).unwrap()
}

/// The status, the cookie that was set, or `-`, and the text of an answer.
pub(crate) async fn ask(sessions: &Sessions, target: &str, cookie: &str) -> (u16, String, String) {
    match app.with(sessions.clone()).call(request(target, cookie)).await {
        Ok(response) => {
            let has_cookie = response.headers().contains_key(header::SET_COOKIE);
            let cookie = if has_cookie { cookie_of(response.headers()) } else { "-".to_owned() };
            let status = response.status().as_u16();
            let text = response.into_body().collect(1 << 20).await.unwrap();
            (status, cookie, String::from_utf8(text.to_vec()).unwrap())
        }
        Err(error) => (error.status().as_u16(), "-".to_owned(), String::new()),
    }
}

async fn text(sessions: &Sessions, target: &str, cookie: &str) -> String {
    let (status, _, text) = ask(sessions, target, cookie).await;
    assert_eq!(status, 200, "{target}");
    text
}

/// The cookie that an answer sets.
async fn cookie(sessions: &Sessions, target: &str, cookie: &str) -> String {
    let (status, cookie, _) = ask(sessions, target, cookie).await;
    assert_eq!(status, 200, "{target}");
    cookie
}

#[tokio::test]
async fn fixation_passport_cve_2022_25896() {
    for (store, sessions, _kept) in all() {
        // Who attacks has a session of his own, or makes an id up, and plants it in his victim's browser.
        let own = cookie(&sessions, "/set?a=1", "").await;
        let made_up = format!("session={}", "ab".repeat(16));
        for planted in [own, made_up] {
            let after = cookie(&sessions, "/login?ann", &planted).await;
            assert_ne!(after, planted, "{store}: another id at the login");
            assert_eq!(text(&sessions, "/user", &after).await, "ann", "{store}");
            assert_eq!(text(&sessions, "/user", &planted).await, "-", "{store}");
            assert_eq!(text(&sessions, "/exists", &planted).await, "false", "{store}");
            let out = cookie(&sessions, "/logout", &after).await;
            assert_ne!(out, after, "{store}: another id at the logout, too");
            assert_eq!(text(&sessions, "/user", &after).await, "-", "{store}");
        }
    }
}

#[tokio::test]
async fn revival_rack_session_cve_2025_46336() {
    for (store, sessions, _kept) in all() {
        for end in ["/destroy", "/logout", "/cycle", "/clear"] {
            let login = if end == "/logout" { "/login?ann" } else { "/set?a=1" };
            let first = cookie(&sessions, login, "").await;
            let (loaded, ended) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
            let gates = (Arc::clone(&loaded), Arc::clone(&ended));
            let slow = move |request: Request| {
                let (loaded, ended) = (Arc::clone(&gates.0), Arc::clone(&gates.1));
                async move {
                    let session = request.session()?;
                    assert!(session.exists().await?);
                    loaded.wait().await;
                    ended.wait().await;
                    session.insert("late", "x").await?;
                    Ok(response::no_content())
                }
            };
            let slow = slow.with(sessions.clone());
            let (answer, ()) = tokio::join!(slow.call(request("/", &first)), async {
                loaded.wait().await;
                assert_eq!(ask(&sessions, end, &first).await.0, 200);
                ended.wait().await;
            });
            let answer = answer.unwrap();
            assert!(!answer.headers().contains_key("set-cookie"), "{store} {end}");
            assert_eq!(text(&sessions, "/exists", &first).await, "false", "{store} {end}");
        }
    }
}

#[tokio::test]
async fn forged_and_mutated_cookies_rack_session_cve_2026_39324() {
    for (store, sessions, _kept) in all() {
        let sound = cookie(&sessions, "/set?a=1", "").await;
        let value = sound.strip_prefix("session=").unwrap();
        let mut forged = vec![
            String::new(),
            value.to_uppercase(),
            format!("{value}0"),
            format!("0{value}"),
            value[1..].to_owned(),
            format!("\"{value}\""),
            format!("%{value}"),
            // What a decoder for another kind of cookie would take.
            "eyJhIjoiMSJ9".to_owned(),
            "{\"a\":\"1\"}".to_owned(),
            "BAh7BkkiBmEGOgZFVEkiBjEGOwBU".to_owned(),
        ];
        for at in 0..value.len() {
            let mut bytes = value.as_bytes().to_vec();
            bytes[at] = if bytes[at] == b'0' { b'1' } else { b'0' };
            forged.push(String::from_utf8(bytes).unwrap());
        }
        for forged in forged.iter().filter(|forged| *forged != value) {
            let forged = format!("session={forged}");
            assert_eq!(text(&sessions, "/exists", &forged).await, "false", "{store} {forged}");
        }
        assert_eq!(text(&sessions, "/get?a", &sound).await, "1", "{store}");
    }
}

#[tokio::test]
async fn cookie_tossing_rack_cve_2020_8184_and_werkzeug_cve_2023_23934() {
    for (store, sessions, _kept) in all_and_cookies() {
        let over_https = async |target: &str, cookie: &str| {
            let mut request = request(target, cookie);
            request.extensions_mut().insert(Scheme("https"));
            app.with(sessions.clone()).call(request).await.unwrap()
        };
        let sound = cookie_of(over_https("/set?a=mine", "").await.headers());
        let tossed = cookie_of(over_https("/set?a=tossed", "").await.headers());
        let (name, sound_id) = sound.split_once('=').unwrap();
        let (_, tossed_id) = tossed.split_once('=').unwrap();
        assert_eq!(name, "__Host-session", "{store}");
        for (cookies, expected) in [
            // Without the prefix another host or a plain connection could have set it.
            (format!("session={tossed_id}; {sound}"), "mine"),
            (format!("session={tossed_id}"), "-"),
            (format!("__Secure-session={tossed_id}"), "-"),
            (format!("%5F%5FHost-session={tossed_id}; {sound}"), "mine"),
            (format!("%5F%5FHost-session={tossed_id}"), "-"),
            (format!("=__Host-session={tossed_id}; {sound}"), "mine"),
            (format!("=__Host-session={tossed_id}"), "-"),
            (format!("__host-session={tossed_id}"), "-"),
            // Of two the first counts, as everywhere.
            (format!("{sound}; __Host-session={tossed_id}"), "mine"),
            (format!("__Host-session=\"{sound_id}\""), "-"),
        ] {
            let body = over_https("/get?a", &cookies).await.into_body().collect(100).await;
            assert_eq!(body.unwrap(), expected, "{store} {cookies}");
        }
    }
}

/// An id that is taken already must not give one client the session of another.
async fn one_of_two_creates(store: impl Store) {
    let created = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
    let record = |json: &str| Record {
        version: 1,
        values: Values::from_json(json).unwrap(),
        user: None,
        created,
        expires: created + Duration::from_secs(3600),
    };
    for number in 0..20 {
        let key = Key::from_bytes([number; 32]);
        let (one, other) = (record(r#"{"of":"one"}"#), record(r#"{"of":"other"}"#));
        let (first, second) =
            tokio::join!(store.create(&key, &one, created), store.create(&key, &other, created));
        let (first, second) = (first.unwrap(), second.unwrap());
        assert!(first != second, "{store:?}");
        let stored = store.load(&key).await.unwrap().unwrap();
        assert_eq!(stored, if first { one } else { other }, "{store:?}");
    }
}

#[tokio::test]
async fn create_is_atomic_tower_sessions_181_and_188() {
    one_of_two_creates(MemoryStore::new()).await;
    #[cfg(any(feature = "file", feature = "sqlite"))]
    let folder = tempfile::tempdir().unwrap();
    #[cfg(feature = "file")]
    one_of_two_creates(paste_session::FileStore::new(folder.path().join("files"))).await;
    #[cfg(feature = "sqlite")]
    one_of_two_creates(paste_session::SqliteStore::new(folder.path().join("sessions.db"))).await;
}

#[cfg(feature = "file")]
#[tokio::test]
async fn an_id_is_no_path_paste_session() {
    // Paste's own sessions joined the id to a folder, unchecked, and unpickled what they found there.
    let folder = tempfile::tempdir().unwrap();
    let (root, evil) = (folder.path().join("root"), folder.path().join("evil.json"));
    let text = r#"{"version":1,"created":0,"expires":99999999999999,"values":{"a":"evil"}}"#;
    std::fs::write(&evil, text).unwrap();
    let sessions = Sessions::new(paste_session::FileStore::new(&root));
    cookie(&sessions, "/set?a=1", "").await;
    let planted = root.join("evil.json");
    std::fs::write(&planted, text).unwrap();
    let absolute = evil.with_extension("").display().to_string();
    for id in [
        "../evil",
        "../evil.json",
        "../../evil.json",
        "evil",
        "evil.json",
        "%2e%2e%2fevil.json",
        "..\\evil.json",
        "lock",
        "new",
        ".",
        "..",
        "",
        "/",
        &absolute,
        &format!("{}/../../evil", "ab".repeat(4)),
    ] {
        let forged = format!("session={id}");
        assert_eq!(self::text(&sessions, "/get?a", &forged).await, "-", "{id}");
        let made = cookie(&sessions, "/set?a=2", &forged).await;
        assert_ne!(made, forged, "{id}");
        assert_eq!(ask(&sessions, "/destroy", &forged).await.0, 200, "{id}");
    }
    for file in [evil, planted] {
        assert_eq!(std::fs::read_to_string(file).unwrap(), text);
    }
}
