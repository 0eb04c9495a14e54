//! The arguments of the program: a file for each family of commands.

#[cfg(feature = "client")]
mod act;
#[cfg(feature = "agent")]
mod agent;
#[cfg(feature = "client")]
mod agree;
mod audit;
#[cfg(feature = "client")]
mod deploy;
#[cfg(feature = "devnet")]
mod devnet;
#[cfg(feature = "client")]
mod doctor;
mod health;
#[cfg(feature = "client")]
mod network;
mod package;
#[cfg(feature = "client")]
mod profile;
mod program;
#[cfg(feature = "client")]
mod propose;
#[cfg(feature = "client")]
mod see;
mod serve;
#[cfg(feature = "client")]
mod shown;
#[cfg(feature = "client")]
mod update;

use clap::{
    Parser, Subcommand,
    builder::styling::{AnsiColor, Styles},
};

#[cfg(feature = "client")]
pub(super) use act::{
    ArchiveArgs, CombineArgs, InitConsortiumArgs, PinArgs, RebaseArgs, RecoverArgs, RejectArgs,
    SignArgs, SubmitArgs, SyncArgs, ViaArg, WaitArgs, WatchArgs, WithdrawArgs,
};
#[cfg(feature = "agent")]
pub(super) use agent::{
    AgentArgs, AgentCheckArgs, AgentCommand, AgentHoldArgs, AgentResumeArgs, AgentRunArgs,
};
#[cfg(feature = "client")]
pub(super) use agree::{
    AttestArgs, CapabilitiesArgs, MembersArgs, SettingsApplyArgs, SettingsArgs, SettingsCommand,
    SettingsProposeArgs, SettingsShowArgs,
};
#[cfg(feature = "client")]
pub(super) use audit::AuditExportArgs;
pub(super) use audit::{AuditArgs, AuditCommand, AuditVerifyArgs};
#[cfg(feature = "client")]
pub(super) use deploy::{
    DefinitionArgs, DeployApproveArgs, DeployArgs, DeployCommand, DeployCommitArgs,
    DeployInstallArgs, DeployStatusArgs, DeployUpgradeArgs,
};
#[cfg(feature = "devnet")]
pub(super) use devnet::{
    DevnetArgs, DevnetCommand, DevnetFolderArgs, DevnetOrgArgs, EnvArgs, NewcomerArgs, TryArgs,
    UpArgs,
};
#[cfg(feature = "client")]
pub(super) use doctor::DoctorArgs;
pub(super) use health::HealthArgs;
#[cfg(feature = "client")]
pub(super) use network::NetworkArgs;
pub(super) use package::PackageArgs;
#[cfg(feature = "client")]
pub(super) use profile::{
    IdentityArgs, IdentityCommand, ProfileAddArgs, ProfileArgs, ProfileCommand, ProfileImportArgs,
    ProfileShowArgs,
};
pub(super) use program::{ColorWhen, CompletionArgs, ManArgs, VersionArgs};
#[cfg(feature = "client")]
pub(super) use propose::{
    AddressArgs, ConsenterCertificates, ConsenterCommand, ProposalArgs, ProposeArgs,
    ProposeBatchArgs, ProposeEditArgs, ProposeFileArgs, ProposeIntent, ProposeRotateCaArgs,
};
#[cfg(feature = "client")]
pub(super) use see::{
    ApiArgs, CompleteIdsArgs, CompleteIntentArgs, ConfigArgs, ConfigCommand, ConfigDiffArgs,
    ConfigExportArgs, ConfigGetArgs, ConfigHistoryArgs, ConfigShowArgs, ConfigVerifyArgs, DiffArgs,
    ExplainArgs, HistoryArgs, ListArgs, PlanArgs, ShowArgs, StatusArgs,
};
pub(super) use serve::{LimitArgs, ServeArgs};
#[cfg(feature = "client")]
pub(super) use shown::{ClientArgs, ShownArgs};
#[cfg(feature = "client")]
pub(super) use update::{
    ChannelArg, UpdateArgs, UpdateCheckArgs, UpdateCommand, UpdateComputeArgs, UpdateInspectArgs,
    UpdateMergeArgs, UpdateProposeArgs, UpdateSignArgs, UpdateWrapArgs,
};

/// How help looks on a terminal.
pub(super) const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

/// Consortium management chaincode for Hyperledger Fabric: channel config changes, agreed on the
/// ledger.
#[derive(Debug, Parser)]
#[command(name = "cmscc", version, styles = STYLES, arg_required_else_help = true)]
pub(super) struct Args {
    /// When there are colours; `auto`: on a terminal, unless NO_COLOR is set
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        hide_short_help = true
    )]
    pub(super) color: ColorWhen,

    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// One screen: where the channel is, what awaits me, what comes next
    #[cfg(feature = "client")]
    #[command(visible_alias = "st")]
    Status(Box<StatusArgs>),
    /// List proposals
    #[cfg(feature = "client")]
    #[command(visible_aliases = ["ls", "proposals"], alias = "get")]
    List(Box<ListArgs>),
    /// Show everything about one proposal
    #[cfg(feature = "client")]
    #[command(alias = "describe")]
    Show(Box<ShowArgs>),
    /// Show what a proposal changes
    #[cfg(feature = "client")]
    Diff(Box<DiffArgs>),
    /// Explain who must sign a proposal, who did, and who could
    #[cfg(feature = "client")]
    #[command(alias = "who")]
    Explain(Box<ExplainArgs>),
    /// Say in which order open proposals lose fewest signatures
    #[cfg(feature = "client")]
    Plan(Box<PlanArgs>),
    /// List finished proposals, and how they ended
    #[cfg(feature = "client")]
    History(Box<HistoryArgs>),
    /// Show, compare and export the channel's config
    #[cfg(feature = "client")]
    Config(Box<ConfigArgs>),
    /// Find out what stands between you and an accepted update, and what puts it right
    #[cfg(feature = "client")]
    #[command(alias = "diagnose")]
    Doctor(Box<DoctorArgs>),
    /// Call any function of the contract
    #[cfg(feature = "client")]
    Api(Box<ApiArgs>),
    #[cfg(feature = "client")]
    #[command(hide = true)]
    CompleteIds(Box<CompleteIdsArgs>),
    #[cfg(feature = "client")]
    #[command(hide = true)]
    CompleteIntent(Box<CompleteIntentArgs>),
    /// Serve the chaincode to the peers of an organisation
    Serve(Box<ServeArgs>),
    /// Ask a running server whether it serves calls: for probes
    Health(HealthArgs),
    /// What the members agreed on about the contract, and how they change it
    #[cfg(feature = "client")]
    Settings(Box<SettingsArgs>),
    /// Say which capability levels all your nodes support, and whether you run a server
    #[cfg(feature = "client")]
    Attest(Box<AttestArgs>),
    /// List the members of the channel: servers, anchor peers, what they attest
    #[cfg(feature = "client")]
    Members(Box<MembersArgs>),
    /// List capability levels: what the channel has, and who supports which
    #[cfg(feature = "client")]
    Capabilities(Box<CapabilitiesArgs>),
    /// Bring the contract onto a channel, and upgrade its definition
    #[cfg(feature = "client")]
    Deploy(Box<DeployArgs>),
    /// Write the chaincode package for a peer, and print its package id
    #[cfg_attr(feature = "client", command(hide = true))]
    Package(PackageArgs),
    /// Prove, without a ledger, how proposals ended and what the config became
    #[command(subcommand_required = true)]
    Audit(AuditArgs),
    /// Propose a change of the channel's config
    #[cfg(feature = "client")]
    Propose(Box<ProposeArgs>),
    /// Sign proposals, each judged on this machine first
    #[cfg(feature = "client")]
    Sign(Box<SignArgs>),
    /// Reject a proposal
    #[cfg(feature = "client")]
    Reject(Box<RejectArgs>),
    /// Withdraw a proposal of your organisation
    #[cfg(feature = "client")]
    Withdraw(Box<WithdrawArgs>),
    /// Make one proposal of several
    #[cfg(feature = "client")]
    Combine(Box<CombineArgs>),
    /// Compute out-of-date proposals again
    #[cfg(feature = "client")]
    Rebase(Box<RebaseArgs>),
    /// Move proposals that are over to the archive
    #[cfg(feature = "client")]
    Archive(Box<ArchiveArgs>),
    /// Send a finished proposal to the orderer, and wait for its block
    #[cfg(feature = "client")]
    Submit(Box<SubmitArgs>),
    /// Bring the contract to the channel's config
    #[cfg(feature = "client")]
    Sync(Box<SyncArgs>),
    /// Wait until a proposal has a status
    #[cfg(feature = "client")]
    Wait(Box<WaitArgs>),
    /// Show what happens, as it happens
    #[cfg(feature = "client")]
    Watch(Box<WatchArgs>),
    /// Work unattended: sync, submit, and tell people what awaits them
    #[cfg(feature = "agent")]
    Agent(Box<AgentArgs>),
    /// Show what this machine trusts of a channel, or start again
    #[cfg(feature = "client")]
    Pin(Box<PinArgs>),
    /// Give the contract its first config
    #[cfg(feature = "client")]
    InitConsortium(Box<InitConsortiumArgs>),
    /// Set a checkpoint where the contract's chain cannot go on
    #[cfg(feature = "client")]
    Recover(Box<RecoverArgs>),
    /// Play a whole story on an embedded network: two organisations add a third and a fourth
    #[cfg(all(feature = "client", feature = "devnet"))]
    Demo(DemoArgs),
    /// Development networks: without Fabric, in one process and in memory
    #[cfg(feature = "devnet")]
    Devnet(DevnetArgs),
    /// Config updates in files: check, compute, inspect, wrap, sign, merge; without contract or network
    #[cfg(feature = "client")]
    Update(Box<UpdateArgs>),
    /// Named settings: which network, which peer, which identity
    #[cfg(feature = "client")]
    Profile(Box<ProfileArgs>),
    /// Who you are on the network
    #[cfg(feature = "client")]
    Identity(Box<IdentityArgs>),
    /// Print the version
    Version(VersionArgs),
    /// Print a completion script for a shell
    Completion(CompletionArgs),
    /// Write man pages
    Man(ManArgs),
}

#[cfg(all(feature = "client", feature = "devnet"))]
const DEMO_EXAMPLES: &str = "\
Examples:
  cmscc demo
  cmscc demo --json | jq '.steps[].proposals'";

/// Plays the story on an embedded network, in this process: real gRPC, certificates and signatures,
/// no Fabric needed. Fails where an outcome is not the expected one.
#[cfg(all(feature = "client", feature = "devnet"))]
#[derive(Debug, clap::Args)]
#[command(after_help = DEMO_EXAMPLES)]
pub(super) struct DemoArgs {
    /// Print one JSON document in place of the narration
    #[arg(long)]
    pub(super) json: bool,
}
