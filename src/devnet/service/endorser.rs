//! `protos.Endorser`: proposals to one peer.

use std::sync::Arc;

use tonic::{Request, Response, Status};

use super::OrganizationNode;
use crate::proto::protos::{ProposalResponse, SignedProposal, endorser_server::Endorser};

/// The service of a peer.
#[derive(Debug)]
pub(super) struct EndorserService {
    node: Arc<OrganizationNode>,
}

impl EndorserService {
    pub(super) fn new(node: &Arc<OrganizationNode>) -> Self {
        Self {
            node: Arc::clone(node),
        }
    }
}

#[tonic::async_trait]
impl Endorser for EndorserService {
    async fn process_proposal(
        &self,
        request: Request<SignedProposal>,
    ) -> Result<Response<ProposalResponse>, Status> {
        let answer = self.node.peer.receive(request.get_ref()).await;
        answer
            .map(Response::new)
            .map_err(|error| Status::unknown(error.words()))
    }
}
