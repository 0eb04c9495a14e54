//! `cmscc man`

use std::{fs, process::ExitCode};

use anyhow::Context;
use clap::CommandFactory;

use crate::cli::{
    args::{Args, ManArgs},
    output,
};

pub(in crate::cli) fn run(args: &ManArgs) -> anyhow::Result<ExitCode> {
    fs::create_dir_all(&args.folder)
        .with_context(|| format!("cannot make `{}`", args.folder.display()))?;
    clap_mangen::generate_to(Args::command(), &args.folder)
        .with_context(|| format!("cannot write into `{}`", args.folder.display()))?;
    output::note(&format!("man pages are in {}", args.folder.display()));
    Ok(ExitCode::SUCCESS)
}
