//! What a value says, as named facts: two values are compared fact by fact.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    cut::{TEXT, cut, cut_with},
    entry::Item,
    fact::{Fact, Facts},
    msp,
};
use crate::{
    config::{
        BFT, RAFT, RaftMetadata,
        values::{self, ConsensusType, Consenter, each, set_text, set_u32},
    },
    identity::{CertificateUse, ListedCertificate},
    ids::Digest,
    json::{self, time_text},
    policy::print_rule,
    proto::scan::ScanError,
};

/// A JSON form longer than this is not looked into; in bytes.
const DOCUMENT: usize = 1 << 20;

/// What a value says, by its key; `None` for keys that are not known and for bytes that do not
/// decode.
pub(super) fn of(key: &str, bytes: &[u8]) -> Option<Facts> {
    match key {
        "ACLs" => acls(bytes).ok(),
        "AnchorPeers" => anchor_peers(bytes).ok(),
        "BatchSize" => settings("orderer.BatchSize", bytes),
        "BatchTimeout" => settings("orderer.BatchTimeout", bytes),
        "BlockDataHashingStructure" => settings("common.BlockDataHashingStructure", bytes),
        "Capabilities" => names(Item::Capability, values::capabilities(bytes).ok()?),
        "ChannelCreationPolicy" => creation_policy(bytes).ok(),
        "ChannelRestrictions" => settings("orderer.ChannelRestrictions", bytes),
        "ConsensusType" => consensus(bytes),
        "Consortium" => settings("common.Consortium", bytes),
        "Endpoints" | "OrdererAddresses" => names(Item::Endpoint, values::addresses(bytes).ok()?),
        "HashingAlgorithm" => settings("common.HashingAlgorithm", bytes),
        "KafkaBrokers" => names(Item::Setting, values::addresses(bytes).ok()?),
        "MSP" => msp::facts(bytes),
        "Orderers" => Some(consenters(&Consenter::parse_all(bytes).ok()?)),
        _ => None,
    }
}

/// Bytes that mean nothing to us.
pub(super) fn digest(bytes: &[u8]) -> Value {
    json!({ "bytes": bytes.len(), "sha256": Digest::of(bytes).to_string() })
}

fn names(item: Item, names: Vec<String>) -> Option<Facts> {
    let facts = names.into_iter();
    Some(
        facts
            .map(|name| ((item, name), Fact::new(json!({}))))
            .collect(),
    )
}

/// The scalars of a message that Fabric's JSON form shows, by name.
fn settings(message_type: &str, bytes: &[u8]) -> Option<Facts> {
    let text = json::encode_compact(message_type, bytes, DOCUMENT).ok()?;
    let document: Value = serde_json::from_str(&text).ok()?;
    let mut facts = Facts::new();
    add_settings(&mut facts, message_type, &document);
    Some(facts)
}

fn add_settings(facts: &mut Facts, message_type: &str, document: &Value) {
    for (name, value) in document.as_object().into_iter().flatten() {
        let value = match value {
            // no field here is a signed number
            Value::String(text) if json::is_wide(message_type, name) => match text.parse::<u64>() {
                Ok(number) => json!(number),
                Err(_) => continue,
            },
            Value::String(text) => json!(cut(text.clone())),
            Value::Number(_) | Value::Bool(_) => value.clone(),
            _ => continue,
        };
        let unit = unit(name);
        facts.insert((Item::Setting, name.clone()), Fact { value, unit });
    }
}

fn unit(name: &str) -> Option<&'static str> {
    match name {
        "absolute_max_bytes"
        | "preferred_max_bytes"
        | "request_batch_max_bytes"
        | "request_max_bytes"
        | "snapshot_interval_size"
        | "width" => Some("bytes"),
        "incoming_message_buffer_size" | "max_message_count" => Some("messages"),
        "request_batch_max_count" | "request_pool_size" => Some("requests"),
        "decisions_per_leader" => Some("decisions"),
        "leader_heartbeat_count" => Some("heartbeats"),
        "max_inflight_blocks" => Some("blocks"),
        "election_tick" | "heartbeat_tick" => Some("ticks"),
        "max_count" => Some("channels"),
        _ => None,
    }
}

fn consensus(bytes: &[u8]) -> Option<Facts> {
    let consensus = ConsensusType::parse(bytes).ok()?;
    let state = match consensus.state {
        0 => "normal".to_owned(),
        1 => "maintenance".to_owned(),
        other => format!("state {other}"),
    };
    let mut facts = Facts::new();
    let mut set = |name: &str, value: Value| {
        facts.insert((Item::Setting, name.to_owned()), Fact::new(value));
    };
    set("state", json!(state));
    set("type", json!(cut(consensus.name.clone())));
    let text = json::encode_compact("orderer.ConsensusType", bytes, DOCUMENT << 4).ok();
    let document: Option<Value> = text.and_then(|text| serde_json::from_str(&text).ok());
    let metadata = document
        .as_ref()
        .and_then(|document| document.get("metadata"));
    match (&*consensus.name, metadata) {
        (RAFT, Some(metadata)) => {
            let raft = RaftMetadata::parse(&consensus.metadata).ok()?;
            let nodes: Vec<Consenter> = (raft.consenters.into_iter())
                .map(|node| Consenter {
                    host: node.host,
                    port: node.port,
                    client_tls_cert: node.client_tls_cert,
                    server_tls_cert: node.server_tls_cert,
                    ..Consenter::default()
                })
                .collect();
            facts.extend(consenters(&nodes));
            if let Some(options) = metadata.get("options") {
                add_settings(&mut facts, "etcdraft.Options", options);
            }
        }
        (BFT, Some(options)) => add_settings(&mut facts, "orderer.smartbft.Options", options),
        _ => set("metadata", digest(&consensus.metadata)),
    }
    Some(facts)
}

/// By `host:port`; of several at one place, the later ones have a number.
fn consenters(nodes: &[Consenter]) -> Facts {
    let mut facts = Facts::new();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for node in nodes {
        let place = format!("{}:{}", node.host, node.port);
        let said = |pem: &[u8]| (!pem.is_empty()).then(|| cut(certificate(pem)));
        let value = json!({
            "id": (node.id != 0).then_some(node.id),
            "msp_id": (!node.msp_id.is_empty()).then(|| cut(node.msp_id.clone())),
            "identity": said(&node.identity),
            "client_tls_cert": said(&node.client_tls_cert),
            "server_tls_cert": said(&node.server_tls_cert),
        });
        let number = seen.entry(place.clone()).or_default();
        *number = number.saturating_add(1);
        let name = match *number {
            1 => place,
            number => format!("{place} ({number})"),
        };
        facts.insert((Item::Consenter, name), Fact::new(value));
    }
    facts
}

/// A certificate in words: its digest and end, then whose it is, which servers it is for, who issued it.
// SECURITY: what its maker writes stands behind what the bytes say
fn certificate(pem: &[u8]) -> String {
    let listed = ListedCertificate::read(CertificateUse::TlsRoot, pem);
    let digest = listed.fingerprint;
    let Ok(certificate) = &listed.certificate else {
        return format!("sha256 {digest}, cannot be read");
    };
    let names = certificate.server_names();
    let names = match names.as_slice() {
        [] => String::new(),
        names => format!(", for `{}`", names.join("` `")),
    };
    format!(
        "sha256 {digest}, ends {}, of `{}`{names}, issued by `{}`",
        time_text(certificate.not_after()).unwrap_or_default(),
        certificate.subject(),
        certificate.issuer()
    )
}

fn acls(bytes: &[u8]) -> Result<Facts, ScanError> {
    let mut facts = Facts::new();
    each_acl(bytes, |resource, policy| {
        facts.insert((Item::Acl, resource), Fact::new(json!(cut(policy))));
    })?;
    Ok(facts)
}

/// Calls `take` with resource and policy of each entry of a `peer.ACLs`; of two for one resource the
/// last counts.
pub(crate) fn each_acl(
    bytes: &[u8],
    mut take: impl FnMut(String, String),
) -> Result<(), ScanError> {
    each(bytes, |entry| {
        let (1, Some(entry)) = (entry.number, entry.bytes()) else {
            return Ok(());
        };
        let (mut resource, mut policy) = (String::new(), String::new());
        each(entry, |field| match (field.number, field.bytes()) {
            (1, _) => set_text(&mut resource, &field),
            (2, Some(value)) => each(value, |field| match field.number {
                1 => set_text(&mut policy, &field),
                _ => Ok(()),
            }),
            _ => Ok(()),
        })?;
        take(resource, policy);
        Ok(())
    })
}

fn anchor_peers(bytes: &[u8]) -> Result<Facts, ScanError> {
    let mut facts = Facts::new();
    each_anchor_peer(bytes, |host, port| {
        let name = format!("{host}:{port}");
        facts.insert((Item::AnchorPeer, name), Fact::new(json!({})));
    })?;
    Ok(facts)
}

/// Calls `take` with host and port of each anchor peer of a `peer.AnchorPeers`.
pub(crate) fn each_anchor_peer(
    bytes: &[u8],
    mut take: impl FnMut(&str, i32),
) -> Result<(), ScanError> {
    each(bytes, |peer| {
        let (1, Some(peer)) = (peer.number, peer.bytes()) else {
            return Ok(());
        };
        let (mut host, mut port) = (String::new(), 0);
        each(peer, |field| {
            match field.number {
                1 => set_text(&mut host, &field)?,
                2 => set_u32(&mut port, &field),
                _ => {}
            }
            Ok(())
        })?;
        // an `int32` on the wire
        take(&host, port.cast_signed());
        Ok(())
    })
}

/// A `common.Policy` in a value.
fn creation_policy(bytes: &[u8]) -> Result<Facts, ScanError> {
    let (mut kind, mut rule) = (0, Vec::new());
    each(bytes, |field| {
        match (field.number, field.varint(), field.bytes()) {
            (1, Some(number), _) => kind = number,
            (2, _, Some(value)) => rule = value.to_vec(),
            _ => {}
        }
        Ok(())
    })?;
    let kind = i32::try_from(kind).unwrap_or_default();
    let value = printed(kind, &rule).unwrap_or_else(|| digest(&rule));
    let key = (Item::Setting, "policy".to_owned());
    Ok(Facts::from([(key, Fact::new(value))]))
}

/// A rule in Fabric's language; one that is cut with the digest of its bytes, so that different
/// rules stay different.
pub(super) fn printed(kind: i32, rule: &[u8]) -> Option<Value> {
    Some(json!(cut_with(print_rule(kind, rule, TEXT)?, rule)))
}
