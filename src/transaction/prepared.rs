//! A transaction as a gateway prepared it, compared with its proposal before it is signed.

use bytes::Bytes;
use prost::Message;

use super::{MessageError, OrderedTransaction, PreparedDifference, Proposal, ReceivedProposal};
use crate::{
    identity::Signer,
    proto::{common, kvrwset, protos, rwset},
};

/// A prepared transaction that is what was proposed.
#[derive(Clone, Debug)]
pub struct PreparedTransaction {
    payload: Bytes,
    /// What the chaincode answered.
    pub response: protos::Response,
    /// Who endorsed it.
    pub endorsements: Vec<protos::Endorsement>,
    /// The serialized `protos.ProposalResponsePayload` that they signed.
    pub endorsed: Bytes,
}

impl PreparedTransaction {
    /// Reads what a gateway's `Endorse` gave for a proposal. It must be unsigned and carry the
    /// proposal's header, call and hash; its response must be a success of `chaincode`; and it may
    /// write to the namespace of `chaincode` only.
    ///
    /// # Errors
    /// [`MessageError::Differs`], [`MessageError::Malformed`].
    // SECURITY: the gateway chooses these bytes, and a client's signature makes a transaction of them
    pub fn check(
        proposal: &Proposal,
        chaincode: &str,
        prepared: &common::Envelope,
    ) -> Result<Self, MessageError> {
        if !prepared.signature.is_empty() {
            return Err(PreparedDifference::Signed.into());
        }
        let ours = ReceivedProposal::parse(&proposal.signed)?;
        let payload = common::Payload::decode(prepared.payload.clone()).map_err(bad)?;
        if payload.header.as_ref() != Some(&ours.header) {
            return Err(PreparedDifference::Header.into());
        }
        let channel = common::ChannelHeader::decode(ours.header.channel_header.clone());
        let channel = channel.map_err(bad)?;
        let transaction = OrderedTransaction::parse(&ours.header, channel, payload.data)?;
        if transaction.action_header != ours.header.signature_header {
            return Err(PreparedDifference::Header.into());
        }
        if transaction.proposal_payload != ours.public_payload {
            return Err(PreparedDifference::Call.into());
        }
        let (payload, endorsements) = (transaction.payload, transaction.endorsements);
        if endorsements.is_empty() {
            return Err(PreparedDifference::Endorsements.into());
        }
        let response = check_endorsed(&ours, chaincode, &payload)?;
        // what nobody looked at cannot be signed: our own encoding has nothing else in it
        let known = ours.prepared(payload.clone(), endorsements.clone());
        if known != prepared.payload {
            return Err(PreparedDifference::Call.into());
        }
        Ok(Self {
            payload: known,
            response,
            endorsements,
            endorsed: payload,
        })
    }

    /// The transaction, signed by its client.
    ///
    /// # Errors
    /// [`MessageError::Sign`].
    pub fn sign(self, signer: &dyn Signer) -> Result<common::Envelope, MessageError> {
        Ok(common::Envelope {
            signature: signer.sign(&self.payload)?.into(),
            payload: self.payload,
        })
    }
}

fn check_endorsed(
    ours: &ReceivedProposal,
    chaincode: &str,
    payload: &Bytes,
) -> Result<protos::Response, MessageError> {
    let payload = protos::ProposalResponsePayload::decode(payload.clone()).map_err(bad)?;
    if payload.proposal_hash[..] != ours.hash().as_bytes()[..] {
        return Err(PreparedDifference::ProposalHash.into());
    }
    let action = protos::ChaincodeAction::decode(payload.extension).map_err(bad)?;
    let name = action.chaincode_id.map(|id| id.name).unwrap_or_default();
    if name != chaincode {
        return Err(PreparedDifference::Chaincode(name).into());
    }
    let response = (action.response).ok_or_else(|| MessageError::missing(WHAT))?;
    if !(200..400).contains(&response.status) {
        return Err(PreparedDifference::Response(response.status).into());
    }
    let results = rwset::TxReadWriteSet::decode(action.results).map_err(bad)?;
    for set in results.ns_rwset {
        let public = kvrwset::KvrwSet::decode(set.rwset).map_err(bad)?;
        let writes = !public.writes.is_empty() || !public.metadata_writes.is_empty();
        let private = !set.collection_hashed_rwset.is_empty();
        if (writes || private) && set.namespace != chaincode {
            return Err(PreparedDifference::Writes(set.namespace).into());
        }
    }
    Ok(response)
}

const WHAT: &str = "the prepared transaction";

fn bad(error: prost::DecodeError) -> MessageError {
    MessageError::malformed(WHAT)(error)
}
