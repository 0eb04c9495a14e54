//! `cmscc deploy`: bringing the contract onto a channel through one's own peer.
//!
//! | file | what it does |
//! |---|---|
//! | `install` | `install`: the package, on each of one's own peers |
//! | `approve` | `approve`, `upgrade`: what is approved, shown before it is sent |
//! | `commit` | `commit` |
//! | `status` | `status` |

mod approve;
mod commit;
mod install;
mod status;

use std::process::ExitCode;

use super::package;
use crate::cli::args::{DeployArgs, DeployCommand};

pub(in crate::cli) fn run(args: &DeployArgs) -> anyhow::Result<ExitCode> {
    match &args.command {
        DeployCommand::Package(args) => package::run(args),
        DeployCommand::Install(args) => Ok(install::run(args)),
        DeployCommand::Approve(args) => Ok(approve::approve(args)),
        DeployCommand::Commit(args) => Ok(commit::run(args)),
        DeployCommand::Status(args) => Ok(status::run(args)),
        DeployCommand::Upgrade(args) => Ok(approve::upgrade(args)),
    }
}
