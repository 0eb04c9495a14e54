//! What `deploy` takes.

use std::path::PathBuf;

use super::{ClientArgs, PackageArgs};

const DEPLOY_EXAMPLES: &str = "\
Examples:
  Each member, with the address at which its own peer reaches its own server:
    cmscc deploy install --address cmscc.org1.example.com:9999
    cmscc deploy approve
    cmscc serve --chaincode-id ID --address cmscc.org1.example.com:9999 --trust-anchors anchors  # as `install` printed

  Whoever is the last one to approve, and afterwards anybody:
    cmscc deploy commit
    cmscc deploy status

docs/deploy.md has the whole story, upgrades included.";

/// Bring the contract onto a channel, and upgrade its definition.
#[derive(Debug, clap::Args)]
#[command(after_help = DEPLOY_EXAMPLES)]
pub(in crate::cli) struct DeployArgs {
    #[command(subcommand)]
    pub(in crate::cli) command: DeployCommand,
}

#[derive(Debug, clap::Subcommand)]
pub(in crate::cli) enum DeployCommand {
    /// Write the chaincode package for your peers, and print its package id
    Package(PackageArgs),
    /// Install the package on each of your peers
    Install(Box<DeployInstallArgs>),
    /// Approve the definition for your organisation
    Approve(Box<DeployApproveArgs>),
    /// Put a definition in force that enough members approved
    Commit(Box<DeployCommitArgs>),
    /// One screen: what each member has done, what is missing, what comes next
    #[command(visible_alias = "st")]
    Status(Box<DeployStatusArgs>),
    /// Approve the next definition: another version, policy or collections
    Upgrade(Box<DeployUpgradeArgs>),
}

const INSTALL_EXAMPLES: &str = "\
Examples:
  cmscc deploy install --address cmscc.org1.example.com:9999
  cmscc deploy install cmscc.tar.gz

  The server demands TLS with a client certificate:
    cmscc deploy install --address cmscc.org1.example.com:9999 --server-ca ca.pem \\
      --peer-cert peer.pem --peer-key peer.key

It goes to every peer of the settings, and does nothing where the package is installed already.";

/// Installs the package on each of your peers.
#[derive(Debug, clap::Args)]
#[command(after_help = INSTALL_EXAMPLES)]
pub(in crate::cli) struct DeployInstallArgs {
    /// A package, as `cmscc deploy package` wrote it; without one it is made from the flags
    #[arg(value_name = "FILE", required_unless_present = "address")]
    pub(in crate::cli) file: Option<PathBuf>,

    /// Where your peers find your server: HOST:PORT
    #[arg(long, value_name = "HOST:PORT", conflicts_with = "file")]
    pub(in crate::cli) address: Option<String>,

    /// The package's label; becomes part of the package id [default: the chaincode's name]
    #[arg(long, value_name = "LABEL", conflicts_with = "file")]
    pub(in crate::cli) label: Option<String>,

    /// How long a peer tries to connect to the server, as Go writes durations
    #[arg(
        long,
        value_name = "DURATION",
        default_value = "10s",
        conflicts_with = "file"
    )]
    pub(in crate::cli) dial_timeout: String,

    /// PEM file of the CA of the server's certificate: your peers use TLS to it
    #[arg(long, value_name = "FILE", conflicts_with = "file")]
    pub(in crate::cli) server_ca: Option<PathBuf>,

    /// PEM file of the certificate that your peers show the server
    #[arg(long, value_name = "FILE", requires_all = ["peer_key", "server_ca"])]
    pub(in crate::cli) peer_cert: Option<PathBuf>,

    /// PEM file of its private key; it becomes part of the package
    #[arg(long, value_name = "FILE", requires = "peer_cert")]
    pub(in crate::cli) peer_key: Option<PathBuf>,

    #[command(flatten)]
    pub(in crate::cli) client: ClientArgs,
}

/// What a definition says.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Definition")]
pub(in crate::cli) struct DefinitionArgs {
    /// A name for people, the same at all members
    #[arg(long, value_name = "VERSION")]
    pub(in crate::cli) version: Option<String>,

    /// Who must endorse: a rule in Fabric's language
    #[arg(long, value_name = "RULE", conflicts_with = "channel_config_policy")]
    pub(in crate::cli) signature_policy: Option<String>,

    /// Who must endorse: a policy of the channel config
    #[arg(long, value_name = "PATH")]
    pub(in crate::cli) channel_config_policy: Option<String>,

    /// Private data collections, as `peer` takes them; the contract itself uses none
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) collections_config: Option<PathBuf>,

    /// Whether the contract must be called as init first; it has no need of that
    #[arg(
        long,
        value_name = "BOOL",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true"
    )]
    pub(in crate::cli) init_required: Option<bool>,

    /// The package whose server you run [default: the one that is installed]
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) package_id: Option<String>,

    /// Approve without a package: your peers do not run the contract
    #[arg(long, conflicts_with = "package_id")]
    pub(in crate::cli) no_package: bool,

    /// Approve also what differs from what others approved
    #[arg(long)]
    pub(in crate::cli) may_differ: bool,

    /// Go on in spite of what speaks against it, by its name
    #[arg(long = "accept", value_name = "NAME")]
    pub(in crate::cli) accepted: Vec<String>,

    /// Show what would be approved, and write nothing
    #[arg(long)]
    pub(in crate::cli) dry_run: bool,

    /// In how many of the newest blocks to look for what others approved
    #[arg(long, value_name = "BLOCKS", default_value = "200")]
    pub(in crate::cli) look_back: u64,
}

const APPROVE_EXAMPLES: &str = "\
Examples:
  What others approved; what is committed; or, as the first one, a first definition:
    cmscc deploy approve

  As the first one, with a policy of one's own:
    cmscc deploy approve --signature-policy \"OutOf(2, 'Org1MSP.peer', 'Org2MSP.peer', 'Org3MSP.peer')\"

  Two members approved different definitions, and yours gives way:
    cmscc deploy approve --as Org2MSP

  Your server moved, so there is another package:
    cmscc deploy install --address new.org1.example.com:9999
    cmscc deploy approve --package-id cmscc:..";

/// Approves the definition for your organisation.
#[derive(Debug, clap::Args)]
#[command(after_help = APPROVE_EXAMPLES)]
pub(in crate::cli) struct DeployApproveArgs {
    /// The sequence [default: what others approved, or what is committed]
    #[arg(long, value_name = "NUMBER", help_heading = "Definition")]
    pub(in crate::cli) sequence: Option<i64>,

    /// Take over what this member approved of the next sequence
    #[arg(
        long = "as",
        value_name = "MSP",
        help_heading = "Definition",
        conflicts_with = "sequence"
    )]
    pub(in crate::cli) like: Option<String>,

    #[command(flatten)]
    pub(in crate::cli) definition: DefinitionArgs,

    #[command(flatten)]
    pub(in crate::cli) client: ClientArgs,
}

/// Puts a definition in force that enough members approved.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  cmscc deploy commit")]
pub(in crate::cli) struct DeployCommitArgs {
    /// In how many of the newest blocks to look for what others approved
    #[arg(long, value_name = "BLOCKS", default_value = "200")]
    pub(in crate::cli) look_back: u64,

    #[command(flatten)]
    pub(in crate::cli) client: ClientArgs,
}

const STATUS_EXAMPLES: &str = "\
Examples:
  cmscc deploy status
  cmscc deploy status --json | jq -r '.members[] | select(.missing != []) | .msp_id'

Exit code: 0 where the contract is deployed and no member lacks anything, 3 otherwise.";

/// Shows what each member has done, what is missing, and what comes next.
#[derive(Debug, clap::Args)]
#[command(after_help = STATUS_EXAMPLES)]
pub(in crate::cli) struct DeployStatusArgs {
    /// In how many of the newest blocks to look for what others approved
    #[arg(long, value_name = "BLOCKS", default_value = "200")]
    pub(in crate::cli) look_back: u64,

    #[command(flatten)]
    pub(in crate::cli) client: ClientArgs,
}

const UPGRADE_EXAMPLES: &str = "\
Examples:
  The endorsement policy that the members agreed on (`cmscc settings propose`):
    cmscc deploy upgrade

  Another one:
    cmscc deploy upgrade --signature-policy \"OutOf(2, 'Org1MSP.peer', 'Org2MSP.peer', 'Org3MSP.peer')\" --dry-run

The others then run `cmscc deploy approve`, and the last one `cmscc deploy commit`. A newer version of the
program needs none of this: each member replaces its server.";

/// Approves the next definition: the committed one with another version, policy or collections.
#[derive(Debug, clap::Args)]
#[command(after_help = UPGRADE_EXAMPLES)]
pub(in crate::cli) struct DeployUpgradeArgs {
    #[command(flatten)]
    pub(in crate::cli) definition: DefinitionArgs,

    #[command(flatten)]
    pub(in crate::cli) client: ClientArgs,
}
