//! What is said of an attack.

use std::{collections::BTreeMap, fmt};

use serde::Serialize;
use tokio::time::Duration;

use crate::{
    measure::{Operations, Usage},
    probe::Summary,
};

/// What an attack says of itself.
pub(crate) struct Told {
    pub(crate) did: String,
    pub(crate) server: String,
}

impl Told {
    pub(crate) fn new(did: impl Into<String>, server: impl Into<String>) -> Self {
        let (did, server) = (did.into(), server.into());
        Self { did, server }
    }
}

/// How connections, streams or calls of an attack ended.
#[derive(Default)]
pub(crate) struct Tally {
    closed: Vec<Duration>,
    errors: BTreeMap<String, usize>,
}

impl Tally {
    /// The server ended one, so long after it began.
    pub(crate) fn closed(&mut self, after: Duration) {
        self.closed.push(after);
    }

    pub(crate) fn failed(&mut self, what: impl fmt::Display) {
        // numbers differ from one to the next
        let what = what.to_string().replace(|c: char| c.is_ascii_digit(), "_");
        let what = what.chars().take(160).collect();
        let count = self.errors.entry(what).or_default();
        *count = count.saturating_add(1);
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.closed.iter().min(), self.closed.iter().max()) {
            (Some(first), Some(last)) => {
                let (first, last) = (first.as_secs_f64(), last.as_secs_f64());
                write!(
                    f,
                    "closed {} after {first:.1} to {last:.1} s",
                    self.closed.len()
                )?;
            }
            _ => f.write_str("closed none")?,
        }
        let mut errors: Vec<_> = self.errors.iter().collect();
        errors.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        for (what, count) in errors.iter().take(4) {
            write!(f, "; {count} x {what}")?;
        }
        Ok(())
    }
}

/// An attack, and what happened.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) attack: &'static str,
    pub(crate) did: String,
    pub(crate) server: String,
    pub(crate) seconds: f64,
    /// Whether the server's process is there behind it.
    pub(crate) alive: bool,
    pub(crate) before: Usage,
    /// The most meanwhile.
    #[serde(rename = "peak")]
    pub(crate) memory: Usage,
    pub(crate) after: Usage,
    pub(crate) peer: Summary,
    pub(crate) newcomer: Summary,
    pub(crate) operations: Operations,
    /// By how much the log grew.
    pub(crate) log_bytes: Option<u64>,
    /// Whether control characters got into it.
    pub(crate) log_control: Option<bool>,
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            before,
            memory: peak,
            after,
            ..
        } = self;
        writeln!(f, "{}: {} in {:.1} s", self.attack, self.did, self.seconds)?;
        let alive = if self.alive { "" } else { "IT IS DEAD; " };
        writeln!(f, "  server: {alive}{}", self.server)?;
        let [a, b, c] = [before, peak, after].map(|usage| (usage.memory >> 10) as f64 / 1_024.0);
        writeln!(
            f,
            "  before, peak, after: memory {a:.1}, {b:.1}, {c:.1} MiB; descriptors {}, {}, {}; \
             threads {}, {}, {}",
            before.descriptors,
            peak.descriptors,
            after.descriptors,
            before.threads,
            peak.threads,
            after.threads
        )?;
        writeln!(f, "  a peer beside it: {}", self.peer)?;
        writeln!(f, "  a newcomer: {}", self.newcomer)?;
        let Operations {
            livez,
            readyz,
            worst_ms,
        } = &self.operations;
        write!(
            f,
            "  /livez {livez:?}, /readyz {readyz:?}, at worst {worst_ms} ms"
        )?;
        if let Some(bytes) = self.log_bytes {
            let control = if self.log_control == Some(true) {
                ", with control characters"
            } else {
                ""
            };
            write!(f, "; log +{bytes} bytes{control}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            calls,
            failed,
            worst_ms,
            longest_wait,
            ..
        } = self;
        write!(
            f,
            "{failed} of {calls} calls failed, worst {worst_ms} ms, longest without a good one \
             {longest_wait:.2} s; "
        )?;
        match self.back_after {
            Some(after) => write!(f, "next good call {after:.2} s after the end")?,
            None => f.write_str("no good call after the end")?,
        }
        if let Some(failure) = &self.failure {
            write!(f, " ({failure})")?;
        }
        Ok(())
    }
}
