//! Config updates in files: what commands of `cmscc update` print.

use schemars::JsonSchema;
use serde::Serialize;

use super::proposal::MajorityView;
use crate::client::answers::{DecidingAnswer, DiffAnswer, EffectAnswer, LintAnswer};

/// Something that people should know of files that they gave.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema, Serialize)]
pub struct Remark {
    /// Its stable name, such as `SEQUENCE_DIFFERS`.
    pub id: String,
    /// The path of the element that it is about; null where it is about none.
    pub path: Option<String>,
    /// What is the matter, and what to do.
    pub text: String,
}

impl Remark {
    /// A remark about no element.
    pub fn named(id: &str, text: impl Into<String>) -> Self {
        Self {
            id: id.to_owned(),
            path: None,
            text: text.into(),
        }
    }

    #[must_use]
    pub(in crate::client) fn at(mut self, path: String) -> Self {
        self.path = Some(path);
        self
    }
}

/// What is known of a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, JsonSchema, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SignerStanding {
    /// It counts, by the config.
    Counts,
    /// It does not, by the config or by itself.
    DoesNotCount,
    /// It was made with the certificate's key; whether that counts only a config says.
    Fits,
}

/// A signature on an update, and who made it.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema, Serialize)]
pub struct SignerView {
    /// SHA-256 of the certificate; null where it cannot be read.
    pub fingerprint: Option<String>,
    /// The organisation that it names; null where it cannot be read.
    pub msp_id: Option<String>,
    /// Why it does not count.
    pub reason: Option<String>,
    /// What is known of it.
    pub standing: SignerStanding,
    /// The subject of the certificate; null where it cannot be read.
    pub subject: Option<String>,
}

/// A file that was read.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema, Serialize)]
pub struct FileView {
    /// What to do with it; null where it holds a config or an update.
    pub advice: Option<String>,
    /// The number of the block; null where it is none.
    pub block_number: Option<u64>,
    /// The channel; null where the file does not say it.
    pub channel_id: Option<String>,
    /// `protobuf`, `base64` or `json`.
    pub encoding: String,
    /// How it was named.
    pub file: String,
    /// The message that it is, such as `common.Config`.
    pub form: String,
    /// The sequence of the config; null where it holds none.
    pub sequence: Option<u64>,
    /// What it is, in words.
    pub what: String,
}

/// What one's own engine says of an update, by a config. The members are null, or empty, where the update
/// does not apply to it.
#[derive(Clone, Debug, Default, PartialEq, JsonSchema, Serialize)]
pub struct UpdateReviewView {
    /// What it changes.
    pub diff: Option<DiffAnswer>,
    /// What it does to endorsements; null where nothing.
    pub endorsement: Option<EffectAnswer>,
    /// The policies that decide.
    pub explanation: Option<Vec<DecidingAnswer>>,
    /// What people should know before they sign.
    pub lint: Option<LintAnswer>,
    /// What happens to the numbers of signers that policies take.
    pub majorities: Vec<MajorityView>,
    /// What each policy needs that is not satisfied, in words.
    pub needs: Vec<String>,
    /// What an orderer will look at and no config can tell.
    pub not_checked: Vec<String>,
}

/// Why an update would be refused, whoever signs.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema, Serialize)]
pub struct RefusalView {
    /// A stable name, such as `READ_SET_VERSION_MISMATCH`.
    pub code: String,
    /// The element at fault; null where it is none.
    pub element: Option<String>,
    /// The step of an orderer's validation, such as `propose`.
    pub stage: String,
    /// The same in words.
    pub text: String,
}

/// What would become of an update: of `update check`.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize)]
pub struct CheckedView {
    /// The file with the config by which it is judged.
    pub against: FileView,
    /// The channel.
    pub channel_id: String,
    /// The sequence of that config.
    pub config_sequence: u64,
    /// SHA-256 of the update.
    pub config_update_sha256: String,
    /// What an orderer would say to who sends it; null where it would accept it, or its words are not
    /// known.
    pub orderer_says: Option<String>,
    /// `accepted`, `blocked`, `cannot_say`, `in_effect`, `not_signed`, `refused` or `stale`.
    pub outcome: String,
    /// Why it would be refused; null where it would not.
    pub refusal: Option<RefusalView>,
    /// What is worth a word about the files.
    pub remarks: Vec<Remark>,
    /// What the engine says of it.
    #[serde(flatten)]
    pub review: UpdateReviewView,
    /// Who signed.
    pub signatures: Vec<SignerView>,
    /// Why, in words; null where there is nothing to say.
    pub why: Option<String>,
}

/// An update that was computed: of `update compute`.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize)]
pub struct ComputedView {
    /// Its length.
    pub bytes: u64,
    /// The channel.
    pub channel_id: String,
    /// The update itself, base64 of a `common.ConfigUpdate`.
    pub config_update: String,
    /// SHA-256 of it.
    pub config_update_sha256: String,
    /// The file that it was written to; null where it was written to none.
    pub file: Option<String>,
    /// The sequence of the original config.
    pub from_sequence: u64,
    /// Why an orderer would refuse it, whoever signs; null where none would.
    pub refusal: Option<RefusalView>,
    /// What is worth a word about the files.
    pub remarks: Vec<Remark>,
    /// What the engine says of it.
    #[serde(flatten)]
    pub review: UpdateReviewView,
}

/// What is in files: of `update inspect`.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize)]
pub struct InspectedView {
    /// One for each file, in their order.
    pub files: Vec<InspectedFileView>,
}

/// What is in a file.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize)]
pub struct InspectedFileView {
    /// The config in it; null where it holds none.
    pub config: Option<InspectedConfigView>,
    /// What it is.
    #[serde(flatten)]
    pub file: FileView,
    /// What a sign request says of itself; null where it is none.
    pub request: Option<RequestView>,
    /// The update in it; null where it holds none.
    pub update: Option<InspectedUpdateView>,
}

/// What a sign request says of itself, as its sender wrote it.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema, Serialize)]
pub struct RequestView {
    /// What its proposer says of it.
    pub description: String,
    /// The proposal.
    pub proposal_id: String,
    /// The MSP id of who proposed it.
    pub proposer_msp_id: String,
    /// The revision.
    pub revision: u64,
}

/// What an orderer organisation attests, as the bytes say that are signed.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema, Serialize)]
pub struct StatementView {
    /// The levels of the channel that all of its nodes support.
    pub channel: Vec<String>,
    /// The instance of the contract that it is for.
    pub instance: String,
    /// The organisation.
    pub msp_id: String,
    /// Its number: it takes the place of the one before, and is taken once.
    pub number: u64,
    /// The levels of the Orderer group that all of its nodes support.
    pub orderer: Vec<String>,
    /// Since which config the organisation orders.
    pub since: u64,
}

/// A change of the contract's settings, as the bytes say that are signed.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema, Serialize)]
pub struct SettingsChangeView {
    /// The contract capabilities that every server must know.
    pub capabilities: Vec<String>,
    /// SHA-256 of the settings that they replace.
    pub current_sha256: String,
    /// The agreed endorsement policy; null where there is none.
    pub endorsement_policy: Option<String>,
    /// Whether upgrades wait until all have attested: `advisory` or `enforced`.
    pub gate: String,
    /// The instance of the contract.
    pub instance: String,
    /// The proposal that it is good for.
    pub proposal_id: String,
    /// The version that the settings become.
    pub version: u64,
}

/// A config, in short.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema, Serialize)]
pub struct InspectedConfigView {
    /// The capability levels of each section, such as `application V2_5`.
    pub capabilities: Vec<String>,
    /// SHA-256 of it in its one encoding.
    pub config_sha256: String,
    /// How its orderers agree; null where it has no orderer section.
    pub consensus: Option<String>,
    /// The organisations of each section, such as `/Channel/Application/Org1MSP`.
    pub organizations: Vec<String>,
}

/// An update, as far as it says what it does.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize)]
pub struct InspectedUpdateView {
    /// What an orderer organisation attests with it; null where it is no such statement.
    pub attests: Option<StatementView>,
    /// Its length.
    pub bytes: u64,
    /// By the config that was named; null where none was.
    pub checked: Option<CheckedView>,
    /// SHA-256 of it.
    pub config_update_sha256: String,
    /// The consortium for which it makes a channel; null where it makes none.
    pub creates_channel_for: Option<String>,
    /// Whether it is in an envelope, as `peer channel update` takes it.
    pub enveloped: bool,
    /// What is worth a word about it.
    pub remarks: Vec<Remark>,
    /// The elements that must have these versions in the config that it is for.
    pub reads: Vec<ReadElementView>,
    /// The settings of the contract that it changes; null where it changes none.
    pub settings: Option<SettingsChangeView>,
    /// Who signed.
    pub signatures: Vec<SignerView>,
    /// The groups that it writes: what they do not keep is removed.
    pub written_groups: Vec<WrittenGroupView>,
    /// What it writes.
    pub writes: DiffAnswer,
}

/// An element that an update reads.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema, Serialize)]
pub struct ReadElementView {
    /// `group`, `value` or `policy`.
    pub kind: String,
    /// Its path.
    pub path: String,
    /// The version that it must have.
    pub version: u64,
}

/// A group that exists and that an update writes.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema, Serialize)]
pub struct WrittenGroupView {
    /// The version that it must have.
    pub from: u64,
    /// The names of the members that stay.
    pub keeps: Vec<String>,
    /// Its path.
    pub path: String,
    /// The version that it gets.
    pub to: u64,
}

/// The signatures of several files in one: of `update merge`.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema, Serialize)]
pub struct MergedView {
    /// SHA-256 of the update.
    pub config_update_sha256: String,
    /// How many signatures were left out, since their identity signed twice.
    pub duplicates: u64,
    /// The file that was written.
    pub file: String,
    /// How many signatures were left out, since they do not count by the config.
    pub left_out: u64,
    /// What would become of it by the config that was named, such as `accepted`; null where none was.
    pub outcome: Option<String>,
    /// Who signed.
    pub signatures: Vec<SignerView>,
}
