//! The policies of a config, compiled.

use std::sync::Arc;

use super::error::BundleError;
use crate::{
    config::tree::{
        ConfigTree, GroupRef,
        compare::{Side, join_groups, same_bytes},
    },
    policy::{GroupId, PolicyManager, PolicyManagerBuilder},
};

/// All policies of the config, those that nothing refers to included. Groups whose policies are as
/// in the config before take over what these compiled to.
pub(super) fn compile_policies(
    root: GroupRef<'_>,
    before: Option<(&ConfigTree, &Arc<PolicyManager>)>,
) -> Result<Arc<PolicyManager>, BundleError> {
    let mut builder = PolicyManagerBuilder::new();
    let mut root_before = None;
    if let Some((tree, policies)) = before {
        root_before = tree.root().zip(policies.group(&[]));
        if root_before.is_some_and(|(before, _)| same_policies_everywhere(before, root)) {
            return Ok(Arc::clone(policies));
        }
        builder = PolicyManagerBuilder::following(policies);
    }
    let mut open = vec![(root, None, root_before)];
    while let Some((group, parent, group_before)) = open.pop() {
        let id = builder.group(parent, group.name());
        match group_before {
            Some((before, id_before)) if same_policies(before, group) => {
                builder.take_over(id, id_before);
            }
            _ => compile_group(&mut builder, id, group)?,
        }
        let parent = Some(id);
        let (Some((_, policies)), Some((group_before, id_before))) = (before, group_before) else {
            open.extend(group.groups().map(|child| (child, parent, None)));
            continue;
        };
        // both lists ascend by name
        let mut ids = policies.groups(id_before);
        for side in join_groups(group_before, group) {
            match side {
                Side::Left(_) => {
                    ids.next();
                }
                Side::Both(child_before, child) => {
                    let child_before = ids.next().map(|id| (child_before, id));
                    open.push((child, parent, child_before));
                }
                Side::Right(child) => open.push((child, parent, None)),
            }
        }
    }
    Ok(Arc::new(builder.finish()?))
}

fn compile_group(
    builder: &mut PolicyManagerBuilder<'_>,
    id: GroupId,
    group: GroupRef<'_>,
) -> Result<(), BundleError> {
    for policy in group.policies() {
        if !policy.is_present() {
            return Err(BundleError::NilPolicy {
                path: policy.path(),
            });
        }
        builder.policy(id, policy.name(), policy.kind(), policy.rule())?;
    }
    Ok(())
}

/// Whether two configs have the same groups with the same policies in them, so that one compiles
/// to what the other did.
fn same_policies_everywhere(before: GroupRef<'_>, root: GroupRef<'_>) -> bool {
    let mut open = vec![(before, root)];
    while let Some((one, other)) = open.pop() {
        if one.name_bytes() != other.name_bytes() {
            return false;
        }
        if same_bytes(one, other) {
            continue;
        }
        if one.groups().len() != other.groups().len() || !same_policies(one, other) {
            return false;
        }
        open.extend(one.groups().zip(other.groups()));
    }
    true
}

/// Whether two groups have the same policies, and all of them have a rule.
fn same_policies(one: GroupRef<'_>, other: GroupRef<'_>) -> bool {
    same_bytes(one, other)
        || one.policies().len() == other.policies().len()
            && one.policies().zip(other.policies()).all(|(one, other)| {
                one.name_bytes() == other.name_bytes()
                    && one.is_present()
                    && other.is_present()
                    && one.kind() == other.kind()
                    && one.rule() == other.rule()
            })
}
