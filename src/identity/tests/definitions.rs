//! Definitions of MSPs, and what they say of identities.

use std::sync::Arc;

use ring::rand::SystemRandom;

use super::*;
use crate::crypto::private_key::{PrivateKey, PrivateKeyError};

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

/// An issuer's key with all its parts, on no curve.
fn issuer_key() -> Vec<u8> {
    let field = |out: &mut Vec<u8>, number: u32, content: &[u8]| {
        write::message(out, number, content);
    };
    let point = |coordinates: u32| {
        let mut point = Vec::new();
        (1..=coordinates).for_each(|c| field(&mut point, c, &[7; 32]));
        point
    };
    let mut key = Vec::new();
    for name in ["OU", "Role", "EnrollmentID", "RevocationHandle"] {
        field(&mut key, 1, name.as_bytes());
        field(&mut key, 4, &point(2));
    }
    [2, 3, 6, 7]
        .iter()
        .for_each(|number| field(&mut key, *number, &point(2)));
    field(&mut key, 5, &point(4));
    [8, 9]
        .iter()
        .for_each(|number| field(&mut key, *number, &[7; 32]));
    key
}

#[test]
fn idemix_may_be_there_but_nobody_belongs_to_it() {
    let key = KeyPair::generate().unwrap();
    let inner = wire_msp::IdemixMspConfig {
        name: "IdemixMSP".to_owned(),
        ipk: issuer_key().into(),
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
    for (version, said) in [
        (MspVersion::V1_0, "has none of the capabilities for it"),
        (
            MspVersion::V3_0,
            "the channel capability V3_0 takes X.509 alone",
        ),
    ] {
        let why = Msp::setup(&config, version).unwrap_err();
        assert_eq!(why.code(), "UNSUPPORTED_MSP_TYPE");
        assert!(why.to_string().contains(said), "{why}");
    }
}

/// Of every kind of key, in an MSP whose CA has one of the same kind.
#[test]
fn every_kind_of_key_signs_for_its_identity() {
    for algorithm in [
        &rcgen::PKCS_ECDSA_P256_SHA256,
        &rcgen::PKCS_ECDSA_P384_SHA384,
        &rcgen::PKCS_ED25519,
    ] {
        let key = || KeyPair::generate_for(algorithm).unwrap();
        let ca = Ca::root_of(ca_params("root"), key());
        let own = key();
        let pem = ca.certify(&with_unit("x", "admin"), &own);
        let text = format!("subject=x\n{pem}some more text");
        let certificate = Certificate::from_pem(text.as_bytes()).unwrap();
        let random = Arc::new(SystemRandom::new());
        let read = |key: &KeyPair| PrivateKey::read(key.serialize_pem().as_bytes(), &*random);
        let id = MspId::from("Org1MSP");
        let signer = KeySigner::new(&id, &certificate, read(&own).unwrap(), random.clone());
        let signer = signer.unwrap();
        let msp = set_up(&msp_config(&ca), MspVersion::V3_0).unwrap();
        let identity = Msps::new([Arc::new(msp)])
            .deserialize(signer.serialized_identity())
            .unwrap();
        let signature = signer.sign(b"some message").unwrap();
        assert_eq!(identity.verify(&[b"some message"], &signature), Ok(()));
        let parts = serialized_identity(&id, certificate.pem().as_bytes());
        assert_eq!(signer.serialized_identity(), parts);
        // as Fabric knows the certificate, whoever signed it
        assert_eq!(
            certificate.with_low_s_alone(),
            *identity.certificate(),
            "{algorithm:?}"
        );
        let other = KeySigner::new(&id, &certificate, read(&key()).unwrap(), random.clone());
        assert_eq!(other.unwrap_err(), SignerError::Mismatch);
        assert_eq!(format!("{signer:?}"), "KeySigner { .. }");
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
        KeySigner::unchecked(&id, pem.as_bytes(), key.serialize_pem().as_bytes(), random).unwrap();
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
    assert_eq!(format!("{signer:?}"), "KeySigner { .. }");
    assert_eq!(
        identity.not_after(),
        expires_at(signer.serialized_identity()).unwrap()
    );
    let random = Arc::new(SystemRandom::new());
    assert_eq!(
        KeySigner::unchecked(&id, b"", b"x", random).unwrap_err(),
        SignerError::Key(PrivateKeyError::NotAKey)
    );
}
