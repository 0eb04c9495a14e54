//! The patch itself: read, built from an update, applied, combined.

use std::sync::Arc;

use bytes::Bytes;

use super::{
    given::Given,
    intent::Intent,
    merge::Merge,
    mode::{Mode, mode, of_canonical},
    union::UnionGroup,
};
use crate::{
    config::{
        patch::{error::PatchError, limits::PatchLimits},
        tree::{
            Borrowed, ConfigError, ConfigTree, ElementKind, ElementPath, GroupRef, Versions, build,
            compare::first_difference,
        },
        update::{ComputeError, Update, compute_update},
    },
    ids::{ChannelId, Digest, Sequence},
    proto::{scan::Fields, write},
};

/// A partial config that says what to change; the version of each element is its mode:
///
/// * 0, PATCH: of a group, visit its members and replace the mod policy where one is given; of a
///   value or policy, replace its content and its mod policy where they are given, and create it
///   where it is absent;
/// * 1, OVERWRITE: exactly this content, whatever versions stand below;
/// * 2, DELETE: an element that exists, given empty.
///
/// A patch is kept in a canonical form: two patches that say the same have the same bytes.
#[derive(Clone, Debug)]
pub struct Patch {
    tree: Arc<ConfigTree>,
    bytes: Bytes,
}

/// An element that a patch writes or deletes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Touched {
    /// Where the element stands.
    pub path: ElementPath,
    /// Of a group: whether all of it is meant, or only its mod policy. `true` for others.
    pub whole: bool,
    /// SHA-256 of its content, versions aside; `None` where it does not exist.
    pub digest: Option<Digest>,
}

impl Patch {
    /// Reads a patch: a serialized `common.Config`, whose sequence is ignored.
    ///
    /// # Errors
    /// [`PatchError`]: above the limits, undecodable, unknown fields or modes, or an element that
    /// is both deleted and given.
    pub fn parse(bytes: Bytes, limits: &PatchLimits) -> Result<Self, PatchError> {
        if bytes.len() > limits.patch_bytes {
            return Err(PatchError::TooLong {
                len: bytes.len(),
                limit: limits.patch_bytes,
            });
        }
        let mut fields = Fields::new(&bytes);
        while let Some(field) = fields.next().map_err(ConfigError::from)? {
            match (field.number, field.varint(), field.bytes()) {
                (1, Some(_), _) | (2, _, Some(_)) => {}
                _ => return Err(PatchError::UnknownMessageFields),
            }
        }
        let tree = ConfigTree::parse(bytes)?;
        let root = tree.root().ok_or(PatchError::Empty)?;
        if mode(root.version(), || root.element_path())? == Mode::Delete {
            return Err(PatchError::DeleteRoot);
        }
        let start = Given {
            group: root,
            level: 1,
            overwritten: false,
        };
        let elements = build(start.own()?, start, |given, members| {
            given.members(limits.patch_levels, members)
        })?;
        if root.has_unknown() {
            return Err(PatchError::UnknownMessageFields);
        }
        Self::of_elements(&elements)
    }

    fn of_elements(elements: &Borrowed<'_>) -> Result<Self, PatchError> {
        let tree = ConfigTree::of_elements(Sequence(0), elements)?;
        Ok(Self {
            bytes: tree.encode().into(),
            tree: Arc::new(tree),
        })
    }

    /// A patch that writes one whole group (OVERWRITE), from a serialized `common.ConfigGroup`.
    /// The names lead from below the root to it; versions in it are ignored.
    ///
    /// # Errors
    /// [`PatchError`], as [`parse`](Self::parse).
    pub fn put_group(
        names: &[&str],
        group: &[u8],
        limits: &PatchLimits,
    ) -> Result<Self, PatchError> {
        let Some((name, above)) = names.split_last() else {
            return Err(PatchError::Empty);
        };
        Self::wrap(above, (2, name), group, Mode::Overwrite, limits)
    }

    /// A patch that writes one value (PATCH), from a serialized `common.ConfigValue`, whose
    /// version is ignored. The names lead from below the root to the group that holds it.
    ///
    /// # Errors
    /// [`PatchError`], as [`parse`](Self::parse).
    pub fn put_value(
        group: &[&str],
        name: &str,
        value: &[u8],
        limits: &PatchLimits,
    ) -> Result<Self, PatchError> {
        Self::wrap(group, (3, name), value, Mode::Patch, limits)
    }

    /// A patch of one element, which is the member `name` of the map with this field number.
    fn wrap(
        groups: &[&str],
        (number, name): (u32, &str),
        element: &[u8],
        mode: Mode,
        limits: &PatchLimits,
    ) -> Result<Self, PatchError> {
        let mut fields = Fields::new(element);
        while fields.next().map_err(ConfigError::from)?.is_some() {}
        let mut message = element.to_vec();
        // of a repeated field the last one counts: this is the element's version
        message.extend([0x08, mode as u8]);
        let mut member = (number, name);
        for above in groups.iter().rev() {
            message = map_entry(member, &message);
            member = (2, above);
        }
        let mut config = Vec::new();
        write::message(&mut config, 2, &map_entry(member, &message));
        Self::parse(config.into(), limits)
    }

    /// Turns an update into the intent that it expresses: a new or changed value or policy and a
    /// new group become OVERWRITE, a changed mod policy of a group PATCH, and a member that a
    /// written group no longer names DELETE.
    ///
    /// The update must be, as a message, the one that [`compute_update`] gives for its own result.
    /// The channel is not compared.
    ///
    /// # Errors
    /// [`PatchError`]: isolated data, unknown fields, an update that does not fit (see
    /// [`PatchError::is_stale`]), that has no effect, or that is not the one for its result.
    pub fn from_update(current: &ConfigTree, update: &Update) -> Result<Self, PatchError> {
        if update.has_isolated_data() {
            return Err(PatchError::IsolatedData);
        }
        if update.has_unknown_fields() {
            return Err(PatchError::UnknownMessageFields);
        }
        let next = update.delta(current)?.apply()?;
        let channel = ChannelId::from(update.channel_id());
        let computed = match compute_update(&channel, current, &next) {
            Ok(computed) => computed,
            Err(ComputeError::NoDifferences) => return Err(PatchError::NoEffect),
            Err(_) => return Err(PatchError::MissingChannelGroup),
        };
        if computed != update.encode() {
            let computed = Update::parse(computed.into())?;
            let path = differs(computed.read_set(), update.read_set())
                .or_else(|| differs(computed.write_set(), update.write_set()))
                .unwrap_or_else(root_path);
            return Err(PatchError::Differs { path });
        }
        let (Some(written), Some(current)) = (update.write_set(), current.root()) else {
            return Err(PatchError::NoEffect);
        };
        let (root, start) = Intent::existing(written, current);
        let elements = build::<_, PatchError>(root, start, |intent, out| {
            intent.members(out);
            Ok(())
        })?;
        Self::of_elements(&elements)
    }

    /// Combines several patches into one.
    ///
    /// Two of them conflict when both write or delete the same element, but not with the same
    /// content, or when one overwrites or deletes a group in which the other touches something.
    /// What one patches of an element and the other does not mention goes together, and so does
    /// what one patches and the other overwrites alike.
    ///
    /// # Errors
    /// [`PatchError::Conflict`], or [`PatchError::Empty`] when there are none.
    pub fn combine<'a>(patches: impl IntoIterator<Item = &'a Self>) -> Result<Self, PatchError> {
        let mut patches = patches.into_iter();
        let first = patches.next().ok_or(PatchError::Empty)?.clone();
        patches.try_fold(first, |all, next| all.merge(next))
    }

    /// The first element over which two patches [conflict](Self::combine); `None` where they do
    /// not.
    #[must_use]
    pub fn conflict(&self, other: &Self) -> Option<ElementPath> {
        match self.merge(other) {
            Err(PatchError::Conflict { path }) => Some(path),
            _ => None,
        }
    }

    /// The partial config, in the canonical form.
    pub(super) fn root(&self) -> Option<GroupRef<'_>> {
        self.tree.root()
    }

    fn merge(&self, other: &Self) -> Result<Self, PatchError> {
        let (Some(a), Some(b)) = (self.tree.root(), other.tree.root()) else {
            return Err(PatchError::Empty);
        };
        let (root, start) = UnionGroup::of(a, b)?;
        let elements = build(root, start, UnionGroup::members)?;
        Self::of_elements(&elements)
    }

    /// The canonical bytes: a `common.Config` that [`parse`](Self::parse) reads back.
    #[must_use]
    pub const fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The config with the patch applied. Its sequence and the versions of elements that exist are
    /// the current ones; new elements have version 0.
    ///
    /// Of an element that changes, unknown fields are dropped: the computed update will not carry
    /// them either.
    ///
    /// # Errors
    /// [`PatchError`]: a group is patched or an element deleted that does not exist.
    pub fn apply(&self, current: &ConfigTree) -> Result<ConfigTree, PatchError> {
        let (Some(patch), Some(root)) = (self.tree.root(), current.root()) else {
            return Err(PatchError::MissingChannelGroup);
        };
        let (group, start) = match of_canonical(patch.version()) {
            Mode::Overwrite => Merge::overwritten(patch, Some(root)),
            _ => Merge::patched(patch, root),
        };
        let elements = build(group, start, Merge::members)?;
        Ok(ConfigTree::of_elements(current.sequence(), &elements)?)
    }

    /// What the patch writes or deletes, in path order, with the content that it has in `current`.
    /// The list of paths does not depend on `current`.
    #[must_use]
    pub fn touched(&self, current: &ConfigTree) -> Vec<Touched> {
        let mut all = Vec::new();
        let mut open: Vec<_> = self
            .tree
            .root()
            .map(|patch| (patch, current.root()))
            .into_iter()
            .collect();
        while let Some((patch, current)) = open.pop() {
            let whole = of_canonical(patch.version()) != Mode::Patch;
            if whole || !patch.mod_policy().is_empty() {
                all.push(Touched {
                    path: patch.element_path(),
                    whole,
                    digest: current.map(|group| match whole {
                        true => Digest::of(&group.encode_with(Versions::Zero)),
                        false => Digest::of(group.mod_policy().as_bytes()),
                    }),
                });
            }
            if whole {
                continue;
            }
            for value in patch.values() {
                let current = current.and_then(|group| group.value(value.name()));
                all.push(Touched {
                    path: value.element_path(),
                    whole: true,
                    digest: current.map(|value| Digest::of(&value.encode_with(Versions::Zero))),
                });
            }
            for policy in patch.policies() {
                let current = current.and_then(|group| group.policy(policy.name()));
                all.push(Touched {
                    path: policy.element_path(),
                    whole: true,
                    digest: current.map(|policy| Digest::of(&policy.encode_with(Versions::Zero))),
                });
            }
            for group in patch.groups() {
                open.push((
                    group,
                    current.and_then(|current| current.group(group.name())),
                ));
            }
        }
        all.sort();
        all
    }

    /// Whether the patch applies and leaves the content as it is.
    #[must_use]
    pub fn changes_nothing(&self, current: &ConfigTree) -> bool {
        self.apply(current)
            .is_ok_and(|next| next.same_content(current))
    }
}

fn map_entry((number, name): (u32, &str), message: &[u8]) -> Vec<u8> {
    let mut entry = Vec::new();
    write::message(&mut entry, 1, name.as_bytes());
    write::message(&mut entry, 2, message);
    let mut out = Vec::new();
    write::message(&mut out, number, &entry);
    out
}

fn root_path() -> ElementPath {
    ElementPath::new(ElementKind::Group, [] as [&str; 0])
}

/// The first element in which two sets of an update differ.
fn differs(a: Option<GroupRef<'_>>, b: Option<GroupRef<'_>>) -> Option<ElementPath> {
    match (a, b) {
        (None, None) => None,
        (Some(a), Some(b)) => first_difference(a, b, true).map(|e| e.element_path()),
        _ => Some(root_path()),
    }
}
