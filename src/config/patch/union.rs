//! Two patches as one.

use super::mode::{Mode, of_canonical};
use crate::config::{
    patch::error::PatchError,
    tree::{
        Group, GroupMembers, GroupRef, Policy, PolicyRef, Value, ValueRef,
        compare::{
            Side, join_groups, join_policies, join_values, same_group, same_policy, same_rule,
            same_value,
        },
    },
};

/// A group that one patch or both give.
#[derive(Clone, Copy)]
pub(super) enum UnionGroup<'a> {
    /// Both patch the group: their members go together.
    Both(GroupRef<'a>, GroupRef<'a>),
    /// One patch alone says what the group holds.
    One(GroupRef<'a>),
}

impl<'a> UnionGroup<'a> {
    /// The group of two patches as one, and where its members come from.
    ///
    /// # Errors
    /// [`PatchError::Conflict`] where they want different things of it.
    pub(super) fn of(
        a: GroupRef<'a>,
        b: GroupRef<'a>,
    ) -> Result<(Group<&'a [u8]>, Self), PatchError> {
        let agree = match (is_whole(a), is_whole(b)) {
            (false, false) => {
                let (x, y) = (a.mod_policy_bytes(), b.mod_policy_bytes());
                if x.is_empty() || y.is_empty() || x == y {
                    let mod_policy = if x.is_empty() { y } else { x };
                    let group = Group {
                        mod_policy,
                        ..a.borrowed()
                    };
                    return Ok((group, Self::Both(a, b)));
                }
                None
            }
            (true, true) if a.version() == b.version() && same_group(a, b, true) => Some(a),
            (true, false) if !touches(b) => Some(a),
            (false, true) if !touches(a) => Some(b),
            _ => None,
        };
        match agree {
            Some(one) => Ok((one.borrowed(), Self::One(one))),
            None => Err(PatchError::Conflict {
                path: a.element_path(),
            }),
        }
    }

    /// Adds the members of both.
    ///
    /// # Errors
    /// [`PatchError::Conflict`], for the first member that both give in different ways.
    pub(super) fn members(self, out: &mut GroupMembers<'_, 'a, Self>) -> Result<(), PatchError> {
        let (a, b) = match self {
            Self::Both(a, b) => (a, b),
            Self::One(group) => {
                for child in group.groups() {
                    out.group(child.borrowed(), Self::One(child));
                }
                group.values().for_each(|v| out.value(v.borrowed()));
                group.policies().for_each(|p| out.policy(p.borrowed()));
                return Ok(());
            }
        };
        for side in join_groups(a, b) {
            let (group, source) = match side {
                Side::Both(x, y) => Self::of(x, y)?,
                Side::Left(one) | Side::Right(one) => (one.borrowed(), Self::One(one)),
            };
            out.group(group, source);
        }
        for side in join_values(a, b) {
            out.value(match side {
                Side::Both(x, y) => both_values(x, y).ok_or_else(|| PatchError::Conflict {
                    path: x.element_path(),
                })?,
                Side::Left(one) | Side::Right(one) => one.borrowed(),
            });
        }
        for side in join_policies(a, b) {
            out.policy(match side {
                Side::Both(x, y) => both_policies(x, y).ok_or_else(|| PatchError::Conflict {
                    path: x.element_path(),
                })?,
                Side::Left(one) | Side::Right(one) => one.borrowed(),
            });
        }
        Ok(())
    }
}

// whoever patches leaves the rest of an element as it is, so also as another writes it

/// A value that both patches give; `None` where they want different content.
fn both_values<'a>(x: ValueRef<'a>, y: ValueRef<'a>) -> Option<Value<&'a [u8]>> {
    let (a, b) = (x.borrowed(), y.borrowed());
    let fits = |patch: Value<&[u8]>, all: Value<&[u8]>| {
        either(patch.bytes, all.bytes) == Some(all.bytes)
            && either(patch.mod_policy, all.mod_policy) == Some(all.mod_policy)
    };
    match (of_canonical(a.version), of_canonical(b.version)) {
        (Mode::Patch, Mode::Patch) => Some(Value {
            bytes: either(a.bytes, b.bytes)?,
            mod_policy: either(a.mod_policy, b.mod_policy)?,
            ..a
        }),
        (Mode::Patch, Mode::Overwrite) => fits(a, b).then_some(b),
        (Mode::Overwrite, Mode::Patch) => fits(b, a).then_some(a),
        (one, other) => (one == other && same_value(x, y)).then_some(a),
    }
}

/// A policy that both patches give; `None` where they want different content.
fn both_policies<'a>(x: PolicyRef<'a>, y: PolicyRef<'a>) -> Option<Policy<&'a [u8]>> {
    let (a, b) = (x.borrowed(), y.borrowed());
    let fits = |patch: Policy<&[u8]>, all: Policy<&[u8]>| {
        (patch.rule.is_none() || same_rule(patch.rule, all.rule))
            && either(patch.mod_policy, all.mod_policy) == Some(all.mod_policy)
    };
    match (of_canonical(a.version), of_canonical(b.version)) {
        (Mode::Patch, Mode::Patch) => Some(Policy {
            rule: match (a.rule, b.rule) {
                (Some(_), Some(_)) if !same_rule(a.rule, b.rule) => return None,
                (one, other) => one.or(other),
            },
            mod_policy: either(a.mod_policy, b.mod_policy)?,
            ..a
        }),
        (Mode::Patch, Mode::Overwrite) => fits(a, b).then_some(b),
        (Mode::Overwrite, Mode::Patch) => fits(b, a).then_some(a),
        (one, other) => (one == other && same_policy(x, y)).then_some(a),
    }
}

/// What both say, or one alone: an empty one says nothing.
fn either<'a>(a: &'a [u8], b: &'a [u8]) -> Option<&'a [u8]> {
    match (a, b) {
        ([], one) | (one, []) => Some(one),
        _ => (a == b).then_some(a),
    }
}

/// Whether all of the group is written or deleted.
fn is_whole(group: GroupRef<'_>) -> bool {
    of_canonical(group.version()) != Mode::Patch
}

/// Whether a patched group says anything at all.
fn touches(group: GroupRef<'_>) -> bool {
    let mut open = vec![group];
    while let Some(group) = open.pop() {
        let own = is_whole(group)
            || !group.mod_policy().is_empty()
            || group.values().len() > 0
            || group.policies().len() > 0;
        if own {
            return true;
        }
        open.extend(group.groups());
    }
    false
}
