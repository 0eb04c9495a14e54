//! The intent that an update expresses: its write set against the config that it is made for.

use super::mode::Mode;
use crate::config::tree::{
    Group, GroupMembers, GroupRef, Policy, Value,
    compare::{Side, join_groups, join_policies, join_values},
};

/// A group of the write set.
#[derive(Clone, Copy)]
pub(super) enum Intent<'a> {
    /// A group that is deleted: without members.
    Deleted,
    /// A group that exists and stays.
    Existing {
        written: GroupRef<'a>,
        current: GroupRef<'a>,
    },
    /// A group that is new: all of it is content.
    New(GroupRef<'a>),
}

impl<'a> Intent<'a> {
    /// An existing group as the patch has it: its mod policy only where that changes.
    pub(super) fn existing(
        written: GroupRef<'a>,
        current: GroupRef<'a>,
    ) -> (Group<&'a [u8]>, Self) {
        let mod_policy = written.mod_policy_bytes();
        let changes = is_written(written, current) && mod_policy != current.mod_policy_bytes();
        let group = Group {
            mod_policy: if changes { mod_policy } else { &[] },
            ..named_group(written, Mode::Patch)
        };
        (group, Self::Existing { written, current })
    }

    /// Adds the members that the update changes.
    pub(super) fn members(self, out: &mut GroupMembers<'_, 'a, Self>) {
        match self {
            Self::Deleted => {}
            Self::Existing { written, current } => changes(written, current, out),
            Self::New(group) => content(group, out),
        }
    }
}

fn changes<'a>(
    written: GroupRef<'a>,
    current: GroupRef<'a>,
    out: &mut GroupMembers<'_, 'a, Intent<'a>>,
) {
    // what a written group does not name is gone, what any other group does not name is untouched
    let deletes = is_written(written, current);
    for side in join_groups(current, written) {
        match side {
            Side::Both(x, y) if is_written(y, x) || has_members(y) => {
                let (group, source) = Intent::existing(y, x);
                out.group(group, source);
            }
            Side::Left(x) if deletes => {
                out.group(named_group(x, Mode::Delete), Intent::Deleted);
            }
            Side::Right(y) => {
                let group = Group {
                    version: Mode::Overwrite as u64,
                    ..y.borrowed()
                };
                out.group(group, Intent::New(y));
            }
            Side::Both(..) | Side::Left(_) => {}
        }
    }
    for side in join_values(current, written) {
        match side {
            Side::Both(x, y) if x.version() == y.version() => {}
            Side::Both(_, y) | Side::Right(y) => out.value(Value {
                version: Mode::Overwrite as u64,
                ..y.borrowed()
            }),
            Side::Left(x) if deletes => out.value(Value {
                name: x.name_bytes(),
                version: Mode::Delete as u64,
                ..Value::default()
            }),
            Side::Left(_) => {}
        }
    }
    for side in join_policies(current, written) {
        match side {
            Side::Both(x, y) if x.version() == y.version() => {}
            Side::Both(_, y) | Side::Right(y) => out.policy(Policy {
                version: Mode::Overwrite as u64,
                ..y.borrowed()
            }),
            Side::Left(x) if deletes => out.policy(Policy {
                name: x.name_bytes(),
                version: Mode::Delete as u64,
                ..Policy::default()
            }),
            Side::Left(_) => {}
        }
    }
}

/// All of a new group; its versions are 0 already.
fn content<'a>(group: GroupRef<'a>, out: &mut GroupMembers<'_, 'a, Intent<'a>>) {
    for child in group.groups() {
        out.group(child.borrowed(), Intent::New(child));
    }
    group.values().for_each(|v| out.value(v.borrowed()));
    group.policies().for_each(|p| out.policy(p.borrowed()));
}

fn named_group(group: GroupRef<'_>, mode: Mode) -> Group<&[u8]> {
    Group {
        name: group.name_bytes(),
        version: mode as u64,
        ..Group::default()
    }
}

// the update is the computed one, so versions are equal or follow each other
const fn is_written(written: GroupRef<'_>, current: GroupRef<'_>) -> bool {
    written.version() != current.version()
}

fn has_members(group: GroupRef<'_>) -> bool {
    group.groups().len() + group.values().len() + group.policies().len() > 0
}
