//! A transaction as a committing peer reads it.

use bytes::Bytes;
use prost::Message;

use super::MessageError;
use crate::{
    ids::{TxId, UnixTime},
    proto::{common, protos},
};

/// A transaction as a committing peer reads it.
#[derive(Clone, Debug)]
pub struct OrderedTransaction {
    /// Who made it: a serialized `msp.SerializedIdentity`.
    pub creator: Bytes,
    /// Its id.
    pub tx_id: TxId,
    /// Its client's time.
    pub timestamp: UnixTime,
    /// The chaincode that its header names.
    pub chaincode: String,
    /// The header of its action, as carried: a copy of the signature header.
    pub action_header: Bytes,
    /// The proposal's payload without transient data: a serialized `protos.ChaincodeProposalPayload`.
    pub proposal_payload: Bytes,
    /// The serialized `protos.ProposalResponsePayload` that the endorsers signed.
    pub payload: Bytes,
    /// Who endorsed it.
    pub endorsements: Vec<protos::Endorsement>,
}

impl OrderedTransaction {
    /// Reads a transaction of type `ENDORSER_TRANSACTION` from the header, the channel header in it,
    /// and the data of its payload.
    ///
    /// # Errors
    /// [`MessageError::Malformed`].
    // Fabric: core/common/validation/msgvalidation.go, validateEndorserTransaction
    pub fn parse(
        header: &common::Header,
        channel: common::ChannelHeader,
        data: Bytes,
    ) -> Result<Self, MessageError> {
        const WHAT: &str = "the transaction";
        let missing = || MessageError::missing(WHAT);
        let signer = common::SignatureHeader::decode(header.signature_header.clone());
        let signer = signer.map_err(bad)?;
        let extension = protos::ChaincodeHeaderExtension::decode(channel.extension).map_err(bad)?;
        let transaction = protos::Transaction::decode(data).map_err(bad)?;
        let [action] = <[_; 1]>::try_from(transaction.actions).map_err(|_| missing())?;
        let payload = protos::ChaincodeActionPayload::decode(action.payload).map_err(bad)?;
        let endorsed = payload.action.ok_or_else(missing)?;
        let at = channel.timestamp.unwrap_or_default();
        Ok(Self {
            creator: signer.creator,
            tx_id: TxId::new(channel.tx_id),
            timestamp: UnixTime {
                seconds: at.seconds,
                nanos: u32::try_from(at.nanos).unwrap_or_default(),
            },
            chaincode: extension.chaincode_id.ok_or_else(missing)?.name,
            action_header: action.header,
            proposal_payload: payload.chaincode_proposal_payload,
            payload: endorsed.proposal_response_payload,
            endorsements: endorsed.endorsements,
        })
    }
}

fn bad(error: prost::DecodeError) -> MessageError {
    MessageError::malformed("the transaction")(error)
}
