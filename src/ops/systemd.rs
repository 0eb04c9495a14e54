//! What systemd hears, where it started the process: that it is ready, that it moves, how it is, that it
//! ends. Without systemd nothing is said.

use std::{sync::Arc, time::Duration};

use sd_notify::NotifyState;
use tokio::time::sleep;

use super::{chore::Chore, probed::Probed};

/// How often the status line is looked at, where systemd wants no sign of life more often.
const LOOK: Duration = Duration::from_secs(1);

/// Says that the process is ready, and from then on that it moves.
pub(super) fn tell(probed: Arc<dyn Probed>) -> Chore {
    Box::pin(async move {
        // where nobody listens there is nothing to do about it
        let _ = sd_notify::notify(&[NotifyState::Ready]);
        let watchdog = sd_notify::watchdog_enabled();
        let every = watchdog.map_or(LOOK, |within| (within / 3).min(LOOK));
        let mut said = String::new();
        loop {
            if watchdog.is_some() && probed.is_moving() {
                let _ = sd_notify::notify(&[NotifyState::Watchdog]);
            }
            let summary = probed.summary();
            if summary != said {
                let _ = sd_notify::notify(&[NotifyState::Status(&summary)]);
                said = summary;
            }
            sleep(every).await;
        }
    })
}

/// Says that the process ends.
pub(super) fn stopping() {
    let _ = sd_notify::notify(&[NotifyState::Stopping]);
}
