//! The people of the captures, who call and sign, and new ones.

use std::{fs, path::Path, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use cmscc::{
    identity::{Certificate, KeySigner, Signer},
    ids::MspId,
    proto::{common, msp},
};
use prost::Message;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DistinguishedName,
    DnType, DnValue, IsCa, Issuer, KeyIdMethod, KeyPair, RevokedCertParams,
};
use ring::rand::SystemRandom;

use super::captures::data;

/// Somebody with a certificate and a key.
pub(crate) struct Person(KeySigner);

impl Person {
    pub(crate) const fn signer(&self) -> &impl Signer {
        &self.0
    }

    pub(crate) fn serialized(&self) -> &[u8] {
        self.0.serialized_identity()
    }

    /// The certificate, PEM.
    pub(crate) fn certificate(&self) -> Bytes {
        let identity = msp::SerializedIdentity::decode(self.serialized());
        identity.unwrap().id_bytes
    }

    /// A signature on anything.
    pub(crate) fn sign(&self, message: &[u8]) -> Bytes {
        self.0.sign(message).unwrap().into()
    }

    /// A signature on a config update as an argument carries it.
    pub(crate) fn signed(&self, update: &[u8]) -> String {
        base64(&self.config_signature(update).encode_to_vec())
    }

    /// A signature on a config update, as `peer channel signconfigtx` makes it.
    pub(crate) fn config_signature(&self, update: &[u8]) -> common::ConfigSignature {
        let header = common::SignatureHeader {
            creator: Bytes::copy_from_slice(self.serialized()),
            nonce: Bytes::from_static(b"nonce"),
        };
        let header = header.encode_to_vec();
        common::ConfigSignature {
            signature: self.sign(&[&header, update].concat()),
            signature_header: header.into(),
        }
    }
}

/// The admin of an organisation of the captures.
pub(crate) fn person(msp_id: &str) -> Person {
    user(msp_id, "Admin")
}

/// A user of an organisation of the captures.
pub(crate) fn user(msp_id: &str, name: &str) -> Person {
    user_of(&data().join("crypto"), msp_id, name)
}

/// A user whom cryptogen made.
pub(crate) fn user_of(crypto: &Path, msp_id: &str, name: &str) -> Person {
    let (kind, domain) = match msp_id {
        "OrdererMSP" => ("ordererOrganizations", "example.com".to_owned()),
        _ => ("peerOrganizations", domain(msp_id)),
    };
    let msp = crypto
        .join(kind)
        .join(&domain)
        .join("users")
        .join(format!("{name}@{domain}"))
        .join("msp");
    let certificate = fs::read(msp.join(format!("signcerts/{name}@{domain}-cert.pem"))).unwrap();
    let key = fs::read(msp.join("keystore/priv_sk")).unwrap();
    let random = Arc::new(SystemRandom::new());
    Person(KeySigner::unchecked(&MspId::new(msp_id), &certificate, &key, random).unwrap())
}

/// A new admin of a peer organisation, whose certificate its own CA signs.
pub(crate) fn new_admin(msp_id: &str, name: &str) -> Person {
    new_user(msp_id, name, Some("admin"))
}

/// The same of somebody of this organisational unit, or of none.
pub(crate) fn new_user(msp_id: &str, name: &str, unit: Option<&str>) -> Person {
    new_user_of(&data().join("crypto"), msp_id, name, unit)
}

/// The same where cryptogen made the CA.
pub(crate) fn new_user_of(crypto: &Path, msp_id: &str, name: &str, unit: Option<&str>) -> Person {
    let mut leaf = CertificateParams::default();
    leaf.not_before = rcgen::date_time_ymd(2027, 1, 1);
    let own = KeyPair::generate().unwrap();
    let certificate = certified(crypto, msp_id, leaf, (name, unit), &own);
    let signer = KeySigner::unchecked(
        &MspId::new(msp_id),
        certificate.as_bytes(),
        own.serialize_pem().as_bytes(),
        Arc::new(SystemRandom::new()),
    );
    Person(signer.unwrap())
}

/// A certificate, PEM, for a key of somebody of this organisational unit, or of none.
pub(crate) fn certified(
    crypto: &Path,
    msp_id: &str,
    mut leaf: CertificateParams,
    (name, unit): (&str, Option<&str>),
    own: &KeyPair,
) -> String {
    let (ca, key) = authority(crypto, msp_id);
    leaf.not_after = rcgen::date_time_ymd(2030, 1, 1);
    let unit = unit.map(|unit| (DnType::OrganizationalUnitName, unit));
    let parts: Vec<_> = unit
        .into_iter()
        .chain([(DnType::CommonName, name)])
        .collect();
    leaf.distinguished_name = names(&parts);
    let certificate = leaf.signed_by(own, &Issuer::new(ca, key)).unwrap();
    certificate.pem()
}

/// The CA of a peer organisation, as cryptogen makes it.
fn authority(crypto: &Path, msp_id: &str) -> (CertificateParams, KeyPair) {
    let domain = domain(msp_id);
    let folder = crypto.join(format!("peerOrganizations/{domain}/ca"));
    let certificate = fs::read(folder.join(format!("ca.{domain}-cert.pem"))).unwrap();
    let certificate = Certificate::from_pem(&certificate).unwrap();
    let key = folder.join("priv_sk");
    let key = KeyPair::from_pem(&fs::read_to_string(key).unwrap()).unwrap();
    let mut ca = CertificateParams::default();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    ca.key_identifier_method = KeyIdMethod::PreSpecified(subject_key_id(certificate.der()));
    ca.distinguished_name = names(&[
        (DnType::CountryName, "US"),
        (DnType::StateOrProvinceName, "California"),
        (DnType::LocalityName, "San Francisco"),
        (DnType::OrganizationName, &domain),
        (DnType::CommonName, &format!("ca.{domain}")),
    ]);
    (ca, key)
}

/// The 32 bytes of the extension of a certificate.
fn subject_key_id(der: &[u8]) -> Vec<u8> {
    let start = [0x06, 0x03, 0x55, 0x1d, 0x0e, 0x04, 0x22, 0x04, 0x20];
    let at = der.windows(start.len()).position(|part| part == start);
    der[at.unwrap() + start.len()..][..32].to_vec()
}

/// The certificate (PEM) of a peer organisation's CA, made again with the same name and key, valid
/// from a year on.
pub(crate) fn renewed_ca(msp_id: &str, from: i32) -> Bytes {
    let (mut ca, key) = authority(&data().join("crypto"), msp_id);
    ca.not_before = rcgen::date_time_ymd(from, 1, 1);
    ca.not_after = rcgen::date_time_ymd(2045, 1, 1);
    ca.self_signed(&key).unwrap().pem().into()
}

/// A revocation list (PEM) of a peer organisation's CA that revokes this certificate (PEM).
pub(crate) fn revocation_list(msp_id: &str, certificate: &[u8]) -> Bytes {
    let (ca, key) = authority(&data().join("crypto"), msp_id);
    let serial = Certificate::from_pem(certificate).unwrap();
    let (from, until) = (
        rcgen::date_time_ymd(2026, 1, 1),
        rcgen::date_time_ymd(2036, 1, 1),
    );
    let list = CertificateRevocationListParams {
        this_update: from,
        next_update: until,
        crl_number: 1.into(),
        issuing_distribution_point: None,
        revoked_certs: vec![RevokedCertParams {
            serial_number: serial.serial().to_vec().into(),
            revocation_time: from,
            reason_code: None,
            invalidity_date: None,
        }],
        key_identifier_method: ca.key_identifier_method.clone(),
    };
    let list = list.signed_by(&Issuer::new(ca, key)).unwrap();
    list.pem().unwrap().into()
}

fn domain(msp_id: &str) -> String {
    let organisation = msp_id.strip_suffix("MSP").unwrap().to_lowercase();
    format!("{organisation}.example.com")
}

/// Names in the string type that cryptogen uses: issuers are compared by their bytes.
fn names(parts: &[(DnType, &str)]) -> DistinguishedName {
    let mut names = DistinguishedName::new();
    for (kind, text) in parts {
        let text = rcgen::string::PrintableString::try_from(*text).unwrap();
        names.push(kind.clone(), DnValue::PrintableString(text));
    }
    names
}

/// Base64 as arguments carry it.
pub(crate) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}
