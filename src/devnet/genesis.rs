//! The first config of a channel, as `configtxgen` makes it: one etcdraft consenter, signature
//! policies with NodeOU roles in organisations, implicit meta policies above them.

use std::collections::BTreeMap;

use bytes::Bytes;
use prost::Message;

use super::{clock, error::DevnetError, identities::MspFolder, ordering::cut};
use crate::{
    ids::{ChannelId, Digest},
    policy::parse_policy,
    proto::{common, etcdraft, orderer, protos, write},
};

/// Who alone may change an element, by the policy of this name.
const ADMINS: &str = "Admins";

/// The capability levels of a channel.
#[derive(Clone, Copy, Debug)]
pub struct Levels {
    /// Channel level, such as `V2_0` or `V3_0`.
    pub channel: &'static str,
    /// Orderer level.
    pub orderer: &'static str,
    /// Application level.
    pub application: &'static str,
}

impl Default for Levels {
    /// What the samples of Fabric 2.5 and 3.1 use.
    fn default() -> Self {
        Self {
            channel: "V2_0",
            orderer: "V2_0",
            application: "V2_5",
        }
    }
}

/// Host and port of a node, as the config names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct HostPort {
    /// Host name or address.
    pub(super) host: String,
    /// TCP port.
    pub(super) port: u16,
}

/// The organisation that orders, with its one consenter.
#[derive(Clone, Debug)]
pub(super) struct OrderingNode<'a> {
    /// Its MSP.
    pub(super) msp: &'a MspFolder,
    /// Its TLS certificate, as PEM.
    pub(super) tls_certificate: &'a str,
    /// Where it listens.
    pub(super) endpoint: HostPort,
    /// How long it waits for more before it makes a block, as Go writes durations.
    pub(super) batch_timeout: String,
}

/// A member of the application section.
#[derive(Clone, Debug)]
pub(super) struct MemberDefinition<'a> {
    /// Its MSP.
    pub(super) msp: &'a MspFolder,
    /// The address that the config names for gossip.
    pub(super) anchor_peer: HostPort,
}

/// The serialized genesis block of a channel.
///
/// # Errors
/// [`DevnetError::Build`] where a policy or the block cannot be built, [`DevnetError::Randomness`].
pub(super) fn genesis_block(
    channel: &ChannelId,
    group: common::ConfigGroup,
) -> Result<Bytes, DevnetError> {
    let envelope = common::ConfigEnvelope {
        config: Some(common::Config {
            sequence: 0,
            channel_group: Some(group),
        }),
        last_update: None,
    };
    let nonce = clock::nonce()?;
    let header = common::ChannelHeader {
        r#type: common::HeaderType::Config.into(),
        version: 1,
        timestamp: Some(clock::timestamp()),
        channel_id: channel.to_string(),
        // the creator is nobody; later config transactions have no id
        tx_id: Digest::of(&nonce).to_string(),
        ..common::ChannelHeader::default()
    };
    let payload = common::Payload {
        header: Some(common::Header {
            channel_header: header.encode_to_vec().into(),
            signature_header: common::SignatureHeader {
                creator: Bytes::new(),
                nonce: Bytes::copy_from_slice(&nonce),
            }
            .encode_to_vec()
            .into(),
        }),
        data: envelope.encode_to_vec().into(),
    };
    let transaction = common::Envelope {
        payload: payload.encode_to_vec().into(),
        signature: Bytes::new(),
    };
    cut::genesis(transaction.encode_to_vec().into())
}

/// The channel group of a new channel.
///
/// # Errors
/// [`DevnetError::Build`] where a policy cannot be built.
pub(super) fn channel_group(
    levels: Levels,
    consenter: &OrderingNode<'_>,
    members: &[MemberDefinition<'_>],
) -> Result<common::ConfigGroup, DevnetError> {
    let hashing = common::HashingAlgorithm {
        name: "SHA256".to_owned(),
    };
    let width = common::BlockDataHashingStructure { width: u32::MAX };
    let mut application = BTreeMap::new();
    for member in members {
        application.insert(member.msp.id.to_string(), application_org(member)?);
    }
    Ok(group(
        [
            ("Application", application_group(levels, application)),
            ("Orderer", orderer_group(levels, consenter)?),
        ],
        [
            ("HashingAlgorithm", hashing.encode_to_vec()),
            ("BlockDataHashingStructure", width.encode_to_vec()),
            ("Capabilities", capabilities(levels.channel)),
        ],
        section_policies(),
    ))
}

/// The group of an organisation in the application section, as `configtxgen -printOrg` makes it.
///
/// # Errors
/// [`DevnetError::Build`] where a policy cannot be built.
pub(super) fn application_org(
    member: &MemberDefinition<'_>,
) -> Result<common::ConfigGroup, DevnetError> {
    let id = &member.msp.id;
    let anchors = protos::AnchorPeers {
        anchor_peers: vec![protos::AnchorPeer {
            host: member.anchor_peer.host.clone(),
            port: i32::from(member.anchor_peer.port),
        }],
    };
    Ok(group(
        [],
        [
            ("MSP", member.msp.config.to_vec()),
            ("AnchorPeers", anchors.encode_to_vec()),
        ],
        [
            (
                "Readers",
                signature(&format!("OR('{id}.admin', '{id}.peer', '{id}.client')"))?,
            ),
            (
                "Writers",
                signature(&format!("OR('{id}.admin', '{id}.client')"))?,
            ),
            (ADMINS, signature(&format!("OR('{id}.admin')"))?),
            ("Endorsement", signature(&format!("OR('{id}.peer')"))?),
        ],
    ))
}

fn application_group(
    levels: Levels,
    members: BTreeMap<String, common::ConfigGroup>,
) -> common::ConfigGroup {
    let majority = || implicit(common::implicit_meta_policy::Rule::Majority, "Endorsement");
    let mut application = group(
        [],
        [("Capabilities", capabilities(levels.application))],
        section_policies().into_iter().chain([
            ("LifecycleEndorsement", majority()),
            ("Endorsement", majority()),
        ]),
    );
    application.groups = members;
    application
}

fn orderer_group(
    levels: Levels,
    consenter: &OrderingNode<'_>,
) -> Result<common::ConfigGroup, DevnetError> {
    let any_writer = implicit(common::implicit_meta_policy::Rule::Any, "Writers");
    let batch = orderer::BatchSize {
        max_message_count: 100,
        absolute_max_bytes: 99 << 20,
        preferred_max_bytes: 2 << 20,
    };
    let timeout = orderer::BatchTimeout {
        timeout: consenter.batch_timeout.clone(),
    };
    Ok(group(
        [("OrdererOrg", orderer_org(consenter)?)],
        [
            ("BatchSize", batch.encode_to_vec()),
            ("BatchTimeout", timeout.encode_to_vec()),
            ("Capabilities", capabilities(levels.orderer)),
            ("ChannelRestrictions", Vec::new()),
            ("ConsensusType", consensus(consenter)),
        ],
        section_policies()
            .into_iter()
            .chain([("BlockValidation", any_writer)]),
    ))
}

fn orderer_org(consenter: &OrderingNode<'_>) -> Result<common::ConfigGroup, DevnetError> {
    let OrderingNode { msp, endpoint, .. } = consenter;
    let id = &msp.id;
    let endpoints = common::OrdererAddresses {
        addresses: vec![format!("{}:{}", endpoint.host, endpoint.port)],
    };
    let member = signature(&format!("OR('{id}.member')"))?;
    Ok(group(
        [],
        [
            ("MSP", msp.config.to_vec()),
            ("Endpoints", endpoints.encode_to_vec()),
        ],
        [
            ("Readers", member.clone()),
            ("Writers", member),
            (ADMINS, signature(&format!("OR('{id}.admin')"))?),
        ],
    ))
}

fn consensus(consenter: &OrderingNode<'_>) -> Vec<u8> {
    let certificate = Bytes::copy_from_slice(consenter.tls_certificate.as_bytes());
    let metadata = etcdraft::ConfigMetadata {
        consenters: vec![etcdraft::Consenter {
            host: consenter.endpoint.host.clone(),
            port: u32::from(consenter.endpoint.port),
            client_tls_cert: certificate.clone(),
            server_tls_cert: certificate,
        }],
        options: Some(etcdraft::Options {
            tick_interval: "100ms".to_owned(),
            election_tick: 10,
            heartbeat_tick: 1,
            max_inflight_blocks: 5,
            snapshot_interval_size: 16 << 20,
        }),
    };
    orderer::ConsensusType {
        r#type: "etcdraft".to_owned(),
        metadata: metadata.encode_to_vec().into(),
        state: orderer::consensus_type::State::Normal.into(),
    }
    .encode_to_vec()
}

/// The policies that the channel and both sections have.
fn section_policies() -> [(&'static str, common::Policy); 3] {
    use common::implicit_meta_policy::Rule;
    [
        ("Readers", implicit(Rule::Any, "Readers")),
        ("Writers", implicit(Rule::Any, "Writers")),
        (ADMINS, implicit(Rule::Majority, ADMINS)),
    ]
}

fn implicit(rule: common::implicit_meta_policy::Rule, sub_policy: &str) -> common::Policy {
    let value = common::ImplicitMetaPolicy {
        sub_policy: sub_policy.to_owned(),
        rule: rule.into(),
    };
    common::Policy {
        r#type: common::policy::PolicyType::ImplicitMeta.into(),
        value: value.encode_to_vec().into(),
    }
}

fn signature(rule: &str) -> Result<common::Policy, DevnetError> {
    let value = parse_policy(rule).map_err(DevnetError::build)?;
    Ok(common::Policy {
        r#type: common::policy::PolicyType::Signature.into(),
        value: value.into(),
    })
}

/// A `common.Capabilities` with one level; the generated encoder would leave out the entry's value.
fn capabilities(level: &str) -> Vec<u8> {
    let mut entry = Vec::new();
    write::message(&mut entry, 1, level.as_bytes());
    write::message(&mut entry, 2, &[]);
    let mut out = Vec::new();
    write::message(&mut out, 1, &entry);
    out
}

/// A group at version 0 whose elements are all changed by `Admins`.
fn group(
    groups: impl IntoIterator<Item = (&'static str, common::ConfigGroup)>,
    values: impl IntoIterator<Item = (&'static str, Vec<u8>)>,
    policies: impl IntoIterator<Item = (&'static str, common::Policy)>,
) -> common::ConfigGroup {
    let value = |value: Vec<u8>| common::ConfigValue {
        version: 0,
        value: value.into(),
        mod_policy: ADMINS.to_owned(),
    };
    let policy = |policy| common::ConfigPolicy {
        version: 0,
        policy: Some(policy),
        mod_policy: ADMINS.to_owned(),
    };
    common::ConfigGroup {
        version: 0,
        groups: groups
            .into_iter()
            .map(|(name, group)| (name.to_owned(), group))
            .collect(),
        values: values
            .into_iter()
            .map(|(name, bytes)| (name.to_owned(), value(bytes)))
            .collect(),
        policies: policies
            .into_iter()
            .map(|(name, rule)| (name.to_owned(), policy(rule)))
            .collect(),
        mod_policy: ADMINS.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::PathBuf};

    use super::*;
    use crate::{block::ConfigBlock, config::ConfigTree, ids::MspId, json};

    fn file(path: &str) -> Vec<u8> {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fabric-data");
        fs::read(root.join(path)).unwrap()
    }

    fn pem(path: &str) -> String {
        String::from_utf8(file(&format!("crypto/{path}"))).unwrap()
    }

    fn msp(id: &str, folder: &str, domain: &str) -> MspFolder {
        let certificate = |ca: &str| pem(&format!("{folder}/{domain}/{ca}/{ca}.{domain}-cert.pem"));
        MspFolder::new(&MspId::new(id), &certificate("ca"), &certificate("tlsca"))
    }

    /// With the capture's certificates it is the capture's config.
    #[test]
    fn the_config_is_the_one_that_configtxgen_makes() {
        for (capture, channel) in [
            ("fabric-3.1.5-caps-v2", "V2_0"),
            ("fabric-3.1.5-caps-v3", "V3_0"),
            ("fabric-2.5.16-caps-v2", "V2_0"),
        ] {
            let block = ConfigBlock::parse(file(&format!("{capture}/genesis.block")).into());
            let block = block.unwrap();
            let address = |group: &[&str], value: &str| {
                let group = block.tree().group(group).unwrap();
                Bytes::copy_from_slice(group.value(value).unwrap().bytes())
            };
            let anchor = |id: &str| {
                let anchors = address(&["Application", id], "AnchorPeers");
                let peer = protos::AnchorPeers::decode(anchors).unwrap().anchor_peers[0].clone();
                HostPort {
                    host: peer.host,
                    port: u16::try_from(peer.port).unwrap(),
                }
            };
            let endpoints = address(&["Orderer", "OrdererOrg"], "Endpoints");
            let endpoints = common::OrdererAddresses::decode(endpoints).unwrap();
            let (host, port) = endpoints.addresses[0].rsplit_once(':').unwrap();
            let orderer = "ordererOrganizations/example.com/orderers/orderer.example.com";
            let consenter = OrderingNode {
                msp: &msp("OrdererMSP", "ordererOrganizations", "example.com"),
                tls_certificate: &pem(&format!("{orderer}/tls/server.crt")),
                endpoint: HostPort {
                    host: host.to_owned(),
                    port: port.parse().unwrap(),
                },
                batch_timeout: "250ms".to_owned(),
            };
            let org1 = msp("Org1MSP", "peerOrganizations", "org1.example.com");
            let org2 = msp("Org2MSP", "peerOrganizations", "org2.example.com");
            let members = [&org1, &org2].map(|msp| MemberDefinition {
                msp,
                anchor_peer: anchor(msp.id.as_str()),
            });
            let levels = Levels {
                channel,
                ..Levels::default()
            };
            let group = channel_group(levels, &consenter, &members).unwrap();
            let ours = ConfigTree::from_group(block.sequence(), group.encode_to_vec().into());
            let ours = ours.unwrap();
            assert!(ours.equals(block.tree()), "{capture}");
        }
    }

    #[test]
    fn an_organisation_prints_as_configtxgen_prints_it() {
        let orgx = msp("OrgXMSP", "peerOrganizations", "orgx.example.com");
        let member = MemberDefinition {
            msp: &orgx,
            anchor_peer: HostPort {
                host: "127.0.0.1".to_owned(),
                port: 17081,
            },
        };
        let group = application_org(&member).unwrap();
        let json = json::encode(json::MessageType::Organization, &group.encode_to_vec()).unwrap();
        let theirs = file("fabric-3.1.5-caps-v2/add-orgx/org.json");
        let read = |text: &[u8]| -> serde_json::Value { serde_json::from_slice(text).unwrap() };
        assert_eq!(read(json.as_bytes()), read(&theirs));
    }
}
