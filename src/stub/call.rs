//! One transaction: what a chaincode is called with, and what it answers.

use std::{collections::BTreeMap, fmt};

use bytes::Bytes;

use crate::ids::{ChaincodeName, ChannelId, Digest, TxId, UnixTime};

/// The facts of one transaction, all of them signed by its submitter. Its `Debug` form tells transient
/// values by their length alone.
#[derive(Clone, Default)]
pub struct Invocation {
    /// The channel that the transaction runs on.
    pub channel: ChannelId,
    /// The transaction's id.
    pub tx_id: TxId,
    /// The chaincode that the submitter called, as the signed proposal names it: this one, unless
    /// another chaincode made this call. Empty where the proposal names none.
    pub chaincode: ChaincodeName,
    /// Whether the peer sent INIT in place of TRANSACTION.
    pub is_init: bool,
    /// Function name and arguments, as bytes; may be empty.
    pub args: Vec<Bytes>,
    /// The submitter: a serialized `msp.SerializedIdentity`, authenticated by the peer.
    pub creator: Bytes,
    /// The submitter's clock.
    pub timestamp: UnixTime,
    /// Transient data by name; not stored in the transaction.
    pub transient: BTreeMap<String, Bytes>,
    /// What the peer's decorators added, by name; nothing in a peer as it is delivered.
    pub decorations: BTreeMap<String, Bytes>,
    /// What makes the transaction's id unique.
    pub nonce: Bytes,
    /// The epoch of the proposal; always 0 today.
    pub epoch: u64,
    /// What the submitter signed.
    pub signed_proposal: SignedProposal,
}

// SECURITY: transient data is kept from the transaction, so it is kept from logs
impl fmt::Debug for Invocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lengths = self.transient.iter();
        let lengths = lengths.map(|(name, value)| (name, format!("{} bytes", value.len())));
        f.debug_struct("Invocation")
            .field("channel", &self.channel)
            .field("tx_id", &self.tx_id)
            .field("chaincode", &self.chaincode)
            .field("is_init", &self.is_init)
            .field("args", &self.args)
            .field("creator", &self.creator)
            .field("timestamp", &self.timestamp)
            .field("transient", &lengths.collect::<BTreeMap<_, _>>())
            .finish_non_exhaustive()
    }
}

impl Invocation {
    /// What ties the transient data and the arguments to this very proposal: the digest of nonce,
    /// creator and epoch.
    // Fabric: fabric-chaincode-go, shim/stub.go, newChaincodeStub
    #[must_use]
    pub fn binding(&self) -> Digest {
        let epoch = self.epoch.to_le_bytes();
        Digest::of(&[&self.nonce[..], &self.creator[..], &epoch].concat())
    }
}

/// A proposal as its submitter signed it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SignedProposal {
    /// A serialized `protos.Proposal`, with everything above in it.
    pub proposal: Bytes,
    /// The signature over it.
    pub signature: Bytes,
}

/// What listeners of a channel are told of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The event's name.
    pub name: String,
    /// What listeners are told; any bytes.
    pub payload: Bytes,
}

impl Event {
    /// What Fabric takes for no event.
    // Fabric: fabric-chaincode-go, shim/stub.go, SetEvent
    #[must_use]
    pub fn problem(&self) -> Option<&'static str> {
        let unnamed = self.name.is_empty();
        unnamed.then_some("the name of the event is empty")
    }
}

/// The answer of a chaincode. Below 400 is a success that peers endorse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// 200 for success, otherwise the error's class.
    pub status: i32,
    /// Empty for success, otherwise the error for people and scripts.
    pub message: String,
    /// What the caller gets; any bytes.
    pub payload: Bytes,
}

impl Response {
    /// A success.
    #[must_use]
    pub fn success(payload: impl Into<Bytes>) -> Self {
        Self {
            status: 200,
            message: String::new(),
            payload: payload.into(),
        }
    }

    /// A refusal; `status` is 400 or above, by HTTP's classes. Peers tell the caller status and message.
    #[must_use]
    pub fn refusal(status: i32, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
            payload: Bytes::new(),
        }
    }

    /// Whether peers endorse it, and its writes and event go out.
    #[must_use]
    pub const fn is_success(&self) -> bool {
        self.status < 400
    }
}
