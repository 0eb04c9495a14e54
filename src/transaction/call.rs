//! A call of a chaincode, and what makes each signed message another one.

use std::collections::BTreeMap;

use bytes::Bytes;
use prost_types::Timestamp;

use crate::ids::{ChannelId, Digest, TxId, UnixTime};

/// A call of a chaincode, before somebody makes a proposal of it.
#[derive(Clone, Debug, Default)]
pub struct ChaincodeCall {
    /// The channel that it is called on.
    pub channel: ChannelId,
    /// Function name and arguments.
    pub args: Vec<Bytes>,
    /// Transient data by name: peers and chaincodes see it, transactions do not hold it.
    pub transient: BTreeMap<String, Bytes>,
    /// Whether the peer is to send INIT.
    pub is_init: bool,
}

impl ChaincodeCall {
    /// A call with text arguments.
    pub fn new<'a>(channel: &ChannelId, args: impl IntoIterator<Item = &'a str>) -> Self {
        Self {
            channel: channel.clone(),
            args: args
                .into_iter()
                .map(|arg| Bytes::copy_from_slice(arg.as_bytes()))
                .collect(),
            ..Self::default()
        }
    }
}

/// What a client puts into each message that it signs: 24 random bytes, and its time.
#[derive(Clone, Copy, Debug)]
pub struct Stamp {
    /// Random, and never used before.
    pub nonce: [u8; 24],
    /// The client's time.
    pub timestamp: UnixTime,
}

impl Stamp {
    /// The time as messages carry it.
    pub(super) fn timestamp(&self) -> Timestamp {
        Timestamp {
            seconds: self.timestamp.seconds,
            nanos: i32::try_from(self.timestamp.nanos).unwrap_or_default(),
        }
    }
}

/// The id of the transaction of this nonce and creator.
// Fabric: protoutil/proputils.go, ComputeTxID
pub(super) fn transaction_id(nonce: &[u8], creator: &[u8]) -> TxId {
    TxId::new(Digest::of(&[nonce, creator].concat()).to_string())
}
