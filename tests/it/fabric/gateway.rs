//! A client of a peer's gateway service: the command line takes 0.4 s for a call, and makes one at a
//! time. Its messages are those of Fabric's `gateway/gateway.proto`.

use std::{
    fmt, fs,
    time::{SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use cmscc::{
    ids::Digest,
    proto::{common, protos},
};
use prost::Message;
use ring::rand::{SecureRandom, SystemRandom};
use serde_json::Value;
use tokio::runtime::Runtime;
use tonic::{
    Status,
    client::Grpc,
    codegen::http::uri::PathAndQuery,
    transport::{Certificate, Channel, ClientTlsConfig, Endpoint},
};
use tonic_prost::ProstCodec;

use crate::contract::people::Person;

use super::{CHAINCODE, CHANNEL, PATIENCE, net::Net, until};

/// How often a write is tried.
const TRIES: u32 = 30;

/// How many peers are asked to endorse a write: those of both organisations.
const ENDORSERS: [&str; 2] = ["Org1MSP", "Org2MSP"];

/// Somebody at the gateway of an organisation's own peer. Answers are received as stock clients
/// receive them, up to 4 MiB.
pub(super) struct Gateway {
    runtime: Runtime,
    channel: Channel,
}

/// Why a call was not answered, or not committed.
#[derive(Debug)]
pub(super) struct CallError {
    /// What the gateway says, with what each peer said.
    text: String,
    /// How many peers say something.
    peers: usize,
}

/// What a client may do about an error: the table "What to retry" of `docs/functions.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Advice {
    /// Another transaction came in between: endorse it anew.
    Again,
    /// Peers are at different heights: the same, once the one behind has caught up.
    Wait,
    /// The contract refuses the call.
    Final,
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl CallError {
    pub(super) fn advice(&self) -> Advice {
        let says = |what| self.text.contains(what);
        if says("MVCC_READ_CONFLICT") || says("PHANTOM_READ_CONFLICT") {
            return Advice::Again;
        }
        let lags = says("chaincode response 4") && self.peers < ENDORSERS.len();
        if lags || says("ProposalResponsePayloads do not match") {
            return Advice::Wait;
        }
        Advice::Final
    }

    /// The symbol of a refusal, or the whole text where the contract did not answer.
    pub(super) fn symbol(&self) -> &str {
        let code = self.text.split("Code ").nth(1);
        code.and_then(|code| code.split(": ").nth(1))
            .unwrap_or(&self.text)
    }
}

impl Gateway {
    pub(super) fn new(net: &Net, org: &str) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let ca = fs::read(net.peer_tls(org).join("ca.crt")).unwrap();
        let tls = ClientTlsConfig::new()
            .ca_certificate(Certificate::from_pem(ca))
            .domain_name("localhost");
        let endpoint = Endpoint::from_shared(format!("https://{}", net.address(org, 1)))
            .unwrap()
            .timeout(PATIENCE)
            .tls_config(tls)
            .unwrap();
        let channel = runtime.block_on(endpoint.connect()).unwrap();
        Self { runtime, channel }
    }

    /// Asks the organisation's own peer.
    pub(super) fn evaluate(
        &self,
        caller: &Person,
        function: &str,
        args: &[&str],
    ) -> Result<Bytes, CallError> {
        self.evaluate_of(CHAINCODE, caller, function, args)
    }

    /// How many blocks the peer has of the channel.
    pub(super) fn height(&self, caller: &Person) -> u64 {
        let info = self
            .evaluate_of("qscc", caller, "GetChainInfo", &[CHANNEL])
            .unwrap();
        BlockchainInfo::decode(info).unwrap().height
    }

    /// A block of the channel.
    pub(super) fn block(&self, caller: &Person, number: u64) -> common::Block {
        let args = [CHANNEL, &number.to_string()];
        let block = self.evaluate_of("qscc", caller, "GetBlockByNumber", &args);
        common::Block::decode(block.unwrap()).unwrap()
    }

    fn evaluate_of(
        &self,
        chaincode: &str,
        caller: &Person,
        function: &str,
        args: &[&str],
    ) -> Result<Bytes, CallError> {
        let (transaction_id, proposed_transaction) = proposal(chaincode, caller, function, args);
        let request = EvaluateRequest {
            transaction_id,
            channel_id: CHANNEL.to_owned(),
            proposed_transaction: Some(proposed_transaction),
            target_organizations: Vec::new(),
        };
        let answer: EvaluateResponse = self.call("Evaluate", request)?;
        Ok(answer.result.unwrap().payload)
    }

    /// Has both organisations endorse a call, orders it, and waits for its commit by the own peer.
    pub(super) fn submit(
        &self,
        caller: &Person,
        function: &str,
        args: &[&str],
    ) -> Result<Value, CallError> {
        let (transaction_id, proposed_transaction) = proposal(CHAINCODE, caller, function, args);
        let request = EndorseRequest {
            transaction_id: transaction_id.clone(),
            channel_id: CHANNEL.to_owned(),
            proposed_transaction: Some(proposed_transaction),
            endorsing_organizations: ENDORSERS.map(str::to_owned).into(),
        };
        let endorsed: EndorseResponse = self.call("Endorse", request)?;
        let mut transaction = endorsed.prepared_transaction.unwrap();
        let answer = answer(transaction.payload.clone());
        transaction.signature = caller.sign(&transaction.payload);
        let request = SubmitRequest {
            transaction_id: transaction_id.clone(),
            channel_id: CHANNEL.to_owned(),
            prepared_transaction: Some(transaction),
        };
        let _: SubmitResponse = self.call("Submit", request)?;
        let request = CommitStatusRequest {
            transaction_id,
            channel_id: CHANNEL.to_owned(),
            identity: Bytes::copy_from_slice(caller.serialized()),
        };
        let request: Bytes = request.encode_to_vec().into();
        let signature = caller.sign(&request);
        let request = SignedCommitStatusRequest { request, signature };
        let status: CommitStatusResponse = self.call("CommitStatus", request)?;
        match status.result() {
            protos::TxValidationCode::Valid => Ok(answer),
            code => Err(CallError {
                text: code.as_str_name().to_owned(),
                peers: 0,
            }),
        }
    }

    /// The same, repeated as clients are told to: until it is committed, refused for good, or was
    /// tried often enough. Gives how often it was tried, too.
    pub(super) fn settle(
        &self,
        caller: &Person,
        function: &str,
        args: &[&str],
    ) -> Result<(Value, u32), CallError> {
        let mut tries = 0;
        until("the write is committed or refused", || {
            loop {
                tries += 1;
                match self.submit(caller, function, args) {
                    Ok(answer) => return Some(Ok((answer, tries))),
                    Err(e) if e.advice() == Advice::Final || tries == TRIES => {
                        return Some(Err(e));
                    }
                    Err(e) if e.advice() == Advice::Wait || tries % 16 == 0 => return None,
                    Err(_) => {}
                }
            }
        })
    }

    fn call<Q, A>(&self, method: &str, request: Q) -> Result<A, CallError>
    where
        Q: Message + 'static,
        A: Message + Default + 'static,
    {
        let path = PathAndQuery::try_from(format!("/gateway.Gateway/{method}")).unwrap();
        let mut grpc = Grpc::new(self.channel.clone());
        let answer = self.runtime.block_on(async {
            grpc.ready()
                .await
                .map_err(|e| Status::unavailable(format!("no connection: {e}")))?;
            let request = tonic::Request::new(request);
            grpc.unary(request, path, ProstCodec::<Q, A>::default())
                .await
        });
        answer
            .map(tonic::Response::into_inner)
            .map_err(|status| failed(method, &status))
    }
}

/// What the gateway says, and behind it each peer.
fn failed(method: &str, status: &Status) -> CallError {
    let details = RpcStatus::decode(status.details()).unwrap().details;
    let peers = details.len();
    let mut text = format!("{method}: {:?}: {}", status.code(), status.message());
    for detail in details {
        let detail = ErrorDetail::decode(&detail.value[..]).unwrap();
        text.push_str(&format!("; {}: {}", detail.msp_id, detail.message));
    }
    CallError { text, peers }
}

/// The id of a transaction, and its signed proposal.
fn proposal(
    chaincode: &str,
    caller: &Person,
    function: &str,
    args: &[&str],
) -> (String, protos::SignedProposal) {
    let mut nonce = [0; 24];
    SystemRandom::new().fill(&mut nonce).unwrap();
    let creator = Bytes::copy_from_slice(caller.serialized());
    let id = Digest::of(&[&nonce[..], &creator].concat()).to_string();
    let chaincode = || {
        Some(protos::ChaincodeId {
            name: chaincode.to_owned(),
            ..protos::ChaincodeId::default()
        })
    };
    let extension = protos::ChaincodeHeaderExtension {
        chaincode_id: chaincode(),
    };
    let channel_header = common::ChannelHeader {
        r#type: common::HeaderType::EndorserTransaction.into(),
        timestamp: Some(now()),
        channel_id: CHANNEL.to_owned(),
        tx_id: id.clone(),
        extension: extension.encode_to_vec().into(),
        ..common::ChannelHeader::default()
    };
    let signature_header = common::SignatureHeader {
        creator,
        nonce: Bytes::copy_from_slice(&nonce),
    };
    let header = common::Header {
        channel_header: channel_header.encode_to_vec().into(),
        signature_header: signature_header.encode_to_vec().into(),
    };
    let args = [function].into_iter().chain(args.iter().copied());
    let spec = protos::ChaincodeInvocationSpec {
        chaincode_spec: Some(protos::ChaincodeSpec {
            chaincode_id: chaincode(),
            input: Some(protos::ChaincodeInput {
                args: args
                    .map(|arg| Bytes::copy_from_slice(arg.as_bytes()))
                    .collect(),
                ..protos::ChaincodeInput::default()
            }),
            ..protos::ChaincodeSpec::default()
        }),
    };
    let payload = protos::ChaincodeProposalPayload {
        input: spec.encode_to_vec().into(),
        ..protos::ChaincodeProposalPayload::default()
    };
    let proposal = protos::Proposal {
        header: header.encode_to_vec().into(),
        payload: payload.encode_to_vec().into(),
        extension: Bytes::new(),
    };
    let proposal_bytes: Bytes = proposal.encode_to_vec().into();
    let signature = caller.sign(&proposal_bytes);
    let signed = protos::SignedProposal {
        proposal_bytes,
        signature,
    };
    (id, signed)
}

#[expect(clippy::disallowed_methods, reason = "a client's clock")]
fn now() -> prost_types::Timestamp {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    prost_types::Timestamp {
        seconds: now.as_secs().try_into().unwrap(),
        nanos: 0,
    }
}

/// What the contract answered, out of a transaction that a gateway prepared.
fn answer(payload: Bytes) -> Value {
    let payload = common::Payload::decode(payload).unwrap();
    let transaction = protos::Transaction::decode(payload.data).unwrap();
    let action = transaction.actions.into_iter().next().unwrap();
    let action = protos::ChaincodeActionPayload::decode(action.payload).unwrap();
    let endorsed = action.action.unwrap().proposal_response_payload;
    let endorsed = protos::ProposalResponsePayload::decode(endorsed).unwrap();
    let action = protos::ChaincodeAction::decode(endorsed.extension).unwrap();
    serde_json::from_slice(&action.response.unwrap().payload).unwrap()
}

#[derive(Clone, PartialEq, Message)]
struct EvaluateRequest {
    #[prost(string, tag = "1")]
    transaction_id: String,
    #[prost(string, tag = "2")]
    channel_id: String,
    #[prost(message, optional, tag = "3")]
    proposed_transaction: Option<protos::SignedProposal>,
    #[prost(string, repeated, tag = "4")]
    target_organizations: Vec<String>,
}

#[derive(Clone, PartialEq, Message)]
struct EvaluateResponse {
    #[prost(message, optional, tag = "1")]
    result: Option<protos::Response>,
}

#[derive(Clone, PartialEq, Message)]
struct EndorseRequest {
    #[prost(string, tag = "1")]
    transaction_id: String,
    #[prost(string, tag = "2")]
    channel_id: String,
    #[prost(message, optional, tag = "3")]
    proposed_transaction: Option<protos::SignedProposal>,
    #[prost(string, repeated, tag = "4")]
    endorsing_organizations: Vec<String>,
}

#[derive(Clone, PartialEq, Message)]
struct EndorseResponse {
    #[prost(message, optional, tag = "1")]
    prepared_transaction: Option<common::Envelope>,
}

#[derive(Clone, PartialEq, Message)]
struct SubmitRequest {
    #[prost(string, tag = "1")]
    transaction_id: String,
    #[prost(string, tag = "2")]
    channel_id: String,
    #[prost(message, optional, tag = "3")]
    prepared_transaction: Option<common::Envelope>,
}

#[derive(Clone, PartialEq, Message)]
struct SubmitResponse {}

#[derive(Clone, PartialEq, Message)]
struct SignedCommitStatusRequest {
    #[prost(bytes = "bytes", tag = "1")]
    request: Bytes,
    #[prost(bytes = "bytes", tag = "2")]
    signature: Bytes,
}

#[derive(Clone, PartialEq, Message)]
struct CommitStatusRequest {
    #[prost(string, tag = "1")]
    transaction_id: String,
    #[prost(string, tag = "2")]
    channel_id: String,
    #[prost(bytes = "bytes", tag = "3")]
    identity: Bytes,
}

#[derive(Clone, PartialEq, Message)]
struct CommitStatusResponse {
    #[prost(enumeration = "protos::TxValidationCode", tag = "1")]
    result: i32,
    #[prost(uint64, tag = "2")]
    block_number: u64,
}

/// `common.BlockchainInfo`, as far as it is asked for.
#[derive(Clone, PartialEq, Message)]
struct BlockchainInfo {
    #[prost(uint64, tag = "1")]
    height: u64,
}

#[derive(Clone, PartialEq, Message)]
struct ErrorDetail {
    #[prost(string, tag = "1")]
    address: String,
    #[prost(string, tag = "2")]
    msp_id: String,
    #[prost(string, tag = "3")]
    message: String,
}

/// `google.rpc.Status`.
#[derive(Clone, PartialEq, Message)]
struct RpcStatus {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
    #[prost(message, repeated, tag = "3")]
    details: Vec<prost_types::Any>,
}
