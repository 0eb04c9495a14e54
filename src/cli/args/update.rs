//! Arguments of `update`.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use clap::Subcommand;

use super::{ProposeFileArgs, ShownArgs};
use crate::client::{NetworkFlags, update::Meant};

const UPDATE_EXAMPLES: &str = "\
Examples:
  What would an orderer say to this edit, and who must sign it?
    peer channel fetch config config_block.pb -c mychannel -o ORDERER
    cmscc update check modified_config.json --against config_block.pb

  The whole way, with files alone:
    cmscc update compute config_block.pb modified_config.json -o update.pb
    cmscc update wrap update.pb -o envelope.pb
    cmscc update sign envelope.pb --against config_block.pb -o org1.pb    (Org1's admin)
    cmscc update sign envelope.pb --against config_block.pb -o org2.pb    (Org2's admin)
    cmscc update merge org1.pb org2.pb -o signed.pb
    cmscc update check signed.pb --against config_block.pb && peer channel update -f signed.pb ..";

/// Config updates in files, for any Fabric channel: without the contract, without a network.
///
/// What configtxlator, jq and `peer channel signconfigtx` do by hand, with what an orderer would answer.
/// Files are config blocks, configs, updates and envelopes, as protobuf, base64, or the JSON of
/// configtxlator; each is recognised. `-` is standard input.
#[derive(Debug, clap::Args)]
#[command(after_help = UPDATE_EXAMPLES)]
pub(in crate::cli) struct UpdateArgs {
    #[command(subcommand)]
    pub(in crate::cli) command: UpdateCommand,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum UpdateCommand {
    /// Say what an orderer would answer, and who must sign
    Check(UpdateCheckArgs),
    /// Compute the update from one config to another: the message of `configtxlator compute_update`
    #[command(visible_alias = "compute_update")]
    Compute(UpdateComputeArgs),
    /// Say what is in files: what they change, who signed, for which config they were made
    Inspect(UpdateInspectArgs),
    /// Put the signatures of several files into one
    Merge(UpdateMergeArgs),
    /// Propose a file to the contract: the only one that needs a network
    Propose(Box<UpdateProposeArgs>),
    /// Sign an update, as `peer channel signconfigtx` does, after showing what it does
    #[command(visible_alias = "signconfigtx")]
    Sign(UpdateSignArgs),
    /// Put an update into an envelope, which can be signed and sent
    Wrap(UpdateWrapArgs),
}

/// The file that a command is about; after `-f`, too, as `peer channel` has it.
#[derive(Clone, Debug, clap::Args)]
pub(in crate::cli) struct FileArg {
    /// The file: a config as it is wanted, an update, or an envelope around one
    #[arg(value_name = "FILE", required_unless_present = "named_file")]
    file: Option<PathBuf>,

    #[arg(
        long = "file",
        short = 'f',
        value_name = "FILE",
        hide = true,
        conflicts_with = "file"
    )]
    named_file: Option<PathBuf>,
}

impl FileArg {
    /// Where it is.
    pub(in crate::cli) fn path(&self) -> &Path {
        let given = self.file.as_deref().or(self.named_file.as_deref());
        given.unwrap_or_else(|| Path::new("-"))
    }
}

/// Which channel, where no file says it.
#[derive(Clone, Debug, Default, clap::Args)]
pub(in crate::cli) struct ChannelArg {
    /// The channel, where no file says it: a bare config does not
    #[arg(
        long,
        short = 'C',
        short_alias = 'c',
        value_name = "CHANNEL",
        aliases = ["channel_id", "channelID"]
    )]
    pub(in crate::cli) channel: Option<String>,
}

/// How an edit is taken, judged and shown.
#[derive(Clone, Debug, clap::Args)]
pub(in crate::cli) struct JudgingArgs {
    /// What is wanted is a part of a config whose versions are modes
    #[arg(long)]
    patch: bool,

    /// Go on in spite of a blocking finding, by its name
    #[arg(long = "accept-finding", value_name = "FINDING")]
    accepted: Vec<String>,

    /// Show certificates and long lists whole
    #[arg(long)]
    pub(in crate::cli) full: bool,

    #[command(flatten)]
    pub(in crate::cli) channel: ChannelArg,

    #[command(flatten)]
    pub(in crate::cli) shown: ShownArgs,
}

impl JudgingArgs {
    /// What is made of a config that is wanted.
    pub(in crate::cli) const fn meant(&self) -> Meant {
        match self.patch {
            true => Meant::Patch,
            false => Meant::Config,
        }
    }

    /// The findings that somebody takes upon himself.
    pub(in crate::cli) fn accepted(&self) -> BTreeSet<String> {
        self.accepted.iter().cloned().collect()
    }
}

const COMPUTE_EXAMPLES: &str = "\
Examples:
  From the block that `peer channel fetch config` wrote, and the config that you edited:
    cmscc update compute config_block.pb modified_config.json -o update.pb

  From two configs, which do not say their channel:
    cmscc update compute config.json modified_config.json -C mychannel -o update.pb

  In the place of `configtxlator compute_update`, with its flags:
    cmscc update compute --channel_id mychannel --original config.pb --updated modified_config.pb --output update.pb

  From a part of a config whose versions are modes (0 patch, 1 overwrite, 2 delete):
    cmscc update compute config_block.pb anchors.json --patch -o update.pb";

/// Compute the update from one config to another.
///
/// It is the message that `configtxlator compute_update` gives, always in the same bytes; configtxlator
/// writes its maps in another order each time. Says what changes and who must sign, and the slips that
/// configtxlator does not tell. The update is written whatever is found; the exit code tells.
///
/// Exit codes: 0 computed, 3 both say the same, or an orderer would refuse it whoever signs, 7 a blocking finding.
#[derive(Debug, clap::Args)]
#[command(after_help = COMPUTE_EXAMPLES)]
pub(in crate::cli) struct UpdateComputeArgs {
    /// The config that is in force: a config block, or a config
    #[arg(value_name = "ORIGINAL", required_unless_present = "named_original")]
    pub(in crate::cli) original: Option<PathBuf>,

    /// The config as it is wanted
    #[arg(value_name = "MODIFIED", required_unless_present = "named_updated")]
    pub(in crate::cli) modified: Option<PathBuf>,

    #[arg(
        long = "original",
        value_name = "FILE",
        hide = true,
        conflicts_with = "original"
    )]
    pub(in crate::cli) named_original: Option<PathBuf>,

    #[arg(
        long = "updated",
        value_name = "FILE",
        hide = true,
        conflicts_with = "modified"
    )]
    pub(in crate::cli) named_updated: Option<PathBuf>,

    /// Where to write the update [default: standard output, where that is no terminal]
    #[arg(long = "out", short = 'o', value_name = "FILE", alias = "output")]
    pub(in crate::cli) out: Option<PathBuf>,

    #[command(flatten)]
    pub(in crate::cli) judging: JudgingArgs,
}

const CHECK_EXAMPLES: &str = "\
Examples:
  cmscc update check modified_config.json --against config_block.pb
  cmscc update check update.pb --against config_block.pb --signed org1.pb org2.pb
  cmscc update check envelope.pb --against config_block.pb --json | jq -r '.outcome, .needs[]'

Exit codes: 0 it would be accepted now, 3 no (not signed enough, refused, or in effect already), 6 made for another
config, 7 a blocking finding, 1 nobody here can say, 2 a file is not what it should be.";

/// Say what an orderer would answer to an update, by its own rules: signatures, policies, versions, MSPs,
/// consensus. With what it changes, who signed, who is missing, the smallest ways forward, and findings.
#[derive(Debug, clap::Args)]
#[command(after_help = CHECK_EXAMPLES)]
pub(in crate::cli) struct UpdateCheckArgs {
    #[command(flatten)]
    pub(in crate::cli) file: FileArg,

    /// The config that is in force: what `peer channel fetch config` wrote
    #[arg(long, value_name = "CONFIG")]
    pub(in crate::cli) against: PathBuf,

    /// Files with signatures on the update: what `signconfigtx` or `cmscc update sign` wrote
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub(in crate::cli) signed: Vec<PathBuf>,

    #[command(flatten)]
    pub(in crate::cli) judging: JudgingArgs,
}

const INSPECT_EXAMPLES: &str = "\
Examples:
  cmscc update inspect *.pb
  cmscc update inspect envelope.pb --against config_block.pb
    what it changes, with the values of before, and whether it still applies
  cmscc update inspect config_block.pb --decode > config.json
    the config in the block in the JSON of configtxlator, to be edited";

/// Say what is in files. Without a config it is said what an update writes; with one, what it changes.
#[derive(Debug, clap::Args)]
#[command(after_help = INSPECT_EXAMPLES)]
pub(in crate::cli) struct UpdateInspectArgs {
    /// The files
    #[arg(value_name = "FILE", required = true, num_args = 1..)]
    pub(in crate::cli) files: Vec<PathBuf>,

    /// The config that is in force
    #[arg(long, value_name = "CONFIG")]
    pub(in crate::cli) against: Option<PathBuf>,

    /// Print the config or update in the file in the JSON of configtxlator, and nothing else
    #[arg(long, conflicts_with_all = ["against", "full", "json"])]
    pub(in crate::cli) decode: bool,

    /// Show configs, certificates and long lists whole
    #[arg(long)]
    pub(in crate::cli) full: bool,

    #[command(flatten)]
    pub(in crate::cli) channel: ChannelArg,

    #[command(flatten)]
    pub(in crate::cli) shown: ShownArgs,
}

/// Put an update into an envelope, which `cmscc update sign`, `peer channel signconfigtx` and `peer channel
/// update` take. The channel is the one that the update names.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  cmscc update wrap update.pb -o envelope.pb")]
pub(in crate::cli) struct UpdateWrapArgs {
    #[command(flatten)]
    pub(in crate::cli) file: FileArg,

    /// Where to write the envelope
    #[arg(long = "out", short = 'o', value_name = "FILE", alias = "output")]
    pub(in crate::cli) out: PathBuf,

    #[command(flatten)]
    pub(in crate::cli) shown: ShownArgs,
}

const SIGN_EXAMPLES: &str = "\
Examples:
  cmscc update sign envelope.pb --against config_block.pb -o org1.pb
    as whom says your profile, the variables of `peer`, or --msp-id and --msp-folder
  cmscc update sign envelope.pb --against config_block.pb -o org1.pb --yes --digest 71c488d20f3e...
    from a script that a person gave the digest";

/// Sign an update. Shows what it does and asks; who agrees types the first digits of its digest.
///
/// With --against it is judged by that config first: an update that an orderer would refuse, and a signature
/// that would not count, are refused. Without it nothing can be judged, and that is said. What is written has
/// the form of `peer channel signconfigtx`, with the signatures that were there.
#[derive(Debug, clap::Args)]
#[command(after_help = SIGN_EXAMPLES)]
pub(in crate::cli) struct UpdateSignArgs {
    #[command(flatten)]
    pub(in crate::cli) file: FileArg,

    /// Where to write the envelope; the same file may be written over
    #[arg(long = "out", short = 'o', value_name = "FILE", alias = "output")]
    pub(in crate::cli) out: PathBuf,

    /// The config that is in force
    #[arg(long, value_name = "CONFIG")]
    pub(in crate::cli) against: Option<PathBuf>,

    /// Do not ask; needs --digest
    #[arg(long, requires = "digest")]
    pub(in crate::cli) yes: bool,

    /// SHA-256 of what is to be signed, 64 hex digits
    #[arg(long, value_name = "HEX")]
    pub(in crate::cli) digest: Option<String>,

    /// Sign in spite of a blocking finding, by its name
    #[arg(long = "accept-finding", value_name = "FINDING")]
    pub(in crate::cli) accepted: Vec<String>,

    /// Show certificates and long lists whole
    #[arg(long)]
    pub(in crate::cli) full: bool,

    #[command(flatten)]
    pub(in crate::cli) signer: SignerArgs,

    #[command(flatten)]
    pub(in crate::cli) shown: ShownArgs,
}

/// As whom somebody signs, without a network. Each has a variable, too, and may stand in a profile:
/// docs/profiles.md.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Identity")]
pub(in crate::cli) struct SignerArgs {
    /// The profile to use [default: the current one]
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,

    /// Your MSP id
    #[arg(long, value_name = "MSP")]
    msp_id: Option<String>,

    /// Your MSP folder, with `signcerts` and `keystore` in it
    #[arg(long, value_name = "FOLDER")]
    msp_folder: Option<String>,

    /// Your certificate, where it is in no MSP folder: a PEM file, or a folder with one
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    cert: Option<String>,

    /// Your private key, likewise
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    key: Option<String>,

    /// Where what was verified is kept: a config that contradicts it is refused
    #[arg(long, value_name = "FOLDER", hide_short_help = true)]
    state_dir: Option<String>,
}

impl SignerArgs {
    /// The flags as the client takes them, on a channel.
    pub(in crate::cli) fn flags(&self, channel: &str) -> NetworkFlags {
        NetworkFlags {
            profile: self.profile.clone(),
            channel: Some(channel.to_owned()),
            msp_id: self.msp_id.clone(),
            msp_folder: self.msp_folder.clone(),
            certificate: self.cert.clone(),
            key: self.key.clone(),
            state_dir: self.state_dir.clone(),
            ..NetworkFlags::default()
        }
    }
}

const MERGE_EXAMPLES: &str = "\
Examples:
  cmscc update merge org1.pb org2.pb -o signed.pb
  cmscc update merge *.pb --against config_block.pb -o signed.pb
    only the signatures that count, in an order in which they are enough";

/// Put the signatures of several files into one: all of one update, each identity once. A file of another
/// update is refused.
#[derive(Debug, clap::Args)]
#[command(after_help = MERGE_EXAMPLES)]
pub(in crate::cli) struct UpdateMergeArgs {
    /// The files
    #[arg(value_name = "FILE", required = true, num_args = 1..)]
    pub(in crate::cli) files: Vec<PathBuf>,

    /// Where to write the envelope
    #[arg(long = "out", short = 'o', value_name = "FILE", alias = "output")]
    pub(in crate::cli) out: PathBuf,

    /// The config that is in force
    #[arg(long, value_name = "CONFIG")]
    pub(in crate::cli) against: Option<PathBuf>,

    #[command(flatten)]
    pub(in crate::cli) shown: ShownArgs,
}

const PROPOSE_EXAMPLES: &str = "\
Examples:
  cmscc update propose modified_config.json --id my-edit --description 'what I edited'
  cmscc update propose update.pb --id made --description 'made elsewhere' --dry-run";

/// Propose a file to the contract, so that the others can sign there: as `cmscc propose from-file`,
/// `from-update` or `patch`, whichever the file is.
#[derive(Debug, clap::Args)]
#[command(after_help = PROPOSE_EXAMPLES)]
pub(in crate::cli) struct UpdateProposeArgs {
    /// FILE is a part of a config whose versions are modes
    #[arg(long)]
    pub(in crate::cli) patch: bool,

    #[command(flatten)]
    pub(in crate::cli) file: ProposeFileArgs,
}
