//! Common clients on the example site, served by README's first command.

use paste_tests::Paster;

use super::{print, run};

async fn example_site() -> Paster {
    Paster::start(["serve", "examples/site.toml", "--listen", "127.0.0.1:0"]).await
}

#[tokio::test]
async fn wget_finds_no_broken_link() {
    let site = example_site().await;
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path().to_str().unwrap();
    let output =
        run("wget", &["--spider", "-r", "-l", "inf", "-e", "robots=off", "-P", dir, &site.url])
            .await;
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && log.contains("Found no broken links."), "{log}");
    for page in ["style.css", "files/notes.txt", "dump/", "hello", "demo/", "notes/yesterday.txt"] {
        assert!(log.contains(&format!("{}/{page}", site.url)), "{page} was not visited: {log}");
    }
}

#[tokio::test]
async fn curl_gets_the_same_over_http_1_and_http_2() {
    let site = example_site().await;
    let page = format!("{}/style.css", site.url);
    let on_disk =
        std::fs::read_to_string(paste_tests::root().join("examples/public/style.css")).unwrap();
    for version in ["--http1.0", "--http1.1", "--http2-prior-knowledge"] {
        assert_eq!(print("curl", &["-sS", version, &page]).await, on_disk, "{version}");
        let head = print("curl", &["-sSI", version, &page]).await.to_ascii_lowercase();
        assert!(
            head.contains(&format!("content-length: {}\r\n", on_disk.len())),
            "{version}: {head}"
        );
        let sent = print(
            "curl",
            &["-sS", version, "-d", "hello", &format!("{}/dump/a%20b?x=1", site.url)],
        )
        .await;
        for part in [r#""method":"POST""#, r#""path_info":"/a b""#, r#""client_addr":"127.0.0.1""#]
        {
            assert!(sent.contains(part), "{version}: {sent}");
        }
        assert!(
            sent.contains(r#""body_length":5"#) && sent.contains(r#""query":[["x","1"]]"#),
            "{sent}"
        );
    }
}

#[tokio::test]
async fn curl_gets_the_page_compressed_and_knows_it_again() {
    let site = example_site().await;
    let page = format!("{}/", site.url);
    let on_disk =
        std::fs::read_to_string(paste_tests::root().join("examples/public/index.html")).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let tag = dir.path().join("tag");
    let (tag, accept) = (tag.to_str().unwrap(), "Accept-Encoding: gzip, deflate, br, zstd");
    let head = print("curl", &["-sSI", "-H", accept, "--etag-save", tag, &page]).await;
    for line in ["content-encoding: zstd\r\n", "vary: accept-encoding\r\n", "etag: W/\""] {
        assert!(head.contains(line), "{head}");
    }
    assert_eq!(print("curl", &["-sSf", "--compressed", &page]).await, on_disk);
    let again = print("curl", &["-sSI", "-H", accept, "--etag-compare", tag, &page]).await;
    assert!(again.starts_with("HTTP/1.1 304 ") && again.contains("etag: W/\""), "{again}");
}

#[tokio::test]
async fn curl_sees_redirects_hosts_and_errors() {
    let site = example_site().await;
    let get = |path: &str, more: &[&str]| {
        let url = format!("{}{path}", site.url);
        let args: Vec<String> =
            ["-sSi"].iter().chain(more).map(|arg| (*arg).to_owned()).chain([url]).collect();
        async move { print("curl", &args.iter().map(String::as_str).collect::<Vec<_>>()).await }
    };
    let redirect = get("/files?a=b", &[]).await;
    assert!(
        redirect.starts_with("HTTP/1.1 301 ") && redirect.contains("location: /files/?a=b\r\n"),
        "{redirect}"
    );
    assert!(get("/old", &["-L"]).await.ends_with("Hello from paster.\n"));
    assert!(get("/", &["-H", "Host: hello.localhost"]).await.ends_with("Hello from paster.\n"));
    let missing = get("/nothing", &["-H", "Accept: application/json"]).await;
    assert!(missing.contains("content-type: application/problem+json\r\n"), "{missing}");
    assert!(missing.contains("content-security-policy: default-src 'self'; "), "{missing}");
    let climbing = get("/../site.toml", &["--path-as-is"]).await;
    assert!(climbing.starts_with("HTTP/1.1 404 "), "{climbing}");
    let post = get("/", &["-X", "POST"]).await;
    assert!(
        post.starts_with("HTTP/1.1 405 ") && post.contains("allow: GET, HEAD, OPTIONS\r\n"),
        "{post}"
    );
}

#[tokio::test]
async fn curl_sees_the_notes_of_two_folders() {
    let site = example_site().await;
    let get = |path: &'static str, option: &'static str| {
        let url = format!("{}/notes{path}", site.url);
        async move { print("curl", &["-sSi", option, &url]).await }
    };
    assert!(get("/today.txt", "-s").await.ends_with("the new folder answers.\n"));
    assert!(get("/yesterday.txt", "-s").await.ends_with("the old folder alone.\n"));
    let missing = get("/nothing.txt", "-s").await;
    assert!(missing.starts_with("HTTP/1.1 404 ") && missing.contains("<h1>No such note</h1>"));
    for (path, unlisted) in [("/drafts/idea.txt", true), ("/today.txt", false)] {
        assert_eq!(get(path, "-I").await.contains("x-robots-tag: noindex\r\n"), unlisted, "{path}");
    }
}

#[tokio::test]
async fn h2load_loses_no_request() {
    let site = example_site().await;
    for protocol in ["--h1", "--no-tls-proto=h2c"] {
        let report = print(
            "h2load",
            &[protocol, "-n", "2000", "-c", "10", "-m", "10", &format!("{}/hello", site.url)],
        )
        .await;
        assert!(
            report.contains("2000 succeeded, 0 failed, 0 errored, 0 timeout"),
            "{protocol}: {report}"
        );
    }
}
