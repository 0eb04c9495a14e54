//! Applying a patch: the current config and the patch, walked together.

use super::mode::{Mode, of_canonical};
use crate::config::{
    patch::error::PatchError,
    tree::{
        Group, GroupMembers, GroupRef, Policy, PolicyRef, Value, ValueRef,
        compare::{
            Side, join_groups, join_policies, join_values, same_policy, same_rule, same_value,
        },
    },
};

/// Where the members of a group of the result come from.
#[derive(Clone, Copy)]
pub(super) enum Merge<'a> {
    /// The current group, as it is.
    Kept(GroupRef<'a>),
    /// The patch alone says what the group holds.
    Overwritten {
        patch: GroupRef<'a>,
        current: Option<GroupRef<'a>>,
    },
    /// The current group, with what the patch says.
    Patched {
        patch: GroupRef<'a>,
        current: GroupRef<'a>,
    },
}

impl<'a> Merge<'a> {
    pub(super) fn overwritten(
        patch: GroupRef<'a>,
        current: Option<GroupRef<'a>>,
    ) -> (Group<&'a [u8]>, Self) {
        let unknown = current
            .filter(|group| group.mod_policy_bytes() == patch.mod_policy_bytes())
            .map_or(&[][..], |group| group.unknown());
        let group = Group {
            version: current.map_or(0, |group| group.version()),
            unknown,
            ..patch.borrowed()
        };
        (group, Self::Overwritten { patch, current })
    }

    pub(super) fn patched(patch: GroupRef<'a>, current: GroupRef<'a>) -> (Group<&'a [u8]>, Self) {
        let mut group = current.borrowed();
        let mod_policy = patch.mod_policy_bytes();
        if !mod_policy.is_empty() && mod_policy != group.mod_policy {
            group.mod_policy = mod_policy;
            group.unknown = &[];
        }
        (group, Self::Patched { patch, current })
    }

    /// Adds the members of a group of the result.
    ///
    /// # Errors
    /// [`PatchError::AbsentGroup`], [`PatchError::DeleteAbsent`].
    pub(super) fn members(self, out: &mut GroupMembers<'_, 'a, Self>) -> Result<(), PatchError> {
        match self {
            Self::Kept(group) => {
                for child in group.groups() {
                    out.group(child.borrowed(), Self::Kept(child));
                }
                group.values().for_each(|v| out.value(v.borrowed()));
                group.policies().for_each(|p| out.policy(p.borrowed()));
                Ok(())
            }
            Self::Overwritten { patch, current } => {
                overwrite(patch, current, out);
                Ok(())
            }
            Self::Patched { patch, current } => merge(patch, current, out),
        }
    }
}

fn overwrite<'a>(
    patch: GroupRef<'a>,
    current: Option<GroupRef<'a>>,
    out: &mut GroupMembers<'_, 'a, Merge<'a>>,
) {
    for child in patch.groups() {
        let current = current.and_then(|group| group.group(child.name()));
        let (group, source) = Merge::overwritten(child, current);
        out.group(group, source);
    }
    for value in patch.values() {
        let current = current.and_then(|group| group.value(value.name()));
        out.value(written_value(value, current));
    }
    for policy in patch.policies() {
        let current = current.and_then(|group| group.policy(policy.name()));
        out.policy(written_policy(policy, current));
    }
    if let Some(current) = current
        && has_other_members(patch, current)
    {
        out.drop_unknown();
    }
}

fn has_other_members(a: GroupRef<'_>, b: GroupRef<'_>) -> bool {
    join_groups(a, b).any(|side| !matches!(side, Side::Both(..)))
        || join_values(a, b).any(|side| !matches!(side, Side::Both(..)))
        || join_policies(a, b).any(|side| !matches!(side, Side::Both(..)))
}

fn merge<'a>(
    patch: GroupRef<'a>,
    current: GroupRef<'a>,
    out: &mut GroupMembers<'_, 'a, Merge<'a>>,
) -> Result<(), PatchError> {
    let mut other_members = false;
    for side in join_groups(current, patch) {
        let (existing, given) = match side {
            Side::Left(kept) => {
                out.group(kept.borrowed(), Merge::Kept(kept));
                continue;
            }
            Side::Both(existing, given) => (Some(existing), given),
            Side::Right(given) => (None, given),
        };
        let path = || given.element_path();
        let (group, source) = match (of_canonical(given.version()), existing) {
            (Mode::Overwrite, existing) => Merge::overwritten(given, existing),
            (Mode::Patch, Some(existing)) => Merge::patched(given, existing),
            (Mode::Patch, None) => return Err(PatchError::AbsentGroup { path: path() }),
            (Mode::Delete, None) => return Err(PatchError::DeleteAbsent { path: path() }),
            (Mode::Delete, Some(_)) => {
                other_members = true;
                continue;
            }
        };
        other_members |= existing.is_none();
        out.group(group, source);
    }
    for side in join_values(current, patch) {
        let (existing, given) = match side {
            Side::Left(kept) => {
                out.value(kept.borrowed());
                continue;
            }
            Side::Both(existing, given) => (Some(existing), given),
            Side::Right(given) => (None, given),
        };
        match (of_canonical(given.version()), existing) {
            (Mode::Patch, Some(existing)) => out.value(patched_value(given, existing)),
            (Mode::Delete, None) => {
                return Err(PatchError::DeleteAbsent {
                    path: given.element_path(),
                });
            }
            (Mode::Delete, Some(_)) => other_members = true,
            (_, existing) => {
                other_members |= existing.is_none();
                out.value(written_value(given, existing));
            }
        }
    }
    for side in join_policies(current, patch) {
        let (existing, given) = match side {
            Side::Left(kept) => {
                out.policy(kept.borrowed());
                continue;
            }
            Side::Both(existing, given) => (Some(existing), given),
            Side::Right(given) => (None, given),
        };
        match (of_canonical(given.version()), existing) {
            (Mode::Patch, Some(existing)) => out.policy(patched_policy(given, existing)),
            (Mode::Delete, None) => {
                return Err(PatchError::DeleteAbsent {
                    path: given.element_path(),
                });
            }
            (Mode::Delete, Some(_)) => other_members = true,
            (_, existing) => {
                other_members |= existing.is_none();
                out.policy(written_policy(given, existing));
            }
        }
    }
    if other_members {
        out.drop_unknown();
    }
    Ok(())
}

// an element that says the same as before stays as it is, unknown fields included: no update
// will write it

fn written_value<'a>(given: ValueRef<'a>, existing: Option<ValueRef<'a>>) -> Value<&'a [u8]> {
    match existing {
        Some(existing) if same_value(given, existing) => existing.borrowed(),
        existing => Value {
            version: existing.map_or(0, |e| e.version()),
            ..given.borrowed()
        },
    }
}

fn patched_value<'a>(given: ValueRef<'a>, existing: ValueRef<'a>) -> Value<&'a [u8]> {
    let mut value = existing.borrowed();
    let given = given.borrowed();
    if !given.bytes.is_empty() && given.bytes != value.bytes {
        (value.bytes, value.unknown) = (given.bytes, &[]);
    }
    if !given.mod_policy.is_empty() && given.mod_policy != value.mod_policy {
        (value.mod_policy, value.unknown) = (given.mod_policy, &[]);
    }
    value
}

fn written_policy<'a>(given: PolicyRef<'a>, existing: Option<PolicyRef<'a>>) -> Policy<&'a [u8]> {
    match existing {
        Some(existing) if same_policy(given, existing) => existing.borrowed(),
        existing => Policy {
            version: existing.map_or(0, |e| e.version()),
            ..given.borrowed()
        },
    }
}

fn patched_policy<'a>(given: PolicyRef<'a>, existing: PolicyRef<'a>) -> Policy<&'a [u8]> {
    let mut policy = existing.borrowed();
    let given = given.borrowed();
    if given.rule.is_some() && !same_rule(given.rule, policy.rule) {
        (policy.rule, policy.unknown) = (given.rule, &[]);
    }
    if !given.mod_policy.is_empty() && given.mod_policy != policy.mod_policy {
        (policy.mod_policy, policy.unknown) = (given.mod_policy, &[]);
    }
    policy
}
