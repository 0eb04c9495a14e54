//! What signals do: the first to end drains, the second ends at once, SIGHUP reloads.

use std::{io, process, sync::Arc, time::Duration};

use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::Notify,
};
use tokio_util::sync::CancellationToken;

use super::{logs::Logs, probed::Probed, systemd};

/// How long the last log lines may take.
const FLUSH: Duration = Duration::from_secs(1);

/// What signals bring about.
#[derive(Clone, Debug)]
pub(crate) struct Wishes {
    /// Cancelled by the first SIGTERM or SIGINT.
    pub(crate) shutdown: CancellationToken,
    /// Notified by each SIGHUP.
    pub(crate) reload: Arc<Notify>,
}

/// The signals that are listened to.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Signals {
    /// Listens from now on. Must be called in a Tokio runtime.
    ///
    /// # Errors
    /// Where signals cannot be listened to.
    pub(super) fn listen() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// Does what signals want, until the process ends.
    pub(super) async fn obey(mut self, wishes: Wishes, probed: Arc<dyn Probed>, logs: Logs) {
        loop {
            let (name, number) = tokio::select! {
                _ = self.terminate.recv() => ("SIGTERM", 15),
                _ = self.interrupt.recv() => ("SIGINT", 2),
                _ = self.hang_up.recv() => {
                    tracing::info!(signal = "SIGHUP", "reloading");
                    wishes.reload.notify_one();
                    continue;
                }
            };
            if wishes.shutdown.is_cancelled() {
                tracing::error!(signal = name, "told to end again: ending at once");
                logs.finish(FLUSH);
                // as the shell counts processes that a signal has ended
                process::exit(128 + number);
            }
            tracing::info!(signal = name, "shutting down");
            // by this thread, whatever the others are busy with
            probed.set_stopping();
            systemd::stopping();
            wishes.shutdown.cancel();
        }
    }
}
