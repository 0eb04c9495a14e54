//! The members of a channel.

use std::collections::BTreeMap;

use prost::Message as _;
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    client::{ServerState, answers::AttestationAnswer},
    config::{Bundle, Section},
    ids::MspId,
    proto::protos::AnchorPeers,
};

/// Who is on a channel.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct MembersView {
    /// The channel.
    pub channel: String,
    /// The members, in the order of their MSP ids.
    pub members: Vec<MemberView>,
    /// The organisations that run orderers, ascending.
    pub orderers: Vec<String>,
    /// The config, by its sequence.
    pub sequence: u64,
}

/// A member.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct MemberView {
    /// Where other organisations' peers find its own: `host:port`.
    pub anchor_peers: Vec<String>,
    /// What it says of its nodes; null where it says nothing, or the contract cannot be asked.
    pub attestation: Option<AttestationAnswer>,
    /// Whether it is one's own.
    pub is_own: bool,
    /// Its MSP id.
    pub msp_id: String,
    /// The name of its group.
    pub name: String,
    /// Whether its server answers: `answers`, `not_running`, ..
    pub server: String,
    /// The version of its server.
    pub server_version: Option<String>,
}

impl MembersView {
    /// The members by a config; what is known of their servers, and what they say of themselves.
    #[must_use]
    pub fn new(
        bundle: &Bundle,
        own: &MspId,
        servers: &BTreeMap<MspId, ServerState>,
        attestations: &[AttestationAnswer],
    ) -> Self {
        let mut members: Vec<MemberView> = (bundle.orgs(Section::Application))
            .map(|org| {
                let state = servers.get(org.msp_id);
                MemberView {
                    anchor_peers: anchor_peers(bundle, org.name),
                    attestation: (attestations.iter())
                        .find(|one| one.msp_id == org.msp_id.as_str())
                        .cloned(),
                    is_own: org.msp_id == own,
                    msp_id: org.msp_id.to_string(),
                    name: org.name.to_owned(),
                    server: state.map_or("unknown", ServerState::name).to_owned(),
                    server_version: match state {
                        Some(ServerState::Answers(version)) => version.clone(),
                        _ => None,
                    },
                }
            })
            .collect();
        members.sort_by(|one, other| one.msp_id.cmp(&other.msp_id));
        let orderers = bundle.msp_ids(Section::Orderer);
        Self {
            channel: bundle.channel().to_string(),
            members,
            orderers: orderers.iter().map(MspId::to_string).collect(),
            sequence: bundle.sequence().0,
        }
    }
}

fn anchor_peers(bundle: &Bundle, name: &str) -> Vec<String> {
    let group = bundle.tree().group(&["Application", name]);
    let value = group.and_then(|group| group.value("AnchorPeers"));
    let peers = value.and_then(|value| AnchorPeers::decode(value.bytes()).ok());
    let peers = peers.unwrap_or_default().anchor_peers.into_iter();
    peers
        .map(|peer| format!("{}:{}", peer.host, peer.port))
        .collect()
}

/// What was attested: of `attest`.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct AttestedView {
    /// The block that it is in.
    pub block_number: u64,
    /// Who says it.
    pub msp_id: String,
}

/// Settings that were put in force: of `settings apply`.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct AppliedView {
    /// The block that it is in.
    pub block_number: u64,
    /// Whether the chaincode's definition demands the agreed endorsement policy; null where none is
    /// agreed, or it is not known.
    pub matches: Option<bool>,
    /// The proposal.
    pub proposal_id: String,
    /// The version of the settings.
    pub version: u64,
}
