//! How results are shown: what all commands of the client take.

use super::NetworkArgs;

/// How results are shown.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Output")]
pub(in crate::cli) struct ShownArgs {
    /// Print a JSON document; of FIELDS only, where some are named
    #[arg(
        long,
        value_name = "FIELDS",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "",
        global = true
    )]
    pub(in crate::cli) json: Option<String>,

    /// Ask nothing, even on a terminal
    #[arg(long, global = true)]
    pub(in crate::cli) no_input: bool,

    /// Say nothing beside the result
    #[arg(long, short, global = true)]
    pub(in crate::cli) quiet: bool,
}

/// What every command of the client takes that talks to a network.
#[derive(Clone, Debug, Default, clap::Args)]
pub(in crate::cli) struct ClientArgs {
    #[command(flatten)]
    pub(in crate::cli) network: NetworkArgs,
    #[command(flatten)]
    pub(in crate::cli) shown: ShownArgs,
}
