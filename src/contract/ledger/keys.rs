//! Where everything lies on the ledger.

use std::borrow::Cow;

use crate::{
    config::Section,
    ids::{Digest, MspId, ProposalId, Revision, Sequence},
    proto::cmscc::Proposal,
    stub::{
        KeyRange,
        keys::{attributes, composite, number, prefix},
    },
};

const CONFIG: &str = "config";
const SEQUENCE: &str = "seq";
const OPEN: &str = "open";
const ARCHIVE: &str = "archive";
const POSITION: &str = "position";
const STANCE: &str = "stance";
const COMBINED: &str = "combined";
const COMBINING: &str = "combining";
const MEMBER: &str = "member";
const SINCE: &str = "since";
const ATTESTED: &str = "attested";
const KNOWN: &str = "known";

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

/// What a proposal holds, open or archived.
pub(crate) fn proposal(id: &ProposalId) -> String {
    composite("proposal", &[id.as_str()])
}

/// A proposal that is not archived, in short.
pub(crate) fn open(place: &ProposalPlace) -> String {
    composite(OPEN, &place.attributes())
}

/// All proposals that are not archived, by proposer, then by id.
pub(crate) fn all_open() -> KeyRange {
    prefix(OPEN, &[])
}

/// The same of one organisation.
pub(crate) fn open_of(proposer: &MspId) -> KeyRange {
    prefix(OPEN, &[&escaped(proposer.as_str())])
}

/// The proposal of such a key.
pub(crate) fn open_place(key: &str) -> Option<ProposalPlace> {
    place(OPEN, key)
}

/// How a proposal ended.
pub(crate) fn archive(place: &ProposalPlace) -> String {
    composite(ARCHIVE, &place.attributes())
}

/// All proposals that ended, by proposer, then by id.
pub(crate) fn all_archives() -> KeyRange {
    prefix(ARCHIVE, &[])
}

/// The same of one organisation.
pub(crate) fn archives_of(proposer: &MspId) -> KeyRange {
    prefix(ARCHIVE, &[&escaped(proposer.as_str())])
}

/// The proposal of such a key.
pub(crate) fn archive_place(key: &str) -> Option<ProposalPlace> {
    place(ARCHIVE, key)
}

/// Into which proposal of an organisation a source was combined last.
pub(crate) fn combined(source: &ProposalPlace, proposer: &MspId) -> String {
    let [msp_id, id] = source.attributes();
    composite(COMBINED, &[msp_id, id, &escaped(proposer.as_str())])
}

/// The same for all sources from one to another, both included: by source, then by proposer.
pub(crate) fn combined_into(first: &ProposalPlace, last: &ProposalPlace) -> KeyRange {
    between(COMBINED, first, last)
}

/// Into which open proposal of an organisation a source is combined, while the source is open.
pub(crate) fn combining(source: &ProposalPlace, proposer: &MspId) -> String {
    let [msp_id, id] = source.attributes();
    composite(COMBINING, &[msp_id, id, &escaped(proposer.as_str())])
}

/// The same for all open sources from one to another, both included.
pub(crate) fn combining_into(first: &ProposalPlace, last: &ProposalPlace) -> KeyRange {
    between(COMBINING, first, last)
}

/// The source of a key of either kind.
pub(crate) fn combined_source(key: &str) -> Option<ProposalPlace> {
    let attributes = attributes(COMBINED, key).or_else(|| attributes(COMBINING, key))?;
    match attributes.as_slice() {
        [msp_id, id, _] => Some(ProposalPlace::of(msp_id, id)),
        _ => None,
    }
}

/// Since when an MSP id is in a section.
pub(crate) fn member(section: Section, msp_id: &MspId) -> String {
    composite(MEMBER, &[SINCE, section.name(), &escaped(msp_id.as_str())])
}

/// What an organisation attested as one of a section.
pub(crate) fn attested(section: Section, msp_id: &MspId) -> String {
    composite(
        MEMBER,
        &[ATTESTED, section.name(), &escaped(msp_id.as_str())],
    )
}

/// What all organisations attested, and then since when they are there: by section, then in ascending
/// order of their escaped ids.
pub(crate) fn members() -> KeyRange {
    prefix(MEMBER, &[])
}

/// Since when they are there, and nothing else.
pub(crate) fn members_since() -> KeyRange {
    prefix(MEMBER, &[SINCE])
}

/// Section and MSP id of a member's key; whether it is the one that says since when.
pub(crate) fn member_facts(key: &str) -> Option<(Section, MspId, bool)> {
    let attributes = attributes(MEMBER, key)?;
    let &[kind, section, msp_id] = attributes.as_slice() else {
        return None;
    };
    let section = [Section::Application, Section::Orderer]
        .into_iter()
        .find(|known| known.name() == section)?;
    let is_since = match kind {
        SINCE => true,
        ATTESTED => false,
        _ => return None,
    };
    Some((section, MspId::new(unescaped(msp_id)), is_since))
}

/// A slot for somebody who acted for an organisation.
pub(crate) fn known(msp_id: &MspId, slot: &str) -> String {
    composite(KNOWN, &[&escaped(msp_id.as_str()), slot])
}

/// All slots of an organisation.
pub(crate) fn known_of(msp_id: &MspId) -> KeyRange {
    prefix(KNOWN, &[&escaped(msp_id.as_str())])
}

/// What an organisation says of one revision of a proposal.
pub(crate) fn position(
    place: &ProposalPlace,
    revision: Revision,
    part: PositionPart,
    msp_id: &MspId,
) -> String {
    let [proposer, id] = place.attributes();
    let revision = number(revision.0);
    let msp_id = escaped(msp_id.as_str());
    composite(POSITION, &[proposer, id, &revision, part.name(), &msp_id])
}

/// All positions on a proposal: by revision, then signatures before votes, then by MSP id.
pub(crate) fn positions(place: &ProposalPlace) -> KeyRange {
    prefix(POSITION, &place.attributes())
}

/// All signatures on one revision, by MSP id.
pub(crate) fn signatures_on(place: &ProposalPlace, revision: Revision) -> KeyRange {
    let [proposer, id] = place.attributes();
    let part = PositionPart::Signatures.name();
    prefix(POSITION, &[proposer, id, &number(revision.0), part])
}

/// Proposal, revision and MSP id of a position's key.
pub(crate) fn position_facts(key: &str) -> Option<(ProposalPlace, Revision, MspId)> {
    match attributes(POSITION, key)?.as_slice() {
        [proposer, id, revision, _, msp_id] => Some((
            ProposalPlace::of(proposer, id),
            Revision(revision.parse().ok()?),
            MspId::new(unescaped(msp_id)),
        )),
        _ => None,
    }
}

/// What an organisation says of the newest revision that it spoke of, while the proposal is open.
pub(crate) fn stance(place: &ProposalPlace, msp_id: &MspId) -> String {
    let [proposer, id] = place.attributes();
    composite(STANCE, &[proposer, id, &escaped(msp_id.as_str())])
}

/// The same of the open proposals from one to another, both included: by proposal, then MSP id.
pub(crate) fn stances(first: &ProposalPlace, last: &ProposalPlace) -> KeyRange {
    between(STANCE, first, last)
}

/// Proposal and MSP id of such a key.
pub(crate) fn stance_facts(key: &str) -> Option<(ProposalPlace, MspId)> {
    match attributes(STANCE, key)?.as_slice() {
        [proposer, id, msp_id] => {
            let place = ProposalPlace::of(proposer, id);
            Some((place, MspId::new(unescaped(msp_id))))
        }
        _ => None,
    }
}

/// What of a position lies under a key: who signs and who rejects never meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PositionPart {
    Signatures,
    Vote,
}

impl PositionPart {
    const fn name(self) -> &'static str {
        match self {
            Self::Signatures => "signatures",
            Self::Vote => "vote",
        }
    }
}

/// Under whose name a proposal lies. Ordered as the keys are.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ProposalPlace {
    /// The MSP id of the organisation that proposed it, escaped.
    proposer: String,
    id: ProposalId,
}

impl ProposalPlace {
    /// The place of an organisation's proposal.
    pub(crate) fn new(proposer: &MspId, id: &ProposalId) -> Self {
        Self {
            proposer: escaped(proposer.as_str()).into_owned(),
            id: id.clone(),
        }
    }

    /// The same of a stored proposal.
    pub(crate) fn of_proposal(proposal: &Proposal) -> Self {
        Self::new(
            &MspId::new(proposal.proposer_msp_id.as_str()),
            &ProposalId::new(proposal.id.as_str()),
        )
    }

    /// The proposal's id.
    pub(crate) const fn id(&self) -> &ProposalId {
        &self.id
    }

    /// The organisation that proposed it.
    pub(crate) fn proposer(&self) -> MspId {
        MspId::new(unescaped(&self.proposer))
    }

    fn of(proposer: &str, id: &str) -> Self {
        Self {
            proposer: proposer.to_owned(),
            id: ProposalId::new(id),
        }
    }

    fn attributes(&self) -> [&str; 2] {
        [&self.proposer, self.id.as_str()]
    }
}

fn place(kind: &str, key: &str) -> Option<ProposalPlace> {
    match attributes(kind, key)?.as_slice() {
        [proposer, id] => Some(ProposalPlace::of(proposer, id)),
        _ => None,
    }
}

/// What of a range lies behind a proposal; all of it where there is none, or one that lies before.
pub(crate) fn range_behind(
    mut range: KeyRange,
    last: Option<(MspId, ProposalId)>,
    key: impl Fn(&ProposalPlace) -> String,
) -> KeyRange {
    if let Some((proposer, id)) = last {
        let behind = format!("{}\0", key(&ProposalPlace::new(&proposer, &id)));
        range.start = range.start.max(behind);
        // a peer may refuse a range that ends before it starts
        range.end = range.end.max(range.start.clone());
    }
    range
}

fn between(kind: &str, first: &ProposalPlace, last: &ProposalPlace) -> KeyRange {
    KeyRange {
        start: prefix(kind, &first.attributes()).start,
        end: prefix(kind, &last.attributes()).end,
    }
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
            let place = ProposalPlace::new(&msp_id, &id);
            assert_eq!((place.proposer(), place.id()), (msp_id.clone(), &id));
            for part in [PositionPart::Signatures, PositionPart::Vote] {
                let key = position(&place, Revision(3), part, &msp_id);
                let range = positions(&place);
                assert!(range.start <= key && key < range.end);
                let range = signatures_on(&place, Revision(3));
                let within = range.start <= key && key < range.end;
                assert_eq!(within, part == PositionPart::Signatures);
                assert_eq!(
                    position_facts(&key),
                    Some((place.clone(), Revision(3), msp_id.clone())),
                    "{odd:?}"
                );
            }
            let key = stance(&place, &msp_id);
            let range = stances(&place, &place);
            assert!(range.start <= key && key < range.end);
            assert_eq!(stance_facts(&key), Some((place.clone(), msp_id.clone())));
            let key = open(&place);
            let range = open_of(&msp_id);
            assert!(range.start <= key && key < range.end);
            assert_eq!(open_place(&key), Some(place.clone()));
            assert_eq!(archive_place(&archive(&place)), Some(place.clone()));
            let combined = combined(&place, &msp_id);
            let range = combined_into(&place, &place);
            assert!(range.start <= combined && combined < range.end);
            assert_eq!(combined_source(&combined), Some(place.clone()));
            let combining = combining(&place, &msp_id);
            let range = combining_into(&place, &place);
            assert!(range.start <= combining && combining < range.end);
            assert_eq!(combined_source(&combining), Some(place));
            for section in [Section::Application, Section::Orderer] {
                for is_since in [true, false] {
                    let key = match is_since {
                        true => member(section, &msp_id),
                        false => attested(section, &msp_id),
                    };
                    assert!(members().start <= key && key < members().end);
                    let range = members_since();
                    assert_eq!(range.start <= key && key < range.end, is_since);
                    let facts = Some((section, msp_id.clone(), is_since));
                    assert_eq!(member_facts(&key), facts);
                }
            }
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
