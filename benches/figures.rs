//! What `benches/table.sh` calls: names, repetition for an instruction counter, and least times.

mod workloads;

use std::{
    io::{self, Write},
    time::{Duration, Instant},
};

use anyhow::{Context, Result};

const USAGE: &str = "figures list | run <workload> <times> | time <workload> <seconds>";

fn main() -> Result<()> {
    // cargo adds `--bench`
    let args: Vec<String> = std::env::args()
        .skip(1)
        .filter(|arg| !arg.starts_with("--"))
        .collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match *args.as_slice() {
        [] | ["list"] => print(&workloads::NAMES.join("\n")),
        ["run", name, times] => {
            let mut operation = workloads::prepare(name)?;
            for _ in 0..times.parse::<u32>()? {
                operation()?;
            }
            Ok(())
        }
        ["time", name, seconds] => {
            let least = least_time(name, Duration::from_secs_f64(seconds.parse()?))?;
            print(&least.as_nanos().to_string())
        }
        _ => anyhow::bail!(USAGE),
    }
}

/// The least time of one operation among all that fit into `total`: other programs on the machine
/// can only make it longer.
#[expect(clippy::disallowed_methods, reason = "it measures time")]
fn least_time(name: &str, total: Duration) -> Result<Duration> {
    let mut operation = workloads::prepare(name)?;
    let start = Instant::now();
    let mut least = None;
    while start.elapsed() < total || least.is_none() {
        let before = Instant::now();
        operation()?;
        let took = before.elapsed();
        least = Some(least.map_or(took, |least: Duration| least.min(took)));
    }
    least.context("nothing measured")
}

fn print(line: &str) -> Result<()> {
    Ok(writeln!(io::stdout(), "{line}")?)
}
