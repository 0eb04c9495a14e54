//! What a proposal touches, writes and mentions, by digests of names: what its small record holds,
//! and what records are compared with.

use std::{collections::BTreeSet, iter};

use bytes::Bytes;

use crate::{
    config::{ElementKind, ElementPath, GroupRef, Patch, Update, Wish, WishedPart},
    contract::error::{Code, ContractError},
    ids::Digest,
    proto::cmscc::{OpenProposal, TouchedDigests},
};

/// The first bytes of a SHA-256: of an element as Fabric writes it, or of a content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ShortDigest([u8; SHORT]);

/// Unit: bytes.
const SHORT: usize = 16;

impl ShortDigest {
    /// Nothing is said of this part of an element.
    pub(super) const UNSAID: Self = Self([0; SHORT]);
    /// This part goes with the whole element: that is deleted, or is a group whose content says all.
    pub(super) const WHOLE: Self = Self([0xff; SHORT]);

    /// Of an element, by its name.
    pub(super) fn of_element(element: &ElementPath) -> Self {
        Self::of_name(&element.to_string())
    }

    /// Of an element's name, as Fabric writes it.
    fn of_name(name: &str) -> Self {
        Self::cut(&Digest::of(name.as_bytes()))
    }

    fn of_part(part: WishedPart) -> Self {
        match part {
            WishedPart::Unsaid => Self::UNSAID,
            WishedPart::Said(digest) => Self::cut(&digest),
            WishedPart::Whole => Self::WHOLE,
        }
    }

    fn cut(digest: &Digest) -> Self {
        let mut out = [0; SHORT];
        for (to, from) in out.iter_mut().zip(digest.as_bytes()) {
            *to = *from;
        }
        Self(out)
    }
}

/// What a record says of an intent.
pub(crate) fn touched_digests(patch: &Patch) -> TouchedDigests {
    let TouchedElements { wishes, holders } = TouchedElements::of(patch);
    let parts: Vec<TouchedParts> = wishes.iter().map(TouchedParts::of).collect();
    TouchedDigests {
        elements: joined(parts.iter().map(|parts| parts.element)),
        contents: joined(parts.iter().map(|parts| parts.content)),
        mod_policies: joined(parts.iter().map(|parts| parts.mod_policy)),
        holders: joined(holders.iter().map(ShortDigest::of_element)),
    }
}

/// What a record says of an update: the elements that it writes, whatever the config is, ascending;
/// none where it cannot be read.
pub(crate) fn written_digests(config_update: &Bytes) -> Bytes {
    let Ok(update) = Update::parse(config_update.clone()) else {
        return Bytes::new();
    };
    let written: BTreeSet<ShortDigest> = (update.written().iter())
        .map(|element| ShortDigest::of_element(&element.element_path()))
        .collect();
    joined(written)
}

fn joined(digests: impl IntoIterator<Item = ShortDigest>) -> Bytes {
    let digests = digests.into_iter().flat_map(|digest| digest.0);
    digests.collect::<Vec<u8>>().into()
}

/// What an intent touches, and where.
pub(super) struct TouchedElements {
    /// Ascending by path.
    pub(super) wishes: Vec<Wish>,
    /// The groups that hold one of them.
    pub(super) holders: BTreeSet<ElementPath>,
}

impl TouchedElements {
    pub(super) fn of(patch: &Patch) -> Self {
        let wishes = patch.wishes();
        let mut holders = BTreeSet::new();
        for wish in &wishes {
            // without the root's name
            let mut names = wish.path.keys().get(1..).unwrap_or_default();
            while let Some((_, above)) = names.split_last() {
                // where a group is known, those above it are
                if !holders.insert(ElementPath::new(ElementKind::Group, above)) {
                    break;
                }
                names = above;
            }
        }
        Self { wishes, holders }
    }
}

/// What the contract stored of a revision, read back.
pub(super) struct StoredDigests {
    /// Elements, with what is wanted of their contents and mod policies.
    pub(super) elements: Vec<TouchedParts>,
    pub(super) holders: Vec<ShortDigest>,
    pub(super) written: Vec<ShortDigest>,
}

/// An element that an intent touches, and what it wants of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct TouchedParts {
    pub(super) element: ShortDigest,
    pub(super) content: ShortDigest,
    pub(super) mod_policy: ShortDigest,
}

impl TouchedParts {
    /// What a wish says of an element.
    pub(super) fn of(wish: &Wish) -> Self {
        Self {
            element: ShortDigest::of_element(&wish.path),
            content: ShortDigest::of_part(wish.content),
            mod_policy: ShortDigest::of_part(wish.mod_policy),
        }
    }
}

impl StoredDigests {
    /// Reads a record.
    ///
    /// # Errors
    /// `STATE_CORRUPT`: lists of a length that the contract does not write.
    pub(super) fn read(record: &OpenProposal) -> Result<Self, ContractError> {
        let touched = record.touched.clone().unwrap_or_default();
        let elements = split(&touched.elements)?;
        let contents = split(&touched.contents)?;
        let mod_policies = split(&touched.mod_policies)?;
        if contents.len() != elements.len() || mod_policies.len() != elements.len() {
            return Err(corrupt());
        }
        let parts = iter::zip(elements, iter::zip(contents, mod_policies));
        Ok(Self {
            elements: parts
                .map(|(element, (content, mod_policy))| TouchedParts {
                    element,
                    content,
                    mod_policy,
                })
                .collect(),
            holders: split(&touched.holders)?,
            written: split(&record.written)?,
        })
    }
}

fn split(joined: &[u8]) -> Result<Vec<ShortDigest>, ContractError> {
    let (digests, rest) = joined.as_chunks::<SHORT>();
    if !rest.is_empty() {
        return Err(corrupt());
    }
    Ok(digests.iter().copied().map(ShortDigest).collect())
}

fn corrupt() -> ContractError {
    Code::StateCorrupt.because("the record of an open proposal has digests of an odd length")
}

/// The elements in an update's read and write set.
pub(super) fn mentioned(update: &Update) -> BTreeSet<ShortDigest> {
    let sets = [update.read_set(), update.write_set()];
    let sets = sets.into_iter().flatten();
    // groups with their paths: elements are many and stand in the same few groups
    let mut open: Vec<(GroupRef<'_>, String)> = sets
        .map(|group| (group, format!("/{}", group.name())))
        .collect();
    let (mut all, mut text) = (BTreeSet::new(), String::new());
    while let Some((group, path)) = open.pop() {
        let mut add = |kind: ElementKind, pieces: &[&str]| {
            text.clear();
            text.push_str(kind.label());
            pieces.iter().for_each(|piece| text.push_str(piece));
            all.insert(ShortDigest::of_name(&text));
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
    all
}
