//! Section 4, the environment.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::extract::ConnectInfo;
use paste_core::tower::{IntoApp, IntoLayer};
use paste_core::{
    AllowedHosts, App, AppExt, ClientAddr, Next, Request, RequestExt, Result, TrustedProxies,
    from_fn, response,
};
use paste_dispatch::UrlMap;
use paste_static::StaticDir;

use super::{ask, get};

/// Answers with the split of the path.
async fn split(request: Request) -> Result {
    let (script_name, path_info) = (request.script_name(), request.path_info());
    Ok(response::text(format!(
        "{script_name}|{path_info}|{}|{}",
        request.uri(),
        request.original_uri()
    )))
}

fn map(key: &str) -> UrlMap {
    UrlMap::new().mount(key, split).unwrap()
}

#[tokio::test]
async fn semantics_4_1_the_uri_shows_what_is_left() {
    assert_eq!(ask(&map("/a"), "/a/b%20c?q=1").await, "/a|/b c|/b%20c?q=1|/a/b%20c?q=1");
    let router: axum::Router = axum::Router::new().route("/b", axum::routing::get(async || "axum"));
    let mounted = UrlMap::new().mount("/a", router.into_app()).unwrap();
    assert_eq!(ask(&mounted, "/a/b").await, "axum");
}

#[tokio::test]
async fn semantics_4_2_script_name_and_path_info_rebuild_the_path() {
    for (target, expected) in [
        ("/a/b", "/a|/b"),
        ("//a///b//c/", "/a|/b/c/"),
        ("/%61/%C3%A9", "/%61|/é"),
        ("/a/%FF", "/a|/\u{FFFD}"),
    ] {
        assert!(ask(&map("/a"), target).await.starts_with(expected), "{target}");
    }
}

#[tokio::test]
async fn semantics_4_3_path_info_is_empty_where_the_path_ended() {
    assert_eq!(ask(&map("/a"), "/a?q").await, "/a||/?q|/a?q");
    assert_eq!(ask(&map("/a"), "/a/").await, "/a|/|/|/a/");
    assert_eq!(ask(&map("/"), "/").await, "|/|/|/");
}

#[tokio::test]
async fn semantics_4_4_segments_are_compared_decoded_and_2f_never_separates() {
    let map = map("/a b/c").mount("/", |_: Request| async { Ok(response::text("root")) }).unwrap();
    assert_eq!(ask(&map, "/a%20b/%63").await, "/a%20b/%63||/|/a%20b/%63");
    assert_eq!(ask(&map, "/a%20b%2Fc").await, "root");
    assert_eq!(ask(&map, "/a%2520b/c").await, "root");
}

#[tokio::test]
async fn semantics_4_5_a_segment_at_a_time_moves_to_the_script_name() {
    let mut request = get("/a/b%2Fc?q");
    assert_eq!(request.shift_path_info().as_deref(), Some("a"));
    assert_eq!(request.shift_path_info().as_deref(), Some("b/c"));
    assert_eq!(request.shift_path_info(), None);
    assert!(!request.shift_segments(1), "none is left");
    assert_eq!((request.script_name(), &*request.path_info()), ("/a/b%2Fc", ""));
    assert_eq!(request.original_uri(), "/a/b%2Fc?q");
}

#[tokio::test]
async fn semantics_4_6_a_mounted_directory_redirects_to_its_slash() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("index.html"), "index").unwrap();
    let site = UrlMap::new().mount("/wiki", StaticDir::new(dir.path())).unwrap();
    let answer = site.call(get("/wiki?q=1")).await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["location"]),
        (301, &"/wiki/?q=1".parse().unwrap())
    );
    assert_eq!(ask(&site, "/wiki/").await, "index");
}

#[tokio::test]
async fn semantics_4_7_the_client_is_set_by_the_server_or_taken_from_axum() {
    assert_eq!(get("/").client_addr(), None);
    let show = |request: Request| async move {
        Ok(response::text(format!("{:?}", request.client_addr())))
    };
    let server = paste_tests::TestServer::new(show).await;
    assert!(server.get("/").await.ends_with("))"), "an address");

    let from_axum = from_fn(|mut request: Request, next: Next| async move {
        let ConnectInfo(client): ConnectInfo<SocketAddr> = *request.extensions().get().unwrap();
        request.extensions_mut().insert(ClientAddr(client));
        next.call(request).await
    });
    let router: axum::Router = axum::Router::new().fallback_service(show.into_service());
    let mut request = get("/");
    request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([10, 0, 0, 1], 99))));
    let answer = ask_request(&router.layer(from_axum.into_layer()).into_app(), request).await;
    assert_eq!(answer, "Some(ClientAddr(10.0.0.1:99))");
}

async fn ask_request(app: &impl App, request: Request) -> String {
    super::text(app.call(request).await.unwrap()).await
}

#[test]
fn semantics_4_8_time_comes_from_one_clock() {
    let start = std::time::SystemTime::UNIX_EPOCH;
    let clock = paste_core::Clock::manual(start);
    let clone = clock.clone();
    clock.advance(std::time::Duration::from_secs(1));
    assert_eq!(clone.now(), start + std::time::Duration::from_secs(1));
}

#[tokio::test]
async fn semantics_4_9_only_trusted_proxies_are_believed() {
    let show = |request: Request| async move {
        let client = request.client_addr().unwrap().0.ip();
        Ok(response::text(format!("{client} {}", request.url())))
    };
    let proxies = TrustedProxies::new(["10.0.0.0/8".parse().unwrap()]);
    let outside = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&outside);
    let app = show.with(proxies).with(from_fn(move |request: Request, next: Next| {
        seen.lock().unwrap().push(request.client_addr().unwrap().0.ip().to_string());
        async move { next.call(request).await }
    }));
    for (peer, forwarded, expected) in [
        (
            "10.0.0.1",
            "for=6.6.6.6, for=1.2.3.4;proto=https;host=a.example, for=10.9.9.9",
            "1.2.3.4 https://a.example/x",
        ),
        ("11.0.0.1", "for=1.2.3.4;proto=https;host=a.example", "11.0.0.1 http://inner/x"),
        ("10.0.0.1", "for=nobody", "10.0.0.1 http://inner/x"),
    ] {
        let mut request = get("/x");
        request.headers_mut().insert("host", "inner".parse().unwrap());
        request.headers_mut().insert("forwarded", forwarded.parse().unwrap());
        let peer = SocketAddr::new(peer.parse().unwrap(), 1);
        request.extensions_mut().insert(ClientAddr(peer));
        assert_eq!(ask_request(&app, request).await, expected);
    }
    assert_eq!(*outside.lock().unwrap(), ["10.0.0.1", "11.0.0.1", "10.0.0.1"]);
}

#[tokio::test]
async fn semantics_4_9_a_proxy_on_a_unix_socket_is_believed_where_the_list_names_those() {
    let show = |request: Request| async move {
        let client = request.client_addr().map(|client| client.0.ip().to_string());
        Ok(response::text(format!("{} {}", client.unwrap_or_default(), request.scheme())))
    };
    let everyone = || TrustedProxies::new(["0.0.0.0/0".parse().unwrap()]);
    for (proxies, expected) in [(everyone(), " http"), (everyone().unix(true), "1.2.3.4 https")] {
        let mut request = get("/x");
        let told = "for=1.2.3.4;proto=https".parse().unwrap();
        request.headers_mut().insert("forwarded", told);
        assert_eq!(ask_request(&show.with(proxies), request).await, expected);
    }
}

#[tokio::test]
async fn semantics_4_10_urls_name_only_sound_and_allowed_hosts() {
    let show = |request: Request| async move { Ok(response::text(request.url())) };
    let with_host = |host: &str| {
        let mut request = get("//a/b");
        request.headers_mut().insert("host", host.parse().unwrap());
        request
    };
    assert_eq!(ask_request(&show, with_host("a.example:80")).await, "http://a.example//a/b");
    assert_eq!(ask_request(&show, with_host("<script>")).await, "/a/b");
    let app = show.with(AllowedHosts::new(["a.example"]));
    assert_eq!(ask_request(&app, with_host("a.example")).await, "http://a.example//a/b");
    assert_eq!(app.call(with_host("evil.example")).await.unwrap_err().status(), 421);
}
