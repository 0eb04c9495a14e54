//! `cmscc devnet`: development networks in this process.

mod console;

use std::process::ExitCode;

use crate::cli::args::{DevnetArgs, DevnetCommand};

pub(in crate::cli) fn run(args: &DevnetArgs) -> anyhow::Result<ExitCode> {
    match &args.command {
        DevnetCommand::Try(args) => console::run(args),
    }
}
