//! How open proposals stand to each other: which exclude each other, and which can follow which
//! without losing signatures.
//!
//! Two proposals exclude each other when their intents cannot be combined. One can follow another
//! when its bytes apply to what the other makes of the config, with the same effect: when the other
//! writes no element that its bytes mention, since Fabric checks versions of exactly those, and the
//! intents do not exclude each other.

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;

use super::cache::Compiled;
use crate::{
    config::{Bundle, ConfigTree, ElementKind, ElementPath, GroupRef, Patch, Update},
    contract::{
        answer::{ExclusionReport, RelationsReport},
        error::ContractError,
        ledger::proposals::{self, HashedRevision},
    },
    proto::cmscc::{Proposal, TouchedElement},
    review::diff::{Contrast, contrast},
};

/// Of how many exclusions the contents are shown, and how many differences of each.
const CONTRASTS: usize = 10;
const CONTRASTED: usize = 20;

/// Proposals whose relations are asked for, in the order in which they were added.
#[derive(Debug, Default)]
pub(crate) struct Relations<'a> {
    names: NameIds,
    subjects: Vec<AskedProposal<'a>>,
    /// By the elements that they touch, the groups that they touch whole, and those above.
    touching: TouchedNames<Subscribers>,
    /// By what their bytes mention, where these apply as they are.
    mentioning: Subscribers,
    /// For contrasts: the config now.
    config: Option<&'a ConfigTree>,
}

impl<'a> Relations<'a> {
    /// Shows the contents as well where two want different ones of an element.
    pub(crate) fn with_contrasts(config: &'a ConfigTree) -> Self {
        Self {
            config: Some(config),
            ..Self::default()
        }
    }

    /// Adds a proposal. `is_open`: whether its bytes apply as they are, with the intended effect.
    pub(crate) fn add(&mut self, proposal: &Proposal, is_open: bool) -> Result<(), ContractError> {
        let current = proposals::last(proposal)?;
        let update = Update::parse(current.config_update.clone())
            .ok()
            .filter(|_| is_open);
        let patch = proposals::patch(proposal)?;
        let configs = self.config.and_then(|config| {
            let intended = patch.apply(config).ok()?;
            Some((config, intended))
        });
        let place = self.subjects.len();
        let touched = TouchedNames::new(&mut self.names, &proposal.touched);
        self.touching.add(place, &touched);
        if let Some(update) = &update {
            let mentioned = mentioned(&mut self.names, update);
            self.mentioning.add(place, &mentioned);
        }
        self.subjects.push(AskedProposal {
            id: proposal.id.clone(),
            patch,
            configs,
            applies: update.is_some(),
            report: RelationsReport::default(),
        });
        Ok(())
    }

    /// Whether nobody's relations are asked for.
    pub(crate) const fn is_empty(&self) -> bool {
        self.subjects.is_empty()
    }

    /// Finds their relations to some more proposals that are not over, each with its current revision.
    pub(crate) fn meet(
        &mut self,
        bundle: &Compiled,
        others: &[(&Proposal, HashedRevision<'_>)],
    ) -> Result<(), ContractError> {
        for (proposal, current) in others {
            let mut other = OtherProposal::new(&mut self.names, bundle, proposal, current);
            let met = self.touching.met_by(&other.touched, self.subjects.len());
            let mut disturbed = vec![false; self.subjects.len()];
            if let Some(written) = &other.written {
                self.mentioning.mark(written, &mut disturbed);
            }
            let subjects = self.subjects.iter_mut();
            for ((subject, met), disturbed) in subjects.zip(met).zip(disturbed) {
                subject.meet(&mut other, met, disturbed)?;
            }
        }
        Ok(())
    }

    /// What was found, in the order in which they were added.
    pub(crate) fn reports(self) -> impl Iterator<Item = RelationsReport> {
        self.subjects.into_iter().map(|subject| subject.report)
    }
}

/// A proposal whose relations are asked for.
#[derive(Debug)]
struct AskedProposal<'a> {
    id: String,
    patch: Patch,
    /// Whether its bytes apply as they are.
    applies: bool,
    /// For contrasts: the config now, and the one that it leads to.
    configs: Option<(&'a ConfigTree, ConfigTree)>,
    report: RelationsReport,
}

impl AskedProposal<'_> {
    /// `met`: whether both touch something in common; `disturbed`: whether the other's bytes write
    /// something that this one's mention.
    fn meet(
        &mut self,
        other: &mut OtherProposal<'_>,
        met: bool,
        disturbed: bool,
    ) -> Result<(), ContractError> {
        if self.id == other.proposal.id {
            return Ok(());
        }
        if met {
            let patch = other.patch()?;
            if let Some(element) = self.patch.conflict(patch) {
                self.report.excludes.push(ExclusionReport {
                    contrast: self.contrast(patch, &element),
                    element: element.to_string(),
                    proposal_id: other.proposal.id.clone(),
                });
                return Ok(());
            }
        }
        if self.applies && other.written.is_some() && !disturbed {
            self.report.can_follow.push(Arc::clone(&other.id));
        }
        Ok(())
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
}

/// A proposal that subjects are compared with.
struct OtherProposal<'a> {
    proposal: &'a Proposal,
    id: Arc<str>,
    /// Read when a subject meets it.
    patch: Option<Patch>,
    touched: TouchedNames<Vec<NameId>>,
    /// What its bytes write, ascending; `None` where they do not apply to this config.
    written: Option<Vec<NameId>>,
}

impl<'a> OtherProposal<'a> {
    fn new(
        names: &mut NameIds,
        bundle: &Compiled,
        proposal: &'a Proposal,
        current: &HashedRevision<'_>,
    ) -> Self {
        let written = bundle.written(&current.digest, || {
            written(bundle, current.config_update.clone())
        });
        Self {
            proposal,
            id: proposal.id.as_str().into(),
            patch: None,
            touched: TouchedNames::new(names, &proposal.touched),
            written: written.map(|written| names.all(written.iter().map(String::as_str))),
        }
    }

    fn patch(&mut self) -> Result<&Patch, ContractError> {
        match &mut self.patch {
            Some(patch) => Ok(patch),
            unread => Ok(unread.insert(proposals::patch(self.proposal)?)),
        }
    }
}

/// An element or a path, as a number: they are compared far more often than there are different
/// ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct NameId(usize);

/// The names that were given to texts.
#[derive(Debug, Default)]
struct NameIds(BTreeMap<String, NameId>);

impl NameIds {
    /// The names of some texts, ascending, each once.
    fn all<'t>(&mut self, texts: impl Iterator<Item = &'t str>) -> Vec<NameId> {
        let mut names: Vec<NameId> = texts.map(|text| self.name(text)).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    fn name(&mut self, text: &str) -> NameId {
        if let Some(name) = self.0.get(text) {
            return *name;
        }
        let name = NameId(self.0.len());
        self.0.insert(text.to_owned(), name);
        name
    }
}

/// The places of subjects, by the names that concern them.
#[derive(Debug, Default)]
struct Subscribers(Vec<Vec<usize>>);

impl Subscribers {
    fn add(&mut self, subject: usize, names: &[NameId]) {
        for name in names {
            if self.0.len() <= name.0 {
                self.0.resize_with(name.0.saturating_add(1), Vec::new);
            }
            if let Some(subjects) = self.0.get_mut(name.0) {
                subjects.push(subject);
            }
        }
    }

    /// Marks the subjects that one of the names concerns.
    fn mark(&self, names: &[NameId], marks: &mut [bool]) {
        for subject in names.iter().filter_map(|name| self.0.get(name.0)).flatten() {
            if let Some(mark) = marks.get_mut(*subject) {
                *mark = true;
            }
        }
    }
}

/// The elements that an intent writes or deletes.
#[derive(Debug, Default)]
struct TouchedNames<T> {
    elements: T,
    /// The paths of groups that are written or deleted whole.
    whole: T,
    /// The paths of all groups that hold one of the elements.
    above: T,
}

impl TouchedNames<Vec<NameId>> {
    fn new(names: &mut NameIds, touched: &[TouchedElement]) -> Self {
        let is_group = |one: &&TouchedElement| one.whole && one.element.starts_with("[Group]");
        let holders = touched.iter().filter_map(|one| {
            let (holder, _) = path(&one.element).rsplit_once('/')?;
            Some(holder)
        });
        // what is touched stands mostly in the same groups
        let mut holders: Vec<&str> = holders.collect();
        holders.dedup();
        let above = holders.into_iter().flat_map(|holder| {
            let ends = holder.match_indices('/').map(|(at, _)| at);
            ends.chain([holder.len()])
                .filter_map(move |at| holder.get(..at))
        });
        Self {
            elements: names.all(touched.iter().map(|one| one.element.as_str())),
            whole: names.all(
                touched
                    .iter()
                    .filter(is_group)
                    .map(|one| path(&one.element)),
            ),
            above: names.all(above),
        }
    }
}

impl TouchedNames<Subscribers> {
    fn add(&mut self, subject: usize, touched: &TouchedNames<Vec<NameId>>) {
        self.elements.add(subject, &touched.elements);
        self.whole.add(subject, &touched.whole);
        self.above.add(subject, &touched.above);
    }

    /// Which of so many subjects could conflict with an intent at all.
    fn met_by(&self, other: &TouchedNames<Vec<NameId>>, subjects: usize) -> Vec<bool> {
        let mut met = vec![false; subjects];
        self.elements.mark(&other.elements, &mut met);
        self.whole.mark(&other.above, &mut met);
        self.above.mark(&other.whole, &mut met);
        met
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
fn mentioned(names: &mut NameIds, update: &Update) -> Vec<NameId> {
    let sets = [update.read_set(), update.write_set()];
    let sets = sets.into_iter().flatten();
    // groups with their paths: elements are many and stand in the same few groups
    let mut open: Vec<(GroupRef<'_>, String)> = sets
        .map(|group| (group, format!("/{}", group.name())))
        .collect();
    let (mut all, mut text) = (Vec::new(), String::new());
    while let Some((group, path)) = open.pop() {
        let mut add = |kind: ElementKind, pieces: &[&str]| {
            text.clear();
            text.push_str(kind.label());
            pieces.iter().for_each(|piece| text.push_str(piece));
            all.push(names.name(&text));
        };
        add(ElementKind::Group, &[&path]);
        for value in group.values() {
            add(ElementKind::Value, &[&path, "/", value.name()]);
        }
        for policy in group.policies() {
            add(ElementKind::Policy, &[&path, "/", policy.name()]);
        }
        open.extend(
            group
                .groups()
                .map(|below| (below, format!("{path}/{}", below.name()))),
        );
    }
    all.sort_unstable();
    all.dedup();
    all
}

/// The elements that an update writes; `None` where it does not apply.
fn written(bundle: &Bundle, config_update: Bytes) -> Option<Arc<[String]>> {
    let update = Update::parse(config_update).ok()?;
    let delta = update.delta(bundle.tree()).ok()?;
    let written = delta.elements().iter();
    Some(
        written
            .map(|element| element.element_path().to_string())
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const UPDATE: &[u8] =
        include_bytes!("../../../tests/fabric-data/fabric-3.1.5-caps-v2/add-orgx/config_update.pb");

    #[test]
    fn elements_are_named_as_fabric_writes_them() {
        let update = Update::parse(Bytes::from_static(UPDATE)).unwrap();
        let mut names = NameIds::default();
        let mentioned = mentioned(&mut names, &update);
        assert_eq!(mentioned.len(), names.0.len());
        let mut expected: Vec<String> = Vec::new();
        let mut open: Vec<GroupRef<'_>> = [update.read_set(), update.write_set()]
            .into_iter()
            .flatten()
            .collect();
        while let Some(group) = open.pop() {
            expected.push(group.element_path().to_string());
            expected.extend(group.values().map(|one| one.element_path().to_string()));
            expected.extend(group.policies().map(|one| one.element_path().to_string()));
            open.extend(group.groups());
        }
        expected.sort();
        expected.dedup();
        assert!(expected.len() > 10);
        assert!(names.0.keys().eq(&expected));
    }

    fn touched(names: &mut NameIds, elements: &[(&str, bool)]) -> TouchedNames<Vec<NameId>> {
        let elements: Vec<TouchedElement> = elements
            .iter()
            .map(|(element, whole)| TouchedElement {
                element: (*element).to_owned(),
                whole: *whole,
                ..TouchedElement::default()
            })
            .collect();
        TouchedNames::new(names, &elements)
    }

    #[test]
    fn intents_meet_in_an_element_or_below_a_whole_group() {
        let mut names = NameIds::default();
        let mut touched = |elements: &[(&str, bool)]| touched(&mut names, elements);
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
            for (one, other) in [(a, b), (b, a)] {
                let mut subjects = TouchedNames::<Subscribers>::default();
                subjects.add(1, one);
                let met = subjects.met_by(other, 3);
                assert_eq!(met, [false, expected, false], "{one:?} {other:?}");
            }
        }
    }
}
