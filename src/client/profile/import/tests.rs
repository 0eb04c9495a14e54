//! Connection profiles and wallets, in memory.

use std::io::ErrorKind;

use ring::rand::SystemRandom;
use serde_json::json;

use super::*;
use crate::{
    client::profile::{Profile, ProfilePeer},
    identity::Certificate,
    ids::Digest,
};

const CA: &str = include_str!("../../../../tests/keys/p256.crt");
const OTHER_CA: &str = include_str!("../../../../tests/keys/p384.crt");
const KEY: &str = include_str!("../../../../tests/keys/p256-pkcs8.pem");

fn made(
    text: &str,
    organization: Option<&str>,
    wallet: Option<&Wallet>,
) -> Result<ImportedProfile, ClientError> {
    let read = |path: &Path| match path == Path::new("/in/ca.pem") {
        true => Ok(OTHER_CA.as_bytes().to_vec()),
        false => Err(io::Error::from(ErrorKind::NotFound)),
    };
    import_profile(
        Some("new"),
        text.as_bytes(),
        Path::new("/in"),
        organization,
        wallet,
        &read,
    )
}

/// As Fabric's test network writes it.
fn test_network() -> serde_json::Value {
    json!({
        "name": "test-network-org1",
        "version": "1.0.0",
        "client": {"organization": "Org1", "connection": {"timeout": {"peer": {"endorser": "300"}}}},
        "organizations": {
            "Org1": {
                "mspid": "Org1MSP",
                "peers": ["peer0.org1.example.com"],
                "certificateAuthorities": ["ca.org1.example.com"],
            },
        },
        "peers": {
            "peer0.org1.example.com": {
                "url": "grpcs://localhost:7051",
                "tlsCACerts": {"pem": CA},
                "grpcOptions": {
                    "ssl-target-name-override": "peer0.org1.example.com",
                    "hostnameOverride": "peer0.org1.example.com",
                },
            },
        },
        "certificateAuthorities": {
            "ca.org1.example.com": {"tlsCACerts": {"pem": [CA]}, "httpOptions": {"verify": false}},
        },
    })
}

fn text(value: &str) -> Option<String> {
    Some(value.to_owned())
}

#[test]
fn connection_profiles_become_profiles() {
    let imported = made(&test_network().to_string(), None, None).unwrap();
    let profile = Profile {
        msp_id: text("Org1MSP"),
        tls_root_cert: text("profiles/new/peers-ca.pem"),
        peers: vec![ProfilePeer {
            address: "localhost:7051".to_owned(),
            tls: Some(true),
            tls_root_cert: None,
            server_name: text("peer0.org1.example.com"),
        }],
        ..Profile::default()
    };
    assert_eq!(imported.profile, profile);
    let certificate = Certificate::from_pem(CA.as_bytes()).unwrap();
    assert_eq!(
        imported.authorities,
        [ImportedAuthority {
            of: "peers",
            subject: certificate.subject(),
            fingerprint: Digest::of(certificate.der()),
        }]
    );
    assert_eq!(imported.files.len(), 1);
    assert_eq!(imported.files[0].name, "peers-ca.pem");
    assert_eq!(imported.files[0].content, certificate.pem().as_bytes());
    assert_eq!(imported.notes.len(), 2);
    let read = |_: &Path| Err(io::Error::from(ErrorKind::NotFound));
    let text = test_network().to_string();
    let unnamed = import_profile(None, text.as_bytes(), Path::new(""), None, None, &read).unwrap();
    assert_eq!(unnamed.name, "org1");
}

#[test]
fn yaml_with_lists_paths_and_orderers() {
    let yaml = format!(
        "
channels:
  _default: {{}}
  mychannel:
    orderers: [o2]
organizations:
  A: {{mspid: AMSP, peers: [p1, p2, gone], adminPrivateKey: {{path: /etc/passwd}}}}
  B: {{mspid: BMSP, peers: [p3]}}
peers:
  p1: {{url: 'grpcs://p1:7051', tlsCACerts: {{pem: [\"{ca}\"]}}}}
  p2: {{url: 'p2:7051', tlsCACerts: {{path: ca.pem}}, grpcOptions: {{hostnameOverride: p2}}}}
  p3: {{url: 'grpc://p3:7051'}}
orderers:
  o1: {{url: 'grpc://o1:7050'}}
  o2: {{url: 'grpc://o2:7050'}}
hooks: [{{exec: rm}}]
trust_anchor: evil.block
",
        ca = CA.replace('\n', "\\n")
    );
    let imported = made(&yaml, Some("A"), None).unwrap();
    let profile = &imported.profile;
    assert_eq!(profile.channel, text("mychannel"));
    assert_eq!(profile.msp_id, text("AMSP"));
    let addresses: Vec<_> = profile
        .peers
        .iter()
        .map(|peer| peer.address.as_str())
        .collect();
    assert_eq!(addresses, ["p1:7051", "p2:7051"]);
    assert_eq!(profile.peers[1].server_name, None, "it is the host already");
    assert_eq!(imported.authorities.len(), 2);
    let orderer = profile.orderer.as_ref().unwrap();
    assert_eq!(
        (orderer.address.as_str(), orderer.tls),
        ("o2:7050", Some(false))
    );
    assert_eq!(profile.trust_anchor, None);
    assert!(imported.notes.iter().any(|note| note.contains("`gone`")));

    // by the MSP id, too
    let other = made(&yaml, Some("BMSP"), None).unwrap();
    assert_eq!(other.profile.peers[0].tls, Some(false));
    assert_eq!(other.profile.tls_root_cert, None);
}

#[test]
fn what_is_wrong_is_said() {
    let with = |path: &str, value: serde_json::Value| {
        let mut all = test_network();
        *all.pointer_mut(path).unwrap() = value;
        all.to_string()
    };
    let peer = "/peers/peer0.org1.example.com";
    for (text, organization, said) in [
        ("x: [".to_owned(), None, "it is no connection profile: "),
        ("{\"a\":".to_owned(), None, "it is no connection profile: "),
        ("a: 1".to_owned(), None, "it has no organizations"),
        (
            test_network().to_string(),
            Some("Org2"),
            "there is no organization `Org2` in it",
        ),
        (
            with("/client", json!({})).replace("\"Org1\":", "\"Org0\":{},\"Org1\":"),
            None,
            "it has several organizations",
        ),
        (
            with("/organizations/Org1/peers", json!([])),
            None,
            "`Org1` has no peers in it",
        ),
        (
            with(&format!("{peer}/url"), json!("https://h:1")),
            None,
            "of kind `https`",
        ),
        (
            with(&format!("{peer}/url"), json!("grpcs://h")),
            None,
            "names no port",
        ),
        (
            with(&format!("{peer}/tlsCACerts"), json!({})),
            None,
            "no CA of it is given",
        ),
        (
            with(&format!("{peer}/tlsCACerts"), json!({"path": "no.pem"})),
            None,
            "`no.pem` cannot be read: it does not exist",
        ),
        (
            with(&format!("{peer}/tlsCACerts"), json!({"pem": KEY})),
            None,
            "the CA of peer `peer0.org1.example.com`: ",
        ),
    ] {
        let error = made(&text, organization, None).unwrap_err();
        assert_eq!(error.symbol, "IMPORT_INVALID");
        assert!(error.message.contains(said), "{error}");
        assert!(!error.message.contains("BEGIN"), "{error}");
    }
}

#[test]
fn wallets_bring_the_identity() {
    let wallet = |certificate: &str, key: Option<&str>, kind: &str| {
        let file = json!({
            "credentials": {"certificate": certificate, "privateKey": key},
            "mspId": "Org1MSP", "type": kind, "version": 1,
        });
        Wallet::parse(file.to_string().as_bytes(), &SystemRandom::new())
    };
    let own = wallet(CA, Some(KEY), "X.509").unwrap();
    assert_eq!(format!("{own:?}"), "Wallet { msp_id: \"Org1MSP\", .. }");
    let imported = made(&test_network().to_string(), None, Some(&own)).unwrap();
    assert_eq!(imported.profile.certificate, text("profiles/new/cert.pem"));
    assert_eq!(imported.profile.key, text("profiles/new/key.pem"));
    let key = imported
        .files
        .iter()
        .find(|file| file.name == "key.pem")
        .unwrap();
    assert_eq!(key.content, KEY.as_bytes());
    assert!(!format!("{imported:?}").contains("PRIVATE"));

    let hardware = wallet(CA, None, "HSM-X.509").unwrap();
    let imported = made(&test_network().to_string(), None, Some(&hardware)).unwrap();
    assert_eq!(imported.profile.key, None);
    assert!(
        imported
            .notes
            .iter()
            .any(|note| note.contains("in hardware"))
    );

    let of_other = test_network().to_string().replace("Org1MSP", "Org2MSP");
    let error = made(&of_other, None, Some(&own)).unwrap_err();
    assert_eq!(
        error.message,
        "the wallet's identity is of `Org1MSP`, the organization is `Org2MSP`"
    );
    for (wallet, said) in [
        (
            wallet(OTHER_CA, Some(KEY), "X.509"),
            "the key in the wallet is not that of its certificate",
        ),
        (
            wallet("x", Some(KEY), "X.509"),
            "the certificate in the wallet: ",
        ),
        (
            wallet(CA, Some("x"), "X.509"),
            "the key in the wallet: no private key",
        ),
        (
            wallet(CA, Some(KEY), "Idemix"),
            "of kind `Idemix`, not X.509",
        ),
        (
            Wallet::parse(b"{\"credentials\": \"secret\"}", &SystemRandom::new()),
            "it is no identity of a wallet: line 1, column 24",
        ),
    ] {
        let error = wallet.unwrap_err();
        assert!(error.message.contains(said), "{error}");
        assert!(!error.message.contains("secret"), "{error}");
    }
}
