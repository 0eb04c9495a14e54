//! How open proposals stand to each other: which exclude each other, and which can follow which
//! without losing signatures. Decided by digests of names, from the others' records. Pure.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use bytes::Bytes;

use crate::{
    config::{ConfigTree, ElementKind, ElementPath, GroupRef, Patch, Touched, Update},
    contract::{
        answer::{ExclusionReport, RelationsReport},
        error::ContractError,
        ledger::{
            keys::ProposalPlace,
            proposals::{self},
        },
    },
    ids::{Digest, ProposalId},
    proto::cmscc::{OpenProposal, Proposal, ProposalKind, TouchedDigests},
    review::diff::contrast,
};

/// Of how many exclusions the contents are shown, and how many differences of each.
const CONTRASTS: usize = 10;
const CONTRASTED: usize = 20;

/// How many proposals are named of each kind.
const NAMED: usize = 100;

/// The first bytes of the SHA-256 of a name or content.
type Short = [u8; 16];

const NOTHING: Short = [0; 16];

fn short(bytes: &[u8]) -> Short {
    shortened(&Digest::of(bytes))
}

fn shortened(digest: &Digest) -> Short {
    let mut short = NOTHING;
    short.copy_from_slice(digest.as_bytes().get(..16).unwrap_or(&NOTHING));
    short
}

fn joined<'d>(digests: impl IntoIterator<Item = &'d Short>) -> Bytes {
    digests.into_iter().flatten().copied().collect()
}

fn split(joined: &Bytes) -> impl Iterator<Item = Short> {
    joined.chunks_exact(16).map(|chunk| {
        let mut short = NOTHING;
        short.copy_from_slice(chunk);
        short
    })
}

/// The path of an element as Fabric writes it, for example `/Channel/Application`.
fn path(element: &ElementPath) -> String {
    format!("/{}", element.keys().join("/"))
}

/// The digests of the groups that hold an element.
fn holders(element: &ElementPath) -> Vec<Short> {
    let path = path(element);
    let ends = path.match_indices('/').skip(1).map(|(at, _)| at);
    ends.filter_map(|at| Some(short(path.get(..at)?.as_bytes())))
        .collect()
}

fn is_whole_group(touched: &Touched) -> bool {
    touched.whole && touched.path.kind() == ElementKind::Group
}

/// What a record says of an intent: what it touches, with the content that it wants.
pub(crate) fn touched_digests(patch: &Patch, intended: &ConfigTree) -> TouchedDigests {
    let touched = patch.touched(intended);
    let content = |one: &Touched| one.digest.as_ref().map_or(NOTHING, shortened);
    let elements: Vec<Short> = (touched.iter())
        .map(|one| short(one.path.to_string().as_bytes()))
        .collect();
    let contents: Vec<Short> = touched.iter().map(content).collect();
    let whole: BTreeSet<Short> = (touched.iter())
        .filter(|one| is_whole_group(one))
        .map(|one| short(path(&one.path).as_bytes()))
        .collect();
    let holders: BTreeSet<Short> = touched.iter().flat_map(|one| holders(&one.path)).collect();
    TouchedDigests {
        elements: joined(&elements),
        contents: joined(&contents),
        whole: joined(&whole),
        holders: joined(&holders),
    }
}

/// What a record says of an update: the elements of its write set that its read set does not have in
/// the same version, ascending.
pub(crate) fn written_digests(config_update: &Bytes) -> Bytes {
    let Ok(update) = Update::parse(config_update.clone()) else {
        return Bytes::new();
    };
    let names = |set: Option<GroupRef<'_>>| -> BTreeSet<(Short, u64)> { all_names(set) };
    let read = names(update.read_set());
    let written: BTreeSet<Short> = (names(update.write_set()).difference(&read))
        .map(|(name, _)| *name)
        .collect();
    joined(&written)
}

/// The elements of a set with their versions.
fn all_names(set: Option<GroupRef<'_>>) -> BTreeSet<(Short, u64)> {
    let mut open: Vec<(GroupRef<'_>, String)> = set
        .map(|group| (group, format!("/{}", group.name())))
        .into_iter()
        .collect();
    let (mut all, mut text) = (BTreeSet::new(), String::new());
    while let Some((group, path)) = open.pop() {
        let mut add = |kind: ElementKind, pieces: &[&str], version: u64| {
            text.clear();
            text.push_str(kind.label());
            pieces.iter().for_each(|piece| text.push_str(piece));
            all.insert((short(text.as_bytes()), version));
        };
        add(ElementKind::Group, &[&path], group.version());
        for value in group.values() {
            add(
                ElementKind::Value,
                &[&path, "/", value.name()],
                value.version(),
            );
        }
        for policy in group.policies() {
            add(
                ElementKind::Policy,
                &[&path, "/", policy.name()],
                policy.version(),
            );
        }
        open.extend(
            group
                .groups()
                .map(|below| (below, format!("{path}/{}", below.name()))),
        );
    }
    all
}

/// Proposals whose relations are asked for, in the order in which they were added.
#[derive(Debug, Default)]
pub(crate) struct Relations<'a> {
    subjects: Vec<AskedProposal<'a>>,
    /// The places of subjects, by what would make them exclude another one, or lose their signatures.
    elements: BTreeMap<Short, Vec<usize>>,
    whole: BTreeMap<Short, Vec<usize>>,
    holders: BTreeMap<Short, Vec<usize>>,
    mentioned: BTreeMap<Short, Vec<usize>>,
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
    pub(crate) fn add(
        &mut self,
        bundle: &'a ConfigTree,
        proposal: &Proposal,
        is_open: bool,
    ) -> Result<(), ContractError> {
        let place = self.subjects.len();
        let patch = proposals::patch(proposal)?;
        let Ok(intended) = patch.apply(bundle) else {
            // what does not apply excludes nothing
            self.subjects.push(AskedProposal::default_of(proposal));
            return Ok(());
        };
        let touched = patch.touched(&intended);
        for one in &touched {
            let name = short(one.path.to_string().as_bytes());
            self.elements.entry(name).or_default().push(place);
            if is_whole_group(one) {
                let path = short(path(&one.path).as_bytes());
                self.whole.entry(path).or_default().push(place);
            }
            for holder in holders(&one.path) {
                self.holders.entry(holder).or_default().push(place);
            }
        }
        let current = proposals::last(proposal)?;
        let update = Update::parse(current.config_update.clone())
            .ok()
            .filter(|_| is_open);
        if let Some(update) = &update {
            let sets = [update.read_set(), update.write_set()];
            let names: BTreeSet<Short> = sets
                .into_iter()
                .flat_map(|set| all_names(set).into_iter().map(|(name, _)| name))
                .collect();
            for name in names {
                self.mentioned.entry(name).or_default().push(place);
            }
        }
        self.subjects.push(AskedProposal {
            id: proposal.id.clone(),
            touched,
            applies: update.is_some(),
            configs: self.config.map(|config| (config, intended)),
            report: RelationsReport::default(),
        });
        Ok(())
    }

    /// Whether nobody's relations are asked for.
    pub(crate) const fn is_empty(&self) -> bool {
        self.subjects.is_empty()
    }

    /// Finds their relations to the proposals of these records. `more`: there are others.
    pub(crate) fn meet(&mut self, others: &[(ProposalPlace, OpenProposal)], more: bool) {
        for (place, record) in others {
            if record.kind() != ProposalKind::ConfigUpdate || record.withdrawal.is_some() {
                continue;
            }
            self.meet_one(place.id(), record);
        }
        for subject in &mut self.subjects {
            subject.report.more = more;
        }
    }

    fn meet_one(&mut self, id: &ProposalId, record: &OpenProposal) {
        let touched = record.touched.clone().unwrap_or_default();
        let mut met: BTreeMap<usize, ElementPath> = BTreeMap::new();
        let mut meets = |subject: usize, element: &ElementPath| {
            let first = met.entry(subject).or_insert_with(|| element.clone());
            if *element < *first {
                first.clone_from(element);
            }
        };
        for (name, content) in split(&touched.elements).zip(split(&touched.contents)) {
            for place in self.elements.get(&name).into_iter().flatten() {
                let subject = self.subjects.get(*place);
                let ours = subject.into_iter().flat_map(|subject| &subject.touched);
                let ours = ours.filter(|one| {
                    short(one.path.to_string().as_bytes()) == name
                        && one.digest.as_ref().map_or(NOTHING, shortened) != content
                });
                ours.for_each(|one| meets(*place, &one.path));
            }
        }
        for name in split(&touched.holders) {
            for place in self.whole.get(&name).into_iter().flatten() {
                let subject = self.subjects.get(*place);
                let ours = subject.into_iter().flat_map(|subject| &subject.touched);
                let ours = ours
                    .filter(|one| is_whole_group(one) && short(path(&one.path).as_bytes()) == name);
                ours.for_each(|one| meets(*place, &one.path));
            }
        }
        for name in split(&touched.whole) {
            for place in self.holders.get(&name).into_iter().flatten() {
                let subject = self.subjects.get(*place);
                let ours = subject.into_iter().flat_map(|subject| &subject.touched);
                let ours = ours.filter(|one| holders(&one.path).contains(&name));
                ours.for_each(|one| meets(*place, &one.path));
            }
        }
        let disturbed: BTreeSet<usize> = split(&record.written)
            .filter_map(|name| self.mentioned.get(&name))
            .flatten()
            .copied()
            .collect();
        let id_text: Arc<str> = id.as_str().into();
        for (place, subject) in self.subjects.iter_mut().enumerate() {
            if subject.id == id.as_str() {
                continue;
            }
            let report = &mut subject.report;
            if let Some(element) = met.get(&place) {
                report.excludes_count = report.excludes_count.saturating_add(1);
                if report.excludes.len() < NAMED {
                    report.excludes.push(ExclusionReport {
                        contrast: None,
                        element: element.to_string(),
                        proposal_id: id.to_string(),
                    });
                }
            } else if subject.applies && !disturbed.contains(&place) {
                report.can_follow_count = report.can_follow_count.saturating_add(1);
                if report.can_follow.len() < NAMED {
                    report.can_follow.push(Arc::clone(&id_text));
                }
            }
        }
    }

    /// Of which proposals the intent is wanted, to show the contents.
    pub(crate) fn contrasts_wanted(&self) -> BTreeSet<ProposalId> {
        let shown = self.subjects.iter().filter(|one| one.configs.is_some());
        shown
            .flat_map(|subject| subject.report.excludes.iter().take(CONTRASTS))
            .map(|one| ProposalId::new(one.proposal_id.as_str()))
            .collect()
    }

    /// Shows what both make of the element because of which they exclude each other.
    pub(crate) fn contrast(&mut self, id: &ProposalId, other: &Patch) {
        for subject in &mut self.subjects {
            let Some((config, ours)) = &subject.configs else {
                continue;
            };
            let Ok(theirs) = other.apply(config) else {
                continue;
            };
            let excludes = subject.report.excludes.iter_mut();
            for one in excludes.filter(|one| one.proposal_id == id.as_str()) {
                let element = subject
                    .touched
                    .iter()
                    .find(|ours| ours.path.to_string() == one.element);
                one.contrast = element.map(|element| {
                    let mut contrast = contrast(&element.path, true, &theirs, ours);
                    contrast.truncate(CONTRASTED);
                    contrast
                });
            }
        }
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
    /// What its intent writes or deletes, with the content that it wants.
    touched: Vec<Touched>,
    /// Whether its bytes apply as they are.
    applies: bool,
    /// For contrasts: the config now, and the one that it leads to.
    configs: Option<(&'a ConfigTree, ConfigTree)>,
    report: RelationsReport,
}

impl AskedProposal<'_> {
    fn default_of(proposal: &Proposal) -> Self {
        Self {
            id: proposal.id.clone(),
            touched: Vec::new(),
            applies: false,
            configs: None,
            report: RelationsReport::default(),
        }
    }
}
