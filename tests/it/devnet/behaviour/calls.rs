//! One call each, and its answer as text.

use bytes::Bytes;
use cmscc::{
    proto::{
        common::{self, Envelope},
        gateway::{EndorseRequest, EvaluateRequest, SignedChaincodeEventsRequest, SubmitRequest},
        gateway::{SignedCommitStatusRequest, gateway_client::GatewayClient},
        orderer::{self, SeekInfo, SeekPosition, seek_position::Type as Position},
        protos::{self, deliver_response::Type as Delivered},
    },
    transaction::Stamp,
};
use prost::Message;
use tonic::transport::Channel;

use super::super::wire::{self, Place, SILENCE, Somebody, drain, one, shown};

/// The channel and the chaincode of all plays.
pub(super) const CHANNEL: &str = "mychannel";
pub(super) const CHAINCODE: &str = "cmscc";

/// A response of a chaincode: of its answer only whether there is one.
pub(super) fn response(response: Option<protos::Response>) -> String {
    let response = response.unwrap();
    let answer = match response.payload.is_empty() {
        true => "no answer",
        false => "an answer",
    };
    format!("{} {} {answer}", response.status, response.message)
}

pub(super) async fn evaluate(
    gateway: &mut GatewayClient<Channel>,
    request: EvaluateRequest,
) -> String {
    match gateway.evaluate(request).await {
        Ok(answer) => response(answer.into_inner().result),
        Err(status) => shown(&status),
    }
}

/// The answer of a call that is answered.
pub(super) async fn answered(
    gateway: &mut GatewayClient<Channel>,
    request: EvaluateRequest,
) -> Bytes {
    let answer = gateway.evaluate(request).await.unwrap().into_inner();
    answer.result.unwrap().payload
}

pub(super) async fn endorse(
    gateway: &mut GatewayClient<Channel>,
    request: EndorseRequest,
) -> String {
    match gateway.endorse(request).await {
        Ok(answer) => {
            let envelope = answer.into_inner().prepared_transaction.unwrap();
            let (answer, endorsements) = wire::prepared(&envelope);
            let signed = !envelope.signature.is_empty();
            format!(
                "{}, {endorsements} endorsements, signed {signed}",
                response(Some(answer))
            )
        }
        Err(status) => shown(&status),
    }
}

pub(super) async fn submit(gateway: &mut GatewayClient<Channel>, request: SubmitRequest) -> String {
    match gateway.submit(request).await {
        Ok(_) => "accepted".to_owned(),
        Err(status) => shown(&status),
    }
}

pub(super) async fn commit_status(
    gateway: &mut GatewayClient<Channel>,
    request: SignedCommitStatusRequest,
) -> String {
    match tokio::time::timeout(SILENCE, gateway.commit_status(request)).await {
        Ok(Ok(answer)) => answer.into_inner().result().as_str_name().to_owned(),
        Ok(Err(status)) => shown(&status),
        Err(_) => "waits".to_owned(),
    }
}

/// How many blocks with events there are, with their events, and how it goes on.
pub(super) async fn events(
    gateway: &mut GatewayClient<Channel>,
    request: SignedChaincodeEventsRequest,
) -> String {
    let opened = tokio::time::timeout(SILENCE, gateway.chaincode_events(request)).await;
    let stream = match opened {
        Ok(Ok(stream)) => stream.into_inner(),
        Ok(Err(status)) => return shown(&status),
        // a real gateway opens the stream with its first message
        Err(_) => return "[], then waits".to_owned(),
    };
    let (answers, end) = drain(stream).await;
    let names: Vec<_> = (answers.iter())
        .map(|answer| {
            let names = answer.events.iter().map(|event| event.event_name.as_str());
            names.collect::<Vec<_>>().join(" ")
        })
        .collect();
    format!("[{}], then {end}", names.join(", "))
}

/// What is asked of a deliver service.
pub(super) struct Seek {
    pub(super) channel: &'static str,
    pub(super) start: Option<Position>,
    pub(super) stop: Option<Position>,
    pub(super) fail_if_not_ready: bool,
    pub(super) headers_only: bool,
    pub(super) stamp: Stamp,
}

pub(super) const fn at(number: u64) -> Option<Position> {
    Some(Position::Specified(orderer::SeekSpecified { number }))
}

pub(super) const fn newest() -> Option<Position> {
    Some(Position::Newest(orderer::SeekNewest {}))
}

impl Seek {
    pub(super) fn new(start: Option<Position>, stop: Option<Position>) -> Self {
        Self {
            channel: CHANNEL,
            start,
            stop,
            fail_if_not_ready: true,
            headers_only: false,
            stamp: wire::stamp(),
        }
    }

    pub(super) fn signed(&self, by: &Somebody) -> Envelope {
        let position = |at: Option<Position>| at.map(|at| SeekPosition { r#type: Some(at) });
        let info = SeekInfo {
            start: position(self.start),
            stop: position(self.stop),
            behavior: i32::from(self.fail_if_not_ready),
            content_type: i32::from(self.headers_only),
            ..SeekInfo::default()
        };
        let timestamp = prost_types::Timestamp {
            seconds: self.stamp.timestamp.seconds,
            nanos: 0,
        };
        envelope(
            by,
            common::HeaderType::DeliverSeekInfo,
            self.channel,
            Some(timestamp),
            info.encode_to_vec(),
        )
    }
}

/// A signed envelope of any kind.
pub(super) fn envelope(
    by: &Somebody,
    kind: common::HeaderType,
    channel: &str,
    timestamp: Option<prost_types::Timestamp>,
    data: Vec<u8>,
) -> Envelope {
    let channel_header = common::ChannelHeader {
        r#type: kind.into(),
        channel_id: channel.to_owned(),
        timestamp,
        ..common::ChannelHeader::default()
    };
    let header = common::Header {
        channel_header: channel_header.encode_to_vec().into(),
        signature_header: cmscc::transaction::signature_header(by.signer(), &wire::stamp()),
    };
    let payload = common::Payload {
        header: Some(header),
        data: data.into(),
    };
    let payload: Bytes = payload.encode_to_vec().into();
    Envelope {
        signature: by.sign(&payload),
        payload,
    }
}

/// The answers of a peer's deliver service.
pub(super) async fn delivered(place: &Place, org: &str, request: Envelope) -> String {
    let mut deliver = place.deliver(org).await;
    let stream = deliver.deliver(one(request)).await.unwrap().into_inner();
    let (answers, end) = drain(stream).await;
    told(answers.into_iter().map(|answer| answer.r#type), &end)
}

/// The same for observers.
pub(super) async fn observed(place: &Place, org: &str, request: Envelope) -> String {
    let mut deliver = place.deliver(org).await;
    let stream = deliver.deliver_filtered(one(request)).await;
    let (answers, end) = drain(stream.unwrap().into_inner()).await;
    told(answers.into_iter().map(|answer| answer.r#type), &end)
}

/// The answers of the ordering node's.
pub(super) async fn ordered(place: &Place, request: Envelope) -> String {
    let mut ordering = place.ordering().await;
    let stream = ordering.deliver(one(request)).await.unwrap().into_inner();
    let (answers, end) = drain(stream).await;
    let answers = answers.into_iter().map(|answer| {
        answer.r#type.map(|answer| match answer {
            orderer::deliver_response::Type::Status(status) => Delivered::Status(status),
            orderer::deliver_response::Type::Block(block) => Delivered::Block(block),
        })
    });
    told(answers, &end)
}

fn told(answers: impl Iterator<Item = Option<Delivered>>, end: &str) -> String {
    let told: Vec<_> = answers.map(|answer| one_told(answer.unwrap())).collect();
    format!("{}; then {end}", told.join("; "))
}

fn one_told(answer: Delivered) -> String {
    match answer {
        Delivered::Status(status) => {
            let status = common::Status::try_from(status).unwrap();
            format!("status {}", status.as_str_name())
        }
        Delivered::Block(block) => block_told(&block),
        Delivered::FilteredBlock(block) => {
            let transactions = block.filtered_transactions.iter().map(|transaction| {
                let kind = transaction.r#type().as_str_name();
                let code = transaction.tx_validation_code().as_str_name();
                let id = match transaction.txid.is_empty() {
                    true => "without id",
                    false => "with id",
                };
                let data = format!("{:?}", transaction.data);
                let payload = data.contains("payload: b\"\"");
                let has_event = data.contains("event_name");
                format!("{kind} {code} {id}, event {has_event}, without payload {payload}")
            });
            let transactions: Vec<_> = transactions.collect();
            format!(
                "block {} of {}: {}",
                number_told(block.number),
                block.channel_id,
                transactions.join(", ")
            )
        }
        Delivered::BlockAndPrivateData(_) => "private data".to_owned(),
    }
}

/// What of a block is the same everywhere: which metadata entries there are, and the filter.
pub(super) fn block_told(block: &common::Block) -> String {
    let number = number_told(block.header.as_ref().unwrap().number);
    let data = block.data.as_ref().map_or(0, |data| data.data.len());
    let metadata = &block.metadata.as_ref().unwrap().metadata;
    let filter = metadata.get(2).map(hex::encode).unwrap_or_default();
    let filled: Vec<_> = (metadata.iter())
        .map(|entry| if entry.is_empty() { '-' } else { 'x' })
        .collect();
    let filled: String = filled.into_iter().collect();
    format!("block {number} with {data} transactions, metadata {filled}, filter `{filter}`")
}

/// What the ordering node says of an envelope.
pub(super) async fn broadcast(place: &Place, envelope: Envelope) -> String {
    let mut ordering = place.ordering().await;
    let stream = ordering.broadcast(one(envelope)).await.unwrap();
    let (answers, end) = drain(stream.into_inner()).await;
    let told: Vec<_> = (answers.iter())
        .map(|answer| format!("{} {}", answer.status().as_str_name(), answer.info))
        .collect();
    format!("{}; then {end}", told.join("; "))
}

/// What a peer says of a proposal that is sent to it alone.
pub(super) async fn processed(
    place: &Place,
    org: &str,
    proposal: protos::SignedProposal,
) -> String {
    let mut endorser = place.endorser(org).await;
    match endorser.process_proposal(proposal).await {
        Ok(answer) => {
            let answer = answer.into_inner();
            let endorsed = answer.endorsement.is_some();
            let payload = !answer.payload.is_empty();
            let version = answer.version;
            format!(
                "version {version}: {}, endorsed {endorsed}, payload {payload}",
                response(answer.response)
            )
        }
        Err(status) => shown(&status),
    }
}

/// The first block is the first everywhere; how many there are is not the same.
fn number_told(number: u64) -> String {
    match number {
        0 => "0".to_owned(),
        _ => "n".to_owned(),
    }
}
