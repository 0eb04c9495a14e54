//! What a process has used, as Linux counts it.

use std::{fs, time::Duration};

use anyhow::{Context, Result};

/// A process on this machine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Process(pub(crate) u32);

/// What it used until now.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Usage {
    /// CPU time of all its threads, also of those that have ended; steps of 10 ms.
    pub(crate) cpu: Duration,
    /// Context switches of the threads that live.
    pub(crate) switches: u64,
    /// Bytes in memory.
    pub(crate) resident: u64,
    /// The most bytes there have been in memory.
    pub(crate) peak: u64,
    /// How many threads live.
    pub(crate) threads: u64,
}

impl Process {
    /// Reads `/proc`.
    pub(crate) fn usage(self) -> Result<Usage> {
        let Self(pid) = self;
        let stat = fs::read_to_string(format!("/proc/{pid}/stat"))
            .with_context(|| format!("there is no process {pid}"))?;
        // the name of the program, in brackets, may hold anything
        let fields = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
        let times = fields.split(' ').skip(11).take(2);
        let ticks: u64 = times.filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
        let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
        let mut switches = 0;
        for task in fs::read_dir(format!("/proc/{pid}/task"))? {
            // a thread may end meanwhile
            if let Ok(status) = fs::read_to_string(task?.path().join("status")) {
                switches += field(&status, "voluntary_ctxt_switches:");
                switches += field(&status, "nonvoluntary_ctxt_switches:");
            }
        }
        Ok(Usage {
            cpu: Duration::from_millis(ticks * 10),
            switches,
            resident: field(&status, "VmRSS:") << 10,
            peak: field(&status, "VmHWM:") << 10,
            threads: field(&status, "Threads:"),
        })
    }
}

/// The number behind a name.
fn field(status: &str, name: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.and_then(|n| n.parse().ok()).unwrap_or_default()
}
