//! What clients of a Fabric network make and sign: proposals, transactions, config updates, requests
//! for blocks. Pure: keys enter as a [`Signer`], nonce and time as a
//! [`Stamp`].
//!
//! | file | what it is |
//! |---|---|
//! | `call` | a call of a chaincode; nonce and time |
//! | `proposal` | a signed proposal, and the transaction that endorsements make of it |
//! | `received` | a proposal as a peer reads it |
//! | `ordered` | a transaction as a committing peer reads it |
//! | `prepared` | a transaction as a gateway prepared it, compared with its proposal before it is signed |
//! | `update` | signatures on config updates, and envelopes that carry updates |
//! | `seek` | requests for blocks |

mod call;
mod error;
mod ordered;
mod prepared;
mod proposal;
mod received;
mod seek;
#[cfg(test)]
mod tests;
mod update;

pub use call::{ChaincodeCall, Stamp};
pub use error::{MessageError, PreparedDifference};
pub use ordered::OrderedTransaction;
pub use prepared::PreparedTransaction;
pub use proposal::Proposal;
pub use received::ReceivedProposal;
pub use seek::{BlockRange, seek};
pub use update::{sign_config_update, submission};

use bytes::Bytes;
use prost::Message;

use crate::{identity::Signer, proto::common};

/// A new serialized `common.SignatureHeader` of a signer.
#[must_use]
pub fn signature_header(signer: &dyn Signer, stamp: &Stamp) -> Bytes {
    let header = common::SignatureHeader {
        creator: Bytes::copy_from_slice(signer.serialized_identity()),
        nonce: Bytes::copy_from_slice(&stamp.nonce),
    };
    header.encode_to_vec().into()
}

/// An envelope around a payload of this header and data, signed.
fn envelope(
    channel_header: &common::ChannelHeader,
    data: Bytes,
    signer: &dyn Signer,
    stamp: &Stamp,
) -> Result<common::Envelope, MessageError> {
    let payload: Bytes = common::Payload {
        header: Some(common::Header {
            channel_header: channel_header.encode_to_vec().into(),
            signature_header: signature_header(signer, stamp),
        }),
        data,
    }
    .encode_to_vec()
    .into();
    Ok(common::Envelope {
        signature: signer.sign(&payload)?.into(),
        payload,
    })
}
