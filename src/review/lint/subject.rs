//! What the findings are about: the types.

use std::collections::BTreeSet;

use crate::{
    config::{Bundle, ConfigTree, Refusal},
    ids::UnixTime,
};

/// A change, as far as the findings look at it.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The config in force.
    pub current: &'a Bundle,
    /// The config that the change leads to.
    pub result: &'a ConfigTree,
    /// The result compiled, or why it may not follow the config in force.
    pub next: Result<&'a Bundle, &'a Refusal>,
    /// Length of the serialized `common.ConfigUpdate`, in bytes.
    pub update_bytes: usize,
    /// The ledger's time when the change was proposed.
    pub now: UnixTime,
    /// Levels that at least one organisation has attested; `None` where attestations are not known,
    /// and capabilities are not looked at.
    pub attested: Option<&'a Attested>,
}

/// Capability levels that organisations say their nodes support.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attested {
    /// Levels of `/Channel/Capabilities`, such as `V3_0`.
    pub channel: BTreeSet<String>,
    /// Levels of `/Channel/Orderer/Capabilities`.
    pub orderer: BTreeSet<String>,
    /// Levels of `/Channel/Application/Capabilities`.
    pub application: BTreeSet<String>,
}
