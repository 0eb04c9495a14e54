//! One measurement: some calls at one server for some seconds.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use anyhow::Result;
use futures_util::future::join_all;
use tokio::time::{Instant, sleep_until};

use super::{
    messages::Call,
    peer::{Peer, Play, Played},
    process::{Process, Usage},
};

/// A server and the peers that have dialled it.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) peers: Vec<Peer>,
    /// Its process, where it is on this machine.
    pub(crate) process: Option<Process>,
}

/// What is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measured<'a> {
    pub(crate) calls: &'a [Call],
    /// Of each peer.
    pub(crate) in_flight: usize,
    /// Of each peer; `None`: a closed loop.
    pub(crate) rate: Option<f64>,
    pub(crate) answer_bytes: Option<usize>,
    pub(crate) warm_up: Duration,
    pub(crate) length: Duration,
}

/// What came of it.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub(crate) struct Figures {
    /// Calls that ended well while it was measured.
    pub(crate) calls: u64,
    /// Calls that did not, over all.
    pub(crate) errors: u64,
    /// What the first of these was told.
    pub(crate) first_error: Option<String>,
    /// Calls that could not begin in time.
    pub(crate) skipped: u64,
    /// Calls in a second.
    pub(crate) per_second: f64,
    /// Microseconds that half of the calls took at most.
    pub(crate) p50: f64,
    /// The same of 99 %.
    pub(crate) p99: f64,
    /// The same of 99.9 %.
    pub(crate) p999: f64,
    /// What the server used, where its process is known.
    pub(crate) used: Option<Used>,
}

/// What a server used.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub(crate) struct Used {
    /// Seconds of CPU time.
    pub(crate) cpu: f64,
    /// Calls in a second of CPU time.
    pub(crate) per_cpu_second: f64,
    /// Context switches of a call.
    pub(crate) switches: f64,
    /// Threads at the end.
    pub(crate) threads: u64,
    /// MB in memory at the end.
    pub(crate) resident: f64,
    /// The most MB since the process began.
    pub(crate) peak: f64,
}

impl Server {
    /// Makes calls for the warm-up and the length, and reads the server before and after the latter.
    pub(crate) async fn measure(&mut self, measured: &Measured<'_>) -> Result<Figures> {
        let completed = AtomicU64::new(0);
        let counted_from = Instant::now() + measured.warm_up;
        let until = counted_from + measured.length;
        let play = Play {
            calls: measured.calls,
            in_flight: measured.in_flight,
            rate: measured.rate,
            answer_bytes: measured.answer_bytes,
            counted_from,
            until,
            completed: &completed,
        };
        let process = self.process;
        let plays = join_all(self.peers.iter_mut().map(|peer| peer.play(&play)));
        let reading = async {
            sleep_until(counted_from).await;
            let before = Reading::take(process, &completed)?;
            sleep_until(until).await;
            Ok::<_, anyhow::Error>((before, Reading::take(process, &completed)?))
        };
        let (played, readings) = tokio::join!(plays, reading);
        let played = played.into_iter().collect::<Result<Vec<Played>>>()?;
        let (before, after) = readings?;
        Ok(figures(played, &before, &after))
    }
}

/// The server at one moment.
#[derive(Debug)]
struct Reading {
    at: Instant,
    completed: u64,
    usage: Option<Usage>,
}

impl Reading {
    fn take(process: Option<Process>, completed: &AtomicU64) -> Result<Self> {
        Ok(Self {
            at: Instant::now(),
            completed: completed.load(Relaxed),
            usage: process.map(Process::usage).transpose()?,
        })
    }
}

fn figures(played: Vec<Played>, before: &Reading, after: &Reading) -> Figures {
    let calls = after.completed.saturating_sub(before.completed);
    let mut figures = Figures {
        calls,
        per_second: calls as f64 / (after.at - before.at).as_secs_f64(),
        ..Figures::default()
    };
    let mut latencies = Vec::new();
    for played in played {
        figures.errors += played.errors;
        figures.skipped += played.skipped;
        figures.first_error = figures.first_error.or(played.first_error);
        latencies.extend(played.latencies);
    }
    latencies.sort_unstable();
    figures.p50 = quantile(&latencies, 500);
    figures.p99 = quantile(&latencies, 990);
    figures.p999 = quantile(&latencies, 999);
    figures.used = before.usage.zip(after.usage).map(|(before, after)| {
        let cpu = after.cpu.saturating_sub(before.cpu).as_secs_f64();
        let switches = after.switches.saturating_sub(before.switches);
        Used {
            cpu,
            per_cpu_second: calls as f64 / cpu,
            switches: switches as f64 / calls as f64,
            threads: after.threads,
            resident: megabytes(after.resident),
            peak: megabytes(after.peak),
        }
    });
    figures
}

/// The microseconds that so many of a thousand took at most.
fn quantile(sorted: &[Duration], per_mille: usize) -> f64 {
    let at = sorted.len() * per_mille / 1_000;
    let found = sorted.get(at).or_else(|| sorted.last());
    found.map_or(0.0, |latency| latency.as_secs_f64() * 1e6)
}

/// MB, of 1,000,000 bytes.
pub(crate) fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
