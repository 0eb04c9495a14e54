//! What a profile holds.

use serde::{Deserialize, Serialize};

use super::super::Setting;

/// A named set of settings. Paths are relative to the folder of the file; `~/` is the home folder.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Profile {
    /// The channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// The name of the contract's definition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chaincode: Option<String>,
    /// One's own MSP id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub msp_id: Option<String>,
    /// One's own MSP folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub msp_folder: Option<String>,
    /// One's own certificate: a file or folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
    /// One's own private key: a file or folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Where keys are: `SW`, in files, or `PKCS11`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bccsp: Option<String>,
    /// A PKCS#11 token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pkcs11: Option<ProfileToken>,
    /// Whether to speak TLS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<bool>,
    /// The CA of the peers' TLS certificates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_root_cert: Option<String>,
    /// The certificate of mutual TLS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_client_cert: Option<String>,
    /// Its private key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_client_key: Option<String>,
    /// A config block that is trusted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trust_anchor: Option<String>,
    /// Where the client keeps what it verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state_dir: Option<String>,
    /// How long one call may take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<String>,
    /// How long connecting may take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connect_timeout: Option<String>,
    /// One's own peers, tried in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub peers: Vec<ProfilePeer>,
    /// An orderer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub orderer: Option<ProfilePeer>,
}

/// A peer or orderer of a profile.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProfilePeer {
    /// `host:port`.
    pub address: String,
    /// Whether to speak TLS with it, where that differs from the profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<bool>,
    /// The CA of its TLS certificate, where that differs from the profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_root_cert: Option<String>,
    /// The name in its TLS certificate, where that is not the host of the address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_name: Option<String>,
}

/// A PKCS#11 token of a profile. A profile never has a PIN.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProfileToken {
    /// The library: a path, or a name that the system's loader knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub library: Option<String>,
    /// The token's label.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The id of the key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alt_id: Option<String>,
    /// The ids of single keys, as `SKI ID, SKI ID`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_ids: Option<String>,
}

impl Profile {
    /// The value of a setting for all peers.
    pub(in crate::client::profile) fn value(&self, setting: Setting) -> Option<String> {
        let orderer = self.orderer.as_ref();
        let token = self.pkcs11.as_ref();
        match setting {
            Setting::Anchor => self.trust_anchor.clone(),
            Setting::Bccsp => self.bccsp.clone(),
            Setting::Certificate => self.certificate.clone(),
            Setting::Chaincode => self.chaincode.clone(),
            Setting::Channel => self.channel.clone(),
            Setting::ConnectTimeout => self.connect_timeout.clone(),
            Setting::Key => self.key.clone(),
            Setting::MspFolder => self.msp_folder.clone(),
            Setting::MspId => self.msp_id.clone(),
            Setting::Orderer => orderer.map(|orderer| orderer.address.clone()),
            Setting::OrdererCa => orderer.and_then(|orderer| orderer.tls_root_cert.clone()),
            Setting::OrdererServerName => orderer.and_then(|orderer| orderer.server_name.clone()),
            // of each peer its own
            Setting::PeerAddress | Setting::ServerName => None,
            Setting::StateDir => self.state_dir.clone(),
            Setting::Timeout => self.timeout.clone(),
            Setting::Tls => self.tls.map(|tls| tls.to_string()),
            Setting::TlsClientCert => self.tls_client_cert.clone(),
            Setting::TlsClientKey => self.tls_client_key.clone(),
            Setting::TlsRootCert => self.tls_root_cert.clone(),
            Setting::TokenAltId => token.and_then(|token| token.alt_id.clone()),
            Setting::TokenKeyIds => token.and_then(|token| token.key_ids.clone()),
            Setting::TokenLabel => token.and_then(|token| token.label.clone()),
            Setting::TokenLibrary => token.and_then(|token| token.library.clone()),
            // not kept
            Setting::TokenHash
            | Setting::TokenImmutable
            | Setting::TokenSecret
            | Setting::TokenSecurity
            | Setting::TokenSoftwareVerify => None,
        }
    }
}
