//! Arguments of the intents that are computed from the config in force.

use std::path::PathBuf;

use clap::Subcommand;

use super::proposal::ProposalArgs;

const ROTATE_EXAMPLES: &str = "\
Examples:
  Step 1, the new CAs come beside the old ones; this is proposed as Org1MSP.rotate-ca.add:
    cmscc propose rotate-ca --add newca.pem --remove ca.pem --dry-run
    cmscc propose rotate-ca --add newca.pem --add-tls newtlsca.pem \\
      --remove ca.pem --remove tlsca.pem

  Step 2, when that is in effect and everybody has a certificate of the new CA:
    cmscc propose rotate-ca --finish Org1MSP.rotate-ca --dry-run

  It is refused while a certificate that can be seen is of the old CA: your own,
  those of consenters, orderers, peers, listed admins, of those who signed.
  --anyway removes it all the same.";

/// Replace a CA of an organisation in two steps, in the application and the ordering service alike.
#[derive(Debug, clap::Args)]
#[command(after_help = ROTATE_EXAMPLES)]
pub(in crate::cli) struct ProposeRotateCaArgs {
    /// The certificate of a new CA of identities, PEM; a root, or an intermediate one
    #[arg(long, value_name = "FILE", conflicts_with = "finish")]
    pub(in crate::cli) add: Vec<PathBuf>,

    /// The certificate of a new CA of TLS certificates
    #[arg(long, value_name = "FILE", conflicts_with = "finish")]
    pub(in crate::cli) add_tls: Vec<PathBuf>,

    /// An old CA that goes in the second step: its certificate, or the beginning of its SHA-256
    #[arg(long, value_name = "FILE|SHA256")]
    pub(in crate::cli) remove: Vec<String>,

    /// Propose the second step of this rotation: ID, where the first step is ID.add
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) finish: Option<String>,

    /// Remove the old CA although certificates of it are in use
    #[arg(long, requires = "finish")]
    pub(in crate::cli) anyway: bool,

    /// Whose: its name in the config, or its MSP id [default: your organisation]
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) org: Option<String>,

    #[command(flatten)]
    pub(in crate::cli) proposal: ProposalArgs,
}

/// Addresses as they are to be, or what comes and goes.
#[derive(Clone, Debug, clap::Args)]
pub(in crate::cli) struct AddressArgs {
    /// Exactly these addresses
    #[arg(value_name = "HOST:PORT", conflicts_with_all = ["add", "remove", "none"])]
    pub(in crate::cli) exactly: Vec<String>,

    /// This one, too
    #[arg(long, value_name = "HOST:PORT")]
    pub(in crate::cli) add: Vec<String>,

    /// This one no more
    #[arg(long, value_name = "HOST:PORT")]
    pub(in crate::cli) remove: Vec<String>,

    /// No addresses at all
    #[arg(long, conflicts_with_all = ["add", "remove"])]
    pub(in crate::cli) none: bool,

    /// Whose: its name in the config, or its MSP id [default: your organisation]
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) org: Option<String>,
}

const ANCHOR_EXAMPLES: &str = "\
Examples:
  cmscc propose anchor-peers peer0.org1.example.com:7051 --dry-run
  cmscc propose anchor-peers --add peer1.org1.example.com:7051 --remove peer0.org1.example.com:7051";

/// Change the anchor peers of an organisation: exactly the addresses that are named, or some more or less.
#[derive(Debug, clap::Args)]
#[command(after_help = ANCHOR_EXAMPLES)]
pub(in crate::cli) struct ProposeAnchorPeersArgs {
    #[command(flatten)]
    pub(in crate::cli) addresses: AddressArgs,

    #[command(flatten)]
    pub(in crate::cli) proposal: ProposalArgs,
}

const ENDPOINT_EXAMPLES: &str = "\
Examples:
  cmscc propose endpoints --org OrdererOrg orderer1.example.com:7050 orderer2.example.com:7050
  cmscc propose endpoints --org OrdererOrg --add orderer3.example.com:7050 --dry-run
  cmscc propose endpoints --global --none     no addresses of all orderers together any more";

/// Change the orderer endpoints of an organisation that runs orderers.
#[derive(Debug, clap::Args)]
#[command(after_help = ENDPOINT_EXAMPLES)]
pub(in crate::cli) struct ProposeEndpointsArgs {
    #[command(flatten)]
    pub(in crate::cli) addresses: AddressArgs,

    /// The addresses of all orderers together, /Channel/OrdererAddresses, which are deprecated
    #[arg(long, conflicts_with = "org")]
    pub(in crate::cli) global: bool,

    #[command(flatten)]
    pub(in crate::cli) proposal: ProposalArgs,
}

const SET_EXAMPLES: &str = "\
Examples:
  cmscc propose set /Channel/Orderer/BatchTimeout 3s
  cmscc propose set /Channel/Orderer/BatchSize/max_message_count 500 --dry-run
  cmscc propose set /Channel/Orderer/BatchSize/preferred_max_bytes 2MB
  cmscc propose set /Channel/Orderer/ConsensusType/metadata/options/tick_interval 500ms";

/// Change one setting of a value; the others of the value stay as they are.
#[derive(Debug, clap::Args)]
#[command(after_help = SET_EXAMPLES)]
pub(in crate::cli) struct ProposeSetArgs {
    /// The setting; `cmscc config get /Channel/..` shows what there is
    #[arg(value_name = "PATH")]
    pub(in crate::cli) path: String,

    /// What it becomes: a text, a number, a number with a unit such as 2MB, or JSON
    #[arg(value_name = "VALUE", allow_hyphen_values = true)]
    pub(in crate::cli) value: String,

    #[command(flatten)]
    pub(in crate::cli) proposal: ProposalArgs,
}

const POLICY_EXAMPLES: &str = "\
Examples:
  cmscc propose policy /Channel/Application/Admins 'ANY Admins' --dry-run
  cmscc propose policy /Channel/Application/Endorsement 'MAJORITY Endorsement'
  cmscc propose policy /Channel/Application/Org1MSP/Admins \"OR('Org1MSP.admin')\"
  cmscc propose policy /Channel/Application/Auditors \"OR('Org2MSP.client')\" --create";

/// Change the rule of a policy.
#[derive(Debug, clap::Args)]
#[command(after_help = POLICY_EXAMPLES)]
pub(in crate::cli) struct ProposePolicyArgs {
    /// The policy
    #[arg(value_name = "PATH")]
    pub(in crate::cli) path: String,

    /// The rule: ANY, ALL or MAJORITY of a sub policy, or AND, OR, OutOf of 'MSPID.ROLE'
    #[arg(value_name = "RULE")]
    pub(in crate::cli) rule: String,

    /// Make the policy where it is not there, changed by Admins
    #[arg(long)]
    pub(in crate::cli) create: bool,

    #[command(flatten)]
    pub(in crate::cli) proposal: ProposalArgs,
}

const MOD_POLICY_EXAMPLES: &str = "\
Examples:
  cmscc propose mod-policy /Channel/Application/ACLs /Channel/Application/Admins --dry-run
  cmscc propose mod-policy /Channel/Application/Org1MSP/AnchorPeers Writers";

/// Change which policy decides about an element: a group, a value or a policy.
#[derive(Debug, clap::Args)]
#[command(after_help = MOD_POLICY_EXAMPLES)]
pub(in crate::cli) struct ProposeModPolicyArgs {
    /// The element
    #[arg(value_name = "PATH")]
    pub(in crate::cli) path: String,

    /// The policy: by its path, or by its name as seen from the element's group
    #[arg(value_name = "NAME")]
    pub(in crate::cli) name: String,

    #[command(flatten)]
    pub(in crate::cli) proposal: ProposalArgs,
}

const ACL_EXAMPLES: &str = "\
Examples:
  cmscc propose acl qscc/GetBlockByNumber /Channel/Application/Writers --dry-run
  cmscc propose acl event/Block Readers
  cmscc propose acl qscc/GetBlockByNumber default     as peers do by themselves";

/// Change which policy peers ask about a resource.
#[derive(Debug, clap::Args)]
#[command(after_help = ACL_EXAMPLES)]
pub(in crate::cli) struct ProposeAclArgs {
    /// The resource, such as qscc/GetBlockByNumber
    #[arg(value_name = "RESOURCE")]
    pub(in crate::cli) resource: String,

    /// The policy: by its path, or by its name below /Channel/Application; or `default`
    #[arg(value_name = "POLICY")]
    pub(in crate::cli) policy: String,

    #[command(flatten)]
    pub(in crate::cli) proposal: ProposalArgs,
}

const CAPABILITY_EXAMPLES: &str = "\
Examples:
  cmscc propose capability application V2_5 --dry-run
  cmscc propose capability channel V3_0";

/// Raise a capability level. Every node concerned must know it: one that does not stops.
#[derive(Debug, clap::Args)]
#[command(after_help = CAPABILITY_EXAMPLES)]
pub(in crate::cli) struct ProposeCapabilityArgs {
    /// channel, orderer or application
    #[arg(value_name = "SECTION")]
    pub(in crate::cli) section: String,

    /// The level, such as V2_5, in the place of those that the section has
    #[arg(value_name = "LEVEL")]
    pub(in crate::cli) level: String,

    #[command(flatten)]
    pub(in crate::cli) proposal: ProposalArgs,
}

/// Change the consenters: the orderer nodes that agree on blocks, one at a time.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct ProposeConsenterArgs {
    #[command(subcommand)]
    pub(in crate::cli) command: ConsenterCommand,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum ConsenterCommand {
    /// A new consenter
    Add(ConsenterAddArgs),
    /// A consenter goes
    Remove(ConsenterRemoveArgs),
    /// A consenter gets other certificates
    ReplaceCert(ConsenterReplaceArgs),
}

/// The certificates of a consenter.
#[derive(Clone, Debug, clap::Args)]
pub(in crate::cli) struct ConsenterCertificates {
    /// Its TLS server certificate, PEM
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) server_cert: Option<PathBuf>,

    /// Its TLS client certificate, PEM [default: the server certificate]
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) client_cert: Option<PathBuf>,

    /// Its signing certificate, PEM; only with BFT
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) identity: Option<PathBuf>,

    /// The organisation of its signing certificate; only with BFT [default: the one that knows it]
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) org: Option<String>,
}

const CONSENTER_ADD_EXAMPLES: &str = "\
Examples:
  cmscc propose consenter add orderer4.example.com:7050 \\
    --server-cert orderer4/tls/server.crt --dry-run
  With BFT its signing certificate, too:
    cmscc propose consenter add orderer5.example.com:7050 \\
      --server-cert orderer5/tls/server.crt \\
      --identity orderer5/msp/signcerts/orderer5.example.com-cert.pem";

/// A new consenter.
#[derive(Debug, clap::Args)]
#[command(after_help = CONSENTER_ADD_EXAMPLES)]
pub(in crate::cli) struct ConsenterAddArgs {
    /// Its address for the other consenters
    #[arg(value_name = "HOST:PORT")]
    pub(in crate::cli) address: String,

    #[command(flatten)]
    pub(in crate::cli) certificates: ConsenterCertificates,

    #[command(flatten)]
    pub(in crate::cli) proposal: ProposalArgs,
}

/// A consenter goes.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  cmscc propose consenter remove orderer4.example.com:7050 --dry-run"
)]
pub(in crate::cli) struct ConsenterRemoveArgs {
    /// Its address, as the config has it
    #[arg(value_name = "HOST:PORT")]
    pub(in crate::cli) address: String,

    #[command(flatten)]
    pub(in crate::cli) proposal: ProposalArgs,
}

const CONSENTER_REPLACE_EXAMPLES: &str = "\
Example:
  cmscc propose consenter replace-cert orderer4.example.com:7050 \\
    --server-cert new/server.crt --dry-run";

/// A consenter gets other certificates, and stays where it is.
#[derive(Debug, clap::Args)]
#[command(after_help = CONSENTER_REPLACE_EXAMPLES)]
pub(in crate::cli) struct ConsenterReplaceArgs {
    /// Its address, as the config has it
    #[arg(value_name = "HOST:PORT")]
    pub(in crate::cli) address: String,

    #[command(flatten)]
    pub(in crate::cli) certificates: ConsenterCertificates,

    #[command(flatten)]
    pub(in crate::cli) proposal: ProposalArgs,
}

const BATCH_EXAMPLES: &str = "\
Examples:
  A file with an intent a line, as after `cmscc propose`; lines that begin with # are comments:
    # faster.txt
    set /Channel/Orderer/BatchTimeout 1s
    set /Channel/Orderer/BatchSize/max_message_count 1000
  cmscc propose batch faster.txt --id faster --dry-run

  cmscc propose batch --do 'endpoints --global --none' --do 'capability channel V3_0'";

/// Several intents as one proposal: all of them take effect, or none. Each is computed on what those before
/// it make of the config.
#[derive(Debug, clap::Args)]
#[command(after_help = BATCH_EXAMPLES)]
pub(in crate::cli) struct ProposeBatchArgs {
    /// A file with an intent a line; `-` is standard input
    #[arg(value_name = "FILE", required_unless_present = "intents")]
    pub(in crate::cli) file: Option<PathBuf>,

    /// An intent, in the order given, behind those of the file
    #[arg(long = "do", value_name = "INTENT")]
    pub(in crate::cli) intents: Vec<String>,

    #[command(flatten)]
    pub(in crate::cli) proposal: ProposalArgs,
}

const EDIT_EXAMPLES: &str = "\
Examples:
  cmscc propose edit --dry-run
  cmscc propose edit /Channel/Orderer --description 'smaller blocks'
  EDITOR='code --wait' cmscc propose edit
  cmscc propose edit --file FILE      go on with a text that was kept";

/// Edit the config as JSON with comments; what differs is proposed. What is wrong comes back in the editor,
/// with its place.
#[derive(Debug, clap::Args)]
#[command(after_help = EDIT_EXAMPLES)]
pub(in crate::cli) struct ProposeEditArgs {
    /// Only this group
    #[arg(value_name = "GROUP")]
    pub(in crate::cli) group: Option<String>,

    /// Go on with this text, which an earlier edit has left
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) file: Option<PathBuf>,

    #[command(flatten)]
    pub(in crate::cli) proposal: ProposalArgs,
}
