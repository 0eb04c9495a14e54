//! Lies, for tests of those who must not believe them.

use bytes::Bytes;

use crate::proto::{common, gateway::CommitStatusResponse};

/// Changes what the services of peers answer. Each method is given the truth and gives what is
/// said; as they stand they say the truth.
pub trait Tamper: Send + Sync {
    /// What a chaincode answered to an evaluation, the peer's own chaincodes included: config
    /// blocks are what `cscc` answers to `GetConfigBlock`.
    fn evaluated(&self, chaincode: &str, args: &[Bytes], answer: Bytes) -> Bytes {
        let _ = (chaincode, args);
        answer
    }

    /// A transaction that the gateway prepared for its client's signature.
    fn prepared(&self, transaction: common::Envelope) -> common::Envelope {
        transaction
    }

    /// What became of a transaction.
    fn commit_status(&self, status: CommitStatusResponse) -> CommitStatusResponse {
        status
    }

    /// A block, by the peer's deliver service.
    fn delivered(&self, block: common::Block) -> common::Block {
        block
    }
}
