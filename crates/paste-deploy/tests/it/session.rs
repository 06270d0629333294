//! The kinds `session` and `counter`, and what `dump` shows of a session.

use std::fs;

use paste_fixture::TestApp;
use serde_json::{Value, json};

use crate::Fixture;
use crate::check::problems;

/// A site that counts at `/`, and shows at `/dump`, behind the filter `session` with these keys.
fn site(keys: &str) -> Fixture {
    Fixture::new(&format!(
        "[app.main]\nuse = \"urlmap\"\nfilters = [\"session\"]\n\
         mount = {{ \"/\" = \"counter\", \"/dump\" = \"dump\" }}\n\
         [app.counter]\nuse = \"counter\"\n[app.dump]\nuse = \"dump\"\n\
         [filter.session]\nuse = \"session\"\n{keys}"
    ))
}

/// What is told about a filter with these keys; the first is line 4.
fn wrong(keys: &str) -> Vec<String> {
    problems(&format!("app.main.use = \"dump\"\n[filter.f]\nuse = \"session\"\n{keys}"))
}

async fn counts(app: &TestApp, numbers: std::ops::RangeInclusive<u32>) {
    for number in numbers {
        assert_eq!(app.get("/").await.text(), number.to_string());
    }
}

#[tokio::test]
async fn counter_counts_each_session_for_itself_whatever_the_method() {
    for store in ["memory:", "file:sessions", "sqlite:sessions.db"] {
        let site = site(&format!("store = \"{store}\""));
        let app = site.app();
        counts(&app, 1..=3).await;
        assert_eq!(app.post("/").await.text(), "4");
        // Another site of the same file: what is not in memory is still there, for who has the cookie.
        let again = site.app();
        counts(&again, 1..=1).await;
        let cookie = format!("session={}", app.cookie("session").unwrap());
        let next = if store == "memory:" { "1" } else { "5" };
        assert_eq!(site.app().get("/").header("cookie", &cookie).await.text(), next, "{store}");
    }
}

#[tokio::test]
async fn counter_without_the_filter_says_what_is_missing() {
    let site = Fixture::new("app.main.use = \"counter\"");
    let run = site.paster(&["request", "site.toml", "GET", "/"]).expect_stderr();
    let stderr = run.run().stderr();
    assert!(stderr.contains("no session: put `Sessions` around the app"), "{stderr}");
}

#[tokio::test]
async fn dump_shows_the_session() {
    let app = site("store = \"memory:\"").app();
    assert_eq!(app.get("/dump").await.json::<Value>()["session"], Value::Null);
    counts(&app, 1..=2).await;
    assert_eq!(app.get("/dump").await.json::<Value>()["session"], json!({ "count": 2 }));
}

#[tokio::test]
async fn the_default_is_a_file_of_sqlite_beside_the_site() {
    let site = Fixture::new("[app.main]\nuse = \"counter\"\nfilters = [\"session\"]");
    let database = site.0.path().join("sessions.db");
    let app = site.app();
    assert!(!database.exists(), "not before it is needed");
    counts(&app, 1..=2).await;
    assert!(database.exists());
}

#[tokio::test]
async fn keys_say_the_cookie_and_how_long_it_lives() {
    let site = site(
        "store = \"memory:\"\nname = \"sid\"\nidle_timeout = \"90s\"\nmax_age = \"1h\"\nrolling = true",
    );
    let app = site.app();
    let answer = app.get("/").await;
    let line = answer.header("set-cookie").unwrap();
    assert!(line.starts_with("sid=") && line.contains("; Max-Age=90"), "{line}");
    // Longer than any time that there is.
    let app = self::site("store = \"memory:\"\nidle_timeout = \"500000000years\"").app();
    counts(&app, 1..=2).await;
}

const SECRET: &str = "of this test alone, 32 bytes....";
const NEWER: &str = "of this test alone, and newer...";

#[tokio::test]
async fn sessions_in_cookies_need_a_secret_which_may_be_changed() {
    let old = site(&format!("store = \"cookie:\"\nsecret = \"{SECRET}\"")).app();
    counts(&old, 1..=3).await;
    let cookie = format!("session={}", old.cookie("session").unwrap());
    for (keys, next) in [
        (format!("secret = \"{SECRET}\""), "4"),
        (format!("secrets = [\"{NEWER}\", \"{SECRET}\"]"), "4"),
        (format!("secret = \"{NEWER}\""), "1"),
    ] {
        let app = site(&format!("store = \"cookie:\"\n{keys}")).app();
        assert_eq!(app.get("/").header("cookie", &cookie).await.text(), next, "{keys}");
    }
}

#[test]
fn secrets_are_checked_and_never_told() {
    let short = "expected at least 32 bytes";
    let alone = "a secret is for the store `cookie:` alone: others keep nothing at the client";
    for (keys, expected) in [
        (
            "store = \"cookie:\"".to_owned(),
            ":4:9: `cookie:` needs the key `secret`, of at least 32 bytes",
        ),
        (
            "store = \"cookie:\"\nsecret = \"hunter2\"".to_owned(),
            &*format!(":5:10: the secret is too short: {short}"),
        ),
        (
            format!("store = \"cookie:\"\nsecrets = [\"{SECRET}\", \"hunter2\"]"),
            &*format!(":5:11: the secret is too short: {short}"),
        ),
        (format!("store = \"memory:\"\nsecret = \"{SECRET}\""), &*format!(":4:9: {alone}")),
        (
            format!("store = \"cookie:\"\nsecret = \"{SECRET}\"\nsecrets = [\"{NEWER}\"]"),
            ":6:11: expected either `secret` or `secrets`",
        ),
    ] {
        assert_eq!(wrong(&keys), [expected], "{keys}");
    }
}

#[tokio::test]
async fn on_failure_says_what_becomes_of_requests_while_the_store_fails() {
    for (keys, status) in [("", 503), ("\non_failure = \"continue\"", 200)] {
        let site = site(&format!("store = \"sqlite:sessions.db\"{keys}"));
        let app = site.app();
        fs::write(site.0.path().join("sessions.db"), "no database".repeat(1000)).unwrap();
        let cookie = "session=0123456789abcdef0123456789abcdef";
        let answer = app.get("/dump").header("cookie", cookie).expect(status).await;
        assert_eq!(answer.header("retry-after"), (status == 503).then_some("5"));
        fs::remove_file(site.0.path().join("sessions.db")).unwrap();
        counts(&app, 1..=1).await;
    }
}

#[test]
fn session_is_checked_and_check_touches_nothing() {
    for store in ["memory:", "file:sessions", "file:deep/er/sessions", "sqlite:sessions.db"] {
        let site = site(&format!("store = \"{store}\""));
        site.paster(&["check", "site.toml"]).run();
        let mut names: Vec<_> = fs::read_dir(site.0.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(names, ["public", "site.toml"], "{store}");
    }
    let unknown = "names no store: expected `sqlite:PATH`, `file:DIR`, `redis:URL`, `postgres:URL`, `memory:` or `cookie:`";
    for (keys, expected) in [
        ("store = \"sqlite\"", &*format!(":4:9: `sqlite:` {unknown}")),
        ("store = \"memory:x\"", &format!(":4:9: `memory:` {unknown}")),
        ("store = \"mysql://user:pass@host\"", &format!(":4:9: `mysql:` {unknown}")),
        ("store = \"sqlite:public\"", ":4:9: `public` is a folder"),
        ("store = \"sqlite:none/s.db\"", ":4:9: there is no folder for `none/s.db`"),
        ("store = \"file:site.toml\"", ":4:9: `site.toml` is not a folder"),
        ("name = \"a b\"", ":4:8: `a b` cannot be the name of a cookie"),
        ("max_age = \"0s\"", ":4:11: expected more than no time"),
        (
            "idle_timeout = \"soon\"",
            ":4:16: kind `session`: `soon` is not a duration such as `30s`",
        ),
    ] {
        let found = wrong(keys);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with(expected), "{keys}: {found:?}");
    }
    let refused = wrong("on_failure = \"panic\"");
    assert!(refused[0].contains("unknown variant `panic`"), "{refused:?}");
}

#[cfg(not(any(feature = "postgres", feature = "redis")))]
#[test]
fn a_store_that_is_not_compiled_in_names_its_feature_and_no_password() {
    for (url, feature) in
        [("redis://:hunter2@localhost", "redis"), ("postgres://u:hunter2@localhost/db", "postgres")]
    {
        let expected = format!(
            ":4:9: this store needs paster's feature `{feature}`, which is not compiled in"
        );
        assert_eq!(wrong(&format!("store = \"{url}\"")), [expected]);
    }
}
