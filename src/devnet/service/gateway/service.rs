//! The service, and its calls that are short.

use std::{fmt, sync::Arc};

use prost::Message;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

use super::{Nodes, OrganizationNode, broadcast, stopped};
use crate::{
    devnet::peer::{Resource, SignedBytes},
    ids::{ChannelId, TxId},
    proto::gateway::{
        ChaincodeEventsResponse, CommitStatusRequest, CommitStatusResponse, EndorseRequest,
        EndorseResponse, EvaluateRequest, EvaluateResponse, SignedChaincodeEventsRequest,
        SignedCommitStatusRequest, SubmitRequest, SubmitResponse, gateway_server::Gateway,
    },
    stub::memory::PeerRelease,
};

/// A stream of events.
pub(super) type GatewayEvents = ReceiverStream<Result<ChaincodeEventsResponse, Status>>;

/// The gateway of an organisation's peer.
pub(in crate::devnet::service) struct GatewayService {
    pub(super) nodes: Arc<Nodes>,
    pub(super) node: Arc<OrganizationNode>,
    pub(super) closing: CancellationToken,
}

impl fmt::Debug for GatewayService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GatewayService")
            .field("node", &self.node)
            .finish_non_exhaustive()
    }
}

impl GatewayService {
    pub(in crate::devnet::service) fn new(
        nodes: &Arc<Nodes>,
        node: &Arc<OrganizationNode>,
        closing: &CancellationToken,
    ) -> Self {
        Self {
            nodes: Arc::clone(nodes),
            node: Arc::clone(node),
            closing: closing.clone(),
        }
    }

    /// Whether a peer is the gateway's own one.
    pub(super) fn is_own(&self, node: &Arc<OrganizationNode>) -> bool {
        Arc::ptr_eq(&self.node, node)
    }

    /// Whether its peer knows a channel.
    pub(super) fn check_channel(&self, channel: &ChannelId) -> Result<(), String> {
        match self.node.peer.height(channel) {
            Some(_) => Ok(()),
            None => Err(format!(
                "failed to get config for channel [{channel}]: could not get last config for \
                 channel {channel}"
            )),
        }
    }

    pub(super) fn check_access(
        &self,
        resource: Resource,
        channel: &ChannelId,
        signed: &SignedBytes,
    ) -> Result<(), String> {
        self.node.peer.check_access(resource, channel, signed)
    }

    // Fabric: internal/pkg/gateway/submit.go, Submit and submitNonBFT
    fn submitted(&self, request: &SubmitRequest) -> Result<SubmitResponse, Status> {
        let Some(transaction) = &request.prepared_transaction else {
            return Err(Status::invalid_argument(
                "a prepared transaction is required",
            ));
        };
        if transaction.signature.is_empty() {
            return Err(Status::invalid_argument(
                "prepared transaction must be signed",
            ));
        }
        self.check_channel(&ChannelId::new(request.channel_id.clone()))
            .map_err(Status::failed_precondition)?;
        match broadcast::send(&self.nodes, transaction) {
            Ok(()) => Ok(SubmitResponse {}),
            Err(refused) if (400..500).contains(&i32::from(refused.status)) => {
                Err(Status::aborted(format!(
                    "received unsuccessful response from orderer: status={}, info={}",
                    refused.status.as_str_name(),
                    refused.info
                )))
            }
            Err(_) => Err(Status::unavailable(
                "no orderers could successfully process transaction",
            )),
        }
    }

    // Fabric: internal/pkg/gateway/commitstatus.go, CommitStatus
    async fn committed(
        &self,
        signed: SignedCommitStatusRequest,
    ) -> Result<CommitStatusResponse, Status> {
        let missing = |what: &str| Err(Status::invalid_argument(what));
        if signed.request.is_empty() {
            return missing("a commit status request is required");
        }
        let request = CommitStatusRequest::decode(signed.request.clone()).map_err(|error| {
            Status::invalid_argument(format!("invalid status request: {error}"))
        })?;
        if request.identity.is_empty() {
            return missing("no identity provided");
        }
        let is_old = self.node.peer.release() == PeerRelease::V2_5;
        match (
            request.channel_id.is_empty(),
            request.transaction_id.is_empty(),
        ) {
            (true, _) if is_old => {
                return Err(Status::permission_denied(
                    "Invalid channel ID name during check policy on signed data. Name must be \
                     different from nil.",
                ));
            }
            (true, _) => return missing("no channel ID provided"),
            (_, true) if !is_old => return missing("transaction ID should not be empty"),
            _ => {}
        }
        let channel = ChannelId::new(request.channel_id);
        let by = SignedBytes {
            identity: request.identity,
            message: signed.request,
            signature: signed.signature,
        };
        self.check_access(Resource::CommitStatus, &channel, &by)
            .map_err(Status::permission_denied)?;
        let tx_id = TxId::new(request.transaction_id);
        let peer = &self.node.peer;
        let watch = peer.at(&channel, |ledger| ledger.blocks().watch());
        let mut watch =
            watch.ok_or_else(|| Status::aborted(format!("channel does not exist: {channel}")))?;
        loop {
            watch.borrow_and_update();
            let place = peer.at(&channel, |ledger| ledger.blocks().place(&tx_id));
            if let Some(place) = place.flatten() {
                let status = CommitStatusResponse {
                    result: place.code.into(),
                    block_number: place.block.0,
                };
                return Ok(match &self.nodes.options.tamper {
                    Some(tamper) => tamper.commit_status(status),
                    None => status,
                });
            }
            tokio::select! {
                changed = watch.changed() => changed.map_err(|_| stopped())?,
                () = self.closing.cancelled() => return Err(stopped()),
            }
        }
    }
}

#[tonic::async_trait]
impl Gateway for GatewayService {
    type ChaincodeEventsStream = GatewayEvents;

    async fn endorse(
        &self,
        request: Request<EndorseRequest>,
    ) -> Result<Response<EndorseResponse>, Status> {
        self.endorsed(request.into_inner()).await.map(Response::new)
    }

    async fn submit(
        &self,
        request: Request<SubmitRequest>,
    ) -> Result<Response<SubmitResponse>, Status> {
        self.submitted(request.get_ref()).map(Response::new)
    }

    async fn commit_status(
        &self,
        request: Request<SignedCommitStatusRequest>,
    ) -> Result<Response<CommitStatusResponse>, Status> {
        self.committed(request.into_inner())
            .await
            .map(Response::new)
    }

    async fn evaluate(
        &self,
        request: Request<EvaluateRequest>,
    ) -> Result<Response<EvaluateResponse>, Status> {
        self.evaluated(request.into_inner())
            .await
            .map(Response::new)
    }

    async fn chaincode_events(
        &self,
        request: Request<SignedChaincodeEventsRequest>,
    ) -> Result<Response<Self::ChaincodeEventsStream>, Status> {
        self.events(request.into_inner()).map(Response::new)
    }
}
