//! How archived proposals ended.

use crate::{
    contract::{
        answer::{OutcomeReport, ProofReport, names::outcome_name},
        error::ContractError,
        ledger::{archive::content, proofs, proposals, timestamps},
    },
    ids::Sequence,
    proto::cmscc::{Archive, Outcome, ProposalKind},
    stub::Stub,
};

/// How an archived proposal ended, and the revision of its own that took effect. With proof it is
/// submitted, whatever it was when it was archived; what was proven then and is not now was disowned
/// by a recovery.
pub(crate) async fn outcome<S: Stub>(
    stub: &mut S,
    head: Sequence,
    archive: &Archive,
) -> Result<(OutcomeReport, Option<u64>), ContractError> {
    let effective = proofs::ever(stub, head, content(archive)?).await?;
    let own = effective.as_ref().filter(|proof| proof.via.is_none());
    let is_update = content(archive)?.kind() == ProposalKind::ConfigUpdate;
    // settings are applied as their last revision says
    let applied = match archive.settings_version {
        Some(_) => Some(proposals::last(content(archive)?)?.revision),
        None => own.map(|proof| proof.revision),
    };
    let outcome = match (&effective, archive.outcome()) {
        // settings are proven by nothing but the ledger itself, and no recovery touches them
        (_, other) if !is_update => outcome_name(other),
        (Some(_), _) => outcome_name(Outcome::Submitted),
        (None, Outcome::Submitted) => "Disowned",
        (None, other) => outcome_name(other),
    };
    let report = OutcomeReport {
        archived_at: archive
            .archived_at
            .as_ref()
            .and_then(|at| timestamps::text(timestamps::read(at))),
        as_of_sequence: archive.as_of_sequence,
        outcome,
        proof: effective.as_ref().map(ProofReport::of).transpose()?,
        settings_version: archive.settings_version,
        tx_id: archive.tx_id.clone(),
        via: effective
            .as_ref()
            .and_then(|proof| proof.via.as_ref())
            .map(ToString::to_string),
    };
    Ok((report, applied))
}
