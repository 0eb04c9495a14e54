//! Slow, obvious implementations to compare ours with.

pub(crate) mod policy;
pub(crate) mod proposals;
pub(crate) mod settings;
pub(crate) mod update;
