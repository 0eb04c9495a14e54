//! What `audit` takes.

use std::path::PathBuf;

const AUDIT_EXAMPLES: &str = "\
Examples:
  peer chaincode query -C mychannel -n cmscc -c '{\"Args\":[\"ExportProposal\",\"add_orgx\"]}' > add_orgx.json
  for n in $(jq '.chain[].block_number' add_orgx.json); do
    peer channel fetch $n block_$n.pb -c mychannel -o orderer.example.com:7050 --tls --cafile ca.pem
  done
  cmscc audit add_orgx.json block_*.pb";

/// Verifies what `ExportProposal` answered. Nothing of it is believed: blocks prove each other from
/// the first one on, and what no block can show is listed. Fails where something is false or missing.
#[derive(Debug, clap::Args)]
#[command(after_help = AUDIT_EXAMPLES)]
pub(in crate::cli) struct AuditArgs {
    /// The bundle: the answer of `ExportProposal`
    #[arg(value_name = "BUNDLE")]
    pub(in crate::cli) bundle: PathBuf,

    /// The config blocks that its chain names, in any order
    #[arg(value_name = "BLOCK", required = true)]
    pub(in crate::cli) blocks: Vec<PathBuf>,

    /// Print the whole report as a JSON document
    #[arg(long)]
    pub(in crate::cli) json: bool,
}
