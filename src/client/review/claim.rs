//! What others hand over of a proposal.

use bytes::Bytes;

use crate::{
    config::{ConfigSignature, Patch, PatchLimits},
    ids::{ProposalId, Revision, UnixTime},
    json,
};

use super::super::{ClientError, Exit};

/// What others hand over of one revision of a proposal. Nothing of it is believed.
#[derive(Clone, Debug)]
pub struct ProposalClaim {
    /// Its id, which its proposer chose.
    pub proposal_id: ProposalId,
    /// Which computation of the update it is.
    pub revision: Revision,
    /// Whether it is a config update, or settings of the contract.
    pub kind: ClaimedKind,
    /// What is signed: a serialized `common.ConfigUpdate`.
    pub config_update: Bytes,
    /// The intent, as Fabric's JSON of a `common.Config`; `None` where none was handed over.
    pub patch: Option<Vec<u8>>,
    /// The signatures on it.
    pub signatures: Vec<ConfigSignature>,
    /// When it was proposed.
    pub created_at: UnixTime,
}

/// What a proposal is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimedKind {
    /// The channel's config.
    ConfigUpdate,
    /// The contract's settings.
    Settings,
}

impl ProposalClaim {
    /// The intent, read.
    ///
    /// # Errors
    /// `BAD_INTENT` (unsafe).
    pub(in crate::client) fn intent(&self) -> Result<Option<Patch>, ClientError> {
        const LIMITS: PatchLimits = PatchLimits {
            patch_bytes: 32 << 20,
            patch_levels: 1_000,
        };
        let Some(text) = &self.patch else {
            return Ok(None);
        };
        let bad = |error: &dyn std::fmt::Display| {
            let text = format!(
                "the intent of proposal `{}` cannot be read: {error}",
                self.proposal_id
            );
            ClientError::new(Exit::Unsafe, "BAD_INTENT", text)
        };
        let bytes = json::decode("common.Config", text).map_err(|error| bad(&error))?;
        let patch = Patch::parse(bytes.into(), &LIMITS).map_err(|error| bad(&error))?;
        Ok(Some(patch))
    }
}
