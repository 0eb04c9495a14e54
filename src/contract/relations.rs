//! How open proposals stand to each other: which exclude each other, and which can follow which
//! without losing signatures.
//!
//! Two proposals exclude each other when their intents cannot be combined. One can follow another
//! when its bytes apply to what the other makes of the config, with the same effect: when the other
//! writes no element that its bytes mention, since Fabric checks versions of exactly those, and the
//! intents do not exclude each other.

use std::collections::BTreeSet;

use bytes::Bytes;

use super::{
    error::ContractError,
    keys, list, proofs, proposal,
    reports::{ExclusionReport, RelationsReport},
    state,
};
use crate::{
    config::{
        Bundle, ConfigTree, ElementPath, GroupRef, Patch, Update,
        diff::{Contrast, contrast},
    },
    ids::{Digest, Sequence},
    proto::cmscc::{Proposal, ProposalKind, TouchedElement},
    stub::Stub,
};

/// How many proposals are looked at together: they are not all held at once.
const STEP: usize = 100;
/// Of how many exclusions the contents are shown, and how many differences of each.
const CONTRASTS: usize = 10;
const CONTRASTED: usize = 20;

/// A proposal whose relations are asked for.
#[derive(Debug)]
pub(super) struct Subject<'a> {
    id: String,
    patch: Patch,
    touched: Touched,
    /// What its bytes mention; empty where they do not apply as they are.
    mentioned: Option<BTreeSet<ElementPath>>,
    /// For contrasts: the config now, and the one that it leads to.
    configs: Option<(&'a ConfigTree, ConfigTree)>,
    report: RelationsReport,
}

impl<'a> Subject<'a> {
    /// `is_open`: whether its bytes apply as they are, with the intended effect.
    pub(super) fn new(proposal: &Proposal, is_open: bool) -> Result<Self, ContractError> {
        let current = proposal::current(proposal)?;
        let update = Update::parse(current.config_update.clone())
            .ok()
            .filter(|_| is_open);
        Ok(Self {
            id: proposal.id.clone(),
            patch: proposal::patch(proposal)?,
            touched: Touched::new(&proposal.touched),
            mentioned: update.map(|update| mentioned(&update)),
            configs: None,
            report: RelationsReport::default(),
        })
    }

    /// Shows the contents as well where it and another one want different ones.
    fn with_contrasts(mut self, config: &'a ConfigTree) -> Self {
        let intended = self.patch.apply(config).ok();
        self.configs = intended.map(|intended| (config, intended));
        self
    }

    /// What both make of the element because of which they exclude each other.
    fn contrast(&self, other: &Patch, element: &ElementPath) -> Option<Contrast> {
        let (config, ours) = self.configs.as_ref()?;
        if self.report.excludes.len() >= CONTRASTS {
            return None;
        }
        let theirs = other.apply(config).ok()?;
        let mut contrast = contrast(element, true, &theirs, ours);
        contrast.truncate(CONTRASTED);
        Some(contrast)
    }

    /// What was found.
    pub(super) fn report(self) -> RelationsReport {
        self.report
    }

    fn meet(&mut self, other: &Other<'_>) -> Result<(), ContractError> {
        if self.id == other.proposal.id {
            return Ok(());
        }
        if self.touched.meets(&other.touched) {
            let patch = proposal::patch(other.proposal)?;
            if let Some(element) = self.patch.conflict(&patch) {
                self.report.excludes.push(ExclusionReport {
                    contrast: self.contrast(&patch, &element),
                    element: element.to_string(),
                    proposal_id: other.proposal.id.clone(),
                });
                return Ok(());
            }
        }
        let (Some(mentioned), Some(written)) = (&self.mentioned, &other.written) else {
            return Ok(());
        };
        if written.iter().all(|element| !mentioned.contains(element)) {
            self.report.can_follow.push(other.proposal.id.clone());
        }
        Ok(())
    }
}

/// A proposal that subjects are compared with.
struct Other<'a> {
    proposal: &'a Proposal,
    touched: Touched,
    /// What its bytes write; `None` where they do not apply to this config.
    written: Option<Vec<ElementPath>>,
}

impl<'a> Other<'a> {
    fn new(bundle: &Bundle, proposal: &'a Proposal) -> Result<Self, ContractError> {
        let current = proposal::current(proposal)?;
        Ok(Self {
            proposal,
            touched: Touched::new(&proposal.touched),
            written: written(bundle, current.config_update.clone()),
        })
    }
}

/// Finds the relations of the subjects to all proposals that are not over, in ascending order of
/// ids.
pub(super) async fn relate<S: Stub>(
    stub: &mut S,
    bundle: &Bundle,
    head: Sequence,
    subjects: &mut [Subject<'_>],
) -> Result<(), ContractError> {
    let mut range = keys::proposals();
    loop {
        let step = stub.get_range(&range, STEP).await?;
        let Some(last) = step.entries.last() else {
            return Ok(());
        };
        range.start = state::behind(&last.key);
        let mut proposals: Vec<Proposal> = Vec::with_capacity(step.entries.len());
        for entry in &step.entries {
            proposals.push(state::decode(&entry.key, &entry.value)?);
        }
        for over in over(stub, head, &proposals).await?.iter().rev() {
            proposals.remove(*over);
        }
        for proposal in &proposals {
            let other = Other::new(bundle, proposal)?;
            for subject in &mut *subjects {
                subject.meet(&other)?;
            }
        }
        if !step.more {
            return Ok(());
        }
    }
}

/// The places of those that were taken back or took effect, or that change no config, ascending.
async fn over<S: Stub>(
    stub: &mut S,
    head: Sequence,
    proposals: &[Proposal],
) -> Result<Vec<usize>, ContractError> {
    let mut applied = Vec::with_capacity(proposals.len());
    for proposal in proposals {
        let update = Digest::of(&proposal::current(proposal)?.config_update);
        applied.push(keys::applied(&update));
    }
    let applied = stub.get_states(&applied).await?;
    let combined = list::combined_into(stub, proposals).await?;
    let mut over = Vec::new();
    for ((place, proposal), applied) in proposals.iter().enumerate().zip(&applied) {
        let other_kind = proposal.kind() != ProposalKind::ConfigUpdate;
        let ended = proposal.withdrawal.is_some() || other_kind;
        let may_be_proven = applied.is_some() || combined.contains_key(&proposal.id);
        if ended || (may_be_proven && proofs::current(stub, head, proposal).await?.is_some()) {
            over.push(place);
        }
    }
    Ok(over)
}

/// The elements that an intent writes or deletes, by the names that lead to them.
#[derive(Debug)]
struct Touched {
    elements: BTreeSet<String>,
    /// The paths of groups that are written or deleted whole.
    whole: BTreeSet<String>,
}

impl Touched {
    fn new(touched: &[TouchedElement]) -> Self {
        let is_group = |one: &&TouchedElement| one.whole && one.element.starts_with("[Group]");
        Self {
            elements: touched.iter().map(|one| one.element.clone()).collect(),
            whole: touched
                .iter()
                .filter(is_group)
                .map(|one| path(&one.element).to_owned())
                .collect(),
        }
    }

    /// Whether two intents could conflict at all.
    fn meets(&self, other: &Self) -> bool {
        let below = |whole: &BTreeSet<String>, elements: &BTreeSet<String>| {
            !whole.is_empty()
                && elements.iter().any(|element| {
                    let path = path(element);
                    path.match_indices('/')
                        .filter_map(|(at, _)| path.get(..at))
                        .any(|above| whole.contains(above))
                })
        };
        self.elements.intersection(&other.elements).next().is_some()
            || below(&self.whole, &other.elements)
            || below(&other.whole, &self.elements)
    }
}

/// The path of an element as Fabric writes it, for example `[Group]  /Channel/Application`.
fn path(element: &str) -> &str {
    element
        .split_once('/')
        .and_then(|(kind, _)| element.get(kind.len()..))
        .unwrap_or(element)
}

/// The elements in an update's read and write set.
fn mentioned(update: &Update) -> BTreeSet<ElementPath> {
    let mut all = BTreeSet::new();
    let mut open: Vec<GroupRef<'_>> = [update.read_set(), update.write_set()]
        .into_iter()
        .flatten()
        .collect();
    while let Some(group) = open.pop() {
        all.insert(group.element_path());
        all.extend(group.values().map(|value| value.element_path()));
        all.extend(group.policies().map(|policy| policy.element_path()));
        open.extend(group.groups());
    }
    all
}

/// The elements that an update writes; `None` where it does not apply.
fn written(bundle: &Bundle, config_update: Bytes) -> Option<Vec<ElementPath>> {
    let update = Update::parse(config_update).ok()?;
    let delta = update.delta(bundle.tree()).ok()?;
    let written = delta.elements().iter();
    Some(written.map(|element| element.element_path()).collect())
}

/// The relations of one proposal.
pub(super) async fn of<S: Stub>(
    stub: &mut S,
    bundle: &Bundle,
    head: Sequence,
    proposal: &Proposal,
    is_open: bool,
) -> Result<RelationsReport, ContractError> {
    let mut subjects = [Subject::new(proposal, is_open)?.with_contrasts(bundle.tree())];
    relate(stub, bundle, head, &mut subjects).await?;
    let [subject] = subjects;
    Ok(subject.report())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn touched(elements: &[(&str, bool)]) -> Touched {
        let elements: Vec<TouchedElement> = elements
            .iter()
            .map(|(element, whole)| TouchedElement {
                element: (*element).to_owned(),
                whole: *whole,
                ..TouchedElement::default()
            })
            .collect();
        Touched::new(&elements)
    }

    #[test]
    fn intents_meet_in_an_element_or_below_a_whole_group() {
        let org = touched(&[("[Group]  /Channel/Application/Org1", true)]);
        let mod_policy = touched(&[("[Group]  /Channel/Application", false)]);
        let value = touched(&[("[Value]  /Channel/Application/Org1/MSP", true)]);
        let other = touched(&[("[Value]  /Channel/Application/Org10/MSP", true)]);
        let namesake = touched(&[("[Value]  /Channel/Application/Org1", true)]);
        for (a, b, expected) in [
            (&org, &org, true),
            (&org, &value, true),
            (&org, &mod_policy, false),
            (&org, &other, false),
            (&org, &namesake, false),
            (&mod_policy, &value, false),
            (&value, &other, false),
        ] {
            assert_eq!(a.meets(b), expected, "{a:?} {b:?}");
            assert_eq!(b.meets(a), expected, "{b:?} {a:?}");
        }
    }
}
