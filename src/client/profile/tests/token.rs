//! Keys in tokens: which places count, and which do not.

use super::{Machine, text};
use crate::client::{
    Setting, TokenPin,
    keys::{IdentitySource, KeyIdMapping, TokenSettings},
    profile::{capture_profile, survey},
};

const SKI: &str = "dca6bda0ce733765781d777d01503ba8f14304f3ac0ed1755e39c75a47f09dec";

/// The environment of an administrator whose key is in a token.
fn with_token() -> Machine {
    Machine::test_network()
        .set("CORE_PEER_BCCSP_DEFAULT", "PKCS11")
        .set("CORE_PEER_BCCSP_PKCS11_LIBRARY", "/lib/p11.so")
        .set("CORE_PEER_BCCSP_PKCS11_LABEL", "org1")
        .set("CORE_PEER_BCCSP_PKCS11_PIN", "2222")
}

fn token(machine: &Machine) -> TokenSettings {
    match machine.settings().identity {
        IdentitySource::Token { token, .. } => token,
        other => panic!("{other}"),
    }
}

fn plain() -> TokenSettings {
    TokenSettings {
        library: "/lib/p11.so".into(),
        label: "org1".to_owned(),
        pin: Some(TokenPin::new("2222")),
        alt_id: None,
        key_ids: Vec::new(),
    }
}

#[test]
fn the_environment_of_peer_is_enough() {
    let machine = with_token();
    let (settings, origins) = machine.resolve().unwrap();
    let certificate = "/org1/msp/signcerts".into();
    let token = plain();
    assert_eq!(
        settings.identity,
        IdentitySource::Token { certificate, token }
    );
    // the PIN is nowhere to be seen
    let shown = format!("{settings:?} {origins:?} {}", settings.identity);
    assert!(
        !shown.contains("2222") && shown.contains("(not shown)"),
        "{shown}"
    );
    let origin = origins.of(Setting::TokenSecret).unwrap();
    assert_eq!(origin.to_string(), "CORE_PEER_BCCSP_PKCS11_PIN");
    let survey = machine.with(survey);
    assert!(survey.problems.is_empty() && !format!("{survey:?}").contains("2222"));
}

#[test]
fn the_file_of_peer_is_enough() {
    let core = format!(
        "peer:\n  BCCSP:\n    Default: PKCS11\n    PKCS11:\n      Library: /lib/p11.so\n      Label: org1\n      \
         Pin: 2222\n      Hash: SHA2\n      Security: 256\n      SoftwareVerify:\n      Immutable: false\n      \
         AltID: all\n      KeyIds:\n        - SKI: {SKI}\n          ID: one\n"
    );
    let machine = Machine::test_network()
        .set("FABRIC_CFG_PATH", "/cfg")
        .file("/cfg/core.yaml", &core);
    let of_file = TokenSettings {
        alt_id: text("all"),
        key_ids: vec![KeyIdMapping {
            ski: SKI.to_owned(),
            id: "one".to_owned(),
        }],
        ..plain()
    };
    assert_eq!(token(&machine), of_file);
    // a variable counts before the file, as with `peer`, and the rest is still the file's
    let other = machine
        .clone()
        .set("CORE_PEER_BCCSP_PKCS11_LABEL", "org2")
        .set(
            "CORE_PEER_BCCSP_PKCS11_KEYIDS",
            &format!("{} a,{SKI} b", SKI.to_uppercase()),
        );
    let other = token(&other);
    assert_eq!((&*other.label, &other.pin), ("org2", &of_file.pin));
    let ids: Vec<_> = other.key_ids.iter().map(|id| (&*id.ski, &*id.id)).collect();
    assert_eq!(ids, [(SKI, "a"), (SKI, "b")]);
    // what `peer` is told in its environment
    let files = machine.set("CORE_PEER_BCCSP_DEFAULT", "SW").settings();
    assert_eq!(
        files.identity,
        IdentitySource::MspFolder("/org1/msp".into())
    );
}

#[test]
fn a_profile_keeps_a_token_without_its_pin() {
    let machine = with_token().set("CORE_PEER_BCCSP_PKCS11_ALTID", "all");
    let profile = machine.with(capture_profile).unwrap();
    assert_eq!(profile.bccsp, text("PKCS11"));
    assert!(!format!("{profile:?}").contains("2222"));
    let mut file = crate::client::ProfileFile::default();
    file.set("org1", &profile).unwrap();
    let kept = file.text();
    assert!(!kept.contains("2222"), "{kept}");
    let alone = Machine::new().profiles(&kept);
    let without_pin = TokenSettings {
        pin: None,
        alt_id: text("all"),
        ..plain()
    };
    assert_eq!(token(&alone), without_pin);
    // one's own variable gives it
    let given = token(&alone.set("CMSCC_PKCS11_PIN", "3333"));
    assert_eq!(given.pin, Some(TokenPin::new("3333")));
}

/// A PIN that is tried at another token counts there as a wrong one.
#[test]
fn what_is_said_of_another_token_does_not_count() {
    let profile = "[profiles.p]\nmsp_folder = \"/p/msp\"\nbccsp = \"PKCS11\"\n\
                   [profiles.p.pkcs11]\nlibrary = \"p.so\"\nlabel = \"p\"\n";
    let machine = with_token()
        .set("CORE_PEER_BCCSP_PKCS11_ALTID", "all")
        .set("CMSCC_PROFILE", "p")
        .profiles(profile);
    let of_profile = TokenSettings {
        library: "p.so".into(),
        label: "p".to_owned(),
        pin: None,
        ..plain()
    };
    assert_eq!(token(&machine), of_profile);
    let found = token(&machine.set("CMSCC_PKCS11_PIN", "3333"));
    assert_eq!(found.pin, Some(TokenPin::new("3333")));
}

#[test]
fn a_key_that_is_named_nearer_is_a_file() {
    let folder = |path: &str| IdentitySource::MspFolder(path.into());
    let profile = "[profiles.p]\nmsp_folder = \"/p/msp\"\n";
    let named = with_token().set("CMSCC_PROFILE", "p").profiles(profile);
    assert_eq!(named.settings().identity, folder("/p/msp"));
    let flag = with_token().flags(|flags| flags.msp_folder = text("/flag/msp"));
    assert_eq!(flag.settings().identity, folder("/flag/msp"));
    let key = with_token().set("CMSCC_KEY", "/key.pem").settings();
    let certificate = "/org1/msp/signcerts".into();
    let key_file = "/key.pem".into();
    assert_eq!(
        key.identity,
        IdentitySource::Files {
            certificate,
            key: key_file
        }
    );
    assert_eq!(
        with_token().set("CMSCC_BCCSP", "sw").settings().identity,
        folder("/org1/msp")
    );
    // both are said there: the token
    let both = with_token()
        .set("CMSCC_BCCSP", "PKCS11")
        .set("CMSCC_MSP_FOLDER", "/own/msp");
    assert_eq!(token(&both), plain());
}

#[test]
fn what_is_wrong_is_told_without_the_pin() {
    for (name, value, said) in [
        (
            "CORE_PEER_BCCSP_DEFAULT",
            "GM",
            "the place of keys of CORE_PEER_BCCSP_DEFAULT is `GM`: there are SW and PKCS11",
        ),
        (
            "CORE_PEER_BCCSP_PKCS11_HASH",
            "MD5",
            "the hash of the token of CORE_PEER_BCCSP_PKCS11_HASH is `MD5`: there are SHA2 and SHA3",
        ),
        (
            "CORE_PEER_BCCSP_PKCS11_SECURITY",
            "512",
            "the security level of the token of CORE_PEER_BCCSP_PKCS11_SECURITY is `512`: there are 256 and 384",
        ),
        (
            "CORE_PEER_BCCSP_PKCS11_IMMUTABLE",
            "maybe",
            "the protection of the token's keys of CORE_PEER_BCCSP_PKCS11_IMMUTABLE is `maybe`: it is true or false",
        ),
        (
            "CMSCC_PKCS11_KEYIDS",
            "1 2",
            "the list of ids of the token's keys of CMSCC_PKCS11_KEYIDS is `1 2`: it is a list such as \
             `SKI ID, SKI ID`, each SKI 64 hex digits",
        ),
    ] {
        let errors = with_token().set(name, value).errors();
        assert_eq!(errors, [said], "{name}");
    }
    let fine = with_token()
        .set("CORE_PEER_BCCSP_PKCS11_HASH", "SHA3")
        .set("CORE_PEER_BCCSP_PKCS11_SECURITY", "384")
        .set("CORE_PEER_BCCSP_PKCS11_SOFTWAREVERIFY", "1")
        .set("CORE_PEER_BCCSP_PKCS11_IMMUTABLE", "True");
    assert_eq!(token(&fine), plain());
    let none = with_token()
        .set("CORE_PEER_BCCSP_PKCS11_LIBRARY", "")
        .errors();
    assert_eq!(none, ["a PKCS#11 library is not given"]);
    let none = with_token().set("CORE_PEER_MSPCONFIGPATH", "").errors();
    assert_eq!(none, ["an MSP folder is not given"]);
}
