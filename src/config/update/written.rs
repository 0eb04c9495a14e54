//! What an update writes, as far as it says so without the config that it was made for.

use super::config_update::Update;
use crate::config::tree::{
    ConfigError, ConfigTree, ElementPath, Group, GroupMembers, GroupRef, PolicyRef, ValueRef, build,
};

/// A group that exists, and that an update writes: with its mod policy, and the names of its members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenGroup {
    /// The group.
    pub path: ElementPath,
    /// The version that the update reads.
    pub from: u64,
    /// The version that it writes.
    pub to: u64,
    /// The names of the members that stay, ascending by kind: groups, values, policies. Whatever else
    /// the group has is removed.
    pub keeps: Vec<String>,
}

impl Update {
    /// The elements that are written: those of the write set that are not in the read set at the same
    /// version, with the groups that lead to them. Versions are those of the write set.
    ///
    /// # Errors
    /// [`ConfigError`] where the result is too long.
    pub fn writes(&self) -> Result<ConfigTree, ConfigError> {
        let Some(write) = self.write_set() else {
            return ConfigTree::parse(bytes::Bytes::new());
        };
        let root = Sets {
            read: self.read_set(),
            write,
        };
        let elements = build::<_, ConfigError>(root.own(), root, |sets, members| {
            sets.members(members);
            Ok(())
        })?;
        ConfigTree::of_elements(crate::ids::Sequence(0), &elements)
    }

    /// The groups that the update writes and that exist by its read set, in the order of the tree.
    #[must_use]
    pub fn written_groups(&self) -> Vec<WrittenGroup> {
        let mut out = Vec::new();
        let mut open: Vec<Sets<'_>> = (self.write_set())
            .map(|write| Sets {
                read: self.read_set(),
                write,
            })
            .into_iter()
            .collect();
        while let Some(sets) = open.pop() {
            if let Some(read) = sets.read
                && read.version() != sets.write.version()
            {
                out.push(WrittenGroup {
                    path: sets.write.element_path(),
                    from: read.version(),
                    to: sets.write.version(),
                    keeps: sets.kept(),
                });
            }
            let children = sets.write.groups().map(|child| sets.child(child));
            open.extend(children);
        }
        out.sort_by(|a, b| a.path.cmp(&b.path));
        out
    }
}

/// A group of the write set, beside the one of the read set.
#[derive(Clone, Copy)]
struct Sets<'a> {
    read: Option<GroupRef<'a>>,
    write: GroupRef<'a>,
}

impl<'a> Sets<'a> {
    fn child(self, write: GroupRef<'a>) -> Self {
        Self {
            read: self.read.and_then(|read| read.group(write.name())),
            write,
        }
    }

    fn own(self) -> Group<&'a [u8]> {
        self.write.borrowed()
    }

    /// Whether the group itself is written.
    fn is_written(self) -> bool {
        self.read
            .is_none_or(|read| read.version() != self.write.version())
    }

    fn has_members(self) -> bool {
        let write = self.write;
        write.groups().len() + write.values().len() + write.policies().len() > 0
    }

    fn reads_value(self, value: ValueRef<'_>) -> bool {
        let read = self.read.and_then(|read| read.value(value.name()));
        read.is_some_and(|read| read.version() == value.version())
    }

    fn reads_policy(self, policy: PolicyRef<'_>) -> bool {
        let read = self.read.and_then(|read| read.policy(policy.name()));
        read.is_some_and(|read| read.version() == policy.version())
    }

    fn members(self, out: &mut GroupMembers<'_, 'a, Self>) {
        for child in self.write.groups() {
            let child = self.child(child);
            if child.is_written() || child.has_members() {
                out.group(child.own(), child);
            }
        }
        for value in self
            .write
            .values()
            .filter(|value| !self.reads_value(*value))
        {
            out.value(value.borrowed());
        }
        let policies = self.write.policies();
        for policy in policies.filter(|policy| !self.reads_policy(*policy)) {
            out.policy(policy.borrowed());
        }
    }

    /// The names of members that are in both sets.
    fn kept(self) -> Vec<String> {
        let Some(read) = self.read else {
            return Vec::new();
        };
        let write = self.write;
        let groups = write.groups().map(|one| one.name());
        let groups = groups.filter(|name| read.group(name).is_some());
        let values = write.values().map(|one| one.name());
        let values = values.filter(|name| read.value(name).is_some());
        let policies = write.policies().map(|one| one.name());
        let policies = policies.filter(|name| read.policy(name).is_some());
        groups
            .chain(values)
            .chain(policies)
            .map(str::to_owned)
            .collect()
    }
}
