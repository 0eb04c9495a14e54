//! Events of the chaincode.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use futures_util::Stream;
use prost::Message;

use super::{connection::PeerConnection, incoming::Incoming, wire::LARGEST_PARTED};
use crate::{
    client::{ClientError, refusal::deliver_ended},
    identity::Signer,
    ids::BlockNumber,
    proto::{
        gateway::{
            ChaincodeEventsRequest, ChaincodeEventsResponse, SignedChaincodeEventsRequest,
            gateway_client::GatewayClient,
        },
        orderer::{SeekPosition, SeekSpecified, seek_position::Type},
        protos::ChaincodeEvent,
    },
    transaction::MessageError,
};

/// The events of the contract in one block, of valid transactions only, in their order; at most one of
/// each transaction. They say that something happened: statuses also change without any.
#[derive(Clone, Debug)]
pub struct ChaincodeEvents {
    /// The block.
    pub block: BlockNumber,
    /// The events.
    pub events: Vec<ChaincodeEvent>,
}

/// Events in the order of their blocks, without end; blocks without any are left out. Dropping it ends
/// it.
#[derive(Debug)]
pub struct ChaincodeEventStream(Incoming<ChaincodeEventsResponse>);

impl PeerConnection {
    /// The contract's events from this block on; those that do not exist yet are waited for. The request
    /// is sent when the stream is first polled. Where to begin is said by the block alone: behind a
    /// transaction that the peer does not know there would be nothing, ever.
    ///
    /// Behind an error or an end the caller asks again, from the block that it lacks: the next peer is
    /// asked then.
    ///
    /// # Errors
    /// No peer can be connected to. Errors of the stream: `ACCESS_DENIED`, `STREAM_ENDED`, ..
    pub async fn events(&self, start: BlockNumber) -> Result<ChaincodeEventStream, ClientError> {
        let request = ChaincodeEventsRequest {
            channel_id: self.channel().to_string(),
            chaincode_id: self.chaincode().to_owned(),
            identity: Bytes::copy_from_slice(self.identity().serialized_identity()),
            start_position: Some(SeekPosition {
                r#type: Some(Type::Specified(SeekSpecified { number: start.0 })),
            }),
            after_transaction_id: String::new(),
        };
        let request: Bytes = request.encode_to_vec().into();
        let signature = self.identity().sign(&request);
        let signature = signature.map_err(|e| ClientError::not_signed(&MessageError::Sign(e)))?;
        let request = SignedChaincodeEventsRequest {
            request,
            signature: signature.into(),
        };
        let (at, reached) = self.peers.reach(self.deadline()).await?;
        let opening = Box::pin(async move {
            let mut client =
                GatewayClient::new(reached.channel).max_decoding_message_size(LARGEST_PARTED);
            client.chaincode_events(request).await
        });
        Ok(ChaincodeEventStream(Incoming::new(
            self.peers.clone(),
            at,
            opening,
        )))
    }
}

impl Stream for ChaincodeEventStream {
    type Item = Result<ChaincodeEvents, ClientError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let incoming = &mut self.0;
        if incoming.is_ended() {
            return Poll::Ready(None);
        }
        Poll::Ready(Some(match ready!(incoming.poll(context)) {
            Some(answer) => answer
                .map_err(|meaning| meaning.error)
                .map(|answer| ChaincodeEvents {
                    block: BlockNumber(answer.block_number),
                    events: answer.events,
                }),
            None => {
                let (peers, at) = incoming.of();
                peers.pass_over(at);
                Err(deliver_ended(peers.whom(at), None).error)
            }
        }))
    }
}
