//! Building new trees out of pieces of others, breadth first and without copies.

use std::collections::VecDeque;

use super::arena::{Arena, ArenaRun, Group, Policy, Value, position};

/// Elements that borrow their texts from the trees they are made of.
pub(in crate::config) type Borrowed<'a> = Arena<&'a [u8]>;

/// Takes the members of one group; each kind in ascending order of names.
pub(in crate::config) struct GroupMembers<'b, 'a, S> {
    arena: &'b mut Borrowed<'a>,
    sources: &'b mut VecDeque<S>,
    own: u32,
}

impl<'a, S> GroupMembers<'_, 'a, S> {
    /// Adds a group; its own members are asked for later, with this source.
    pub(in crate::config) fn group(&mut self, group: Group<&'a [u8]>, source: S) {
        self.arena.groups.push(Group {
            parent: Some(self.own),
            ..group
        });
        self.sources.push_back(source);
    }

    /// Adds a value, with the texts that it borrows.
    pub(in crate::config) fn value(&mut self, value: Value<&'a [u8]>) {
        self.arena.values.push(value);
    }

    /// Adds a policy, with the texts that it borrows.
    pub(in crate::config) fn policy(&mut self, policy: Policy<&'a [u8]>) {
        self.arena.policies.push(policy);
    }

    /// Takes the group's own unknown fields away.
    pub(in crate::config) fn drop_unknown(&mut self) {
        if let Some(own) = self.arena.groups.get_mut(self.own as usize) {
            own.unknown = &[];
        }
    }
}

/// Builds a tree: `expand` is called once for each group, and adds its members.
///
/// # Errors
/// Those of `expand`.
pub(in crate::config) fn build<'a, S, E>(
    root: Group<&'a [u8]>,
    source: S,
    mut expand: impl FnMut(S, &mut GroupMembers<'_, 'a, S>) -> Result<(), E>,
) -> Result<Borrowed<'a>, E> {
    let mut arena = Arena {
        groups: vec![root],
        values: Vec::new(),
        policies: Vec::new(),
    };
    let mut sources = VecDeque::from([source]);
    let mut own = 0;
    while let Some(source) = sources.pop_front() {
        let start = [arena.groups.len(), arena.values.len(), arena.policies.len()].map(position);
        expand(
            source,
            &mut GroupMembers {
                arena: &mut arena,
                sources: &mut sources,
                own,
            },
        )?;
        let [groups, values, policies] = start;
        let run = |start, list: usize| ArenaRun {
            start,
            end: position(list),
        };
        let runs = (
            run(groups, arena.groups.len()),
            run(values, arena.values.len()),
            run(policies, arena.policies.len()),
        );
        if let Some(group) = arena.groups.get_mut(own as usize) {
            (group.groups, group.values, group.policies) = runs;
        }
        own += 1;
    }
    Ok(arena)
}
