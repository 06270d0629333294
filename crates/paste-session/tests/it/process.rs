//! Processes of their own, which are this test binary run again: for what kills one, and for what several
//! share.
//!
//! Such a process reads a job from its environment. It says what is done in lines with `did `.

use std::env;
use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use paste_core::{App, AppExt};
use paste_session::{FileStore, Sessions, SqliteStore};

use crate::advisories::{ask, request};
use crate::sessions::app;

const JOB: &str = "PASTE_SESSION_TEST_JOB";
const STORE: &str = "PASTE_SESSION_TEST_STORE";

/// Sessions in the store that a text like `file:DIR` or `sqlite:PATH` names.
pub(crate) fn sessions(store: &str) -> Sessions {
    match store.split_once(':') {
        Some(("file", root)) => Sessions::new(FileStore::new(root).fsync(false)),
        Some(("sqlite", path)) => Sessions::new(SqliteStore::new(path)),
        _ => panic!("no store: {store}"),
    }
}

/// A process, which ends with this value.
pub(crate) struct Process {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Process {
    /// Starts `command`, which runs this test binary, with a job.
    pub(crate) fn start(mut command: Command, job: &str, store: &str) -> Self {
        command.args(["--exact", "process::does_its_job", "--nocapture", "--test-threads=1"]);
        command.env(JOB, job).env(STORE, store).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { stdin: child.stdin.take(), child, lines }
    }

    /// Starts this test binary.
    pub(crate) fn of_this_test(job: &str, store: &str) -> Self {
        Self::start(Command::new(env::current_exe().unwrap()), job, store)
    }

    /// What it has done next, or `None` if it has ended.
    pub(crate) fn did(&mut self) -> Option<String> {
        self.lines.find_map(|line| Some(line.unwrap().split_once("did ")?.1.to_owned()))
    }

    /// Has it make a request with this cookie; gives the status, the cookie of the answer, and its text.
    pub(crate) fn request(&mut self, target: &str, cookie: &str) -> (u16, String, String) {
        self.begin_request(target, cookie);
        self.answer()
    }

    /// The same in two steps.
    pub(crate) fn begin_request(&self, target: &str, cookie: &str) {
        writeln!(self.stdin.as_ref().unwrap(), "{target} {cookie}").unwrap();
    }

    pub(crate) fn answer(&mut self) -> (u16, String, String) {
        let answer = self.did().unwrap();
        let mut parts = answer.splitn(3, ' ').map(str::to_owned);
        let status = parts.next().unwrap().parse().unwrap();
        (status, parts.next().unwrap(), parts.next().unwrap())
    }

    /// Kills it by SIGKILL.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn did(what: std::fmt::Arguments<'_>) {
    // In one piece, so that a kill leaves no half line unless the system cuts it.
    std::io::stdout().lock().write_all(format!("did {what}\n").as_bytes()).unwrap();
}

/// No test: what the processes do that tests start. Without a job there is nothing to do.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn does_its_job() {
    let (Ok(job), Ok(store)) = (env::var(JOB), env::var(STORE)) else { return };
    let words: Vec<_> = job.split(' ').collect();
    match words[..] {
        ["count", cookie, tasks, times, names] => {
            count(&store, cookie, tasks.parse().unwrap(), times.parse().unwrap(), names).await;
        }
        ["requests"] => {
            let sessions = sessions(&store);
            for line in std::io::stdin().lines() {
                let line = line.unwrap();
                let (target, cookie) = line.split_once(' ').unwrap();
                let (status, cookie, text) = ask(&sessions, target, cookie).await;
                did(format_args!("{status} {cookie} {text}"));
            }
        }
        _ => panic!("no job: {job}"),
    }
}

/// Counts in one session under these names, by so many tasks. `own` is another name for each task.
async fn count(store: &str, cookie: &str, tasks: u32, times: u32, names: &str) {
    let app = app.with(sessions(store)).boxed();
    let mut running = Vec::new();
    for task in 0..tasks {
        let (app, cookie) = (app.clone(), cookie.to_owned());
        let names: Vec<_> =
            names.split(',').map(|name| name.replace("own", &format!("own-{task}"))).collect();
        running.push(tokio::spawn(async move {
            for name in names.iter().cycle().take(names.len() * times as usize) {
                let response = app.call(request(&format!("/count?{name}"), &cookie)).await.unwrap();
                let count = response.into_body().collect(100).await.unwrap();
                did(format_args!("{name} {}", str::from_utf8(&count).unwrap()));
            }
        }));
    }
    for task in running {
        task.await.unwrap();
    }
}
