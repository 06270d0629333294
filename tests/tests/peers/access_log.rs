//! The access log of a running `paster`: rotated by logrotate, read by `goaccess`.

use std::path::{Path, PathBuf};

use paste_tests::{Paster, within};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::print;

/// A site that logs to `access.log`, in a directory of its own.
struct Site {
    folder: tempfile::TempDir,
    paster: Paster,
}

impl Site {
    async fn start(format: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("site.toml");
        let toml = format!(
            "[app.main]\nuse = \"static\"\nroot = \".\"\nfilters = [\"access-log\"]\n\
             [filter.access-log]\nuse = \"access-log\"\nformat = '{format}'\nfile = \"access.log\"\n"
        );
        std::fs::write(&file, toml).unwrap();
        std::fs::write(folder.path().join("a.txt"), "alpha").unwrap();
        let file = file.to_str().unwrap();
        let paster = Paster::start(["serve", file, "--listen", "127.0.0.1:0"]).await;
        Self { folder, paster }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    async fn get(&self, path: &str) {
        print("curl", &["-sS", "-A", "curl", &format!("{}{path}", self.paster.url)]).await;
    }
}

fn lines(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

/// Waits until the log has as many lines: its thread writes them a moment after the answer.
async fn wait_for_lines(path: &Path, count: usize) -> Vec<String> {
    within("lines in the log", async {
        loop {
            let lines = lines(path);
            if lines.len() >= count {
                return lines;
            }
            tokio::task::yield_now().await;
        }
    })
    .await
}

#[tokio::test]
async fn logrotate_renames_and_truncates_and_no_line_is_lost() {
    for way in ["create", "copytruncate"] {
        let site = Site::start("%U").await;
        let log = site.path("access.log");
        let config = site.path("logrotate.conf");
        let rules = format!("{} {{\n{way}\nrotate 3\nsu root root\n}}\n", log.display());
        std::fs::write(&config, rules).unwrap();
        let state = site.path("state");
        for turn in 1..=3 {
            site.get(&format!("/a.txt?{turn}")).await;
            site.get("/none").await;
            assert_eq!(wait_for_lines(&log, 2).await, ["/a.txt", "/none"], "{way} {turn}");
            let paths = [&state, &config].map(|path| path.to_str().unwrap());
            print("logrotate", &["-f", "-s", paths[0], paths[1]]).await;
            assert_eq!(lines(&site.path("access.log.1")), ["/a.txt", "/none"], "{way} {turn}");
        }
        site.get("/last").await;
        site.paster.signal("TERM").await;
        let (code, rest) = site.paster.ended().await;
        assert_eq!(code, Some(0), "{rest}");
        assert_eq!(lines(&log), ["/last"], "{way}: all is written at the end");
    }
}

#[tokio::test]
async fn goaccess_reads_every_line_of_the_combined_format() {
    let site = Site::start("combined").await;
    for path in ["/a.txt", "/a.txt?x=%22%5C", "/none", "/a%0Ab", "/%22"] {
        site.get(path).await;
    }
    let url = format!("{}/a.txt", site.paster.url);
    print("curl", &["-sS", "-A", "quote \" backslash \\ tab \t end", "-e", "a\"b", &url]).await;
    print("curl", &["-sSI", "--http2-prior-knowledge", &url]).await;
    let log = site.path("access.log");
    wait_for_lines(&log, 7).await;
    let report = site.path("report.json");
    let paths = [&log, &report].map(|path| path.to_str().unwrap());
    print("goaccess", &[paths[0], "--log-format=COMBINED", "--no-global-config", "-o", paths[1]])
        .await;
    let report: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&report).unwrap()).unwrap();
    let general = &report["general"];
    assert_eq!((&general["valid_requests"], &general["failed_requests"]), (&7.into(), &0.into()));
    let codes = report["status_codes"]["data"].to_string();
    assert!(codes.contains("200") && codes.contains("404"), "{codes}");
}

#[tokio::test]
async fn who_goes_in_the_middle_of_a_file_is_marked_with_what_was_sent() {
    let site = Site::start("%>s %B %X %D").await;
    let size = 64 << 20;
    std::fs::File::create(site.path("large.bin")).unwrap().set_len(size).unwrap();
    let address = site.paster.url.strip_prefix("http://").unwrap();
    let mut client = TcpStream::connect(address).await.unwrap();
    client.write_all(b"GET /large.bin HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut some = vec![0; 100_000];
    client.read_exact(&mut some).await.unwrap();
    drop(client);
    let line = wait_for_lines(&site.path("access.log"), 1).await.remove(0);
    let fields: Vec<_> = line.split(' ').collect();
    let [status, bytes, cut, micros] = fields[..] else { panic!("{line}") };
    let bytes: u64 = bytes.parse().unwrap();
    assert_eq!((status, cut), ("200", "X"), "{line}");
    assert!((90_000..size).contains(&bytes) && micros.parse::<u64>().unwrap() > 0, "{line}");
}

#[tokio::test]
async fn lines_may_stand_among_the_messages() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("site.toml");
    let toml = "[app.main]\nuse = \"text\"\nbody = \"hi\"\nfilters = [\"access-log\"]\n";
    std::fs::write(&file, toml).unwrap();
    let file = file.to_str().unwrap();
    let paster = Paster::start(["serve", file, "--listen", "127.0.0.1:0"]).await;
    print("curl", &["-sS", "-A", "me", &format!("{}/x?y", paster.url)]).await;
    paster.signal("TERM").await;
    let (_, log) = paster.ended().await;
    let line =
        log.lines().find(|line| line.contains(" access: ")).unwrap_or_else(|| panic!("{log}"));
    assert!(line.contains(": access: 127.0.0.1 - - ["), "{line}");
    assert!(line.ends_with(r#"] "GET /x?y HTTP/1.1" 200 2 "-" "me""#), "{line}");
}
