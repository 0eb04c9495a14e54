//! What an auditor learns from a folder of exported proposals and config blocks.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::client::{
    ClientError, ConfigTrail, TrailConfig,
    answers::{DiffAnswer, same_shape},
};

/// A folder of bundles and blocks, verified.
#[derive(Clone, Debug, Default, PartialEq, JsonSchema, Serialize)]
pub struct AuditView {
    /// Configs that have to be believed: nothing before them is there, and they are no anchors.
    pub believed: Vec<BelievedView>,
    /// The channel.
    pub channel_id: String,
    /// The configs in the folder, ascending.
    pub configs: Vec<AuditedConfigView>,
    /// What is false or missing, of blocks.
    pub findings: Vec<FoundView>,
    /// What lies in the folder and was not read, and why.
    pub not_read: Vec<String>,
    /// The configs that no proposal in here led to, ascending.
    pub outside: Vec<u64>,
    /// The exported proposals, by id.
    pub proposals: Vec<AuditedProposalView>,
    /// What the anchors prove, ascending. Behind the last config here only a peer knows more.
    pub proven: Vec<ProvenView>,
    /// Anchors that prove nothing in here: no way leads from them to these configs.
    pub unused_anchors: Vec<u64>,
    /// Whether nothing was found.
    pub verified: bool,
}

/// Up to where an anchor proves configs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, JsonSchema, Serialize)]
pub struct ProvenView {
    /// The config of the anchor.
    pub anchor: u64,
    /// The last config that follows from it without a gap.
    pub to: u64,
}

/// A config that has to be believed.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema, Serialize)]
pub struct BelievedView {
    /// The number of its block.
    pub block_number: u64,
    /// The digest of the whole config.
    pub config_sha256: String,
    /// Its sequence.
    pub sequence: u64,
}

/// One config, and the proposal that led to it.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize)]
pub struct AuditedConfigView {
    /// The number of its block.
    pub block_number: u64,
    /// The digest of the whole config.
    pub config_sha256: String,
    /// What changed; null where it does not follow from the one before.
    pub diff: Option<DiffAnswer>,
    /// Whether it follows from the config before it.
    pub follows: bool,
    /// The exported proposal that led to it; null: none in here did.
    pub proposal_id: Option<String>,
    /// Its sequence.
    pub sequence: u64,
    /// Whose signatures on the update count.
    pub signed_by: Vec<AuditedSignerView>,
}

/// Who signed an update.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema, Serialize)]
pub struct AuditedSignerView {
    /// The MSP id.
    pub msp_id: String,
    /// The subject of the certificate.
    pub subject: String,
}

/// One exported proposal.
#[derive(Clone, Debug, Default, PartialEq, Eq, JsonSchema, Serialize)]
pub struct AuditedProposalView {
    /// What is false or missing.
    pub findings: Vec<FoundView>,
    /// What no block can show.
    pub not_verified: Vec<String>,
    /// How it ended, as the bundle says.
    pub outcome: String,
    /// Its id.
    pub proposal_id: String,
    /// The config that it led to; null: none.
    pub sequence: Option<u64>,
    /// What the contract says of it, and no block shows.
    pub stated: StatedView,
    /// Who signed on chain, and not by way of the contract.
    pub unrecorded: Vec<AuditedSignerView>,
    /// Whether nothing was found.
    pub verified: bool,
}

/// What the contract says of a proposal, and no block shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, JsonSchema, Serialize)]
pub struct StatedView {
    /// When it was archived; null: it is not.
    pub archived_at: Option<String>,
    /// When it was made.
    pub created_at: Option<String>,
    /// The proposer's words.
    pub description: String,
    /// Who proposed it.
    pub proposer_msp_id: String,
    /// Who rejected it, and why.
    pub rejections: Vec<StatedRejectionView>,
}

/// A rejection, as the contract says.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema, Serialize)]
pub struct StatedRejectionView {
    /// Who rejected it.
    pub msp_id: String,
    /// Why.
    pub reason: String,
    /// The revision that was rejected.
    pub revision: u64,
}

/// What is false or missing.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema, Serialize)]
pub struct FoundView {
    /// Its stable name, such as `BLOCK_MISSING`.
    pub id: String,
    /// Where.
    pub place: String,
    /// What.
    pub text: String,
}

/// What may be false or missing in a folder beside its bundles; `docs/audit.md` lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FolderFindingId {
    /// A file holds no config block, or one that does not follow from the config before it.
    BlockInvalid,
    /// A file holds no bundle, or none that belongs here.
    BundleInvalid,
    /// A config needs levels that this build does not know.
    CapabilityUnsupported,
    /// A config is another one than an anchor's, or than one that is here.
    Fork,
    /// Configs between others are missing.
    Gap,
    /// A block is of another channel.
    WrongChannel,
}

impl FolderFindingId {
    /// Every one, in the order of the catalogue.
    pub const ALL: &[Self] = &[
        Self::BlockInvalid,
        Self::BundleInvalid,
        Self::CapabilityUnsupported,
        Self::Fork,
        Self::Gap,
        Self::WrongChannel,
    ];

    /// As documents and scripts name it, upper case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::BlockInvalid => "BLOCK_INVALID",
            Self::BundleInvalid => "BUNDLE_INVALID",
            Self::CapabilityUnsupported => "CAPABILITY_UNSUPPORTED",
            Self::Fork => "FORK",
            Self::Gap => "GAP",
            Self::WrongChannel => "WRONG_CHANNEL",
        }
    }

    /// What a block that the trail refused is.
    #[must_use]
    pub fn of_refused(error: &ClientError) -> Self {
        match error.symbol.as_str() {
            "CAPABILITY_UNSUPPORTED" => Self::CapabilityUnsupported,
            "FORK" => Self::Fork,
            "WRONG_CHANNEL" => Self::WrongChannel,
            _ => Self::BlockInvalid,
        }
    }
}

impl AuditView {
    /// What a trail and the reports on the bundles come to. `proposals`: in any order.
    ///
    /// # Errors
    /// `ANSWER_UNREADABLE`, which no input leads to.
    pub fn new(
        channel_id: &str,
        trail: &ConfigTrail,
        mut proposals: Vec<AuditedProposalView>,
        findings: Vec<FoundView>,
        not_read: Vec<String>,
    ) -> Result<Self, ClientError> {
        proposals.sort_by(|one, other| one.proposal_id.cmp(&other.proposal_id));
        let mut led_to: BTreeMap<u64, &str> = BTreeMap::new();
        for one in proposals.iter().filter(|one| one.verified) {
            if let Some(sequence) = one.sequence {
                led_to.entry(sequence).or_insert(&one.proposal_id);
            }
        }
        let configs = trail.configs().iter().map(|one| {
            let led = led_to.get(&one.sequence.0);
            AuditedConfigView::new(one, led.map(|&id| id.to_owned()))
        });
        let configs = configs.collect::<Result<Vec<_>, _>>()?;
        let outside = configs.iter();
        let outside = outside.filter(|one| one.follows && one.proposal_id.is_none());
        let believed = trail.believed().map(|one| BelievedView {
            block_number: one.link.block_number.0,
            config_sha256: one.link.config_sha256.to_string(),
            sequence: one.sequence.0,
        });
        let proven = trail.proven();
        let is_used = |anchor: u64| {
            let mut proven = proven.iter();
            proven.any(|one| (one.anchor.0..=one.to.0).contains(&anchor))
        };
        Ok(Self {
            believed: believed.collect(),
            channel_id: channel_id.to_owned(),
            outside: outside.map(|one| one.sequence).collect(),
            configs,
            not_read,
            proven: (proven.iter())
                .map(|one| ProvenView {
                    anchor: one.anchor.0,
                    to: one.to.0,
                })
                .collect(),
            unused_anchors: (trail.anchors().map(|anchor| anchor.0))
                .filter(|anchor| !is_used(*anchor))
                .collect(),
            verified: findings.is_empty() && proposals.iter().all(|one| one.verified),
            findings,
            proposals,
        })
    }

    /// Whether it is another chain than an anchor's, or two of them.
    #[must_use]
    pub fn is_fork(&self) -> bool {
        let mut findings = self.findings.iter();
        findings.any(|one| one.id == FolderFindingId::Fork.name())
    }

    /// Whether nothing has to be believed and nothing was passed over: all of it follows from anchors.
    #[must_use]
    pub const fn is_proven(&self) -> bool {
        self.verified
            && self.believed.is_empty()
            && self.not_read.is_empty()
            && self.unused_anchors.is_empty()
    }
}

impl AuditedConfigView {
    fn new(config: &TrailConfig, proposal_id: Option<String>) -> Result<Self, ClientError> {
        let signed_by = config.signers.iter();
        Ok(Self {
            block_number: config.link.block_number.0,
            config_sha256: config.link.config_sha256.to_string(),
            diff: config.diff.as_ref().map(same_shape).transpose()?,
            follows: config.follows,
            proposal_id,
            sequence: config.sequence.0,
            signed_by: signed_by
                .map(|(msp_id, subject)| AuditedSignerView {
                    msp_id: msp_id.to_string(),
                    subject: subject.clone(),
                })
                .collect(),
        })
    }
}

/// What was exported into a folder.
#[derive(Clone, Debug, Default, PartialEq, Eq, JsonSchema, Serialize)]
pub struct ExportedView {
    /// How many config blocks the folder has now.
    pub blocks: usize,
    /// The folder.
    pub folder: String,
    /// Proposals that could not be exported, and why.
    pub not_exported: Vec<NotExportedView>,
    /// Proposals that are not over, or are over and not archived where no block proves it.
    pub not_over: Vec<String>,
    /// Those that are in the folder now.
    pub proposals: Vec<String>,
    /// Proposals about settings: no block proves them, so they are in no export.
    pub settings: Vec<String>,
    /// Whether all that lies in the folder was verified, and nothing was found.
    pub verified: bool,
}

/// A proposal that could not be exported.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema, Serialize)]
pub struct NotExportedView {
    /// Its id.
    pub proposal_id: String,
    /// Why.
    pub why: String,
}
