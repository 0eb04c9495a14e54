//! How archived proposals ended.

use crate::{
    contract::{
        answer::{OutcomeReport, ProofReport, names::outcome_name},
        error::ContractError,
        ledger::{proofs::Effective, timestamps},
    },
    proto::cmscc::{Archive, Outcome, ProposalKind},
};

/// How an archived proposal ended, and the revision of its own that took effect. With proof it is
/// submitted, whatever it was when it was archived; what was proven then and is not now was disowned
/// by a recovery. `effective`: what took effect of all its revisions, or of what it was combined into.
pub(crate) fn outcome(
    archive: &Archive,
    effective: Option<&Effective>,
) -> Result<(OutcomeReport, Option<u64>), ContractError> {
    let own = effective.filter(|proof| proof.via.is_none());
    let is_update = archive.kind() == ProposalKind::ConfigUpdate;
    // settings are applied as their last revision says
    let applied = match archive.settings_version {
        Some(_) => archive.revisions.last().map(|last| last.revision),
        None => own.map(|proof| proof.revision),
    };
    let outcome = match (effective, archive.outcome()) {
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
        proof: effective.map(ProofReport::of).transpose()?,
        settings_version: archive.settings_version,
        text: in_words(outcome, archive.settings_version, effective),
        tx_id: archive.tx_id.clone(),
        via: effective
            .and_then(|proof| proof.via.as_ref())
            .map(ToString::to_string),
    };
    Ok((report, applied))
}

/// How an archived proposal ended, for people.
fn in_words(outcome: &str, version: Option<u64>, effective: Option<&Effective>) -> String {
    match (outcome, effective, version) {
        (_, _, Some(version)) => format!("applied as version {version} of the settings"),
        ("Submitted", Some(proof), _) => {
            let at = &proof.at;
            let via = match &proof.via {
                Some(via) => format!(", as a part of `{via}`"),
                None => String::new(),
            };
            format!(
                "in effect since sequence {}, block {}{via}",
                at.sequence, at.entry.block_number
            )
        }
        ("AlreadyInEffect", ..) => {
            "what it wanted was there already; nothing proves that it was submitted".to_owned()
        }
        ("Withdrawn", ..) => "taken back by its owner".to_owned(),
        ("Broken", ..) => "it could not be applied any more".to_owned(),
        ("Disowned", ..) => {
            "it took effect on a branch of the chain that a recovery ended".to_owned()
        }
        _ => outcome.to_owned(),
    }
}
