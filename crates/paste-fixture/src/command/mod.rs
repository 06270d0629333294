//! Runs programs in a scratch directory, and tells what they did to it:
//! `paste.fixture.TestFileEnvironment`.
//!
//! 1. The directory is empty at first, and removed with the environment.
//! 2. A program runs there, with the environment variables of the test unless it says otherwise,
//!    and no standard input unless it gives one.
//! 3. An exit code other than the expected one (0) fails the test, and so does anything on standard
//!    error, unless [`expect_stderr`](TestCommand::expect_stderr) allows it.
//! 4. A program that runs longer than its time limit (10 s) is killed with its process group, and
//!    fails the test; so does one that leaves a process outside its group which holds its outputs.
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
        let (status, stdout, stderr) = self.run_to_end().map_err(|e| failed(&e))?;
        let after = Files::below(self.env.path()).map_err(|e| failed(&e))?;
        let code = status.and_then(|status| status.code());
        let show_hidden = self.env.show_hidden;
        let result = CommandResult::new(line, code, stdout, stderr, &before, &after, show_hidden);
        let trouble = match status {
            None => Some(format!("it ran longer than {:?}, and was killed", self.time_limit)),
            Some(status) if status.code() != Some(self.expected_code) => {
                Some(format!("{status}, expected exit code {}", self.expected_code))
            }
            Some(_) if !self.expect_stderr && !result.stderr().is_empty() => {
                Some("it wrote to standard error".to_owned())
            }
            Some(_) => return Ok(result),
        };
        Err(CommandError(format!("{}\n{result}", trouble.unwrap_or_default())))
    }

    /// Runs to the end or to the limit: the exit status, if it came in time, and the outputs.
    fn run_to_end(&mut self) -> io::Result<(Option<ExitStatus>, Vec<u8>, Vec<u8>)> {
        self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // A group of its own, so that all it starts can be killed with it.
        let mut child = self.command.process_group(0).spawn()?;
        let input = child.stdin.take().map(|pipe| feed(pipe, std::mem::take(&mut self.stdin)));
        let (stdout, stderr) = (child.stdout.take().map(drain), child.stderr.take().map(drain));
        let status = child.wait_timeout(self.time_limit)?;
        // What it left behind would hold the pipes open.
        kill_group(&child);
        if status.is_none() {
            child.wait()?;
        }
        drop(input);
        let output = |reader: Option<Drain>| reader.map(Drain::output).transpose();
        Ok((status, output(stdout)?.unwrap_or_default(), output(stderr)?.unwrap_or_default()))
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

/// Reads an output in a thread of its own.
struct Drain(Receiver<Vec<u8>>);

/// How long an output may stay open after the program and its group have ended.
const AFTER_THE_END: Duration = Duration::from_secs(1);

impl Drain {
    /// The whole output. An error, if something outside the group still holds it open.
    fn output(self) -> io::Result<Vec<u8>> {
        self.0.recv_timeout(AFTER_THE_END).map_err(|_| {
            let why = "it left a process behind that holds its outputs open";
            io::Error::new(io::ErrorKind::TimedOut, why)
        })
    }
}

fn drain(mut pipe: impl Read + Send + 'static) -> Drain {
    let (whole, output) = channel();
    std::thread::spawn(move || {
        let mut output = Vec::new();
        let _ = pipe.read_to_end(&mut output);
        let _ = whole.send(output);
    });
    Drain(output)
}
