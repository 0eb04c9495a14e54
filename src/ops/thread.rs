//! The thread of operations: it answers probes, obeys signals and reports what was left out of the
//! logs, whatever the threads of the chaincode do.

use std::{io, net, sync::Arc, thread, time::Duration};

use tokio::{net::TcpListener, runtime, time::interval};

use super::{
    chore::Chore,
    clock::Clock,
    http::{self, Endpoints},
    logs::Logs,
    signals::{Signals, Wishes},
    systemd,
    throttle::{LineLevel, Throttle},
};

/// What the thread works with.
pub(crate) struct Operations {
    /// Where probes come in, where they do; it must not block.
    pub(crate) listener: Option<net::TcpListener>,
    pub(crate) endpoints: Arc<Endpoints>,
    pub(crate) wishes: Wishes,
    pub(crate) logs: Logs,
    pub(crate) throttle: Arc<Throttle>,
    pub(crate) clock: Clock,
    pub(crate) chores: Vec<Chore>,
}

/// How often windows of the throttle are looked at.
const TICK: Duration = Duration::from_secs(1);

impl Operations {
    /// Starts the thread. It ends with the process, and nobody waits for it: whatever clients do at
    /// the listener, it holds up no shutdown.
    ///
    /// # Errors
    /// Where listener, signals or thread cannot be had.
    pub(crate) fn start(self) -> io::Result<()> {
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let inside = runtime.enter();
        let signals = Signals::listen()?;
        let listener = self.listener.map(TcpListener::from_std).transpose()?;
        drop(inside);
        let endpoints = self.endpoints;
        let ended = signals.obey(self.wishes, Arc::clone(&endpoints.probed), self.logs);
        for chore in self.chores {
            runtime.spawn(chore);
        }
        runtime.spawn(systemd::tell(Arc::clone(&endpoints.probed)));
        runtime.spawn(report(self.throttle, self.clock));
        if let Some(listener) = listener {
            runtime.spawn(http::serve(listener, endpoints));
        }
        thread::Builder::new()
            .name("operations".to_owned())
            .spawn(move || runtime.block_on(ended))?;
        Ok(())
    }
}

/// Logs how many lines were left out.
async fn report(throttle: Arc<Throttle>, clock: Clock) {
    let mut ticks = interval(TICK);
    loop {
        ticks.tick().await;
        for left_out in throttle.left_out(clock.elapsed()) {
            let (lines, seconds) = (left_out.lines, left_out.within.as_secs());
            let (kind, sort) = (left_out.kind, left_out.sort);
            let text = format!("and {lines} more like this in {seconds} s");
            match left_out.level {
                LineLevel::Info => tracing::info!(kind, sort, lines, "{text}"),
                LineLevel::Warn => tracing::warn!(kind, sort, lines, "{text}"),
            }
        }
    }
}
