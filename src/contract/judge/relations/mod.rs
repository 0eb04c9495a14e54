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

use std::{collections::BTreeMap, sync::Arc};

pub(crate) use digests::{RevisionDigests, digests};
use digests::{ShortDigest, StoredDigests, TouchedElements, TouchedParts, mentioned};
use subjects::{SaidBy, SubjectSet};

use crate::{
    config::{ConfigTree, ElementPath, Patch, Update},
    contract::{
        answer::{ExclusionReport, RelationsReport},
        error::ContractError,
    },
    ids::ProposalId,
    proto::cmscc::{OpenProposal, ProposalKind},
    review::diff::contrast,
};

/// Of how many exclusions the contents may be shown, and how many differences of each.
pub(crate) const CONTRASTS: usize = 10;
const CONTRASTED: usize = 20;
/// How many proposals are named; the others are counted.
const EXCLUSIONS: usize = CONTRASTS + 100;
const FOLLOWED: usize = 100;

/// Proposals whose relations are asked for, in the order in which they were added.
#[derive(Debug, Default)]
pub(crate) struct Relations {
    subjects: Vec<AskedProposal>,
    /// What the elements that they touch, or that hold those, or that their bytes mention, are to them.
    elements: BTreeMap<ShortDigest, ConcernedSubjects>,
    /// Those whose bytes apply as they are.
    applying: SubjectSet,
}

impl Relations {
    /// Adds a config update's intent. `update`: its bytes, where they apply as they are with the
    /// intended effect; otherwise it follows nothing.
    pub(crate) fn add(&mut self, id: &ProposalId, patch: &Patch, update: Option<&Update>) {
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
            let name = ShortDigest::of(&holder.to_string());
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
            id: id.clone(),
            found: FoundRelations::default(),
        });
    }

    /// Whether nobody's relations are asked for.
    pub(crate) const fn is_empty(&self) -> bool {
        self.subjects.is_empty()
    }

    /// Finds their relations to another open proposal, from its record. Each has none to itself. What
    /// was withdrawn or changes no config has none to anybody. Takes time for each digest of the record and
    /// for each subject, however many elements these touch.
    ///
    /// # Errors
    /// `STATE_CORRUPT`: not a record that the contract wrote.
    pub(crate) fn meet(
        &mut self,
        id: &ProposalId,
        record: &OpenProposal,
    ) -> Result<(), ContractError> {
        if record.kind() != ProposalKind::ConfigUpdate || record.withdrawal.is_some() {
            return Ok(());
        }
        let other = StoredDigests::read(record)?;
        let text: Arc<str> = id.as_str().into();
        let mut done = SubjectSet::default();
        for (place, subject) in self.subjects.iter().enumerate() {
            if subject.id == *id {
                done.add(place);
            }
        }
        for (path, excluded) in contested(&self.elements, &other) {
            for place in excluded.without(&done).places() {
                if let Some(subject) = self.subjects.get_mut(place) {
                    subject.found.exclude(&text, path);
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
                subject.found.follow(&text);
            }
        }
        Ok(())
    }

    /// What was found, in the order in which they were added.
    pub(crate) fn found(self) -> impl Iterator<Item = FoundRelations> {
        self.subjects.into_iter().map(|subject| subject.found)
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
    found: FoundRelations,
}

/// How a proposal stands to the others.
#[derive(Debug, Default)]
pub(crate) struct FoundRelations {
    report: RelationsReport,
    /// The elements of the first exclusions, at most [`CONTRASTS`].
    contested: Vec<ElementPath>,
}

impl FoundRelations {
    fn exclude(&mut self, id: &Arc<str>, element: &ElementPath) {
        let report = &mut self.report;
        report.excludes_count = report.excludes_count.saturating_add(1);
        if self.contested.len() < CONTRASTS {
            self.contested.push(element.clone());
        }
        if report.excludes.len() < EXCLUSIONS {
            report.excludes.push(ExclusionReport {
                contrast: None,
                element: element.to_string(),
                proposal_id: Arc::clone(id),
            });
        }
    }

    fn follow(&mut self, id: &Arc<str>) {
        let report = &mut self.report;
        report.can_follow_count = report.can_follow_count.saturating_add(1);
        if report.can_follow.len() < FOLLOWED {
            report.can_follow.push(Arc::clone(id));
        }
    }

    /// The proposals of which both contents can be shown, those that exclude it first: at most
    /// [`CONTRASTS`].
    pub(crate) fn contestants(&self) -> Vec<ProposalId> {
        let excludes = self.report.excludes.iter().take(self.contested.len());
        excludes
            .map(|one| ProposalId::new(&*one.proposal_id))
            .collect()
    }

    /// Shows what both want, for the contestant at this place. `ours`: the config that this proposal
    /// leads to, `theirs`: the other's intent. Without effect where that does not apply to the config.
    pub(crate) fn contrast(
        &mut self,
        place: usize,
        config: &ConfigTree,
        ours: &ConfigTree,
        theirs: &Patch,
    ) {
        let element = self.contested.get(place);
        let excluded = self.report.excludes.get_mut(place);
        if let (Some(element), Some(excluded)) = (element, excluded)
            && let Ok(theirs) = theirs.apply(config)
        {
            let mut shown = contrast(element, true, &theirs, ours);
            shown.truncate(CONTRASTED);
            excluded.contrast = Some(shown);
        }
    }

    /// As answers show it.
    pub(crate) fn report(self) -> RelationsReport {
        self.report
    }
}
