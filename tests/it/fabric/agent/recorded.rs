//! What the blocks of a channel say: which updates took effect, and who told the contract.

use bytes::Bytes;
use cmscc::{
    block::ConfigBlock,
    ids::Digest,
    proto::{common, protos::TxValidationCode},
};
use prost::Message as _;

use super::super::{faults::args_of, gateway::Gateway, net::Net};
use crate::contract::people::user_of;

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Recorded {
    /// The digests of the updates that took effect, in order.
    pub(super) updates: Vec<Digest>,
    /// How many config blocks the valid calls of `SyncConfig` brought.
    pub(super) synced: usize,
    /// Valid calls of `SyncConfig`.
    pub(super) syncs: usize,
    /// Calls of `SyncConfig` that were refused since another one was quicker.
    pub(super) conflicts: usize,
    /// Calls of `SyncConfig` that were refused otherwise.
    pub(super) refused: Vec<TxValidationCode>,
}

impl Recorded {
    /// Reads all blocks, from the peer of Org1.
    pub(super) fn of(net: &Net) -> Self {
        let gateway = Gateway::new(net, "org1");
        let reader = user_of(&net.root().join("crypto"), "Org1MSP", "Admin");
        let mut recorded = Self::default();
        for number in 0..gateway.height(&reader) {
            recorded.take(&gateway.block(&reader, number));
        }
        recorded
    }

    fn take(&mut self, block: &common::Block) {
        let bytes = Bytes::from(block.encode_to_vec());
        if let Ok(config) = ConfigBlock::parse(bytes) {
            self.updates.extend(config.update_digest());
            return;
        }
        let flags = &block.metadata.as_ref().unwrap().metadata[2];
        let envelopes = &block.data.as_ref().unwrap().data;
        for (envelope, flag) in envelopes.iter().zip(flags.iter()) {
            let Some(args) = args_of(envelope) else {
                continue;
            };
            if args[0] != b"SyncConfig"[..] {
                continue;
            }
            match TxValidationCode::try_from(i32::from(*flag)).unwrap() {
                TxValidationCode::Valid => {
                    self.syncs += 1;
                    self.synced += args.len() - 1;
                }
                TxValidationCode::MvccReadConflict | TxValidationCode::PhantomReadConflict => {
                    self.conflicts += 1;
                }
                other => self.refused.push(other),
            }
        }
    }
}
