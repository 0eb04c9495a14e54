//! Whether the transaction that records an update, `SyncConfig` with the config block that results,
//! fits into the channel. An orderer may accept an update and then refuse that transaction. Pure.
//!
//! What is counted is what such a transaction has at least, so that one that does not fit by this
//! estimate cannot be sent. The config lies in it once, as the value that is written. A block that
//! is given as an argument lies in it once more, with the config inside; transient data is left out
//! of transactions. The limit is that of the config *after* the update: it is in force by then.
// Fabric: protoutil/txutils.go, CreateSignedTx and GetBytesProposalPayloadForTx;
// orderer/common/msgprocessor/sizefilter.go, Apply

use prost::Message;

use crate::{
    config::{BFT, Bundle, ConfigSignature, Effect, Section, Update, quorum},
    contract::{answer::RecordingReport, chain::evaluated},
    review::{endorsements_needed, lint::RecordingSize},
};

/// What peers and orderers receive at most in one message, unless they are configured otherwise.
/// Unit: bytes.
// Fabric: internal/pkg/comm/config.go, DefaultMaxRecvMsgSize
const MESSAGE: u64 = 100 << 20;
/// An identity, at least: an MSP id and an ECDSA P-256 certificate as PEM. Unit: bytes.
const IDENTITY: u64 = 500;
/// A signature with its framing, at least. Unit: bytes.
const SIGNATURE: u64 = 70;
/// What the transaction has at least beside the config, the evaluated policies, the block and
/// identities: headers, keys and digests that are read and written, answer and event. Unit: bytes.
const REST: u64 = 2_000;
/// What a config block has at least beside the config, the update and identities. Unit: bytes.
const BLOCK_REST: u64 = 200;

/// What recording an update takes, signatures on the update aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Recording {
    /// The transaction without the block. Unit: bytes.
    transient: u64,
    /// The block, without signatures on the update. Unit: bytes.
    block: u64,
    endorsements: u64,
    limit: u64,
}

impl Recording {
    /// Of an update on `current`. `agreed`: the endorsement policy that the members agreed on.
    /// `None` where the result is refused, or has no orderers.
    pub(crate) fn of(
        current: &Bundle,
        update: &Update,
        effect: &Effect,
        agreed: Option<&str>,
    ) -> Option<Self> {
        let next = effect.next().ok()?;
        let limit = u64::from(next.batch_size()?.absolute_max_bytes).min(MESSAGE);
        let config = effect.result().encoded_len() as u64;
        let members = next.orgs(Section::Application).count();
        let majority = (members / 2).saturating_add(1);
        let endorsements = endorsements_needed(next, agreed).unwrap_or(majority) as u64;
        let policies = evaluated(current, update).map_or(0, |kept| kept.encoded_len() as u64);
        // the client's identity stands in the header and in the action
        let identities = endorsements.saturating_mul(IDENTITY + SIGNATURE);
        let identities = identities.saturating_add(2 * IDENTITY + SIGNATURE);
        // the block is signed by the consenters of the config before
        let signed = match current.consensus() {
            Some(consensus) if consensus.name == BFT => {
                let quorum = quorum(current.consenters().len()) as u64;
                quorum.saturating_mul(SIGNATURE)
            }
            _ => IDENTITY + SIGNATURE,
        };
        // the orderer signs the config transaction, the submitter the update's envelope
        let signed = signed.saturating_add(2 * (IDENTITY + SIGNATURE));
        Some(Self {
            transient: (config.saturating_add(policies))
                .saturating_add(identities)
                .saturating_add(REST),
            block: (config.saturating_add(update.bytes().len() as u64))
                .saturating_add(signed)
                .saturating_add(BLOCK_REST),
            endorsements,
            limit,
        })
    }

    /// What the transaction has at least, the block being given as transient data.
    pub(crate) const fn size(&self) -> RecordingSize {
        RecordingSize {
            bytes: self.transient,
            limit: self.limit,
        }
    }

    /// Whether the transaction can fit, the block being given as transient data.
    pub(crate) const fn fits(&self) -> bool {
        self.transient <= self.limit
    }

    /// The estimate as answers show it. `signatures`: those that would be submitted, as far as they
    /// are known; they lie in the block.
    pub(crate) fn report<'s>(
        &self,
        signatures: impl Iterator<Item = &'s ConfigSignature>,
    ) -> RecordingReport {
        let block = signatures
            .map(|one| {
                one.signature_header
                    .len()
                    .saturating_add(one.signature.len()) as u64
            })
            .fold(self.block, u64::saturating_add);
        let base64 = block.div_ceil(3).saturating_mul(4);
        let text = if self.fits() {
            None
        } else {
            Some(format!(
                "cannot be recorded: the transaction of `SyncConfig` would have at least {} bytes, \
                 and after this update the channel allows {}; raise `absolute_max_bytes` first, in \
                 an update of its own, or make the config smaller",
                self.transient, self.limit
            ))
        };
        RecordingReport {
            bytes_as_argument: self.transient.saturating_add(block),
            bytes_as_base64: self.transient.saturating_add(base64),
            bytes_as_transient: self.transient,
            endorsements: self.endorsements,
            fits: self.fits(),
            limit: self.limit,
            margin: difference(self.limit, self.transient),
            text,
        }
    }
}

/// `of - less`; both are far below 2^63.
fn difference(of: u64, less: u64) -> i64 {
    let whole = |bytes: u64| i64::try_from(bytes).unwrap_or(i64::MAX);
    whole(of).saturating_sub(whole(less))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recording(transient: u64, limit: u64) -> Recording {
        Recording {
            transient,
            block: 3_001,
            endorsements: 2,
            limit,
        }
    }

    #[test]
    fn what_does_not_fit_says_so() {
        let signature = ConfigSignature {
            signature_header: vec![1; 600].into(),
            signature: vec![2; 70].into(),
        };
        let exact = recording(5_000, 5_000).report([&signature].into_iter());
        assert!(exact.fits);
        assert_eq!((exact.margin, exact.text), (0, None));
        assert_eq!(exact.bytes_as_transient, 5_000);
        assert_eq!(exact.bytes_as_argument, 5_000 + 3_671);
        // a third more: 3,671 bytes are 4,896 characters
        assert_eq!(exact.bytes_as_base64, 5_000 + 4_896);
        let beyond = recording(5_001, 5_000).report([].into_iter());
        assert!(!beyond.fits);
        assert_eq!(beyond.margin, -1);
        let text = beyond.text.unwrap();
        assert!(text.contains("5001") && text.contains("5000"), "{text}");
    }
}
