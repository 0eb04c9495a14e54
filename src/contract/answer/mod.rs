//! The shapes of answers. Field names are public: more may be added, none renamed.
//!
//! Fields are declared in the order of their names, so that keys come out sorted; absent ones are
//! null. Documents in Fabric's own JSON stand inside as they are ([`RawValue`]): they may be nested
//! deeper than a generic JSON tree can hold.

mod agreement;
mod bounds;
mod chain;
mod change;
mod cut;
pub(crate) mod events;
pub(crate) mod names;
mod proposal;

pub(crate) use agreement::{
    AttestationReport, AttestationToSign, CapabilitiesReport, DefinitionReport, GetSettingsReport,
    LevelReport, LevelsAttested, ProposedSettings, SettingsApplied, SettingsReport,
    UnattestedLevel,
};
pub(crate) use bounds::{ENTRIES_SHARE, Omitted, Part, SPOILERS, Shown, shorten};
pub(crate) use chain::{ChainLink, ConfigChain, ConfigReport, Synced};
pub(crate) use change::{
    ArchivedReport, ConflictReport, Ended, LeftReport, Proposed, RecomputedReport,
    RefusedSignature, Signed, SignerReport, UnusedSignature, Updated,
};
pub(crate) use proposal::{
    CombinedReport, ConsentReport, ExclusionReport, ExplanationReport, History, HistoryEntry,
    OutcomeReport, OutdatedBy, ProofReport, ProposalList, ProposalReport, ProposalSummary,
    RecordingReport, RelationsReport, RevisionReport, SignatureReport, SourceReport, SpoilerReport,
    StatusDetail, VoteReport, config_signature,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::{
    contract::error::{Code, ContractError},
    ids::Digest,
    json,
};

/// A Fabric document inside an answer is never longer than this, in bytes.
pub(crate) const DOCUMENT: usize = 512 << 20;

/// The bytes of an answer.
pub(crate) fn write(report: &impl Serialize) -> Result<Vec<u8>, ContractError> {
    serde_json::to_vec(report)
        .map_err(|e| Code::Internal.because(format_args!("the answer cannot be written: {e}")))
}

/// A message in Fabric's JSON form, to stand inside an answer; `None` where it has none: a config
/// may be nested deeper than JSON, or hold principals that Fabric's own codec cannot write.
pub(crate) fn document(message_type: &str, bytes: &[u8]) -> Option<Box<RawValue>> {
    let text = json::encode_compact(message_type, bytes, DOCUMENT).ok()?;
    RawValue::from_string(text).ok()
}

/// Base64 as answers carry it.
pub(crate) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// The same of bytes that may be absent, which empty ones are.
pub(crate) fn optional_bytes(bytes: &[u8]) -> Option<String> {
    (!bytes.is_empty()).then(|| base64(bytes))
}

/// A digest as text, where it is there.
pub(crate) fn optional_digest(digest: Option<&Digest>) -> Option<String> {
    digest.map(Digest::to_string)
}
