//! A proposal as a peer reads it.

use std::collections::BTreeMap;

use bytes::Bytes;
use prost::Message;

use super::{MessageError, call::transaction_id};
use crate::{
    ids::{ChannelId, Digest, TxId, UnixTime},
    proto::{common, protos},
};

/// A proposal as a peer reads it.
#[derive(Clone, Debug)]
pub struct ReceivedProposal {
    /// The header as carried.
    pub header: common::Header,
    /// The channel; empty where the call is for none.
    pub channel: ChannelId,
    /// The transaction's id, which is the one of nonce and creator.
    pub tx_id: TxId,
    /// The client's time.
    pub timestamp: UnixTime,
    /// The client: a serialized `msp.SerializedIdentity`.
    pub creator: Bytes,
    /// The chaincode that is called.
    pub chaincode: String,
    /// Its arguments.
    pub input: protos::ChaincodeInput,
    /// The proposal's payload without transient data: what goes into the transaction.
    pub public_payload: Bytes,
}

impl ReceivedProposal {
    /// Reads a proposal. Its signature is not looked at.
    ///
    /// # Errors
    /// [`MessageError::Malformed`].
    // Fabric: core/endorser/msgvalidation.go, UnpackProposal and Validate
    pub fn parse(signed: &protos::SignedProposal) -> Result<Self, MessageError> {
        const WHAT: &str = "the proposal";
        let missing = || MessageError::missing(WHAT);
        let proposal = protos::Proposal::decode(signed.proposal_bytes.clone()).map_err(bad)?;
        let header = common::Header::decode(proposal.header).map_err(bad)?;
        let channel = common::ChannelHeader::decode(header.channel_header.clone()).map_err(bad)?;
        let signer = common::SignatureHeader::decode(header.signature_header.clone());
        let signer = signer.map_err(bad)?;
        let payload = protos::ChaincodeProposalPayload::decode(proposal.payload).map_err(bad)?;
        let spec = protos::ChaincodeInvocationSpec::decode(payload.input.clone()).map_err(bad)?;
        let spec = spec.chaincode_spec.ok_or_else(missing)?;
        let public = protos::ChaincodeProposalPayload {
            input: payload.input,
            transient_map: BTreeMap::new(),
        };
        let tx_id = TxId::new(channel.tx_id);
        if tx_id != transaction_id(&signer.nonce, &signer.creator) {
            return Err(MessageError::Malformed {
                what: WHAT,
                reason: "the transaction id is not the digest of nonce and creator".to_owned(),
            });
        }
        let at = channel.timestamp.unwrap_or_default();
        Ok(Self {
            header,
            channel: ChannelId::new(channel.channel_id),
            tx_id,
            timestamp: UnixTime {
                seconds: at.seconds,
                nanos: u32::try_from(at.nanos).unwrap_or_default(),
            },
            creator: signer.creator,
            chaincode: spec.chaincode_id.ok_or_else(missing)?.name,
            input: spec.input.ok_or_else(missing)?,
            public_payload: public.encode_to_vec().into(),
        })
    }

    /// What binds an endorsement to this proposal.
    // Fabric: protoutil/proputils.go, GetProposalHash1
    #[must_use]
    pub fn hash(&self) -> Digest {
        let parts: [&[u8]; 3] = [
            &self.header.channel_header,
            &self.header.signature_header,
            &self.public_payload,
        ];
        Digest::of(&parts.concat())
    }

    /// The payload of the transaction that these endorsements of equal payloads make, unsigned: a
    /// serialized `common.Payload`.
    #[must_use]
    pub fn prepared(self, payload: Bytes, endorsements: Vec<protos::Endorsement>) -> Bytes {
        let action = protos::ChaincodeActionPayload {
            chaincode_proposal_payload: self.public_payload,
            action: Some(protos::ChaincodeEndorsedAction {
                proposal_response_payload: payload,
                endorsements,
            }),
        };
        let transaction = protos::Transaction {
            actions: vec![protos::TransactionAction {
                header: self.header.signature_header.clone(),
                payload: action.encode_to_vec().into(),
            }],
        };
        let payload = common::Payload {
            header: Some(self.header),
            data: transaction.encode_to_vec().into(),
        };
        payload.encode_to_vec().into()
    }
}

fn bad(error: prost::DecodeError) -> MessageError {
    MessageError::malformed("the proposal")(error)
}
