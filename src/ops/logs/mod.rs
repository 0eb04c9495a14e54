//! Structured logs on standard error.
//!
//! A line goes into a bounded queue, from which a thread of its own writes it: who logs neither waits
//! nor fails, whatever becomes of the line. Lost lines are counted.

mod bounded;
mod filter;
mod line;
mod queue;

use std::{
    fs::File,
    io::{self, IsTerminal},
    os::fd::AsFd,
    panic,
    sync::Arc,
    thread,
    time::Duration,
};

use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tracing::{Event, Subscriber};
use tracing_subscriber::{
    Layer, Registry,
    layer::{Context, SubscriberExt},
    reload,
    util::SubscriberInitExt,
};

use super::{clock::since_1970, metrics::LogCounters};
pub(crate) use filter::{LogFilter, filter};
pub(crate) use line::Format;
use line::LogLine;
use queue::LineQueue;

/// The logs of this process.
#[derive(Clone, Debug)]
pub(crate) struct Logs {
    queue: Arc<LineQueue>,
    filter: Arc<LogFilter>,
}

impl Logs {
    /// Sends log lines to standard error, and panics to the log. Colours only on a terminal, and
    /// where the caller allows them.
    ///
    /// # Errors
    /// Where the filter is wrong, or logs go elsewhere already.
    pub(crate) fn start(
        spec: &str,
        format: Format,
        colours: bool,
        lost: LogCounters,
    ) -> io::Result<Self> {
        let filter = filter(spec).map_err(io::Error::other)?;
        let (filter, handle) = reload::Layer::new(filter);
        // by a handle of its own, since the standard one is locked while a write is stuck
        let out = File::from(io::stderr().as_fd().try_clone_to_owned()?);
        let queue = Arc::new(LineQueue::new(lost));
        let writer = Arc::clone(&queue);
        thread::Builder::new()
            .name("logs".to_owned())
            .spawn(move || writer.run(out))?;
        let lines = Lines {
            format,
            ansi: colours && format == Format::Text && io::stderr().is_terminal(),
            queue: Arc::clone(&queue),
        };
        Registry::default()
            .with(filter)
            .with(lines)
            .try_init()
            .map_err(io::Error::other)?;
        panic::set_hook(Box::new(|info| {
            let what = info.to_string();
            tracing::error!(what, "panic");
        }));
        Ok(Self {
            queue,
            filter: Arc::new(LogFilter::new(handle, spec.to_owned())),
        })
    }

    /// The filter in force.
    pub(crate) fn filter(&self) -> Arc<LogFilter> {
        Arc::clone(&self.filter)
    }

    /// Waits until all lines are written, for some time. Whether they are; where they are not,
    /// standard error is stuck.
    pub(crate) fn finish(&self, patience: Duration) -> bool {
        self.queue.finish(patience)
    }
}

/// Makes lines of events.
struct Lines {
    format: Format,
    ansi: bool,
    queue: Arc<LineQueue>,
}

impl<S: Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let metadata = event.metadata();
        let (level, target) = (*metadata.level(), metadata.target());
        let mut line = LogLine::new(self.format, self.ansi, &now(), level, target);
        event.record(&mut line);
        self.queue.push(line.finish());
    }
}

/// The host's time, with microseconds.
fn now() -> String {
    let microseconds = since_1970().as_micros();
    let nanoseconds = i128::try_from(microseconds).map_or(0, |n| n.saturating_mul(1_000));
    OffsetDateTime::from_unix_timestamp_nanos(nanoseconds)
        .ok()
        .and_then(|time| time.format(&Rfc3339).ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests;
