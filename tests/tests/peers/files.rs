//! Files: the answers of nginx and Apache as the oracles, every difference with its reason; downloads that
//! curl takes up again.

use std::fs::{self, File};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, UNIX_EPOCH};

use paste_tests::{Paster, within};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpStream, UnixStream};
use tokio::process::{Child, Command};

use super::file_table::{
    Peer::{Differs, Same},
    Row, TABLE,
};
use super::{print, run};

/// A root with a file of 1000 bytes, an empty one and a directory, last changed at `DATE`.
fn site(base: &Path) {
    fs::create_dir_all(base.join("root/dir")).unwrap();
    fs::create_dir_all(base.join("root/noindex")).unwrap();
    std::os::unix::fs::symlink("../outside.txt", base.join("root/link")).unwrap();
    let content = (0..100).map(|line| format!("{line:09}\n")).collect::<Vec<_>>().concat();
    for (name, content) in [
        ("a.txt", &*content),
        ("empty.txt", ""),
        ("dir/index.html", "<p>dir</p>"),
        ("sp ace.txt", "sp"),
        ("noindex/x.txt", "x"),
        (".hidden", "secret"),
        ("é.txt", "e"),
        ("../outside.txt", "OUTSIDE"),
    ] {
        let path = base.join("root").join(name);
        fs::write(&path, content).unwrap();
        let time = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
    }
    let gzip = std::process::Command::new("gzip").arg("-kn").arg(base.join("root/a.txt")).status();
    assert!(gzip.unwrap().success());
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
         server {{ listen unix:{folder}/socket; root {folder}/root; gzip_static on; }} }}"
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

/// Apache on a free port of 127.0.0.1; gives its URL, too.
async fn apache(base: &Path) -> (Child, String) {
    let folder = base.display();
    let modules = ["mpm_event", "authz_core", "dir", "mime"]
        .map(|name| format!("LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n"))
        .concat();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap();
    let configuration = format!(
        "{modules}Listen {address}\nServerName localhost\nServerRoot {folder}\nPidFile {folder}/apache.pid\n\
         ErrorLog {folder}/apache.log\nDocumentRoot {folder}/root\nDirectoryIndex index.html\n\
         TypesConfig {folder}/types\n<Directory {folder}/root>\nOptions FollowSymLinks\nRequire all granted\n</Directory>\n"
    );
    fs::write(base.join("apache.conf"), configuration).unwrap();
    fs::write(base.join("types"), "text/plain txt\ntext/html html\n").unwrap();
    drop(free);
    let mut command = Command::new("apache2");
    command.arg("-X").arg("-f").arg(base.join("apache.conf"));
    command.stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let child = command.spawn();
    let mut child = child.expect("`cargo xtask test integration` installs apache2");
    let answers = async {
        while TcpStream::connect(address).await.is_err() {
            if child.try_wait().unwrap().is_some() {
                let log = fs::read_to_string(base.join("apache.log")).unwrap_or_default();
                panic!("apache2 ended: {log}");
            }
            tokio::task::yield_now().await;
        }
    };
    within("apache", answers).await;
    (child, format!("http://{address}"))
}

/// What is compared: the status, `Content-Range`, the path of `Location`, `Content-Encoding`, and of what is
/// neither an error nor in parts the body.
#[derive(Debug, PartialEq)]
struct Answer {
    status: u16,
    range: Option<String>,
    location: Option<String>,
    encoding: Option<String>,
    body: Vec<u8>,
}

/// A server: how curl gets there, and its URL.
struct Server<'a> {
    route: &'a [&'a str],
    url: &'a str,
    /// Its own tag of `/a.txt`.
    tag: String,
}

impl<'a> Server<'a> {
    async fn new(route: &'a [&'a str], url: &'a str) -> Self {
        let url_of_a = format!("{url}/a.txt");
        let head = print("curl", &[&["-sSI"], route, &[&url_of_a]].concat()).await;
        let tag = header(&head, "etag").unwrap();
        Self { route, url, tag }
    }

    /// `@E` in an argument stands for the server's own tag.
    async fn ask(&self, args: &[&str], path: &str) -> Answer {
        let args: Vec<_> = args.iter().map(|arg| arg.replace("@E", &self.tag)).collect();
        let args: Vec<_> = args.iter().map(String::as_str).collect();
        let url = format!("{}{path}", self.url);
        let common = ["-sS", "-i", "--path-as-is"];
        let output = run("curl", &[&common, self.route, &args, &[&*url]].concat()).await;
        assert!(output.status.success(), "{args:?} {path}: {output:?}");
        let end = output.stdout.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap();
        let head = String::from_utf8_lossy(&output.stdout[..end]).into_owned();
        let status: u16 = head.split(' ').nth(1).unwrap().parse().unwrap();
        let is_multipart = head.contains("multipart/byteranges");
        let is_whole = status < 300 && !is_multipart;
        let location = header(&head, "location").map(|location| match location.split_once("://") {
            Some((_, rest)) => rest[rest.find('/').unwrap_or(0)..].to_owned(),
            None => location,
        });
        Answer {
            status,
            range: header(&head, "content-range"),
            location,
            encoding: header(&head, "content-encoding"),
            body: if is_whole { output.stdout[end + 4..].to_vec() } else { Vec::new() },
        }
    }
}

fn header(head: &str, wanted: &str) -> Option<String> {
    head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case(wanted).then(|| value.to_owned())
    })
}

#[tokio::test]
async fn answers_are_those_of_nginx_and_apache_or_differ_for_a_reason() {
    let base = tempfile::tempdir().unwrap();
    let base = base.path();
    site(base);
    let _nginx = nginx(base).await;
    let (_apache, apache) = apache(base).await;
    let root = base.join("root");
    let ours = Paster::start(["static", root.to_str().unwrap(), "--listen", "127.0.0.1:0"]).await;
    let socket = base.join("socket");
    let by_socket = ["--unix-socket", socket.to_str().unwrap()];
    let ours = Server::new(&[], &ours.url).await;
    let nginx = Server::new(&by_socket, "http://localhost").await;
    let apache = Server::new(&[], &apache).await;
    let mut wrong = Vec::new();
    for Row { args, path, status, nginx: of_nginx, apache: of_apache } in TABLE {
        let answer = ours.ask(args, path).await;
        if answer.status != *status {
            wrong.push(format!("{args:?} {path}: {}, not {status}", answer.status));
        }
        for (name, peer, reason) in [("nginx", &nginx, of_nginx), ("apache", &apache, of_apache)] {
            let theirs = peer.ask(args, path).await;
            match reason {
                Same if answer != theirs => {
                    wrong.push(format!("{args:?} {path}: {answer:?}\n{name}: {theirs:?}"));
                }
                Differs(reason) if answer == theirs => {
                    wrong.push(format!(
                        "{args:?} {path}: {name} answers the same; not so: {reason}"
                    ));
                }
                _ => {}
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));

    // A long path is no file; how long a head may be is the server's to limit, and as a whole.
    let long = format!("/{}", "x".repeat(9000));
    let [ours, nginx, apache] = [&ours, &nginx, &apache].map(|server| server.ask(&[], &long));
    assert_eq!((ours.await.status, nginx.await.status, apache.await.status), (404, 414, 414));
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

/// A directory that `paster static` serves, with its listing.
async fn listed(base: &Path) -> Paster {
    let toml = "[app.main]\nuse = \"static\"\nroot = \"root\"\nindex = []\nlisting = true\n";
    fs::write(base.join("site.toml"), toml).unwrap();
    let file = base.join("site.toml");
    Paster::start(["serve", file.to_str().unwrap(), "--listen", "127.0.0.1:0"]).await
}

#[tokio::test]
async fn wget_mirrors_a_listing_whatever_the_names() {
    let base = tempfile::tempdir().unwrap();
    let (root, copy) = (base.path().join("root"), base.path().join("copy"));
    let names = [
        "a.txt",
        "sp ace & <b>.txt",
        "quote\".txt",
        "é.txt",
        "50%.txt",
        "semi;q=1.txt",
        "deep/er/#1.txt",
        "deep/plus+.txt",
    ];
    for name in names {
        fs::create_dir_all(root.join(name).parent().unwrap()).unwrap();
        fs::write(root.join(name), format!("content of {name}")).unwrap();
    }
    let site = listed(base.path()).await;
    let mirror = [
        "-q",
        "-r",
        "-l",
        "inf",
        "-np",
        "-nH",
        "-e",
        "robots=off",
        "--reject-regex",
        "[?]",
        "--restrict-file-names=nocontrol",
        "-P",
    ];
    print("wget", &[&mirror, &[copy.to_str().unwrap(), &*format!("{}/", site.url)][..]].concat())
        .await;
    for name in names {
        let mirrored =
            fs::read_to_string(copy.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(mirrored, format!("content of {name}"));
    }
}

#[tokio::test]
async fn changes_on_disk_show_at_once() {
    let base = tempfile::tempdir().unwrap();
    let root = base.path().join("root");
    fs::create_dir(&root).unwrap();
    fs::write(root.join("a.txt"), "first").unwrap();
    let site = listed(base.path()).await;
    let get = async |path: &str| print("curl", &["-sS", &format!("{}{path}", site.url)]).await;
    assert_eq!(get("/a.txt").await, "first");
    for turn in 0..20 {
        fs::write(root.join("new"), format!("turn {turn}")).unwrap();
        fs::rename(root.join("new"), root.join("a.txt")).unwrap();
        assert_eq!(get("/a.txt").await, format!("turn {turn}"));
        fs::write(root.join(format!("{turn}.txt")), "").unwrap();
        assert!(get("/").await.contains(&format!("{turn}.txt")));
    }
    fs::remove_file(root.join("a.txt")).unwrap();
    assert!(get("/a.txt").await.contains("404 Not Found"));
    assert!(!get("/").await.contains("a.txt"));
}

/// Clients that ask for a large file and read none of it.
#[tokio::test]
async fn clients_that_stop_reading_cost_little_memory() {
    const CLIENTS: usize = 50;
    let base = tempfile::tempdir().unwrap();
    let root = base.path().join("root");
    fs::create_dir(&root).unwrap();
    File::create(root.join("large")).unwrap().set_len(1 << 30).unwrap();
    let site = Paster::start(["static", root.to_str().unwrap(), "--listen", "127.0.0.1:0"]).await;
    let address = site.url.strip_prefix("http://").unwrap();
    let before = site.memory();
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        let mut client = TcpStream::connect(address).await.unwrap();
        client.write_all(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        client.readable().await.unwrap();
        clients.push(client);
    }
    // Others are served meanwhile, and by then the server has sent what the sockets take.
    print("curl", &["-sS", "-r", "0-9", &format!("{}/large", site.url)]).await;
    let each = (site.memory() - before) / CLIENTS as u64;
    assert!(each < 512 << 10, "{each} bytes for each client");
}
