//! Rules 6 to 8 of `UrlMap`: the 404, changes at run time, names.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use http::StatusCode;
use paste_core::{App, AppExt, Body, HttpErrors, Request, Result, Scheme, response};
use paste_dispatch::{MountError, UrlMap, UrlTo};
use paste_fixture::TestApp;

async fn hello(_: Request) -> Result {
    Ok(response::text("hello"))
}

async fn status(map: &UrlMap, target: &str) -> u16 {
    let request = http::Request::get(target).body(Body::empty()).unwrap();
    let answer = map.call(request).await;
    answer.map_or_else(|error| error.status(), |response| response.status()).as_u16()
}

#[tokio::test]
async fn rule_6_what_is_mounted_is_told_in_debug_only() {
    let map = UrlMap::new().mount("/secret", hello).unwrap().mount("//h/x/", hello).unwrap();
    for (debug, told) in [(false, false), (true, true)] {
        let app = TestApp::new(map.clone().debug(debug).with(HttpErrors::new()));
        let page = app.get("/--%3E%3Cscript%3E").expect(404).await;
        assert_eq!(page.text().contains("Mounted here: //h/x, /secret."), told);
        page.must_not_contain("<script");
    }
}

#[tokio::test]
async fn rule_7_a_map_changes_while_it_serves() {
    let map = UrlMap::new();
    let mounts = map.clone().mounts();
    assert_eq!(status(&map, "/a").await, 404);
    mounts.mount("/a", hello).unwrap();
    assert_eq!(status(&map, "/a/b").await, 200);
    assert_eq!(mounts.mount("/a/", hello), Err(MountError::Taken("/a/".to_owned())));
    let gone = async |_: Request| Ok(response::with_status(StatusCode::GONE));
    assert!(mounts.replace("/a", gone).unwrap().is_some());
    assert!(mounts.replace("/b/c", hello).unwrap().is_none());
    assert_eq!((status(&map, "/a").await, status(&map, "/b/c").await), (410, 200));
    assert_eq!(mounts.keys(), ["/a", "/b/c"]);
    assert!(mounts.remove("/a").unwrap().is_some() && mounts.remove("/a").unwrap().is_none());
    assert_eq!(status(&map, "/a").await, 404);
    assert!(matches!(mounts.remove("x"), Err(MountError::NotAKey(_))));
}

#[test]
fn rule_7_no_request_fails_while_mounts_change() {
    let map = UrlMap::new().mount("/stays", hello).unwrap().mount("//h/stays", hello).unwrap();
    let mounts = map.mounts();
    let stop = Arc::new(AtomicBool::new(false));
    let changes = Arc::new(AtomicUsize::new(0));
    let changing = std::thread::spawn({
        let (stop, changes) = (Arc::clone(&stop), Arc::clone(&changes));
        move || {
            while !stop.load(Ordering::Relaxed) {
                for n in 0..20 {
                    mounts.mount(&format!("/other/{n}"), hello).unwrap();
                    mounts.replace("/stays", hello).unwrap();
                    mounts.remove(&format!("/other/{n}")).unwrap();
                    changes.fetch_add(3, Ordering::Relaxed);
                }
            }
        }
    });
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        while changes.load(Ordering::Relaxed) < 3000 {
            assert_eq!(status(&map, "/stays/x").await, 200);
        }
    });
    stop.store(true, Ordering::Relaxed);
    changing.join().unwrap();
}

/// The URL of the mount that the query names, and of two segments below it.
async fn url(request: Request) -> Result {
    let name = request.uri().query().unwrap().to_owned();
    Ok(response::text(request.url_to(&name, ["Main Page", "a/b"])?.to_string()))
}

async fn ask(map: &UrlMap, scheme: &'static str, host: &str, target: &str) -> Result<String> {
    let request = http::Request::get(target).header("host", host).extension(Scheme(scheme));
    let answer = map.call(request.body(Body::empty()).unwrap()).await?;
    let text = answer.into_body().collect(1000).await?;
    Ok(String::from_utf8(text.to_vec()).unwrap())
}

#[tokio::test]
async fn rule_8_a_name_gives_the_url_from_anywhere() {
    let inner = UrlMap::new().mount_named("wiki", "/wiki", url).unwrap();
    let inner = inner.mount_named("root", "/", url).unwrap();
    let site = UrlMap::new()
        .mount_named("docs", "/docs/v%201", inner)
        .and_then(|map| map.mount_named("home", "/", url))
        .and_then(|map| map.mount_named("blog", "//blog.example.org/posts", url))
        .and_then(|map| map.mount_named("admin", "//admin.example.org:8443/", url))
        .and_then(|map| map.mount_named("users", "//*.users.example.org/", url))
        .unwrap();
    let site = UrlMap::new().mount("/site", site).unwrap();
    for (scheme, host, target, expected) in [
        ("http", "example.org", "/site/?home", "/site/Main%20Page/a%2Fb"),
        ("http", "example.org", "/site/x/y?docs", "/site/docs/v%201/Main%20Page/a%2Fb"),
        ("http", "example.org", "/site/?docs/wiki", "/site/docs/v%201/wiki/Main%20Page/a%2Fb"),
        (
            "http",
            "example.org",
            "/site/docs/v%201/wiki/x?wiki",
            "/site/docs/v%201/wiki/Main%20Page/a%2Fb",
        ),
        (
            "http",
            "example.org",
            "/site/docs/v%201/wiki/x?root",
            "/site/docs/v%201/Main%20Page/a%2Fb",
        ),
        ("http", "example.org", "/site/docs/v%201/wiki?home", "/site/Main%20Page/a%2Fb"),
        (
            "http",
            "example.org:8080",
            "/site/?blog",
            "http://blog.example.org:8080/site/posts/Main%20Page/a%2Fb",
        ),
        (
            "https",
            "example.org",
            "/site/?blog",
            "https://blog.example.org/site/posts/Main%20Page/a%2Fb",
        ),
        (
            "https",
            "example.org",
            "/site/?admin",
            "https://admin.example.org:8443/site/Main%20Page/a%2Fb",
        ),
        ("https", "a.users.example.org", "/site/?users", "/site/Main%20Page/a%2Fb"),
    ] {
        assert_eq!(ask(&site, scheme, host, target).await.unwrap(), expected, "{host}{target}");
    }
    let unknown =
        ask(&site, "http", "example.org", "/site/docs/v%201/wiki?nothing").await.unwrap_err();
    let told = unknown.source().unwrap().to_string();
    assert_eq!(
        told,
        "no mount has the name `nothing`; there are: root, wiki, admin, blog, docs, home, users"
    );
    assert!(ask(&site, "http", "example.org", "/site/?users").await.is_err());
}

#[tokio::test]
async fn rule_8_a_mount_that_is_hidden_on_a_host_is_at_the_main_host() {
    let map = UrlMap::new().mount_named("home", "/", url).unwrap();
    let map = map.mount_named("files", "/files", url).unwrap().default_app(url);
    let map = map.mount_named("wiki", "//wiki.example.org/", url).unwrap();
    let from_wiki = ask(&map, "http", "wiki.example.org:81", "/x?home").await;
    assert!(from_wiki.unwrap_err().source().unwrap().to_string().contains("main_host"));
    assert!(map.mounts().main_host("a b").is_err());
    map.mounts().main_host("example.org:81").unwrap();
    for (host, name, expected) in [
        ("wiki.example.org:81", "home", "http://example.org:81/Main%20Page/a%2Fb"),
        ("wiki.example.org:81", "files", "http://example.org:81/files/Main%20Page/a%2Fb"),
        ("example.org:81", "home", "/Main%20Page/a%2Fb"),
        ("example.org:81", "wiki", "http://wiki.example.org:81/Main%20Page/a%2Fb"),
    ] {
        assert_eq!(
            ask(&map, "http", host, &format!("/x?{name}")).await.unwrap(),
            expected,
            "{host}"
        );
    }
}

#[tokio::test]
async fn rule_8_the_default_app_knows_the_names() {
    let map = UrlMap::new().mount_named("wiki", "/wiki", hello).unwrap().default_app(url);
    assert_eq!(ask(&map, "http", "h", "/x?wiki").await.unwrap(), "/wiki/Main%20Page/a%2Fb");
    let many = UrlMap::new().mount_named("t", "//*.t.example:8443/", url).unwrap().default_app(url);
    assert!(ask(&many, "http", "evil.com/.t.example:8443", "/x?t").await.is_err());
}

#[tokio::test]
async fn rule_5_a_host_of_any_length_is_looked_up_in_no_time() {
    let map = UrlMap::new().mount("//*.example.org/", hello).unwrap();
    let long = "a.".repeat(30_000) + "example.org";
    let started = std::time::Instant::now();
    assert!(ask(&map, "http", &long, "/").await.is_err());
    assert!(started.elapsed() < std::time::Duration::from_secs(1));
    for n in 0..100 {
        let key = format!("//h{n}.example/");
        map.mounts().mount(&key, hello).unwrap();
        assert!(map.mounts().remove(&key).unwrap().is_some());
    }
    assert_eq!(map.mounts().keys(), ["//*.example.org/"]);
}

#[tokio::test]
async fn rule_8_names_follow_the_mounts() {
    let map = UrlMap::new().mount_named("a", "/a", url).unwrap();
    for bad in ["a", "", "x/y"] {
        let refused = map.mounts().mount_named(bad, "/new", hello);
        assert_eq!(refused, Err(MountError::BadName(bad.to_owned())));
    }
    assert_eq!(map.mounts().mount_named("b", "/a", hello), Err(MountError::Taken("/a".to_owned())));
    let names = UrlMap::new().mount_named("in", "/in", hello).unwrap();
    map.mounts().mount("/b", url).unwrap();
    map.mounts().replace("/a", names).unwrap();
    assert_eq!(ask(&map, "http", "h", "/b?a/in").await.unwrap(), "/a/in/Main%20Page/a%2Fb");
    map.mounts().remove("/a").unwrap();
    map.mounts().mount_named("c", "/c", hello).unwrap();
    assert!(ask(&map, "http", "h", "/b?a").await.is_err());
}
