//! What `profile` and `identity` take.

use std::path::PathBuf;

use clap::Subcommand;

use super::ClientArgs;

const PROFILE_EXAMPLES: &str = "\
Examples:
  What the environment of `peer` says, kept under a name:
    cmscc profile add org1 --channel mychannel

  From a connection profile and a wallet:
    cmscc profile import connection-org1.json --wallet wallet/admin.id

  Which settings hold, and where each was said:
    cmscc profile show --origin

A setting is taken from the first place that says it: a flag, a variable CMSCC_*, a profile that
is named by --profile or CMSCC_PROFILE, CORE_PEER_*, the names of Fabric's samples, the current
profile, core.yaml in FABRIC_CFG_PATH. The profiles are in ~/.config/cmscc/config.toml, or where
CMSCC_CONFIG says.";

/// Named settings: which network, which peer, which identity.
#[derive(Debug, clap::Args)]
#[command(after_help = PROFILE_EXAMPLES)]
pub(in crate::cli) struct ProfileArgs {
    #[command(subcommand)]
    pub(in crate::cli) command: ProfileCommand,

    #[command(flatten)]
    pub(in crate::cli) client: ClientArgs,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum ProfileCommand {
    /// Keep what flags and environment say now, under a name
    Add(ProfileAddArgs),
    /// Make a profile of somebody's connection profile, and of an identity in a wallet
    Import(ProfileImportArgs),
    /// List the profiles; the current one has a mark
    #[command(visible_alias = "ls")]
    List,
    /// Remove a profile; its files stay
    #[command(visible_alias = "rm")]
    Remove(ProfileNameArgs),
    /// Show which settings hold
    Show(ProfileShowArgs),
    /// Make a profile the current one
    Use(ProfileNameArgs),
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct ProfileNameArgs {
    /// The profile
    #[arg(value_name = "NAME")]
    pub(in crate::cli) name: String,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct ProfileAddArgs {
    /// The profile's name
    #[arg(value_name = "NAME")]
    pub(in crate::cli) name: String,

    /// Replace a profile of this name
    #[arg(long)]
    pub(in crate::cli) force: bool,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct ProfileShowArgs {
    /// The profile [default: the one that is used]
    #[arg(value_name = "NAME")]
    pub(in crate::cli) name: Option<String>,

    /// Say where each setting comes from
    #[arg(long)]
    pub(in crate::cli) origin: bool,
}

const IMPORT_EXAMPLES: &str = "\
Examples:
  cmscc profile import organizations/peerOrganizations/org1.example.com/connection-org1.yaml \\
    --wallet wallet/admin.id --channel mychannel
  cmscc profile import network.yaml --org Org2 --msp-folder ~/org2/users/Admin@org2/msp

Addresses, CAs, the MSP id and the identity are taken, and nothing else of the files. The private
key is copied into a file that only you can read.";

#[derive(Debug, clap::Args)]
#[command(after_help = IMPORT_EXAMPLES)]
pub(in crate::cli) struct ProfileImportArgs {
    /// The connection profile: JSON or YAML
    #[arg(value_name = "FILE")]
    pub(in crate::cli) file: PathBuf,

    /// The profile's name [default: the organisation's]
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) name: Option<String>,

    /// An identity of a wallet
    #[arg(long, value_name = "NAME.id")]
    pub(in crate::cli) wallet: Option<PathBuf>,

    /// Your organisation in the connection profile [default: its client's]
    #[arg(long, value_name = "ORG")]
    pub(in crate::cli) org: Option<String>,

    /// Replace a profile of this name, and its files
    #[arg(long)]
    pub(in crate::cli) force: bool,
}

const IDENTITY_EXAMPLES: &str = "\
Examples:
  cmscc identity show
  cmscc identity show --msp-id Org1MSP --msp-folder users/Admin@org1.example.com/msp --json
  cmscc identity test";

const IDENTITY_TEST_EXAMPLES: &str = "\
Examples:
  Of a key in a PKCS#11 token this tries the PIN, once; `show` tries none:
    cmscc identity test

What is signed is of no use to anybody.";

/// Who you are on the network.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct IdentityArgs {
    #[command(subcommand)]
    pub(in crate::cli) command: IdentityCommand,

    #[command(flatten)]
    pub(in crate::cli) client: ClientArgs,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum IdentityCommand {
    /// Show your certificate and whether its key is there; no network is needed
    #[command(after_help = IDENTITY_EXAMPLES)]
    Show,
    /// Sign something with your key, and verify it by your certificate; no network is needed
    #[command(after_help = IDENTITY_TEST_EXAMPLES)]
    Test,
}
