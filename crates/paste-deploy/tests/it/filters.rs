//! The kinds of paste-filter, and those that stand on tower-http's layers.

use paste_core::{ClientAddr, Scheme};

use crate::Fixture;
use crate::check::problems;

/// A site whose one app answers `hi` behind one filter.
fn site(filter: &str) -> Fixture {
    Fixture::new(&format!(
        "[app.main]\nuse = \"text\"\nbody = \"hi\"\nfilters = [\"f\"]\n[filter.f]\n{filter}"
    ))
}

/// What is told about a filter, as `line:column: message`; its `use` is line 2.
fn wrong(filter: &str) -> Vec<String> {
    problems(&format!("app.main.use = \"dump\"\n[filter.f]\n{filter}"))
}

#[tokio::test]
async fn access_log_writes_to_a_file_beside_the_site() {
    let site = site("use = \"access-log\"\nformat = \"%m %U %>s %B\"\nfile = \"access.log\"");
    let app = site.app();
    app.get("/a").await;
    app.head("/b").await;
    drop(app);
    let log = std::fs::read_to_string(site.0.path().join("access.log")).unwrap();
    assert_eq!(log, "GET /a 200 2\nHEAD /b 200 0\n");
}

#[test]
fn access_log_writes_to_standard_error_alone() {
    let json = site("use = \"access-log\"\nformat = \"json\"\nfile = \"-\"");
    let run = json.paster(&["request", "site.toml", "GET", "/"]).expect_stderr().run();
    let line: serde_json::Value = serde_json::from_str(run.stderr().trim()).unwrap();
    assert_eq!((&line["target"], &line["status"]), (&"/".into(), &200.into()));
}

#[test]
fn access_log_is_checked_and_check_makes_no_file() {
    let sound = site("use = \"access-log\"\nfile = \"access.log\"");
    sound.paster(&["check", "site.toml"]).run();
    assert!(!sound.0.path().join("access.log").exists());
    let found = wrong("use = \"access-log\"\nformat = \"%h %k\"");
    assert_eq!(found, [":4:10: `%k` is no directive of a log format"]);
    for file in ["public", "no/such/access.log"] {
        let found = wrong(&format!("use = \"access-log\"\nfile = \"{file}\""));
        assert!(found[0].starts_with(":4:8: cannot append to "), "{found:?}");
    }
}

#[tokio::test]
async fn body_limit_refuses_with_413() {
    let app = site("use = \"body-limit\"\nmax = \"10B\"").app();
    app.post("/").body("1234567890").await.must_contain("hi");
    app.post("/").body("12345678901").expect(413).await.must_contain("more than 10 bytes");
    let app = site("use = \"body-limit\"").app();
    app.post("/").body(vec![0; 2 << 20]).await;
    app.post("/").body(vec![0; (2 << 20) + 1]).expect(413).await;
    assert_eq!(
        wrong("use = \"body-limit\"\nmax = \"much\""),
        [":4:7: kind `body-limit`: `much` is not a size such as `10MiB`"]
    );
}

#[tokio::test]
async fn cors_answers_preflights_and_lets_named_origins_read() {
    let app = site(
        "use = \"cors\"\norigins = [\"https://a.example\", \"http://localhost:3000\"]\n\
         methods = [\"GET\", \"PUT\"]\nheaders = [\"X-A\"]\nexpose = [\"X-B\"]\ncredentials = true",
    )
    .app();
    let answer = app
        .options("/")
        .header("origin", "https://a.example")
        .header("access-control-request-method", "PUT")
        .header("access-control-request-headers", "x-a")
        .await;
    for (name, value) in [
        ("access-control-allow-origin", "https://a.example"),
        ("access-control-allow-methods", "GET,PUT"),
        ("access-control-allow-headers", "x-a"),
        ("access-control-allow-credentials", "true"),
        ("access-control-max-age", "600"),
    ] {
        assert_eq!(answer.header(name), Some(value), "{name}");
    }
    let answer = app.get("/").header("origin", "http://localhost:3000").await;
    assert_eq!(answer.header("access-control-allow-origin"), Some("http://localhost:3000"));
    assert_eq!(answer.header("access-control-expose-headers"), Some("x-b"));
    assert!(answer.header("vary").unwrap().contains("origin"));
    let answer = app.get("/").header("origin", "https://evil.example").await;
    assert_eq!(answer.header("access-control-allow-origin"), None);
    // An OPTIONS request that asks nothing is the app's.
    app.options("/").await.must_contain("hi");

    let app = site("use = \"cors\"\norigins = [\"*\"]").app();
    let answer = app.get("/").header("origin", "https://any.example").await;
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
}

#[tokio::test]
async fn cors_lets_errors_be_read_too_and_they_stay_errors() {
    let site = Fixture::new(
        "[app.main]\nuse = \"static\"\nroot = \"public\"\nfilters = [\"http-errors\", \"cors\"]\n\
         [filter.cors]\nuse = \"cors\"\norigins = [\"*\"]",
    );
    let answer = site.app().get("/none").header("accept", "text/html").expect(404).await;
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    answer.must_contain("<h1>404 Not Found</h1>");
}

#[test]
fn cors_is_checked() {
    assert_eq!(
        wrong("use = \"cors\"\norigins = []"),
        [":4:11: expected at least one origin, or `*`"]
    );
    for origin in
        ["example.org", "https://example.org/", "https://Example.org", "https://a b", "://x"]
    {
        let found = wrong(&format!("use = \"cors\"\norigins = [\"{origin}\"]"));
        let told = format!(":4:12: `{origin}` is not an origin such as `https://example.org`");
        assert_eq!(found, [told]);
    }
    assert_eq!(
        wrong(
            "use = \"cors\"\norigins = [\"*\"]\nmethods = [\"get\"]\nheaders = [\"a b\", \"*\"]\ncredentials = true"
        ),
        [
            ":4:12: with `credentials` each must be named: `*` does not go",
            ":5:12: `get` is not a method such as `GET`",
            ":6:12: `a b` is not a header name",
            ":6:19: with `credentials` each must be named: `*` does not go",
        ]
    );
}

#[tokio::test]
async fn https_redirect_sends_to_https() {
    let app = site("use = \"https-redirect\"\nport = 8443\nstatus = 301").app();
    let answer = app.get("/a?b").header("host", "example.org").expect(301).await;
    assert_eq!(answer.header("location"), Some("https://example.org:8443/a?b"));
    app.get("/a?b").extension(Scheme("https")).await.must_contain("hi");
    assert_eq!(
        wrong("use = \"https-redirect\"\nstatus = 303"),
        [":4:10: status 303 does not redirect a request as it is: expected 301, 302, 307 or 308"]
    );
    assert_eq!(
        wrong("use = \"https-redirect\"\nport = 0"),
        [":4:8: expected a port from 1 to 65535"]
    );
}

#[tokio::test]
async fn rate_limit_answers_429() {
    let app = site("use = \"rate-limit\"\nrequests = 2\nper = \"1h\"").app();
    let app = app.extension(ClientAddr("203.0.113.7:1".parse().unwrap()));
    app.get("/").await;
    app.get("/").await;
    let answer = app.get("/").expect(429).await;
    let after: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1790..=1800).contains(&after), "{after}");
    assert_eq!(
        wrong("use = \"rate-limit\"\nrequests = 1\nper = \"0s\""),
        [":5:7: expected more than no time"]
    );
    assert_eq!(wrong("use = \"rate-limit\"").len(), 1);
}

#[tokio::test]
async fn request_id_gives_each_request_an_id() {
    let dump = |keys: &str| {
        Fixture::new(&format!(
            "[app.main]\nuse = \"dump\"\nfilters = [\"id\"]\n[filter.id]\nuse = \"request-id\"\n{keys}"
        ))
        .app()
    };
    let app = dump("");
    let first = app.get("/").await.header("x-request-id").unwrap().to_owned();
    let second = app.get("/").await;
    assert_eq!(first.len(), 36);
    assert_ne!(second.header("x-request-id"), Some(&*first));
    second.must_contain(second.header("x-request-id").unwrap());
    let kept = app.get("/").header("x-request-id", "from-proxy-1").await;
    assert_eq!(kept.header("x-request-id"), Some("from-proxy-1"));
    for unsound in ["a\"b", "a b", "", &"x".repeat(129)] {
        let answer = app.get("/").header("x-request-id", unsound).await;
        assert_eq!(answer.header("x-request-id").unwrap().len(), 36, "{unsound}");
    }
    let app = dump("header = \"X-Trace\"\ntrust = false");
    let answer = app.get("/").header("x-trace", "from-client").await;
    assert_eq!(answer.header("x-trace").unwrap().len(), 36);
    let found = wrong("use = \"request-id\"\nheader = \"a b\"");
    assert_eq!(found, [":4:10: kind `request-id`: `a b` is not a header name"]);
}

#[tokio::test]
async fn timeout_lets_quick_answers_pass_and_is_checked() {
    let app = site("use = \"timeout\"\nafter = \"30s\"").app();
    app.get("/").await.must_contain("hi");
    assert_eq!(
        wrong("use = \"timeout\"\nafter = \"30\""),
        [":4:9: kind `timeout`: `30` is not a duration such as `30s`"]
    );
}

#[tokio::test]
async fn upload_progress_reports_at_its_path() {
    let site = Fixture::new(
        "[app.main]\nuse = \"dump\"\nfilters = [\"p\"]\n\
         [filter.p]\nuse = \"upload-progress\"\npath = \"/how-far\"\nmax_uploads = 5\nkeep = \"1h\"",
    );
    let app = site.app();
    app.post("/up").header("x-progress-id", "a1").body("12345").await;
    let report: serde_json::Value = app.get("/how-far?id=a1").await.json();
    assert_eq!(
        (&report["state"], &report["received"], &report["size"]),
        (&"done".into(), &5.into(), &5.into())
    );
    app.get("/how-far?id=other").expect(404).await;
    assert_eq!(
        wrong("use = \"upload-progress\"\npath = \"x\""),
        [":4:8: expected a path that begins with a slash, without `?` and `#`"]
    );
}
