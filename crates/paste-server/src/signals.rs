//! The signals that a server heeds: SIGTERM and SIGINT stop it, a second one ends it at once, SIGHUP
//! reads its configuration anew. The service manager is told of each.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::control::Handle;
use crate::notify;

/// The signals of the process, taken over. From [`take`](Self::take) on they do nothing else: take
/// them before you tell anyone that the server listens.
#[derive(Debug)]
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Signals {
    /// Takes over SIGTERM, SIGINT and SIGHUP. Needs a runtime.
    pub fn take() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// Does to the server what the signals say, for ever. `reload` is called at each SIGHUP, after
    /// the certificates were read; it may block for a moment.
    pub async fn govern(mut self, server: Handle, reload: impl Fn() + Send) {
        notify::ready();
        let mut stops = 0;
        loop {
            tokio::select! {
                _ = self.terminate.recv() => stops += 1,
                _ = self.interrupt.recv() => stops += 1,
                _ = self.hang_up.recv() => {
                    notify::reloading();
                    if let Err(error) = server.reload_certificates() {
                        tracing::error!(%error, "the certificates stay as they were");
                    }
                    reload();
                    notify::ready();
                    continue;
                }
            }
            if stops == 1 {
                notify::stopping();
                server.stop();
            } else {
                tracing::warn!("told to end again: cutting what runs");
                server.cut();
            }
        }
    }
}
