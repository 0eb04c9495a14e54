//! The signature checks that compiling a config takes, and nothing else.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use bytes::Bytes;
use cmscc::proto::{
    common::{Config, ConfigGroup},
    msp::{FabricMspConfig, MspConfig},
};
use prost::Message;
use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use x509_parser::pem::parse_x509_pem;

use super::{Operation, inputs};

/// One signature on a certificate.
struct Signed {
    key: Vec<u8>,
    content: Vec<u8>,
    signature: Vec<u8>,
}

/// Each check once, with parsing done before: that every root CA of every different MSP has signed
/// itself. These configs have no other certificates whose signatures are looked at: no intermediate
/// CAs and no listed administrators.
pub(crate) fn checks(size: &str) -> Result<Operation> {
    let config = Config::decode(inputs::config(size)?)?;
    let root = config.channel_group.context("no channel group")?;
    let mut msps = BTreeMap::new();
    for section in root.groups.values() {
        for org in section.groups.values() {
            let definition = definition(org)?;
            msps.insert(definition.name.clone(), definition);
        }
    }
    let mut all = Vec::new();
    for msp in msps.values() {
        anyhow::ensure!(msp.intermediate_certs.is_empty() && msp.admins.is_empty());
        for pem in &msp.root_certs {
            all.push(self_signed(pem)?);
        }
    }
    Ok(Box::new(move || {
        for one in &all {
            UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &one.key)
                .verify(&one.content, &one.signature)
                .map_err(|_| anyhow::anyhow!("not signed by itself"))?;
        }
        Ok(all.len())
    }))
}

fn definition(org: &ConfigGroup) -> Result<FabricMspConfig> {
    let value = org.values.get("MSP").context("no msp")?;
    let msp = MspConfig::decode(value.value.clone())?;
    Ok(FabricMspConfig::decode(msp.config)?)
}

fn self_signed(pem: &Bytes) -> Result<Signed> {
    let (_, pem) = parse_x509_pem(pem).map_err(|e| anyhow::anyhow!("{e}"))?;
    let certificate = pem.parse_x509()?;
    let key = certificate.public_key().subject_public_key.data.to_vec();
    Ok(Signed {
        key,
        content: certificate.tbs_certificate.as_ref().to_vec(),
        signature: certificate.signature_value.data.to_vec(),
    })
}
