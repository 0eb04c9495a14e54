//! What the commands take about what members agree on and say of themselves.

use std::path::PathBuf;

use super::{ClientArgs, ProposalArgs};

/// What the members agreed on about the contract, and how they change it.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct SettingsArgs {
    #[command(subcommand)]
    pub(in crate::cli) command: SettingsCommand,
}

#[derive(Debug, clap::Subcommand)]
pub(in crate::cli) enum SettingsCommand {
    /// What is agreed, and whether the chaincode's definition says the same
    Show(Box<SettingsShowArgs>),
    /// Propose other settings
    Propose(Box<SettingsProposeArgs>),
    /// Put signed settings in force
    Apply(Box<SettingsApplyArgs>),
}

/// Shows what is agreed, and whether the chaincode's definition says the same.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  cmscc settings show")]
pub(in crate::cli) struct SettingsShowArgs {
    #[command(flatten)]
    pub(in crate::cli) client: ClientArgs,
}

const PROPOSE_EXAMPLES: &str = "\
Examples:
  cmscc settings propose --endorsement-policy \"OutOf(2, 'Org1MSP.peer', 'Org2MSP.peer', 'Org3MSP.peer')\" \\
    --id two-of-three --description 'two endorse'
  cmscc settings propose --gate enforced --id gate --description 'hold upgrades back' --sign

Others sign it as any proposal; then `cmscc settings apply ID`, and for an endorsement policy `cmscc deploy
upgrade`.";

/// Proposes other settings; what is not named stays as it is.
#[derive(Debug, clap::Args)]
#[command(after_help = PROPOSE_EXAMPLES)]
pub(in crate::cli) struct SettingsProposeArgs {
    /// What the chaincode's definition is to demand: a path of the config, a rule, or `none`
    #[arg(long, value_name = "POLICY")]
    pub(in crate::cli) endorsement_policy: Option<String>,

    /// Whether proposals that raise capability levels wait until all concerned attest them
    #[arg(long, value_name = "GATE", value_parser = ["advisory", "enforced"])]
    pub(in crate::cli) gate: Option<String>,

    /// A contract capability that every server must know from then on; several times. None is ever
    /// dropped again
    #[arg(long = "capability", value_name = "NAME")]
    pub(in crate::cli) capabilities: Vec<String>,

    #[command(flatten)]
    pub(in crate::cli) proposal: ProposalArgs,
}

/// Puts signed settings in force.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  cmscc settings apply two-of-three")]
pub(in crate::cli) struct SettingsApplyArgs {
    /// The proposal
    #[arg(value_name = "ID")]
    pub(in crate::cli) id: String,

    #[command(flatten)]
    pub(in crate::cli) client: ClientArgs,
}

const ATTEST_EXAMPLES: &str = "\
Examples:
  All nodes of your organisation are of this release, and you run a server of the contract:
    cmscc attest --release 3.1 --server

  An orderer organisation that is no member signs a statement, and anybody carries it:
    cmscc attest --of OrdererMSP --release 3.1 --out statement.pb
    peer channel signconfigtx -f statement.pb      # as its admin
    cmscc attest --in statement.pb";

/// Say which capability levels all your nodes support, and whether you run a server.
#[derive(Debug, clap::Args)]
#[command(after_help = ATTEST_EXAMPLES)]
pub(in crate::cli) struct AttestArgs {
    /// The levels that nodes of this release of Fabric support: 2.2, 2.5, 3.0 or 3.1
    #[arg(long, value_name = "RELEASE", value_parser = ["2.2", "2.5", "3.0", "3.1"])]
    pub(in crate::cli) release: Option<String>,

    /// Levels of the channel; several times. `none` takes them back
    #[arg(long, value_name = "LEVEL")]
    pub(in crate::cli) channel_level: Vec<String>,

    /// Levels of the Orderer group, likewise
    #[arg(long, value_name = "LEVEL")]
    pub(in crate::cli) orderer_level: Vec<String>,

    /// Levels of the Application group, likewise
    #[arg(long, value_name = "LEVEL")]
    pub(in crate::cli) application_level: Vec<String>,

    /// Whether you run a server of the contract
    #[arg(
        long,
        value_name = "BOOL",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true"
    )]
    pub(in crate::cli) server: Option<bool>,

    /// An orderer organisation, which signs a statement
    #[arg(long, value_name = "MSP", requires = "out")]
    pub(in crate::cli) of: Option<String>,

    /// Where its statement is written, to be signed with `peer channel signconfigtx -f FILE`
    #[arg(long, value_name = "FILE", requires = "of")]
    pub(in crate::cli) out: Option<PathBuf>,

    /// A signed statement to hand in
    #[arg(long = "in", value_name = "FILE", conflicts_with_all = ["of", "out", "release", "server"])]
    pub(in crate::cli) input: Option<PathBuf>,

    #[command(flatten)]
    pub(in crate::cli) client: ClientArgs,
}

/// The members of the channel: who they are, whether their servers answer, what they say of their nodes.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  cmscc members\n  cmscc members --json=msp_id,server")]
pub(in crate::cli) struct MembersArgs {
    #[command(flatten)]
    pub(in crate::cli) client: ClientArgs,
}

/// Which capability levels the channel has, who supports which, and who has not said so.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  cmscc capabilities")]
pub(in crate::cli) struct CapabilitiesArgs {
    /// Show levels that nobody declares, raises or attests, too
    #[arg(long)]
    pub(in crate::cli) full: bool,

    #[command(flatten)]
    pub(in crate::cli) client: ClientArgs,
}
