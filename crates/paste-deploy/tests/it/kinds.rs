//! What each kind does with a request.

use http::Method;
use paste_core::App;
use serde_json::{Value, json};

use super::Fixture;

#[tokio::test]
async fn static_serves_files_below_a_root_beside_the_file() {
    let site = Fixture::new("[app.main]\nuse = \"static\"\nroot = \"public\"\nindex = [\"a.txt\"]");
    let app = site.app();
    assert_eq!(app.get("/a.txt").await.text(), "alpha");
    assert_eq!(app.get("/").await.text(), "alpha");
    app.get("/site.toml").expect(404).await;
}

#[tokio::test]
async fn text_answers_any_method_with_its_status_type_and_headers() {
    let site = Fixture::new(
        "[app.main]\nuse = \"text\"\nbody = \"<p>\"\nstatus = 418\ncontent_type = \"text/html\"\nheaders = { X-A = \"b\" }",
    );
    for method in [Method::GET, Method::POST, Method::DELETE] {
        let answer = site.app().request(method, "/").expect(418).await;
        assert_eq!(
            (answer.header("content-type"), answer.header("x-a")),
            (Some("text/html"), Some("b"))
        );
        assert_eq!(answer.text(), "<p>");
    }
}

#[tokio::test]
async fn redirect_answers_any_method() {
    for (status, expected) in [("", 302), ("status = 308", 308)] {
        let site =
            Fixture::new(&format!("[app.main]\nuse = \"redirect\"\nto = \"/x y\"\n{status}"));
        let answer = site.app().post("/a?b").expect(expected).await;
        assert_eq!(answer.header("location"), Some("/x%20y"));
    }
}

#[tokio::test]
async fn dump_tells_what_the_app_sees() {
    let toml =
        "app.main = { use = \"urlmap\", mount = { \"/d\" = \"dump\" } }\napp.dump.use = \"dump\"";
    let app = Fixture::new(toml).app().base("https://a.example:81/");
    let request = app.put("/d/a%20b/%C3%A9?x=1&y=%2B+&x=2&z").header("x-a", "1").body("12345");
    let answer = request.await;
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let expected = json!({
        "method": "PUT", "scheme": "https", "host": "a.example:81", "script_name": "/d", "path_info": "/a b/é",
        "query": [["x", "1"], ["y", "+ "], ["x", "2"], ["z", ""]],
        "headers": [["x-a", "1"], ["host", "a.example:81"], ["content-length", "5"]],
        "remote_user": null, "client_addr": "127.0.0.1", "session": null, "body_length": 5,
    });
    assert_eq!(answer.json::<Value>(), expected);
    let text = answer.text();
    assert!(
        text.starts_with(r#"{"method":"PUT","scheme":"https","host""#),
        "in the order of the docs: {text}"
    );
}

#[tokio::test]
async fn urlmap_mounts_by_path_and_host_with_a_default() {
    let site = Fixture::new(
        r#"
        [app.main]
        use = "urlmap"
        mount = { "/a" = "a", "//b.example/" = "b" }
        default = "c"
        [app]
        a = { use = "text", body = "a" }
        b = { use = "text", body = "b" }
        c = { use = "text", body = "c" }
        "#,
    );
    let app = site.app();
    assert_eq!(app.get("/a/x").await.text(), "a");
    assert_eq!(app.get("http://b.example/a").await.text(), "b");
    assert_eq!(app.get("/ab").await.text(), "c");
}

#[tokio::test]
async fn filters_wrap_in_the_order_of_the_list_the_first_outermost() {
    let site = Fixture::new(
        r#"
        [app.main]
        use = "text"
        body = "x"
        filters = ["outer", "inner", "http-errors"]
        [filter.outer]
        use = "headers"
        set = { X-A = "outer", X-B = "outer" }
        [filter.inner]
        use = "headers"
        set = { X-A = "inner", X-C = "inner" }
        "#,
    );
    let answer = site.app().get("/").await;
    let header = |name| answer.header(name);
    assert_eq!(
        (header("x-a"), header("x-b"), header("x-c")),
        (Some("outer"), Some("outer"), Some("inner"))
    );
}

#[tokio::test]
async fn http_errors_renders_where_it_stands() {
    let site = Fixture::new(
        "[app.main]\nuse = \"static\"\nroot = \"public\"\nfilters = [\"http-errors\"]",
    );
    let request = http::Request::get("/missing").body(paste_core::Body::empty()).unwrap();
    let answer = site.load().unwrap().app().call(request).await;
    assert_eq!(answer.expect("a response, not an error").status(), 404);
}

#[tokio::test]
async fn compress_compresses_what_the_client_takes() {
    let site = |keys: &str| {
        let text = "x".repeat(1000);
        Fixture::new(&format!(
            "[app.main]\nuse = \"text\"\nbody = \"{text}\"\nfilters = [\"compress\"]\n[filter.compress]\nuse = \"compress\"\n{keys}"
        ))
    };
    for (keys, accepted, expected) in [
        ("", "gzip, br, zstd", Some("zstd")),
        ("", "gzip, br", Some("br")),
        ("", "deflate", None),
        ("algorithms = [\"deflate\", \"gzip\"]\nlevel = 9", "gzip, deflate", Some("deflate")),
        ("min_size = \"1KiB\"", "gzip", None),
        ("types = [\"text/html\"]", "gzip", None),
    ] {
        let answer = site(keys).app().get("/").header("accept-encoding", accepted).await;
        assert_eq!(answer.header("content-encoding"), expected, "{keys} {accepted}");
    }
    for (keys, complaint) in [
        ("algorithms = [\"lzma\"]", "unknown variant `lzma`"),
        ("level = 23", "the level 23 does not exist: expected 1 to 22"),
        ("min_size = \"1 horse\"", "`1 horse` is not a size such as `10MiB`"),
        ("types = [\"text\"]", "`text` is not a media type such as `text/html`"),
    ] {
        let error = site(keys).load().unwrap_err().to_string();
        assert!(error.contains(complaint), "{error}");
    }
}

#[tokio::test]
async fn decompress_undoes_what_it_is_told_to() {
    let site = |keys: &str| {
        Fixture::new(&format!(
            "[app.main]\nuse = \"dump\"\nfilters = [\"decompress\"]\n[filter.decompress]\nuse = \"decompress\"\n{keys}"
        ))
    };
    // What gzip makes of nothing.
    let nothing = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let answer = site("").app().post("/").header("content-encoding", "gzip").body(nothing.to_vec());
    assert_eq!(answer.await.json::<Value>()["body_length"], 0);
    let refused = site("algorithms = [\"deflate\"]").app().post("/").body(nothing.to_vec());
    let refused = refused.header("content-encoding", "gzip").expect(415).await;
    assert_eq!(refused.header("accept-encoding"), Some("deflate"));
    let error = site("max_size = \"1 horse\"").load().unwrap_err().to_string();
    assert!(error.contains("`1 horse` is not a size such as `10MiB`"), "{error}");
}

#[tokio::test]
async fn etag_lets_clients_keep_what_has_not_changed() {
    let site = |keys: &str| {
        Fixture::new(&format!(
            "[app.main]\nuse = \"text\"\nbody = \"hello\"\nfilters = [\"compress\", \"etag\"]\n[filter.etag]\nuse = \"etag\"\n{keys}"
        ))
    };
    let site_with_tags = site("");
    let app = site_with_tags.app();
    let tag = app.get("/").await.header("etag").unwrap().to_owned();
    app.get("/").header("if-none-match", &tag).expect(304).await;
    let large = site("max_size = \"4B\"").app().get("/").await;
    assert_eq!(large.header("etag"), None);
}

#[tokio::test]
async fn lint_logs_lists_or_denies_what_breaks_a_rule() {
    let site = |keys: &str| {
        Fixture::new(&format!(
            "[app.main]\nuse = \"text\"\nbody = \"x\"\nfilters = [\"lint\"]\nheaders = {{ ETag = \"a\", Pragma = \"b\" }}\n\
             [filter.lint]\nuse = \"lint\"\n{keys}"
        ))
    };
    for (keys, status, header) in [
        ("", 200, None),
        ("mode = \"header\"", 200, Some("etag-quotes, pragma-obsolete")),
        ("mode = \"header\"\nrules = { etag-quotes = \"off\" }", 200, Some("pragma-obsolete")),
        ("mode = \"deny\"\nrules = { etag-quotes = \"should\" }", 200, None),
        ("mode = \"deny\"", 500, None),
    ] {
        let answer = site(keys).app().without_lint().get("/").expect(status).await;
        assert_eq!(answer.header("x-lint"), header, "{keys}");
        assert_eq!(answer.text().contains("breaks: etag-quotes."), status == 500, "{answer}");
    }
    for (keys, complaint) in [
        (
            "rules = { etag-quote = \"off\" }",
            ":8:11: kind `lint`: the lint has no rule `etag-quote`; did you mean `etag-quotes`?",
        ),
        (
            "rules = { etag-quotes = \"deny\" }",
            "unknown variant `deny`, expected one of `off`, `should`, `must`",
        ),
        ("mode = \"warn\"", "unknown variant `warn`, expected one of `log`, `header`, `deny`"),
    ] {
        let error = site(keys).load().unwrap_err().to_string();
        assert!(error.contains(complaint), "{error}");
    }
}

#[tokio::test]
async fn trusted_proxies_are_believed_about_the_client() {
    let toml = |networks: &str| {
        format!("[server]\ntrusted_proxies = [{networks}]\n[app.main]\nuse = \"dump\"")
    };
    for (networks, client, scheme) in [
        ("\"127.0.0.0/8\"", "1.2.3.4", "https"),
        ("\"10.0.0.0/8\"", "127.0.0.1", "http"),
        ("\"unix\"", "127.0.0.1", "http"),
        ("\"unix\", \"127.0.0.1\"", "1.2.3.4", "https"),
        ("", "127.0.0.1", "http"),
    ] {
        let app = Fixture::new(&toml(networks)).app();
        let request = app.get("/").header("x-forwarded-for", "6.6.6.6, 1.2.3.4");
        let seen = request.header("x-forwarded-proto", "https").await.json::<Value>();
        assert_eq!((&seen["client_addr"], &seen["scheme"]), (&json!(client), &json!(scheme)));
    }
    let wrong = Fixture::new(&toml("\"10.0.0.0/33\"")).load().unwrap_err().to_string();
    assert!(wrong.contains(":2:19: [server]: `10.0.0.0/33` is not a network"), "{wrong}");
    assert!(wrong.contains("nor an address, nor `unix`"), "{wrong}");
}

#[tokio::test]
async fn allowed_hosts_refuses_others() {
    let toml = |hosts: &str| {
        format!(
            "[app.main]\nuse = \"dump\"\nfilters = [\"hosts\"]\n[filter.hosts]\nuse = \"allowed-hosts\"\nhosts = [{hosts}]"
        )
    };
    let app = Fixture::new(&toml("\"a.example\", \"*.b.example\"")).app();
    for (host, status) in [("a.example", 200), ("x.b.example:81", 200), ("evil.example", 421)] {
        app.get("/").header("host", host).expect(status).await;
    }
    for (hosts, told) in
        [("", "empty"), ("\"a b\"", "`a b` is not a host"), ("\"*.\"", "is not a host")]
    {
        let wrong = Fixture::new(&toml(hosts)).load().unwrap_err().to_string();
        assert!(wrong.contains(told), "{wrong}");
    }
}
