//! Who is seen of an organisation, and who would not be valid any more.

use std::collections::BTreeSet;

use bytes::Bytes;
use prost::Message;

use super::super::{finish::after, sketch::Sketch};
use crate::{
    block::ConfigBlock,
    client::ClientError,
    config::{BFT, Bundle, RAFT, RaftMetadata, Section, envelope},
    identity::{
        Certificate, CertificateUse, Identity, MspDefinition, TrustPool, serialized_identity,
    },
    ids::MspId,
    proto::{common, protos},
};

/// An identity, and where it was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenIdentity {
    /// The serialized `msp.SerializedIdentity`.
    pub serialized: Bytes,
    /// What it is there: `your own certificate`.
    pub place: String,
}

impl SeenIdentity {
    /// The identities that signed the update which led to the config of a block.
    #[must_use]
    pub fn signers(head_block: &Bytes) -> Vec<Self> {
        let block = ConfigBlock::parse(head_block.clone()).ok();
        let signatures = block.as_ref().and_then(ConfigBlock::update_envelope);
        let signatures = signatures
            .into_iter()
            .flat_map(|envelope| &envelope.signatures);
        let creators = signatures.filter_map(|one| envelope::creator(&one.signature_header).ok());
        let number = block.as_ref().map(|block| block.block().number());
        let number = number.map(|number| number.to_string()).unwrap_or_default();
        creators
            .map(|creator| Self {
                serialized: Bytes::copy_from_slice(creator),
                place: format!("signed the config update in block {number}"),
            })
            .collect()
    }

    /// The orderers that signed a block and the peers that endorsed its transactions, as far as it can be
    /// read.
    // Fabric: protoutil/blockutils.go: the first metadata of a block are the signatures of orderers
    #[must_use]
    pub fn of_block(block: &Bytes) -> Vec<Self> {
        let block = common::Block::decode(block.clone()).unwrap_or_default();
        let number = block.header.as_ref().map_or(0, |header| header.number);
        let signed = block
            .metadata
            .unwrap_or_default()
            .metadata
            .into_iter()
            .next();
        let signed = common::Metadata::decode(signed.unwrap_or_default()).unwrap_or_default();
        let headers = signed.signatures.iter().map(|one| &one.signature_header);
        let orderers = headers.filter_map(|header| envelope::creator(header).ok());
        let mut all: Vec<Self> = Vec::new();
        let mut put = |serialized: Bytes, place: &str| {
            let one = Self {
                serialized,
                place: place.to_owned(),
            };
            if !one.serialized.is_empty() && !all.contains(&one) {
                all.push(one);
            }
        };
        for orderer in orderers {
            put(
                Bytes::copy_from_slice(orderer),
                &format!("an orderer that signed block {number}"),
            );
        }
        for envelope in block.data.into_iter().flat_map(|data| data.data) {
            for endorser in endorsers(envelope).unwrap_or_default() {
                put(endorser, &format!("a peer that endorsed in block {number}"));
            }
        }
        all
    }
}

/// Who endorsed a transaction.
fn endorsers(envelope: Bytes) -> Option<Vec<Bytes>> {
    let envelope = common::Envelope::decode(envelope).ok()?;
    let payload = common::Payload::decode(envelope.payload).ok()?;
    let transaction = protos::Transaction::decode(payload.data).ok()?;
    let mut all = Vec::new();
    for action in transaction.actions {
        let payload = protos::ChaincodeActionPayload::decode(action.payload).ok()?;
        let endorsements = payload.action.into_iter().flat_map(|of| of.endorsements);
        all.extend(endorsements.map(|one| one.endorser));
    }
    Some(all)
}

/// Who would not be valid any more, or have fewer roles, after a change of an MSP: who, and why. The
/// identities that the config itself names are looked at as well, and the TLS certificates of consenters.
///
/// # Errors
/// Where the config would not be valid at all.
pub(super) fn losing(
    bundle: &Bundle,
    sketch: &Sketch,
    msp_id: &MspId,
    seen: &[SeenIdentity],
) -> Result<Vec<(String, String)>, ClientError> {
    let next = after(bundle, sketch)?;
    let mut all: Vec<SeenIdentity> = in_config(bundle, msp_id);
    all.extend(seen.iter().cloned());
    let mut lost = Vec::new();
    let mut told = BTreeSet::new();
    // who has a certificate of the new CA as well needs the old one no more
    let renewed: BTreeSet<String> = (all.iter())
        .filter_map(|one| next.msps().deserialize(&one.serialized).ok())
        .filter(|identity| identity.msp_id() == msp_id && identity.validate().is_ok())
        .map(|identity| identity.subject().to_owned())
        .collect();
    for one in all {
        let Ok(before) = bundle.msps().deserialize(&one.serialized) else {
            continue;
        };
        if before.msp_id() != msp_id
            || before.validate().is_err()
            || !told.insert(before.id().to_owned())
        {
            continue;
        }
        let later = next.msps().deserialize(&one.serialized);
        let is_own_validity = |identity: &Identity| identity.validate().is_ok();
        if renewed.contains(before.subject()) && !later.as_ref().is_ok_and(is_own_validity) {
            continue;
        }
        let later = later.and_then(|identity| identity.validate().map(|()| identity));
        let who = format!("{}, {}", before.subject(), one.place);
        match later {
            Err(why) => lost.push((who, why.to_string())),
            Ok(identity) => {
                let kept = identity.roles();
                let gone: Vec<String> = (before.roles().iter())
                    .filter(|role| !kept.contains(role))
                    .map(|role| format!("{role:?}").to_lowercase())
                    .collect();
                if !gone.is_empty() {
                    lost.push((who, format!("is {} no more", gone.join(", "))));
                }
            }
        }
    }
    lost.extend(consenters(bundle, &next));
    Ok(lost)
}

/// The identities of an MSP that the config names: listed admins, and consenters of BFT.
fn in_config(bundle: &Bundle, msp_id: &MspId) -> Vec<SeenIdentity> {
    let mut all = Vec::new();
    let config = bundle.msps().get(msp_id.as_str()).map(|msp| msp.config());
    let definition = config.and_then(|config| MspDefinition::read(config).ok());
    for listed in definition.iter().flat_map(|of| &of.certificates) {
        if let (CertificateUse::Admin, Ok(certificate)) = (listed.purpose, &listed.certificate) {
            all.push(SeenIdentity {
                serialized: serialized_identity(msp_id, certificate.pem().as_bytes()).into(),
                place: "a listed admin".to_owned(),
            });
        }
    }
    for node in bundle
        .consenters()
        .iter()
        .filter(|node| node.msp_id == msp_id.as_str())
    {
        all.push(SeenIdentity {
            serialized: serialized_identity(msp_id, &node.identity).into(),
            place: format!("the consenter {}:{}", node.host, node.port),
        });
    }
    all
}

/// Consenters whose TLS certificates no CA of the orderer organisations would stand for any more.
fn consenters(bundle: &Bundle, next: &Bundle) -> Vec<(String, String)> {
    let consensus = bundle.consensus();
    let mut nodes: Vec<(String, [Bytes; 2])> = Vec::new();
    match consensus.map(|consensus| (consensus.name.as_str(), &consensus.metadata)) {
        Some((RAFT, metadata)) => {
            let raft = RaftMetadata::parse(metadata).unwrap_or_default();
            nodes.extend(raft.consenters.into_iter().map(|node| {
                let place = format!("{}:{}", node.host, node.port);
                (place, [node.server_tls_cert, node.client_tls_cert])
            }));
        }
        Some((BFT, _)) => nodes.extend(bundle.consenters().iter().map(|node| {
            let place = format!("{}:{}", node.host, node.port);
            (
                place,
                [node.server_tls_cert.clone(), node.client_tls_cert.clone()],
            )
        })),
        _ => {}
    }
    let (before, after) = (tls_pool(bundle), tls_pool(next));
    let mut lost = Vec::new();
    for (place, certificates) in nodes {
        let stays = |pem: &Bytes| {
            let certificate = Certificate::from_pem(pem);
            certificate
                .is_ok_and(|one| !before.tls_answers(&one).yes || after.tls_answers(&one).yes)
        };
        if !certificates.iter().all(stays) {
            let who = format!("the consenter {place}");
            lost.push((who, "its TLS certificate is of the old CA".to_owned()));
        }
    }
    lost
}

/// The TLS CAs of the organisations that run orderers.
fn tls_pool(bundle: &Bundle) -> TrustPool {
    let msps: Vec<_> = (bundle.orgs(Section::Orderer))
        .filter_map(|org| bundle.msps().get(org.msp_id.as_str()))
        .collect();
    let roots = msps.iter().flat_map(|msp| msp.tls().0).cloned();
    let intermediates = msps.iter().flat_map(|msp| msp.tls().1).cloned();
    TrustPool::new(roots, intermediates)
}
