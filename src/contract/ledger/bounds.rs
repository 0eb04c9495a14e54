//! How much of the ledger a proposal and an organisation may take.

use super::{
    keys::{self, ProposalPlace},
    proposals,
    values::{all, corrupt, digest},
};
use crate::{
    capabilities::ContractBounds,
    contract::error::{Code, ContractError},
    ids::{Digest, MspId, ProposalId, Revision},
    proto::cmscc::{OpenProposal, Proposal},
    stub::Stub,
};

/// How many bytes of bodies a query reads together, and how many `UpdateProposals` does: beyond that one
/// body more at most. A peer ends the stream where a message has more than 100 MB.
pub(crate) const BODIES_READ: u64 = 16 << 20;
pub(crate) const BODIES_READ_TO_WRITE: u64 = 32 << 20;

/// Digests in a record are this long, in bytes.
const DIGEST: usize = 16;

/// What one organisation has open.
#[derive(Debug)]
pub(crate) struct OwnProposals(Vec<(ProposalPlace, OpenProposal)>);

impl OwnProposals {
    /// Reads the records of one organisation and no others, so that organisations never conflict with
    /// each other. Cost: one range, whose length the bounds limit.
    pub(crate) async fn read<S: Stub>(
        stub: &mut S,
        proposer: &MspId,
    ) -> Result<Self, ContractError> {
        let stored: Vec<(String, OpenProposal)> = all(stub, keys::open_of(proposer)).await?;
        let own = stored.into_iter().map(|(key, record)| {
            let place = keys::open_place(&key).ok_or_else(|| corrupt(&key))?;
            Ok((place, record))
        });
        Ok(Self(own.collect::<Result<_, ContractError>>()?))
    }

    /// All but one proposal.
    fn others(&self, id: &ProposalId) -> impl Iterator<Item = &(ProposalPlace, OpenProposal)> {
        self.0.iter().filter(move |(place, _)| place.id() != id)
    }

    /// Takes note of what this call writes, which reads do not see.
    pub(crate) fn replace(&mut self, place: &ProposalPlace, record: &OpenProposal) {
        self.0.retain(|(other, _)| other != place);
        self.0.push((place.clone(), record.clone()));
    }

    /// Refuses bytes that another proposal of the organisation has, unless that is withdrawn. Those of
    /// other organisations block nobody.
    pub(crate) fn demand_free(
        &self,
        id: &ProposalId,
        update: &Digest,
    ) -> Result<(), ContractError> {
        for (place, other) in self.others(id) {
            if other.withdrawal.is_none() && digest(&other.config_update_sha256)? == *update {
                return Err(Code::UpdateTaken.because(format_args!(
                    "proposal `{}` of your organisation has this very update as its revision {}; \
                     sign that one, or delete it first",
                    place.id(),
                    Revision(other.revision)
                )));
            }
        }
        Ok(())
    }

    /// Refuses to combine what another open combination of the organisation holds already, unless that
    /// is itself combined into this one: a source names one combination of each organisation.
    pub(crate) fn demand_uncombined(&self, proposal: &Proposal) -> Result<(), ContractError> {
        let id = ProposalId::new(proposal.id.as_str());
        let sources = &proposal.sources;
        let has = |id: &str| sources.iter().any(|source| source.proposal_id == id);
        let other = self.others(&id).find_map(|(place, other)| {
            if other.withdrawal.is_some() || has(place.id().as_str()) {
                return None;
            }
            let source = other.sources.iter().find(|source| has(source))?;
            Some((place, source))
        });
        other.map_or(Ok(()), |(place, source)| {
            Err(Code::AlreadyCombined.because(format_args!(
                "your organisation has combined `{source}` into `{}` already; combine that one, or \
                 delete it first",
                place.id()
            )))
        })
    }

    /// Whether a proposal is itself combined into another open one of the organisation: then its
    /// sources name that one.
    pub(crate) fn is_source(&self, id: &ProposalId) -> bool {
        self.others(id).any(|(_, other)| {
            let mut sources = other.sources.iter();
            other.withdrawal.is_none() && sources.any(|source| source == id.as_str())
        })
    }

    /// Refuses what is above a bound, together with what the organisation has open.
    pub(crate) fn demand_room(
        &self,
        bounds: &ContractBounds,
        proposal: &Proposal,
        record: &OpenProposal,
    ) -> Result<(), ContractError> {
        demand_bounded(bounds, proposal, record)?;
        let id = ProposalId::new(proposal.id.as_str());
        let count = self.others(&id).count();
        if count >= bounds.open {
            return Err(Code::TooManyOpen.because(format_args!(
                "`{}` has {count} proposals that are not archived, the bound is {}; \
                 `DeleteProposal` archives what is not needed any more",
                proposal.proposer_msp_id, bounds.open
            )));
        }
        let held = self
            .others(&id)
            .fold(0u64, |sum, (_, other)| sum.saturating_add(other.bytes));
        let most = u64::try_from(bounds.open_bytes).unwrap_or(u64::MAX);
        if held.saturating_add(record.bytes) > most {
            return Err(Code::TooManyBytes.because(format_args!(
                "this proposal has {} bytes, `{}` has {held} bytes in {count} proposals that are not \
                 archived, the bound is {most}; `DeleteProposal` archives what is not needed any more",
                record.bytes, proposal.proposer_msp_id
            )));
        }
        Ok(())
    }
}

/// Refuses a proposal that alone is above a bound.
fn demand_bounded(
    bounds: &ContractBounds,
    proposal: &Proposal,
    record: &OpenProposal,
) -> Result<(), ContractError> {
    let size = proposals::size(proposal);
    if size > bounds.proposal {
        return Err(Code::ProposalTooLarge.because(format_args!(
            "the proposal would have {size} bytes with all that is kept of it, the bound is {}",
            bounds.proposal
        )));
    }
    let touched = record.touched.clone().unwrap_or_default();
    let digests = [&touched.elements, &touched.holders, &record.written];
    let digests: usize = digests.iter().map(|joined| joined.len() / DIGEST).sum();
    if digests > bounds.digests {
        return Err(Code::ProposalTooLarge.because(format_args!(
            "the proposal touches and writes {digests} elements and groups, the bound is {}; make \
             several of it",
            bounds.digests
        )));
    }
    for (what, count, bound) in [
        (
            "revisions that are kept",
            proposal.revisions.len(),
            bounds.revisions,
        ),
        ("sources", proposal.sources.len(), bounds.sources),
    ] {
        if count > bound {
            return Err(Code::ProposalTooLarge.because(format_args!(
                "the proposal would have {count} {what}, the bound is {bound}"
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use prost::Message;

    use super::*;
    use crate::contract::ledger::keys::PositionPart;
    use crate::proto::{
        cmscc::{
            Archive, ArchivedRevision, Attestation, Combined, KnownIdentity, Member, Position,
            RaisedLevel, RevisionDigest, Signature, Stance, TouchedDigests, Vote, Withdrawal,
        },
        common::ConfigSignature,
    };

    const BOUNDS: ContractBounds = ContractBounds::V1_0;

    /// What a peer puts into one message of a range at most.
    const ENTRIES: usize = 100;

    /// Half of what ends a stream.
    const MESSAGE: usize = 50 << 20;

    /// Keys, and what lies about an entry in a message. Unit: bytes.
    const ABOUT: usize = 2 << 10;

    fn digest() -> Bytes {
        vec![7; 32].into()
    }

    fn withdrawal() -> Withdrawal {
        Withdrawal {
            tx_id: "f".repeat(64),
            ..Withdrawal::default()
        }
    }

    /// The largest values that lie in ranges.
    fn largest() -> Vec<(&'static str, usize)> {
        let names = Bytes::from(vec![7; BOUNDS.digests * DIGEST]);
        let open = OpenProposal {
            config_update_sha256: digest(),
            withdrawal: Some(withdrawal()),
            touched: Some(TouchedDigests {
                elements: names.clone(),
                contents: names.clone(),
                mod_policies: names.clone(),
                ..TouchedDigests::default()
            }),
            sources: vec!["i".repeat(64); BOUNDS.sources],
            raises: vec![
                RaisedLevel {
                    scope: 3,
                    level: "l".repeat(64),
                };
                64
            ],
            ..OpenProposal::default()
        };
        let archive = Archive {
            withdrawal: Some(withdrawal()),
            description: "d".repeat(BOUNDS.description),
            revisions: vec![
                ArchivedRevision {
                    config_update_sha256: digest(),
                    ..ArchivedRevision::default()
                };
                BOUNDS.revisions
            ],
            ..Archive::default()
        };
        // no key that Fabric takes signs with more
        let signature = Signature {
            fingerprint: "f".repeat(64),
            config_signature: Some(ConfigSignature {
                signature_header: vec![7; BOUNDS.signature_header].into(),
                signature: vec![7; 1 << 10].into(),
            }),
        };
        let position = Position {
            signatures: vec![signature; BOUNDS.position_signatures],
            vote: Some(Vote {
                reason: "r".repeat(BOUNDS.reason),
                sequence: Some(u64::MAX),
            }),
        };
        let stance = Stance {
            revision: u64::MAX,
            position: Some(position.clone()),
        };
        let known = KnownIdentity {
            serialized_identity: vec![7; BOUNDS.signature_header].into(),
            sequence: u64::MAX,
        };
        let combined = Combined {
            proposal_id: "i".repeat(64),
            config_update_sha256: digest(),
            revisions: vec![
                RevisionDigest {
                    revision: u64::MAX,
                    config_update_sha256: digest(),
                };
                BOUNDS.revisions
            ],
            ..Combined::default()
        };
        let levels = || vec!["l".repeat(64); 64];
        let member = Member {
            sequence: Some(u64::MAX),
            attestation: Some(Attestation {
                channel: levels(),
                orderer: levels(),
                application: levels(),
                ..Attestation::default()
            }),
            statements: u64::MAX,
        };
        vec![
            ("open", open.encoded_len()),
            ("archive", archive.encoded_len()),
            ("position", position.encoded_len()),
            ("stance", stance.encoded_len()),
            ("known", known.encoded_len()),
            ("combined", combined.encoded_len()),
            ("member", member.encoded_len()),
        ]
    }

    #[test]
    fn no_message_of_a_peer_has_more_than_half_of_what_ends_a_stream() {
        for (range, entry) in largest() {
            let message = ENTRIES * (entry + ABOUT);
            assert!(message < MESSAGE, "{range}: {message}");
        }
        let most = usize::try_from(BODIES_READ.max(BODIES_READ_TO_WRITE)).unwrap();
        assert!(most + BOUNDS.proposal + (1 << 20) < MESSAGE);
        assert!(BOUNDS.open_bytes <= BODIES_READ.try_into().unwrap());
    }

    #[test]
    fn no_key_is_longer_than_counts() {
        let msp_id = MspId::new("m".repeat(BOUNDS.msp_id));
        let place = ProposalPlace::new(&msp_id, &ProposalId::new("i".repeat(64)));
        for key in [
            keys::open(&place),
            keys::archive(&place),
            keys::position(
                &place,
                Revision(u64::MAX),
                PositionPart::Signatures,
                &msp_id,
            ),
            keys::stance(&place, &msp_id),
            keys::combined(&place, &msp_id),
            keys::known(&msp_id, "f"),
        ] {
            assert!(key.len() < ABOUT / 2, "{key}");
        }
    }

    #[test]
    fn the_page_says_what_the_bounds_are() {
        let page = include_str!("../../../docs/state.md");
        let thousands = |n: usize| {
            let digits = n.to_string();
            let groups = digits.as_bytes().rchunks(3).rev();
            let groups: Vec<&str> = groups.map(|g| std::str::from_utf8(g).unwrap()).collect();
            groups.join(",")
        };
        for (words, bound) in [
            (
                "a patch, an organisation group or a config update, bytes",
                BOUNDS.patch,
            ),
            ("levels of a patch", BOUNDS.patch_levels),
            (
                "the MSP id of an organisation that proposes, signs or rejects, bytes",
                BOUNDS.msp_id,
            ),
            (
                "one proposal with all that is kept of it, bytes",
                BOUNDS.proposal,
            ),
            ("kept revisions of one proposal", BOUNDS.revisions),
            ("proposals combined into one", BOUNDS.sources),
            (
                "proposals that one organisation has open, dead ones included",
                BOUNDS.open,
            ),
            ("what one organisation has open, bytes", BOUNDS.open_bytes),
            (
                "signatures of one organisation on one revision",
                BOUNDS.position_signatures,
            ),
        ] {
            let row = format!("| {words} | {} |", thousands(bound));
            assert!(page.contains(&row), "{row}");
        }
        for (range, entry) in largest() {
            let kilobytes = entry.div_ceil(1000);
            let rows: Vec<&str> = (page.lines())
                .filter(|line| line.starts_with(&format!("| `{range}`")) && line.contains(" KB |"))
                .collect();
            assert!(!rows.is_empty(), "{range}");
            for row in rows {
                let said = row
                    .split(" KB |")
                    .next()
                    .unwrap()
                    .rsplit("| ")
                    .next()
                    .unwrap();
                assert!(
                    said.parse::<usize>().unwrap() >= kilobytes,
                    "{kilobytes}: {row}"
                );
            }
        }
    }
}
