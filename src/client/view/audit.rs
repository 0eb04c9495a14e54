//! What an auditor learns from a folder of exported proposals and config blocks.

use schemars::JsonSchema;
use serde::Serialize;

use crate::client::{
    ClientError, ConfigTrail, TrailConfig,
    answers::{DiffAnswer, same_shape},
};

/// A folder of bundles and blocks, verified.
#[derive(Clone, Debug, Default, PartialEq, JsonSchema, Serialize)]
pub struct AuditView {
    /// The sequence of the anchor that was given, from which all later ones are proven; null: there is
    /// none, or no way leads from it to these configs.
    pub anchored: Option<u64>,
    /// Configs that have to be believed: nothing before them is there, and they are not the anchor.
    pub believed: Vec<BelievedView>,
    /// The channel.
    pub channel_id: String,
    /// The configs in the folder, ascending.
    pub configs: Vec<AuditedConfigView>,
    /// What is false or missing, of blocks.
    pub findings: Vec<FoundView>,
    /// The exported proposals, by id.
    pub proposals: Vec<AuditedProposalView>,
    /// Whether nothing was found.
    pub verified: bool,
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
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema, Serialize)]
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
    /// Whether nothing was found.
    pub verified: bool,
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
    ) -> Result<Self, ClientError> {
        proposals.sort_by(|one, other| one.proposal_id.cmp(&other.proposal_id));
        let led_to = |sequence: u64| {
            let mut led = proposals
                .iter()
                .filter(|one| one.sequence == Some(sequence));
            led.find(|one| one.verified)
                .map(|one| one.proposal_id.clone())
        };
        let configs = trail.configs().iter();
        let configs = configs.map(|one| AuditedConfigView::new(one, led_to(one.sequence.0)));
        let believed = trail.believed().map(|one| BelievedView {
            block_number: one.link.block_number.0,
            config_sha256: one.link.config_sha256.to_string(),
            sequence: one.sequence.0,
        });
        let verified = findings.is_empty() && proposals.iter().all(|one| one.verified);
        Ok(Self {
            anchored: trail.anchored().map(|sequence| sequence.0),
            believed: believed.collect(),
            channel_id: channel_id.to_owned(),
            configs: configs.collect::<Result<_, _>>()?,
            findings,
            proposals,
            verified,
        })
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
    /// Those that are in the folder now.
    pub proposals: Vec<String>,
    /// Proposals about settings: no block proves them, so they are in no export.
    pub settings: Vec<String>,
}

/// A proposal that could not be exported.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema, Serialize)]
pub struct NotExportedView {
    /// Its id.
    pub proposal_id: String,
    /// Why.
    pub why: String,
}
