//! The perf configs with organisations whose keys we have, and who can therefore sign.

use std::{collections::BTreeMap, sync::Arc};

use anyhow::{Context, Result};
use bytes::Bytes;
use cmscc::{
    config::{ConfigSignature, envelope},
    identity::{KeySigner, Signer},
    ids::MspId,
    proto::{
        common::{Config, ConfigGroup, SignatureHeader},
        msp::{FabricMspConfig, FabricOuIdentifier, MspConfig},
        orderer::ConsensusType,
    },
};
use prost::Message;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use ring::rand::{SecureRandom, SystemRandom};

use super::inputs;

/// A config and one administrator of each of its organisations.
pub(crate) struct Consortium {
    /// Serialized `common.Config`.
    pub(crate) config: Bytes,
    /// Of the application organisations, by the names of their groups. Copies of an organisation
    /// share its administrator.
    pub(crate) members: Vec<KeySigner>,
    /// Of the orderer organisation.
    pub(crate) orderer: KeySigner,
}

/// The config of so many organisations, with new CAs.
pub(crate) fn consortium(size: &str) -> Result<Consortium> {
    let mut config = Config::decode(inputs::config(size)?)?;
    let root = config.channel_group.as_mut().context("no channel group")?;
    let mut founded = BTreeMap::new();
    let mut members = Vec::new();
    let mut orderer = None;
    for (section, group) in &mut root.groups {
        if section == "Orderer" {
            let value = group.values.get_mut("ConsensusType");
            let value = value.context("no consensus type")?;
            let raft = ConsensusType {
                r#type: "etcdraft".to_owned(),
                ..ConsensusType::default()
            };
            value.value = raft.encode_to_vec().into();
        }
        for org in group.groups.values_mut() {
            let admin = found(org, &mut founded)?;
            match (&**section, admin) {
                ("Orderer", admin) => orderer = admin,
                (_, admin) => members.extend(admin),
            }
        }
    }
    Ok(Consortium {
        config: config.encode_to_vec().into(),
        members,
        orderer: orderer.context("no orderer organisation")?,
    })
}

/// Gives an organisation a new CA, and an administrator; nobody where its MSP has been founded.
fn found(
    org: &mut ConfigGroup,
    founded: &mut BTreeMap<String, Bytes>,
) -> Result<Option<KeySigner>> {
    let value = org.values.get_mut("MSP").context("no msp")?;
    let mut msp = MspConfig::decode(value.value.clone())?;
    let mut definition = FabricMspConfig::decode(msp.config.clone())?;
    if let Some(known) = founded.get(&definition.name) {
        value.value = known.clone();
        return Ok(None);
    }
    let ca_key = KeyPair::generate()?;
    let mut ca = CertificateParams::default();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    ca.not_before = rcgen::date_time_ymd(2026, 1, 1);
    let named = |params: &mut CertificateParams, name: &str| {
        let org = definition.name.as_str();
        params.distinguished_name.push(DnType::CommonName, name);
        params
            .distinguished_name
            .push(DnType::OrganizationName, org);
    };
    named(&mut ca, "ca");
    let authority: Bytes = ca.self_signed(&ca_key)?.pem().into();

    let mut admin = CertificateParams::default();
    named(&mut admin, "Admin");
    admin
        .distinguished_name
        .push(DnType::OrganizationalUnitName, "admin");
    admin.not_before = rcgen::date_time_ymd(2026, 1, 1);
    let key = KeyPair::generate()?;
    let certificate = admin.signed_by(&key, &Issuer::new(ca, ca_key))?;
    let signer = KeySigner::unchecked(
        &MspId::new(definition.name.as_str()),
        certificate.pem().as_bytes(),
        key.serialize_pem().as_bytes(),
        Arc::new(SystemRandom::new()),
    )?;

    definition.root_certs = vec![authority.clone()];
    definition.admins.clear();
    if let Some(units) = &mut definition.fabric_node_ous {
        let issued = |unit: &mut Option<FabricOuIdentifier>| {
            if let Some(unit) = unit {
                unit.certificate = authority.clone();
            }
        };
        issued(&mut units.client_ou_identifier);
        issued(&mut units.peer_ou_identifier);
        issued(&mut units.admin_ou_identifier);
        issued(&mut units.orderer_ou_identifier);
    }
    msp.config = definition.encode_to_vec().into();
    value.value = msp.encode_to_vec().into();
    founded.insert(definition.name, value.value.clone());
    Ok(Some(signer))
}

/// A signature header with a new nonce.
pub(crate) fn signature_header(who: &KeySigner) -> Result<Bytes> {
    let mut nonce = [0; 24];
    SystemRandom::new()
        .fill(&mut nonce)
        .map_err(|_| anyhow::anyhow!("no random numbers"))?;
    let header = SignatureHeader {
        creator: Bytes::copy_from_slice(who.serialized_identity()),
        nonce: Bytes::copy_from_slice(&nonce),
    };
    Ok(header.encode_to_vec().into())
}

/// Somebody's signature on an update.
pub(crate) fn sign(who: &KeySigner, config_update: &[u8]) -> Result<ConfigSignature> {
    let signature_header = signature_header(who)?;
    let message = envelope::signed_message(&signature_header, config_update).concat();
    Ok(ConfigSignature {
        signature: who.sign(&message)?.into(),
        signature_header,
    })
}
