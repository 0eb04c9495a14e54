//! The consensus type `BFT`: its options, and what its plug-in checks of every config.

use super::error::{ConsensusError, OptionsError};
use crate::{
    config::bundle::{
        Bundle, duration,
        values::{Consenter, each, set_text, set_u64},
    },
    identity::serialized_identity,
    ids::MspId,
    proto::{
        scan::{ScanError, int32},
        write,
    },
};

/// The name of the consensus type.
pub(crate) const BFT: &str = "BFT";

/// `smartbft.Options.ROTATION_ON`.
const ROTATION_ON: i32 = 2;
/// The size of a request that the reference assumes when it judges a batch, in bytes.
const REQUEST_BYTES: u64 = 10 * 1024;

pub(super) fn check_bft(next: &Bundle) -> Result<(), ConsensusError> {
    let orderer = next.tree().group(&["Orderer"]);
    let has = |key| orderer.is_some_and(|group| group.value(key).is_some());
    if !has("Orderers") {
        return Err(ConsensusError::MissingValue("Orderers"));
    }
    let consenters = next.consenters();
    let expected = block_validation(consenters);
    let policy = orderer.and_then(|group| group.policy("BlockValidation"));
    // policy type 1: signature; the reference compares messages, so unknown fields count
    let agrees = policy
        .and_then(|policy| policy.inner())
        .is_some_and(|rule| rule.kind == 1 && rule.bytes == expected && rule.unknown.is_empty());
    if !agrees {
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

/// The serialized `common.SignaturePolicyEnvelope` that goes with these consenters: the rule that
/// `/Channel/Orderer/BlockValidation` must have.
// Fabric: common/policies/bft.go, EncodeBFTBlockVerificationPolicy
#[must_use]
pub fn block_validation(consenters: &[Consenter]) -> Vec<u8> {
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

/// `smartbft.Options`, as far as they are checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct BftOptions {
    /// Requests in a batch, at most.
    pub(super) request_batch_max_count: u64,
    /// Bytes in a batch, at most.
    pub(super) request_batch_max_bytes: u64,
    /// How long a leader waits for a batch to fill. Durations are in Go's spelling, such as `50ms`.
    pub(super) request_batch_max_interval: String,
    /// Incoming messages that may wait, at most.
    pub(super) incoming_message_buffer_size: u64,
    /// Requests that may wait, at most.
    pub(super) request_pool_size: u64,
    /// How old a request gets before a node forwards it to the leader. A duration.
    pub(super) request_forward_timeout: String,
    /// How long after that a node complains about the leader. A duration.
    pub(super) request_complain_timeout: String,
    /// How long after that a node gives the request up. A duration.
    pub(super) request_auto_remove_timeout: String,
    /// Time between two sendings of a view change. A duration.
    pub(super) view_change_resend_interval: String,
    /// How long a view change may take. A duration.
    pub(super) view_change_timeout: String,
    /// Time without a heartbeat after which the leader is complained about. A duration.
    pub(super) leader_heartbeat_timeout: String,
    /// Heartbeats that a leader sends in one heartbeat timeout.
    pub(super) leader_heartbeat_count: u64,
    /// How long a node that lags behind collects what others say of their state. A duration.
    pub(super) collect_timeout: String,
    /// `smartbft.Options.Rotation`: 0 unspecified, 1 off, 2 on.
    pub(super) leader_rotation: i32,
    /// Decisions after which the leader rotates.
    pub(super) decisions_per_leader: u64,
}

impl BftOptions {
    /// Reads the metadata of a `ConsensusType` of type `BFT`.
    ///
    /// # Errors
    /// [`ScanError`].
    pub(super) fn parse(metadata: &[u8]) -> Result<Self, ScanError> {
        let mut options = Self::default();
        each(metadata, |field| {
            match field.number {
                1 => set_u64(&mut options.request_batch_max_count, &field),
                2 => set_u64(&mut options.request_batch_max_bytes, &field),
                3 => set_text(&mut options.request_batch_max_interval, &field)?,
                4 => set_u64(&mut options.incoming_message_buffer_size, &field),
                5 => set_u64(&mut options.request_pool_size, &field),
                6 => set_text(&mut options.request_forward_timeout, &field)?,
                7 => set_text(&mut options.request_complain_timeout, &field)?,
                8 => set_text(&mut options.request_auto_remove_timeout, &field)?,
                10 => set_text(&mut options.view_change_resend_interval, &field)?,
                11 => set_text(&mut options.view_change_timeout, &field)?,
                12 => set_text(&mut options.leader_heartbeat_timeout, &field)?,
                13 => set_u64(&mut options.leader_heartbeat_count, &field),
                14 => set_text(&mut options.collect_timeout, &field)?,
                17 => {
                    options.leader_rotation = field.varint().map_or(options.leader_rotation, int32);
                }
                18 => set_u64(&mut options.decisions_per_leader, &field),
                _ => {}
            }
            Ok(())
        })?;
        Ok(options)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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
        type Change = fn(&mut BftOptions);
        let cases: [(&str, Change); 8] = [
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

    proptest! {
        #![proptest_config(crate::cases::cases(256))]

        #[test]
        fn never_panics(bytes: Vec<u8>) {
            if let Ok(options) = BftOptions::parse(&bytes) {
                let _ = check_bft_options(&options);
            }
        }
    }
}
