//! The deterministic encoding of groups: fields in number order, members ascending by name, map
//! entries with key and value, unknown fields last.

use super::arena::{Arena, Group, GroupTree, Policy, PolicyRule, Span, TextForm, Value};
use crate::proto::write::{self, bytes_field_len, varint_len};

/// Which versions are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::config) enum Versions {
    /// The elements' own versions.
    Kept,
    /// None: all are 0. For comparing contents.
    Zero,
}

/// Writes elements; `data` and `kept` are what their places refer to.
pub(in crate::config) struct TreeEncoder<'s, T> {
    arena: &'s Arena<T>,
    data: &'s [u8],
    kept: &'s [u8],
    versions: Versions,
}

impl<'s> TreeEncoder<'s, Span> {
    /// An encoder for the elements of a tree.
    pub(in crate::config) fn of_tree(tree: &'s GroupTree, versions: Versions) -> Self {
        Self {
            arena: &tree.arena,
            data: &tree.data,
            kept: &tree.kept,
            versions,
        }
    }

    /// The same encoder with other unknown fields at the same places.
    pub(super) const fn with_unknown(self, kept: &'s [u8]) -> Self {
        Self { kept, ..self }
    }
}

impl<'s> TreeEncoder<'s, &'s [u8]> {
    /// An encoder for elements that borrow their texts; versions are kept.
    pub(in crate::config) const fn of_borrowed(arena: &'s Arena<&'s [u8]>) -> Self {
        Self {
            arena,
            data: &[],
            kept: &[],
            versions: Versions::Kept,
        }
    }
}

impl<'s, T: TextForm + 's> TreeEncoder<'s, T> {
    /// How long the message of each group is, in bytes.
    // a group comes after the group that holds it: backwards, its members are known already
    pub(in crate::config) fn lengths(&self) -> Vec<usize> {
        let mut lengths = vec![0; self.arena.groups.len()];
        for (index, group) in self.arena.groups.iter().enumerate().rev() {
            let names = group.groups.of(&self.arena.groups).iter();
            let members: usize = names
                .zip(group.groups.of(&lengths))
                .map(|(child, len)| self.entry_field_len(child.name, *len))
                .sum();
            let values = group.values.of(&self.arena.values).iter();
            let policies = group.policies.of(&self.arena.policies).iter();
            let len = self.version_len(group.version)
                + members
                + values
                    .map(|v| self.entry_field_len(v.name, self.value_len(v)))
                    .sum::<usize>()
                + policies
                    .map(|p| self.entry_field_len(p.name, self.policy_len(p)))
                    .sum::<usize>()
                + optional_len(group.mod_policy.get(self.data))
                + group.unknown.get(self.kept).len();
            if let Some(slot) = lengths.get_mut(index) {
                *slot = len;
            }
        }
        lengths
    }

    /// Appends the message of one group; `lengths` as [`lengths`](Self::lengths) gives them.
    pub(in crate::config) fn group(&self, out: &mut Vec<u8>, index: u32, lengths: &[usize]) {
        // the groups around the one being written, each with its member that comes next
        let mut open: Vec<(&Group<T>, u32)> = Vec::new();
        let Some(first) = self.arena.groups.get(index as usize) else {
            return;
        };
        self.version(out, first.version);
        open.push((first, first.groups.start));
        while let Some((group, next)) = open.last_mut() {
            if *next < group.groups.end {
                let at = *next as usize;
                *next += 1;
                if let (Some(child), Some(len)) = (self.arena.groups.get(at), lengths.get(at)) {
                    self.entry(out, 2, child.name, *len);
                    self.version(out, child.version);
                    open.push((child, child.groups.start));
                }
                continue;
            }
            for value in group.values.of(&self.arena.values) {
                self.entry(out, 3, value.name, self.value_len(value));
                self.value(out, value);
            }
            for policy in group.policies.of(&self.arena.policies) {
                self.entry(out, 4, policy.name, self.policy_len(policy));
                self.policy(out, policy);
            }
            write::bytes(out, 5, group.mod_policy.get(self.data));
            out.extend_from_slice(group.unknown.get(self.kept));
            open.pop();
        }
    }

    /// Appends the message of one value.
    pub(super) fn value(&self, out: &mut Vec<u8>, value: &Value<T>) {
        self.version(out, value.version);
        write::bytes(out, 2, value.bytes.get(self.data));
        write::bytes(out, 3, value.mod_policy.get(self.data));
        out.extend_from_slice(value.unknown.get(self.kept));
    }

    /// Appends the message of one policy.
    pub(super) fn policy(&self, out: &mut Vec<u8>, policy: &Policy<T>) {
        self.version(out, policy.version);
        if let Some(rule) = &policy.rule {
            write::bytes_header(out, 2, self.rule_len(rule));
            write::uint(out, 1, sign_extended(rule.kind));
            write::bytes(out, 2, rule.bytes.get(self.data));
            out.extend_from_slice(rule.unknown.get(self.kept));
        }
        write::bytes(out, 3, policy.mod_policy.get(self.data));
        out.extend_from_slice(policy.unknown.get(self.kept));
    }

    /// Appends what stands before the content of a map entry's value.
    fn entry(&self, out: &mut Vec<u8>, number: u32, name: T, content: usize) {
        let name = name.get(self.data);
        write::bytes_header(out, number, entry_len(name, content));
        write::message(out, 1, name);
        write::bytes_header(out, 2, content);
    }

    fn entry_field_len(&self, name: T, content: usize) -> usize {
        bytes_field_len(2, entry_len(name.get(self.data), content))
    }

    fn value_len(&self, value: &Value<T>) -> usize {
        self.version_len(value.version)
            + optional_len(value.bytes.get(self.data))
            + optional_len(value.mod_policy.get(self.data))
            + value.unknown.get(self.kept).len()
    }

    fn policy_len(&self, policy: &Policy<T>) -> usize {
        self.version_len(policy.version)
            + policy
                .rule
                .as_ref()
                .map_or(0, |rule| bytes_field_len(2, self.rule_len(rule)))
            + optional_len(policy.mod_policy.get(self.data))
            + policy.unknown.get(self.kept).len()
    }

    fn rule_len(&self, rule: &PolicyRule<T>) -> usize {
        number_len(sign_extended(rule.kind))
            + optional_len(rule.bytes.get(self.data))
            + rule.unknown.get(self.kept).len()
    }

    fn version(&self, out: &mut Vec<u8>, version: u64) {
        if self.versions == Versions::Kept {
            write::uint(out, 1, version);
        }
    }

    fn version_len(&self, version: u64) -> usize {
        match self.versions {
            Versions::Kept => number_len(version),
            Versions::Zero => 0,
        }
    }
}

/// The message of the root group of some elements.
pub(super) fn encode_borrowed(arena: &Arena<&[u8]>) -> Vec<u8> {
    let encoder = TreeEncoder::of_borrowed(arena);
    let lengths = encoder.lengths();
    let mut out = Vec::with_capacity(lengths.first().copied().unwrap_or_default());
    encoder.group(&mut out, 0, &lengths);
    out
}

const fn entry_len(name: &[u8], content: usize) -> usize {
    bytes_field_len(1, name.len()) + bytes_field_len(2, content)
}

/// The length of a `bytes` or `string` field with a number below 16, which is left out when empty.
const fn optional_len(content: &[u8]) -> usize {
    if content.is_empty() {
        0
    } else {
        bytes_field_len(1, content.len())
    }
}

/// The length of a varint field with a number below 16, which is left out when 0.
const fn number_len(number: u64) -> usize {
    if number == 0 {
        0
    } else {
        1 + varint_len(number)
    }
}

/// An `int32` as a varint carries it.
#[expect(clippy::cast_sign_loss, reason = "protobuf writes two's complement")]
const fn sign_extended(number: i32) -> u64 {
    number as i64 as u64
}
