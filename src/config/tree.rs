//! A channel config as a tree.

use bytes::Bytes;

use super::{
    error::ConfigError,
    path::{ElementKind, ElementPath},
};
use crate::ids::Sequence;

/// A channel config.
#[derive(Clone)]
pub struct ConfigTree {
    sequence: Sequence,
}

impl std::fmt::Debug for ConfigTree {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ConfigTree").finish_non_exhaustive()
    }
}

impl ConfigTree {
    /// Reads a serialized `common.Config`.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn parse(config: Bytes) -> Result<Self, ConfigError> {
        todo!("{config:?}")
    }
    /// Reads a serialized `common.ConfigGroup` as the channel group of a config.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn from_group(sequence: Sequence, group: Bytes) -> Result<Self, ConfigError> {
        todo!("{sequence} {group:?}")
    }
    /// How often the config was changed.
    #[must_use]
    pub const fn sequence(&self) -> Sequence {
        self.sequence
    }
    /// The channel group; `None` where there is none.
    #[must_use]
    pub fn root(&self) -> Option<GroupRef<'_>> {
        todo!()
    }
    /// The group that these names lead to, from the root; none of them: the root.
    #[must_use]
    pub fn group(&self, names: &[&str]) -> Option<GroupRef<'_>> {
        todo!("{names:?}")
    }
    /// The deterministic encoding.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        todo!()
    }
    /// Whether both say the same, versions and sequences aside.
    #[must_use]
    pub fn same_content(&self, _other: &Self) -> bool {
        todo!()
    }
    /// Whether the channel groups are equal as messages; sequences are not compared.
    #[must_use]
    pub fn equals(&self, _other: &Self) -> bool {
        todo!()
    }
    /// The tree in which every element without mod policy has `Admins`.
    #[must_use]
    pub fn repaired(&self) -> Self {
        todo!()
    }
}

/// A group of a tree.
#[derive(Clone, Copy, Debug)]
pub struct GroupRef<'a>(&'a ());
/// A value of a tree.
#[derive(Clone, Copy, Debug)]
pub struct ValueRef<'a>(&'a ());
/// A policy of a tree.
#[derive(Clone, Copy, Debug)]
pub struct PolicyRef<'a>(&'a ());

macro_rules! element {
    ($name:ident) => {
        impl<'a> $name<'a> {
            /// Its name; the root's is `Channel`.
            #[must_use]
            pub fn name(&self) -> &'a str {
                todo!("{:?}", self.0)
            }
            /// Its version.
            #[must_use]
            pub fn version(&self) -> u64 {
                todo!()
            }
            /// Its mod policy; may be empty.
            #[must_use]
            pub fn mod_policy(&self) -> &'a str {
                todo!()
            }
            /// Its path as text, such as `/Channel/Application`.
            #[must_use]
            pub fn path(&self) -> String {
                todo!()
            }
            /// Its place.
            #[must_use]
            pub fn element_path(&self) -> ElementPath {
                todo!()
            }
        }
    };
}
element!(GroupRef);
element!(ValueRef);
element!(PolicyRef);

impl<'a> GroupRef<'a> {
    /// Its groups, ascending by name.
    pub fn groups(&self) -> impl ExactSizeIterator<Item = GroupRef<'a>> + use<'a> {
        Vec::new().into_iter()
    }
    /// Its values, ascending by name.
    pub fn values(&self) -> impl ExactSizeIterator<Item = ValueRef<'a>> + use<'a> {
        Vec::new().into_iter()
    }
    /// Its policies, ascending by name.
    pub fn policies(&self) -> impl ExactSizeIterator<Item = PolicyRef<'a>> + use<'a> {
        Vec::new().into_iter()
    }
    /// One of its groups.
    #[must_use]
    pub fn group(&self, _name: &str) -> Option<GroupRef<'a>> {
        todo!()
    }
    /// One of its values.
    #[must_use]
    pub fn value(&self, _name: &str) -> Option<ValueRef<'a>> {
        todo!()
    }
    /// One of its policies.
    #[must_use]
    pub fn policy(&self, _name: &str) -> Option<PolicyRef<'a>> {
        todo!()
    }
    /// The deterministic encoding of the `common.ConfigGroup`.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        todo!()
    }
}

impl<'a> ValueRef<'a> {
    /// The content.
    #[must_use]
    pub fn bytes(&self) -> &'a [u8] {
        todo!()
    }
}

impl<'a> PolicyRef<'a> {
    /// Whether there is an inner `common.Policy` at all.
    #[must_use]
    pub fn is_present(&self) -> bool {
        todo!()
    }
    /// The policy type: 1 signature, 3 implicit meta; 0 where absent.
    #[must_use]
    pub fn kind(&self) -> i32 {
        todo!()
    }
    /// The serialized rule; empty where absent.
    #[must_use]
    pub fn rule(&self) -> &'a [u8] {
        todo!()
    }
}

/// Any element of a tree.
#[derive(Clone, Copy, Debug)]
pub enum ElementRef<'a> {
    /// A group.
    Group(GroupRef<'a>),
    /// A policy.
    Policy(PolicyRef<'a>),
    /// A value.
    Value(ValueRef<'a>),
}

impl<'a> ElementRef<'a> {
    /// What it is.
    #[must_use]
    pub fn kind(&self) -> ElementKind {
        todo!()
    }
    /// Its version.
    #[must_use]
    pub fn version(&self) -> u64 {
        todo!()
    }
    /// Its mod policy.
    #[must_use]
    pub fn mod_policy(&self) -> &'a str {
        todo!()
    }
    /// Its place.
    #[must_use]
    pub fn element_path(&self) -> ElementPath {
        todo!()
    }
    /// The names from below the root to the group whose policies a relative mod policy of this
    /// element is looked up in: a group itself, or the group that holds the value or policy.
    #[must_use]
    pub fn group_names(&self) -> Vec<&'a str> {
        todo!()
    }
}
