//! What this peer can do beyond the first protocol, as its READY says.

use bytes::Bytes;
use prost::Message;

use crate::proto::protos::ChaincodeAdditionalParams;

/// What the Go shim takes where a peer announces a feature without a size.
// Fabric: fabric-chaincode-go, shim/handler.go, handleEstablished.
const DEFAULT_SIZE: usize = 100;

/// Optional features of a peer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Features {
    /// How many keys one GET_STATE_MULTIPLE may name; `None`: the peer does not know it.
    pub get_multiple: Option<usize>,
    /// How many writes one WRITE_BATCH_STATE may hold; `None`: the peer does not know it.
    pub write_batch: Option<usize>,
}

impl Features {
    /// Reads the payload of READY. An empty one (peers before 3.0), or one that does not decode,
    /// announces nothing.
    pub(super) fn announced(payload: Bytes) -> Self {
        let params = ChaincodeAdditionalParams::decode(payload).unwrap_or_default();
        let size = |used: bool, size: u32| {
            let size = usize::try_from(size).unwrap_or(usize::MAX);
            used.then_some(if size == 0 { DEFAULT_SIZE } else { size })
        };
        Self {
            get_multiple: size(
                params.use_get_multiple_keys,
                params.max_size_get_multiple_keys,
            ),
            write_batch: size(params.use_write_batch, params.max_size_write_batch),
        }
    }
}
