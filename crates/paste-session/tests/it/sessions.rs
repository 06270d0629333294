//! One test per rule of `Sessions`, and what its handle does.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::HeaderMap;
use paste_core::{
    App, AppExt, Body, Clock, Error, Request, RequestExt, Response, Result, Scheme, response,
};
use paste_fixture::TestApp;
use paste_session::{
    Consistency, Key, MemoryStore, OnFailure, Record, Saved, SessionExt, Sessions, Store,
    StoreError,
};

/// Does in its session what the path and the query say.
pub(crate) async fn app(request: Request) -> Result {
    let session = request.session()?;
    let query = request.uri().query().unwrap_or_default().to_owned();
    let (name, value) = query.split_once('=').unwrap_or((&query, ""));
    let text = match &*request.path_info() {
        "/untouched" => "untouched".to_owned(),
        "/get" => session.get::<String>(name).await?.unwrap_or_else(|| "-".to_owned()),
        "/set" => {
            session.insert(name, value).await?;
            "set".to_owned()
        }
        "/remove" => {
            session.remove(name).await;
            "removed".to_owned()
        }
        "/clear" => {
            session.clear().await;
            "cleared".to_owned()
        }
        "/count" => {
            let name = if name.is_empty() { "n" } else { name };
            session.update(name, |n: Option<u64>| n.unwrap_or(0) + 1).await?.to_string()
        }
        "/fill" => {
            session.insert("filling", &"x".repeat(name.parse()?)).await?;
            "filled".to_owned()
        }
        "/filled" => {
            session.get::<String>("filling").await?.map_or(0, |filling| filling.len()).to_string()
        }
        "/number" => session.get::<u64>(name).await?.unwrap_or_default().to_string(),
        "/login" => {
            session.set_user(Some(name)).await;
            "welcome".to_owned()
        }
        "/logout" => {
            session.set_user(None).await;
            "bye".to_owned()
        }
        "/user" => session.user().await?.unwrap_or_else(|| "-".to_owned()),
        "/cycle" => {
            session.cycle_id().await;
            "cycled".to_owned()
        }
        "/destroy" => {
            session.destroy().await;
            "destroyed".to_owned()
        }
        "/flash" => {
            session.flash("info", name).await?;
            "left".to_owned()
        }
        "/flashes" => {
            let flashes = session.take_flashes().await?;
            flashes.into_iter().map(|flash| flash.text).collect::<Vec<_>>().join(",")
        }
        "/names" => session.names().await?.join(","),
        "/exists" => session.exists().await?.to_string(),
        "/fail" => {
            session.insert("failed", "yes").await?;
            return Err(Error::not_found());
        }
        _ => return Err(Error::not_found()),
    };
    Ok(response::text(text))
}

/// A memory store that counts how often it is asked, and can fail.
#[derive(Debug, Default)]
struct Watched {
    store: MemoryStore,
    calls: std::sync::atomic::AtomicUsize,
    fails: std::sync::atomic::AtomicBool,
}

impl Watched {
    fn called(&self) -> Result<(), StoreError> {
        use std::sync::atomic::Ordering::SeqCst;
        self.calls.fetch_add(1, SeqCst);
        if self.fails.load(SeqCst) { Err(StoreError::unavailable("down")) } else { Ok(()) }
    }

    fn calls(&self) -> usize {
        self.calls.swap(0, std::sync::atomic::Ordering::SeqCst)
    }

    fn fail(&self, fails: bool) {
        self.fails.store(fails, std::sync::atomic::Ordering::SeqCst);
    }
}

impl Store for Watched {
    fn consistency(&self) -> Consistency {
        Consistency::Merging
    }

    async fn load(&self, key: &Key) -> Result<Option<Record>, StoreError> {
        self.called()?;
        self.store.load(key).await
    }

    async fn create(
        &self,
        key: &Key,
        record: &Record,
        now: SystemTime,
    ) -> Result<bool, StoreError> {
        self.called()?;
        self.store.create(key, record, now).await
    }

    async fn save(&self, key: &Key, record: &Record, now: SystemTime) -> Result<Saved, StoreError> {
        self.called()?;
        self.store.save(key, record, now).await
    }

    async fn destroy(&self, key: &Key) -> Result<(), StoreError> {
        self.called()?;
        self.store.destroy(key).await
    }

    async fn of_user(&self, user: &str) -> Result<Vec<(Key, Record)>, StoreError> {
        self.called()?;
        self.store.of_user(user).await
    }
}

struct Site {
    store: Arc<Watched>,
    sessions: Sessions,
    clock: Clock,
}

impl Site {
    fn new() -> Self {
        Self::with(|sessions| sessions)
    }

    fn with(change: impl FnOnce(Sessions) -> Sessions) -> Self {
        let store = Arc::new(Watched::default());
        let clock = Clock::manual(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000));
        let sessions = Sessions::new(Arc::clone(&store)).clock(clock.clone());
        Self { store, sessions: change(sessions), clock }
    }

    /// A browser of its own.
    fn browser(&self) -> TestApp {
        TestApp::new(app.with(self.sessions.clone())).clock(self.clock.clone())
    }

    /// A request whose cookie is given.
    async fn ask(&self, target: &str, cookie: &str) -> Response {
        let request = http::Request::get(target).header("cookie", cookie);
        let answer =
            app.with(self.sessions.clone()).call(request.body(Body::empty()).unwrap()).await;
        answer.unwrap_or_else(|mut error| {
            let mut response = response::with_status(error.status());
            *response.headers_mut() = std::mem::take(error.headers_mut());
            response
        })
    }

    async fn text(&self, target: &str, cookie: &str) -> String {
        let body = self.ask(target, cookie).await.into_body().collect(1000).await.unwrap();
        String::from_utf8(body.to_vec()).unwrap()
    }

    /// The cookie of a new session with the value `a=1`.
    async fn begin(&self) -> String {
        cookie_of(self.ask("/set?a=1", "").await.headers())
    }
}

pub(crate) fn cookie_of(headers: &HeaderMap) -> String {
    let line = headers["set-cookie"].to_str().unwrap();
    line.split(';').next().unwrap().to_owned()
}

async fn get(browser: &TestApp, target: &str) -> String {
    browser.get(target).await.text()
}

#[tokio::test]
async fn rule_1_who_touches_nothing_pays_and_gets_nothing() {
    let site = Site::new();
    let cookie = site.begin().await;
    site.store.calls();
    let answer = site.ask("/untouched", &cookie).await;
    assert_eq!(site.store.calls(), 0);
    assert!(answer.headers().get("set-cookie").is_none() && answer.headers().get("vary").is_none());

    // Read, and not written: one load, no cookie, no new session.
    for (target, cookie, calls) in [("/get?a", &*cookie, 1), ("/get?a", "", 0), ("/names", "", 0)] {
        let answer = site.ask(target, cookie).await;
        assert_eq!(site.store.calls(), calls, "{target} {cookie}");
        assert!(answer.headers().get("set-cookie").is_none());
    }
    // What is the same is not written again.
    site.ask("/set?a=1", &cookie).await;
    assert_eq!(site.store.calls(), 1, "loaded");
    site.ask("/set?a=2", &cookie).await;
    assert_eq!(site.store.calls(), 2, "loaded and saved");
}

#[tokio::test]
async fn rule_2_it_is_saved_before_the_response_leaves_errors_too() {
    let site = Site::new();
    let browser = site.browser();
    assert_eq!(get(&browser, "/get?a").await, "-");
    assert_eq!(get(&browser, "/set?a=1").await, "set");
    assert_eq!(get(&browser, "/get?a").await, "1");
    browser.get("/fail").expect(404).await;
    assert_eq!(get(&browser, "/get?failed").await, "yes");
    assert_eq!(get(&browser, "/names").await, "a,failed");
    assert_eq!(get(&site.browser(), "/get?a").await, "-", "another browser, another session");
}

#[tokio::test]
async fn rule_2_what_changes_later_is_saved_by_hand() {
    let site = Site::new();
    let late = async |request: Request| {
        let session = request.session()?;
        session.insert("early", "1").await?;
        let stream = futures_util::stream::once(async move {
            session.insert("late", "2").await?;
            session.save().await?;
            Ok::<_, Error>(bytes::Bytes::from_static(b"streamed"))
        });
        Ok(response::text(Body::from_stream(stream)))
    };
    let response = late.with(site.sessions.clone()).call(Request::default()).await.unwrap();
    let cookie = cookie_of(response.headers());
    assert_eq!(response.into_body().collect(100).await.unwrap(), "streamed");
    assert_eq!(site.text("/names", &cookie).await, "early,late");
}

#[tokio::test]
async fn rule_3_an_id_that_is_not_known_is_not_adopted() {
    let site = Site::new();
    let forged = "session=0123456789abcdef0123456789abcdef";
    assert_eq!(site.text("/get?a", forged).await, "-");
    let answer = site.ask("/set?a=1", forged).await;
    assert_ne!(cookie_of(answer.headers()), forged);
    assert_eq!(site.text("/get?a", forged).await, "-");
    for odd in ["session=", "session=../../etc/passwd", "session=%00", "session=\"x\"", "other=1"] {
        assert_eq!(site.text("/get?a", odd).await, "-", "{odd}");
    }
}

#[tokio::test]
async fn rule_4_the_cookie_is_safe_and_sent_once() {
    let site = Site::new();
    let browser = site.browser();
    let answer = browser.get("/set?a=1").await;
    let line = answer.header("set-cookie").unwrap();
    assert!(line.starts_with("session=") && !line.contains("Secure"), "{line}");
    for part in ["HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(line.contains(part), "{line}");
    }
    assert!(!line.contains("Max-Age"), "{line}");
    assert_eq!(browser.get("/set?b=2").await.header("set-cookie"), None);

    let mut request = http::Request::get("/set?a=1").body(Body::empty()).unwrap();
    request.extensions_mut().insert(Scheme("https"));
    let answer = app.with(site.sessions.clone()).call(request).await.unwrap();
    let line = answer.headers()["set-cookie"].to_str().unwrap();
    assert!(line.starts_with("__Host-session=") && line.contains("Secure"), "{line}");
    // The cookie of a plain connection is none over https.
    let mut request = http::Request::get("/get?a").header("cookie", site.begin().await);
    request = request.extension(Scheme("https"));
    let answer = app.with(site.sessions.clone()).call(request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.unwrap().into_body().collect(10).await.unwrap(), "-");

    let named = Site::with(|sessions| sessions.name("sid").unwrap());
    assert!(named.begin().await.starts_with("sid="));
    assert!(Sessions::new(MemoryStore::new()).name("a b").is_err());
}

#[tokio::test]
async fn rule_5_it_ends_when_it_is_idle_or_old() {
    let hour = Duration::from_secs(3600);
    let site = Site::with(|sessions| sessions.idle_timeout(hour).max_age(hour * 3));
    let cookie = site.begin().await;
    for (minutes, expected) in [(59, "1"), (59, "1"), (59, "1"), (2, "-"), (0, "-")] {
        site.clock.advance(Duration::from_secs(minutes * 60));
        assert_eq!(site.text("/get?a", &cookie).await, expected, "{minutes}");
    }
    let cookie = site.begin().await;
    site.clock.advance(hour);
    assert_eq!(site.text("/get?a", &cookie).await, "-", "not used for an hour");
    let answer = site.ask("/set?b=1", &cookie).await;
    assert_ne!(cookie_of(answer.headers()), cookie, "what has ended begins anew");

    // That it is used is not written down each time.
    let cookie = site.begin().await;
    site.store.calls();
    for (minutes, calls) in [(5, 1), (0, 1), (2, 2), (5, 1)] {
        site.clock.advance(Duration::from_secs(minutes * 60));
        site.ask("/get?a", &cookie).await;
        assert_eq!(site.store.calls(), calls, "{minutes}");
    }
}

#[tokio::test]
async fn rule_5_a_rolling_cookie_is_kept_and_sent_anew() {
    let hour = Duration::from_secs(3600);
    let site = Site::with(|sessions| sessions.idle_timeout(hour).rolling(true));
    let answer = site.ask("/set?a=1", "").await;
    let cookie = cookie_of(answer.headers());
    assert!(answer.headers()["set-cookie"].to_str().unwrap().contains("Max-Age=3600"));
    assert!(site.ask("/get?a", &cookie).await.headers().get("set-cookie").is_none());
    site.clock.advance(hour / 2);
    let answer = site.ask("/get?a", &cookie).await;
    assert_eq!(cookie_of(answer.headers()), cookie);
}

#[tokio::test]
async fn rule_6_requests_at_the_same_time_lose_nothing() {
    let site = Site::new();
    let cookie = site.begin().await;
    // Both have loaded before either saves.
    let gate = Arc::new(tokio::sync::Barrier::new(2));
    let both = |name: &'static str| {
        let (gate, sessions) = (Arc::clone(&gate), site.sessions.clone());
        let slow = move |request: Request| {
            let gate = Arc::clone(&gate);
            async move {
                let session = request.session()?;
                assert_eq!(session.get::<String>("a").await?.as_deref(), Some("1"));
                session.insert(name, "x").await?;
                gate.wait().await;
                Ok(response::no_content())
            }
        };
        let request =
            http::Request::get("/").header("cookie", &cookie).body(Body::empty()).unwrap();
        async move { slow.with(sessions).call(request).await.unwrap() }
    };
    tokio::join!(both("one"), both("two"));
    assert_eq!(site.text("/names", &cookie).await, "a,one,two");

    let mut tasks = Vec::new();
    for _ in 0..50 {
        let request = http::Request::get("/count").header("cookie", &cookie).body(Body::empty());
        let app = app.with(site.sessions.clone());
        tasks.push(tokio::spawn(async move { app.call(request.unwrap()).await.unwrap() }));
    }
    let mut numbers = Vec::new();
    for task in tasks {
        let body = task.await.unwrap().into_body().collect(10).await.unwrap();
        numbers.push(std::str::from_utf8(&body).unwrap().parse::<u32>().unwrap());
    }
    numbers.sort_unstable();
    assert!(numbers.into_iter().eq(1..=50), "each visit has its number");
}

#[tokio::test]
async fn rule_6_what_was_destroyed_is_not_written_back() {
    let site = Site::new();
    for slow_path in ["insert", "update"] {
        let cookie = site.begin().await;
        let (sessions, ending) = (site.sessions.clone(), cookie.clone());
        let slow = move |request: Request| {
            let (sessions, cookie) = (sessions.clone(), ending.clone());
            async move {
                let session = request.session()?;
                assert_eq!(session.get::<String>("a").await?.as_deref(), Some("1"));
                let request = http::Request::get("/destroy").header("cookie", &cookie);
                app.with(sessions).call(request.body(Body::empty())?).await?;
                if slow_path == "update" {
                    session.update("n", |n: Option<u64>| n.unwrap_or(0) + 1).await?;
                }
                session.insert("late", "x").await?;
                Ok(response::no_content())
            }
        };
        let request =
            http::Request::get("/").header("cookie", &cookie).body(Body::empty()).unwrap();
        let answer = slow.with(site.sessions.clone()).call(request).await;
        match slow_path {
            "insert" => assert!(answer.unwrap().headers().get("set-cookie").is_none()),
            _ => assert_eq!(answer.unwrap_err().status(), 409),
        }
        assert_eq!(site.text("/exists", &cookie).await, "false");
    }
}

#[tokio::test]
async fn rule_7_a_session_in_which_nothing_is_left_goes() {
    let site = Site::new();
    let browser = site.browser();
    for leave in ["/remove?a", "/clear", "/destroy"] {
        get(&browser, "/set?a=1").await;
        assert_eq!(get(&browser, "/exists").await, "true");
        let answer = browser.get(leave).await;
        assert!(answer.header("set-cookie").unwrap().contains("Max-Age=0"), "{leave}");
        assert_eq!(browser.cookie("session"), None);
        assert_eq!(format!("{:?}", site.store.store), "MemoryStore(0 sessions)");
    }
    // Where there was none, none begins.
    for leave in ["/remove?a", "/clear", "/destroy", "/logout", "/cycle"] {
        assert_eq!(browser.get(leave).await.header("set-cookie"), None, "{leave}");
    }
}

#[tokio::test]
async fn rule_8_a_store_that_fails_is_a_503_or_no_session() {
    let site = Site::new();
    let cookie = site.begin().await;
    site.store.fail(true);
    for target in ["/get?a", "/set?a=2", "/count", "/destroy"] {
        let answer = site.ask(target, &cookie).await;
        assert_eq!(answer.status(), 503, "{target}");
        assert_eq!(answer.headers()["retry-after"], "5");
    }
    assert_eq!(site.ask("/set?a=1", "").await.status(), 503);
    assert_eq!(site.ask("/untouched", &cookie).await.status(), 200);
    assert_eq!(site.ask("/fail", &cookie).await.status(), 404, "the app's own error counts more");
    site.store.fail(false);
    assert_eq!(site.text("/get?a", &cookie).await, "1", "it recovers by itself");

    let site = Site::with(|sessions| sessions.on_failure(OnFailure::Continue));
    let cookie = site.begin().await;
    site.store.fail(true);
    assert_eq!(site.text("/get?a", &cookie).await, "-");
    assert_eq!(site.text("/set?a=2", &cookie).await, "set");
    site.store.fail(false);
    assert_eq!(site.text("/get?a", &cookie).await, "1");
}

#[tokio::test]
async fn rule_9_caches_are_told() {
    let site = Site::new();
    let answer = site.ask("/set?a=1", "").await;
    assert_eq!(answer.headers()["vary"], "cookie");
    assert_eq!(answer.headers()["cache-control"], "private");
    let cookie = cookie_of(answer.headers());
    let answer = site.ask("/get?a", &cookie).await;
    assert_eq!(answer.headers()["vary"], "cookie");
    assert!(answer.headers().get("cache-control").is_none());
}

#[tokio::test]
async fn a_login_changes_the_id_and_users_can_be_listed_and_revoked() {
    let site = Site::new();
    let before = site.begin().await;
    let answer = site.ask("/login?ann", &before).await;
    let after = cookie_of(answer.headers());
    assert_ne!(before, after);
    assert_eq!(site.text("/exists", &before).await, "false", "the id before is worth nothing");
    assert_eq!(site.text("/user", &after).await, "ann");
    assert_eq!(site.text("/get?a", &after).await, "1", "what was in it stays");
    let second = cookie_of(site.ask("/login?ann", "").await.headers());
    let bob = cookie_of(site.ask("/login?bob", "").await.headers());

    let of_ann = site.sessions.of_user("ann").await.unwrap();
    assert_eq!(of_ann.len(), 2);
    site.sessions.revoke(&of_ann[0].key).await.unwrap();
    assert_eq!(site.sessions.of_user("ann").await.unwrap().len(), 1);
    assert_eq!(site.sessions.revoke_user("ann").await.unwrap(), 1);
    for (cookie, user) in [(&after, "-"), (&second, "-"), (&bob, "bob")] {
        assert_eq!(site.text("/user", cookie).await, user);
    }
    let out = cookie_of(site.ask("/logout", &bob).await.headers());
    assert_eq!(out, "session=", "nothing is left");
    assert_eq!(site.text("/user", &bob).await, "-");
}

#[tokio::test]
async fn a_new_id_keeps_what_others_save_meanwhile() {
    let site = Site::new();
    let cookie = site.begin().await;
    let (sessions, other) = (site.sessions.clone(), cookie.clone());
    let slow = move |request: Request| {
        let (sessions, cookie) = (sessions.clone(), other.clone());
        async move {
            let session = request.session()?;
            session.get::<String>("a").await?;
            let request = http::Request::get("/set?b=2").header("cookie", &cookie);
            app.with(sessions).call(request.body(Body::empty())?).await?;
            session.cycle_id().await;
            Ok(response::no_content())
        }
    };
    let request = http::Request::get("/").header("cookie", &cookie).body(Body::empty()).unwrap();
    let answer = slow.with(site.sessions.clone()).call(request).await.unwrap();
    let new = cookie_of(answer.headers());
    assert_ne!(new, cookie);
    assert_eq!(site.text("/names", &new).await, "a,b");
    assert_eq!(site.text("/exists", &cookie).await, "false");
}

#[tokio::test]
async fn flashes_are_for_the_next_page_and_in_order() {
    let site = Site::new();
    let browser = site.browser();
    for text in ["one", "two"] {
        get(&browser, &format!("/flash?{text}")).await;
        site.clock.advance(Duration::from_secs(1));
    }
    assert_eq!(get(&browser, "/names").await, "");
    assert_eq!(get(&browser, "/flashes").await, "one,two");
    assert_eq!(get(&browser, "/flashes").await, "");
}

#[tokio::test]
async fn without_the_middleware_the_error_says_what_to_do() {
    let error = App::call(&app, Request::default()).await.unwrap_err();
    assert_eq!(error.status(), 500);
    assert!(error.source().unwrap().to_string().contains("put `Sessions` around the app"));
}
