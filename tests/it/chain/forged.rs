//! Blocks that an orderer could make alone: properly signed, but not what the admins signed.

use std::{fs, path::Path, sync::Arc};

use bytes::Bytes;
use cmscc::{
    block::{self, BlockError, BlockHeader, ConfigBlock, data_hash},
    config::{
        Bundle, ConfigSignature, ConfigTree, Update, Verdict, compute_update,
        envelope::update_envelope,
    },
    identity::{KeySigner, Signer},
    ids::MspId,
    proto::{common, write},
};
use prost::Message;

use super::{NETWORKS, block, channel, genesis, signer};

/// Makes a block around another config envelope and signs it as the orderer.
pub(super) fn forge(
    original: &ConfigBlock,
    change: impl Fn(&mut common::ConfigEnvelope),
) -> ConfigBlock {
    forge_signed_by(original, change, &orderer())
}

fn orderer() -> impl Signer {
    signer(
        "OrdererMSP",
        "ordererOrganizations/example.com/orderers/orderer.example.com",
    )
}

pub(crate) fn forge_signed_by(
    original: &ConfigBlock,
    change: impl Fn(&mut common::ConfigEnvelope),
    signer: &dyn Signer,
) -> ConfigBlock {
    let change = |carried: Bytes| {
        let mut carried = common::ConfigEnvelope::decode(carried).unwrap();
        change(&mut carried);
        carried.encode_to_vec()
    };
    forge_bytes(original, change, signer)
}

/// A block with the config that a signed envelope leads to from the genesis block, at a made-up place in
/// the chain, with one signature.
pub(crate) fn forge_update(genesis: Bytes, envelope: &Bytes, signer: &dyn Signer) -> Bytes {
    let before = ConfigBlock::parse(genesis.clone()).unwrap();
    let bundle = Bundle::new(before.channel_id(), before.tree().clone()).unwrap();
    let config = bundle.propose_config_update(envelope).unwrap().encode();
    let mut block = common::Block::decode(genesis).unwrap();
    let header = block.header.as_mut().unwrap();
    header.number = 1_000_000;
    header.previous_hash = vec![7; 32].into();
    let original = ConfigBlock::parse(block.encode_to_vec().into()).unwrap();
    let forged = forge_signed_by(
        &original,
        |carried| {
            carried.config = Some(common::Config::decode(&*config).unwrap());
            carried.last_update = Some(common::Envelope::decode(envelope.clone()).unwrap());
        },
        signer,
    );
    assert_eq!(forged.block().number().0, 1_000_000);
    forged.block().bytes().clone()
}

/// Somebody of the orderer organisation, by an MSP folder.
pub(crate) fn signer_of(msp: &Path, name: &str) -> KeySigner {
    let certificate = fs::read(msp.join(format!("signcerts/{name}-cert.pem"))).unwrap();
    let key = fs::read(msp.join("keystore/priv_sk")).unwrap();
    let random = Arc::new(ring::rand::SystemRandom::new());
    KeySigner::unchecked(&MspId::from("OrdererMSP"), &certificate, &key, random).unwrap()
}

/// The same with any bytes for a config envelope.
fn forge_bytes(
    original: &ConfigBlock,
    change: impl Fn(Bytes) -> Vec<u8>,
    signer: &dyn Signer,
) -> ConfigBlock {
    let mut block = common::Block::decode(original.block().bytes().clone()).unwrap();
    let data = block.data.as_mut().unwrap();
    let mut envelope = common::Envelope::decode(data.data[0].clone()).unwrap();
    let mut payload = common::Payload::decode(envelope.payload).unwrap();
    payload.data = change(payload.data).into();
    envelope.payload = payload.encode_to_vec().into();
    data.data[0] = envelope.encode_to_vec().into();
    let header = block.header.as_mut().unwrap();
    header.data_hash = Bytes::copy_from_slice(data_hash(&data.data).as_bytes());
    let der = BlockHeader::parse(&header.encode_to_vec().into())
        .unwrap()
        .der();
    let entries = &mut block.metadata.as_mut().unwrap().metadata;
    let mut metadata = common::Metadata::decode(entries[0].clone()).unwrap();
    let mut signature_header = Vec::new();
    write::bytes(&mut signature_header, 1, signer.serialized_identity());
    let signed = [&metadata.value[..], &signature_header, &der].concat();
    metadata.signatures = vec![common::MetadataSignature {
        signature: signer.sign(&signed).unwrap().into(),
        signature_header: signature_header.into(),
        ..common::MetadataSignature::default()
    }];
    entries[0] = metadata.encode_to_vec().into();
    ConfigBlock::parse(block.encode_to_vec().into()).unwrap()
}

/// What an orderer's user can add to a config without changing what any decoder reads.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Padding {
    /// An unknown field of the `Config`.
    Config,
    /// An unknown field of a map entry in the channel group.
    Entry,
    /// A map entry in the channel group that a later one replaces.
    Replaced,
}

impl Padding {
    pub(crate) const ALL: [Self; 3] = [Self::Config, Self::Entry, Self::Replaced];

    /// A piece of a `Config`, to be merged with one that comes behind it.
    fn piece(self, len: usize) -> Vec<u8> {
        let filling = field(100, &vec![7; len]);
        let named = field(1, b"Application");
        let entry = match self {
            Self::Config => return filling,
            Self::Entry => [named, filling].concat(),
            Self::Replaced => [named, field(2, &filling)].concat(),
        };
        field(2, &field(2, &entry))
    }

    /// The block with so many bytes more in its config, signed again.
    pub(crate) fn on(self, block: &[u8], len: usize) -> Vec<u8> {
        let original = ConfigBlock::parse(Bytes::copy_from_slice(block)).unwrap();
        let change = |carried: Bytes| [field(1, &self.piece(len)), carried.to_vec()].concat();
        let padded = forge_bytes(&original, change, &orderer());
        let bytes = padded.block().bytes().to_vec();
        assert!(bytes.len() > block.len() + len - 1_000);
        bytes
    }
}

fn field(number: u32, content: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    write::message(&mut out, number, content);
    out
}

#[test]
fn padding_makes_no_other_config() {
    for network in NETWORKS {
        let original = block(network, "add-orgx/config_block_after.pb");
        for padding in Padding::ALL {
            let padded = padding.on(original.block().bytes(), 10_000);
            let padded = ConfigBlock::parse(padded.into()).unwrap();
            assert!(!padded.is_same(&original));
            assert_eq!(padded.config(), original.config(), "{network} {padding:?}");
            assert_eq!(padded.config_digest(), original.config_digest());
            // peers accept it
            let next = block::advance(&genesis(network), &padded).unwrap();
            assert_eq!(original.config(), &next.tree().encode());
        }
    }
}

#[test]
fn an_unknown_field_of_a_group_is_part_of_the_config() {
    // peers compare it with what the update makes
    for network in NETWORKS {
        let original = block(network, "add-orgx/config_block_after.pb");
        let within = field(1, &field(2, &field(100, b"padding")));
        let change = |carried: Bytes| [&within[..], &carried].concat();
        let padded = forge_bytes(&original, change, &orderer());
        assert_ne!(padded.config_digest(), original.config_digest());
        assert_eq!(refusal(network, &padded), "result_mismatch");
    }
}

fn refusal(network: &str, forged: &ConfigBlock) -> &'static str {
    match block::advance(&genesis(network), forged) {
        Err(BlockError::Invalid(refusal)) => refusal.reason(),
        other => panic!("{network}: {other:?}"),
    }
}

#[test]
fn the_forger_can_sign_at_all() {
    for network in NETWORKS {
        let original = block(network, "add-orgx/config_block_after.pb");
        let same = forge(&original, |_| {});
        block::advance(&genesis(network), &same).unwrap();
        let outsider = signer(
            "Org1MSP",
            "peerOrganizations/org1.example.com/users/Admin@org1.example.com",
        );
        let signed = forge_signed_by(&original, |_| {}, &outsider);
        let refused = block::advance(&genesis(network), &signed).unwrap_err();
        assert_eq!(refused.code(), "BLOCK_SIGNATURES");
    }
}

#[test]
fn a_config_is_only_what_its_update_makes() {
    for network in NETWORKS {
        let original = block(network, "add-orgx/config_block_after.pb");
        let config = |carried: &mut common::ConfigEnvelope| -> common::ConfigGroup {
            carried.config.clone().unwrap().channel_group.unwrap()
        };
        let grown = forge(&original, |carried| {
            let mut group = config(carried);
            group.version += 1;
            carried.config.as_mut().unwrap().channel_group = Some(group);
        });
        assert_eq!(refusal(network, &grown), "result_mismatch");
        let jumped = forge(&original, |carried| {
            carried.config.as_mut().unwrap().sequence += 1;
        });
        assert_eq!(refusal(network, &jumped), "sequence_mismatch");
        let orphan = forge(&original, |carried| carried.last_update = None);
        assert_eq!(refusal(network, &orphan), "missing_last_update");
    }
}

#[test]
fn an_update_counts_only_with_its_signatures() {
    for network in NETWORKS {
        let original = block(network, "add-orgx/config_block_after.pb");
        let stripped = forge(&original, |carried| {
            let update = carried.last_update.as_mut().unwrap();
            let mut payload = common::Payload::decode(update.payload.clone()).unwrap();
            let mut inner = common::ConfigUpdateEnvelope::decode(payload.data).unwrap();
            inner.signatures.truncate(1);
            payload.data = inner.encode_to_vec().into();
            update.payload = payload.encode_to_vec().into();
        });
        assert_eq!(refusal(network, &stripped), "policy_not_satisfied");
    }
}

#[test]
fn levels_that_this_build_does_not_know_stop_the_head() {
    let network = NETWORKS[1];
    let head = genesis(network);
    let original = block(network, "genesis.block");
    let admins = ["org1", "org2"].map(|org| {
        let msp_id = format!("{}MSP", org.replace("org", "Org"));
        let folder = format!("peerOrganizations/{org}.example.com/users/Admin@{org}.example.com");
        signer(&msp_id, &folder)
    });
    let mut config = common::Config::decode(original.config().clone()).unwrap();
    let root = config.channel_group.as_mut().unwrap();
    let application = root.groups.get_mut("Application").unwrap();
    let value = application.values.get_mut("Capabilities").unwrap();
    let mut levels = common::Capabilities::default();
    levels
        .capabilities
        .insert("V9_9".to_owned(), common::Capability::default());
    value.value = levels.encode_to_vec().into();
    let updated = ConfigTree::parse(config.encode_to_vec().into()).unwrap();
    let update: Bytes = compute_update(&channel(), head.tree(), &updated)
        .unwrap()
        .into();
    let signatures = admins.map(|admin| {
        let mut header = Vec::new();
        write::bytes(&mut header, 1, admin.serialized_identity());
        let signature = admin.sign(&[&header[..], &update].concat()).unwrap();
        ConfigSignature {
            signature_header: header.into(),
            signature: signature.into(),
        }
    });
    // an orderer does not look at application levels
    let emulation = head.emulate(&Update::parse(update.clone()).unwrap(), &signatures);
    assert_eq!(emulation.verdict, Verdict::Accepted);
    let result = emulation.result.unwrap().encode();
    let envelope = update_envelope(&channel(), &update, &signatures);
    let next = forge(
        &block(network, "add-orgx/config_block_after.pb"),
        |carried| {
            carried.config = Some(common::Config::decode(&*result).unwrap());
            carried.last_update = Some(common::Envelope::decode(&*envelope).unwrap());
        },
    );
    let refused = block::advance(&head, &next).unwrap_err();
    assert_eq!(refused.code(), "CAPABILITY_UNSUPPORTED");
    assert!(refused.to_string().contains("V9_9"), "{refused}");
}
