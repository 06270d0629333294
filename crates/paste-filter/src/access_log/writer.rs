//! A thread that writes lines, so that no request waits for a disk.
//!
//! 1. Lines wait in a queue with a bound; those beyond it are lost, and counted.
//! 2. Before each write the file is looked for at its path: another one there, or none, means that it
//!    was rotated, and it is opened anew.
//!    Only a regular file or a character device is opened: a pipe would wait for its reader.
//! 3. A write that fails loses its lines, and is told once, as is the end of the trouble. A line that
//!    was cut by it is ended, so that the next begins on its own.
//! 4. Dropping the writer waits until everything is written.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::mem;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::sync::{Arc, OnceLock};
use std::thread::{self, JoinHandle};

/// How many lines wait at most.
const QUEUE: usize = 8192;

/// How many bytes are written at once, about.
const BATCH: usize = 64 << 10;

#[derive(Clone, Debug)]
enum Target {
    File(PathBuf),
    Stderr,
}

/// Writes lines to a file or to standard error. Its thread begins with the first line.
#[derive(Debug)]
pub(super) struct Writer {
    target: Target,
    /// Lines that found no place in the queue, and are not told of yet.
    lost: Arc<AtomicU64>,
    running: OnceLock<Option<Running>>,
}

#[derive(Debug)]
struct Running {
    queue: SyncSender<String>,
    thread: JoinHandle<()>,
}

impl Writer {
    pub(super) fn file(path: PathBuf) -> Self {
        Self::to(Target::File(path))
    }

    pub(super) fn stderr() -> Self {
        Self::to(Target::Stderr)
    }

    fn to(target: Target) -> Self {
        Self { target, lost: Arc::default(), running: OnceLock::new() }
    }

    /// Writes this line soon. Its end is added.
    pub(super) fn write(&self, line: String) {
        let running = self.running.get_or_init(|| self.start());
        let is_taken = running.as_ref().is_some_and(|running| running.queue.try_send(line).is_ok());
        if !is_taken {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn start(&self) -> Option<Running> {
        let (queue, lines) = mpsc::sync_channel(QUEUE);
        let mut output = Output::new(self.target.clone(), Arc::clone(&self.lost));
        let thread = thread::Builder::new().name("access-log".to_owned());
        match thread.spawn(move || output.run(&lines)) {
            Ok(thread) => Some(Running { queue, thread }),
            Err(error) => {
                tracing::error!(%error, "the access log is not written: it has no thread");
                None
            }
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if let Some(Running { queue, thread }) = self.running.take().flatten() {
            drop(queue); // the thread ends when it has written what waits
            let _ = thread.join();
        }
    }
}

/// The thread's side.
struct Output {
    target: Target,
    file: Option<File>,
    lost: Arc<AtomicU64>,
    /// Lines that could not be written, since the last that could.
    failed: u64,
    /// The last line was cut in its middle.
    is_torn: bool,
}

impl Output {
    fn new(target: Target, lost: Arc<AtomicU64>) -> Self {
        Self { target, file: None, lost, failed: 0, is_torn: false }
    }

    fn run(&mut self, lines: &Receiver<String>) {
        let mut batch = String::new();
        while let Ok(line) = lines.recv() {
            batch.clear();
            let mut next = Some(line);
            while let Some(line) = next {
                batch.push_str(&line);
                batch.push('\n');
                next = if batch.len() < BATCH { lines.try_recv().ok() } else { None };
            }
            self.write(batch.as_bytes());
            let lost = self.lost.swap(0, Ordering::Relaxed);
            if lost > 0 {
                tracing::error!(lines = lost, "the access log is too slow: lines are lost");
            }
        }
    }

    fn write(&mut self, batch: &[u8]) {
        let mut rest = batch;
        let written = self.write_all(&mut rest);
        if rest.len() < batch.len() {
            self.is_torn = !batch[..batch.len() - rest.len()].ends_with(b"\n");
        }
        match written {
            Ok(()) => {
                let failed = mem::take(&mut self.failed);
                if failed > 0 {
                    tracing::warn!(
                        lines = failed,
                        "the access log is written again; lines are lost"
                    );
                }
            }
            Err(error) => {
                if self.failed == 0 {
                    let target = &self.target;
                    tracing::error!(%error, ?target, "the access log cannot be written");
                }
                let ends = rest.split(|byte| *byte == b'\n').count() - 1;
                self.failed += ends as u64;
                self.file = None;
            }
        }
    }

    /// Writes `rest`, and leaves in it what could not be.
    fn write_all(&mut self, rest: &mut &[u8]) -> io::Result<()> {
        let is_torn = mem::take(&mut self.is_torn);
        let output: &mut dyn Write = match &self.target {
            Target::Stderr => &mut io::stderr(),
            Target::File(path) => current(&mut self.file, path)?,
        };
        if is_torn {
            self.is_torn = true;
            output.write_all(b"\n")?;
            self.is_torn = false;
        }
        while !rest.is_empty() {
            match output.write(rest) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(length) => *rest = &rest[length..],
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// The open file, if it still is the one at `path`; else that one.
fn current<'a>(open: &'a mut Option<File>, path: &Path) -> io::Result<&'a mut File> {
    let identity = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
    let is_current = open.as_ref().is_some_and(|file| {
        let there = fs::metadata(path).map(identity);
        let here = file.metadata().map(identity);
        matches!((here, there), (Ok(here), Ok(there)) if here == there)
    });
    if !is_current {
        let takes_lines = |kind: fs::FileType| kind.is_file() || kind.is_char_device();
        if fs::metadata(path).is_ok_and(|there| !takes_lines(there.file_type())) {
            return Err(io::Error::other("it is neither a file nor a character device"));
        }
        *open = Some(OpenOptions::new().append(true).create(true).open(path)?);
    }
    open.as_mut().ok_or_else(|| io::ErrorKind::NotFound.into())
}
