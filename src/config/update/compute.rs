//! The update that leads from one config to another.

use std::convert::Infallible;

use super::error::ComputeError;
use crate::{
    config::tree::{
        Borrowed, ConfigTree, Group, GroupMembers, GroupRef, Policy, PolicyRef, TreeEncoder, Value,
        ValueRef, build,
        compare::{
            Side, join_groups, join_policies, join_values, same_bytes, same_policy, same_value,
        },
    },
    ids::ChannelId,
    proto::write,
};

/// The serialized `common.ConfigUpdate` that leads from `original` to `updated`, for a channel:
/// deterministic, and what the reference's `compute_update` gives.
///
/// Versions in `updated` are ignored, and names and contents are not judged.
///
/// # Errors
/// [`ComputeError`]: a config without channel group, or nothing differs.
// Fabric: internal/configtxlator/update/update.go, Compute
pub fn compute_update(
    channel: &ChannelId,
    original: &ConfigTree,
    updated: &ConfigTree,
) -> Result<Vec<u8>, ComputeError> {
    let original = original.root().ok_or(ComputeError::NoOriginalGroup)?;
    let updated = updated.root().ok_or(ComputeError::NoUpdatedGroup)?;
    let pairs = compare(original, updated);
    let root = pairs.first().ok_or(ComputeError::NoDifferences)?;
    if !root.changed {
        return Err(ComputeError::NoDifferences);
    }
    let read = read_set(&pairs, root);
    let write = write_set(&pairs, root);
    Ok(encode(channel, &read, &write))
}

/// Two groups of the same path.
struct Pair<'a> {
    original: GroupRef<'a>,
    updated: GroupRef<'a>,
    /// The pair of the groups that hold them.
    parent: usize,
    /// The first pair of the groups that both hold; the others follow, ascending by name.
    children: usize,
    children_end: usize,
    /// Whether the mod policy or the names of the members differ: then the version goes up.
    bumped: bool,
    /// Whether anything differs, here or below.
    changed: bool,
}

impl<'a> Pair<'a> {
    fn children<'p>(&self, pairs: &'p [Self]) -> impl Iterator<Item = &'p Self> + use<'p, 'a> {
        let children = self.children..self.children_end;
        pairs.get(children).unwrap_or_default().iter()
    }
}

/// All pairs of groups below two groups, breadth first; not below groups of equal bytes.
fn compare<'a>(original: GroupRef<'a>, updated: GroupRef<'a>) -> Vec<Pair<'a>> {
    let pair = |original, updated, parent| Pair {
        original,
        updated,
        parent,
        children: 0,
        children_end: 0,
        bumped: false,
        changed: false,
    };
    let mut pairs = vec![pair(original, updated, 0)];
    let mut next = 0;
    while let Some(&Pair {
        original, updated, ..
    }) = pairs.get(next)
    {
        let children = pairs.len();
        let (mut bumped, mut changed) = (false, false);
        if !same_bytes(original, updated) {
            bumped = original.mod_policy_bytes() != updated.mod_policy_bytes();
            for side in join_values(original, updated) {
                match side {
                    Side::Both(x, y) => changed |= !same_value(x, y),
                    _ => bumped = true,
                }
            }
            for side in join_policies(original, updated) {
                match side {
                    Side::Both(x, y) => changed |= !same_policy(x, y),
                    _ => bumped = true,
                }
            }
            for side in join_groups(original, updated) {
                match side {
                    Side::Both(x, y) => pairs.push(pair(x, y, next)),
                    _ => bumped = true,
                }
            }
        }
        let children_end = pairs.len();
        if let Some(own) = pairs.get_mut(next) {
            (own.children, own.children_end) = (children, children_end);
            (own.bumped, own.changed) = (bumped, bumped || changed);
        }
        next += 1;
    }
    // a pair comes after the one that holds it: backwards, changes rise to the root
    for at in (1..pairs.len()).rev() {
        let Some(&Pair {
            changed: true,
            parent,
            ..
        }) = pairs.get(at)
        else {
            continue;
        };
        if let Some(parent) = pairs.get_mut(parent) {
            parent.changed = true;
        }
    }
    pairs
}

/// What the members of a group in a read or write set come from.
enum PairSource<'p, 'a> {
    /// Two groups that differ.
    Changed(&'p Pair<'a>),
    /// A group that only the updated config has.
    New(GroupRef<'a>),
    /// A group that is only mentioned.
    Same,
}

type Set<'m, 'p, 'a> = GroupMembers<'m, 'a, PairSource<'p, 'a>>;

fn read_set<'a>(pairs: &[Pair<'a>], root: &Pair<'a>) -> Borrowed<'a> {
    let source = PairSource::Changed(root);
    let Ok(set) = build::<_, Infallible>(bare_group(root.original), source, |source, members| {
        if let PairSource::Changed(pair) = source {
            read_members(pairs, pair, members);
        }
        Ok(())
    });
    set
}

fn read_members<'p, 'a>(pairs: &'p [Pair<'a>], pair: &Pair<'a>, set: &mut Set<'_, 'p, 'a>) {
    for child in pair.children(pairs) {
        if child.changed {
            set.group(bare_group(child.original), PairSource::Changed(child));
        } else if pair.bumped {
            set.group(bare_group(child.original), PairSource::Same);
        }
    }
    if !pair.bumped {
        return;
    }
    for side in join_values(pair.original, pair.updated) {
        if let Side::Both(x, y) = side
            && same_value(x, y)
        {
            set.value(bare_value(x));
        }
    }
    for side in join_policies(pair.original, pair.updated) {
        if let Side::Both(x, y) = side
            && same_policy(x, y)
        {
            set.policy(bare_policy(x));
        }
    }
}

fn write_set<'a>(pairs: &[Pair<'a>], root: &Pair<'a>) -> Borrowed<'a> {
    let source = PairSource::Changed(root);
    let Ok(set) = build::<_, Infallible>(written_group(root), source, |source, members| {
        match source {
            PairSource::Changed(pair) => write_members(pairs, pair, members),
            PairSource::New(group) => new_members(group, members),
            PairSource::Same => {}
        }
        Ok(())
    });
    set
}

fn write_members<'p, 'a>(pairs: &'p [Pair<'a>], pair: &Pair<'a>, set: &mut Set<'_, 'p, 'a>) {
    let mut children = pair.children(pairs);
    for side in join_groups(pair.original, pair.updated) {
        match side {
            Side::Both(..) => match children.next() {
                Some(child) if child.changed => {
                    set.group(written_group(child), PairSource::Changed(child));
                }
                Some(child) if pair.bumped => {
                    set.group(bare_group(child.original), PairSource::Same);
                }
                _ => {}
            },
            Side::Left(_) => {}
            Side::Right(y) => set.group(new_group(y), PairSource::New(y)),
        }
    }
    for side in join_values(pair.original, pair.updated) {
        match side {
            Side::Both(x, y) if !same_value(x, y) => set.value(written_value(y, next(x.version()))),
            Side::Both(x, _) if pair.bumped => set.value(bare_value(x)),
            Side::Right(y) => set.value(written_value(y, 0)),
            Side::Both(..) | Side::Left(_) => {}
        }
    }
    for side in join_policies(pair.original, pair.updated) {
        match side {
            Side::Both(x, y) if !same_policy(x, y) => {
                set.policy(written_policy(y, next(x.version())));
            }
            Side::Both(x, _) if pair.bumped => set.policy(bare_policy(x)),
            Side::Right(y) => set.policy(written_policy(y, 0)),
            Side::Both(..) | Side::Left(_) => {}
        }
    }
}

fn new_members<'a>(group: GroupRef<'a>, set: &mut Set<'_, '_, 'a>) {
    for child in group.groups() {
        set.group(new_group(child), PairSource::New(child));
    }
    for value in group.values() {
        set.value(written_value(value, 0));
    }
    for policy in group.policies() {
        set.policy(written_policy(policy, 0));
    }
}

/// A group in the write set; its mod policy only where the group itself is written.
fn written_group<'a>(pair: &Pair<'a>) -> Group<&'a [u8]> {
    if !pair.bumped {
        return bare_group(pair.original);
    }
    Group {
        version: next(pair.original.version()),
        mod_policy: pair.updated.mod_policy_bytes(),
        ..bare_group(pair.original)
    }
}

fn new_group(group: GroupRef<'_>) -> Group<&[u8]> {
    Group {
        version: 0,
        mod_policy: group.mod_policy_bytes(),
        ..bare_group(group)
    }
}

/// A group as its version alone.
fn bare_group(group: GroupRef<'_>) -> Group<&[u8]> {
    Group {
        name: group.name_bytes(),
        version: group.version(),
        ..Group::default()
    }
}

fn bare_value(value: ValueRef<'_>) -> Value<&[u8]> {
    Value {
        name: value.name_bytes(),
        version: value.version(),
        ..Value::default()
    }
}

fn bare_policy(policy: PolicyRef<'_>) -> Policy<&[u8]> {
    Policy {
        name: policy.name_bytes(),
        version: policy.version(),
        ..Policy::default()
    }
}

// unknown fields of the element itself do not go into an update, those inside the rule do

fn written_value(value: ValueRef<'_>, version: u64) -> Value<&[u8]> {
    Value {
        version,
        unknown: &[],
        ..value.borrowed()
    }
}

fn written_policy(policy: PolicyRef<'_>, version: u64) -> Policy<&[u8]> {
    Policy {
        version,
        unknown: &[],
        ..policy.borrowed()
    }
}

/// Versions wrap, as the reference's do.
const fn next(version: u64) -> u64 {
    version.wrapping_add(1)
}

fn encode(channel: &ChannelId, read: &Borrowed<'_>, write: &Borrowed<'_>) -> Vec<u8> {
    let sets = [(2, read), (3, write)].map(|(number, set)| {
        let encoder = TreeEncoder::of_borrowed(set);
        let lengths = encoder.lengths();
        (number, encoder, lengths)
    });
    let own = |lengths: &[usize]| lengths.first().copied().unwrap_or_default();
    let total: usize = sets.iter().map(|(_, _, lengths)| own(lengths) + 16).sum();
    let mut out = Vec::with_capacity(channel.as_str().len() + 16 + total);
    write::bytes(&mut out, 1, channel.as_str().as_bytes());
    for (number, encoder, lengths) in &sets {
        write::bytes_header(&mut out, *number, own(lengths));
        encoder.group(&mut out, 0, lengths);
    }
    out
}
