//! Arguments of the commands that act on proposals.

use std::path::PathBuf;

use super::ClientArgs;

const SIGN_EXAMPLES: &str = "\
Examples:
  Everything that awaits you, one after the other:
    cmscc sign

  From a script that a person gave the digest:
    cmscc sign add_orgx --yes --digest 71c488d20f3e...

  With a key that lies on a machine without a network, or as an admin of an orderer organisation:
    cmscc sign add_orgx --out add_orgx.signreq       (here)
    cmscc sign --in add_orgx.signreq --out add.sig   (there; it judges from its own pin)
    cmscc sign --in add.sig                          (here again)

  As an admin of an orderer organisation, what it attests (`cmscc attest --of`):
    cmscc sign --in statement.pb --dry-run
    cmscc sign --in statement.pb --out signed.pb

  For `peer channel signconfigtx`, whose file is taken back in the same way:
    cmscc sign add_orgx --out add_orgx.pb";

/// Sign proposals: each is judged on this machine, shown, and signed only when you type its id.
///
/// Nothing that others say is believed: the config is verified from your pin, the update is computed
/// again from its intent, and what the contract shows must be what was found here (exit 7 otherwise).
#[derive(Debug, clap::Args)]
#[command(after_help = SIGN_EXAMPLES)]
pub(in crate::cli) struct SignArgs {
    /// The proposals; without any: those that await you
    #[arg(value_name = "ID")]
    pub(in crate::cli) ids: Vec<String>,

    /// Write a sign request (or a signature, with --in) to this file in place of signing here
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) out: Option<PathBuf>,

    /// Sign a sign request, or hand in a file with signatures
    #[arg(long = "in", value_name = "FILE")]
    pub(in crate::cli) input: Option<PathBuf>,

    /// With --in: show what would be signed, and sign nothing
    #[arg(long, requires = "input", conflicts_with = "yes")]
    pub(in crate::cli) dry_run: bool,

    /// With --out: config blocks from this sequence on go into the request [default: from your pin]
    #[arg(long, value_name = "SEQUENCE", requires = "out")]
    pub(in crate::cli) since: Option<u64>,

    /// Do not ask; needs --digest
    #[arg(long, requires = "digest")]
    pub(in crate::cli) yes: bool,

    /// SHA-256 of what is to be signed, 64 hex digits
    #[arg(long, value_name = "HEX")]
    pub(in crate::cli) digest: Option<String>,

    #[command(flatten)]
    pub(in crate::cli) client: ClientArgs,
}

/// Reject a proposal, with a reason that the others read. A signature given before stays.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  cmscc reject add_orgx --reason 'not before the audit'")]
pub(in crate::cli) struct RejectArgs {
    /// The proposal
    #[arg(value_name = "ID")]
    pub(in crate::cli) id: String,

    /// Why, at most 1 KiB
    #[arg(long, value_name = "TEXT")]
    pub(in crate::cli) reason: String,

    #[command(flatten)]
    pub(in crate::cli) client: ClientArgs,
}

/// Withdraw a proposal of your organisation. It stays readable.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  cmscc withdraw add_orgx")]
pub(in crate::cli) struct WithdrawArgs {
    /// The proposal
    #[arg(value_name = "ID")]
    pub(in crate::cli) id: String,

    #[command(flatten)]
    pub(in crate::cli) client: ClientArgs,
}

/// Make one proposal of several, so that all of them take effect in one update.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  cmscc combine both add_orgx add_orgy --description 'OrgX and OrgY at once'"
)]
pub(in crate::cli) struct CombineArgs {
    /// The id of the new proposal
    #[arg(value_name = "ID")]
    pub(in crate::cli) id: String,

    /// The proposals that it holds
    #[arg(value_name = "SOURCE", required = true, num_args = 2..)]
    pub(in crate::cli) sources: Vec<String>,

    /// What the others read
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(in crate::cli) description: String,

    /// Until when it may be signed: 3d, 12h, or 2030-01-31T12:00:00Z
    #[arg(long, value_name = "TIME")]
    pub(in crate::cli) deadline: Option<String>,

    #[command(flatten)]
    pub(in crate::cli) client: ClientArgs,
}

const REBASE_EXAMPLES: &str = "\
Examples:
  cmscc rebase add_orgy
  cmscc rebase                  all of your organisation's that are out of date
  cmscc rebase add_orgy --overwrite
    also where others changed the same elements: yours wins then";

/// Compute out-of-date proposals again from their intent, for the config of now. It is a new revision,
/// which is signed again.
#[derive(Debug, clap::Args)]
#[command(after_help = REBASE_EXAMPLES)]
pub(in crate::cli) struct RebaseArgs {
    /// The proposals; without any: your organisation's
    #[arg(value_name = "ID")]
    pub(in crate::cli) ids: Vec<String>,

    /// Also where others changed the same elements
    #[arg(long)]
    pub(in crate::cli) overwrite: bool,

    #[command(flatten)]
    pub(in crate::cli) client: ClientArgs,
}

/// Move proposals that are over to the archive, which makes room for new ones.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  cmscc archive\n  cmscc archive add_orgx")]
pub(in crate::cli) struct ArchiveArgs {
    /// The proposals; without any: your organisation's that took effect or are broken
    #[arg(value_name = "ID")]
    pub(in crate::cli) ids: Vec<String>,

    #[command(flatten)]
    pub(in crate::cli) client: ClientArgs,
}

const SUBMIT_EXAMPLES: &str = "\
Examples:
  cmscc submit add_orgx
  cmscc submit add_orgx --via orderer -o orderer.example.com:7050 --orderer-ca ca.pem
  cmscc submit add_orgx --via file --out add_orgx.pb
    what `peer channel update -f` takes
  cmscc submit --in signed.pb
    an update that was signed elsewhere, without a proposal";

/// Send a finished proposal to the orderer, wait for its block, verify it, and tell the contract.
///
/// No signature of yours is added. Run again, it says since when the change is in effect (exit 0).
#[derive(Debug, clap::Args)]
#[command(after_help = SUBMIT_EXAMPLES)]
pub(in crate::cli) struct SubmitArgs {
    /// The proposal
    #[arg(
        value_name = "ID",
        required_unless_present = "input",
        conflicts_with = "input"
    )]
    pub(in crate::cli) id: Option<String>,

    /// In the place of a proposal: an envelope with an update and enough signatures
    #[arg(long = "in", value_name = "FILE")]
    pub(in crate::cli) input: Option<PathBuf>,

    /// By which way
    #[arg(long, value_enum, default_value = "gateway")]
    pub(in crate::cli) via: ViaArg,

    /// With --via file: the file to write
    #[arg(long, value_name = "FILE", required_if_eq("via", "file"))]
    pub(in crate::cli) out: Option<PathBuf>,

    /// Submit in spite of a blocking finding, by its name
    #[arg(long = "accept-finding", value_name = "FINDING")]
    pub(in crate::cli) accepted: Vec<String>,

    /// Leave the contract as it is: do not hand the block in
    #[arg(long)]
    pub(in crate::cli) no_sync: bool,

    #[command(flatten)]
    pub(in crate::cli) client: ClientArgs,
}

/// How an update gets to the orderers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(in crate::cli) enum ViaArg {
    /// Not at all: into a file
    File,
    /// Through your peer
    Gateway,
    /// To an orderer's address
    Orderer,
}

/// Bring the contract to the channel's config: the config blocks that it lacks are handed in.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  cmscc sync")]
pub(in crate::cli) struct SyncArgs {
    #[command(flatten)]
    pub(in crate::cli) client: ClientArgs,
}

/// Wait until a proposal has a status.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cmscc wait add_orgx && cmscc submit add_orgx\n  cmscc wait add_orgx --for submitted --within 10m"
)]
pub(in crate::cli) struct WaitArgs {
    /// The proposal
    #[arg(value_name = "ID")]
    pub(in crate::cli) id: String,

    /// `ready`, `submitted`, or the name of a status
    #[arg(long = "for", value_name = "STATUS", default_value = "ready")]
    pub(in crate::cli) status: String,

    /// How long at most: 90s, 10m, 2h; exit 3 behind it
    #[arg(long, value_name = "TIME", default_value = "10m")]
    pub(in crate::cli) within: String,

    #[command(flatten)]
    pub(in crate::cli) client: ClientArgs,
}

/// Show what happens to proposals and the config, as it happens. Reads only.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cmscc watch\n  cmscc watch --json | jq --unbuffered .proposal_id"
)]
pub(in crate::cli) struct WatchArgs {
    #[command(flatten)]
    pub(in crate::cli) client: ClientArgs,
}

const INIT_EXAMPLES: &str = "\
Examples:
  cmscc init-consortium
    the config block of your peer; servers endorse it where it leads to their anchors
  cmscc init-consortium genesis.block
    from the genesis block, and all config blocks behind it";

/// Give the contract its first config, once, behind the deployment.
#[derive(Debug, clap::Args)]
#[command(after_help = INIT_EXAMPLES)]
pub(in crate::cli) struct InitConsortiumArgs {
    /// The first config block [default: the one that your own chain starts with]
    #[arg(value_name = "BLOCK")]
    pub(in crate::cli) block: Option<PathBuf>,

    #[command(flatten)]
    pub(in crate::cli) client: ClientArgs,
}

/// Set a checkpoint where the contract's chain cannot go on: your config of now, which every operator
/// has mounted as the server's anchor before.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  cmscc recover --disowned-from 7")]
pub(in crate::cli) struct RecoverArgs {
    /// The first sequence of a false branch that is to end
    #[arg(long, value_name = "SEQUENCE")]
    pub(in crate::cli) disowned_from: Option<u64>,

    #[command(flatten)]
    pub(in crate::cli) client: ClientArgs,
}

/// What this machine trusts of a channel: the pinned config block, and the chain verified from it.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cmscc pin\n  cmscc pin --reset --anchor genesis.block\n\nWith an anchor no peer is needed."
)]
pub(in crate::cli) struct PinArgs {
    /// Forget the chain, and start again with the anchor, or with what you type
    #[arg(long)]
    pub(in crate::cli) reset: bool,

    #[command(flatten)]
    pub(in crate::cli) client: ClientArgs,
}
