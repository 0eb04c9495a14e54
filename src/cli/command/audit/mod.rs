//! `cmscc audit`: proofs that need no ledger.
//!
//! | file | what it does |
//! |---|---|
//! | `export` | finished proposals and the config blocks that prove them, into a folder |
//! | `folder` | such a folder: what lies where, and verifying it |
//! | `bundle` | one bundle with its blocks |

mod bundle;
#[cfg(feature = "client")]
mod export;
#[cfg(feature = "client")]
mod folder;

use std::process::ExitCode;

use crate::cli::args::{AuditArgs, AuditCommand, AuditVerifyArgs};

pub(in crate::cli) fn run(args: &AuditArgs) -> anyhow::Result<ExitCode> {
    match &args.command {
        #[cfg(feature = "client")]
        AuditCommand::Export(args) => Ok(export::run(args)),
        AuditCommand::Verify(args) => verify(args),
    }
}

fn verify(args: &AuditVerifyArgs) -> anyhow::Result<ExitCode> {
    #[cfg(feature = "client")]
    if args.bundle.is_dir() || args.anchor.is_some() {
        return Ok(folder::run(args));
    }
    bundle::run(args)
}
