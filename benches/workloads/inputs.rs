//! The inputs: files of `tests/vectors/perf`, and what is made of them.

use std::{fs, path::Path};

use anyhow::{Context, Result};
use bytes::Bytes;
use cmscc::proto::{
    common::{Config, ConfigGroup},
    msp::{FabricMspConfig, MspConfig},
    orderer::{BatchSize, ConsensusType},
    protos::{AnchorPeer, AnchorPeers},
};
use prost::Message;

/// A file of the vectors.
pub(crate) fn read(name: &str) -> Result<Bytes> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/vectors/perf")
        .join(name);
    let bytes = fs::read(&path).with_context(|| path.display().to_string())?;
    Ok(bytes.into())
}

/// A config of so many application organisations.
pub(crate) fn config(size: &str) -> Result<Bytes> {
    match size {
        "1000" => Ok(encoded(&tenfold(decoded("config-100.pb")?)?)),
        _ => read(&format!("config-{size}.pb")),
    }
}

/// The same with a consensus type that orderers know: an update of it can be accepted.
pub(crate) fn orderable(size: &str) -> Result<Bytes> {
    let mut config = Config::decode(config(size)?)?;
    let orderer = section(&mut config, "Orderer")?;
    let raft = ConsensusType {
        r#type: "etcdraft".to_owned(),
        ..ConsensusType::default()
    };
    let value = orderer.values.get_mut("ConsensusType");
    value.context("no consensus type")?.value = raft.encode_to_vec().into();
    Ok(encoded(&config))
}

/// The same config with three edits: another batch size, other anchor peers of the first
/// organisation, and one organisation more.
pub(crate) fn updated(size: &str) -> Result<Bytes> {
    if matches!(size, "2" | "10") {
        return read(&format!("updated-{size}.pb"));
    }
    let mut config = Config::decode(config(size)?)?;
    let batch_size = BatchSize {
        max_message_count: 99,
        absolute_max_bytes: 10 << 20,
        preferred_max_bytes: 2 << 20,
    };
    let orderer = section(&mut config, "Orderer")?;
    orderer
        .values
        .get_mut("BatchSize")
        .context("no batch size")?
        .value = batch_size.encode_to_vec().into();

    let mut other = decoded("updated-10.pb")?;
    let new = section(&mut other, "Application")?
        .groups
        .remove("PerfNew")
        .context("no new organisation")?;
    let application = section(&mut config, "Application")?;
    application.groups.insert("PerfNew".to_owned(), new);
    let first = application
        .groups
        .get_mut("PerfOrg0000")
        .context("no first organisation")?;
    let anchors = AnchorPeers {
        anchor_peers: vec![AnchorPeer {
            host: "new".to_owned(),
            port: 1,
        }],
    };
    first
        .values
        .entry("AnchorPeers".to_owned())
        .or_default()
        .value = anchors.encode_to_vec().into();
    Ok(encoded(&config))
}

/// The same config with another MSP definition of one organisation.
pub(crate) fn msp_changed(size: &str) -> Result<Bytes> {
    let mut config = Config::decode(config(size)?)?;
    let application = section(&mut config, "Application")?;
    // in the config of 1,000, copies of an organisation would contradict a changed original
    application
        .groups
        .retain(|name, _| !name.starts_with("PerfOrg0000-"));
    let first = application
        .groups
        .get_mut("PerfOrg0000")
        .context("no first organisation")?;
    let value = first.values.get_mut("MSP").context("no msp")?;
    let mut msp = MspConfig::decode(value.value.clone())?;
    let mut definition = FabricMspConfig::decode(msp.config.clone())?;
    definition.tls_root_certs = definition.root_certs.clone();
    msp.config = definition.encode_to_vec().into();
    value.value = msp.encode_to_vec().into();
    Ok(encoded(&config))
}

/// Nine copies of each application organisation beside it.
fn tenfold(mut config: Config) -> Result<Config> {
    let application = section(&mut config, "Application")?;
    let originals: Vec<(String, ConfigGroup)> = application.groups.clone().into_iter().collect();
    for (name, group) in originals {
        for copy in 1..10 {
            application
                .groups
                .insert(format!("{name}-{copy}"), group.clone());
        }
    }
    Ok(config)
}

fn section<'a>(config: &'a mut Config, name: &str) -> Result<&'a mut ConfigGroup> {
    let root = config.channel_group.as_mut().context("no channel group")?;
    root.groups
        .get_mut(name)
        .with_context(|| format!("no section {name}"))
}

fn decoded(name: &str) -> Result<Config> {
    Ok(Config::decode(read(name)?)?)
}

fn encoded(config: &Config) -> Bytes {
    config.encode_to_vec().into()
}
