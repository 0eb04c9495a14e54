//! What the consensus plug-ins demand of a config that is to follow the current one.

use super::{
    bft::{BFT, check_bft},
    error::ConsensusError,
    raft::{ConsenterChange, RAFT, check_raft},
};
use crate::{config::bundle::Bundle, ids::ChannelId};

impl Bundle {
    /// Whether the consensus plug-in of this config accepts an update's envelope, whose channel
    /// header names this channel.
    ///
    /// # Errors
    /// [`ConsensusError::HeaderChannel`].
    // Fabric: orderer/consensus/smartbft/configverifier.go, verifyConfigUpdateMsg
    pub(in crate::config) fn check_header_channel(
        &self,
        got: &ChannelId,
    ) -> Result<(), ConsensusError> {
        let bft = self.consensus().is_some_and(|c| c.name == BFT);
        if bft && got != self.channel() {
            return Err(ConsensusError::HeaderChannel {
                want: self.channel().clone(),
                got: got.clone(),
            });
        }
        Ok(())
    }

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
