//! What the commands take that show what is there.

use std::path::PathBuf;

use clap::{ArgAction, Subcommand};

use super::{ClientArgs, NetworkArgs};

/// How far lists go where nobody says.
const LIMIT: &str = "1000";

/// One screen: the channel, the contract against one's own peer, who I am, what awaits me, what is in
/// flight, what ends soon, and the command that comes next. Exit code 7 where the contract has another
/// chain than the peer.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct StatusArgs {
    #[command(flatten)]
    pub(in crate::cli) client: ClientArgs,
}

const LIST_EXAMPLES: &str = "\
Examples:
  cmscc list --awaiting-me
  cmscc list --in-flight --mine
  cmscc list --status ready --json=proposal_id,missing | jq '.proposals'";

/// Lists proposals: all that are not over, or those that are asked for.
#[derive(Debug, clap::Args)]
#[command(after_help = LIST_EXAMPLES)]
pub(in crate::cli) struct ListArgs {
    /// Only those that a signature of my organisation could complete
    #[arg(long, conflicts_with = "done")]
    pub(in crate::cli) awaiting_me: bool,

    /// Only those that are not over
    #[arg(long, conflicts_with = "done")]
    pub(in crate::cli) in_flight: bool,

    /// Only those that are over and not archived; `history` has the archived ones
    #[arg(long)]
    pub(in crate::cli) done: bool,

    /// Only those of my organisation
    #[arg(long)]
    pub(in crate::cli) mine: bool,

    /// Only those of this status, such as `ready` or `out-of-date`
    #[arg(long, value_name = "STATUS")]
    pub(in crate::cli) status: Option<String>,

    /// At most so many
    #[arg(long, value_name = "N", default_value = LIMIT)]
    pub(in crate::cli) limit: usize,

    #[command(flatten)]
    pub(in crate::cli) client: ClientArgs,
}

/// Shows everything about one proposal.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct ShowArgs {
    /// The proposal
    #[arg(value_name = "ID")]
    pub(in crate::cli) id: String,

    /// Show certificates and long lists whole
    #[arg(long)]
    pub(in crate::cli) full: bool,

    #[command(flatten)]
    pub(in crate::cli) client: ClientArgs,
}

const DIFF_EXAMPLES: &str = "\
Examples:
  cmscc diff add_orgx
  cmscc diff bigger_blocks smaller_blocks
    what both touch: what there is now, and what each makes of it";

/// Shows what a proposal changes: what comes (+), goes (-), or becomes something else (~). Of two
/// proposals what both touch, side by side.
#[derive(Debug, clap::Args)]
#[command(after_help = DIFF_EXAMPLES)]
pub(in crate::cli) struct DiffArgs {
    /// The proposal
    #[arg(value_name = "ID")]
    pub(in crate::cli) id: String,

    /// Another proposal, to compare with
    #[arg(value_name = "ID2")]
    pub(in crate::cli) other: Option<String>,

    /// Show certificates whole
    #[arg(long)]
    pub(in crate::cli) full: bool,

    /// End with 3 where something changes, with 0 where nothing does; of two proposals with 3 where they
    /// exclude each other
    #[arg(long)]
    pub(in crate::cli) exit_code: bool,

    #[command(flatten)]
    pub(in crate::cli) client: ClientArgs,
}

const EXPLAIN_EXAMPLES: &str = "\
Examples:
  cmscc explain add_orgx
  What would be if Org2's admin signed, and whoever has this certificate:
    cmscc explain add_orgx --if-signed-by Org2MSP ./org3-admin.pem
  In a script: 0 where that is enough, 3 where it is not:
    cmscc explain add_orgx --if-signed-by Org2MSP --json=if_signed";

/// Explains who must sign: the policies that decide, who signed, who does not count and why, who is
/// missing, and the smallest ways forward.
#[derive(Debug, clap::Args)]
#[command(after_help = EXPLAIN_EXAMPLES)]
pub(in crate::cli) struct ExplainArgs {
    /// The proposal
    #[arg(value_name = "ID", required_unless_present = "if_signed_by")]
    id: Option<String>,

    /// As if these signed, too: `Org2MSP` (its admin), `Org2MSP.peer`, or a file with a certificate (with
    /// a `/` in it, or ending in .pem or .crt). Judged on this machine
    #[arg(long, value_name = "ORG[.ROLE]|CERT", num_args = 1.., value_delimiter = ',')]
    if_signed_by: Vec<String>,

    /// Show long lists whole
    #[arg(long)]
    pub(in crate::cli) full: bool,

    #[command(flatten)]
    pub(in crate::cli) client: ClientArgs,
}

impl ExplainArgs {
    /// The proposal, and who signs in thought. Where no proposal stands before the flag, the last word
    /// behind it is one: who writes `--if-signed-by Org2MSP add_orgx` means that.
    pub(in crate::cli) fn asked(&self) -> (Option<&str>, &[String]) {
        match (&self.id, self.if_signed_by.split_last()) {
            (Some(id), _) => (Some(id), &self.if_signed_by),
            (None, Some((id, supposed @ [_, ..]))) => (Some(id), supposed),
            (None, _) => (None, &self.if_signed_by),
        }
    }
}

const PLAN_EXAMPLES: &str = "\
Examples:
  cmscc plan
    all open proposals, the first 20
  cmscc plan add_orgx rotate_ca bigger_blocks
  cmscc plan --json=steps | jq -r '.steps[].proposal_id'";

/// Says in which order open proposals lose fewest signatures: submitting one may leave others as they
/// are, make them for another config, exclude them, or take away who signed them. Judged on this machine;
/// nothing is written.
#[derive(Debug, clap::Args)]
#[command(after_help = PLAN_EXAMPLES)]
pub(in crate::cli) struct PlanArgs {
    /// The proposals; without any all that are open
    #[arg(value_name = "ID")]
    pub(in crate::cli) ids: Vec<String>,

    /// Show long lists whole, and why updates are computed again
    #[arg(long)]
    pub(in crate::cli) full: bool,

    #[command(flatten)]
    pub(in crate::cli) client: ClientArgs,
}

/// Lists finished proposals that are archived, and how they ended.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct HistoryArgs {
    /// Only those of my organisation
    #[arg(long)]
    pub(in crate::cli) mine: bool,

    /// At most so many
    #[arg(long, value_name = "N", default_value = LIMIT)]
    pub(in crate::cli) limit: usize,

    #[command(flatten)]
    pub(in crate::cli) client: ClientArgs,
}

/// The channel's config, as one's own peer has it.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct ConfigArgs {
    #[command(subcommand)]
    pub(in crate::cli) command: ConfigCommand,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum ConfigCommand {
    /// Show what the config says, in words; with --json in Fabric's form
    Show(ConfigShowArgs),
    /// Print one element in Fabric's form, such as `/Channel/Orderer/BatchSize`
    Get(ConfigGetArgs),
    /// List the configs that the contract knows, and the proposals that led to them
    #[command(visible_alias = "log")]
    History(ConfigHistoryArgs),
    /// Show what differs between two configs
    Diff(ConfigDiffArgs),
    /// Write a config block into a file, as `peer channel fetch config` does
    #[command(alias = "fetch")]
    Export(ConfigExportArgs),
    /// Verify the channel's config from your pin, and compare the contract's with it
    Verify(ConfigVerifyArgs),
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct ConfigShowArgs {
    /// Show certificates whole
    #[arg(long)]
    pub(in crate::cli) full: bool,

    #[command(flatten)]
    pub(in crate::cli) client: ClientArgs,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct ConfigGetArgs {
    /// The path of a group, value or policy
    #[arg(value_name = "PATH")]
    pub(in crate::cli) path: String,

    #[command(flatten)]
    pub(in crate::cli) client: ClientArgs,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct ConfigHistoryArgs {
    /// Show digests whole
    #[arg(long)]
    pub(in crate::cli) full: bool,

    /// At most so many
    #[arg(long, value_name = "N", default_value = LIMIT)]
    pub(in crate::cli) limit: usize,

    #[command(flatten)]
    pub(in crate::cli) client: ClientArgs,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct ConfigDiffArgs {
    /// The sequence of the one before
    #[arg(value_name = "FROM")]
    pub(in crate::cli) from: u64,

    /// The sequence of the one after [default: the newest of the peer]
    #[arg(value_name = "TO")]
    pub(in crate::cli) to: Option<u64>,

    /// Show certificates whole
    #[arg(long)]
    pub(in crate::cli) full: bool,

    /// End with 3 where something differs, with 0 where nothing does
    #[arg(long)]
    pub(in crate::cli) exit_code: bool,

    #[command(flatten)]
    pub(in crate::cli) client: ClientArgs,
}

/// Verifies every config from the pinned one to that of your peer, by the one before it, and compares the
/// contract's chain with it, link by link. Exit code 7 where something is not as it should be, 6 where the
/// contract is behind.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct ConfigVerifyArgs {
    #[command(flatten)]
    pub(in crate::cli) client: ClientArgs,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct ConfigExportArgs {
    /// The file to write; `-` for standard output [default: CHANNEL.block]
    #[arg(value_name = "FILE")]
    pub(in crate::cli) file: Option<PathBuf>,

    /// The sequence of the config [default: the newest of the peer]
    #[arg(long, value_name = "N")]
    pub(in crate::cli) sequence: Option<u64>,

    #[command(flatten)]
    pub(in crate::cli) client: ClientArgs,
}

const API_EXAMPLES: &str = "\
Examples:
  cmscc api ListProposals '{\"all\":true}' | jq '.proposals | length'
  cmscc api org.hyperledger.fabric:GetMetadata
  cmscc api CheckProposal ProposeConfigUpdate try @patch.json 'a try'
  cmscc api --submit SyncConfig \"$(sha256sum < c.block | cut -c-64)\" --transient config_block=@c.block";

/// Calls any function of the contract, and prints what it answers. Nothing is written, unless
/// `--submit` says so.
#[derive(Debug, clap::Args)]
#[command(after_help = API_EXAMPLES)]
pub(in crate::cli) struct ApiArgs {
    /// The function
    #[arg(value_name = "FUNCTION")]
    pub(in crate::cli) function: String,

    /// Its arguments; `@FILE` is what is in a file, `@@..` an argument that begins with `@`
    #[arg(value_name = "ARG")]
    pub(in crate::cli) args: Vec<String>,

    /// A transient field: NAME=TEXT or NAME=@FILE; may be given several times
    #[arg(long, value_name = "NAME=VALUE", action = ArgAction::Append)]
    pub(in crate::cli) transient: Vec<String>,

    /// Have the call ordered, and wait until it is in a block
    #[arg(long)]
    pub(in crate::cli) submit: bool,

    #[command(flatten)]
    pub(in crate::cli) client: ClientArgs,
}

/// The ids of proposals, one a line: what shells complete with. Quiet where nobody answers.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct CompleteIdsArgs {
    #[command(flatten)]
    pub(in crate::cli) network: NetworkArgs,
}

/// What could stand in the place of the last word of `cmscc propose ..`, one a line, from the config that
/// was verified here; no network is asked.
#[derive(Debug, clap::Args)]
#[command(disable_help_flag = true)]
pub(in crate::cli) struct CompleteIntentArgs {
    /// What follows `cmscc propose`, with the last word, which may be empty
    #[arg(
        value_name = "WORD",
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    pub(in crate::cli) words: Vec<String>,
}
