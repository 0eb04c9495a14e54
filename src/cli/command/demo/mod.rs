//! `cmscc demo`: the story of two organisations that want to bring in a third and a fourth, on the
//! embedded network, narrated and checked.

mod narrate;
mod report;
mod story;

use std::{io::Write as _, process::ExitCode};

use anyhow::Context;
use tokio::runtime;

pub use report::{Deed, ProposalState, Report, StoryStep};
pub use story::tell;

use crate::cli::args::DemoArgs;

pub(in crate::cli) fn main(args: &DemoArgs) -> anyhow::Result<ExitCode> {
    let runtime = runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    runtime.block_on(run(DemoOptions { json: args.json }))?;
    Ok(ExitCode::SUCCESS)
}

/// What `cmscc demo` was asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct DemoOptions {
    /// Print one JSON document in place of the narration.
    pub json: bool,
}

/// Runs the story and prints it to standard output.
///
/// # Errors
/// Where the network fails, where standard output cannot be written, and where an outcome is not
/// the expected one; what happened until then is printed first.
pub async fn run(options: DemoOptions) -> anyhow::Result<()> {
    let report = tell().await;
    let mut out = anstream::stdout().lock();
    if options.json {
        serde_json::to_writer_pretty(&mut out, &report)?;
        writeln!(out)?;
    } else {
        narrate::report(&report, &mut out)?;
    }
    out.flush()?;
    match report.problems() {
        0 => Ok(()),
        n => anyhow::bail!("{n} outcomes of the story were not as expected"),
    }
}
