//! Keys of every kind before a real peer, with the settings that its command line has.

use std::{collections::BTreeMap, fs};

use cmscc::client::{
    ClientError, NetworkFlags, OwnIdentity, PeerConnection, Surroundings, resolve,
};
use rcgen::{CertificateParams, KeyPair};
use tokio::runtime::Runtime;

use super::{CHANNEL, net::Net, text};
use crate::contract::people::certified;

/// The height of the channel, as an identity of Org1 gets to know it: the folder is its MSP folder.
fn height(net: &Net, folder: &str) -> Result<u64, ClientError> {
    let variables: BTreeMap<&str, String> = BTreeMap::from([
        ("HOME", text(&net.work("home")).to_owned()),
        ("CORE_PEER_ADDRESS", net.address("org1", 1)),
        ("CORE_PEER_LOCALMSPID", "Org1MSP".to_owned()),
        ("CORE_PEER_MSPCONFIGPATH", folder.to_owned()),
        ("CORE_PEER_TLS_ENABLED", "true".to_owned()),
        (
            "CORE_PEER_TLS_ROOTCERT_FILE",
            text(&net.peer_tls("org1").join("ca.crt")).to_owned(),
        ),
        ("CHANNEL_NAME", CHANNEL.to_owned()),
    ]);
    let resolved = resolve(&Surroundings {
        flags: &NetworkFlags::default(),
        variable: &|name| variables.get(name).cloned(),
        read: &|path| fs::read(path),
    });
    let (settings, _) = resolved.unwrap();
    let identity = OwnIdentity::open(&settings.msp_id, &settings.identity, &|_| Ok(None))?;
    let runtime = Runtime::new().unwrap();
    runtime.block_on(async {
        let connection = PeerConnection::new(&settings, identity)?;
        connection.height().await
    })
}

#[test]
fn every_kind_of_key_is_taken() {
    // Ed25519 needs a channel of V3_0
    let Some(net) = Net::up_with(350, &[("CAPS", "v3")]) else {
        return;
    };
    let crypto = net.root().join("crypto");
    let org1 = crypto.join("peerOrganizations/org1.example.com/users");
    let by_cryptogen = org1.join("Admin@org1.example.com/msp");
    assert!(height(&net, text(&by_cryptogen)).unwrap() > 0);

    let now = cmscc::client::now().seconds;
    for (name, algorithm) in [
        ("p256", &rcgen::PKCS_ECDSA_P256_SHA256),
        ("p384", &rcgen::PKCS_ECDSA_P384_SHA384),
        ("ed25519", &rcgen::PKCS_ED25519),
    ] {
        let key = KeyPair::generate_for(algorithm).unwrap();
        let mut leaf = CertificateParams::default();
        leaf.not_before = time::OffsetDateTime::from_unix_timestamp(now - 60).unwrap();
        let who = (name, Some("client"));
        let certificate = certified(&crypto, "Org1MSP", leaf, who, &key);
        let folder = net.work(name);
        for (part, content) in [
            ("signcerts", certificate),
            ("keystore", key.serialize_pem()),
        ] {
            fs::create_dir_all(folder.join(part)).unwrap();
            fs::write(folder.join(part).join("any name"), content).unwrap();
        }
        // each several times: half of all ECDSA signatures would have a high S
        for _ in 0..8 {
            let found = height(&net, text(&folder));
            assert!(
                found.as_ref().is_ok_and(|height| *height > 0),
                "{name}: {found:?}"
            );
        }
    }
}
