//! Files: the answers of nginx as the oracle, every difference with its reason, and a download that
//! curl takes up again.

use std::fs::{self, File};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, UNIX_EPOCH};

use paste_tests::{Paster, within};
use tokio::net::UnixStream;
use tokio::process::{Child, Command};

use super::{print, run};

const DATE: &str = "Tue, 14 Nov 2023 22:13:20 GMT";

/// Arguments of curl and a path; `None` where we answer as nginx does, or else our status, and why.
type Row<'a> = (&'a [&'a str], &'a str, Option<(u16, &'a str)>);

/// A root with a file of 1000 bytes, an empty one and a directory, last changed at `DATE`.
fn site(base: &Path) {
    fs::create_dir_all(base.join("root/dir")).unwrap();
    let content = (0..100).map(|line| format!("{line:09}\n")).collect::<Vec<_>>().concat();
    for (name, content) in [
        ("a.txt", &*content),
        ("empty.txt", ""),
        ("dir/index.html", "<p>dir</p>"),
        ("sp ace.txt", "sp"),
    ] {
        let path = base.join("root").join(name);
        fs::write(&path, content).unwrap();
        let time = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
    }
}

/// nginx on a Unix socket in `base`.
async fn nginx(base: &Path) -> Child {
    let folder = base.display();
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|name| format!("{name}_temp_path {folder}/{name};"))
        .concat();
    let configuration = format!(
        "daemon off; master_process off; pid {folder}/pid; events {{}}\n\
         http {{ access_log off; {temporary} default_type application/octet-stream;\n\
         server {{ listen unix:{folder}/socket; root {folder}/root; }} }}"
    );
    fs::write(base.join("nginx.conf"), configuration).unwrap();
    let mut command = Command::new("nginx");
    command.arg("-e").arg(base.join("errors")).arg("-c").arg(base.join("nginx.conf"));
    command.stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let child = command.spawn();
    let child = child.expect("`cargo xtask test integration` installs nginx");
    let answers = async {
        while UnixStream::connect(base.join("socket")).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    within("nginx", answers).await;
    child
}

/// Status, `Content-Range` and, of what is not an error, the body.
async fn ask(args: &[&str], url: &str) -> (u16, Option<String>, String) {
    let answer = print("curl", &[&["-sS", "-i", "--path-as-is"], args, &[url]].concat()).await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status: u16 = head.split(' ').nth(1).unwrap().parse().unwrap();
    let range = head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("content-range").then(|| value.to_owned())
    });
    let is_multipart = head.contains("multipart/byteranges");
    let body = if status < 300 && !is_multipart { body.to_owned() } else { String::new() };
    (status, range, body)
}

#[tokio::test]
async fn answers_are_those_of_nginx_or_differ_for_a_reason() {
    let base = tempfile::tempdir().unwrap();
    let base = base.path();
    site(base);
    let _nginx = nginx(base).await;
    let root = base.join("root");
    let ours = Paster::start(["static", root.to_str().unwrap(), "--listen", "127.0.0.1:0"]).await;
    let socket = base.join("socket");
    let socket = socket.to_str().unwrap();
    let since = |date: &str| format!("If-Modified-Since: {date}");
    let if_range = format!("If-Range: {DATE}");
    let unmodified = format!("If-Unmodified-Since: {DATE}");
    let later = since("Wed, 15 Nov 2023 22:13:20 GMT");
    let (equal, garbage) = (since(DATE), since("garbage"));
    let rows: &[Row<'_>] = &[
        (&[], "/a.txt", None),
        (&["-I"], "/a.txt", None),
        (&["-r", "0-9"], "/a.txt", None),
        (&["-r", "-5"], "/a.txt", None),
        (&["-r", "995-"], "/a.txt", None),
        (&["-r", "-5000"], "/a.txt", None),
        (&["-r", "5000-"], "/a.txt", None),
        (&["-r", "0-0,10-12"], "/a.txt", None),
        (&["-H", "Range: lines=0-1"], "/a.txt", None),
        (&["-r", "0-1"], "/empty.txt", None),
        (&["-r", "0-9", "-H", &if_range], "/a.txt", None),
        (&["-r", "0-9", "-H", "If-Range: \"x\""], "/a.txt", None),
        (&["-H", "If-None-Match: *"], "/a.txt", None),
        (&["-H", "If-None-Match: \"x\"", "-H", &equal], "/a.txt", None),
        (&["-H", &equal], "/a.txt", None),
        (&["-H", &garbage], "/a.txt", None),
        (&["-H", "If-Match: \"x\""], "/a.txt", None),
        (&["-H", "If-Match: *"], "/a.txt", None),
        (&["-H", &unmodified], "/a.txt", None),
        (&["-X", "POST"], "/a.txt", None),
        (&[], "/dir", None),
        (&[], "/dir/", None),
        (&[], "/a.txt/", None),
        (&[], "//a.txt", None),
        (&[], "/sp%20ace.txt", None),
        (&[], "/A.TXT", None),
        (&[], "/missing", None),
        (&[], "/dir%5c..%5ca.txt", None),
        (&["-H", "Range: bytes=9-0"], "/a.txt", Some((200, "what is malformed is ignored"))),
        (&["-H", "Range: bytes=abc"], "/a.txt", Some((200, "what is malformed is ignored"))),
        (&["-r", "0-99,50-149"], "/a.txt", Some((206, "what overlaps becomes one part"))),
        (&["-I", "-r", "0-9"], "/a.txt", Some((200, "ranges are for GET: RFC 9110, section 14.2"))),
        (&["-H", &later], "/a.txt", Some((304, "RFC 9110 compares dates, nginx wants the same"))),
        (&["-X", "OPTIONS"], "/a.txt", Some((204, "OPTIONS tells what is allowed"))),
    ];
    for (args, path, difference) in rows {
        let theirs =
            ask(&[&["--unix-socket", socket], *args].concat(), &format!("http://x{path}")).await;
        let answer = ask(args, &format!("{}{path}", ours.url)).await;
        match difference {
            None => assert_eq!(answer, theirs, "{args:?} {path}"),
            Some((status, reason)) => {
                assert_eq!(answer.0, *status, "{args:?} {path}: {reason}");
                assert_ne!(answer, theirs, "{args:?} {path}: no difference any more");
            }
        }
    }
}

#[tokio::test]
async fn curl_takes_up_a_download_where_it_stopped_and_not_of_another_version() {
    let base = tempfile::tempdir().unwrap();
    let (root, part) = (base.path().join("root"), base.path().join("part"));
    fs::create_dir(&root).unwrap();
    let content: Vec<u8> = (0..300_000_u32).map(|byte| (byte % 251) as u8).collect();
    fs::write(root.join("big"), &content).unwrap();
    let site = Paster::start(["static", root.to_str().unwrap(), "--listen", "127.0.0.1:0"]).await;
    let (url, part_path) = (format!("{}/big", site.url), part.to_str().unwrap());
    fs::write(&part, &content[..123_457]).unwrap();
    print("curl", &["-sS", "-f", "-C", "-", "-o", part_path, &url]).await;
    assert!(fs::read(&part).unwrap() == content);
    fs::write(&part, &content[..10]).unwrap();
    let other = ["-sS", "-f", "-C", "-", "-H", "If-Range: \"another\"", "-o", part_path, &url];
    let refused = run("curl", &other).await;
    assert_eq!(refused.status.code(), Some(33), "curl notices that the whole file comes");
}
