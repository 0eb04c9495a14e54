//! What the consensus plug-ins demand of a config that is to follow the current one.

use std::collections::BTreeSet;

use super::{
    bundle::Bundle,
    duration,
    sections::Orderer,
    values::{BftOptions, Consenter, RaftConsenter, RaftMetadata, RaftOptions},
};
use crate::{
    identity::{MspError, serialized_identity},
    ids::MspId,
    proto::{scan::ScanError, write},
};

/// The consensus type that tolerates crashes.
pub(super) const RAFT: &str = "etcdraft";
/// The consensus type that tolerates malice.
pub(super) const BFT: &str = "BFT";

/// `smartbft.Options.ROTATION_ON`.
const ROTATION_ON: i32 = 2;
/// The size of a request that the reference assumes when it judges a batch, in bytes.
const REQUEST_BYTES: u64 = 10 * 1024;

/// What a consensus plug-in does not accept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConsensusError {
    /// The policy of block signatures is not the one that the consenters give.
    #[error(
        "policy `/Channel/Orderer/BlockValidation` is not {quorum} of the {consenters} consenters of value `/Channel/Orderer/Orderers`"
    )]
    BlockValidation {
        /// How many signatures it must ask for.
        quorum: usize,
        /// How many consenters there are.
        consenters: usize,
    },
    /// A consenter's TLS certificate.
    #[error("the tls certificate of consenter `{host}:{port}` is not accepted: {source}")]
    Certificate {
        /// The consenter's host.
        host: String,
        /// Its port.
        port: u32,
        /// Why not.
        source: MspError,
    },
    /// A certificate that two consenters share.
    #[error("consenter `{host}:{port}` has a tls certificate that another one has too")]
    DuplicateConsenter {
        /// The second one's host.
        host: String,
        /// Its port.
        port: u32,
    },
    /// An orderer organisation needs an endpoint of its own.
    #[error("`/Channel/Orderer/{org}` has no endpoint, which consensus type `BFT` demands")]
    MissingEndpoints {
        /// The organisation.
        org: String,
    },
    /// There is no consenter.
    #[error("the consensus metadata lists no consenter")]
    NoConsenters,
    /// The consenters have no value.
    #[error("value `/Channel/Orderer/{0}` is missing, which consensus type `BFT` demands")]
    MissingValue(&'static str),
    /// The options are not usable.
    #[error("the consensus metadata is not usable: {0}")]
    Options(#[from] OptionsError),
    /// Leaders rotate.
    #[error("leader rotation must be off or unspecified")]
    Rotation,
    /// More than one consenter changes.
    #[error(
        "{added} consenters are added and {removed} removed; only one of each may change at a time"
    )]
    TooManyChanges {
        /// How many are new.
        added: usize,
        /// How many are gone.
        removed: usize,
    },
    /// No orderer serves this type; the reference crashes on it.
    #[error("consensus type `{0}` is not known to any orderer")]
    UnknownType(String),
}

/// What is wrong with the options of a consensus plug-in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OptionsError {
    /// Not a duration, or one that is not allowed there.
    #[error("`{option}` is `{value}`, not a positive duration")]
    Duration {
        /// The option.
        option: &'static str,
        /// What it says.
        value: String,
    },
    /// There are no options at all.
    #[error("there are no options")]
    Missing,
    /// One option must not exceed another.
    #[error("`{smaller}` must not be above `{greater}`")]
    Order {
        /// The one that must not be above.
        smaller: &'static str,
        /// The other one.
        greater: &'static str,
    },
    /// The metadata does not decode.
    #[error("it does not decode: {0}")]
    Undecodable(ScanError),
    /// An option that must not be 0.
    #[error("`{0}` is 0")]
    Zero(&'static str),
}

impl ConsensusError {
    /// A reason class in the manner of the vectors, which have none for these rules.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::BlockValidation { .. } => "consensus_block_validation",
            Self::Certificate { .. } => "consensus_certificate",
            Self::DuplicateConsenter { .. } => "consensus_duplicate_consenter",
            Self::MissingEndpoints { .. } => "missing_endpoints",
            Self::NoConsenters => "consensus_no_consenters",
            Self::MissingValue(_) => "consensus_missing_value",
            Self::Options(_) => "consensus_metadata",
            Self::Rotation => "consensus_rotation",
            Self::TooManyChanges { .. } => "consensus_too_many_changes",
            Self::UnknownType(_) => "consensus_unknown_type",
        }
    }
}

/// How the set of consenters changes; what of it cannot be judged from configs alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ConsenterChange {
    /// How many are new: their certificates must be valid by the clock.
    pub added: usize,
    /// How many are gone.
    pub removed: usize,
}

impl Bundle {
    /// Whether the consensus plug-in of this config accepts the next one.
    ///
    /// # Errors
    /// [`ConsensusError`].
    // Fabric: orderer/consensus/etcdraft/chain.go, ValidateConsensusMetadata;
    // orderer/consensus/smartbft/configverifier.go, checkConsentersMatchPolicy
    pub fn check_consensus(&self, next: &Self) -> Result<ConsenterChange, ConsensusError> {
        let (Some(current), Some(next_orderer)) = (&self.orderer, &next.orderer) else {
            return Ok(ConsenterChange::default());
        };
        match &*current.consensus.name {
            RAFT => check_raft(current, next_orderer),
            BFT => check_bft(next).map(|()| ConsenterChange::default()),
            _ => Ok(ConsenterChange::default()),
        }
    }
}

fn check_raft(current: &Orderer, next: &Orderer) -> Result<ConsenterChange, ConsensusError> {
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

/// The certificates chain to the TLS CAs of the orderer organisations; validity periods are not
/// looked at.
// Fabric: orderer/consensus/etcdraft/util.go, validateConsenterTLSCerts
fn check_raft_certificates(
    consenters: &[RaftConsenter],
    orderer: &Orderer,
) -> Result<(), ConsensusError> {
    let _ = (consenters, orderer); // until identity lands verify_tls
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

fn check_bft(next: &Bundle) -> Result<(), ConsensusError> {
    let orderer = next.tree().group(&["Orderer"]);
    let has = |key| orderer.is_some_and(|group| group.value(key).is_some());
    if !has("Orderers") {
        return Err(ConsensusError::MissingValue("Orderers"));
    }
    let consenters = next.consenters();
    let expected = block_validation(consenters);
    let policy = orderer.and_then(|group| group.policy("BlockValidation"));
    // policy type 1: signature
    if !policy.is_some_and(|policy| policy.kind() == 1 && policy.rule() == expected) {
        return Err(ConsensusError::BlockValidation {
            quorum: quorum(consenters.len()),
            consenters: consenters.len(),
        });
    }
    let Some(consensus) = next.consensus().filter(|_| has("ConsensusType")) else {
        return Err(ConsensusError::MissingValue("ConsensusType"));
    };
    let options = BftOptions::parse(&consensus.metadata).map_err(OptionsError::Undecodable)?;
    if options.leader_rotation == ROTATION_ON {
        return Err(ConsensusError::Rotation);
    }
    Ok(())
}

/// How many of `n` consenters must sign: with f = (n - 1) / 3 faulty ones, (n + f + 1) / 2, rounded
/// up.
// Fabric: common/policies/util.go, ComputeBFTQuorum
#[must_use]
pub const fn quorum(n: usize) -> usize {
    let faulty = n.saturating_sub(1) / 3;
    n.saturating_add(faulty).saturating_add(2) / 2
}

/// The serialized `common.SignaturePolicyEnvelope` that goes with these consenters.
fn block_validation(consenters: &[Consenter]) -> Vec<u8> {
    let mut gate = Vec::new();
    write::uint(&mut gate, 1, quorum(consenters.len()) as u64);
    let mut principals = Vec::new();
    for (index, consenter) in (0u64..).zip(consenters) {
        let mut signed_by = Vec::new();
        // a oneof member is written even when it is 0
        write::varint(&mut signed_by, 1 << 3);
        write::varint(&mut signed_by, index);
        write::message(&mut gate, 2, &signed_by);
        let identity = serialized_identity(&MspId::from(&*consenter.msp_id), &consenter.identity);
        let mut principal = Vec::new();
        write::uint(&mut principal, 1, 2); // an IDENTITY
        write::bytes(&mut principal, 2, &identity);
        write::message(&mut principals, 3, &principal);
    }
    let mut rule = Vec::new();
    write::message(&mut rule, 2, &gate);
    let mut policy = Vec::new();
    write::message(&mut policy, 2, &rule);
    policy.extend(principals);
    policy
}

/// Whether these options are usable.
///
/// # Errors
/// [`OptionsError`].
// Fabric: orderer/consensus/smartbft/util/util.go, ConfigFromMetadataOptions
pub(super) fn check_bft_options(options: &BftOptions) -> Result<(), OptionsError> {
    let positive = |option, value: &str| {
        (duration::parse(value).ok())
            .filter(|nanoseconds| *nanoseconds > 0)
            .ok_or_else(|| OptionsError::Duration {
                option,
                value: value.to_owned(),
            })
    };
    positive(
        "request_batch_max_interval",
        &options.request_batch_max_interval,
    )?;
    let forward = positive("request_forward_timeout", &options.request_forward_timeout)?;
    let complain = positive(
        "request_complain_timeout",
        &options.request_complain_timeout,
    )?;
    let remove = positive(
        "request_auto_remove_timeout",
        &options.request_auto_remove_timeout,
    )?;
    let resend = positive(
        "view_change_resend_interval",
        &options.view_change_resend_interval,
    )?;
    let view_change = positive("view_change_timeout", &options.view_change_timeout)?;
    positive(
        "leader_heartbeat_timeout",
        &options.leader_heartbeat_timeout,
    )?;
    positive("collect_timeout", &options.collect_timeout)?;
    let rotates = options.leader_rotation == ROTATION_ON;
    let counts = [
        ("request_batch_max_count", options.request_batch_max_count),
        ("request_batch_max_bytes", options.request_batch_max_bytes),
        (
            "incoming_message_buffer_size",
            options.incoming_message_buffer_size,
        ),
        ("request_pool_size", options.request_pool_size),
        ("leader_heartbeat_count", options.leader_heartbeat_count),
        (
            "decisions_per_leader",
            if rotates {
                options.decisions_per_leader
            } else {
                1
            },
        ),
    ];
    if let Some((option, _)) = counts.into_iter().find(|(_, count)| *count == 0) {
        return Err(OptionsError::Zero(option));
    }
    let ordered = [
        (
            options.request_batch_max_count <= options.request_batch_max_bytes,
            "request_batch_max_count",
            "request_batch_max_bytes",
        ),
        (
            REQUEST_BYTES <= options.request_batch_max_bytes,
            "10240",
            "request_batch_max_bytes",
        ),
        (
            forward <= complain,
            "request_forward_timeout",
            "request_complain_timeout",
        ),
        (
            complain <= remove,
            "request_complain_timeout",
            "request_auto_remove_timeout",
        ),
        (
            resend <= view_change,
            "view_change_resend_interval",
            "view_change_timeout",
        ),
    ];
    match ordered.into_iter().find(|(holds, ..)| !holds) {
        Some((_, smaller, greater)) => Err(OptionsError::Order { smaller, greater }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[test]
    fn quorums() {
        let quorums: Vec<usize> = (0..8).map(quorum).collect();
        assert_eq!(quorums, [1, 1, 2, 2, 3, 4, 4, 5]);
    }

    fn usable() -> BftOptions {
        let second = || "1s".to_owned();
        BftOptions {
            request_batch_max_count: 100,
            request_batch_max_bytes: 10 << 20,
            request_batch_max_interval: second(),
            incoming_message_buffer_size: 200,
            request_pool_size: 400,
            request_forward_timeout: second(),
            request_complain_timeout: second(),
            request_auto_remove_timeout: second(),
            view_change_resend_interval: second(),
            view_change_timeout: second(),
            leader_heartbeat_timeout: second(),
            leader_heartbeat_count: 10,
            collect_timeout: second(),
            leader_rotation: 0,
            decisions_per_leader: 0,
        }
    }

    #[test]
    fn bft_options_are_judged_one_by_one() {
        assert_eq!(check_bft_options(&usable()), Ok(()));
        let cases: [(&str, fn(&mut BftOptions)); 8] = [
            ("a zero", |o| o.request_pool_size = 0),
            ("no duration", |o| o.collect_timeout.clear()),
            ("a negative duration", |o| o.collect_timeout = "-1s".into()),
            ("small batches", |o| o.request_batch_max_bytes = 10_239),
            ("more requests than bytes", |o| {
                o.request_batch_max_count = 11 << 20
            }),
            ("late forward", |o| o.request_forward_timeout = "2s".into()),
            ("late resend", |o| {
                o.view_change_resend_interval = "2s".into()
            }),
            ("rotation without decisions", |o| o.leader_rotation = 2),
        ];
        for (name, change) in cases {
            let mut options = usable();
            change(&mut options);
            assert!(check_bft_options(&options).is_err(), "{name}");
        }
    }

    #[test]
    fn raft_options_are_judged_one_by_one() {
        let good = RaftOptions {
            tick_interval: "500ms".into(),
            election_tick: 10,
            heartbeat_tick: 1,
            max_inflight_blocks: 5,
        };
        assert_eq!(check_raft_options(&good), Ok(()));
        let cases: [(&str, bool, fn(&mut RaftOptions)); 4] = [
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
}
