//! The elements of a tree, as references into it.

use std::{fmt, str};

use bytes::Bytes;

use super::{
    arena::{ArenaRun, Group, GroupTree, Policy, PolicyRule, Span, TextForm, Value, position},
    encode::{TreeEncoder, Versions},
    path::{self, ElementKind, ElementPath, ROOT_KEY},
};

/// A group of a tree.
#[derive(Clone, Copy)]
pub struct GroupRef<'a> {
    tree: &'a GroupTree,
    group: &'a Group<Span>,
    index: u32,
}

impl<'a> GroupRef<'a> {
    pub(in crate::config) fn root(tree: &'a GroupTree) -> Option<Self> {
        Self::at(tree, 0)
    }

    fn at(tree: &'a GroupTree, index: u32) -> Option<Self> {
        let group = tree.arena.groups.get(index as usize)?;
        Some(Self { tree, group, index })
    }

    /// Its name; the root's is `Channel`.
    #[must_use]
    pub fn name(&self) -> &'a str {
        match self.group.parent {
            Some(_) => text(self.group.name, self.tree),
            None => ROOT_KEY,
        }
    }

    /// The group that holds it; `None` for the root.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        Self::at(self.tree, self.group.parent?)
    }

    /// The names from below the root to this group.
    #[must_use]
    pub fn names(&self) -> Vec<&'a str> {
        let mut names = Vec::new();
        let mut next = Some(*self);
        while let Some(group) = next {
            next = group.parent();
            if next.is_some() {
                names.push(group.name());
            }
        }
        names.reverse();
        names
    }

    /// Its groups, ascending by name.
    pub fn groups(&self) -> impl ExactSizeIterator<Item = GroupRef<'a>> + use<'a> {
        let (tree, ArenaRun { start, .. }) = (self.tree, self.group.groups);
        let groups = self.group.groups.of(&tree.arena.groups);
        (start..start.saturating_add(position(groups.len())))
            .zip(groups)
            .map(move |(index, group)| GroupRef { tree, group, index })
    }

    /// Its values, ascending by name.
    pub fn values(&self) -> impl ExactSizeIterator<Item = ValueRef<'a>> + use<'a> {
        let group = *self;
        let values = group.group.values.of(&group.tree.arena.values);
        values.iter().map(move |value| ValueRef { group, value })
    }

    /// Its policies, ascending by name.
    pub fn policies(&self) -> impl ExactSizeIterator<Item = PolicyRef<'a>> + use<'a> {
        let group = *self;
        let policies = group.group.policies.of(&group.tree.arena.policies);
        policies
            .iter()
            .map(move |policy| PolicyRef { group, policy })
    }

    /// Its group of this name.
    #[must_use]
    pub fn group(&self, name: &str) -> Option<Self> {
        let run = self.group.groups;
        let groups = run.of(&self.tree.arena.groups);
        let at = find(groups, name, |g| g.name.get(&self.tree.data))?;
        Self::at(self.tree, run.start.saturating_add(at))
    }

    /// Its value of this name.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<ValueRef<'a>> {
        let values = self.group.values.of(&self.tree.arena.values);
        let at = find(values, name, |v| v.name.get(&self.tree.data))?;
        let value = values.get(at as usize)?;
        Some(ValueRef {
            group: *self,
            value,
        })
    }

    /// Its policy of this name.
    #[must_use]
    pub fn policy(&self, name: &str) -> Option<PolicyRef<'a>> {
        let policies = self.group.policies.of(&self.tree.arena.policies);
        let at = find(policies, name, |p| p.name.get(&self.tree.data))?;
        let policy = policies.get(at as usize)?;
        Some(PolicyRef {
            group: *self,
            policy,
        })
    }

    /// Its member of this kind and name.
    #[must_use]
    pub fn member(&self, kind: ElementKind, name: &str) -> Option<ElementRef<'a>> {
        match kind {
            ElementKind::Group => self.group(name).map(ElementRef::Group),
            ElementKind::Policy => self.policy(name).map(ElementRef::Policy),
            ElementKind::Value => self.value(name).map(ElementRef::Value),
        }
    }

    /// The deterministic encoding as a `common.ConfigGroup`.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        self.encode_with(Versions::Kept)
    }

    pub(in crate::config) fn encode_with(&self, versions: Versions) -> Vec<u8> {
        let encoder = TreeEncoder::of_tree(self.tree, versions);
        let lengths = encoder.lengths();
        let own = lengths.get(self.index as usize);
        let mut out = Vec::with_capacity(own.copied().unwrap_or_default());
        encoder.group(&mut out, self.index, &lengths);
        out
    }

    /// Whether there were unknown fields anywhere in the whole tree.
    pub(in crate::config) const fn has_unknown(&self) -> bool {
        self.tree.has_unknown
    }

    /// The bytes it was read from, where they are one piece; else empty.
    pub(super) fn body(&self) -> &'a [u8] {
        self.group.body.get(&self.tree.data)
    }

    pub(in crate::config) fn borrowed(&self) -> Group<&'a [u8]> {
        Group {
            name: self.group.name.get(&self.tree.data),
            mod_policy: self.group.mod_policy.get(&self.tree.data),
            unknown: self.unknown(),
            version: self.group.version,
            ..Group::default()
        }
    }
}

/// A value of a tree.
#[derive(Clone, Copy)]
pub struct ValueRef<'a> {
    group: GroupRef<'a>,
    value: &'a Value<Span>,
}

impl<'a> ValueRef<'a> {
    /// Its name in the group that holds it, such as `BatchSize`.
    #[must_use]
    pub fn name(&self) -> &'a str {
        text(self.value.name, self.group.tree)
    }

    /// The group that holds it.
    #[must_use]
    pub const fn group(&self) -> GroupRef<'a> {
        self.group
    }

    /// Its content: a serialized message that its name and place tell the type of.
    #[must_use]
    pub fn bytes(&self) -> &'a [u8] {
        self.value.bytes.get(&self.group.tree.data)
    }

    /// The same bytes as a handle that shares the memory of the tree.
    #[must_use]
    pub fn shared_bytes(&self) -> Bytes {
        self.group.tree.data.slice_ref(self.bytes())
    }

    pub(in crate::config) fn encode_with(&self, versions: Versions) -> Vec<u8> {
        let mut out = Vec::new();
        TreeEncoder::of_tree(self.group.tree, versions).value(&mut out, self.value);
        out
    }

    pub(in crate::config) fn borrowed(&self) -> Value<&'a [u8]> {
        Value {
            name: self.value.name.get(&self.group.tree.data),
            mod_policy: self.value.mod_policy.get(&self.group.tree.data),
            unknown: self.unknown(),
            bytes: self.bytes(),
            version: self.value.version,
        }
    }
}

/// A policy of a tree.
#[derive(Clone, Copy)]
pub struct PolicyRef<'a> {
    group: GroupRef<'a>,
    policy: &'a Policy<Span>,
}

impl<'a> PolicyRef<'a> {
    /// Its name in the group that holds it, such as `Admins`.
    #[must_use]
    pub fn name(&self) -> &'a str {
        text(self.policy.name, self.group.tree)
    }

    /// The group that holds it.
    #[must_use]
    pub const fn group(&self) -> GroupRef<'a> {
        self.group
    }

    /// Whether there is an inner `common.Policy` at all; an empty one counts.
    #[must_use]
    pub const fn is_present(&self) -> bool {
        self.policy.rule.is_some()
    }

    /// Its type: 1 signature, 3 implicit meta; 0 where absent.
    #[must_use]
    pub fn kind(&self) -> i32 {
        self.policy.rule.map_or(0, |rule| rule.kind)
    }

    /// The serialized rule; empty where absent.
    #[must_use]
    pub fn rule(&self) -> &'a [u8] {
        self.inner().map_or(&[], |rule| rule.bytes)
    }

    pub(in crate::config) fn encode_with(&self, versions: Versions) -> Vec<u8> {
        let mut out = Vec::new();
        TreeEncoder::of_tree(self.group.tree, versions).policy(&mut out, self.policy);
        out
    }

    pub(in crate::config) fn inner(&self) -> Option<PolicyRule<&'a [u8]>> {
        let tree = self.group.tree;
        self.policy.rule.map(|rule| PolicyRule {
            kind: rule.kind,
            bytes: rule.bytes.get(&tree.data),
            unknown: rule.unknown.get(&tree.kept),
        })
    }

    pub(in crate::config) fn borrowed(&self) -> Policy<&'a [u8]> {
        Policy {
            name: self.policy.name.get(&self.group.tree.data),
            mod_policy: self.policy.mod_policy.get(&self.group.tree.data),
            unknown: self.unknown(),
            rule: self.inner(),
            version: self.policy.version,
        }
    }
}

macro_rules! element {
    ($name:ident, $kind:ident, $own:ident, $tree:expr, $within:expr) => {
        impl<'a> $name<'a> {
            /// How often it was changed. In an update: the version that is expected or written. In a
            /// patch: a mode.
            #[must_use]
            pub const fn version(&self) -> u64 {
                self.$own.version
            }

            /// Its mod policy; may be empty.
            #[must_use]
            pub fn mod_policy(&self) -> &'a str {
                text(self.$own.mod_policy, $tree(self))
            }

            /// Its path as text, such as `/Channel/Application`.
            #[must_use]
            pub fn path(&self) -> String {
                let names = $within(self);
                path::join([ROOT_KEY].into_iter().chain(names))
            }

            /// Its kind and the names that lead to it.
            #[must_use]
            pub fn element_path(&self) -> ElementPath {
                ElementPath::new(ElementKind::$kind, $within(self))
            }

            pub(in crate::config) fn name_bytes(&self) -> &'a [u8] {
                self.$own.name.get(&$tree(self).data)
            }

            pub(in crate::config) fn mod_policy_bytes(&self) -> &'a [u8] {
                self.$own.mod_policy.get(&$tree(self).data)
            }

            pub(crate) fn unknown(&self) -> &'a [u8] {
                self.$own.unknown.get(&$tree(self).kept)
            }
        }

        impl fmt::Debug for $name<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name))
                    .field("name", &self.name())
                    .field("version", &self.version())
                    .finish_non_exhaustive()
            }
        }
    };
}

element!(
    GroupRef,
    Group,
    group,
    |e: &GroupRef<'a>| e.tree,
    |e: &GroupRef<'a>| e.names()
);
element!(
    ValueRef,
    Value,
    value,
    |e: &ValueRef<'a>| e.group.tree,
    |e: &ValueRef<'a>| below(e.group, e.name())
);
element!(
    PolicyRef,
    Policy,
    policy,
    |e: &PolicyRef<'a>| e.group.tree,
    |e: &PolicyRef<'a>| below(e.group, e.name())
);

/// Any element of a tree.
#[derive(Clone, Copy, Debug)]
pub enum ElementRef<'a> {
    /// A group, and through it what it holds.
    Group(GroupRef<'a>),
    /// A policy, with its rule.
    Policy(PolicyRef<'a>),
    /// A value, with its bytes.
    Value(ValueRef<'a>),
}

macro_rules! of_any {
    ($(#[$doc:meta])* $name:ident -> $out:ty) => {
        $(#[$doc])*
        #[must_use]
        pub fn $name(&self) -> $out {
            match self {
                Self::Group(e) => e.$name(),
                Self::Policy(e) => e.$name(),
                Self::Value(e) => e.$name(),
            }
        }
    };
}

impl<'a> ElementRef<'a> {
    /// Whether it is a group, a policy or a value.
    #[must_use]
    pub const fn kind(&self) -> ElementKind {
        match self {
            Self::Group(_) => ElementKind::Group,
            Self::Policy(_) => ElementKind::Policy,
            Self::Value(_) => ElementKind::Value,
        }
    }

    /// Puts the members of a group on top of what is still to be visited, so that they come off in
    /// order: values, policies, groups, by name each. Nothing where it is no group.
    pub(crate) fn push_members(self, open: &mut Vec<Self>) {
        let Self::Group(group) = self else {
            return;
        };
        let from = open.len();
        open.extend(group.values().map(ElementRef::Value));
        open.extend(group.policies().map(ElementRef::Policy));
        open.extend(group.groups().map(ElementRef::Group));
        if let Some(members) = open.get_mut(from..) {
            members.reverse();
        }
    }

    of_any!(
        /// Its name; the root's is `Channel`.
        name -> &'a str
    );
    of_any!(
        /// How often it was changed. In an update: the version that is expected or written. In a
        /// patch: a mode.
        version -> u64
    );
    of_any!(
        /// Its mod policy; may be empty.
        mod_policy -> &'a str
    );
    of_any!(
        /// Its path as text, such as `/Channel/Application`.
        path -> String
    );
    of_any!(
        /// Its kind and the names that lead to it.
        element_path -> ElementPath
    );

    /// The group in whose policies a relative mod policy of this element is looked up: a group
    /// itself, or the one that holds the value or policy.
    // Fabric: common/configtx/update.go, policyForItem
    #[must_use]
    pub const fn policy_group(&self) -> GroupRef<'a> {
        match self {
            Self::Group(group) => *group,
            Self::Policy(policy) => policy.group(),
            Self::Value(value) => value.group(),
        }
    }
}

fn below<'a>(group: GroupRef<'a>, name: &'a str) -> Vec<&'a str> {
    let mut names = group.names();
    names.push(name);
    names
}

/// The text at a place that is known to be UTF-8.
fn text(place: Span, tree: &GroupTree) -> &str {
    str::from_utf8(place.get(&tree.data)).unwrap_or_default()
}

/// Where a name stands in a list that ascends by name.
fn find<'d, E>(list: &[E], name: &str, name_of: impl Fn(&E) -> &'d [u8]) -> Option<u32> {
    list.binary_search_by(|e| name_of(e).cmp(name.as_bytes()))
        .ok()
        .and_then(|at| u32::try_from(at).ok())
}
