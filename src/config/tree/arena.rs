//! `common.ConfigGroup` on the wire: a flat arena of elements over the bytes they were read from.
//!
//! Groups stand in the order of a breadth-first walk, so the members of a group are one run of
//! each list, and a group comes after the group that holds it. Nothing recurses, whatever the
//! nesting.

use bytes::Bytes;

use super::error::ConfigError;

/// How many messages may stand inside each other, the outermost included.
// Fabric: google.golang.org/protobuf, protowire.DefaultRecursionLimit; map entries count
pub(in crate::config) const MAX_LEVELS: u32 = 10_000;

/// The level of a channel group: inside a `Config` or a `ConfigUpdate`.
pub(in crate::config) const GROUP_LEVEL: u32 = 2;

/// A piece of the bytes of a tree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::config) struct Span {
    pub(in crate::config) start: u32,
    pub(in crate::config) end: u32,
}

impl Span {
    pub(in crate::config) const fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// The span that is all of `data`.
    ///
    /// # Errors
    /// [`ConfigError::TooLong`]: past this check every position fits.
    pub(in crate::config) fn whole(data: &[u8]) -> Result<Self, ConfigError> {
        match u32::try_from(data.len()) {
            Ok(end) => Ok(Self { start: 0, end }),
            Err(_) => Err(ConfigError::TooLong { len: data.len() }),
        }
    }
}

/// How an element holds its texts: as a place in the tree's bytes, or borrowed.
pub(in crate::config) trait TextForm: Copy + Default {
    /// The bytes themselves, given the bytes that places refer to.
    fn get<'s>(self, data: &'s [u8]) -> &'s [u8]
    where
        Self: 's;
}

impl TextForm for Span {
    fn get<'s>(self, data: &'s [u8]) -> &'s [u8]
    where
        Self: 's,
    {
        data.get(self.start as usize..self.end as usize)
            .unwrap_or_default()
    }
}

impl TextForm for &[u8] {
    fn get<'s>(self, _: &'s [u8]) -> &'s [u8]
    where
        Self: 's,
    {
        self
    }
}

/// A run of one of the lists of an [`Arena`].
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::config) struct ArenaRun {
    pub(in crate::config) start: u32,
    pub(in crate::config) end: u32,
}

impl ArenaRun {
    /// The part of `list` that the run covers.
    pub(in crate::config) fn of<E>(self, list: &[E]) -> &[E] {
        list.get(self.start as usize..self.end as usize)
            .unwrap_or_default()
    }
}

/// A group: `common.ConfigGroup`.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::config) struct Group<T> {
    pub(in crate::config) name: T,
    pub(in crate::config) mod_policy: T,
    /// Unknown fields, as the reference would write them again.
    pub(in crate::config) unknown: T,
    /// The message it was read from, where that is one piece and not empty; else empty.
    pub(in crate::config) body: T,
    pub(in crate::config) version: u64,
    /// The index of the group that holds it; `None` for the root.
    pub(in crate::config) parent: Option<u32>,
    pub(in crate::config) groups: ArenaRun,
    pub(in crate::config) values: ArenaRun,
    pub(in crate::config) policies: ArenaRun,
}

/// A value: `common.ConfigValue`.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::config) struct Value<T> {
    pub(in crate::config) name: T,
    pub(in crate::config) mod_policy: T,
    pub(in crate::config) unknown: T,
    pub(in crate::config) bytes: T,
    pub(in crate::config) version: u64,
}

/// A policy: `common.ConfigPolicy`.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::config) struct Policy<T> {
    pub(in crate::config) name: T,
    pub(in crate::config) mod_policy: T,
    pub(in crate::config) unknown: T,
    /// `None` and a rule without content are not the same.
    pub(in crate::config) rule: Option<PolicyRule<T>>,
    pub(in crate::config) version: u64,
}

/// The inner message of a policy: `common.Policy`.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::config) struct PolicyRule<T> {
    pub(in crate::config) kind: i32,
    pub(in crate::config) bytes: T,
    pub(in crate::config) unknown: T,
}

/// The elements of a tree; the root is the first group.
#[derive(Clone, Debug)]
pub(in crate::config) struct Arena<T> {
    pub(in crate::config) groups: Vec<Group<T>>,
    pub(in crate::config) values: Vec<Value<T>>,
    pub(in crate::config) policies: Vec<Policy<T>>,
}

/// A group with everything below it, and the bytes that it stands in.
#[derive(Debug)]
pub(in crate::config) struct GroupTree {
    pub(in crate::config) data: Bytes,
    /// What `unknown` places refer to: unknown fields may lie scattered in `data`.
    pub(in crate::config) kept: Vec<u8>,
    // INVARIANT: not empty; members ascend by name; names and mod policies are UTF-8. Groups that
    // a later map entry of the same name replaced follow those that count, in no run.
    pub(in crate::config) arena: Arena<Span>,
    /// Whether there were unknown fields anywhere, including those that decoders drop.
    pub(in crate::config) has_unknown: bool,
}

/// A position that fits, since the bytes are no longer than 4 GiB and each element takes some.
pub(in crate::config) fn position(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
