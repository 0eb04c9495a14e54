//! `cmscc audit`: proofs that need no ledger.
//!
//! | file | what it does |
//! |---|---|
//! | `export` | finished proposals and the config blocks that prove them, into a folder |
//! | `folder` | such a folder: what lies where |
//! | `verify` | verifying it |
//! | `blocks` | its blocks: which file has which |
//! | `bundles` | its bundles, compared with the blocks |
//! | `bundle` | one bundle with its blocks |

#[cfg(feature = "client")]
mod blocks;
mod bundle;
#[cfg(feature = "client")]
mod bundles;
#[cfg(feature = "client")]
mod export;
#[cfg(feature = "client")]
mod folder;
#[cfg(feature = "client")]
mod verify;

use std::process::ExitCode;

use crate::cli::args::{AuditArgs, AuditCommand, AuditVerifyArgs};

pub(in crate::cli) fn run(args: &AuditArgs) -> anyhow::Result<ExitCode> {
    match &args.command {
        #[cfg(feature = "client")]
        AuditCommand::Export(args) => Ok(export::run(args)),
        AuditCommand::Verify(args) => verified(args),
    }
}

fn verified(args: &AuditVerifyArgs) -> anyhow::Result<ExitCode> {
    #[cfg(feature = "client")]
    if args.bundle.is_dir() || !args.anchor.is_empty() || args.strict {
        return Ok(verify::run(args));
    }
    bundle::run(args)
}
