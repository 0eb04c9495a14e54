//! What `health` takes.

const HEALTH_EXAMPLES: &str = "\
Examples:
  In a Dockerfile:
    HEALTHCHECK CMD [\"/usr/local/bin/cmscc\", \"health\"]

  From a script:
    cmscc health --ops-address 127.0.0.1:9443 --timeout 5 --json | jq .reason";

/// Asks the operations listener of a running server whether it serves calls. Exit code 0: well; 1: not
/// well, or no answer in time; 2: wrong arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = HEALTH_EXAMPLES)]
pub(in crate::cli) struct HealthArgs {
    /// Where the server's operations listener is; a wildcard means this host [default: 127.0.0.1:9443]
    #[arg(
        long,
        value_name = "HOST:PORT",
        hide_env_values = true,
        env = "CMSCC_OPS_ADDRESS"
    )]
    pub(in crate::cli) ops_address: Option<String>,

    /// Ask only whether the process lives
    #[arg(long)]
    pub(in crate::cli) live: bool,

    /// Seconds until the answer must be there
    #[arg(long, value_name = "SECONDS", default_value = "3")]
    pub(in crate::cli) timeout: String,

    /// Print a JSON document
    #[arg(long)]
    pub(in crate::cli) json: bool,
}
