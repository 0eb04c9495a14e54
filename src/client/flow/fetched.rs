//! The contract's answers, as far as they are needed to judge and to act. More members may come; none
//! is renamed.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, value::RawValue};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    client::{ClaimedKind, ClientError, ContractSaid, Exit, ProposalClaim},
    config::{ConfigSignature, envelope},
    ids::{ProposalId, Revision, UnixTime},
};

/// What `GetProposal` answers, or `CheckProposal`.
#[derive(Debug, Deserialize)]
pub struct FetchedProposal {
    /// Its id.
    pub proposal_id: String,
    /// The MSP id of who proposed it.
    pub proposer_msp_id: String,
    /// What its proposer says of it.
    pub description: String,
    /// `config_update` or `settings`.
    pub kind: String,
    /// Which computation is current.
    pub revision: u64,
    /// Its status.
    pub status: String,
    /// Whether only its archive is left.
    pub archived: bool,
    /// The config's sequence that the answer is about.
    pub as_of_sequence: u64,
    /// Until when it may be signed.
    pub deadline: Option<String>,
    /// When it was proposed.
    pub created_at: Option<String>,
    /// SHA-256 of the update.
    pub config_update_sha256: String,
    /// Rejections.
    #[serde(default)]
    pub votes: Vec<FetchedVote>,
    config_update_to_sign: Option<String>,
    patch: Option<Box<RawValue>>,
    signatures: Vec<FetchedSignature>,
    diff: Option<FetchedDiff>,
    lint: Option<FetchedLint>,
    #[serde(default)]
    omitted: Value,
    /// What belongs to its status.
    pub status_detail: FetchedDetail,
}

/// What belongs to a status.
#[derive(Debug, Default, Deserialize)]
pub struct FetchedDetail {
    /// Why it has its status, in words.
    pub why: Option<String>,
    /// Whether the config is like that already.
    #[serde(default)]
    pub already_in_effect: bool,
    /// Where it took effect.
    pub proof: Option<FetchedProof>,
}

/// Where a revision took effect.
#[derive(Debug, Deserialize)]
pub struct FetchedProof {
    /// The block.
    pub block_number: u64,
    /// The hash of its header.
    pub block_hash: String,
    /// The sequence that it led to.
    pub sequence: u64,
}

/// A rejection.
#[derive(Debug, Deserialize)]
pub struct FetchedVote {
    /// Who rejects.
    pub msp_id: String,
    /// Why.
    pub reason: String,
    /// Which revision.
    pub revision: u64,
    /// Given before the organisation left: it does not count.
    pub former_member: bool,
}

#[derive(Debug, Deserialize)]
struct FetchedSignature {
    config_signature: String,
}

#[derive(Debug, Deserialize)]
struct FetchedDiff {
    changes: Vec<Value>,
    #[serde(default)]
    truncated: u64,
}

#[derive(Debug, Deserialize)]
struct FetchedLint {
    findings: Vec<FetchedFinding>,
    #[serde(default)]
    truncated: u64,
}

#[derive(Debug, Deserialize)]
struct FetchedFinding {
    id: String,
    path: String,
}

/// What `AddSignature` answers.
#[derive(Debug, Deserialize)]
pub struct CarriedSignatures {
    /// Those that are new.
    pub added: Vec<Value>,
    /// Those that were there.
    pub already: Vec<Value>,
    /// Those that do not count, and why.
    pub refused: Vec<Value>,
}

/// What `GetConfigChain` answers.
#[derive(Debug, Deserialize)]
pub(super) struct FetchedChain {
    pub(super) chain: Vec<FetchedLink>,
    pub(super) sequence: u64,
    pub(super) next: Option<u64>,
}

/// A link of it.
#[derive(Debug, Deserialize)]
pub(super) struct FetchedLink {
    pub(super) sequence: u64,
    pub(super) block_number: u64,
    pub(super) block_hash: String,
    pub(super) config_sha256: String,
    pub(super) config_update_sha256: Option<String>,
}

/// Reads an answer.
///
/// # Errors
/// `BAD_ANSWER`.
pub(super) fn read<'a, T: Deserialize<'a>>(
    function: &str,
    answer: &'a [u8],
) -> Result<T, ClientError> {
    serde_json::from_slice(answer).map_err(|error| bad(function, &error))
}

pub(super) fn bad(function: &str, why: &dyn std::fmt::Display) -> ClientError {
    let text = format!("the contract's answer of {function} cannot be read: {why}");
    ClientError::new(Exit::Failed, "BAD_ANSWER", text)
        .hint("is the chaincode cmscc, of a version that this client knows?")
}

impl FetchedProposal {
    /// What is to be judged.
    pub(super) fn claim(&self) -> Result<ProposalClaim, ClientError> {
        const FUNCTION: &str = "GetProposal";
        let envelope = self.config_update_to_sign.as_ref().ok_or_else(|| {
            let text = format!(
                "proposal `{}` is `{}`: there is nothing to sign",
                self.proposal_id, self.status
            );
            ClientError::new(Exit::Failed, "NOT_OPEN", text)
        })?;
        let decode = |text: &str| {
            let bytes = STANDARD
                .decode(text)
                .map_err(|error| bad(FUNCTION, &error))?;
            Ok::<_, ClientError>(Bytes::from(bytes))
        };
        let envelope = envelope::read_update_envelope(&decode(envelope)?)
            .map_err(|error| bad(FUNCTION, &error))?;
        let signatures = self.signatures.iter().map(|one| {
            ConfigSignature::parse(&decode(&one.config_signature)?)
                .map_err(|error| bad(FUNCTION, &error))
        });
        if self.cut("signatures") || self.cut("patch") {
            let text = format!(
                "the contract hands out proposal `{}` in part only",
                self.proposal_id
            );
            return Err(ClientError::new(Exit::Failed, "BAD_ANSWER", text));
        }
        Ok(ProposalClaim {
            proposal_id: ProposalId::new(self.proposal_id.as_str()),
            revision: Revision(self.revision),
            kind: match self.kind.as_str() {
                "settings" => ClaimedKind::Settings,
                _ => ClaimedKind::ConfigUpdate,
            },
            config_update: envelope.config_update,
            patch: self
                .patch
                .as_ref()
                .map(|patch| patch.get().as_bytes().to_vec()),
            signatures: signatures.collect::<Result<_, _>>()?,
            created_at: self.created_at(),
        })
    }

    /// What the contract says of it.
    pub(super) fn said(&self) -> ContractSaid {
        let diff = self.diff.as_ref();
        let lint = self.lint.as_ref();
        ContractSaid {
            status: self.status.clone(),
            config_update_sha256: self.config_update_sha256.clone(),
            changes: diff.map(|diff| diff.changes.clone()),
            changes_cut: diff.is_some_and(|diff| diff.truncated > 0),
            findings: lint.map(|lint| {
                let each = lint.findings.iter();
                each.map(|one| (one.id.clone(), one.path.clone())).collect()
            }),
            findings_cut: lint.is_some_and(|lint| lint.truncated > 0),
        }
    }

    fn created_at(&self) -> UnixTime {
        let time = self.created_at.as_deref();
        let time = time.and_then(|text| OffsetDateTime::parse(text, &Rfc3339).ok());
        time.map_or_else(UnixTime::default, |time| UnixTime {
            seconds: time.unix_timestamp(),
            nanos: time.nanosecond(),
        })
    }

    fn cut(&self, member: &str) -> bool {
        self.omitted.get(member).is_some()
    }
}
