//! The log of a test program, to be read by its tests.

use std::io;
use std::sync::{Mutex, OnceLock, PoisonError};

static TEXT: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// Everything that this process logs. All tests of a program share it, so each looks for texts of
/// its own.
#[derive(Clone, Copy, Debug)]
pub struct Log(());

impl Log {
    /// Begins to keep what is logged, if no other test did.
    pub fn start() -> Self {
        static STARTED: OnceLock<()> = OnceLock::new();
        STARTED.get_or_init(|| {
            tracing_subscriber::fmt().with_ansi(false).with_writer(|| Self(())).init();
        });
        Self(())
    }

    /// The lines so far that contain `text`.
    pub fn lines_with(self, text: &str) -> Vec<String> {
        let log = TEXT.lock().unwrap_or_else(PoisonError::into_inner);
        let log = String::from_utf8_lossy(&log);
        log.lines().filter(|line| line.contains(text)).map(str::to_owned).collect()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        TEXT.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
