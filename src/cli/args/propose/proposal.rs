//! What all intents take.

use crate::cli::args::ClientArgs;

/// What all intents take.
#[derive(Clone, Debug, Default, clap::Args)]
pub(in crate::cli) struct ProposalArgs {
    /// The proposal's id, 3 to 64 of `A-Z a-z 0-9 . - _` [default: one that begins with your MSP id]
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) id: Option<String>,

    /// What the others read [default: what the intent says by itself]
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(in crate::cli) description: String,

    /// Until when it may be signed: 3d, 12h, or 2030-01-31T12:00:00Z
    #[arg(long, value_name = "TIME")]
    pub(in crate::cli) deadline: Option<String>,

    /// Begin with the intent of this proposal, open or over; what is said here comes on top
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) from: Option<String>,

    /// Show what it would do and who must sign; nothing is written
    #[arg(long, conflicts_with = "sign")]
    pub(in crate::cli) dry_run: bool,

    /// Sign it at once
    #[arg(long)]
    pub(in crate::cli) sign: bool,

    #[command(flatten)]
    pub(in crate::cli) client: ClientArgs,
}
