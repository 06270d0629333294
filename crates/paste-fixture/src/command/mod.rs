//! Runs programs in a scratch directory, and tells what they did to it:
//! `paste.fixture.TestFileEnvironment`.
//!
//! 1. The directory is empty at first, and removed with the environment.
//! 2. A program runs there, with the environment variables of the test unless it says otherwise,
//!    and no standard input unless it gives one.
//! 3. An exit code other than the expected one (0) fails the test, and so does anything on standard
//!    error, unless [`expect_stderr`](TestCommand::expect_stderr) allows it.
//! 4. A program that runs longer than its time limit (10 s) is killed with its process group, and
//!    fails the test; so does one that leaves a process outside its group which holds its outputs,
//!    and one that writes more than 16 MiB to one of them.
//! 5. The result tells which files were created, changed and deleted, with content and mode. A file
//!    that was written anew with the same content has not changed. Names that begin with a dot are
//!    left out unless asked for.
//!
//! ```
//! use paste_fixture::CommandEnvironment;
//!
//! let env = CommandEnvironment::new()?;
//! env.write("names", "b\na\n")?;
//! let result = env.command("sh").args(["-c", "sort names > sorted; rm names; echo done"]).run();
//! result.assert_stdout("done\n");
//! assert_eq!(result.created().paths(), ["sorted"]);
//! assert_eq!(result.created()["sorted"].text(), "a\nb\n");
//! assert_eq!(result.deleted().paths(), ["names"]);
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! It goes well with snapbox: [`TestCommand::into_command`] gives the prepared standard command for
//! `snapbox::cmd::Command::from_std`, and [`CommandEnvironment::path`] the directory to compare.

mod files;
mod outcome;

use std::ffi::OsStr;
use std::fmt;
use std::io::{self, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use wait_timeout::ChildExt;

pub use self::files::{Files, FoundFile};
pub use self::outcome::CommandResult;

/// A scratch directory in which programs run. See the [module](self) for the rules.
#[derive(Debug)]
pub struct CommandEnvironment {
    dir: tempfile::TempDir,
    show_hidden: bool,
}

impl CommandEnvironment {
    /// An empty directory.
    pub fn new() -> io::Result<Self> {
        Ok(Self { dir: tempfile::tempdir()?, show_hidden: false })
    }

    /// Tells of files whose names, or whose directories' names, begin with a dot, too.
    #[must_use]
    pub fn show_hidden(mut self) -> Self {
        self.show_hidden = true;
        self
    }

    /// Where the directory is.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Writes a file, and the directories above it.
    pub fn write(&self, path: impl AsRef<Path>, content: impl AsRef<[u8]>) -> io::Result<PathBuf> {
        let path = self.path().join(path);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(&path, content)?;
        Ok(path)
    }

    /// Prepares a run of `program`, which is a path or a name to be looked up in `PATH`.
    #[track_caller]
    pub fn command(&self, program: impl AsRef<OsStr>) -> TestCommand<'_> {
        let mut command = Command::new(program);
        command.current_dir(self.path());
        TestCommand {
            env: self,
            command,
            stdin: Vec::new(),
            expected_code: 0,
            expect_stderr: false,
            time_limit: Duration::from_secs(10),
            output_limit: 16 << 20,
        }
    }
}

/// A program about to run.
#[derive(Debug)]
#[must_use = "a program runs by `.run()`"]
pub struct TestCommand<'e> {
    env: &'e CommandEnvironment,
    command: Command,
    stdin: Vec<u8>,
    expected_code: i32,
    expect_stderr: bool,
    time_limit: Duration,
    output_limit: usize,
}

/// Why a run failed a test.
#[derive(Debug)]
pub struct CommandError(String);

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for CommandError {}

impl TestCommand<'_> {
    /// Adds an argument.
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.command.arg(argument);
        self
    }

    /// Adds arguments.
    pub fn args<A: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.command.args(arguments);
        self
    }

    /// Sets an environment variable.
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Begins with an empty environment.
    pub fn env_clear(mut self) -> Self {
        self.command.env_clear();
        self
    }

    /// Runs in a directory below the scratch directory.
    pub fn cwd(mut self, path: impl AsRef<Path>) -> Self {
        self.command.current_dir(self.env.path().join(path));
        self
    }

    /// Gives this on standard input.
    pub fn stdin(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.stdin = input.into();
        self
    }

    /// Expects this exit code, not 0.
    pub fn expect_code(mut self, code: i32) -> Self {
        self.expected_code = code;
        self
    }

    /// Lets the program write to standard error.
    pub fn expect_stderr(mut self) -> Self {
        self.expect_stderr = true;
        self
    }

    /// Kills the program after `limit`. Default: 10 s.
    pub fn time_limit(mut self, limit: Duration) -> Self {
        self.time_limit = limit;
        self
    }

    /// Reads at most so many bytes of standard output, and of standard error; a program that writes
    /// more finds the output closed, and fails the test. Default: 16 MiB.
    pub fn output_limit(mut self, bytes: usize) -> Self {
        self.output_limit = bytes;
        self
    }

    /// The prepared standard command, for other tools.
    pub fn into_command(self) -> Command {
        self.command
    }

    /// Runs the program. Panics where [`try_run`](Self::try_run) fails.
    #[track_caller]
    pub fn run(self) -> CommandResult {
        match self.try_run() {
            Ok(result) => result,
            Err(error) => panic!("{error}"),
        }
    }

    /// Runs the program, and fails where it cannot be started, does not end in time, or does not
    /// end as expected. The error tells everything.
    pub fn try_run(mut self) -> Result<CommandResult, CommandError> {
        let line = self.line();
        let failed = |error: &dyn fmt::Display| CommandError(format!("{line}: {error}"));
        let before = Files::below(self.env.path()).map_err(|e| failed(&e))?;
        let ran = self.run_to_end().map_err(|e| failed(&e))?;
        let after = Files::below(self.env.path()).map_err(|e| failed(&e))?;
        let troubles = self.troubles(&ran);
        let code = ran.status.and_then(|status| status.code());
        let show_hidden = self.env.show_hidden;
        let (stdout, stderr) = (ran.stdout.bytes, ran.stderr.bytes);
        let result = CommandResult::new(line, code, stdout, stderr, &before, &after, show_hidden);
        if troubles.is_empty() {
            return Ok(result);
        }
        Err(CommandError(format!("{}\n{result}", troubles.join("\n"))))
    }

    /// What is not as expected.
    fn troubles(&self, ran: &Ran) -> Vec<String> {
        let mut troubles = Vec::new();
        for (name, output) in [("output", &ran.stdout), ("error", &ran.stderr)] {
            if output.end == End::TooMuch {
                let limit = self.output_limit;
                troubles.push(format!("it wrote more than {limit} bytes to standard {name}"));
            }
        }
        match ran.status {
            None => {
                troubles.push(format!("it ran longer than {:?}, and was killed", self.time_limit));
            }
            Some(status) if status.code() != Some(self.expected_code) => {
                troubles.push(format!("{status}, expected exit code {}", self.expected_code));
            }
            Some(_) if !self.expect_stderr && !ran.stderr.bytes.is_empty() => {
                troubles.push("it wrote to standard error".to_owned());
            }
            Some(_) => {}
        }
        if [&ran.stdout, &ran.stderr].iter().any(|output| output.end == End::Open) {
            troubles.push("it left a process behind that holds its outputs open".to_owned());
        }
        troubles
    }

    /// Runs to the end or to the limit.
    fn run_to_end(&mut self) -> io::Result<Ran> {
        self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // A group of its own, so that all it starts can be killed with it.
        let mut child = self.command.process_group(0).spawn()?;
        let input = child.stdin.take().map(|pipe| feed(pipe, std::mem::take(&mut self.stdin)));
        let limit = self.output_limit;
        let stdout = child.stdout.take().map(|pipe| Drain::new(pipe, limit));
        let stderr = child.stderr.take().map(|pipe| Drain::new(pipe, limit));
        let status = child.wait_timeout(self.time_limit)?;
        // What it left behind would hold the pipes open.
        kill_group(&child);
        if status.is_none() {
            child.wait()?;
        }
        drop(input);
        let output = |drain: Option<Drain>| drain.map(Drain::output).unwrap_or_default();
        Ok(Ran { status, stdout: output(stdout), stderr: output(stderr) })
    }

    /// The program and its arguments, for messages.
    fn line(&self) -> String {
        let words = std::iter::once(self.command.get_program()).chain(self.command.get_args());
        words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
    }
}

/// Kills what is left of the group of `child`.
fn kill_group(child: &Child) {
    let group = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw);
    if let Some(group) = group {
        // It fails where nothing is left, which is well.
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
}

fn feed(mut pipe: impl Write + Send + 'static, input: Vec<u8>) -> JoinHandle<()> {
    std::thread::spawn(move || {
        // A program need not read its input.
        let _ = pipe.write_all(&input);
    })
}

/// What came of a program.
struct Ran {
    /// How it ended, if it did in time.
    status: Option<ExitStatus>,
    stdout: Output,
    stderr: Output,
}

/// What came of an output.
#[derive(Default)]
struct Output {
    bytes: Vec<u8>,
    end: End,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum End {
    /// It was read to its end.
    #[default]
    Whole,
    /// It had more than the limit.
    TooMuch,
    /// Something outside the program's group still holds it open.
    Open,
}

/// Reads an output in a thread of its own.
struct Drain {
    bytes: Arc<Mutex<Vec<u8>>>,
    end: Receiver<End>,
}

/// How long an output may stay open after the program and its group have ended.
const AFTER_THE_END: Duration = Duration::from_secs(1);

impl Drain {
    fn new(mut pipe: impl Read + Send + 'static, limit: usize) -> Self {
        let (ended, end) = channel();
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&bytes);
        std::thread::spawn(move || {
            let mut piece = [0; 8 << 10];
            let end = loop {
                let read = match pipe.read(&mut piece) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    Ok(0) | Err(_) => break End::Whole,
                    Ok(read) => &piece[..read],
                };
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                let room = limit - kept.len();
                kept.extend_from_slice(&read[..read.len().min(room)]);
                if read.len() > room {
                    break End::TooMuch;
                }
            };
            let _ = ended.send(end);
        });
        Self { bytes, end }
    }

    /// The output: to its end, or what has come of it by now.
    fn output(self) -> Output {
        let end = self.end.recv_timeout(AFTER_THE_END).unwrap_or(End::Open);
        let mut bytes = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        Output { bytes: std::mem::take(&mut bytes), end }
    }
}
