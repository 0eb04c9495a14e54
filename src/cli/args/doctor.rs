//! What `doctor` takes.

use super::ClientArgs;

const EXAMPLES: &str = "\
Examples:
  cmscc doctor
  cmscc doctor --quiet
  cmscc doctor --only CLOCK,TLS_SERVER_NAME
  cmscc doctor --json | jq -r '.findings[] | select(.level==\"error\") | .fix'

Exit codes: 0 nothing is amiss; 3 something deserves a look; otherwise that of the first error: 1, 2 settings,
4 identity or permission, 5 somebody is not reached; 7 before all: refused for safety.";

/// Finds out what stands between you and an update that is accepted: settings, identity, TLS, peers, the
/// channel, the contract and its servers. Each finding says what puts it right. Nothing is written.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct DoctorArgs {
    /// Only these checks, by their names
    #[arg(long, value_name = "CHECK", value_delimiter = ',')]
    pub(in crate::cli) only: Vec<String>,

    #[command(flatten)]
    pub(in crate::cli) client: ClientArgs,
}
