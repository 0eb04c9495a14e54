//! A signed proposal, and the transaction that endorsements make of it.

use bytes::Bytes;
use prost::Message;

use super::{
    ChaincodeCall, MessageError, ReceivedProposal, Stamp, call::transaction_id, signature_header,
};
use crate::{
    identity::Signer,
    ids::{ChannelId, TxId},
    proto::{common, protos},
};

/// A signed proposal with what its maker knows of it.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// The channel that it calls on.
    pub channel: ChannelId,
    /// The id of the transaction that it may become: 64 hex digits.
    pub tx_id: TxId,
    /// What peers take.
    pub signed: protos::SignedProposal,
}

impl Proposal {
    /// Makes and signs a proposal.
    ///
    /// # Errors
    /// [`MessageError::Sign`].
    // Fabric: protoutil/proputils.go, CreateChaincodeProposalWithTxIDNonceAndTransient
    pub fn new(
        call: &ChaincodeCall,
        chaincode: &str,
        signer: &dyn Signer,
        stamp: &Stamp,
    ) -> Result<Self, MessageError> {
        let tx_id = transaction_id(&stamp.nonce, signer.serialized_identity());
        let id = || {
            Some(protos::ChaincodeId {
                name: chaincode.to_owned(),
                ..protos::ChaincodeId::default()
            })
        };
        let extension = protos::ChaincodeHeaderExtension { chaincode_id: id() };
        let channel_header = common::ChannelHeader {
            r#type: common::HeaderType::EndorserTransaction.into(),
            timestamp: Some(stamp.timestamp()),
            channel_id: call.channel.to_string(),
            tx_id: tx_id.to_string(),
            extension: extension.encode_to_vec().into(),
            ..common::ChannelHeader::default()
        };
        let header = common::Header {
            channel_header: channel_header.encode_to_vec().into(),
            signature_header: signature_header(signer, stamp),
        };
        let spec = protos::ChaincodeInvocationSpec {
            chaincode_spec: Some(protos::ChaincodeSpec {
                r#type: protos::chaincode_spec::Type::Golang.into(),
                chaincode_id: id(),
                input: Some(protos::ChaincodeInput {
                    args: call.args.clone(),
                    is_init: call.is_init,
                    ..protos::ChaincodeInput::default()
                }),
                timeout: 0,
            }),
        };
        let payload = protos::ChaincodeProposalPayload {
            input: spec.encode_to_vec().into(),
            transient_map: call.transient.clone(),
        };
        let proposal = protos::Proposal {
            header: header.encode_to_vec().into(),
            payload: payload.encode_to_vec().into(),
            extension: Bytes::new(),
        };
        let proposal_bytes: Bytes = proposal.encode_to_vec().into();
        let signature = signer.sign(&proposal_bytes)?.into();
        Ok(Self {
            channel: call.channel.clone(),
            tx_id,
            signed: protos::SignedProposal {
                proposal_bytes,
                signature,
            },
        })
    }

    /// The transaction that these endorsements of equal payloads make, signed by its client: a
    /// serialized `common.Envelope`.
    ///
    /// # Errors
    /// [`MessageError::Sign`].
    // Fabric: protoutil/txutils.go, CreateSignedTx
    pub fn transaction(
        &self,
        signer: &dyn Signer,
        payload: Bytes,
        endorsements: Vec<protos::Endorsement>,
    ) -> Result<Bytes, MessageError> {
        let payload = self.prepared(payload, endorsements)?;
        let envelope = common::Envelope {
            signature: signer.sign(&payload)?.into(),
            payload,
        };
        Ok(envelope.encode_to_vec().into())
    }

    /// The same without a signature: the payload of the envelope.
    ///
    /// # Errors
    /// [`MessageError::Malformed`].
    pub fn prepared(
        &self,
        payload: Bytes,
        endorsements: Vec<protos::Endorsement>,
    ) -> Result<Bytes, MessageError> {
        let received = ReceivedProposal::parse(&self.signed)?;
        Ok(received.prepared(payload, endorsements))
    }
}
