//! One test per rule of `UrlMap`, through the map as a whole.

use paste_core::{App, Request, RequestExt, response};
use paste_dispatch::{MountError, UrlMap};
use paste_fixture::TestApp;
use proptest::prelude::*;

/// An app that answers with its name and the split of the path that it sees.
fn named(name: &'static str) -> impl App {
    move |request: Request| async move {
        let text = format!(
            "{name} {:?} {:?} {}",
            request.script_name(),
            request.path_info(),
            request.uri()
        );
        Ok(response::text(text))
    }
}

fn map(keys: &[&'static str]) -> UrlMap {
    keys.iter().fold(UrlMap::new(), |map, key| map.mount(key, named(key)).unwrap())
}

async fn ask(map: &UrlMap, target: &str) -> String {
    ask_host(map, "localhost", target).await
}

/// The text that a map answers; the status alone of an error.
async fn ask_host(map: &UrlMap, host: &str, target: &str) -> String {
    let app = TestApp::new(map.clone());
    let answer = app.get("/").raw_target(target).header("host", host).expect_any().await;
    if answer.status().is_success() { answer.text() } else { answer.status().as_u16().to_string() }
}

#[tokio::test]
async fn rules_1_and_2_the_longest_prefix_of_whole_segments_moves_to_the_script_name() {
    let map = map(&["/", "/foo", "/foo/bar"]);
    for (target, expected) in [
        ("/foo/bar/baz?q=1", r#"/foo/bar "/foo/bar" "/baz" /baz?q=1"#),
        ("/foo/bar", r#"/foo/bar "/foo/bar" "" /"#),
        ("/foo/bar/", r#"/foo/bar "/foo/bar" "/" /"#),
        ("/foo/barn", r#"/foo "/foo" "/barn" /barn"#),
        ("/foobar", r#"/ "" "/foobar" /foobar"#),
        ("/", r#"/ "" "/" /"#),
    ] {
        assert_eq!(ask(&map, target).await, expected, "{target}");
    }
}

#[tokio::test]
async fn rule_3_segments_are_compared_decoded_once() {
    let map = map(&["/café", "/a/b", "/x%20y", "/"]);
    for (target, expected) in [
        ("/caf%C3%A9/x", r#"/café "/caf%C3%A9" "/x" /x"#),
        ("/%61/b/c", r#"/a/b "/%61/b" "/c" /c"#),
        ("/a%2Fb/c", r#"/ "" "/a/b/c" /a%2Fb/c"#),
        ("/%2561/b", r#"/ "" "/%61/b" /%2561/b"#),
        ("/x%20y", r#"/x%20y "/x%20y" "" /"#),
    ] {
        assert_eq!(ask(&map, target).await, expected, "{target}");
    }
}

#[tokio::test]
async fn rule_4_doubled_slashes_count_as_one() {
    let map = map(&["/", "/foo//bar/"]);
    assert_eq!(ask(&map, "//foo///bar//baz//").await, r#"/foo//bar/ "/foo/bar" "/baz/" /baz/"#);
    assert_eq!(ask(&map, "//evil.example/x").await, r#"/ "" "/evil.example/x" /evil.example/x"#);
    assert_eq!(
        map.mount("/foo/bar", named("x")).unwrap_err(),
        MountError::Taken("/foo/bar".to_owned())
    );
}

#[tokio::test]
async fn rule_5_the_most_particular_host_is_asked_first() {
    let map = map(&[
        "/",
        "/deep/path",
        "//a.org/",
        "//a.org:81/x",
        "//*.a.org/",
        "//*.b.a.org/",
        "//[::1]/",
    ]);
    for (host, target, expected) in [
        ("a.org", "/deep/path", "//a.org/"),
        ("A.ORG:80", "/", "//a.org/"),
        ("a.org:81", "/x", "//a.org:81/x"),
        ("a.org:81", "/", "//a.org/"),
        ("www.a.org", "/", "//*.a.org/"),
        ("x.b.a.org", "/", "//*.b.a.org/"),
        ("b.org", "/deep/path", "/deep/path"),
        ("xa.org", "/", "/"),
        ("[::1]:8080", "/", "//[::1]/"),
    ] {
        let answer = ask_host(&map, host, target).await;
        assert_eq!(answer.split(' ').next(), Some(expected), "{host}{target}");
    }
}

#[tokio::test]
async fn rule_6_the_rest_is_for_the_default_app() {
    let map = map(&["/a", "//x.org/a"]);
    assert_eq!(ask(&map, "/b").await, "404");
    assert_eq!(ask_host(&map, "x.org", "/b").await, "404");
    let map = map.default_app(named("default"));
    assert_eq!(ask(&map, "/b/c").await, r#"default "" "/b/c" /b/c"#);
}

#[tokio::test]
async fn maps_nest() {
    let inner = map(&["/b"]);
    let outer = UrlMap::new().mount("/a", inner).unwrap();
    assert_eq!(ask(&outer, "/a/b/c").await, r#"/b "/a/b" "/c" /c"#);
    assert_eq!(ask(&outer, "/a").await, "404");
}

proptest! {
    #[test]
    fn finds_what_a_scan_of_the_segments_finds(
        mounts in prop::collection::btree_set("(/[ab]){0,3}", 1..5),
        path in "(/{1,2}[ab]{1,2}){0,4}/?",
    ) {
        let path = if path.is_empty() { "/".to_owned() } else { path };
        let wanted: Vec<_> = paste_core::path::segments(&path).collect();
        let is_prefix = |mount: &&String| {
            let segments: Vec<_> = paste_core::path::segments(mount).collect();
            wanted.starts_with(&segments)
        };
        let depth = |mount: &String| paste_core::path::segments(mount).count();
        let expected = mounts.iter().filter(is_prefix).map(depth).max();
        let tell_depth = |request: Request| async move {
            let depth = paste_core::path::segments(request.script_name()).count();
            Ok(response::text(depth.to_string()))
        };
        let map = mounts.iter().fold(UrlMap::new(), |map, key| map.mount(key, tell_depth).unwrap());
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let answer = runtime.block_on(ask(&map, &path));
        prop_assert_eq!(answer, expected.map_or("404".to_owned(), |depth| depth.to_string()));
    }
}
