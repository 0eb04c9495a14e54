//! Slow, obvious implementations to compare ours with.

pub(crate) mod update;
