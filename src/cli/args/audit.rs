//! What `audit` takes.

use std::path::PathBuf;

use clap::Subcommand;

#[cfg(feature = "client")]
use super::ClientArgs;

/// Prove, without a ledger, how proposals ended and what the channel's config became.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct AuditArgs {
    #[command(subcommand)]
    pub(in crate::cli) command: AuditCommand,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum AuditCommand {
    /// Write finished proposals and the config blocks that prove them into a folder
    #[cfg(feature = "client")]
    Export(Box<AuditExportArgs>),
    /// Verify such a folder, or one bundle with its blocks; needs no network
    Verify(AuditVerifyArgs),
}

#[cfg(feature = "client")]
const EXPORT_EXAMPLES: &str = "\
Examples:
  cmscc audit export add_orgx
  cmscc audit export --all --out mychannel-2026 --since 2026-01-01 --until 2027-01-01
  cmscc audit verify mychannel-2026 --anchor genesis.block";

/// Writes finished proposals and the config blocks that prove them into a folder, and verifies them.
#[cfg(feature = "client")]
#[derive(Debug, clap::Args)]
#[command(after_help = EXPORT_EXAMPLES)]
pub(in crate::cli) struct AuditExportArgs {
    /// The proposals
    #[arg(value_name = "ID", required_unless_present = "all")]
    pub(in crate::cli) ids: Vec<String>,

    /// All that are over, with every config block; blocks that are in the folder are not fetched again
    #[arg(long, conflicts_with = "ids")]
    pub(in crate::cli) all: bool,

    /// With --all: those proposed at this time or later: 2026-01-01, or 2026-01-01T12:00:00Z
    #[arg(long, value_name = "TIME", requires = "all", conflicts_with = "ids")]
    pub(in crate::cli) since: Option<String>,

    /// With --all: those proposed before this time
    #[arg(long, value_name = "TIME", requires = "all", conflicts_with = "ids")]
    pub(in crate::cli) until: Option<String>,

    /// The folder [default: ID.audit, or CHANNEL.audit for several]
    #[arg(long, value_name = "FOLDER")]
    pub(in crate::cli) out: Option<PathBuf>,

    #[command(flatten)]
    pub(in crate::cli) client: ClientArgs,
}

const VERIFY_EXAMPLES: &str = "\
Examples:
  What `cmscc audit export --all` wrote, from a config block of your own on:
    cmscc audit verify mychannel.audit --anchor genesis.block

  A bundle that was asked for with `peer`:
    peer chaincode query -C mychannel -n cmscc -c '{\"Args\":[\"ExportProposal\",\"add_orgx\"]}' > add_orgx.json
    for n in $(jq '.chain[].block_number' add_orgx.json); do
      peer channel fetch $n block_$n.pb -c mychannel -o orderer.example.com:7050 --tls --cafile ca.pem
    done
    cmscc audit verify add_orgx.json block_*.pb";

/// Verifies exported proposals. Nothing of them is believed: blocks prove each other from the first one
/// on, or from your anchor, and what no block can show is listed.
///
/// Exit codes: 0 nothing was found, 3 something is false or missing (--strict: or not proven), 7 it is another chain than your
/// anchor's, 1 or 2 it cannot be read.
#[derive(Debug, clap::Args)]
#[command(after_help = VERIFY_EXAMPLES)]
pub(in crate::cli) struct AuditVerifyArgs {
    /// The folder, or one bundle: the answer of `ExportProposal`
    #[arg(value_name = "FOLDER|BUNDLE")]
    pub(in crate::cli) bundle: PathBuf,

    /// With a bundle: the config blocks that its chain names, in any order
    #[arg(value_name = "BLOCK")]
    pub(in crate::cli) blocks: Vec<PathBuf>,

    /// A config block of this channel that you trust: the genesis block, or one from your own peer;
    /// several where the contract was recovered
    #[cfg(feature = "client")]
    #[arg(long, value_name = "BLOCK")]
    pub(in crate::cli) anchor: Vec<PathBuf>,

    /// End with exit code 3, too, where not all is proven by your anchors, or something was not read
    #[cfg(feature = "client")]
    #[arg(long)]
    pub(in crate::cli) strict: bool,

    /// Show every change, signer and digest whole
    #[cfg(feature = "client")]
    #[arg(long)]
    pub(in crate::cli) full: bool,

    /// Print the whole report as a JSON document
    #[arg(long)]
    pub(in crate::cli) json: bool,
}
