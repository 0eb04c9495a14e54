//! `common.ConfigGroup` on the wire: a flat arena of elements over the bytes they were read from.
//!
//! Groups stand in the order of a breadth-first walk, so the members of a group are one run of
//! each list, and a group comes after the group that holds it. Nothing recurses, whatever the
//! nesting.

mod parse;

use bytes::Bytes;

pub(super) use self::parse::place_of;
use super::error::ConfigError;

/// How many messages may stand inside each other, the outermost included.
// Fabric: google.golang.org/protobuf, protowire.DefaultRecursionLimit; map entries count
pub(super) const MAX_LEVELS: u32 = 10_000;

/// The level of a channel group: inside a `Config` or a `ConfigUpdate`.
pub(super) const GROUP_LEVEL: u32 = 2;

/// A piece of the bytes of a tree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Span {
    start: u32,
    end: u32,
}

impl Span {
    pub(super) const fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// All of some bytes.
    ///
    /// # Errors
    /// [`ConfigError::TooLong`]: past this check every position fits.
    pub(super) fn whole(data: &[u8]) -> Result<Self, ConfigError> {
        match u32::try_from(data.len()) {
            Ok(end) => Ok(Self { start: 0, end }),
            Err(_) => Err(ConfigError::TooLong { len: data.len() }),
        }
    }
}

/// How an element holds its texts: as a place in the tree's bytes, or borrowed.
pub(super) trait Text: Copy + Default {
    /// The bytes themselves, given the bytes that places refer to.
    fn get<'s>(self, data: &'s [u8]) -> &'s [u8]
    where
        Self: 's;
}

impl Text for Span {
    fn get<'s>(self, data: &'s [u8]) -> &'s [u8]
    where
        Self: 's,
    {
        data.get(self.start as usize..self.end as usize)
            .unwrap_or_default()
    }
}

impl Text for &[u8] {
    fn get<'s>(self, _: &'s [u8]) -> &'s [u8]
    where
        Self: 's,
    {
        self
    }
}

/// A run of one of the lists of an [`Arena`].
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Run {
    pub(super) start: u32,
    pub(super) end: u32,
}

impl Run {
    /// What lies in the run.
    pub(super) fn of<E>(self, list: &[E]) -> &[E] {
        list.get(self.start as usize..self.end as usize)
            .unwrap_or_default()
    }
}

/// A group: `common.ConfigGroup`.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Group<T> {
    pub(super) name: T,
    pub(super) mod_policy: T,
    /// Unknown fields, as the reference would write them again.
    pub(super) unknown: T,
    /// The message it was read from, where that is one piece and not empty; else empty.
    pub(super) body: T,
    pub(super) version: u64,
    /// The index of the group that holds it; `None` for the root.
    pub(super) parent: Option<u32>,
    pub(super) groups: Run,
    pub(super) values: Run,
    pub(super) policies: Run,
}

/// A value: `common.ConfigValue`.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Value<T> {
    pub(super) name: T,
    pub(super) mod_policy: T,
    pub(super) unknown: T,
    pub(super) bytes: T,
    pub(super) version: u64,
}

/// A policy: `common.ConfigPolicy`.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Policy<T> {
    pub(super) name: T,
    pub(super) mod_policy: T,
    pub(super) unknown: T,
    /// `None` and a rule without content are not the same.
    pub(super) rule: Option<Rule<T>>,
    pub(super) version: u64,
}

/// The inner message of a policy: `common.Policy`.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rule<T> {
    pub(super) kind: i32,
    pub(super) bytes: T,
    pub(super) unknown: T,
}

/// The elements of a tree; the root is the first group.
#[derive(Clone, Debug)]
pub(super) struct Arena<T> {
    pub(super) groups: Vec<Group<T>>,
    pub(super) values: Vec<Value<T>>,
    pub(super) policies: Vec<Policy<T>>,
}

/// A group with everything below it, and the bytes that it stands in.
#[derive(Debug)]
pub(super) struct GroupTree {
    pub(super) data: Bytes,
    /// What `unknown` places refer to: unknown fields may lie scattered in `data`.
    pub(super) kept: Vec<u8>,
    // INVARIANT: not empty; members ascend by name; names and mod policies are UTF-8. Groups that
    // a later map entry of the same name replaced follow those that count, in no run.
    pub(super) arena: Arena<Span>,
    /// Whether there were unknown fields anywhere, including those that decoders drop.
    pub(super) has_unknown: bool,
}

/// A position that fits, since the bytes are no longer than 4 GiB and each element takes some.
pub(super) fn position(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// The low 32 bits, as decoders read an `int32` or an enum.
#[expect(
    clippy::cast_possible_truncation,
    reason = "protobuf cuts the number off"
)]
pub(super) const fn low_half(number: u64) -> i32 {
    number as i32
}

#[cfg(test)]
mod tests;
