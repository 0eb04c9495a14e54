//! What `benches/table.sh` calls: names, repetition for an instruction counter, and least times.

mod workloads;

use std::{
    hint::black_box,
    io::{self, Write},
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use workloads::Operation;

const USAGE: &str =
    "figures list | crowded | run <workload> <times> | time <seconds> <workload>...";

fn main() -> Result<()> {
    // cargo adds `--bench`
    let args: Vec<String> = std::env::args()
        .skip(1)
        .filter(|arg| !arg.starts_with("--"))
        .collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match *args.as_slice() {
        [] | ["list"] => print(&workloads::names(false).join("\n")),
        ["crowded"] => print(&workloads::names(true).join("\n")),
        ["run", name, times] => {
            let mut workload = workloads::prepare(name)?;
            workload.run()?;
            for _ in 0..times.parse::<u32>()? {
                (workload.before)()?;
                counted(&mut workload.operation)?;
            }
            Ok(())
        }
        ["time", seconds, ref names @ ..] => {
            let total = Duration::from_secs_f64(seconds.parse()?);
            for name in names {
                let (least, most) = times(name, total)?;
                print(&format!("{name} {} {}", least.as_nanos(), most.as_nanos()))?;
            }
            Ok(())
        }
        _ => anyhow::bail!(USAGE),
    }
}

/// One operation. An instruction counter finds it by its name and counts nothing else.
#[inline(never)]
fn counted(operation: &mut Operation) -> Result<usize> {
    let length = operation()?;
    // something to do behind it: a jump would not come back here
    Ok(black_box(length))
}

/// The least and the longest time of one operation among all that fit into `total`, but at least
/// twenty and not the first: it may find out what others remember. Other programs on the machine can
/// only make an operation longer.
#[expect(clippy::disallowed_methods, reason = "it measures time")]
fn times(name: &str, total: Duration) -> Result<(Duration, Duration)> {
    const LEAST: usize = 20;
    let mut workload = workloads::prepare(name)?;
    workload.run()?;
    let start = Instant::now();
    let mut taken = Vec::new();
    while start.elapsed() < total || taken.len() < LEAST {
        (workload.before)()?;
        let begun = Instant::now();
        (workload.operation)()?;
        taken.push(begun.elapsed());
    }
    let least = taken.iter().min().copied();
    let most = taken.iter().max().copied();
    least.zip(most).context("nothing measured")
}

fn print(line: &str) -> Result<()> {
    Ok(writeln!(io::stdout(), "{line}")?)
}
