//! Finished proposals: how each ended. What it held, and what was said of it, stays where it lies.

use bytes::Bytes;

use super::{keys, proofs::Effective, proposals::Unarchived, timestamps, values::put};
use crate::{
    config::{Bundle, Section},
    ids::{Digest, Sequence, UnixTime},
    proto::cmscc::{Archive, ArchivedRevision, Outcome},
    stub::Stub,
};

/// How a proposal ends.
#[derive(Debug)]
pub(crate) struct ProposalEnd {
    /// What became of it.
    pub(crate) outcome: Outcome,
    /// The revision that took effect, and where.
    pub(crate) proof: Option<Effective>,
    /// The version that applied settings became.
    pub(crate) settings_version: Option<u64>,
    /// The head's sequence.
    pub(crate) as_of: Sequence,
    /// The transaction that ends it.
    pub(crate) tx_id: String,
    /// The time of that transaction.
    pub(crate) at: UnixTime,
}

/// Moves a proposal into the archive. Writes two keys, and removes what was kept of it for those that
/// look at open ones: blindly, of every organisation of the config, so that nobody who speaks of it meets
/// the call.
pub(crate) fn store<S: Stub>(
    stub: &mut S,
    bundle: &Bundle,
    ended: &Unarchived,
    ending: &ProposalEnd,
) {
    let Unarchived {
        place,
        proposal,
        record,
    } = ended;
    let revisions = proposal.revisions.iter().map(|one| ArchivedRevision {
        revision: one.revision,
        config_update_sha256: Bytes::copy_from_slice(Digest::of(&one.config_update).as_bytes()),
        base_sequence: one.base_sequence,
    });
    let archive = Archive {
        outcome: ending.outcome.into(),
        proof: ending.proof.as_ref().map(Effective::archived),
        tx_id: ending.tx_id.clone(),
        archived_at: Some(timestamps::stored(ending.at)),
        as_of_sequence: ending.as_of.0,
        settings_version: ending.settings_version,
        withdrawal: record.withdrawal.clone(),
        kind: proposal.kind,
        description: proposal.description.clone(),
        created_at: proposal.created_at,
        revisions: revisions.collect(),
    };
    let members = bundle.msp_ids(Section::Application);
    for msp_id in &members {
        stub.del_state(keys::combining(place, msp_id));
    }
    for msp_id in members.union(&bundle.msp_ids(Section::Orderer)) {
        stub.del_state(keys::stance(place, msp_id));
    }
    stub.del_state(keys::open(place));
    put(stub, keys::archive(place), &archive);
}
