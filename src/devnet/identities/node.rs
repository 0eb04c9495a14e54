//! The MSP folder of a peer, as its operator left it: what the peer reads when it starts.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::{ca::CertificateRole, msp::MspFolder};

/// What stands in the MSP folder of a peer.
#[derive(Clone, Debug)]
pub struct NodeMspFiles {
    /// The files of `cacerts`: PEM by name.
    pub cas: BTreeMap<String, String>,
    /// The certificate of `signcerts`, PEM.
    pub certificate_pem: String,
    /// `config.yaml`: which unit of a certificate gives which role.
    pub config_yaml: String,
    /// The key of `keystore`, PEM.
    pub key_pem: String,
}

impl NodeMspFiles {
    /// The MSP that the peer itself goes by, whatever channels say: its admins may install chaincodes.
    pub(super) fn msp(&self, of: &MspFolder) -> Bytes {
        let roots = self.cas.values().map(|pem| bytes(pem)).collect();
        MspFolder::config(&of.id, roots, &of.tls_ca_pem, |role| self.pinned(role))
    }

    /// The CA that alone certifies a role; empty where any does.
    // Fabric: msp/configbuilder.go: the certificate that config.yaml names for a NodeOU
    fn pinned(&self, role: CertificateRole) -> Bytes {
        let name = match role {
            CertificateRole::Admin => "AdminOUIdentifier:",
            CertificateRole::Client => "ClientOUIdentifier:",
            CertificateRole::Orderer => "OrdererOUIdentifier:",
            CertificateRole::Peer => "PeerOUIdentifier:",
        };
        let lines = self.config_yaml.lines().map(str::trim);
        let mut behind = lines.skip_while(|line| *line != name).skip(1);
        let certificate = behind
            .by_ref()
            .take_while(|line| !line.ends_with("OUIdentifier:"));
        let mut certificate = certificate.filter_map(|line| line.strip_prefix("Certificate:"));
        let file = certificate
            .next()
            .map(|path| path.trim().trim_start_matches("cacerts/"));
        let pem = file.and_then(|file| self.cas.get(file));
        pem.map(|pem| bytes(pem)).unwrap_or_default()
    }
}

fn bytes(pem: &str) -> Bytes {
    Bytes::copy_from_slice(pem.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_tied_to_the_ca_that_the_file_names() {
        let mut files = NodeMspFiles {
            cas: BTreeMap::from([("ca.pem".to_owned(), "PEM".to_owned())]),
            certificate_pem: String::new(),
            config_yaml: "NodeOUs:\n  Enable: true\n  ClientOUIdentifier:\n    \
                          OrganizationalUnitIdentifier: client\n  AdminOUIdentifier:\n    \
                          Certificate: cacerts/ca.pem\n    OrganizationalUnitIdentifier: admin\n"
                .to_owned(),
            key_pem: String::new(),
        };
        assert_eq!(files.pinned(CertificateRole::Admin), "PEM");
        assert_eq!(files.pinned(CertificateRole::Client), "");
        assert_eq!(files.pinned(CertificateRole::Peer), "");
        files.cas.clear();
        assert_eq!(files.pinned(CertificateRole::Admin), "");
    }
}
