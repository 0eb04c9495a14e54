//! `cmscc completion`

use std::{io, process::ExitCode};

use clap::CommandFactory;

use crate::cli::args::{Args, CompletionArgs};

pub(in crate::cli) fn run(args: &CompletionArgs) -> anyhow::Result<ExitCode> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "cmscc", &mut text);
    io::Write::write_all(&mut io::stdout(), &text)?;
    Ok(ExitCode::SUCCESS)
}
