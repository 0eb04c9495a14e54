//! A proposal that somebody sends to a peer: what is checked before it runs, and how a peer says
//! that it does not let it in.

use bytes::Bytes;
use prost::Message;

use super::{
    acl::{Resource, SignedBytes},
    process::Peer,
    system,
};
use crate::{
    devnet::{
        action::{Action, response_of},
        clock,
        error::{DevnetError, ExecuteError},
        rwset::HidingSet,
    },
    identity::{Msps, expires_at},
    ids::{ChannelId, Digest, TxId},
    proto::{common, protos},
    stub::{
        Response,
        memory::{PeerRelease, ReadWriteSet},
    },
    transaction::ReceivedProposal,
};

/// How far the client's clock may be off, in seconds.
// Fabric: sampleconfig/core.yaml, peer.authentication.timewindow
const TIME_WINDOW: i64 = 15 * 60;

/// Why a peer did not process a proposal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::devnet) enum NotProcessed {
    /// It did not come past the filters in front of the endorser.
    Filtered(String),
    /// It is not valid, or its creator may not propose.
    Invalid(String),
}

impl NotProcessed {
    /// What the peer says.
    pub(in crate::devnet) fn words(&self) -> &str {
        match self {
            Self::Filtered(words) | Self::Invalid(words) => words,
        }
    }
}

impl Peer {
    /// Processes a proposal as the service for clients does. Whatever happens behind the checks is
    /// said by the status in the answer.
    // Fabric: core/endorser/endorser.go, ProcessProposal
    pub(in crate::devnet) async fn receive(
        &self,
        signed: &protos::SignedProposal,
    ) -> Result<protos::ProposalResponse, NotProcessed> {
        let head = Head::read(signed).map_err(NotProcessed::Invalid)?;
        self.filter(&head).map_err(NotProcessed::Filtered)?;
        head.check_chaincode().map_err(NotProcessed::Invalid)?;
        let channel = ChannelId::new(head.channel.channel_id.clone());
        if !channel.as_str().is_empty() && self.height(&channel).is_none() {
            return Ok(failed(format!("channel '{channel}' not found")));
        }
        self.validate(&channel, &head, signed).map_err(|words| {
            NotProcessed::Invalid(format!("error validating proposal: {words}"))
        })?;
        let proposal = ReceivedProposal::parse(signed)
            .map_err(|error| NotProcessed::Invalid(error.to_string()))?;
        let is_system = system::is_system(&proposal.chaincode);
        if !channel.as_str().is_empty() {
            self.check_proposal(&proposal, signed, is_system)
                .map_err(NotProcessed::Invalid)?;
        }
        if is_system {
            let (response, set) = system::answer(self, &proposal, signed);
            return Ok(self.answer(&proposal, response, set));
        }
        let name = &proposal.chaincode;
        let missing = match channel.as_str().is_empty() {
            true => Some("could not get channel config for channel ''".to_owned()),
            false if *name == self.options().chaincode => None,
            false => Some(format!("chaincode {name} not found")),
        };
        if let Some(missing) = missing {
            return Ok(failed(format!(
                "make sure the chaincode {name} has been successfully defined on channel {channel} \
                 and try again: {missing}"
            )));
        }
        // Fabric: core/chaincode/lifecycle/endorsement_info.go, CachedChaincodeInfo
        if self.has_approved(&channel) == Some(false) {
            let sequence = self.at(&channel, |ledger| ledger.definition().sequence());
            return Ok(failed(format!(
                "make sure the chaincode {name} has been successfully defined on channel {channel} \
                 and try again: chaincode definition for '{name}' at sequence {} on channel \
                 '{channel}' has not yet been approved by this org",
                sequence.unwrap_or_default()
            )));
        }
        Ok(match self.run(&proposal, signed).await {
            Ok(executed) => self.answer(&proposal, executed.response, executed.set),
            Err(error) => failed(self.words(&proposal, &error)),
        })
    }

    // Fabric: core/handlers/auth/filter: expiration.go; timewindow.go, which 2.5 does not have
    fn filter(&self, head: &Head) -> Result<(), String> {
        let now = clock::now();
        if expires_at(&head.signature.creator).is_some_and(|expires| now >= expires) {
            return Err("proposal client identity expired".to_owned());
        }
        let at = head.channel.timestamp.unwrap_or_default();
        let is_off =
            at.seconds.saturating_sub(now.seconds).unsigned_abs() > TIME_WINDOW.unsigned_abs();
        if is_off && self.options().manner.release != PeerRelease::V2_5 {
            return Err(format!(
                "request unauthorized due to incorrect timestamp {}, peer time {}, \
                 peer.authentication.timewindow 15m0s",
                clock::text(at.seconds),
                clock::text(now.seconds)
            ));
        }
        Ok(())
    }

    // Fabric: core/endorser/msgvalidation.go, Validate
    fn validate(
        &self,
        channel: &ChannelId,
        head: &Head,
        signed: &protos::SignedProposal,
    ) -> Result<(), String> {
        use common::HeaderType;
        match HeaderType::try_from(head.channel.r#type) {
            Ok(HeaderType::EndorserTransaction | HeaderType::Config) => {}
            Ok(other) => return Err(format!("invalid header type {}", other.as_str_name())),
            Err(_) => return Err(format!("invalid header type {}", head.channel.r#type)),
        }
        if head.channel.epoch != 0 {
            return Err("epoch is non-zero".to_owned());
        }
        if head.signature.nonce.is_empty() {
            return Err("nonce is empty".to_owned());
        }
        if head.signature.creator.is_empty() {
            return Err("creator is empty".to_owned());
        }
        let parts = [&head.signature.nonce[..], &head.signature.creator];
        let expected = Digest::of(&parts.concat()).to_string();
        if head.channel.tx_id != expected {
            return Err(format!(
                "incorrectly computed txid '{}' -- expected '{expected}'",
                head.channel.tx_id
            ));
        }
        if signed.signature.is_empty() {
            return Err("empty signature bytes".to_owned());
        }
        let creator = self.with_msps(channel, |msps| msps.deserialize(&head.signature.creator));
        let Some(Ok(creator)) = creator else {
            return Err(format!(
                "access denied: channel [{channel}] creator org unknown, creator is malformed"
            ));
        };
        let is_good = creator.validate().is_ok()
            && creator
                .verify(&[&signed.proposal_bytes], &signed.signature)
                .is_ok();
        if !is_good {
            let organization = creator.msp_id();
            return Err(format!(
                "access denied: channel [{channel}] creator org [{organization}]"
            ));
        }
        Ok(())
    }

    // Fabric: core/endorser/endorser.go, preProcess
    fn check_proposal(
        &self,
        proposal: &ReceivedProposal,
        signed: &protos::SignedProposal,
        is_system: bool,
    ) -> Result<(), String> {
        let known = self.at(&proposal.channel, |ledger| {
            ledger.blocks().place(&proposal.tx_id).is_some()
        });
        if known == Some(true) {
            return Err(format!(
                "duplicate transaction found [{}]. Creator [{}]",
                proposal.tx_id,
                hex::encode(&proposal.creator)
            ));
        }
        if is_system {
            return Ok(());
        }
        self.check_access(
            Resource::Propose,
            &proposal.channel,
            &SignedBytes::of(proposal, signed),
        )
    }

    /// Whether whoever signed may use something of a channel.
    ///
    /// # Errors
    /// What a peer says.
    pub(in crate::devnet) fn check_access(
        &self,
        resource: Resource,
        channel: &ChannelId,
        signed: &SignedBytes,
    ) -> Result<(), String> {
        resource.check(channel, self.bundle(channel).as_deref(), signed)
    }

    /// The MSPs of a channel; where none is named, the peer's own one.
    fn with_msps<T>(&self, channel: &ChannelId, ask: impl FnOnce(&Msps) -> T) -> Option<T> {
        if channel.as_str().is_empty() {
            return self.own_msps().map(|msps| ask(&msps));
        }
        self.bundle(channel).map(|bundle| ask(bundle.msps()))
    }

    /// The answer around what a chaincode answered: endorsed, unless it refused the call.
    fn answer(
        &self,
        proposal: &ReceivedProposal,
        response: Response,
        set: ReadWriteSet,
    ) -> protos::ProposalResponse {
        let status = response.status;
        let mut answer = protos::ProposalResponse {
            response: Some(protos::Response {
                status,
                message: response.message.clone(),
                payload: response.payload.clone(),
            }),
            ..protos::ProposalResponse::default()
        };
        let has_payload = !(400..500).contains(&status);
        if proposal.channel.as_str().is_empty() && status < 500 || !has_payload {
            return answer;
        }
        let (set, private) = HidingSet::split(set);
        let action = Action { response, set };
        answer.payload = action.payload(proposal);
        if status < 400 {
            self.keep_private(proposal, private);
            match self.endorse(&answer.payload) {
                Ok(endorsement) => {
                    answer.version = 1;
                    answer.endorsement = Some(endorsement);
                }
                Err(error) => return failed(format!("endorsing with plugin failed: {error}")),
            }
        }
        answer
    }

    // Fabric: core/endorser/endorser.go, ProcessProposalSuccessfullyOrError;
    // core/chaincode/chaincode_support.go
    fn words(&self, proposal: &ReceivedProposal, error: &DevnetError) -> String {
        let name = &proposal.chaincode;
        let tx_id: &TxId = &proposal.tx_id;
        let DevnetError::Execute { reason, .. } = error else {
            return error.to_string();
        };
        let words = match reason {
            ExecuteError::NotInstalled(_) => {
                return format!(
                    "make sure the chaincode {name} has been successfully defined on channel {} \
                     and try again: chaincode definition for '{name}' exists, but chaincode is not \
                     installed",
                    proposal.channel
                );
            }
            ExecuteError::Launch {
                package_id,
                address,
                reason,
            } => {
                let id = package_id.as_deref().unwrap_or(name);
                format!(
                    "could not launch chaincode {id}: connection to {id} failed: error cannot \
                     create connection for {id}: error creating grpc connection to {address}: \
                     failed to create new connection: {reason}"
                )
            }
            ExecuteError::Chaincode(words) => {
                return format!("error in simulation: transaction returned with failure: {words}");
            }
            ExecuteError::Running => format!("error sending: txid: {tx_id} exists"),
            ExecuteError::StreamEnded => "error sending: chaincode stream terminated".to_owned(),
            ExecuteError::Timeout(_) => {
                "error sending: timeout expired while executing transaction".to_owned()
            }
        };
        format!("error in simulation: failed to execute transaction {tx_id}: {words}")
    }
}

/// An answer with status 500 of the peer itself.
fn failed(message: String) -> protos::ProposalResponse {
    protos::ProposalResponse {
        response: Some(protos::Response {
            status: 500,
            message,
            payload: Bytes::new(),
        }),
        ..protos::ProposalResponse::default()
    }
}

/// The header of a proposal.
struct Head {
    channel: common::ChannelHeader,
    signature: common::SignatureHeader,
}

impl Head {
    // Fabric: core/endorser/msgvalidation.go, UnpackProposal
    fn read(signed: &protos::SignedProposal) -> Result<Self, String> {
        let bad = |what: &'static str| {
            move |error: prost::DecodeError| format!("error unmarshalling {what}: {error}")
        };
        let proposal = protos::Proposal::decode(signed.proposal_bytes.clone());
        let proposal = proposal.map_err(bad("Proposal"))?;
        let header = common::Header::decode(proposal.header).map_err(bad("Header"))?;
        let channel = common::ChannelHeader::decode(header.channel_header);
        let channel = channel.map_err(bad("ChannelHeader"))?;
        let signature = common::SignatureHeader::decode(header.signature_header);
        let signature = signature.map_err(bad("SignatureHeader"))?;
        Ok(Self { channel, signature })
    }

    fn check_chaincode(&self) -> Result<(), String> {
        let extension = self.channel.extension.clone();
        let extension = protos::ChaincodeHeaderExtension::decode(extension)
            .map_err(|error| format!("error unmarshalling ChaincodeHeaderExtension: {error}"))?;
        match extension.chaincode_id {
            None => Err("ChaincodeHeaderExtension.ChaincodeId is nil".to_owned()),
            Some(id) if id.name.is_empty() => {
                Err("ChaincodeHeaderExtension.ChaincodeId.Name is empty".to_owned())
            }
            Some(_) => Ok(()),
        }
    }
}

/// What a gateway takes for the result: the one that was endorsed, where there is one.
// Fabric: internal/pkg/gateway/evaluate.go, getResultFromProposalResponse
pub(in crate::devnet) fn result_of(answer: &protos::ProposalResponse) -> Option<Response> {
    let mut response = answer.response.clone().map(response_of)?;
    let payload = protos::ProposalResponsePayload::decode(answer.payload.clone()).ok()?;
    if let Ok(action) = protos::ChaincodeAction::decode(payload.extension)
        && let Some(endorsed) = action.response
    {
        response.payload = endorsed.payload;
    }
    Some(response)
}
