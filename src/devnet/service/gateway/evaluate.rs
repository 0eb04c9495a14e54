//! `Evaluate`: one peer is asked, the gateway's own if it can be.

use tonic::{Code, Status};

use super::{
    plan,
    service::GatewayService,
    status::{detail, read, with_details},
};
use crate::{
    ids::ChannelId,
    proto::{
        common,
        gateway::{EvaluateRequest, EvaluateResponse},
        protos,
    },
};
use prost::Message;

/// What the gateway reads of a proposal.
pub(super) struct Called {
    pub(super) channel: ChannelId,
    pub(super) chaincode: String,
    pub(super) args: Vec<bytes::Bytes>,
    pub(super) has_transient: bool,
}

impl GatewayService {
    // Fabric: internal/pkg/gateway/evaluate.go, Evaluate
    pub(super) async fn evaluated(
        &self,
        request: EvaluateRequest,
    ) -> Result<EvaluateResponse, Status> {
        let signed = request.proposed_transaction.unwrap_or_default();
        let called = Called::read(&signed).map_err(|words| {
            Status::invalid_argument(format!("failed to unpack transaction proposal: {words}"))
        })?;
        let channel = &called.channel;
        self.check_channel(channel).map_err(Status::unavailable)?;
        let own = self.node.organization.msp_id();
        let mut targets = request.target_organizations;
        let is_protected = called.has_transient && targets.is_empty();
        if is_protected {
            targets.push(own.to_string());
        }
        let mut peers = plan::peers(&self.nodes, channel, &called.chaincode);
        peers.retain(|node| {
            let id = node.organization.msp_id().as_str();
            targets.is_empty() || targets.iter().any(|target| target == id)
        });
        plan::own_first(&mut peers, own, channel);
        if peers.is_empty() {
            let words = format!(
                "no peers available to evaluate chaincode {} in channel {channel}",
                called.chaincode
            );
            return Err(Status::failed_precondition(match is_protected {
                true => format!(
                    "no endorsers found in the gateway's organization; retry specifying target \
                     organization(s) to protect transient data: {words}"
                ),
                false => words,
            }));
        }
        let mut details = Vec::new();
        let mut code = Code::Unavailable;
        for node in &peers {
            let answer = node.peer.receive(&signed).await;
            match read(&answer, self.is_own(node)) {
                Ok(mut response) => {
                    if let Some(tamper) = &self.nodes.options.tamper {
                        let (name, args) = (&called.chaincode, &called.args);
                        response.payload = tamper.evaluated(name, args, response.payload);
                    }
                    return Ok(EvaluateResponse {
                        result: Some(protos::Response {
                            status: response.status,
                            message: response.message,
                            payload: response.payload,
                        }),
                    });
                }
                Err(failed) => {
                    details.push(detail(node, &failed.message));
                    code = failed.code;
                    if !failed.retry {
                        let words = failed.message;
                        let words = format!("evaluate call to endorser returned error: {words}");
                        return Err(with_details(code, &words, &details));
                    }
                }
            }
        }
        let words = "failed to evaluate transaction, see attached details for more info";
        Err(with_details(code, words, &details))
    }
}

impl Called {
    // Fabric: internal/pkg/gateway/evaluate.go, getChannelAndChaincodeFromSignedProposal
    fn read(signed: &protos::SignedProposal) -> Result<Self, String> {
        if signed.proposal_bytes.is_empty() {
            return Err("a signed proposal is required".to_owned());
        }
        let read = Self::parse(signed)?;
        let channel = &read.channel;
        if channel.as_str().is_empty() {
            return Err("no channel id provided".to_owned());
        }
        if read.chaincode.is_empty() {
            return Err(format!(
                "no chaincode name is provided, channel id [{channel}]"
            ));
        }
        Ok(read)
    }

    /// Reads without asking for anything.
    pub(super) fn parse(signed: &protos::SignedProposal) -> Result<Self, String> {
        let bad = |error: prost::DecodeError| format!("error unmarshalling: {error}");
        let proposal = protos::Proposal::decode(signed.proposal_bytes.clone()).map_err(bad)?;
        let header = common::Header::decode(proposal.header).map_err(bad)?;
        let channel = common::ChannelHeader::decode(header.channel_header).map_err(bad)?;
        let payload = protos::ChaincodeProposalPayload::decode(proposal.payload).map_err(bad)?;
        let spec = protos::ChaincodeInvocationSpec::decode(payload.input).map_err(bad)?;
        let spec = spec.chaincode_spec.unwrap_or_default();
        Ok(Self {
            channel: ChannelId::new(channel.channel_id),
            chaincode: spec.chaincode_id.unwrap_or_default().name,
            args: spec.input.unwrap_or_default().args,
            has_transient: !payload.transient_map.is_empty(),
        })
    }
}
