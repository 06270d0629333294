//! The server as people run it: TLS, systemd, nginx, signals under load, and who attacks by slowness.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use paste_tests::{Paster, within};
use tempfile::TempDir;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, UnixDatagram};
use tokio::process::{Child, Command};
use tokio::sync::oneshot::error::TryRecvError;

use super::{print, run};

/// A directory with a site of one text.
struct Place(TempDir);

impl Place {
    fn new(server: &str, text: &str) -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        place.write(server, text);
        place
    }

    fn write(&self, server: &str, text: &str) {
        let toml = format!("[server]\n{server}\n[app.main]\nuse = \"text\"\nbody = \"{text}\"\n");
        fs::write(self.path("site.toml"), toml).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    async fn serve(&self) -> Paster {
        Paster::start(["serve", &self.text("site.toml")]).await
    }

    /// A certificate for `name`, by openssl.
    async fn certify(&self, name: &str) {
        let (key, cert) = (self.text("key.pem"), self.text("cert.pem"));
        let (subject, san) = (format!("/CN={name}"), format!("subjectAltName=DNS:{name}"));
        let made = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", &key];
        print(
            "openssl",
            &[&made[..], &["-out", &cert, "-subj", &subject, "-addext", &san]].concat(),
        )
        .await;
    }
}

const ANYWHERE: &str = "listen = \"127.0.0.1:0\"";

/// A program that runs until this is dropped.
fn start(command: &mut Command) -> Child {
    command.kill_on_drop(true).stdin(Stdio::null()).spawn().expect("the program starts")
}

async fn appears(path: &Path) {
    within("the socket", async {
        while !path.exists() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn openssl_and_curl_speak_tls_and_see_a_new_certificate() {
    let tls = "listen = \"127.0.0.1:0\"\ntls = { cert = \"cert.pem\", key = \"key.pem\" }";
    let place = Place::new(tls, "secret");
    place.certify("one.example").await;
    let site = place.serve().await;
    let address = site.url.strip_prefix("https://").unwrap().to_owned();
    let port = address.rsplit(':').next().unwrap().to_owned();
    let shake = |more: &'static [&'static str]| {
        let args = ["s_client", "-connect", &address, "-servername", "one.example", "-brief"];
        let args: Vec<String> = args.iter().chain(more).map(|arg| (*arg).to_owned()).collect();
        async move {
            let output = run("openssl", &args.iter().map(String::as_str).collect::<Vec<_>>()).await;
            String::from_utf8_lossy(&output.stderr).into_owned()
        }
    };
    assert!(shake(&["-tls1_2"]).await.contains("Protocol version: TLSv1.2"));
    assert!(shake(&["-tls1_3", "-alpn", "h2"]).await.contains("Protocol version: TLSv1.3"));
    let old = shake(&["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"]).await;
    assert!(!old.contains("Protocol version"), "{old}");

    let get = async |name: &str, version: &str| {
        let (cert, url) = (place.text("cert.pem"), format!("https://{name}:{port}/"));
        let to = format!("{name}:{port}:127.0.0.1");
        run(
            "curl",
            &["-sS", version, "--cacert", &cert, "--resolve", &to, "-w", "%{http_version}", &url],
        )
        .await
    };
    for (version, spoken) in [("--http1.1", "1.1"), ("--http2", "2")] {
        let output = get("one.example", version).await;
        assert_eq!(String::from_utf8_lossy(&output.stdout), format!("secret{spoken}"));
    }
    place.certify("two.example").await;
    site.signal("HUP").await;
    within("the new certificate", async {
        while !get("two.example", "--http2").await.status.success() {}
    })
    .await;
    site.signal("TERM").await;
    assert_eq!(site.ended().await.0, Some(0));
}

#[tokio::test]
async fn systemd_hands_over_its_socket_and_is_told() {
    let place = Place::new("listen = \"fd\"", "activated");
    let socket = place.path("socket");
    let told = UnixDatagram::bind(place.path("notify")).unwrap();
    let activate = || Command::new("systemd-socket-activate");
    let program = Paster::program();
    let mut running = start(
        activate()
            .arg("-l")
            .arg(&socket)
            .arg(format!("--setenv=NOTIFY_SOCKET={}", place.text("notify")))
            .arg(&program)
            .args(["serve", &place.text("site.toml")]),
    );
    appears(&socket).await;
    let socket_text = place.text("socket");
    let answer = print("curl", &["-sS", "--unix-socket", &socket_text, "http://x/"]).await;
    assert_eq!(answer, "activated");
    let mut message = [0; 100];
    let mut next = async || {
        let length = within("the notice", told.recv(&mut message)).await.unwrap();
        String::from_utf8_lossy(&message[..length]).into_owned()
    };
    assert_eq!(next().await, "READY=1\n");
    let id = running.id().unwrap().to_string();
    print("kill", &["-s", "HUP", &id]).await;
    assert!(next().await.starts_with("RELOADING=1\nMONOTONIC_USEC="));
    assert_eq!(next().await, "READY=1\n");
    print("kill", &["-s", "TERM", &id]).await;
    assert_eq!(next().await, "STOPPING=1\n");
    let ended = within("the end", running.wait()).await.unwrap();
    assert_eq!(ended.code(), Some(0));

    // A socket of the wrong kind is told.
    let wrong = place.path("datagrams");
    let mut running = start(
        activate()
            .args(["-d", "-l"])
            .arg(&wrong)
            .arg(&program)
            .args(["serve", &place.text("site.toml")])
            .stderr(Stdio::piped()),
    );
    appears(&wrong).await;
    UnixDatagram::unbound().unwrap().send_to(b"x", &wrong).await.unwrap();
    let mut errors = String::new();
    let mut stderr = running.stderr.take().unwrap();
    within("the error", stderr.read_to_string(&mut errors)).await.unwrap();
    let expected = "cannot listen on fd: descriptor 3 is not a stream socket of TCP or Unix";
    assert!(errors.contains(expected), "{errors}");
}

#[tokio::test]
async fn sockets_that_cannot_be_meant_are_told() {
    let place = Place::new("listen = \"fd\"", "activated");
    let other = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = other.local_addr().unwrap().port();
    let serve = format!("exec {} serve {}", Paster::program().display(), place.text("site.toml"));
    let connected = format!("exec 3<>/dev/tcp/127.0.0.1/{port}");
    for (prepare, expected) in [
        (
            format!("{connected}; export LISTEN_FDS=1 LISTEN_PID=$$"),
            "descriptor 3 is a socket that does not listen",
        ),
        (
            format!("{connected}; export LISTEN_FDS=1 LISTEN_PID=1"),
            "the sockets in LISTEN_FDS are for another process (LISTEN_PID), or there are none",
        ),
        (
            "exec 3</dev/null; export LISTEN_FDS=1 LISTEN_PID=$$".to_owned(),
            "descriptor 3 is not a stream socket of TCP or Unix",
        ),
        (
            "export LISTEN_FDS=abc LISTEN_PID=$$".to_owned(),
            "LISTEN_FDS is `abc`, expected how many sockets are handed over",
        ),
        (String::from(":"), "no sockets were handed over: LISTEN_FDS is not set"),
    ] {
        let output = run("bash", &["-c", &format!("{prepare}; {serve}")]).await;
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{prepare}: {errors}");
        assert!(
            errors.contains(&format!("cannot listen on fd: {expected}")),
            "{prepare}: {errors}"
        );
    }
}

#[tokio::test]
async fn nginx_passes_on_by_a_unix_socket_and_tells_the_client_where_it_is_believed() {
    let place = Place::new("", "");
    place.certify("a.example").await;
    let shipped = |file: &str| {
        let file = paste_tests::root().join("examples/deploy").join(file);
        fs::read_to_string(file)
            .unwrap()
            .replace("/run/paster/paster.sock", &place.text("paster.sock"))
    };
    let site = shipped("nginx.toml");
    let (server, _) = site.split_once("[app.main]").unwrap();
    // nginx itself is asked by a Unix socket, which needs no free port: a header names its client.
    let listen = format!(
        "listen unix:{} ssl; ssl_certificate {}; ssl_certificate_key {}; \
         set_real_ip_from unix:; real_ip_header X-Test-Client;",
        place.text("nginx.sock"),
        place.text("cert.pem"),
        place.text("key.pem")
    );
    let part = shipped("nginx.conf").replace("listen 80;", &listen);
    let conf =
        format!("pid {};\nevents {{}}\nhttp {{\naccess_log off;\n{part}\n}}", place.text("pid"));
    fs::write(place.path("nginx.conf"), conf).unwrap();
    let (conf, errors) = (place.text("nginx.conf"), place.text("errors"));
    let _nginx = start(Command::new("nginx").args([
        "-c",
        &conf,
        "-e",
        &errors,
        "-g",
        "daemon off; master_process off;",
    ]));
    appears(&place.path("nginx.sock")).await;
    let socket = place.text("nginx.sock");
    let forged = ["X-Forwarded-For: 6.6.6.6", "X-Forwarded-Host: evil", "Forwarded: host=evil"];
    let ask =
        ["-sSk", "--unix-socket", &socket, "https://a.example/", "-H", "X-Test-Client: 192.0.2.9"];
    let ask = [&ask[..], &forged.map(|header| ["-H", header]).concat()].concat();
    let unbelieved = server.replace("trusted_proxies = [\"unix\"]", "");
    for (server, client, scheme) in
        [(server, "\"192.0.2.9\"", "\"https\""), (&unbelieved, "null", "\"http\"")]
    {
        fs::write(place.path("site.toml"), format!("{server}[app.main]\nuse = \"dump\"\n"))
            .unwrap();
        let site = place.serve().await;
        assert_eq!(site.url, format!("unix:{}", place.text("paster.sock")));
        for _ in 0..3 {
            let answer = print("curl", &ask).await;
            let seen: serde_json::Value = serde_json::from_str(&answer).expect(&answer);
            assert_eq!(seen["client_addr"].to_string(), client, "{answer}");
            assert_eq!(seen["scheme"].to_string(), scheme, "{answer}");
            assert_eq!(seen["host"], "a.example", "{answer}");
        }
        site.signal("TERM").await;
        assert_eq!(site.ended().await.0, Some(0));
    }
}

#[tokio::test]
async fn a_reload_under_load_fails_no_request_and_a_broken_file_changes_nothing() {
    let place = Place::new(ANYWHERE, "old");
    let site = place.serve().await;
    let url = format!("{}/", site.url);
    let load = tokio::spawn({
        let url = url.clone();
        async move { print("h2load", &["--h1", "-n", "20000", "-c", "20", &url]).await }
    });
    let shows = async |text: &str| {
        within(text, async { while print("curl", &["-sS", &url]).await != text {} }).await;
    };
    for text in ["new", "newer", "newest"] {
        place.write(ANYWHERE, text);
        site.signal("HUP").await;
        shows(text).await;
    }
    fs::write(place.path("site.toml"), "[app.main]\nuse = \"txt\"").unwrap();
    site.signal("HUP").await;
    let report = load.await.unwrap();
    assert!(report.contains("20000 succeeded, 0 failed, 0 errored, 0 timeout"), "{report}");
    shows("newest").await;
    site.signal("TERM").await;
    let (code, log) = site.ended().await;
    assert!(code == Some(0) && log.contains("there is no kind of app `txt`"), "{log}");
}

#[tokio::test]
async fn certificates_change_under_load_and_no_handshake_fails() {
    let tls = "listen = \"127.0.0.1:0\"\ntls = { cert = \"cert.pem\", key = \"key.pem\" }";
    let place = Place::new(tls, "secret");
    place.certify("one.example").await;
    let site = place.serve().await;
    let url = format!("{}/", site.url);
    let port = url.trim_end_matches('/').rsplit(':').next().unwrap().to_owned();
    let (stop, mut stopped) = tokio::sync::oneshot::channel::<()>();
    let load = tokio::spawn(async move {
        let mut reports = Vec::new();
        while matches!(stopped.try_recv(), Err(TryRecvError::Empty)) {
            for protocol in ["--h1", "--npn-list=h2"] {
                // Each run shakes hands twenty times.
                reports.push(print("h2load", &[protocol, "-n", "100", "-c", "20", &url]).await);
            }
        }
        reports
    });
    for name in ["two.example", "three.example", "four.example"] {
        place.certify(name).await;
        site.signal("HUP").await;
        let (cert, url) = (place.text("cert.pem"), format!("https://{name}:{port}/"));
        let to = format!("{name}:{port}:127.0.0.1");
        within("the new certificate", async {
            let ask = ["-sS", "--cacert", &cert, "--resolve", &to, &url];
            while !run("curl", &ask).await.status.success() {}
        })
        .await;
    }
    drop(stop);
    let reports = load.await.unwrap();
    assert!(reports.len() > 3, "{}", reports.len());
    for report in reports {
        assert!(report.contains("100 succeeded, 0 failed, 0 errored, 0 timeout"), "{report}");
    }
    site.signal("TERM").await;
    let (code, log) = site.ended().await;
    assert_eq!(code, Some(0), "{log}");
}

#[tokio::test]
async fn a_second_signal_ends_at_once() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("file"), vec![b'x'; 50_000_000]).unwrap();
    let site =
        Paster::start(["static", dir.path().to_str().unwrap(), "--listen", "127.0.0.1:0"]).await;
    let url = format!("{}/file", site.url);
    let copy = dir.path().join("copy");
    let slow = ["-s", "--limit-rate", "1k", "-o", copy.to_str().unwrap(), &url];
    let _slow = start(Command::new("curl").args(slow));
    within("the first bytes", async {
        while fs::metadata(&copy).map_or(0, |copy| copy.len()) == 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    site.signal("TERM").await;
    site.signal("INT").await;
    let (code, log) = site.ended().await;
    assert!(code == Some(0) && log.contains("told to end again"), "{log}");
}

#[tokio::test]
async fn wrk_and_siege_get_only_answers() {
    let place = Place::new(ANYWHERE, "hello");
    let site = place.serve().await;
    let url = format!("{}/", site.url);
    let report = print("wrk", &["-t1", "-c50", "-d1", &url]).await;
    assert!(report.contains("Requests/sec") && !report.contains("Socket errors"), "{report}");
    assert!(!report.contains("Non-2xx"), "{report}");
    let home = place.text("");
    let siege = ["HOME=".to_owned() + &home, "siege".to_owned()];
    let siege = [&siege[0], &siege[1], "-q", "-b", "-c", "10", "-r", "100", "--json-output", &url];
    let report = print("env", &siege).await;
    assert!(report.contains("\"failed_transactions\":\t\t           0"), "{report}");
}

#[tokio::test]
async fn slowhttptest_does_not_keep_others_out() {
    let limits = "limits = { header_timeout = \"1s\", body_timeout = \"1s\" }";
    let place = Place::new(&format!("{ANYWHERE}\n{limits}"), &"x".repeat(1000));
    let site = place.serve().await;
    let url = format!("{}/", site.url);
    for mode in [
        &["-H", "-i", "1"][..],
        &["-B", "-i", "1", "-s", "8192"],
        &["-X", "-n", "1", "-z", "1", "-w", "1", "-y", "2"],
    ] {
        let args = [mode, &["-c", "50", "-r", "50", "-l", "4", "-p", "1", "-u", &url]].concat();
        let output =
            tokio::time::timeout(Duration::from_secs(15), run("slowhttptest", &args)).await;
        let report = String::from_utf8_lossy(&output.unwrap().stdout).into_owned();
        assert!(!report.contains("service available:   NO"), "{mode:?}: {report}");
        assert_eq!(
            print("curl", &["-sS", "-o", "/dev/null", "-w", "%{http_code}", &url]).await,
            "200"
        );
    }
}
