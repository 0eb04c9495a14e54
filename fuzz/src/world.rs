//! The channel that inputs meet.

use std::sync::LazyLock;

use bytes::Bytes;
use cmscc::{
    config::{Bundle, ConfigTree},
    identity::{Identity, serialized_identity},
};

/// A channel of two organisations, as a real network has it.
pub(super) static BUNDLE: LazyLock<Bundle> = LazyLock::new(|| {
    let bytes = include_bytes!("../../tests/vectors/configs/b-base.pb");
    let config = ConfigTree::parse(Bytes::from_static(bytes)).unwrap();
    Bundle::new(&"vec-channel".into(), config).unwrap()
});

/// Members of the channel: certificates that its own MSPs name as roots are identities too.
pub(super) static IDENTITIES: LazyLock<Vec<Identity>> = LazyLock::new(|| {
    let pool = include_str!("../../tests/vectors/identities.json");
    let mut identities = Vec::new();
    for (org, name) in [
        ("Org1", "admin1"),
        ("Org1", "peer1"),
        ("Org2", "admin1"),
        ("Org2", "client1"),
    ] {
        let pem = pem_of(pool, &format!("{org}/{name}"));
        let serialized = serialized_identity(&format!("{org}MSP").as_str().into(), pem.as_bytes());
        identities.push(BUNDLE.msps().deserialize(&serialized).unwrap());
    }
    identities
});

/// The certificate of an identity, from the text of the pool.
fn pem_of(pool: &str, name: &str) -> String {
    let (_, rest) = pool.split_once(&format!("\"{name}\":")).unwrap();
    let (_, rest) = rest.split_once("-----BEGIN CERTIFICATE-----").unwrap();
    let (body, _) = rest.split_once("-----END CERTIFICATE-----").unwrap();
    let body = body.replace("\\n", "\n");
    format!("-----BEGIN CERTIFICATE-----{body}-----END CERTIFICATE-----\n")
}
