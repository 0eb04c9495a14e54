//! Private data collections, from the file that `peer lifecycle chaincode approveformyorg
//! --collections-config` takes.

use bytes::Bytes;
use prost::Message;
use serde::Deserialize;

use super::DefinitionPolicy;
use crate::{
    client::{ClientError, Exit},
    policy::parse_policy,
    proto::{
        common::SignaturePolicyEnvelope,
        protos::{
            ApplicationPolicy, CollectionConfig, CollectionConfigPackage, CollectionPolicyConfig,
            StaticCollectionConfig, collection_config, collection_policy_config,
        },
    },
};

/// One collection of the file.
// Fabric: internal/peer/chaincode/common.go, collectionConfigJson
#[derive(Deserialize)]
struct CollectionEntry {
    name: String,
    policy: String,
    #[serde(rename = "requiredPeerCount", default)]
    required_peer_count: i32,
    #[serde(rename = "maxPeerCount")]
    max_peer_count: Option<i32>,
    #[serde(rename = "blockToLive", default)]
    block_to_live: u64,
    #[serde(rename = "memberOnlyRead", default)]
    member_only_read: bool,
    #[serde(rename = "memberOnlyWrite", default)]
    member_only_write: bool,
    #[serde(rename = "endorsementPolicy")]
    endorsement_policy: Option<CollectionEndorsement>,
}

#[derive(Deserialize)]
struct CollectionEndorsement {
    #[serde(rename = "channelConfigPolicy", default)]
    channel_config_policy: String,
    #[serde(rename = "signaturePolicy", default)]
    signature_policy: String,
}

/// How many more peers get private data where the file does not say it.
// Fabric: internal/peer/chaincode/common.go, getCollectionConfigFromBytes
const MAX_PEERS: i32 = 1;

/// The serialized `protos.CollectionConfigPackage` of such a file; empty where it lists none.
///
/// # Errors
/// `BAD_COLLECTIONS`.
pub fn read_collections(file: &[u8]) -> Result<Bytes, ClientError> {
    let bad = |text: String| {
        let text = format!("the file of collections cannot be used: {text}");
        ClientError::new(Exit::Usage, "BAD_COLLECTIONS", text)
    };
    let entries: Vec<CollectionEntry> =
        serde_json::from_slice(file).map_err(|error| bad(error.to_string()))?;
    let mut package = CollectionConfigPackage::default();
    for entry in entries {
        let whose = |error: String| bad(format!("`{}`: {error}", entry.name));
        let members = parse_policy(&entry.policy).map_err(|error| whose(error.to_string()))?;
        let members = SignaturePolicyEnvelope::decode(members.as_slice());
        let members = members.map_err(|error| whose(error.to_string()))?;
        let endorsement = (entry.endorsement_policy.as_ref())
            .map(|policy| endorsement(policy).map_err(|error| whose(error.message)))
            .transpose()?
            .flatten();
        package.config.push(CollectionConfig {
            payload: Some(collection_config::Payload::StaticCollectionConfig(
                StaticCollectionConfig {
                    name: entry.name.clone(),
                    member_orgs_policy: Some(CollectionPolicyConfig {
                        payload: Some(collection_policy_config::Payload::SignaturePolicy(members)),
                    }),
                    required_peer_count: entry.required_peer_count,
                    maximum_peer_count: entry.max_peer_count.unwrap_or(MAX_PEERS),
                    block_to_live: entry.block_to_live,
                    member_only_read: entry.member_only_read,
                    member_only_write: entry.member_only_write,
                    endorsement_policy: endorsement,
                },
            )),
        });
    }
    Ok(package.encode_to_vec().into())
}

fn endorsement(policy: &CollectionEndorsement) -> Result<Option<ApplicationPolicy>, ClientError> {
    let policy = match (
        policy.channel_config_policy.as_str(),
        policy.signature_policy.as_str(),
    ) {
        ("", "") => return Ok(None),
        (path, "") => DefinitionPolicy::reference(path),
        ("", rule) => DefinitionPolicy::rule(rule)?,
        _ => {
            let text = "its endorsement policy is a path or a rule, not both";
            return Err(ClientError::new(Exit::Usage, "BAD_COLLECTIONS", text));
        }
    };
    ApplicationPolicy::decode(policy.parameter().clone())
        .map(Some)
        .map_err(|error| ClientError::new(Exit::Usage, "BAD_COLLECTIONS", error.to_string()))
}
