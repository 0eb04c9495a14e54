//! What the findings are about: the types.

use std::collections::BTreeSet;

use crate::{
    config::{Bundle, ConfigTree, Refusal},
    identity::Certificate,
    ids::{MspId, UnixTime},
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
    /// Certificates of people who are known beside those that the config names.
    pub known: &'a [KnownCertificate],
    /// MSPs that change, of which nobody looked up who is known beside.
    pub unread: &'a [MspId],
    /// What the transaction that records the result on the contract's ledger has at least; `None`
    /// where that is not known.
    pub recording: Option<RecordingSize>,
}

/// The certificate of somebody who is known, such as one who proposed or signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownCertificate {
    /// The MSP that it is of.
    pub msp_id: MspId,
    /// The certificate.
    pub certificate: Certificate,
}

/// The size of a transaction, and what the channel allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordingSize {
    /// What it has at least. Unit: bytes.
    pub bytes: u64,
    /// What the channel allows after the change. Unit: bytes.
    pub limit: u64,
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
