//! `Endorse`: as many peers as the policy asks for, the gateway's own first.

use std::{collections::BTreeMap, sync::Arc};

use futures_util::future::join_all;
use tonic::{Code, Status};

use super::{
    OrganizationNode,
    evaluate::Called,
    plan::{self, EndorsementPlan},
    service::GatewayService,
    status::{detail, read, with_details},
};
use crate::{
    devnet::peer::LIFECYCLE_NAMESPACE,
    ids::ChannelId,
    proto::{
        common,
        gateway::{EndorseRequest, EndorseResponse, ErrorDetail},
        protos,
    },
    transaction::ReceivedProposal,
};

/// What the plan of an endorsement fails with, before the reason.
const NO_COMBINATION: &str =
    "no combination of peers can be derived which satisfy the endorsement policy";

impl GatewayService {
    // Fabric: internal/pkg/gateway/endorse.go, Endorse
    pub(super) async fn endorsed(
        &self,
        request: EndorseRequest,
    ) -> Result<EndorseResponse, Status> {
        let signed = request.proposed_transaction.unwrap_or_default();
        if signed.proposal_bytes.is_empty() {
            return Err(Status::invalid_argument(
                "the proposed transaction must contain a signed proposal",
            ));
        }
        let called = Called::parse(&signed).map_err(Status::invalid_argument)?;
        let peers = plan::peers(&self.nodes, &called.channel, &called.chaincode);
        let targets = request.endorsing_organizations;
        let collected = if targets.is_empty() {
            self.by_policy(&called, peers, &signed).await?
        } else {
            self.by_targets(&targets, &peers, &signed).await?
        };
        let proposal = ReceivedProposal::parse(&signed)
            .map_err(|error| Status::invalid_argument(error.to_string()))?;
        let mut transaction = common::Envelope {
            payload: proposal.prepared(collected.payload, collected.endorsements),
            signature: bytes::Bytes::new(),
        };
        if let Some(tamper) = &self.nodes.options.tamper {
            transaction = tamper.prepared(transaction);
        }
        Ok(EndorseResponse {
            prepared_transaction: Some(transaction),
        })
    }

    /// All organisations that the client names.
    async fn by_targets(
        &self,
        targets: &[String],
        peers: &[Arc<OrganizationNode>],
        signed: &protos::SignedProposal,
    ) -> Result<Collected, Status> {
        let by_id: BTreeMap<_, _> = (peers.iter())
            .map(|node| (node.organization.msp_id().as_str(), node))
            .collect();
        let (found, missing): (Vec<_>, Vec<_>) = (targets.iter())
            .map(|target| by_id.get(target.as_str()).ok_or(target.as_str()))
            .partition(Result::is_ok);
        if !missing.is_empty() {
            let missing: Vec<_> = missing.into_iter().filter_map(Result::err).collect();
            return Err(Status::unavailable(format!(
                "failed to find any endorsing peers for org(s): {}",
                missing.join(", ")
            )));
        }
        let found: Vec<_> = found
            .into_iter()
            .flatten()
            .map(|node| Arc::clone(node))
            .collect();
        let mut collected = Collected::default();
        collected.ask(self, &found, signed).await;
        match collected.details.is_empty() {
            true => Ok(collected),
            false => Err(collected.too_few()),
        }
    }

    /// The gateway's own peer, and those that the policy asks for besides.
    // Fabric: internal/pkg/gateway/endorse.go, planFromFirstEndorser
    async fn by_policy(
        &self,
        called: &Called,
        mut peers: Vec<Arc<OrganizationNode>>,
        signed: &protos::SignedProposal,
    ) -> Result<Collected, Status> {
        let channel = &called.channel;
        let own = self.node.organization.msp_id();
        plan::own_first(&mut peers, own, channel);
        let has_own = (peers.first()).is_some_and(|node| node.organization.msp_id() == own);
        if !has_own && called.has_transient {
            return Err(Status::failed_precondition(
                "no endorsers found in the gateway's organization; retry specifying endorsing \
                 organization(s) to protect transient data",
            ));
        }
        if !has_own {
            self.plan(channel, &called.chaincode, &peers)?;
        }
        let Some(first) = peers.first().cloned() else {
            return Err(Status::failed_precondition(NO_COMBINATION));
        };
        let mut collected = Collected::default();
        collected
            .ask(self, std::slice::from_ref(&first), signed)
            .await;
        if collected.endorsements.is_empty() {
            let words = "failed to endorse transaction, see attached details for more info";
            return Err(with_details(Code::Aborted, words, &collected.details));
        }
        let (plan, chosen) = self.plan(channel, &called.chaincode, &peers)?;
        let mut chosen = Some(chosen);
        let mut asked = vec![Arc::clone(&first)];
        let mut good = vec![first];
        while let Some(wanted) = chosen {
            let is_new =
                |node: &Arc<OrganizationNode>| !asked.iter().any(|known| Arc::ptr_eq(known, node));
            let more: Vec<_> = wanted.into_iter().filter(is_new).collect();
            if more.is_empty() {
                return Ok(collected);
            }
            asked.extend(more.iter().cloned());
            good.extend(collected.ask(self, &more, signed).await);
            // those that failed are made up for by others
            let left = peers.iter().filter(|node| {
                let is = |list: &[Arc<OrganizationNode>]| {
                    list.iter().any(|known| Arc::ptr_eq(known, node))
                };
                !is(&asked) || is(&good)
            });
            let mut left: Vec<_> = left.cloned().collect();
            left.sort_by_key(|node| !good.iter().any(|known| Arc::ptr_eq(known, node)));
            chosen = plan.choose(&left);
        }
        Err(collected.too_few())
    }

    fn plan(
        &self,
        channel: &ChannelId,
        chaincode: &str,
        peers: &[Arc<OrganizationNode>],
    ) -> Result<(EndorsementPlan, Vec<Arc<OrganizationNode>>), Status> {
        let failed = |why: String| Status::failed_precondition(format!("{NO_COMBINATION}: {why}"));
        let bundle = self.node.peer.bundle(channel);
        let is_known =
            chaincode == self.nodes.options.chaincode || chaincode == LIFECYCLE_NAMESPACE;
        if !is_known || bundle.is_none() {
            return Err(failed(format!(
                "No metadata was found for chaincode {chaincode} in channel {channel}"
            )));
        }
        let bundle = bundle.ok_or_else(|| failed("no such channel".to_owned()))?;
        let policy = self
            .node
            .peer
            .at(channel, |ledger| ledger.endorsement(chaincode));
        let plan = EndorsementPlan::new(bundle, policy.unwrap_or_default());
        let chosen = plan.choose(peers).ok_or_else(|| {
            failed("no peer combination can satisfy the endorsement policy".to_owned())
        })?;
        Ok((plan, chosen))
    }
}

/// Endorsements of the same bytes, and what the peers said that gave none.
#[derive(Default)]
struct Collected {
    payload: bytes::Bytes,
    endorsements: Vec<protos::Endorsement>,
    details: Vec<ErrorDetail>,
}

impl Collected {
    /// Asks peers; gives those that endorsed.
    async fn ask(
        &mut self,
        gateway: &GatewayService,
        peers: &[Arc<OrganizationNode>],
        signed: &protos::SignedProposal,
    ) -> Vec<Arc<OrganizationNode>> {
        let answers = join_all(peers.iter().map(|node| node.peer.receive(signed))).await;
        let mut good = Vec::new();
        for (node, answer) in peers.iter().zip(answers) {
            if let Err(failed) = read(&answer, gateway.is_own(node)) {
                self.details.push(detail(node, &failed.message));
                continue;
            }
            let Ok(protos::ProposalResponse {
                payload,
                endorsement: Some(endorsement),
                ..
            }) = answer
            else {
                self.details.push(detail(node, "no endorsement"));
                continue;
            };
            if self.endorsements.is_empty() {
                self.payload = payload;
            } else if self.payload != payload {
                let words = "ProposalResponsePayloads do not match";
                self.details.push(detail(node, words));
                continue;
            }
            self.endorsements.push(endorsement);
            good.push(Arc::clone(node));
        }
        good
    }

    fn too_few(&self) -> Status {
        let words =
            "failed to collect enough transaction endorsements, see attached details for more info";
        with_details(Code::Aborted, words, &self.details)
    }
}
