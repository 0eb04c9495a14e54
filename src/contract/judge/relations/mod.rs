//! How open proposals stand to each other: which exclude each other, and which can follow which
//! without losing signatures.
//!
//! Two proposals exclude each other when their intents cannot be combined. One can follow another
//! when the other writes no element that its bytes mention, since Fabric checks versions of exactly
//! those, and the intents do not exclude each other.
//!
//! Of the others nothing is needed but their small records: digests of what they touch and write
//! ([`digests`]). So what others have open costs no more than their records, whatever is in them.

mod digests;
mod subjects;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    iter,
    sync::Arc,
};

use digests::{ShortDigest, StoredDigests, TouchedElements, TouchedParts, mentioned};
pub(crate) use digests::{touched_digests, written_digests};
use subjects::{SaidBy, SubjectSet};

use crate::{
    config::{ConfigTree, ElementPath, Patch, Update},
    contract::{
        answer::{ExclusionReport, RelationsReport},
        error::ContractError,
        ledger::{keys::ProposalPlace, proposals},
    },
    ids::ProposalId,
    proto::cmscc::{OpenProposal, Proposal, ProposalKind},
    review::diff::contrast,
};

/// Of how many exclusions the contents are shown, and how many differences of each.
const CONTRASTS: usize = 10;
const CONTRASTED: usize = 20;

/// How many proposals are named of each kind, the others being counted.
#[derive(Clone, Copy, Debug)]
struct NamedBound {
    proposals: usize,
    /// Of their ids and elements, in bytes.
    texts: usize,
}

/// Of a proposal that is shown alone.
const ALONE: NamedBound = NamedBound {
    proposals: 100,
    texts: 64 << 10,
};

/// Of each in a list: 200 of them stay below 2 MB.
const LISTED: NamedBound = NamedBound {
    proposals: 20,
    texts: 4 << 10,
};

/// Proposals whose relations are asked for, in the order in which they were added.
#[derive(Debug, Default)]
pub(crate) struct Relations<'a> {
    subjects: Vec<AskedProposal>,
    /// What elements are to them: those that they touch, that hold those, that their bytes mention.
    elements: BTreeMap<ShortDigest, ConcernedSubjects>,
    /// Those whose bytes apply as they are.
    applying: SubjectSet,
    /// For contrasts: the config now.
    config: Option<&'a ConfigTree>,
}

impl<'a> Relations<'a> {
    /// Of a proposal that is shown alone: shows the contents as well where two want different ones of an
    /// element.
    pub(crate) fn with_contrasts(config: &'a ConfigTree) -> Self {
        Self {
            config: Some(config),
            ..Self::default()
        }
    }

    /// Adds a config update. `is_open`: whether its bytes apply as they are, with the intended effect;
    /// others follow nothing.
    ///
    /// # Errors
    /// `STATE_CORRUPT`: not a proposal that the contract wrote.
    pub(crate) fn add(&mut self, proposal: &Proposal, is_open: bool) -> Result<(), ContractError> {
        let patch = proposals::patch(proposal)?;
        let current = proposals::last(proposal)?;
        let update = Update::parse(current.config_update.clone())
            .ok()
            .filter(|_| is_open);
        self.add_intent(
            ProposalId::new(proposal.id.as_str()),
            &patch,
            update.as_ref(),
        );
        Ok(())
    }

    /// `update`: the bytes, where they apply.
    fn add_intent(&mut self, id: ProposalId, patch: &Patch, update: Option<&Update>) {
        let place = self.subjects.len();
        let touched = TouchedElements::of(patch);
        for wish in touched.wishes {
            let parts = TouchedParts::of(&wish);
            let concerned = self.elements.entry(parts.element).or_default();
            concerned.touching.add(place);
            concerned.contents.add(parts.content, place);
            concerned.mod_policies.add(parts.mod_policy, place);
            concerned.path = Some(wish.path);
        }
        for holder in touched.holders {
            let name = ShortDigest::of_element(&holder);
            let concerned = self.elements.entry(name).or_default();
            concerned.holding.add(place);
            concerned.path = Some(holder);
        }
        if let Some(update) = update {
            self.applying.add(place);
            for name in mentioned(update) {
                let concerned = self.elements.entry(name).or_default();
                concerned.mentioning.add(place);
            }
        }
        self.subjects.push(AskedProposal {
            id,
            intended: self.config.and_then(|config| patch.apply(config).ok()),
            contested: Vec::new(),
            excludes: NamedSoFar::default(),
            can_follow: NamedSoFar::default(),
            report: RelationsReport::default(),
        });
    }

    /// Whether nobody's relations are asked for.
    pub(crate) const fn is_empty(&self) -> bool {
        self.subjects.is_empty()
    }

    /// Finds their relations to the open proposals of these records. `more`: there are others.
    ///
    /// None has relations to itself. What was withdrawn or changes no config has none. Cost: a look-up
    /// for each digest of the records, and some work for each pair; not for each element of a pair.
    ///
    /// # Errors
    /// `STATE_CORRUPT`: not a record that the contract wrote.
    pub(crate) fn meet(
        &mut self,
        others: &[(ProposalPlace, OpenProposal)],
        more: bool,
    ) -> Result<(), ContractError> {
        for (place, record) in others {
            let withdrawn = record.withdrawal.is_some();
            if record.kind() == ProposalKind::ConfigUpdate && !withdrawn {
                self.meet_one(place.id(), &StoredDigests::read(record)?);
            }
        }
        for subject in &mut self.subjects {
            subject.report.more |= more;
        }
        Ok(())
    }

    fn meet_one(&mut self, id: &ProposalId, other: &StoredDigests) {
        let text: Arc<str> = id.as_str().into();
        let bound = match self.config {
            Some(_) => ALONE,
            None => LISTED,
        };
        let mut done = SubjectSet::default();
        for (place, subject) in self.subjects.iter().enumerate() {
            if subject.id == *id {
                done.add(place);
            }
        }
        for (path, excluded) in contested(&self.elements, other) {
            for place in excluded.without(&done).places() {
                if let Some(subject) = self.subjects.get_mut(place) {
                    subject.exclude(bound, &text, path);
                }
            }
            done.extend(&excluded);
        }
        for name in &other.written {
            if let Some(concerned) = self.elements.get(name) {
                done.extend(&concerned.mentioning);
            }
        }
        for place in self.applying.without(&done).places() {
            if let Some(subject) = self.subjects.get_mut(place) {
                subject.follow(bound, &text);
            }
        }
    }

    /// The proposals whose intents are wanted, to show the contents: those that exclude a subject first,
    /// at most 10 of each.
    pub(crate) fn contrasts_wanted(&self) -> BTreeSet<ProposalId> {
        let shown = self.subjects.iter().filter(|one| one.intended.is_some());
        shown
            .flat_map(|subject| iter::zip(&subject.report.excludes, &subject.contested))
            .map(|(excluded, _)| ProposalId::new(&*excluded.proposal_id))
            .collect()
    }

    /// Shows what both make of the element because of which they exclude each other, where the other's
    /// intent applies to the config.
    pub(crate) fn contrast(&mut self, id: &ProposalId, other: &Patch) {
        let Some(theirs) = self.config.and_then(|config| other.apply(config).ok()) else {
            return;
        };
        for subject in &mut self.subjects {
            let Some(ours) = &subject.intended else {
                continue;
            };
            for (excluded, element) in iter::zip(&mut subject.report.excludes, &subject.contested) {
                if *excluded.proposal_id == *id.as_str() {
                    let mut shown = contrast(element, true, &theirs, ours);
                    shown.truncate(CONTRASTED);
                    excluded.contrast = Some(shown);
                }
            }
        }
    }

    /// What was found, in the order in which they were added.
    pub(crate) fn reports(self) -> impl Iterator<Item = RelationsReport> {
        self.subjects.into_iter().map(|subject| subject.report)
    }
}

/// The elements because of which a proposal excludes subjects, ascending, and which those are.
fn contested<'e>(
    elements: &'e BTreeMap<ShortDigest, ConcernedSubjects>,
    other: &StoredDigests,
) -> Vec<(&'e ElementPath, SubjectSet)> {
    let by_element = other.elements.iter().filter_map(|parts| {
        let concerned = elements.get(&parts.element)?;
        Some((concerned, concerned.excluded_by(parts)))
    });
    let by_holder = other.holders.iter().filter_map(|holder| {
        let concerned = elements.get(holder)?;
        // only of a group that is meant whole the content is said
        Some((concerned, concerned.contents.anybody().clone()))
    });
    let mut contested: Vec<_> = (by_element.chain(by_holder))
        .filter(|(_, excluded)| !excluded.is_empty())
        .filter_map(|(concerned, excluded)| Some((concerned.path.as_ref()?, excluded)))
        .collect();
    contested.sort_by_key(|(path, _)| *path);
    contested
}

/// What an element is to the subjects.
#[derive(Debug, Default)]
struct ConcernedSubjects {
    /// Where it stands; `None` where it is only mentioned.
    path: Option<ElementPath>,
    /// Who writes or deletes it.
    touching: SubjectSet,
    /// Who says what of its content, of a group that is meant whole.
    contents: SaidBy,
    mod_policies: SaidBy,
    /// Who touches something in this group.
    holding: SubjectSet,
    /// Whose bytes mention it.
    mentioning: SubjectSet,
}

impl ConcernedSubjects {
    /// Those who want something else than another intent that touches the element.
    fn excluded_by(&self, other: &TouchedParts) -> SubjectSet {
        let mut excluded = self.contents.others(other.content);
        excluded.extend(&self.mod_policies.others(other.mod_policy));
        // a deletion, against whatever else
        match other.content {
            ShortDigest::WHOLE => {
                let deleting = self.contents.saying(ShortDigest::WHOLE);
                excluded.extend(&self.touching.without(&deleting));
            }
            _ => excluded.extend(&self.contents.saying(ShortDigest::WHOLE)),
        }
        // of a group: it is meant whole
        if other.content != ShortDigest::UNSAID {
            excluded.extend(&self.holding);
        }
        excluded
    }
}

/// A proposal whose relations are asked for.
#[derive(Debug)]
struct AskedProposal {
    id: ProposalId,
    /// For contrasts: the config that it leads to.
    intended: Option<ConfigTree>,
    /// The elements of the first exclusions, at most [`CONTRASTS`].
    contested: Vec<ElementPath>,
    excludes: NamedSoFar,
    can_follow: NamedSoFar,
    report: RelationsReport,
}

impl AskedProposal {
    fn exclude(&mut self, bound: NamedBound, id: &Arc<str>, element: &ElementPath) {
        let text = element.to_string();
        let report = &mut self.report;
        if self
            .excludes
            .takes(bound, id.len().saturating_add(text.len()))
        {
            report.excludes.push(ExclusionReport {
                contrast: None,
                element: text,
                proposal_id: Arc::clone(id),
            });
            if self.contested.len() < CONTRASTS {
                self.contested.push(element.clone());
            }
        }
        report.excludes_count = report.excludes_count.saturating_add(1);
    }

    fn follow(&mut self, bound: NamedBound, id: &Arc<str>) {
        let report = &mut self.report;
        if self.can_follow.takes(bound, id.len()) {
            report.can_follow.push(Arc::clone(id));
        }
        report.can_follow_count = report.can_follow_count.saturating_add(1);
    }
}

/// What a list of proposals has taken so far.
#[derive(Clone, Copy, Debug, Default)]
struct NamedSoFar {
    proposals: usize,
    texts: usize,
}

impl NamedSoFar {
    /// Takes another one, of so many bytes, unless it or one before is too much.
    const fn takes(&mut self, bound: NamedBound, bytes: usize) -> bool {
        self.proposals = self.proposals.saturating_add(1);
        self.texts = self.texts.saturating_add(bytes);
        self.proposals <= bound.proposals && self.texts <= bound.texts
    }
}
