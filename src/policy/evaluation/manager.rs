//! The policies of a whole config in one flat list, and how Fabric finds one by its name.

use std::{collections::BTreeMap, sync::Arc};

use crate::policy::{
    error::{PolicyError, RuleProblem},
    language::{
        ids::{GroupId, PolicyId},
        implicit_meta::ImplicitMeta,
        model::{PolicyKind, Principals, PrincipalsBuilder, Rule},
        print::rules_text,
        wire,
    },
};

/// All policies of a config. The root group's name (`Channel`) is part of every path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyManager {
    groups: Vec<PolicyGroup>,
    policies: Vec<CompiledPolicy>,
    principals: Principals,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct PolicyGroup {
    parent: Option<GroupId>,
    name: Arc<str>,
    /// Length in bytes of the path without its leading `/`, as in `Channel/Application`.
    path_len: usize,
    groups: BTreeMap<Arc<str>, GroupId>,
    policies: BTreeMap<Arc<str>, PolicyId>,
}

/// A compiled policy and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::policy) struct CompiledPolicy {
    pub(in crate::policy) group: GroupId,
    pub(in crate::policy) name: Arc<str>,
    pub(in crate::policy) kind: PolicyKind,
}

/// Whether an absolute name belongs to a manager, and what remains of it.
#[derive(Debug, PartialEq, Eq)]
enum Absolute<'n> {
    /// The bare path of the manager's group. Fabric crashes here.
    Bare,
    /// Starts with another path.
    Other,
    /// The name within the manager.
    Within(&'n str),
}

impl PolicyManager {
    /// Finds a policy from the root manager: an absolute name such as `/Channel/Application/Admins`,
    /// or one relative to the root group.
    ///
    /// The character behind the root's name is not looked at, so `/Channel.Admins` is
    /// `/Channel/Admins`. A name that is just `/Channel` crashes Fabric; here it finds nothing.
    // Fabric: common/policies/policy.go, GetPolicy
    #[must_use]
    pub fn absolute(&self, name: &str) -> Option<PolicyId> {
        self.lookup(self.root()?, name)
    }

    /// Finds a policy from the manager of a group, by a relative name (`Admins`, `Org1/Admins`)
    /// or by an absolute one, which must start with the group's own path. Parents are not searched.
    // Fabric: common/policies/policy.go, GetPolicy
    #[must_use]
    pub fn lookup(&self, from: GroupId, name: &str) -> Option<PolicyId> {
        find(&self.groups, from, name).ok().flatten()
    }

    /// A group by its names below the root group; an empty list is the root group.
    #[must_use]
    pub fn group(&self, path: &[&str]) -> Option<GroupId> {
        path.iter().try_fold(self.root()?, |group, name| {
            self.groups.get(group.0)?.groups.get(*name).copied()
        })
    }

    /// The groups in a group, ascending by name.
    pub fn groups(&self, of: GroupId) -> impl Iterator<Item = GroupId> {
        let group = self.groups.get(of.0);
        group.into_iter().flat_map(|g| g.groups.values().copied())
    }

    /// The names of the groups in a group, ascending.
    pub(in crate::policy) fn group_names(&self, of: GroupId) -> impl Iterator<Item = &str> {
        let group = self.groups.get(of.0);
        group
            .into_iter()
            .flat_map(|g| g.groups.keys().map(|name| &**name))
    }

    /// A policy's absolute path, such as `/Channel/Application/Admins`.
    #[must_use]
    pub fn path(&self, id: PolicyId) -> String {
        self.policies.get(id.0).map_or_else(String::new, |policy| {
            path_of(&self.groups, policy.group, &policy.name)
        })
    }

    /// The names that lead to a policy from below the root group, its own last; none for an unknown
    /// id.
    #[must_use]
    pub fn names(&self, id: PolicyId) -> Vec<&str> {
        self.policies.get(id.0).map_or_else(Vec::new, |policy| {
            let names = names_of(&self.groups, policy.group, &policy.name);
            names.into_iter().skip(1).collect()
        })
    }

    /// Every policy, groups in the order they were added, names ascending within a group.
    pub fn iter(&self) -> impl Iterator<Item = PolicyId> {
        self.groups
            .iter()
            .flat_map(|g| g.policies.values().copied())
    }

    pub(in crate::policy) fn policy(&self, id: PolicyId) -> Option<&CompiledPolicy> {
        self.policies.get(id.0)
    }

    /// How many policies there are; ids are below it.
    pub(in crate::policy) fn len(&self) -> usize {
        self.policies.len()
    }

    pub(in crate::policy) fn principals_table(&self) -> &Principals {
        &self.principals
    }

    /// The paths that an implicit meta policy asks, in the order of its `subs`.
    pub(in crate::policy) fn sub_paths(&self, meta: GroupId, sub_policy: &str) -> Vec<String> {
        let groups = self.groups.get(meta.0).map(|g| g.groups.values());
        groups
            .into_iter()
            .flatten()
            .map(|group| {
                let name = sub_policy.strip_prefix('/').unwrap_or(sub_policy);
                path_of(&self.groups, *group, name)
            })
            .collect()
    }

    fn root(&self) -> Option<GroupId> {
        (!self.groups.is_empty()).then_some(GroupId(0))
    }
}

impl PolicyManager {
    /// A policy's rule as text: `MAJORITY Admins`, `OR('Org1MSP.admin')`; empty for an unknown id.
    /// The text of a signature policy is cut as by [`print_policy`](crate::policy::print_policy).
    #[must_use]
    pub fn rule_text(&self, id: PolicyId, limit: usize) -> String {
        match self.policy(id).map(|policy| &policy.kind) {
            None => String::new(),
            Some(PolicyKind::ImplicitMeta(meta)) => meta.text(),
            Some(PolicyKind::Signature(rules)) => {
                rules_text(rules, 0, self.principals_table(), limit)
            }
        }
    }
}

/// Compiles a config's policies, group by group.
#[derive(Debug, Default)]
pub struct PolicyManagerBuilder<'b> {
    groups: Vec<PolicyGroup>,
    policies: Vec<CompiledPolicy>,
    principals: PrincipalsBuilder<'b>,
    before: Option<&'b PolicyManager>,
}

impl<'b> PolicyManagerBuilder<'b> {
    /// Starts without groups.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Starts without groups; policies of another config can be taken over.
    #[must_use]
    pub fn following(before: &'b PolicyManager) -> Self {
        Self {
            principals: PrincipalsBuilder::following(&before.principals),
            before: Some(before),
            ..Self::default()
        }
    }

    /// Adds a group. The first one is the root (`Channel`) and has no parent.
    pub fn group(&mut self, parent: Option<GroupId>, name: &str) -> GroupId {
        let id = GroupId(self.groups.len());
        let name: Arc<str> = name.into();
        let above = parent.and_then(|p| self.groups.get_mut(p.0));
        let path_len = above.map_or(name.len(), |parent| {
            parent.groups.insert(Arc::clone(&name), id);
            parent.path_len.saturating_add(1).saturating_add(name.len())
        });
        self.groups.push(PolicyGroup {
            parent,
            name,
            path_len,
            groups: BTreeMap::new(),
            policies: BTreeMap::new(),
        });
        id
    }

    /// Compiles a policy (`kind` and `value` of a `common.Policy`) of a group.
    ///
    /// # Errors
    /// Whatever makes Fabric refuse a config for this policy alone.
    pub fn policy(
        &mut self,
        group: GroupId,
        name: &str,
        kind: i32,
        value: &[u8],
    ) -> Result<(), PolicyError> {
        let compiled = match kind {
            1 => wire::signature_policy(value, &mut self.principals).map(PolicyKind::Signature),
            3 => wire::implicit_meta(value)
                .map(|(sub_policy, rule)| {
                    PolicyKind::ImplicitMeta(ImplicitMeta {
                        sub_policy: sub_policy.into(),
                        rule,
                        subs: Vec::new(),
                    })
                })
                .map_err(RuleProblem::from),
            _ => {
                let path = path_of(&self.groups, group, name);
                return Err(PolicyError::UnknownKind { path, kind });
            }
        };
        let kind = compiled.map_err(|problem| PolicyError::Rule {
            path: path_of(&self.groups, group, name),
            problem,
        })?;
        self.push(group, name.into(), kind);
        Ok(())
    }

    /// Gives a group the policies of a group of the other config, as [`Self::policy`] would compile
    /// them again, in ascending order of their names.
    pub fn take_over(&mut self, group: GroupId, before: GroupId) {
        let Some(manager) = self.before else {
            return;
        };
        let policies = manager.groups.get(before.0).map(|g| &g.policies);
        for (name, id) in policies.into_iter().flatten() {
            let kind = match manager.policy(*id).map(|policy| &policy.kind) {
                None => continue,
                Some(PolicyKind::Signature(rules)) => {
                    let rules = rules.iter().map(|rule| match *rule {
                        Rule::SignedBy(id) => Rule::SignedBy(self.principals.take_over(id)),
                        gate @ Rule::OutOf { .. } => gate,
                    });
                    PolicyKind::Signature(rules.collect())
                }
                Some(PolicyKind::ImplicitMeta(meta)) => PolicyKind::ImplicitMeta(ImplicitMeta {
                    sub_policy: Arc::clone(&meta.sub_policy),
                    rule: meta.rule,
                    subs: Vec::new(),
                }),
            };
            self.push(group, Arc::clone(name), kind);
        }
    }

    fn push(&mut self, group: GroupId, name: Arc<str>, kind: PolicyKind) {
        let id = PolicyId(self.policies.len());
        if let Some(group) = self.groups.get_mut(group.0) {
            group.policies.insert(Arc::clone(&name), id);
        }
        self.policies.push(CompiledPolicy { group, name, kind });
    }

    /// Connects the implicit meta policies with the policies that they count.
    ///
    /// # Errors
    /// [`PolicyError::SubPolicyIsGroup`], where Fabric crashes.
    pub fn finish(self) -> Result<PolicyManager, PolicyError> {
        let Self {
            groups,
            mut policies,
            principals,
            ..
        } = self;
        for policy in &mut policies {
            let (PolicyKind::ImplicitMeta(meta), Some(group)) =
                (&mut policy.kind, groups.get(policy.group.0))
            else {
                continue;
            };
            meta.subs = group
                .groups
                .values()
                .map(|sub| find(&groups, *sub, &meta.sub_policy))
                .collect::<Result<_, BarePath>>()
                .map_err(|BarePath| PolicyError::SubPolicyIsGroup {
                    path: path_of(&groups, policy.group, &policy.name),
                    sub_policy: meta.sub_policy.to_string(),
                })?;
        }
        Ok(PolicyManager {
            groups,
            policies,
            principals: principals.finish(),
        })
    }
}

/// A name that is just a group's path.
struct BarePath;

fn find(groups: &[PolicyGroup], from: GroupId, name: &str) -> Result<Option<PolicyId>, BarePath> {
    let relative = match name.strip_prefix('/') {
        None => name,
        Some(rest) => match absolute(groups, from, rest) {
            Absolute::Bare => return Err(BarePath),
            Absolute::Other => return Ok(None),
            Absolute::Within(relative) => relative,
        },
    };
    let (path, policy) = match relative.rsplit_once('/') {
        None => (None, relative),
        Some((path, policy)) => (Some(path), policy),
    };
    let mut segments = path.into_iter().flat_map(|path| path.split('/'));
    let group = segments.try_fold(from, |group, segment| {
        groups.get(group.0)?.groups.get(segment).copied()
    });
    Ok(group.and_then(|g| groups.get(g.0)?.policies.get(policy).copied()))
}

/// Takes a group's path, and the one character behind it, from the start of a name that has lost
/// its leading `/`.
fn absolute<'n>(groups: &[PolicyGroup], from: GroupId, name: &'n str) -> Absolute<'n> {
    let Some(group) = groups.get(from.0) else {
        return Absolute::Other;
    };
    let Some(mut head) = name.as_bytes().get(..group.path_len) else {
        return Absolute::Other;
    };
    // from the last piece of the path to the first, so that no path is put together
    let mut above = Some(group);
    while let Some(group) = above {
        let Some(rest) = head.strip_suffix(group.name.as_bytes()) else {
            return Absolute::Other;
        };
        above = group.parent.and_then(|parent| groups.get(parent.0));
        match (above, rest.strip_suffix(b"/")) {
            (None, _) => break,
            (Some(_), None) => return Absolute::Other,
            (Some(_), Some(rest)) => head = rest,
        }
    }
    if name.len() == group.path_len {
        return Absolute::Bare;
    }
    // where the character is longer than a byte Fabric cuts it, which leaves no legal name
    name.get(group.path_len.saturating_add(1)..)
        .map_or(Absolute::Other, Absolute::Within)
}

/// `/Channel/Application/Admins`
fn path_of(groups: &[PolicyGroup], group: GroupId, policy: &str) -> String {
    format!("/{}", names_of(groups, group, policy).join("/"))
}

/// The names that lead to a policy, the root group's first.
fn names_of<'a>(groups: &'a [PolicyGroup], group: GroupId, policy: &'a str) -> Vec<&'a str> {
    let mut names = vec![policy];
    let mut above = groups.get(group.0);
    while let Some(group) = above {
        names.push(&group.name);
        above = group.parent.and_then(|parent| groups.get(parent.0));
    }
    names.reverse();
    names
}
