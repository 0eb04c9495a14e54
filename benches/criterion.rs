//! `cargo bench --bench criterion`: wall time of every workload, for people.

mod workloads;

use anyhow::Result;
use criterion::Criterion;

fn main() -> Result<()> {
    let mut criterion = Criterion::default().sample_size(20).configure_from_args();
    for name in workloads::names(false) {
        let mut workload = workloads::prepare(name)?;
        // once outside, where an error is shown and not measured
        workload.run()?;
        criterion.bench_function(name, |bencher| bencher.iter(|| (workload.operation)()));
    }
    criterion.final_summary();
    Ok(())
}
