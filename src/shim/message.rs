//! The messages of the stream: building ours, reading the peer's.

use bytes::Bytes;
use prost::Message;

use super::error::Failure;
use crate::{
    ids::{ChaincodeName, ChannelId, TxId, UnixTime},
    proto::{
        common::{ChannelHeader, Header, HeaderType, SignatureHeader},
        protos::{
            self, ChaincodeEvent, ChaincodeHeaderExtension, ChaincodeId, ChaincodeInput,
            ChaincodeMessage, ChaincodeProposalPayload, Proposal, SignedProposal,
            chaincode_message::Type,
        },
    },
    stub::{self, Event, Invocation, Response},
};

/// What names a running transaction on one stream. A transaction id alone does not: a call from
/// another channel into the same package runs under the same id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TxKey {
    // first, since it is what differs
    /// The transaction's id, unique on its channel.
    pub tx_id: TxId,
    /// The channel that the transaction is on.
    pub channel: ChannelId,
}

impl TxKey {
    /// The transaction that a message is about.
    #[must_use]
    pub fn of(message: &ChaincodeMessage) -> Self {
        Self {
            channel: ChannelId::from(message.channel_id.as_str()),
            tx_id: TxId::from(message.txid.as_str()),
        }
    }

    /// A message about this transaction.
    pub(super) fn message(&self, kind: Type, payload: impl Into<Bytes>) -> ChaincodeMessage {
        ChaincodeMessage {
            r#type: kind.into(),
            payload: payload.into(),
            txid: self.tx_id.as_str().to_owned(),
            channel_id: self.channel.as_str().to_owned(),
            ..ChaincodeMessage::default()
        }
    }

    /// The end of this transaction, with what the chaincode answered.
    pub(super) fn completed(&self, response: Response, event: Option<Event>) -> ChaincodeMessage {
        let response = protos::Response {
            status: response.status,
            message: response.message,
            payload: response.payload,
        };
        ChaincodeMessage {
            chaincode_event: event.map(|event| ChaincodeEvent {
                event_name: event.name,
                payload: event.payload,
                ..ChaincodeEvent::default()
            }),
            ..self.message(Type::Completed, response.encode_to_vec())
        }
    }

    /// The end of this transaction without an answer.
    pub(super) fn failed(&self, failure: &Failure) -> ChaincodeMessage {
        self.message(Type::Error, failure.text())
    }
}

/// The first message of a stream.
pub(super) fn register(chaincode_id: &str) -> ChaincodeMessage {
    let id = ChaincodeId {
        name: chaincode_id.to_owned(),
        ..ChaincodeId::default()
    };
    ChaincodeMessage {
        r#type: Type::Register.into(),
        payload: id.encode_to_vec().into(),
        ..ChaincodeMessage::default()
    }
}

/// The name of a message's type; a type that we do not know is given as its number.
pub(super) fn type_name(message: &ChaincodeMessage) -> String {
    Type::try_from(message.r#type).map_or_else(
        |_| format!("type {}", message.r#type),
        |t| t.as_str_name().to_owned(),
    )
}

/// The peer's words in an ERROR, at most 1,024 characters of them.
pub(super) fn words(payload: &[u8]) -> String {
    String::from_utf8_lossy(payload)
        .chars()
        .take(1_024)
        .collect()
}

/// Reads INIT or TRANSACTION.
///
/// # Errors
/// [`Failure::InvalidProposal`] where a part is missing or does not decode.
// Fabric: fabric-chaincode-go, shim/stub.go, newChaincodeStub.
pub(super) fn invocation(message: ChaincodeMessage) -> Result<Invocation, Failure> {
    let key = TxKey::of(&message);
    let input: ChaincodeInput = decode("input", message.payload)?;
    let signed: SignedProposal = message
        .proposal
        .ok_or_else(|| invalid("it has no signed proposal"))?;
    let signed_proposal = stub::SignedProposal {
        proposal: signed.proposal_bytes.clone(),
        signature: signed.signature,
    };
    let proposal: Proposal = decode("proposal", signed.proposal_bytes)?;
    if proposal.header.is_empty() {
        return Err(invalid("its proposal has no header"));
    }
    let header: Header = decode("header", proposal.header)?;
    let channel: ChannelHeader = decode("channel header", header.channel_header)?;
    let allowed = [HeaderType::EndorserTransaction, HeaderType::Config];
    if !allowed.iter().any(|t| i32::from(*t) == channel.r#type) {
        return Err(invalid(&format!("its header type is {}", channel.r#type)));
    }
    let signature: SignatureHeader = decode("signature header", header.signature_header)?;
    let payload: ChaincodeProposalPayload = decode("proposal payload", proposal.payload)?;
    Ok(Invocation {
        channel: key.channel,
        tx_id: key.tx_id,
        chaincode: called_chaincode(channel.extension),
        is_init: message.r#type == i32::from(Type::Init),
        args: input.args,
        creator: signature.creator,
        timestamp: time(channel.timestamp),
        transient: payload.transient_map,
        decorations: input.decorations,
        nonce: signature.nonce,
        epoch: channel.epoch,
        signed_proposal,
    })
}

/// A timestamp of a proposal. Nobody checks those: what is no nanosecond count is none.
pub(super) fn time(timestamp: Option<prost_types::Timestamp>) -> UnixTime {
    let timestamp = timestamp.unwrap_or_default();
    let nanos = u32::try_from(timestamp.nanos).ok();
    UnixTime {
        seconds: timestamp.seconds,
        nanos: nanos.filter(|n| *n < 1_000_000_000).unwrap_or_default(),
    }
}

/// The chaincode that a proposal is for. The peer has read it from there, too.
// Fabric: core/endorser/msgvalidation.go, UnpackProposal
fn called_chaincode(extension: Bytes) -> ChaincodeName {
    let extension = ChaincodeHeaderExtension::decode(extension).unwrap_or_default();
    extension.chaincode_id.unwrap_or_default().name.into()
}

fn decode<M: Message + Default>(part: &str, bytes: Bytes) -> Result<M, Failure> {
    M::decode(bytes).map_err(|error| invalid(&format!("its {part} does not decode: {error}")))
}

fn invalid(detail: &str) -> Failure {
    Failure::InvalidProposal(detail.to_owned())
}
