//! `ChaincodeEvents`: the events of valid transactions, block by block.

use prost::Message;
use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use super::{
    filtered,
    service::{GatewayEvents, GatewayService},
    stopped,
};
use crate::{
    devnet::peer::{Resource, SignedBytes},
    ids::{ChannelId, TxId},
    proto::{
        gateway::{ChaincodeEventsRequest, ChaincodeEventsResponse, SignedChaincodeEventsRequest},
        orderer::{SeekPosition, seek_position::Type},
        protos::{ChaincodeEvent, TxValidationCode},
    },
};

impl GatewayService {
    // Fabric: internal/pkg/gateway/chaincodeevents.go, ChaincodeEvents
    pub(super) fn events(
        &self,
        signed: SignedChaincodeEventsRequest,
    ) -> Result<GatewayEvents, Status> {
        if signed.request.is_empty() {
            return Err(Status::invalid_argument(
                "a chaincode events request is required",
            ));
        }
        let request = ChaincodeEventsRequest::decode(signed.request.clone()).map_err(|error| {
            Status::invalid_argument(format!("invalid chaincode events request: {error}"))
        })?;
        let channel = ChannelId::new(request.channel_id.clone());
        let by = SignedBytes {
            identity: request.identity.clone(),
            message: signed.request,
            signature: signed.signature,
        };
        // checked once: whoever is removed later keeps the stream
        self.check_access(Resource::ChaincodeEvents, &channel, &by)
            .map_err(Status::permission_denied)?;
        let peer = &self.node.peer;
        let watch = peer.at(&channel, |ledger| ledger.blocks().watch());
        let watch =
            watch.ok_or_else(|| Status::not_found(format!("channel does not exist: {channel}")))?;
        let after = Some(request.after_transaction_id.as_str()).filter(|id| !id.is_empty());
        let known = after.and_then(|after| {
            let place = peer.at(&channel, |ledger| ledger.blocks().place(&TxId::new(after)));
            place.flatten()
        });
        let number = match known {
            Some(place) => place.block.0,
            None => start(request.start_position.as_ref(), *watch.borrow())?,
        };
        let matcher = Matcher {
            chaincode: request.chaincode_id,
            after: after.map(str::to_owned),
        };
        Ok(self.start_events(channel, number, matcher, watch))
    }

    fn start_events(
        &self,
        channel: ChannelId,
        mut number: u64,
        mut matcher: Matcher,
        mut watch: watch::Receiver<u64>,
    ) -> GatewayEvents {
        let (outgoing, stream) = mpsc::channel(8);
        let (node, closing) = (self.node.clone(), self.closing.clone());
        tokio::spawn(async move {
            let serving = async {
                loop {
                    while number >= *watch.borrow_and_update() {
                        if watch.changed().await.is_err() {
                            return;
                        }
                    }
                    let block = node
                        .peer
                        .at(&channel, |ledger| ledger.blocks().block(number));
                    let Some(block) = block.flatten() else {
                        return;
                    };
                    let transactions = filtered::transactions(&block).into_iter();
                    let events = transactions
                        .filter(|transaction| transaction.code == TxValidationCode::Valid)
                        .filter_map(|transaction| transaction.event)
                        .filter(|event| matcher.matches(event))
                        .collect::<Vec<_>>();
                    if !events.is_empty() {
                        let answer = ChaincodeEventsResponse {
                            events,
                            block_number: number,
                        };
                        if outgoing.send(Ok(answer)).await.is_err() {
                            return;
                        }
                    }
                    number = number.saturating_add(1);
                }
            };
            tokio::select! {
                () = serving => {}
                () = closing.cancelled() => {
                    let _ = outgoing.try_send(Err(stopped()));
                }
                () = outgoing.closed() => {}
            }
        });
        ReceiverStream::new(stream)
    }
}

/// Which events are meant.
struct Matcher {
    chaincode: String,
    /// The transaction behind whose event they begin. Where its event never comes, none ever does.
    after: Option<String>,
}

impl Matcher {
    fn matches(&mut self, event: &ChaincodeEvent) -> bool {
        if let Some(after) = &self.after {
            if *after == event.tx_id {
                self.after = None;
            }
            return false;
        }
        event.chaincode_id == self.chaincode
    }
}

// Fabric: internal/pkg/gateway/chaincodeevents.go, startBlockFromLedgerPosition
fn start(position: Option<&SeekPosition>, height: u64) -> Result<u64, Status> {
    match position.and_then(|position| position.r#type.as_ref()) {
        None | Some(Type::NextCommit(_)) => Ok(height),
        Some(Type::Specified(at)) => Ok(at.number),
        Some(Type::Newest(_)) => Err(unknown_start("Newest")),
        Some(Type::Oldest(_)) => Err(unknown_start("Oldest")),
    }
}

fn unknown_start(name: &str) -> Status {
    Status::invalid_argument(format!(
        "invalid start position type: *orderer.SeekPosition_{name}"
    ))
}
