//! What commands that act did.

use schemars::JsonSchema;
use serde::Serialize;

use crate::{client::chain::VerifiedLink, ids::Sequence};

/// A call that was recorded: of `reject`, `withdraw`.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct RecordedView {
    /// The block that it is in.
    pub block_number: u64,
    /// The proposal that it is about.
    pub proposal_id: String,
}

/// A signature that was recorded: of `sign`, a list.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct SignedView {
    /// The block that it is in.
    pub block_number: u64,
    /// SHA-256 of what was signed.
    pub config_update_sha256: String,
    /// The proposal.
    pub proposal_id: String,
    /// The revision that was signed.
    pub revision: u64,
}

/// A file that was written: of `sign --out`, `submit --via file`.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct WrittenView {
    /// SHA-256 of the update in it.
    pub config_update_sha256: String,
    /// The file.
    pub file: String,
    /// The proposal; null where it is of none.
    pub proposal_id: Option<String>,
}

/// An update that took effect: of `submit`.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct SubmittedView {
    /// The block that carries it.
    pub block_hash: String,
    /// Its number.
    pub block_number: u64,
    /// SHA-256 of the config that it led to.
    pub config_sha256: String,
    /// The config that the contract has now; null where it was not told.
    pub contract_sequence: Option<u64>,
    /// Open proposals that are out of date now.
    pub out_of_date: Vec<String>,
    /// The proposal; null where it is of none.
    pub proposal_id: Option<String>,
    /// The config that it led to.
    pub sequence: u64,
}

/// The contract, brought to the channel's config: of `sync`.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct SyncedView {
    /// The config that it has.
    pub after: u64,
    /// The config that it had.
    pub before: u64,
    /// In which block it took the last one; null where it had all.
    pub block_number: Option<u64>,
}

/// What this machine trusts of a channel: of `pin`, `config verify`.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct TrustView {
    /// The channel.
    pub channel_id: String,
    /// Where its own chain begins.
    pub pinned: TrustedLinkView,
    /// Its newest config.
    pub verified: TrustedLinkView,
}

/// One config of one's own chain.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct TrustedLinkView {
    /// SHA-256 of its block's header.
    pub block_hash: String,
    /// Its block.
    pub block_number: u64,
    /// SHA-256 of it.
    pub config_sha256: String,
    /// Its sequence.
    pub sequence: u64,
}

impl TrustedLinkView {
    /// A link as it is shown.
    #[must_use]
    pub fn of(sequence: Sequence, link: &VerifiedLink) -> Self {
        Self {
            block_hash: link.block_hash.to_string(),
            block_number: link.block_number.0,
            config_sha256: link.config_sha256.to_string(),
            sequence: sequence.0,
        }
    }
}

/// That there was nothing to do: of any command that acts.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct NothingView {
    /// Why, as a stable name such as `ALREADY_IN_EFFECT`.
    pub done: String,
    /// The same in words.
    pub message: String,
}

/// Something that happened: of `watch`, one document a line.
#[derive(Clone, Debug, JsonSchema, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum EventView {
    /// The channel has another config.
    Config {
        /// Its block.
        block_number: u64,
        /// Its sequence.
        sequence: u64,
    },
    /// The contract has another config, or fell behind.
    Contract {
        /// Whether the channel is ahead of it.
        behind: bool,
        /// The config that it has.
        sequence: u64,
    },
    /// A proposal is new, or another one than before.
    Proposal {
        /// The status that it had; null where it is new.
        before: Option<String>,
        /// Its id.
        proposal_id: String,
        /// Which revision is current; null where it is over.
        revision: Option<u64>,
        /// Whose signatures count.
        signed_by: Vec<String>,
        /// Its status.
        status: String,
    },
    /// An organisation rejected a proposal.
    Rejection {
        /// Which organisation.
        msp_id: String,
        /// The proposal.
        proposal_id: String,
        /// The revision that it rejected.
        revision: u64,
    },
}
