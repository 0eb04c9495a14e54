//! The consensus type `etcdraft`: its metadata, and what its plug-in checks before an update.

use std::collections::BTreeSet;

use bytes::Bytes;

use super::{
    bft::BFT,
    error::{ConsensusError, OptionsError},
};
use crate::{
    config::bundle::{
        Orderer, duration,
        values::{each, set_bytes, set_text, set_u32},
    },
    identity::TrustPool,
    proto::scan::ScanError,
};

/// The name of the consensus type.
pub(crate) const RAFT: &str = "etcdraft";

/// How the set of consenters changes; for checks that need more than the configs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ConsenterChange {
    /// How many are new: their certificates must be valid by the clock.
    pub added: usize,
    /// How many the next config no longer lists.
    pub removed: usize,
}

pub(super) fn check_raft(
    current: &Orderer,
    next: &Orderer,
) -> Result<ConsenterChange, ConsensusError> {
    if next.consensus.metadata.is_empty() {
        return Ok(ConsenterChange::default());
    }
    match (&*next.consensus.name, next.org_without_endpoints()) {
        (RAFT, _) => {}
        (BFT, None) => return Ok(ConsenterChange::default()),
        (BFT, Some(org)) => {
            return Err(ConsensusError::MissingEndpoints {
                org: org.to_owned(),
            });
        }
        (other, _) => return Err(ConsensusError::UnknownType(other.to_owned())),
    }
    let parse = |orderer: &Orderer| {
        RaftMetadata::parse(&orderer.consensus.metadata).map_err(OptionsError::Undecodable)
    };
    // the reference crashes when the current metadata is absent or does not decode
    if current.consensus.metadata.is_empty() {
        return Err(OptionsError::Missing.into());
    }
    let current = parse(current)?;
    let metadata = parse(next)?;
    check_raft_options(metadata.options.as_ref().ok_or(OptionsError::Missing)?)?;
    if metadata.consenters.is_empty() {
        return Err(ConsensusError::NoConsenters);
    }
    check_raft_certificates(&metadata.consenters, next)?;
    check_distinct(&metadata.consenters)?;
    let change = change_of(&current.consenters, &metadata.consenters);
    match change {
        ConsenterChange {
            added: 0..=1,
            removed: 0..=1,
        } => Ok(change),
        ConsenterChange { added, removed } => {
            Err(ConsensusError::TooManyChanges { added, removed })
        }
    }
}

// Fabric: orderer/consensus/etcdraft/util.go, VerifyConfigMetadata
fn check_raft_options(options: &RaftOptions) -> Result<(), OptionsError> {
    let counts = [
        ("heartbeat_tick", options.heartbeat_tick),
        ("election_tick", options.election_tick),
        ("max_inflight_blocks", options.max_inflight_blocks),
    ];
    if let Some((option, _)) = counts.into_iter().find(|(_, count)| *count == 0) {
        return Err(OptionsError::Zero(option));
    }
    if options.election_tick <= options.heartbeat_tick {
        return Err(OptionsError::Order {
            smaller: "heartbeat_tick + 1",
            greater: "election_tick",
        });
    }
    // a negative interval passes
    match duration::parse(&options.tick_interval) {
        Ok(1.. | ..=-1) => Ok(()),
        _ => Err(OptionsError::Duration {
            option: "tick_interval",
            value: options.tick_interval.clone(),
        }),
    }
}

/// The certificates chain to the TLS CAs of the orderer organisations, for clients or for servers,
/// whatever the time.
// Fabric: orderer/consensus/etcdraft/util.go, validateConsenterTLSCerts
fn check_raft_certificates(
    consenters: &[RaftConsenter],
    orderer: &Orderer,
) -> Result<(), ConsensusError> {
    let cas = || orderer.orgs.values().map(|org| org.msp.tls());
    let pool = TrustPool::new(
        cas().flat_map(|(roots, _)| roots).cloned(),
        cas().flat_map(|(_, intermediates)| intermediates).cloned(),
    );
    for consenter in consenters {
        for certificate in [&consenter.client_tls_cert, &consenter.server_tls_cert] {
            pool.verify_tls(certificate)
                .map_err(|source| ConsensusError::Certificate {
                    host: consenter.host.clone(),
                    port: consenter.port,
                    source,
                })?;
        }
    }
    Ok(())
}

/// No certificate is in two consenters; the two of one consenter may be equal.
// Fabric: orderer/consensus/etcdraft/util.go, MetadataHasDuplication
fn check_distinct(consenters: &[RaftConsenter]) -> Result<(), ConsensusError> {
    let mut seen = BTreeSet::new();
    for consenter in consenters {
        let certificates = [&consenter.server_tls_cert, &consenter.client_tls_cert];
        if certificates
            .iter()
            .any(|certificate| seen.contains(*certificate))
        {
            return Err(ConsensusError::DuplicateConsenter {
                host: consenter.host.clone(),
                port: consenter.port,
            });
        }
        seen.extend(certificates);
    }
    Ok(())
}

/// A consenter is who it is by its client certificate, byte by byte.
// Fabric: orderer/consensus/etcdraft/membership.go, ComputeMembershipChanges
fn change_of(current: &[RaftConsenter], next: &[RaftConsenter]) -> ConsenterChange {
    let known = |consenters: &[RaftConsenter], of: &RaftConsenter| {
        (consenters.iter()).any(|other| other.client_tls_cert == of.client_tls_cert)
    };
    ConsenterChange {
        added: next.iter().filter(|new| !known(current, new)).count(),
        removed: current.iter().filter(|old| !known(next, old)).count(),
    }
}

/// `etcdraft.ConfigMetadata`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RaftMetadata {
    /// The nodes, in the order given.
    pub(crate) consenters: Vec<RaftConsenter>,
    /// The options; `None` where absent.
    pub(super) options: Option<RaftOptions>,
}

/// `etcdraft.Consenter`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RaftConsenter {
    /// Host name or address, as written.
    pub(crate) host: String,
    /// TCP port; numbers past 65535 pass here.
    pub(crate) port: u32,
    /// Its TLS client certificate, PEM: what identifies a node.
    pub(crate) client_tls_cert: Bytes,
    /// Its TLS server certificate, PEM.
    pub(crate) server_tls_cert: Bytes,
}

/// `etcdraft.Options`, as far as they are checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct RaftOptions {
    /// Length of a tick, in Go's spelling, such as `500ms`.
    pub(super) tick_interval: String,
    /// Ticks without a heartbeat after which a follower becomes a candidate.
    pub(super) election_tick: u32,
    /// Ticks between two heartbeats.
    pub(super) heartbeat_tick: u32,
    /// Blocks that may be on their way to a follower, at most.
    pub(super) max_inflight_blocks: u32,
}

impl RaftMetadata {
    /// Reads the metadata of a `ConsensusType` of type `etcdraft`.
    ///
    /// # Errors
    /// [`ScanError`].
    pub(crate) fn parse(metadata: &[u8]) -> Result<Self, ScanError> {
        let mut raft = Self::default();
        each(metadata, |field| {
            match (field.number, field.bytes()) {
                (1, Some(message)) => raft.consenters.push(RaftConsenter::parse(message)?),
                (2, Some(message)) => raft.options.get_or_insert_default().merge(message)?,
                _ => {}
            }
            Ok(())
        })?;
        Ok(raft)
    }
}

impl RaftConsenter {
    fn parse(message: &[u8]) -> Result<Self, ScanError> {
        let mut consenter = Self::default();
        each(message, |field| {
            match field.number {
                1 => set_text(&mut consenter.host, &field)?,
                2 => set_u32(&mut consenter.port, &field),
                3 => set_bytes(&mut consenter.client_tls_cert, &field),
                4 => set_bytes(&mut consenter.server_tls_cert, &field),
                _ => {}
            }
            Ok(())
        })?;
        Ok(consenter)
    }
}

impl RaftOptions {
    fn merge(&mut self, message: &[u8]) -> Result<(), ScanError> {
        each(message, |field| {
            match field.number {
                1 => set_text(&mut self.tick_interval, &field)?,
                2 => set_u32(&mut self.election_tick, &field),
                3 => set_u32(&mut self.heartbeat_tick, &field),
                4 => set_u32(&mut self.max_inflight_blocks, &field),
                _ => {}
            }
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn raft_options_are_judged_one_by_one() {
        let good = RaftOptions {
            tick_interval: "500ms".into(),
            election_tick: 10,
            heartbeat_tick: 1,
            max_inflight_blocks: 5,
        };
        assert_eq!(check_raft_options(&good), Ok(()));
        type Change = fn(&mut RaftOptions);
        let cases: [(&str, bool, Change); 4] = [
            ("negative", true, |o| o.tick_interval = "-1s".into()),
            ("zero", false, |o| o.tick_interval = "0".into()),
            ("no election", false, |o| o.election_tick = 1),
            ("no blocks", false, |o| o.max_inflight_blocks = 0),
        ];
        for (name, want, change) in cases {
            let mut options = good.clone();
            change(&mut options);
            assert_eq!(check_raft_options(&options).is_ok(), want, "{name}");
        }
    }

    fn node(certificate: &'static [u8]) -> RaftConsenter {
        RaftConsenter {
            client_tls_cert: Bytes::from_static(certificate),
            server_tls_cert: Bytes::from_static(certificate),
            ..RaftConsenter::default()
        }
    }

    #[test]
    fn consenters_are_told_apart_by_their_client_certificate() {
        let (a, b, c) = (node(b"a"), node(b"b"), node(b"c"));
        let moved = RaftConsenter {
            host: "elsewhere".into(),
            server_tls_cert: Bytes::new(),
            ..a.clone()
        };
        let change = |added, removed| ConsenterChange { added, removed };
        assert_eq!(
            change_of(&[a.clone(), b.clone()], &[b.clone(), moved]),
            change(0, 0)
        );
        assert_eq!(
            change_of(&[a.clone(), b.clone()], &[b.clone(), c.clone()]),
            change(1, 1)
        );
        assert!(check_distinct(&[a.clone(), b]).is_ok());
        assert!(check_distinct(&[a.clone(), c, a]).is_err());
    }

    proptest! {
        #![proptest_config(crate::cases::cases(256))]

        #[test]
        fn never_panics(bytes: Vec<u8>) {
            let _ = RaftMetadata::parse(&bytes);
        }
    }
}
