//! The arguments of `cmscc devnet`.

use std::path::PathBuf;

use clap::Subcommand;

/// Development networks: certificates, endorsements and blocks are real, no Fabric is needed.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct DevnetArgs {
    #[command(subcommand)]
    pub(in crate::cli) command: DevnetCommand,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum DevnetCommand {
    /// Start a network that runs the contract, until Ctrl-C
    Up(UpArgs),
    /// Print what a shell needs to act for an organisation: eval "$(cmscc devnet env org1)"
    Env(EnvArgs),
    /// Show what runs
    Status(DevnetFolderArgs),
    /// Make another organisation, which is no member yet: its folders, JSON and peer
    AddOrg(NewcomerArgs),
    /// Stop an organisation's peer
    StopPeer(DevnetOrgArgs),
    /// Start an organisation's peer again; it catches up
    StartPeer(DevnetOrgArgs),
    /// Stop an organisation's chaincode server
    StopServer(DevnetOrgArgs),
    /// Start an organisation's chaincode server again
    StartServer(DevnetOrgArgs),
    /// End the network and remove its files
    Down(DevnetFolderArgs),
    /// Try a chaincode whose server runs already: a line for each call
    Try(Box<TryArgs>),
}

const UP_EXAMPLES: &str = "\
Examples:
  cmscc devnet up
  eval \"$(cmscc devnet env org1)\"     # in another terminal, for cmscc and for Fabric's peer

  For a script; returns when the network is ready:
    cmscc devnet up --orgs 3 --spare 1 --background --dir ./net --port-base 17050

Everything is in memory: what is on the ledger is gone when the network ends.";

/// Starts peers, an ordering node and chaincode servers in this process, and writes certificates,
/// keys and settings into a folder. The contract is deployed and initialised on every channel.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = UP_EXAMPLES)]
pub(in crate::cli) struct UpArgs {
    /// How many organisations are members of the channels: Org1, Org2, ..
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=40))]
    pub(in crate::cli) orgs: u16,

    /// How many channels there are: mychannel, channel2, ..
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=20))]
    pub(in crate::cli) channels: u16,

    /// How many organisations are made that are no members yet: OrgX, OrgY, OrgZ, ..
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u16).range(0..=26))]
    pub(in crate::cli) spare: u16,

    /// The name of the contract's definition
    #[arg(long, value_name = "NAME", default_value = "cmscc")]
    pub(in crate::cli) chaincode: String,

    /// The port of the ordering node; peers have those behind it
    #[arg(long, value_name = "PORT", default_value_t = 7050)]
    pub(in crate::cli) port_base: u16,

    /// Milliseconds that the ordering node waits for more before it makes a block
    #[arg(long, value_name = "MS", default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=60_000))]
    pub(in crate::cli) block_time: u16,

    /// The release of Fabric that the peers behave like
    #[arg(long, value_name = "RELEASE", value_parser = ["3.1", "2.5"], default_value = "3.1")]
    pub(in crate::cli) peer: String,

    /// The capability level of the application on new channels
    #[arg(long, value_name = "LEVEL", value_parser = ["V2_0", "V2_5"], default_value = "V2_5")]
    pub(in crate::cli) application_level: String,

    /// Return when the network is ready, and leave it running
    #[arg(long)]
    pub(in crate::cli) background: bool,

    /// This is the process that `--background` leaves
    #[arg(long, hide = true, conflicts_with = "background")]
    pub(in crate::cli) detached: bool,

    #[command(flatten)]
    pub(in crate::cli) folder: DevnetFolderArgs,
}

/// Which network is meant.
#[derive(Clone, Debug, clap::Args)]
pub(in crate::cli) struct DevnetFolderArgs {
    /// The network's folder [default: cmscc-devnet in $XDG_RUNTIME_DIR, or in the cache]
    #[arg(
        long,
        value_name = "FOLDER",
        hide_env_values = true,
        env = "CMSCC_DEVNET_DIR"
    )]
    pub(in crate::cli) dir: Option<PathBuf>,

    /// Print a JSON document
    #[arg(long)]
    pub(in crate::cli) json: bool,
}

/// Prints `export` lines, quoted for a shell: settings of `cmscc` and of Fabric's `peer`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct EnvArgs {
    /// The organisation, such as `org1`; `orderer` for the one that orders
    #[arg(value_name = "ORG")]
    pub(in crate::cli) org: String,

    /// Who acts: an admin, an ordinary user, or a program
    #[arg(long, value_name = "USER", value_parser = ["Admin", "User1", "agent"], default_value = "Admin")]
    pub(in crate::cli) user: String,

    /// The channel that is worked on [default: the first one]
    #[arg(long, short = 'C', value_name = "CHANNEL")]
    pub(in crate::cli) channel: Option<String>,

    #[command(flatten)]
    pub(in crate::cli) folder: DevnetFolderArgs,
}

/// Makes an organisation's certificates, its folders, its JSON as `configtxgen -printOrg` prints it,
/// and a peer, which joins a channel once its organisation is a member.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct NewcomerArgs {
    /// The name: of `OrgX` the MSP id is OrgXMSP and the domain orgx.example.com
    #[arg(value_name = "NAME")]
    pub(in crate::cli) name: String,

    #[command(flatten)]
    pub(in crate::cli) folder: DevnetFolderArgs,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct DevnetOrgArgs {
    /// The organisation, such as `org1`
    #[arg(value_name = "ORG")]
    pub(in crate::cli) org: String,

    #[command(flatten)]
    pub(in crate::cli) folder: DevnetFolderArgs,
}

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
#[derive(Debug, clap::Args)]
#[command(after_help = TRY_EXAMPLES)]
pub(in crate::cli) struct TryArgs {
    /// Where the chaincode server listens: HOST:PORT
    #[arg(value_name = "ADDRESS")]
    pub(in crate::cli) address: String,

    /// The organisations, each with a peer; the MSP id of Org1 is Org1MSP
    #[arg(
        long,
        value_name = "ORG,..",
        value_delimiter = ',',
        default_value = "Org1,Org2"
    )]
    pub(in crate::cli) orgs: Vec<String>,

    /// The name of the chaincode's definition
    #[arg(long, value_name = "NAME", default_value = "chaincode")]
    pub(in crate::cli) chaincode: String,

    /// The id that the server must register with [default: whatever it registers with]
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) chaincode_id: Option<String>,

    /// Who must endorse, as a rule of Fabric's language [default: a majority of the organisations]
    #[arg(long, value_name = "RULE")]
    pub(in crate::cli) endorsement_policy: Option<String>,

    /// A private data collection and its members; may be given several times
    #[arg(long = "collection", value_name = "NAME=ORG,..")]
    pub(in crate::cli) collections: Vec<String>,

    /// The release of Fabric that the peers behave like
    #[arg(long, value_name = "RELEASE", value_parser = ["3.1", "2.5"], default_value = "3.1")]
    pub(in crate::cli) peer: String,

    /// The state database that the peers behave like
    #[arg(
        long,
        value_name = "DATABASE",
        value_parser = ["LevelDB", "CouchDB"],
        default_value = "LevelDB"
    )]
    pub(in crate::cli) state_database: String,

    /// A CouchDB index over these fields, for queries that sort; may be given several times
    #[arg(long = "index", value_name = "FIELD,..")]
    pub(in crate::cli) indexes: Vec<String>,

    /// Run this line and read no others; may be given several times
    #[arg(long, short, value_name = "LINE")]
    pub(in crate::cli) execute: Vec<String>,

    /// Print a JSON document for each call
    #[arg(long)]
    pub(in crate::cli) json: bool,
}
