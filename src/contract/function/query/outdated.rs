//! What changed the config since an out-of-date update was computed.

use crate::{
    contract::{
        answer::OutdatedBy,
        error::ContractError,
        ledger::{self, TrustedHead, keys},
    },
    ids::{Digest, ProposalId, Sequence},
    proto::cmscc::ChainEntry,
    stub::Stub,
};

/// The links of the chain behind the config that an update was computed on, and where there is one
/// alone, the digest of the update that led to it. `None` where there are none.
#[derive(Debug)]
pub(super) struct LinksBehind {
    base: Sequence,
    first: Option<ChainEntry>,
    last: Sequence,
    last_block: u64,
}

impl LinksBehind {
    /// Reads the first of the links; the last is the head.
    pub(super) async fn read<S: Stub>(
        stub: &mut S,
        trusted: &TrustedHead,
        base: Sequence,
    ) -> Result<Option<Self>, ContractError> {
        let last = trusted.sequence();
        if base >= last {
            return Ok(None);
        }
        let key = keys::chain_entry(Sequence(base.0.saturating_add(1)));
        Ok(Some(Self {
            base,
            first: ledger::get(stub, &key).await?,
            last,
            last_block: trusted.head.block_number,
        }))
    }

    /// The update that led to the only link; `None` where there are several, or where its block
    /// carries none.
    pub(super) fn update(&self) -> Option<Digest> {
        let only = self.first.as_ref().filter(|_| self.is_one())?;
        Digest::from_bytes(&only.config_update_sha256)
    }

    /// As answers show it. `proposal`: whose update led to the only link.
    pub(super) fn report(&self, proposal: Option<&ProposalId>) -> OutdatedBy {
        let first_sequence = self.base.0.saturating_add(1);
        let first_block = self.first.as_ref().map(|first| first.block_number);
        let (base, last) = (self.base, self.last);
        let blocks = match first_block {
            Some(first) => format!("blocks {first} to {}", self.last_block),
            None => format!("up to block {}", self.last_block),
        };
        let what = match (self.is_one(), proposal) {
            (true, Some(id)) => format!(
                "proposal `{id}`, with which the config got to sequence {last} (block {})",
                self.last_block
            ),
            (true, None) => format!(
                "the update with which the config got to sequence {last} (block {})",
                self.last_block
            ),
            (false, _) => format!(
                "one of the updates with which the config got from sequence {base} to {last} ({blocks})"
            ),
        };
        OutdatedBy {
            first_block,
            first_sequence,
            last_block: self.last_block,
            last_sequence: last.0,
            proposal_id: proposal.map(ToString::to_string),
            text: format!(
                "{what} changed what this update builds on; it was computed at sequence {base}"
            ),
        }
    }

    fn is_one(&self) -> bool {
        self.base.0.saturating_add(1) == self.last.0
    }
}
