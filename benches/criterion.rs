//! `cargo bench --bench criterion`: wall time of every workload, for people.

mod workloads;

use anyhow::Result;
use criterion::Criterion;

fn main() -> Result<()> {
    let mut criterion = Criterion::default().sample_size(20).configure_from_args();
    for name in workloads::names(false) {
        let mut operation = workloads::prepare(name)?;
        // once outside, where an error is shown and not measured
        operation()?;
        criterion.bench_function(name, |bencher| bencher.iter(&mut operation));
    }
    criterion.final_summary();
    Ok(())
}
