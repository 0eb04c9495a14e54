//! Tests of the whole room, with certificates made for each case.

mod chains;
mod damage;
mod definitions;
mod principals;

use std::cell::Cell;

use prost::Message as _;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DnType, IsCa, Issuer,
    KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams, SerialNumber, date_time_ymd,
};

use super::*;
use crate::{capabilities::MspVersion, proto::msp as wire_msp};

thread_local! {
    /// How many signatures of certificates and revocation lists this thread verified.
    pub(super) static VERIFIED: Cell<usize> = const { Cell::new(0) };
}

/// What something gives, and how many signatures it verified.
fn verified<T>(of: impl FnOnce() -> T) -> (T, usize) {
    let before = VERIFIED.get();
    let out = of();
    (out, VERIFIED.get() - before)
}

/// A CA, and what it was made from.
struct Ca {
    params: CertificateParams,
    key: KeyPair,
    pem: String,
}

fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new([]).unwrap();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2040, 1, 1);
    params.use_authority_key_identifier_extension = true;
    params
}

fn ca_params(name: &str) -> CertificateParams {
    let mut params = params(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

impl Ca {
    fn root(params: CertificateParams) -> Self {
        Self::root_of(params, KeyPair::generate().unwrap())
    }

    fn root_of(params: CertificateParams, key: KeyPair) -> Self {
        let pem = params.self_signed(&key).unwrap().pem();
        Self { params, key, pem }
    }

    /// Another CA, certified by this one.
    fn intermediate(&self, params: CertificateParams) -> Self {
        let key = KeyPair::generate().unwrap();
        let pem = self.certify(&params, &key);
        Self { params, key, pem }
    }

    fn certify(&self, params: &CertificateParams, key: &KeyPair) -> String {
        let issuer = Issuer::from_params(&self.params, &self.key);
        params.signed_by(key, &issuer).unwrap().pem()
    }

    fn leaf(&self, params: &CertificateParams) -> String {
        self.certify(params, &KeyPair::generate().unwrap())
    }

    fn crl(&self, serial: u8) -> Vec<u8> {
        let params = CertificateRevocationListParams {
            this_update: date_time_ymd(2021, 1, 1),
            next_update: date_time_ymd(2022, 1, 1),
            crl_number: SerialNumber::from(1u64),
            issuing_distribution_point: None,
            revoked_certs: vec![RevokedCertParams {
                serial_number: SerialNumber::from(u64::from(serial)),
                revocation_time: date_time_ymd(2021, 1, 1),
                reason_code: None,
                invalidity_date: None,
            }],
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let issuer = Issuer::from_params(&self.params, &self.key);
        params
            .signed_by(&issuer)
            .unwrap()
            .pem()
            .unwrap()
            .into_bytes()
    }
}

fn certificate(pem: &str) -> Certificate {
    Certificate::from_pem(pem.as_bytes()).unwrap()
}

/// An MSP with NodeOUs, one root and one admin unit.
fn msp_config(ca: &Ca) -> wire_msp::FabricMspConfig {
    let unit = |name: &str| {
        Some(wire_msp::FabricOuIdentifier {
            certificate: ca.pem.clone().into(),
            organizational_unit_identifier: name.to_owned(),
        })
    };
    wire_msp::FabricMspConfig {
        name: "Org1MSP".to_owned(),
        root_certs: vec![ca.pem.clone().into()],
        fabric_node_ous: Some(wire_msp::FabricNodeOUs {
            enable: true,
            client_ou_identifier: unit("client"),
            peer_ou_identifier: unit("peer"),
            admin_ou_identifier: unit("admin"),
            orderer_ou_identifier: unit("orderer"),
        }),
        ..Default::default()
    }
}

fn set_up(config: &wire_msp::FabricMspConfig, version: MspVersion) -> Result<Msp, MspError> {
    let outer = wire_msp::MspConfig {
        r#type: 0,
        config: config.encode_to_vec().into(),
    };
    Msp::setup(&outer.encode_to_vec(), version)
}

fn with_unit(name: &str, unit: &str) -> CertificateParams {
    let mut params = params(name);
    params
        .distinguished_name
        .push(DnType::OrganizationalUnitName, unit);
    params
}
