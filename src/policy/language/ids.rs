//! How the groups and policies of a config are numbered.

/// A group of a [`PolicyManager`](crate::policy::PolicyManager).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupId(pub(in crate::policy) usize);

/// A policy of a [`PolicyManager`](crate::policy::PolicyManager).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PolicyId(pub(in crate::policy) usize);
