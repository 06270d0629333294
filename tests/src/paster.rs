//! The program `paster`, started as a person would.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::OnceLock;

use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStderr, Command};

use crate::within;

/// The root of the repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this package is in the repository")
}

/// A running `paster`. It is killed when this is dropped.
#[derive(Debug)]
pub struct Paster {
    child: Child,
    log: Lines<BufReader<ChildStderr>>,
    /// The first URL that it listens on, without a slash at the end.
    pub url: String,
}

impl Paster {
    /// The program, built if need be.
    pub fn program() -> PathBuf {
        static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
        PROGRAM.get_or_init(build).clone()
    }

    /// Starts `paster` with these arguments, and waits until it listens.
    pub async fn start<const N: usize>(args: [&str; N]) -> Self {
        let mut child = Command::new(Self::program())
            .args(args)
            .current_dir(root())
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("paster starts");
        let mut log = BufReader::new(child.stderr.take().expect("stderr is piped")).lines();
        let url = within("paster to listen", async {
            while let Some(line) = log.next_line().await.expect("stderr is text") {
                if let Some(url) = line.strip_prefix("listening on ") {
                    return url.to_owned();
                }
            }
            panic!("paster ended without listening");
        });
        let url = url.await;
        Self { child, log, url }
    }

    /// Sends the signal TERM, or another, by the program `kill`.
    pub async fn signal(&self, name: &str) {
        let id = self.child.id().expect("paster runs").to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status().await;
        assert!(sent.expect("kill runs").success());
    }

    /// How much memory it has, in bytes.
    pub fn memory(&self) -> u64 {
        let id = self.child.id().expect("paster runs");
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).expect("Linux tells");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")).expect("Linux tells");
        kilobytes.parse::<u64>().expect("a number") * 1024
    }

    /// Waits for the end; gives the exit code and what else was logged.
    pub async fn ended(mut self) -> (Option<i32>, String) {
        within("paster to end", async {
            let mut rest = String::new();
            while let Some(line) = self.log.next_line().await.expect("stderr is text") {
                rest += &line;
                rest.push('\n');
            }
            (self.child.wait().await.expect("paster is our child").code(), rest)
        })
        .await
    }
}

/// Cargo builds no programs of other packages for a test, so this asks it to, with the stores that are tested
/// against real servers.
fn build() -> PathBuf {
    let mut cargo = std::process::Command::new(env!("CARGO"));
    let stores = ["--features", "postgres,redis"];
    let build = cargo.args(["build", "--quiet", "-p", "paste-deploy"]).args(stores);
    let built = build.current_dir(root()).status();
    assert!(built.expect("cargo runs").success(), "paste-deploy does not build");
    let tests = std::env::current_exe().expect("a test knows where it is");
    let target = tests.ancestors().nth(2).expect("tests are in TARGET/PROFILE/deps");
    target.join("paster")
}
