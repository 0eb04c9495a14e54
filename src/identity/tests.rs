//! Tests of the whole room, with certificates made for each case.

use std::sync::Arc;

use proptest::prelude::*;
use prost::Message as _;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CustomExtension, DnType,
    ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose,
    NameConstraints, RevokedCertParams, SanType, SerialNumber, date_time_ymd,
};
use ring::rand::SystemRandom;

use super::*;
use crate::{
    capabilities::MspVersion,
    proto::{common, msp as wire_msp},
};

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
        let key = KeyPair::generate().unwrap();
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

/// The reason why a leaf has not exactly one chain; `ok` where it has.
fn chain(roots: &[&str], intermediates: &[&str], leaf: &str) -> &'static str {
    let pool = TrustPool::new(
        roots.iter().map(|pem| certificate(pem)),
        intermediates.iter().map(|pem| certificate(pem)),
    );
    pool.unique_chain(&certificate(leaf))
        .map_or_else(|why| why.reason(), |_| "ok")
}

#[test]
fn chains_are_what_go_accepts() {
    let root = Ca::root(ca_params("root"));
    let mut late = ca_params("late");
    late.not_before = date_time_ymd(2021, 1, 1);
    let late = Ca::root(late);
    let mut silent = ca_params("no certs");
    silent.key_usages = vec![KeyUsagePurpose::CrlSign];
    let silent = Ca::root(silent);
    let mut client = ca_params("client only");
    client.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let client = Ca::root(client);
    let mut short = ca_params("short");
    short.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    let short = Ca::root(short);
    let below_short = short.intermediate(ca_params("below"));
    let below = root.intermediate(ca_params("below root"));
    let not_ca = root.intermediate(params("not a ca"));
    let mut odd = ca_params("odd");
    odd.custom_extensions = vec![critical()];
    let odd = Ca::root(odd);

    let plain = params("leaf");
    let mut with_client = plain.clone();
    with_client.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let mut with_server = with_client.clone();
    with_server
        .extended_key_usages
        .push(ExtendedKeyUsagePurpose::ServerAuth);
    let mut with_any = plain.clone();
    with_any.extended_key_usages = vec![ExtendedKeyUsagePurpose::Any];
    let mut with_critical = plain.clone();
    with_critical.custom_extensions = vec![critical()];
    let mut expired = plain.clone();
    expired.not_after = date_time_ymd(2020, 1, 2);

    let cases = [
        ("plain", &root, None, &plain, "ok"),
        ("expired", &root, None, &expired, "ok"),
        ("by an intermediate", &root, Some(&below), &plain, "ok"),
        ("ca not valid yet", &late, None, &plain, "ca_validity"),
        ("ca may not certify", &silent, None, &plain, "key_usage"),
        ("ca for clients only", &client, None, &plain, "key_usage"),
        ("client", &root, None, &with_client, "key_usage"),
        ("client and server", &root, None, &with_server, "ok"),
        ("any usage", &root, None, &with_any, "ok"),
        (
            "critical in the leaf",
            &root,
            None,
            &with_critical,
            "critical_extension",
        ),
        (
            "critical in the ca",
            &odd,
            None,
            &plain,
            "critical_extension",
        ),
        (
            "path too long",
            &short,
            Some(&below_short),
            &plain,
            "path_length",
        ),
        ("path long enough", &short, None, &plain, "ok"),
        (
            "intermediate is no ca",
            &root,
            Some(&not_ca),
            &plain,
            "key_usage",
        ),
    ];
    for (name, root, intermediate, leaf, want) in cases {
        let pem = intermediate.unwrap_or(root).leaf(leaf);
        let intermediates: Vec<&str> = intermediate.iter().map(|ca| &*ca.pem).collect();
        assert_eq!(chain(&[&root.pem], &intermediates, &pem), want, "{name}");
    }
    assert_eq!(
        chain(&[&late.pem], &[], &root.leaf(&plain)),
        "unknown_authority"
    );
    assert_eq!(
        chain(&[&root.pem], &[], &below.leaf(&plain)),
        "unknown_authority"
    );
}

fn critical() -> CustomExtension {
    let mut extension = CustomExtension::from_oid_content(&[1, 2, 3, 4], vec![4, 0]);
    extension.set_criticality(true);
    extension
}

#[test]
fn exactly_one_chain_counts() {
    let root = Ca::root(ca_params("root"));
    let leaf = root.leaf(&params("leaf"));
    let twin = root.params.self_signed(&root.key).unwrap().pem();
    let mut other_serial = root.params.clone();
    other_serial.serial_number = Some(SerialNumber::from(77u64));
    let other_twin = other_serial.self_signed(&root.key).unwrap().pem();
    assert_eq!(chain(&[&root.pem, &root.pem], &[], &leaf), "ok");
    assert_eq!(
        chain(&[&root.pem, &other_twin], &[], &leaf),
        "multiple_chains"
    );
    assert_eq!(chain(&[&twin], &[], &leaf), "ok");

    let second = Ca::root(ca_params("second"));
    let below = root.intermediate(ca_params("below"));
    let crossed = second.certify(&below.params, &below.key);
    let leaf = below.leaf(&params("leaf"));
    assert_eq!(chain(&[&root.pem, &second.pem], &[&below.pem], &leaf), "ok");
    assert_eq!(
        chain(&[&root.pem, &second.pem], &[&below.pem, &crossed], &leaf),
        "multiple_chains"
    );
}

#[test]
fn cross_signed_intermediates_do_not_go_round() {
    let root = Ca::root(ca_params("root"));
    let a = root.intermediate(ca_params("a"));
    let b = root.intermediate(ca_params("b"));
    let a_by_b = b.certify(&a.params, &a.key);
    let b_by_a = a.certify(&b.params, &b.key);
    let leaf = a.leaf(&params("leaf"));
    assert_eq!(
        chain(&[&root.pem], &[&a_by_b, &b_by_a], &leaf),
        "unknown_authority"
    );
    assert_eq!(chain(&[&root.pem], &[&a.pem, &b_by_a], &leaf), "ok");
}

#[test]
fn a_search_for_chains_gives_up_in_time() {
    // twenty CAs of one name, each certified by all: without a limit this would not end
    let cas: Vec<Ca> = (0..20).map(|_| Ca::root(ca_params("same"))).collect();
    let crossed: Vec<String> = cas
        .iter()
        .flat_map(|by| cas.iter().map(|of| by.certify(&of.params, &of.key)))
        .collect();
    let crossed: Vec<&str> = crossed.iter().map(|pem| &**pem).collect();
    let leaf = cas[0].leaf(&params("leaf"));
    let root = Ca::root(ca_params("root"));
    let pool = TrustPool::new(
        [certificate(&root.pem)],
        crossed.iter().map(|pem| certificate(pem)),
    );
    assert_eq!(
        pool.unique_chain(&certificate(&leaf)),
        Err(MspError::SignatureLimit)
    );
}

#[test]
fn name_constraints_bind_what_is_below() {
    let mut constrained = ca_params("constrained");
    constrained.name_constraints = Some(NameConstraints {
        permitted_subtrees: vec![GeneralSubtree::DnsName("org1.example".to_owned())],
        excluded_subtrees: vec![GeneralSubtree::DnsName("bad.org1.example".to_owned())],
    });
    let ca = Ca::root(constrained);
    let with_name = |common_name: &str, dns: &[&str]| {
        let mut params = params(common_name);
        let names = dns
            .iter()
            .map(|name| SanType::DnsName((*name).try_into().unwrap()));
        params.subject_alt_names = names.collect();
        ca.leaf(&params)
    };
    let cases: &[(&str, &[&str], &str)] = &[
        ("Admin@org1", &[], "ok"),
        ("host.org1.example", &[], "name_constraint"),
        ("host.org1.example", &["a.org1.example"], "ok"),
        ("x", &["a.org1.example", "org2.example"], "name_constraint"),
        ("x", &["a.bad.org1.example"], "name_constraint"),
    ];
    for (common_name, dns, want) in cases {
        let leaf = with_name(common_name, dns);
        assert_eq!(
            chain(&[&ca.pem], &[], &leaf),
            *want,
            "{common_name} {dns:?}"
        );
    }
}

#[test]
fn certificates_are_normalised_to_low_s() {
    let root = Ca::root(ca_params("root"));
    let pool = TrustPool::new([certificate(&root.pem)], []);
    let mut changed = 0;
    for _ in 0..24 {
        let leaf = certificate(&root.leaf(&params("leaf")));
        let normal = chain::normalise(&leaf, &pool).unwrap();
        assert_eq!(chain::normalise(&normal, &pool).unwrap(), normal);
        assert_eq!(normal.check_signed_by(&certificate(&root.pem)), Ok(()));
        assert_eq!(normal.signed_part(), leaf.signed_part());
        changed += u32::from(normal != leaf);
    }
    assert!(
        (1..24).contains(&changed),
        "half of the signatures have high s: {changed}"
    );
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

fn role(role: Role) -> Principal {
    Principal::Role {
        msp_id: "Org1MSP".into(),
        role,
    }
}

#[test]
fn units_give_roles() {
    let ca = Ca::root(ca_params("root"));
    let msp = Arc::new(set_up(&msp_config(&ca), MspVersion::V1_4_3).unwrap());
    let msps = Msps::new([msp]);
    let read =
        |pem: &str| msps.deserialize(&serialized_identity(&"Org1MSP".into(), pem.as_bytes()));
    let all = [
        Role::Member,
        Role::Admin,
        Role::Client,
        Role::Peer,
        Role::Orderer,
    ];
    let cases: &[(&str, &[Role])] = &[
        ("admin", &[Role::Member, Role::Admin]),
        ("client", &[Role::Member, Role::Client]),
        ("peer", &[Role::Member, Role::Peer]),
        ("orderer", &[Role::Member, Role::Orderer]),
        ("Admin", &[]),
    ];
    for (unit, want) in cases {
        let identity = read(&ca.leaf(&with_unit("x", unit))).unwrap();
        let satisfied: Vec<Role> = all
            .into_iter()
            .filter(|r| msps.satisfies(&identity, &role(*r)).is_ok())
            .collect();
        assert_eq!(satisfied, *want, "{unit}");
        assert_eq!(
            identity.roles(),
            want.get(1..).unwrap_or_default(),
            "{unit}"
        );
        assert_eq!(identity.subject(), format!("OU={unit},CN=x"));
        let in_unit = |unit: &str| Principal::OrganizationUnit {
            msp_id: "Org1MSP".into(),
            unit: unit.to_owned(),
            certifiers: identity.certifiers().unwrap().to_vec().into(),
        };
        assert_eq!(
            identity.satisfies(&in_unit(unit)).is_ok(),
            !want.is_empty(),
            "{unit}"
        );
        assert!(identity.satisfies(&in_unit("other")).is_err());
    }
    let unknown = Ca::root(ca_params("unknown")).leaf(&with_unit("x", "admin"));
    assert_eq!(
        read(&unknown).unwrap_err().code(),
        "CHAIN_UNKNOWN_AUTHORITY"
    );
    assert_eq!(
        msps.deserialize(&serialized_identity(&"Org2MSP".into(), b""))
            .unwrap_err(),
        MspError::UnknownMsp("Org2MSP".into())
    );
}

#[test]
fn revocation_lists_revoke() {
    let ca = Ca::root(ca_params("root"));
    let stranger = Ca::root(ca_params("root"));
    let mut leaf = with_unit("x", "admin");
    leaf.serial_number = Some(SerialNumber::from(7u64));
    let pem = ca.leaf(&leaf);
    let cases = [
        ("listed", vec![ca.crl(7)], Err(MspError::Revoked)),
        ("another listed", vec![ca.crl(8)], Ok(())),
        ("listed by a stranger", vec![stranger.crl(7)], Ok(())),
        (
            "second list",
            vec![ca.crl(8), ca.crl(7)],
            Err(MspError::Revoked),
        ),
    ];
    for (name, lists, want) in cases {
        let mut config = msp_config(&ca);
        config.revocation_list = lists.into_iter().map(Into::into).collect();
        let msp = Arc::new(set_up(&config, MspVersion::V1_4_3).unwrap());
        let serialized = serialized_identity(msp.id(), pem.as_bytes());
        let identity = Msps::new([msp]).deserialize(&serialized).unwrap();
        assert_eq!(identity.validate(), want, "{name}");
        assert_eq!(identity.satisfies(&role(Role::Admin)), want, "{name}");
    }
    let mut config = msp_config(&ca);
    config.revocation_list = vec![b"-----BEGIN X509 CRL-----".to_vec().into()];
    let failure = set_up(&config, MspVersion::V1_4_3).unwrap_err();
    assert_eq!(failure, MspError::BadCrl.at(Place::RevocationList(0)));
    assert_eq!(
        failure.to_string(),
        "revocation_list[0]: malformed revocation list"
    );
}

#[test]
fn a_definition_says_what_is_wrong_and_where() {
    let ca = Ca::root(ca_params("root"));
    let leaf = ca.leaf(&with_unit("x", "peer"));
    let good = msp_config(&ca);
    let mut no_roots = good.clone();
    no_roots.root_certs.clear();
    let mut leaf_as_root = good.clone();
    leaf_as_root.root_certs.push(leaf.clone().into());
    let mut peer_as_admin = good.clone();
    peer_as_admin.admins = vec![leaf.clone().into()];
    let mut no_admin = good.clone();
    no_admin
        .fabric_node_ous
        .as_mut()
        .unwrap()
        .admin_ou_identifier = None;
    let mut strange_unit = good.clone();
    let node_ous = strange_unit.fabric_node_ous.as_mut().unwrap();
    let stranger = Ca::root(ca_params("stranger"));
    node_ous.peer_ou_identifier.as_mut().unwrap().certificate = stranger.pem.into();
    let cases = [
        ("good", &good, None),
        ("no roots", &no_roots, Some(MspError::NoRootCerts)),
        (
            "leaf as root",
            &leaf_as_root,
            Some(MspError::NotSelfSignedRoot.at(Place::RootCert(1))),
        ),
        (
            "peer as admin",
            &peer_as_admin,
            Some(MspError::BadAdmin.at(Place::Admin(0))),
        ),
        ("no admin", &no_admin, Some(MspError::NoAdmins)),
        (
            "unknown ca of a unit",
            &strange_unit,
            Some(MspError::OuCertUnknown.at(Place::NodeOu(Role::Peer))),
        ),
    ];
    for (name, config, want) in cases {
        let got = set_up(config, MspVersion::V1_4_3).err();
        assert_eq!(got, want, "{name}");
    }
    assert_eq!(
        Msp::setup(&[0x08, 0x07], MspVersion::V1_4_3).unwrap_err(),
        MspError::UnsupportedMspType(7)
    );
}

#[test]
fn idemix_may_be_there_but_nobody_belongs_to_it() {
    let issuer_key: Vec<u8> = ["OU", "Role", "EnrollmentId", "RevocationHandle"]
        .iter()
        .flat_map(|name| [&[0x0a, u8::try_from(name.len()).unwrap()], name.as_bytes()].concat())
        .collect();
    let key = KeyPair::generate().unwrap();
    let inner = wire_msp::IdemixMspConfig {
        name: "IdemixMSP".to_owned(),
        ipk: issuer_key.into(),
        revocation_pk: key.public_key_pem().into(),
        ..Default::default()
    };
    let config = wire_msp::MspConfig {
        r#type: 1,
        config: inner.encode_to_vec().into(),
    }
    .encode_to_vec();
    for version in [MspVersion::V1_1, MspVersion::V1_3, MspVersion::V1_4_3] {
        let msp = Msp::setup(&config, version).unwrap();
        assert!(msp.is_idemix());
        assert_eq!(msp.id().as_str(), "IdemixMSP");
        let msps = Msps::new([Arc::new(msp)]);
        let who = msps.deserialize(&serialized_identity(&"IdemixMSP".into(), b"x"));
        assert_eq!(who.unwrap_err().code(), "IDEMIX_UNSUPPORTED");
    }
    for version in [MspVersion::V1_0, MspVersion::V3_0] {
        assert_eq!(
            Msp::setup(&config, version).unwrap_err().code(),
            "UNSUPPORTED_MSP_TYPE"
        );
    }
}

#[test]
fn signatures_are_low_s_and_verify() {
    let ca = Ca::root(ca_params("root"));
    let key = KeyPair::generate().unwrap();
    let pem = ca.certify(&with_unit("x", "admin"), &key);
    let id = MspId::from("Org1MSP");
    let random = Arc::new(SystemRandom::new());
    let signer =
        P256Signer::new(&id, pem.as_bytes(), key.serialize_pem().as_bytes(), random).unwrap();
    let msp = Arc::new(set_up(&msp_config(&ca), MspVersion::V1_4_3).unwrap());
    let identity = Msps::new([msp])
        .deserialize(signer.serialized_identity())
        .unwrap();
    for _ in 0..16 {
        let signature = signer.sign(b"some message").unwrap();
        assert_eq!(identity.verify(&[b"some ", b"message"], &signature), Ok(()));
        assert_eq!(
            identity.verify(&[b"another"], &signature),
            Err(MspError::BadSignature)
        );
    }
    assert_eq!(format!("{signer:?}"), "P256Signer { .. }");
    assert_eq!(
        identity.not_after(),
        expires_at(signer.serialized_identity()).unwrap()
    );
    let random = Arc::new(SystemRandom::new());
    assert_eq!(
        P256Signer::new(&id, b"", b"x", random).unwrap_err(),
        SignerError::Key
    );
}

fn principal(class: i32, content: Vec<u8>) -> Vec<u8> {
    common::MspPrincipal {
        principal_classification: class,
        principal: content.into(),
    }
    .encode_to_vec()
}

fn combined(parts: &[Vec<u8>]) -> Vec<u8> {
    let mut content = Vec::new();
    parts
        .iter()
        .for_each(|part| write::message(&mut content, 1, part));
    principal(4, content)
}

#[test]
fn principals_are_read_flat_and_shown_short() {
    let admin = principal(
        0,
        common::MspRole {
            msp_identifier: "A".into(),
            role: 1,
        }
        .encode_to_vec(),
    );
    let unit = common::OrganizationUnit {
        msp_identifier: "B".into(),
        organizational_unit_identifier: "eng".into(),
        ..Default::default()
    };
    let unit = principal(1, unit.encode_to_vec());
    let cases = [
        (admin.clone(), "A.admin", Some("A")),
        (unit.clone(), "B ou eng", Some("B")),
        (principal(3, vec![]), "any named identity", None),
        (principal(3, vec![8, 1]), "anonymous identity", None),
        (principal(9, vec![]), "unknown principal of class 9", None),
        (
            principal(0, vec![0xff]),
            "unknown principal of class 0",
            None,
        ),
        (vec![0xff], "unknown principal of class -1", None),
        (combined(&[]), "unknown principal of class 4", None),
        (
            combined(&[admin.clone(), combined(&[])]),
            "unknown principal of class 4",
            None,
        ),
        (
            combined(&[principal(3, vec![]), unit.clone()]),
            "any named identity and B ou eng",
            Some("B"),
        ),
        (
            combined(&[combined(&[admin]), unit]),
            "B ou eng and A.admin",
            Some("B"),
        ),
    ];
    for (bytes, text, msp_id) in cases {
        let parsed = Principal::parse(&bytes);
        assert_eq!(parsed.to_string(), text);
        assert_eq!(parsed.msp_id().map(MspId::as_str), msp_id, "{text}");
    }
}

#[test]
fn deeply_combined_principals_do_not_recurse() {
    let innermost = principal(
        0,
        common::MspRole {
            msp_identifier: "A".into(),
            role: 0,
        }
        .encode_to_vec(),
    );
    let mut bytes = innermost;
    for _ in 0..5_000 {
        bytes = combined(&[bytes]);
    }
    assert_eq!(Principal::parse(&bytes).to_string(), "A.member");
}

/// A real definition with intermediates, to be damaged.
const DEFINITION: &[u8] = include_bytes!("../../tests/vectors/msps/nodeou-ica.pb");

proptest! {
    #[test]
    fn damaged_definitions_never_panic(at in 0..DEFINITION.len(), byte in any::<u8>(), cut in 0..40usize) {
        let mut damaged = DEFINITION.to_vec();
        damaged[at] = byte;
        damaged.drain(at..(at + cut / 8).min(DEFINITION.len()));
        let _ = Msp::setup(&damaged, MspVersion::V3_0).map_err(|why| why.to_string());
    }

    #[test]
    fn damaged_certificates_never_panic(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let config = wire_msp::MspConfig::decode(DEFINITION).unwrap();
        let config = wire_msp::FabricMspConfig::decode(config.config).unwrap();
        let mut der = Certificate::from_pem(&config.intermediate_certs[0]).unwrap().der().to_vec();
        let at = at.index(der.len());
        der[at] = byte;
        if let Ok(damaged) = Certificate::from_der(der) {
            let pool = TrustPool::new([Certificate::from_pem(&config.root_certs[0]).unwrap()], [damaged.clone()]);
            let _ = chain::normalise(&damaged, &pool);
            let _ = format!("{damaged:?} {}", damaged.issuer());
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Certificate::from_der(bytes.clone());
        let _ = crl::Crl::read(&bytes);
        let _ = Msp::setup(&bytes, MspVersion::V1_4_3);
        let _ = expires_at(&bytes);
        let parsed = Principal::parse(&bytes);
        let _ = (parsed.to_string(), parsed.msp_id());
        let _ = Msps::default().deserialize(&bytes);
    }
}
