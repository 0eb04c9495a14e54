//! The peer's messages.

use cmscc::{
    proto::{
        common::{ChannelHeader, Header, HeaderType, SignatureHeader},
        protos::{
            ChaincodeAdditionalParams, ChaincodeHeaderExtension, ChaincodeId, ChaincodeInput,
            ChaincodeMessage, ChaincodeProposalPayload, Proposal, QueryResponse,
            QueryResponseMetadata, QueryResultBytes, SignedProposal, chaincode_message::Type,
        },
        queryresult::Kv,
    },
    shim::TxKey,
};
use prost::Message;

pub(super) fn message(kind: Type) -> ChaincodeMessage {
    ChaincodeMessage {
        r#type: kind.into(),
        ..ChaincodeMessage::default()
    }
}

/// READY with batches and multiple gets of this size; without a size, as peers before 3.0 send it.
pub(super) fn ready(size: Option<u32>) -> ChaincodeMessage {
    let params = size.map(|size| ChaincodeAdditionalParams {
        use_write_batch: true,
        max_size_write_batch: size,
        use_get_multiple_keys: true,
        max_size_get_multiple_keys: size,
    });
    ChaincodeMessage {
        payload: params.unwrap_or_default().encode_to_vec().into(),
        ..message(Type::Ready)
    }
}

pub(super) fn key(tx: &str) -> TxKey {
    TxKey {
        channel: "mychannel".into(),
        tx_id: tx.into(),
    }
}

/// A message about a transaction of `mychannel`.
pub(super) fn about(tx: &str, kind: Type, payload: impl Into<Vec<u8>>) -> ChaincodeMessage {
    ChaincodeMessage {
        txid: tx.to_owned(),
        channel_id: "mychannel".to_owned(),
        payload: payload.into().into(),
        ..message(kind)
    }
}

pub(super) fn response(tx: &str, payload: impl Into<Vec<u8>>) -> ChaincodeMessage {
    about(tx, Type::Response, payload)
}

pub(super) fn transaction(tx: &str, args: &[&str]) -> ChaincodeMessage {
    let input = ChaincodeInput {
        args: args.iter().map(|a| a.as_bytes().to_vec().into()).collect(),
        ..ChaincodeInput::default()
    };
    let extension = ChaincodeHeaderExtension {
        chaincode_id: Some(ChaincodeId {
            name: "called".to_owned(),
            ..ChaincodeId::default()
        }),
    };
    let channel = ChannelHeader {
        extension: extension.encode_to_vec().into(),
        r#type: HeaderType::EndorserTransaction.into(),
        channel_id: "mychannel".to_owned(),
        tx_id: tx.to_owned(),
        timestamp: Some(prost_types::Timestamp {
            seconds: 1_795_000_000,
            nanos: 5,
        }),
        ..ChannelHeader::default()
    };
    let signature = SignatureHeader {
        creator: b"someone".to_vec().into(),
        ..SignatureHeader::default()
    };
    let header = Header {
        channel_header: channel.encode_to_vec().into(),
        signature_header: signature.encode_to_vec().into(),
    };
    let payload = ChaincodeProposalPayload {
        transient_map: [("k".to_owned(), b"value".to_vec().into())].into(),
        ..ChaincodeProposalPayload::default()
    };
    let proposal = Proposal {
        header: header.encode_to_vec().into(),
        payload: payload.encode_to_vec().into(),
        ..Proposal::default()
    };
    ChaincodeMessage {
        proposal: Some(SignedProposal {
            proposal_bytes: proposal.encode_to_vec().into(),
            ..SignedProposal::default()
        }),
        ..about(tx, Type::Transaction, input.encode_to_vec())
    }
}

/// A batch of a range, as the payload of a RESPONSE.
pub(super) fn batch(keys: &[&str], has_more: bool) -> Vec<u8> {
    query_response(keys, has_more, None)
}

/// A page of a range, as the payload of a RESPONSE.
pub(super) fn page(keys: &[&str], bookmark: &str) -> Vec<u8> {
    query_response(keys, false, Some(bookmark))
}

fn query_response(keys: &[&str], has_more: bool, bookmark: Option<&str>) -> Vec<u8> {
    let results = keys.iter().map(|key| {
        let kv = Kv {
            namespace: "cc".to_owned(),
            key: (*key).to_owned(),
            value: format!("value of {key}").into(),
        };
        QueryResultBytes {
            result_bytes: kv.encode_to_vec().into(),
        }
    });
    let metadata = bookmark.map(|bookmark| {
        let metadata = QueryResponseMetadata {
            fetched_records_count: 0,
            bookmark: bookmark.to_owned(),
        };
        metadata.encode_to_vec()
    });
    let response = QueryResponse {
        results: results.collect(),
        has_more,
        id: "iterator".to_owned(),
        metadata: metadata.unwrap_or_default().into(),
    };
    response.encode_to_vec()
}

/// The kind of a message.
pub(super) fn kind(message: &ChaincodeMessage) -> Type {
    Type::try_from(message.r#type).unwrap()
}

/// The text of an ERROR.
pub(super) fn text(message: &ChaincodeMessage) -> String {
    assert_eq!(kind(message), Type::Error);
    String::from_utf8(message.payload.to_vec()).unwrap()
}
