//! Tells the service manager how the server is doing (`sd_notify`), where one asked to be told.

use sd_notify::NotifyState;

/// The server accepts connections.
pub(crate) fn ready() {
    tell(&[NotifyState::Ready]);
}

/// The server reads its configuration anew; [`ready`] follows.
pub(crate) fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(error) => tracing::warn!(%error, "cannot tell the service manager of a reload"),
    }
}

/// The server stops.
pub(crate) fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// Nobody asked: nothing happens.
fn tell(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::warn!(%error, "cannot tell the service manager");
    }
}
