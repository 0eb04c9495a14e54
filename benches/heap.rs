//! `cargo bench --bench heap [-- <workload>...]`: how far one operation lets the heap grow above
//! its input: the peak with its output, the output, and the number of allocations.

mod workloads;

use std::io::{self, Write};

use anyhow::Result;

#[global_allocator]
static HEAP: dhat::Alloc = dhat::Alloc;

fn main() -> Result<()> {
    // cargo adds `--bench`
    let asked: Vec<String> = std::env::args()
        .skip(1)
        .filter(|arg| !arg.starts_with("--"))
        .collect();
    let crowded = workloads::names(true).iter().filter(|_| !asked.is_empty());
    for name in workloads::names(false).iter().chain(crowded) {
        if !asked.is_empty() && !asked.iter().any(|one| one == name) {
            continue;
        }
        let mut workload = workloads::prepare(name)?;
        workload.run()?;
        (workload.before)()?;
        let profiler = dhat::Profiler::builder().testing().build();
        let output = (workload.operation)()?;
        let stats = dhat::HeapStats::get();
        drop(profiler);
        let (peak, blocks) = (stats.max_bytes, stats.total_blocks);
        writeln!(io::stdout(), "{name} {peak} {output} {blocks}")?;
    }
    Ok(())
}
