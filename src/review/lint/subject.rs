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
    /// The same compiled, or why it may not follow.
    pub next: Result<&'a Bundle, &'a Refusal>,
    /// Length of the serialized `common.ConfigUpdate`, in bytes.
    pub update_bytes: usize,
    /// The ledger's time when the change was proposed.
    pub now: UnixTime,
    /// Levels that somebody has attested; `None` where attestations are not known.
    pub attested: Option<&'a Attested>,
}

/// Capability levels that organisations say their nodes support.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attested {
    /// Of the channel.
    pub channel: BTreeSet<String>,
    /// Of orderers.
    pub orderer: BTreeSet<String>,
    /// Of applications.
    pub application: BTreeSet<String>,
}
