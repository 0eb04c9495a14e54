//! `cargo bench --bench criterion`: wall time of every workload, for people.

mod workloads;

use anyhow::Result;
use criterion::{BatchSize, Criterion};
use workloads::Workload;

fn main() -> Result<()> {
    let mut criterion = Criterion::default().sample_size(20).configure_from_args();
    for name in workloads::names(false) {
        let mut workload = workloads::prepare(name)?;
        // once outside, where an error is shown and not measured
        workload.run()?;
        criterion.bench_function(name, |bencher| {
            let Workload { before, operation } = &mut workload;
            bencher.iter_batched(before, |_| operation(), BatchSize::PerIteration);
        });
    }
    criterion.final_summary();
    Ok(())
}
