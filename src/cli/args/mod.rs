//! The arguments of the program: a file for each family of commands.

#[cfg(feature = "client")]
mod act;
mod audit;
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

use clap::{
    Parser, Subcommand,
    builder::styling::{AnsiColor, Styles},
};

#[cfg(feature = "client")]
pub(super) use act::{
    ArchiveArgs, CombineArgs, InitConsortiumArgs, PinArgs, RebaseArgs, RecoverArgs, RejectArgs,
    SignArgs, SubmitArgs, SyncArgs, ViaArg, WaitArgs, WatchArgs, WithdrawArgs,
};
pub(super) use audit::AuditArgs;
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
pub(super) use propose::{ProposalArgs, ProposeArgs, ProposeIntent};
#[cfg(feature = "client")]
pub(super) use see::{
    ApiArgs, CompleteIdsArgs, ConfigArgs, ConfigCommand, ConfigDiffArgs, ConfigExportArgs,
    ConfigGetArgs, ConfigHistoryArgs, ConfigShowArgs, DiffArgs, ExplainArgs, HistoryArgs, ListArgs,
    ShowArgs, StatusArgs,
};
pub(super) use serve::{LimitArgs, ServeArgs};
#[cfg(feature = "client")]
pub(super) use shown::ShownArgs;

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

/// Consortium management chaincode for Hyperledger Fabric: channel config changes, agreed on the
/// ledger.
#[derive(Debug, Parser)]
#[command(name = "cmscc", version, styles = STYLES, arg_required_else_help = true)]
pub(super) struct Args {
    /// When there are colours
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
    /// List finished proposals, and how they ended
    #[cfg(feature = "client")]
    History(Box<HistoryArgs>),
    /// Show, compare and export the channel's config
    #[cfg(feature = "client")]
    Config(Box<ConfigArgs>),
    /// Call any function of the contract
    #[cfg(feature = "client")]
    Api(Box<ApiArgs>),
    #[cfg(feature = "client")]
    #[command(hide = true)]
    CompleteIds(Box<CompleteIdsArgs>),
    /// Serve the chaincode to the peers of an organisation
    Serve(Box<ServeArgs>),
    /// Ask a running server whether it serves calls: for probes
    Health(HealthArgs),
    /// Write the chaincode package for a peer, and print its package id
    Package(PackageArgs),
    /// Verify an exported proposal with config blocks, without a ledger
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
    #[cfg(feature = "devnet")]
    Demo(DemoArgs),
    /// Development networks in this process, for chaincodes of any kind
    #[cfg(feature = "devnet")]
    Devnet(DevnetArgs),
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

#[cfg(feature = "devnet")]
const DEMO_EXAMPLES: &str = "\
Examples:
  cmscc demo
  cmscc demo --json | jq '.steps[].proposals'";

/// Plays the story on an embedded network, in this process: real gRPC, certificates and signatures,
/// no Fabric needed. Fails where an outcome is not the expected one.
#[cfg(feature = "devnet")]
#[derive(Debug, clap::Args)]
#[command(after_help = DEMO_EXAMPLES)]
pub(super) struct DemoArgs {
    /// Print one JSON document in place of the narration
    #[arg(long)]
    pub(super) json: bool,
}

/// Development networks: certificates, endorsements and blocks are real, no Fabric is needed.
#[cfg(feature = "devnet")]
#[derive(Debug, clap::Args)]
pub(super) struct DevnetArgs {
    #[command(subcommand)]
    pub(super) command: DevnetCommand,
}

#[cfg(feature = "devnet")]
#[derive(Debug, Subcommand)]
pub(super) enum DevnetCommand {
    /// Try a chaincode whose server runs already: a line for each call
    Try(Box<TryArgs>),
}

#[cfg(feature = "devnet")]
const TRY_EXAMPLES: &str = "\
Examples:
  A chaincode server in another terminal, then a line for each call:
    cargo run --example asset -- 127.0.0.1:9999 asset:1
    cmscc devnet try 127.0.0.1:9999

  Without a terminal; the exit code is 1 where a line failed:
    cmscc devnet try 127.0.0.1:9999 --execute 'submit Create a1 blue' --execute 'evaluate Read a1'
    cmscc devnet try 127.0.0.1:9999 --json < calls.txt | jq .validation_code

  Private data of one organisation, which it endorses alone:
    cmscc devnet try 127.0.0.1:9999 --collection secrets=Org1 \\
      --endorsement-policy \"OR('Org1MSP.peer','Org2MSP.peer')\" \\
      --execute 'submit --endorse Org1 --transient price=7 Offer a1'";

/// Starts a network in this process. Its peers dial a chaincode server at ADDRESS, which needs no more
/// than to listen there without TLS. Then reads calls, one a line, from the terminal or from standard
/// input. Nothing outlives the command.
#[cfg(feature = "devnet")]
#[derive(Debug, clap::Args)]
#[command(after_help = TRY_EXAMPLES)]
pub(super) struct TryArgs {
    /// Where the chaincode server listens: HOST:PORT
    #[arg(value_name = "ADDRESS")]
    pub(super) address: String,

    /// The organisations, each with a peer; the MSP id of Org1 is Org1MSP
    #[arg(
        long,
        value_name = "ORG,..",
        value_delimiter = ',',
        default_value = "Org1,Org2"
    )]
    pub(super) orgs: Vec<String>,

    /// The name of the chaincode's definition
    #[arg(long, value_name = "NAME", default_value = "chaincode")]
    pub(super) chaincode: String,

    /// The id that the server must register with [default: whatever it registers with]
    #[arg(long, value_name = "ID")]
    pub(super) chaincode_id: Option<String>,

    /// Who must endorse, as a rule of Fabric's language [default: a majority of the organisations]
    #[arg(long, value_name = "RULE")]
    pub(super) endorsement_policy: Option<String>,

    /// A private data collection and its members; may be given several times
    #[arg(long = "collection", value_name = "NAME=ORG,..")]
    pub(super) collections: Vec<String>,

    /// The release of Fabric that the peers behave like
    #[arg(long, value_name = "RELEASE", value_parser = ["3.1", "2.5"], default_value = "3.1")]
    pub(super) peer: String,

    /// The state database that the peers behave like
    #[arg(
        long,
        value_name = "DATABASE",
        value_parser = ["LevelDB", "CouchDB"],
        default_value = "LevelDB"
    )]
    pub(super) state_database: String,

    /// A CouchDB index over these fields, for queries that sort; may be given several times
    #[arg(long = "index", value_name = "FIELD,..")]
    pub(super) indexes: Vec<String>,

    /// Run this line and read no others; may be given several times
    #[arg(long, short, value_name = "LINE")]
    pub(super) execute: Vec<String>,

    /// Print a JSON document for each call
    #[arg(long)]
    pub(super) json: bool,
}
