//! Certificates, MSP definitions and principals.

use std::sync::Arc;

use cmscc::{
    capabilities::MspVersion,
    crypto::{ecdsa, pem as pems},
    identity::{Certificate, Msp, MspDefinition, Msps, Principal, TrustPool, expires_at},
};

use super::world::{BUNDLE, IDENTITIES};

/// A certificate's DER, and the same bytes as a signature.
pub fn certificate(data: &[u8]) {
    if let Some(canonical) = ecdsa::canonical(data) {
        assert_eq!(ecdsa::canonical(&canonical).unwrap(), canonical);
    }
    let Ok(certificate) = Certificate::from_der(data.to_vec()) else {
        return;
    };
    assert_eq!(certificate.der().as_ref(), data);
    let _ = (certificate.subject(), certificate.issuer());
    let _ = (certificate.organizational_units(), certificate.serial());
    let _ = (certificate.not_before(), certificate.not_after());
    let _ = format!("{certificate:?} {:?}", certificate.key());
    let pool = TrustPool::new([certificate.clone()], [certificate.clone()]);
    let _ = pool.tls_periods(&certificate);
    if let Some(msp) = BUNDLE.msps().get("Org1MSP") {
        let (roots, intermediates) = msp.tls();
        let pool = TrustPool::new(roots.to_vec(), intermediates.to_vec());
        let _ = Certificate::from_pem(&pem_text(data)).map(|c| pool.tls_periods(&c));
    }
}

/// Text with PEM blocks: the first one, written again, is read as the same.
pub fn pem(data: &[u8]) {
    let Some(block) = pems::first_block(data) else {
        assert!(Certificate::from_pem(data).is_err());
        return;
    };
    assert!(block.content.len() < data.len());
    let again = pem_text(&block.content);
    assert_eq!(pems::first_block(&again).unwrap().content, block.content);
    let _ = Certificate::from_pem(data);
}

fn pem_text(der: &[u8]) -> Vec<u8> {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = b"-----BEGIN CERTIFICATE-----\n".to_vec();
    for line in der.chunks(48) {
        for three in line.chunks(3) {
            let mut bits = [0; 3];
            bits[..three.len()].copy_from_slice(three);
            let [a, b, c] = bits.map(u32::from);
            let bits = a << 16 | b << 8 | c;
            for digit in 0..4usize {
                let value = (bits >> (18 - 6 * digit)) & 63;
                let byte = if digit > three.len() {
                    b'='
                } else {
                    DIGITS[value as usize]
                };
                text.push(byte);
            }
        }
        text.push(b'\n');
    }
    text.extend(b"-----END CERTIFICATE-----\n");
    text
}

/// An MSP's definition, at every level.
pub fn msp(data: &[u8]) {
    if let Ok(definition) = MspDefinition::read(data) {
        let _ = format!("{definition:?}");
    }
    for version in [
        MspVersion::V1_0,
        MspVersion::V1_1,
        MspVersion::V1_3,
        MspVersion::V1_4_3,
        MspVersion::V3_0,
    ] {
        let Ok(msp) = Msp::setup(data, version) else {
            continue;
        };
        assert_eq!(msp.config(), data);
        let id = msp.id().clone();
        let msps = Msps::new([Arc::new(msp)]);
        for identity in IDENTITIES.iter() {
            let Ok(own) = msps.deserialize(identity.serialized()) else {
                continue;
            };
            assert_eq!(own.msp_id(), &id);
            let _ = own.validate();
            for role in 0..6u8 {
                let mut bytes = vec![0x12, 0, 0x0a];
                bytes.push(u8::try_from(id.as_str().len() & 0x7f).unwrap());
                bytes.extend(id.as_str().as_bytes());
                bytes.extend([0x10, role]);
                bytes[1] = u8::try_from((bytes.len() - 2) & 0x7f).unwrap();
                let _ = msps.satisfies(&own, &Principal::parse(&bytes));
            }
        }
    }
}

/// A principal, and the same bytes as a serialized identity.
pub fn principal(data: &[u8]) {
    let principal = Principal::parse(data);
    assert_eq!(Principal::parse(data), principal);
    let _ = (principal.to_string(), principal.msp_id().cloned());
    for identity in IDENTITIES.iter() {
        let satisfied = BUNDLE.msps().satisfies(identity, &principal).is_ok();
        if let (Some(id), true) = (principal.msp_id(), satisfied) {
            assert_eq!(id, identity.msp_id(), "a member of another MSP");
        }
    }
    let _ = expires_at(data);
    if let Ok(identity) = BUNDLE.msps().deserialize(data) {
        let _ = (identity.validate(), identity.subject());
        let _ = BUNDLE.msps().satisfies(&identity, &principal);
    }
}
