//! A channel config as a tree of groups, values and policies.

use std::{fmt, sync::Arc};

use bytes::Bytes;

use super::{
    arena::{Group, GroupTree, Span},
    build::{Borrowed, build},
    compare,
    element::GroupRef,
    encode::{TreeEncoder, Versions, encode_borrowed},
    error::ConfigError,
    parse::place_of,
    unknown,
};
use crate::{
    ids::Sequence,
    proto::{
        scan::{Fields, Wire},
        write,
    },
};

/// The mod policy that the repair gives to elements without one.
const REPAIRED_MOD_POLICY: &[u8] = b"Admins";

/// A channel config: `common.Config`, with its sequence and channel group.
///
/// The tree keeps the bytes it was read from and points into them. A clone shares everything.
/// Unknown fields of elements are kept, those of the `Config` itself are not.
#[derive(Clone)]
pub struct ConfigTree {
    sequence: Sequence,
    root: Option<Arc<GroupTree>>,
}

impl ConfigTree {
    /// Reads a serialized `common.Config`.
    ///
    /// # Errors
    /// [`ConfigError`], where the reference's decoder refuses it too, or past 4 GiB.
    pub fn parse(config: Bytes) -> Result<Self, ConfigError> {
        let whole = Span::whole(&config)?;
        let (mut sequence, mut pieces) = (0, Vec::new());
        let mut fields = Fields::new(&config);
        while let Some(field) = fields.next()? {
            match (field.number, field.wire) {
                (1, Wire::Varint(number)) => sequence = number,
                (2, Wire::Bytes(b)) => pieces.push(place_of(whole, &fields, b)),
                _ => {}
            }
        }
        Self::of_pieces(Sequence(sequence), config, &pieces)
    }

    /// Reads a serialized `common.ConfigGroup` as the channel group of a config.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn from_group(sequence: Sequence, group: Bytes) -> Result<Self, ConfigError> {
        let whole = Span::whole(&group)?;
        Self::of_pieces(sequence, group, &[whole])
    }

    fn of_pieces(sequence: Sequence, data: Bytes, pieces: &[Span]) -> Result<Self, ConfigError> {
        let root = match pieces {
            [] => None,
            _ => Some(Arc::new(GroupTree::parse(data, pieces)?)),
        };
        Ok(Self { sequence, root })
    }

    /// The config whose channel group these elements are; copies what they borrow.
    pub(in crate::config) fn of_elements(
        sequence: Sequence,
        elements: &Borrowed<'_>,
    ) -> Result<Self, ConfigError> {
        Self::from_group(sequence, encode_borrowed(elements).into())
    }

    /// How often the config was changed since the channel began.
    #[must_use]
    pub const fn sequence(&self) -> Sequence {
        self.sequence
    }

    /// The channel group; `None` where the config has none.
    #[must_use]
    pub fn root(&self) -> Option<GroupRef<'_>> {
        self.root.as_deref().and_then(GroupRef::root)
    }

    /// The group that these names lead to from the root; without names, the root.
    #[must_use]
    pub fn group(&self, names: &[&str]) -> Option<GroupRef<'_>> {
        names
            .iter()
            .try_fold(self.root()?, |group, name| group.group(name))
    }

    /// The deterministic encoding as a `common.Config` of exactly sequence and channel group. It
    /// is a config's identity: configs of one sequence that are [equal](Self::equals) have one.
    ///
    /// Fields stand in number order, map entries ascend by name, content is as carried. Unknown
    /// fields of elements count, since peers compare them; they come last, ascending by number.
    /// What a decoder drops, or never compares, is left out: unknown fields of the `Config` and of
    /// map entries, entries that a later one replaced.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let Some(tree) = self.root.as_deref() else {
            return self.head(None);
        };
        let kept = unknown::in_order(tree);
        let encoder = TreeEncoder::of_tree(tree, Versions::Kept).with_unknown(&kept);
        let lengths = encoder.lengths();
        let root = lengths.first().copied().unwrap_or_default();
        let mut out = Vec::with_capacity(root.saturating_add(32));
        out.append(&mut self.head(Some(root)));
        encoder.group(&mut out, 0, &lengths);
        out
    }

    /// The length of [`Self::encode`]. Unit: bytes.
    #[must_use]
    pub fn encoded_len(&self) -> usize {
        let tree = self.root.as_deref();
        let lengths = tree.map(|tree| TreeEncoder::of_tree(tree, Versions::Kept).lengths());
        let root = lengths.map(|lengths| lengths.first().copied().unwrap_or_default());
        self.head(root).len().saturating_add(root.unwrap_or(0))
    }

    /// What comes before a channel group of this length.
    fn head(&self, root: Option<usize>) -> Vec<u8> {
        let mut out = Vec::new();
        write::uint(&mut out, 1, self.sequence.0);
        if let Some(root) = root {
            write::bytes_header(&mut out, 2, root);
        }
        out
    }

    /// Whether both say the same, versions and sequences aside.
    #[must_use]
    pub fn same_content(&self, other: &Self) -> bool {
        self.same(other, false)
    }

    /// Whether the channel groups are equal as messages: versions and unknown fields count,
    /// sequences do not.
    #[must_use]
    pub fn equals(&self, other: &Self) -> bool {
        self.same(other, true)
    }

    fn same(&self, other: &Self, versions: bool) -> bool {
        match (self.root(), other.root()) {
            (None, None) => true,
            (Some(a), Some(b)) => compare::same_group(a, b, versions),
            _ => false,
        }
    }

    /// The config in which every element without mod policy has `Admins`.
    ///
    /// # Errors
    /// [`ConfigError`] where the result is too long.
    // Fabric: common/configtx/configmap.go, recurseConfigMap; whether it is done depends on the
    // update: see `Delta::needs_repair`
    pub fn repaired(&self) -> Result<Self, ConfigError> {
        let (Some(tree), Some(root)) = (self.root.as_deref(), self.root()) else {
            return Ok(self.clone());
        };
        let arena = &tree.arena;
        let complete = arena.groups.iter().all(|e| !e.mod_policy.is_empty())
            && arena.values.iter().all(|e| !e.mod_policy.is_empty())
            && arena.policies.iter().all(|e| !e.mod_policy.is_empty());
        if complete {
            return Ok(self.clone());
        }
        let elements = build::<_, ConfigError>(repaired(root), root, |source, members| {
            for child in source.groups() {
                members.group(repaired(child), child);
            }
            for value in source.values() {
                let mut value = value.borrowed();
                repair(&mut value.mod_policy);
                members.value(value);
            }
            for policy in source.policies() {
                let mut policy = policy.borrowed();
                repair(&mut policy.mod_policy);
                members.policy(policy);
            }
            Ok(())
        })?;
        Self::of_elements(self.sequence, &elements)
    }
}

/// Short, whatever the config holds.
impl fmt::Debug for ConfigTree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.root.as_ref().map_or(0, |tree| tree.data.len());
        f.debug_struct("ConfigTree")
            .field("sequence", &self.sequence)
            .field("bytes", &bytes)
            .finish_non_exhaustive()
    }
}

fn repaired(group: GroupRef<'_>) -> Group<&[u8]> {
    let mut group = group.borrowed();
    repair(&mut group.mod_policy);
    group
}

const fn repair(mod_policy: &mut &[u8]) {
    if mod_policy.is_empty() {
        *mod_policy = REPAIRED_MOD_POLICY;
    }
}
