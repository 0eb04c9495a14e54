//! Where everything lies on the ledger.

use std::borrow::Cow;

use crate::{
    ids::{Digest, MspId, ProposalId, Revision, Sequence},
    stub::{
        KeyRange,
        keys::{attributes, composite, number, prefix},
    },
};

const CONFIG: &str = "config";
const SEQUENCE: &str = "seq";
const SIGNATURE: &str = "signature";
const PROPOSAL: &str = "proposal";
const MEMBER: &str = "member";
const ARCHIVE: &str = "archive";
const VOTE: &str = "vote";
const COMBINED: &str = "combined";
const ATTESTATION: &str = "attestation";

/// The newest verified config's facts.
pub(crate) fn head() -> String {
    composite(CONFIG, &["head"])
}

/// The newest verified config's bytes.
pub(crate) fn body() -> String {
    composite(CONFIG, &["body"])
}

/// What the members agreed about the contract.
pub(crate) fn settings() -> String {
    composite("settings", &[])
}

/// One link of the verified chain.
pub(crate) fn chain_entry(sequence: Sequence) -> String {
    composite(CONFIG, &[SEQUENCE, &number(sequence.0)])
}

/// The policies that were evaluated on the update of a link.
pub(crate) fn evaluated(sequence: Sequence) -> String {
    composite(CONFIG, &["policies", &number(sequence.0)])
}

/// The links of the chain from a sequence on, in ascending order.
pub(crate) fn chain_from(sequence: Sequence) -> KeyRange {
    KeyRange {
        start: chain_entry(sequence),
        end: prefix(CONFIG, &[SEQUENCE]).end,
    }
}

/// The links of the chain from one sequence to another, both included, in ascending order.
pub(crate) fn chain_between(first: Sequence, last: Sequence) -> KeyRange {
    KeyRange {
        start: chain_entry(first),
        end: format!("{}\0", chain_entry(last)),
    }
}

/// The sequence of a chain entry's key.
pub(crate) fn chain_sequence(key: &str) -> Option<Sequence> {
    match attributes(CONFIG, key)?.as_slice() {
        [SEQUENCE, digits] => digits.parse().ok().map(Sequence),
        _ => None,
    }
}

/// Where a config update took effect.
pub(crate) fn applied(update: &Digest) -> String {
    composite("applied", &[&update.to_string()])
}

/// Whose bytes a config update is.
pub(crate) fn update(update: &Digest) -> String {
    composite("update", &[&update.to_string()])
}

/// A proposal that is not archived.
pub(crate) fn proposal(id: &ProposalId) -> String {
    composite(PROPOSAL, &[id.as_str()])
}

/// All proposals that are not archived, in ascending order of their ids.
pub(crate) fn proposals() -> KeyRange {
    prefix(PROPOSAL, &[])
}

/// What of a source went into a combined proposal.
pub(crate) fn combined(source: &ProposalId, id: &ProposalId) -> String {
    composite(COMBINED, &[source.as_str(), id.as_str()])
}

/// The same for all sources from one id to another, both included: by source, then by id.
pub(crate) fn combined_into(first: &ProposalId, last: &ProposalId) -> KeyRange {
    KeyRange {
        start: prefix(COMBINED, &[first.as_str()]).start,
        end: prefix(COMBINED, &[last.as_str()]).end,
    }
}

/// Source and combined proposal of such a key.
pub(crate) fn combined_facts(key: &str) -> Option<(ProposalId, ProposalId)> {
    match attributes(COMBINED, key)?.as_slice() {
        [source, id] => Some((ProposalId::new(*source), ProposalId::new(*id))),
        _ => None,
    }
}

/// A proposal that is archived, with what remains of it.
pub(crate) fn archive(id: &ProposalId) -> String {
    composite(ARCHIVE, &[id.as_str()])
}

/// All finished proposals, in ascending order of their ids.
pub(crate) fn archives() -> KeyRange {
    prefix(ARCHIVE, &[])
}

/// Since when an MSP id is a member.
pub(crate) fn member(msp_id: &MspId) -> String {
    composite(MEMBER, &[&escaped(msp_id.as_str())])
}

/// All members, in ascending order of their escaped ids.
pub(crate) fn members() -> KeyRange {
    prefix(MEMBER, &[])
}

/// The MSP id of a member's key.
pub(crate) fn member_msp_id(key: &str) -> Option<MspId> {
    match attributes(MEMBER, key)?.as_slice() {
        [msp_id] => Some(MspId::new(unescaped(msp_id))),
        _ => None,
    }
}

/// What an organisation says of its nodes.
pub(crate) fn attestation(msp_id: &MspId) -> String {
    composite(ATTESTATION, &[&escaped(msp_id.as_str())])
}

/// All attestations, in ascending order of their escaped MSP ids.
pub(crate) fn attestations() -> KeyRange {
    prefix(ATTESTATION, &[])
}

/// The MSP id of an attestation's key.
pub(crate) fn attestation_msp_id(key: &str) -> Option<MspId> {
    match attributes(ATTESTATION, key)?.as_slice() {
        [msp_id] => Some(MspId::new(unescaped(msp_id))),
        _ => None,
    }
}

/// One identity's signature on one revision.
pub(crate) fn signature(slot: &SignatureSlot<'_>) -> String {
    composite(
        SIGNATURE,
        &[
            slot.proposal.as_str(),
            &number(slot.revision.0),
            &escaped(slot.msp_id.as_str()),
            slot.fingerprint,
        ],
    )
}

/// All signatures on a proposal, by revision, then MSP id, then identity.
pub(crate) fn signatures(proposal: &ProposalId) -> KeyRange {
    prefix(SIGNATURE, &[proposal.as_str()])
}

/// All signatures on one revision of a proposal by identities of one MSP.
pub(crate) fn signatures_of(proposal: &ProposalId, revision: Revision, msp_id: &MspId) -> KeyRange {
    prefix(
        SIGNATURE,
        &[
            proposal.as_str(),
            &number(revision.0),
            &escaped(msp_id.as_str()),
        ],
    )
}

/// Revision, MSP id and fingerprint of a signature's key.
pub(crate) fn signature_facts(key: &str) -> Option<(Revision, MspId, String)> {
    match attributes(SIGNATURE, key)?.as_slice() {
        [_, revision, msp_id, fingerprint] => Some((
            Revision(revision.parse().ok()?),
            MspId::new(unescaped(msp_id)),
            (*fingerprint).to_owned(),
        )),
        _ => None,
    }
}

/// One organisation's rejection of one revision.
pub(crate) fn vote(proposal: &ProposalId, revision: Revision, msp_id: &MspId) -> String {
    composite(
        VOTE,
        &[
            proposal.as_str(),
            &number(revision.0),
            &escaped(msp_id.as_str()),
        ],
    )
}

/// All votes on the proposals from one id to another, both included: by id, then revision, then
/// MSP id.
pub(crate) fn votes(first: &ProposalId, last: &ProposalId) -> KeyRange {
    KeyRange {
        start: prefix(VOTE, &[first.as_str()]).start,
        end: prefix(VOTE, &[last.as_str()]).end,
    }
}

/// Proposal, revision and MSP id of a vote's key.
pub(crate) fn vote_facts(key: &str) -> Option<(ProposalId, Revision, MspId)> {
    match attributes(VOTE, key)?.as_slice() {
        [proposal, revision, msp_id] => Some((
            ProposalId::new(*proposal),
            Revision(revision.parse().ok()?),
            MspId::new(unescaped(msp_id)),
        )),
        _ => None,
    }
}

/// Where one signature lies.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SignatureSlot<'a> {
    /// The proposal that was signed.
    pub(crate) proposal: &'a ProposalId,
    /// Its revision that was signed.
    pub(crate) revision: Revision,
    /// The signer's MSP.
    pub(crate) msp_id: &'a MspId,
    /// The signer's MSP identity id.
    pub(crate) fingerprint: &'a str,
}

/// MSP ids are chosen by organisations, and Fabric does not look at them: what would break a
/// composite key apart is written as `%` and a hex code.
fn escaped(text: &str) -> Cow<'_, str> {
    if !text.contains(['%', '\0', char::MAX]) {
        return Cow::Borrowed(text);
    }
    let replaced = text
        .replace('%', "%25")
        .replace('\0', "%00")
        .replace(char::MAX, "%FF");
    Cow::Owned(replaced)
}

fn unescaped(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    text.replace("%00", "\0")
        .replace("%FF", char::MAX.encode_utf8(&mut [0; 4]))
        .replace("%25", "%")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_msp_ids_stay_apart_and_read_back() {
        let id = ProposalId::new("add");
        let mut seen = std::collections::BTreeSet::new();
        for odd in [
            "Org1MSP",
            "%",
            "%25",
            "a\0b",
            "a%00b",
            "\u{10FFFF}",
            "%FF",
            "",
        ] {
            let msp_id = MspId::new(odd);
            let key = signature(&SignatureSlot {
                proposal: &id,
                revision: Revision(3),
                msp_id: &msp_id,
                fingerprint: "abc",
            });
            assert!(signatures(&id).start <= key && key < signatures(&id).end);
            assert_eq!(
                signature_facts(&key),
                Some((Revision(3), msp_id.clone(), "abc".to_owned())),
                "{odd:?}"
            );
            assert_eq!(
                vote_facts(&vote(&id, Revision(3), &msp_id)),
                Some((id.clone(), Revision(3), msp_id.clone()))
            );
            assert_eq!(
                attestation_msp_id(&attestation(&msp_id)),
                Some(msp_id.clone())
            );
            assert_eq!(member_msp_id(&member(&msp_id)), Some(msp_id));
            assert!(seen.insert(key));
        }
    }

    #[test]
    fn chain_ranges_start_where_asked() {
        let range = chain_from(Sequence(9));
        assert!(chain_entry(Sequence(8)) < range.start);
        assert!(range.start <= chain_entry(Sequence(10)));
        assert!(chain_entry(Sequence(u64::MAX)) < range.end);
        assert!(head() < range.start);
        assert_eq!(chain_sequence(&chain_entry(Sequence(9))), Some(Sequence(9)));
        assert_eq!(chain_sequence(&head()), None);
    }
}
