//! An organisation's public half.

use bytes::Bytes;
use prost::Message;

use super::ca::CertificateRole;
use crate::{ids::MspId, proto::msp};

/// An MSP as the channel config carries it.
#[derive(Clone, Debug)]
pub(in crate::devnet) struct MspFolder {
    /// The MSP id.
    pub(in crate::devnet) id: MspId,
    /// The serialized `msp.MSPConfig`.
    pub(in crate::devnet) config: Bytes,
    /// The root of its identities, as PEM.
    pub(in crate::devnet) ca_pem: String,
    /// The root of its TLS certificates, as PEM.
    pub(in crate::devnet) tls_ca_pem: String,
}

impl MspFolder {
    /// What `configtxgen` makes of an MSP folder of `cryptogen`: NodeOUs on, no listed admins.
    pub(in crate::devnet) fn new(id: &MspId, ca_pem: &str, tls_ca_pem: &str) -> Self {
        let root = Bytes::copy_from_slice(ca_pem.as_bytes());
        Self {
            id: id.clone(),
            config: Self::config(id, vec![root.clone()], tls_ca_pem, |_| root.clone()),
            ca_pem: ca_pem.to_owned(),
            tls_ca_pem: tls_ca_pem.to_owned(),
        }
    }

    /// A serialized `msp.MSPConfig` with these CAs. `pinned`: the one that alone certifies a role, or none.
    pub(super) fn config(
        id: &MspId,
        roots: Vec<Bytes>,
        tls_ca_pem: &str,
        pinned: impl Fn(CertificateRole) -> Bytes,
    ) -> Bytes {
        let ou = |role: CertificateRole| {
            Some(msp::FabricOuIdentifier {
                organizational_unit_identifier: role.ou().to_owned(),
                certificate: pinned(role),
            })
        };
        let fabric = msp::FabricMspConfig {
            name: id.to_string(),
            crypto_config: Some(msp::FabricCryptoConfig {
                signature_hash_family: "SHA2".to_owned(),
                identity_identifier_hash_function: "SHA256".to_owned(),
            }),
            tls_root_certs: vec![Bytes::copy_from_slice(tls_ca_pem.as_bytes())],
            fabric_node_ous: Some(msp::FabricNodeOUs {
                enable: true,
                client_ou_identifier: ou(CertificateRole::Client),
                peer_ou_identifier: ou(CertificateRole::Peer),
                admin_ou_identifier: ou(CertificateRole::Admin),
                orderer_ou_identifier: ou(CertificateRole::Orderer),
            }),
            root_certs: roots,
            ..msp::FabricMspConfig::default()
        };
        let config = msp::MspConfig {
            r#type: 0,
            config: fabric.encode_to_vec().into(),
        };
        config.encode_to_vec().into()
    }
}
