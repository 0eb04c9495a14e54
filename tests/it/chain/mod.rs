//! Real config blocks and the updates that made them: verified, advanced over, emulated, forged.

mod blocks;
mod consensus;
mod depth;
mod emulation;
pub(crate) mod forged;
mod releases;

use std::sync::Arc;

use bytes::Bytes;
use cmscc::{
    block::ConfigBlock,
    config::{Bundle, ConfigTree},
    identity::KeySigner,
    ids::{ChannelId, MspId, UnixTime},
};

use crate::contract::captures::captured;

/// The captures: three networks.
const NETWORKS: [&str; 3] = [
    "fabric-2.5.16-caps-v2",
    "fabric-3.1.5-caps-v2",
    "fabric-3.1.5-caps-v3",
];

/// 2026-11-21: within the validity of the captures' certificates.
const NOW: UnixTime = UnixTime {
    seconds: 1_795_219_200,
    nanos: 0,
};

fn data(path: &str) -> Bytes {
    captured(path).into()
}

fn block(network: &str, path: &str) -> ConfigBlock {
    ConfigBlock::parse(data(&format!("{network}/{path}"))).unwrap()
}

fn channel() -> ChannelId {
    ChannelId::from("mychannel")
}

fn bundle(tree: &ConfigTree) -> Bundle {
    Bundle::new(&channel(), tree.clone()).unwrap()
}

/// The config in force before OrgX was added.
fn genesis(network: &str) -> Bundle {
    bundle(block(network, "genesis.block").tree())
}

/// A signer by its folder in the captures' crypto material.
fn signer(msp_id: &str, folder: &str) -> KeySigner {
    let name = folder.rsplit('/').next().unwrap();
    let msp = format!("crypto/{folder}/msp");
    let certificate = data(&format!("{msp}/signcerts/{name}-cert.pem"));
    let key = data(&format!("{msp}/keystore/priv_sk"));
    let random = Arc::new(ring::rand::SystemRandom::new());
    KeySigner::unchecked(&MspId::from(msp_id), &certificate, &key, random).unwrap()
}
