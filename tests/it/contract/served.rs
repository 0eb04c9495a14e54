//! A chaincode server and a peer's end of a stream to it over loopback, which answers state calls
//! from a ledger.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use cmscc::{
    contract::Contract,
    proto::{
        common::{ChannelHeader, Header, HeaderType, SignatureHeader},
        protos::{
            self, ChaincodeHeaderExtension, ChaincodeId, ChaincodeInput, ChaincodeMessage,
            ChaincodeProposalPayload, DelState, GetState, GetStateByRange, Proposal, PutState,
            QueryMetadata, QueryResponse, QueryResponseMetadata, QueryResultBytes, SignedProposal,
            chaincode_client::ChaincodeClient, chaincode_message::Type,
        },
        queryresult::Kv,
    },
    shim::{Quiet, ShimSettings, server::serve},
    stub::{
        Entry, Event, Invocation, KeyRange, Response, Stub,
        memory::{Ledger, MemoryStub, ReadWriteSet},
    },
};
use prost::Message;
use tokio::{net::TcpListener, sync::mpsc, time::timeout};
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::{Streaming, transport::Endpoint};

use super::{
    manners::default_manner,
    world::{Host, Server},
};

/// The longest that a peer waits for a message.
const DEADLINE: Duration = Duration::from_secs(30);

/// Serves a contract on loopback.
pub(crate) struct Loopback;

impl Host for Loopback {
    type Server = Served;

    async fn serve(&self, contract: Contract) -> Served {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let shutdown = CancellationToken::new();
        tokio::spawn(serve(
            listener,
            Arc::new(contract),
            ShimSettings::new("cmscc:1"),
            Arc::new(Quiet),
            shutdown.clone(),
        ));
        Served {
            endpoint: Endpoint::from_shared(endpoint).unwrap(),
            _shutdown: shutdown.drop_guard(),
        }
    }
}

/// A contract behind a chaincode server.
pub(crate) struct Served {
    endpoint: Endpoint,
    _shutdown: DropGuard,
}

impl Server for Served {
    async fn simulate(&self, ledger: &Ledger, invocation: &Invocation) -> (Response, ReadWriteSet) {
        let (to, messages) = mpsc::channel(16);
        let mut from = ChaincodeClient::new(self.endpoint.connect().await.unwrap())
            .max_decoding_message_size(100 << 20)
            .max_encoding_message_size(100 << 20)
            .connect(ReceiverStream::new(messages))
            .await
            .unwrap()
            .into_inner();
        assert_eq!(next(&mut from).await.r#type(), Type::Register);
        // an empty READY, as peers before 3.0 send it: every state call is a message of its own
        for kind in [Type::Registered, Type::Ready] {
            let message = ChaincodeMessage {
                r#type: kind.into(),
                ..ChaincodeMessage::default()
            };
            to.send(message).await.unwrap();
        }
        to.send(transaction(invocation)).await.unwrap();
        let mut stub = MemoryStub::new(ledger).at(default_manner());
        loop {
            let message = next(&mut from).await;
            if message.r#type() == Type::Completed {
                return (completed(&message, &mut stub), stub.finish().unwrap());
            }
            let payload = answer(&message, &mut stub).await;
            let reply = about(invocation, Type::Response, payload);
            to.send(reply).await.unwrap();
        }
    }
}

async fn next(from: &mut Streaming<ChaincodeMessage>) -> ChaincodeMessage {
    timeout(DEADLINE, from.message())
        .await
        .expect("a message in time")
        .unwrap()
        .expect("the stream stays open")
}

fn completed(message: &ChaincodeMessage, stub: &mut MemoryStub) -> Response {
    let response = protos::Response::decode(message.payload.clone()).unwrap();
    if let Some(event) = &message.chaincode_event {
        stub.set_event(Event {
            name: event.event_name.clone(),
            payload: event.payload.clone(),
        });
    }
    Response {
        status: response.status,
        message: response.message,
        payload: response.payload,
    }
}

/// What the ledger answers to a state call.
async fn answer(message: &ChaincodeMessage, stub: &mut MemoryStub) -> Bytes {
    let payload = message.payload.clone();
    match message.r#type() {
        Type::GetState => {
            let key = GetState::decode(payload).unwrap().key;
            stub.get_state(&key).await.unwrap().unwrap_or_default()
        }
        Type::PutState => {
            let put = PutState::decode(payload).unwrap();
            stub.put_state(put.key, put.value);
            Bytes::new()
        }
        Type::DelState => {
            stub.del_state(DelState::decode(payload).unwrap().key);
            Bytes::new()
        }
        Type::GetStateByRange => {
            let asked = GetStateByRange::decode(payload).unwrap();
            let range = KeyRange {
                start: asked.start_key,
                end: asked.end_key,
            };
            if asked.metadata.is_empty() {
                let found = stub.get_range(&range, usize::MAX).await.unwrap();
                return query_response(found.entries, None);
            }
            let page = QueryMetadata::decode(asked.metadata).unwrap();
            let size = u32::try_from(page.page_size).unwrap();
            let found = stub.get_page(&range, size, &page.bookmark).await.unwrap();
            query_response(found.entries, Some(found.bookmark))
        }
        other => panic!("{other:?}: {}", String::from_utf8_lossy(&payload)),
    }
}

fn query_response(entries: Vec<Entry>, bookmark: Option<String>) -> Bytes {
    let count = i32::try_from(entries.len()).unwrap();
    let results = entries.into_iter().map(|entry| {
        let kv = Kv {
            namespace: "cmscc".to_owned(),
            key: entry.key,
            value: entry.value,
        };
        QueryResultBytes {
            result_bytes: kv.encode_to_vec().into(),
        }
    });
    let metadata = bookmark.map(|bookmark| QueryResponseMetadata {
        fetched_records_count: count,
        bookmark,
    });
    let response = QueryResponse {
        results: results.collect(),
        has_more: false,
        id: "query".to_owned(),
        metadata: metadata
            .map(|metadata| metadata.encode_to_vec().into())
            .unwrap_or_default(),
    };
    response.encode_to_vec().into()
}

fn about(invocation: &Invocation, kind: Type, payload: Bytes) -> ChaincodeMessage {
    ChaincodeMessage {
        r#type: kind.into(),
        txid: invocation.tx_id.to_string(),
        channel_id: invocation.channel.to_string(),
        payload,
        ..ChaincodeMessage::default()
    }
}

fn transaction(invocation: &Invocation) -> ChaincodeMessage {
    let extension = ChaincodeHeaderExtension {
        chaincode_id: Some(ChaincodeId {
            name: invocation.chaincode.to_string(),
            ..ChaincodeId::default()
        }),
    };
    let channel_header = ChannelHeader {
        r#type: HeaderType::EndorserTransaction.into(),
        channel_id: invocation.channel.to_string(),
        tx_id: invocation.tx_id.to_string(),
        extension: extension.encode_to_vec().into(),
        timestamp: Some(prost_types::Timestamp {
            seconds: invocation.timestamp.seconds,
            nanos: i32::try_from(invocation.timestamp.nanos).unwrap(),
        }),
        ..ChannelHeader::default()
    };
    let signature_header = SignatureHeader {
        creator: invocation.creator.clone(),
        ..SignatureHeader::default()
    };
    let header = Header {
        channel_header: channel_header.encode_to_vec().into(),
        signature_header: signature_header.encode_to_vec().into(),
    };
    let payload = ChaincodeProposalPayload {
        transient_map: invocation.transient.clone(),
        ..ChaincodeProposalPayload::default()
    };
    let proposal = Proposal {
        header: header.encode_to_vec().into(),
        payload: payload.encode_to_vec().into(),
        ..Proposal::default()
    };
    let input = ChaincodeInput {
        args: invocation.args.clone(),
        is_init: invocation.is_init,
        ..ChaincodeInput::default()
    };
    let kind = match invocation.is_init {
        true => Type::Init,
        false => Type::Transaction,
    };
    ChaincodeMessage {
        proposal: Some(SignedProposal {
            proposal_bytes: proposal.encode_to_vec().into(),
            ..SignedProposal::default()
        }),
        ..about(invocation, kind, input.encode_to_vec().into())
    }
}
