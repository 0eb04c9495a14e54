//! What the played peer sends, and how it goes onto the wire.

use bytes::{Buf, BufMut, Bytes};
use cmscc::proto::{
    common::{ChannelHeader, Header, HeaderType, SignatureHeader},
    protos::{
        ChaincodeAdditionalParams, ChaincodeHeaderExtension, ChaincodeId, ChaincodeInput,
        ChaincodeInvocationSpec, ChaincodeMessage, ChaincodeProposalPayload, ChaincodeSpec,
        Proposal, SignedProposal, chaincode_message::Type,
    },
};
use prost::Message;
use tonic::{
    Status,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
};

/// The length of a transaction id.
pub(crate) const TX_ID: usize = 64;

/// A call of one function, complete but for its transaction id.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    bytes: Vec<u8>,
    /// Where the id stands.
    places: Vec<usize>,
}

/// Where a call comes from, and when.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) channel: String,
    /// The serialized identity.
    pub(crate) creator: Bytes,
    /// Seconds since 1970.
    pub(crate) seconds: i64,
}

impl Default for Caller {
    /// Somebody with as many bytes of certificate as people have.
    fn default() -> Self {
        Self {
            channel: "mychannel".to_owned(),
            creator: vec![b'c'; 850].into(),
            seconds: 1_795_000_000,
        }
    }
}

impl Call {
    /// A TRANSACTION with its signed proposal.
    pub(crate) fn new(caller: &Caller, args: &[Bytes]) -> Self {
        let tx_id = "#".repeat(TX_ID);
        let bytes = transaction(caller, &tx_id, args).encode_to_vec();
        let windows = bytes.windows(TX_ID).enumerate();
        let places = windows.filter(|(_, w)| *w == tx_id.as_bytes());
        let places = places.map(|(at, _)| at).collect();
        Self { bytes, places }
    }

    /// The message with this id.
    pub(crate) fn with(&self, tx_id: &[u8; TX_ID]) -> Vec<u8> {
        let mut bytes = self.bytes.clone();
        for at in &self.places {
            if let Some(place) = bytes.get_mut(*at..).and_then(|b| b.first_chunk_mut()) {
                *place = *tx_id;
            }
        }
        bytes
    }
}

fn transaction(caller: &Caller, tx_id: &str, args: &[Bytes]) -> ChaincodeMessage {
    let chaincode_id = ChaincodeId {
        name: "load".to_owned(),
        ..ChaincodeId::default()
    };
    let input = ChaincodeInput {
        args: args.to_vec(),
        ..ChaincodeInput::default()
    };
    let extension = ChaincodeHeaderExtension {
        chaincode_id: Some(chaincode_id.clone()),
    };
    let channel = ChannelHeader {
        extension: extension.encode_to_vec().into(),
        r#type: HeaderType::EndorserTransaction.into(),
        channel_id: caller.channel.clone(),
        tx_id: tx_id.to_owned(),
        timestamp: Some(prost_types::Timestamp {
            seconds: caller.seconds,
            nanos: 5,
        }),
        ..ChannelHeader::default()
    };
    let signature = SignatureHeader {
        creator: caller.creator.clone(),
        nonce: vec![7; 24].into(),
    };
    let header = Header {
        channel_header: channel.encode_to_vec().into(),
        signature_header: signature.encode_to_vec().into(),
    };
    let spec = ChaincodeInvocationSpec {
        chaincode_spec: Some(ChaincodeSpec {
            chaincode_id: Some(chaincode_id),
            input: Some(input.clone()),
            ..ChaincodeSpec::default()
        }),
    };
    let payload = ChaincodeProposalPayload {
        input: spec.encode_to_vec().into(),
        ..ChaincodeProposalPayload::default()
    };
    let proposal = Proposal {
        header: header.encode_to_vec().into(),
        payload: payload.encode_to_vec().into(),
        ..Proposal::default()
    };
    ChaincodeMessage {
        r#type: Type::Transaction.into(),
        txid: tx_id.to_owned(),
        channel_id: caller.channel.clone(),
        payload: input.encode_to_vec().into(),
        proposal: Some(SignedProposal {
            proposal_bytes: proposal.encode_to_vec().into(),
            // no shim looks at it: the peer has
            signature: vec![3; 71].into(),
        }),
        ..ChaincodeMessage::default()
    }
}

/// The answer to REGISTER.
pub(crate) fn registered() -> ChaincodeMessage {
    ChaincodeMessage {
        r#type: Type::Registered.into(),
        ..ChaincodeMessage::default()
    }
}

/// READY, which announces how many writes and keys one message may hold; 0: only one.
pub(crate) fn ready(write_batch: u32, get_multiple: u32) -> ChaincodeMessage {
    let params = ChaincodeAdditionalParams {
        use_write_batch: write_batch > 0,
        max_size_write_batch: write_batch,
        use_get_multiple_keys: get_multiple > 0,
        max_size_get_multiple_keys: get_multiple,
    };
    ChaincodeMessage {
        r#type: Type::Ready.into(),
        payload: params.encode_to_vec().into(),
        ..ChaincodeMessage::default()
    }
}

/// A message to the chaincode.
#[derive(Debug)]
pub(crate) enum Outgoing {
    /// Already encoded.
    Encoded(Vec<u8>),
    /// Still to be encoded.
    Message(Box<ChaincodeMessage>),
}

/// [`Outgoing`] one way, messages the other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PeerCodec;

impl Codec for PeerCodec {
    type Encode = Outgoing;
    type Decode = ChaincodeMessage;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        *self
    }

    fn decoder(&mut self) -> Self {
        *self
    }
}

impl Encoder for PeerCodec {
    type Item = Outgoing;
    type Error = Status;

    fn encode(&mut self, item: Outgoing, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        match item {
            Outgoing::Encoded(bytes) => {
                to.put_slice(&bytes);
                Ok(())
            }
            Outgoing::Message(message) => message
                .encode(to)
                .map_err(|error| Status::internal(error.to_string())),
        }
    }
}

impl Decoder for PeerCodec {
    type Item = ChaincodeMessage;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<ChaincodeMessage>, Status> {
        let bytes = from.copy_to_bytes(from.remaining());
        let message = ChaincodeMessage::decode(bytes);
        message
            .map(Some)
            .map_err(|error| Status::internal(error.to_string()))
    }
}
