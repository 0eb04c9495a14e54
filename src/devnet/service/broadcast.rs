//! `orderer.AtomicBroadcast`: envelopes to the ordering node.

use std::sync::Arc;

use prost::Message;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};

use super::{
    Nodes,
    deliver::{DeliverService, OrdererBlocks},
};
use crate::{
    devnet::nodes::NotBroadcast,
    ids::ChannelId,
    proto::{
        common::{self, Envelope},
        orderer::{
            BroadcastResponse, DeliverResponse, atomic_broadcast_server::AtomicBroadcast,
            deliver_response::Type,
        },
    },
};

/// The services of the ordering node.
#[derive(Debug)]
pub(super) struct OrdererService {
    nodes: Arc<Nodes>,
    deliver: DeliverService<OrdererBlocks>,
}

impl OrdererService {
    pub(super) fn new(nodes: &Arc<Nodes>, deliver: DeliverService<OrdererBlocks>) -> Self {
        Self {
            nodes: Arc::clone(nodes),
            deliver,
        }
    }
}

#[tonic::async_trait]
impl AtomicBroadcast for OrdererService {
    type BroadcastStream = ReceiverStream<Result<BroadcastResponse, Status>>;
    type DeliverStream = ReceiverStream<Result<DeliverResponse, Status>>;

    // Fabric: orderer/common/broadcast/broadcast.go, Handle
    async fn broadcast(
        &self,
        request: Request<Streaming<Envelope>>,
    ) -> Result<Response<Self::BroadcastStream>, Status> {
        let mut incoming = request.into_inner();
        let (outgoing, stream) = mpsc::channel(1);
        let nodes = Arc::clone(&self.nodes);
        let closing = self.deliver.closing().clone();
        tokio::spawn(async move {
            loop {
                let message = tokio::select! {
                    message = incoming.message() => message,
                    () = closing.cancelled() => {
                        let _ = outgoing.send(Err(super::stopped())).await;
                        return;
                    }
                };
                let Ok(Some(envelope)) = message else {
                    return;
                };
                let answer = match send(&nodes, &envelope) {
                    Ok(()) => BroadcastResponse {
                        status: common::Status::Success.into(),
                        info: String::new(),
                    },
                    Err(refused) => BroadcastResponse {
                        status: refused.status.into(),
                        info: refused.info,
                    },
                };
                let is_over = answer.status() != common::Status::Success;
                if outgoing.send(Ok(answer)).await.is_err() || is_over {
                    return;
                }
            }
        });
        Ok(Response::new(ReceiverStream::new(stream)))
    }

    async fn deliver(
        &self,
        request: Request<Streaming<Envelope>>,
    ) -> Result<Response<Self::DeliverStream>, Status> {
        let stream = self.deliver.stream(
            request.into_inner(),
            |status| DeliverResponse {
                r#type: Some(Type::Status(status.into())),
            },
            |block| DeliverResponse {
                r#type: Some(Type::Block(block)),
            },
        );
        Ok(Response::new(stream))
    }
}

/// Hands an envelope to the channel that its header names.
// Fabric: orderer/common/multichannel/registrar.go, BroadcastChannelSupport
pub(super) fn send(nodes: &Arc<Nodes>, envelope: &Envelope) -> Result<(), NotBroadcast> {
    let channel = channel_of(envelope).map_err(|words| NotBroadcast {
        status: common::Status::BadRequest,
        info: format!("could not determine channel ID: {words}"),
    })?;
    nodes.broadcast(&channel, &envelope.encode_to_vec().into())
}

fn channel_of(envelope: &Envelope) -> Result<ChannelId, String> {
    let bad = |error: prost::DecodeError| format!("error unmarshalling: {error}");
    let payload = common::Payload::decode(envelope.payload.clone()).map_err(bad)?;
    let header = payload.header.ok_or("header not set")?;
    let channel = common::ChannelHeader::decode(header.channel_header).map_err(bad)?;
    Ok(ChannelId::new(channel.channel_id))
}
