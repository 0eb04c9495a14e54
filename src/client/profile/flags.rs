//! What was said on the command line.

use super::Setting;

/// Settings of the network that were given as flags; what is empty was not given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NetworkFlags {
    /// `--profile`
    pub profile: Option<String>,
    /// `--channel`
    pub channel: Option<String>,
    /// `--chaincode`
    pub chaincode: Option<String>,
    /// `--peer-address`; several are tried in order.
    pub peer_addresses: Vec<String>,
    /// `--tls`: `true` or `false`.
    pub tls: Option<String>,
    /// `--tls-root-cert`; all of them are trusted.
    pub tls_root_certs: Vec<String>,
    /// `--server-name`
    pub server_name: Option<String>,
    /// `--tls-client-cert`
    pub tls_client_cert: Option<String>,
    /// `--tls-client-key`
    pub tls_client_key: Option<String>,
    /// `--msp-id`
    pub msp_id: Option<String>,
    /// `--msp-folder`
    pub msp_folder: Option<String>,
    /// `--cert`
    pub certificate: Option<String>,
    /// `--key`
    pub key: Option<String>,
    /// `--orderer`
    pub orderer: Option<String>,
    /// `--orderer-ca`
    pub orderer_ca: Option<String>,
    /// `--orderer-server-name`
    pub orderer_server_name: Option<String>,
    /// `--state-dir`
    pub state_dir: Option<String>,
    /// `--anchor`
    pub anchor: Option<String>,
    /// `--timeout`, such as `30s`.
    pub timeout: Option<String>,
    /// `--connect-timeout`, such as `3s`.
    pub connect_timeout: Option<String>,
}

impl NetworkFlags {
    /// The values of a setting.
    pub(super) fn values(&self, setting: Setting) -> Vec<&str> {
        let one = match setting {
            Setting::PeerAddress => {
                return self.peer_addresses.iter().map(String::as_str).collect();
            }
            Setting::TlsRootCert => {
                return self.tls_root_certs.iter().map(String::as_str).collect();
            }
            // no flag: a PIN in an argument is seen by every user of the machine
            Setting::Bccsp
            | Setting::TokenAltId
            | Setting::TokenHash
            | Setting::TokenImmutable
            | Setting::TokenKeyIds
            | Setting::TokenLabel
            | Setting::TokenLibrary
            | Setting::TokenSecret
            | Setting::TokenSecurity
            | Setting::TokenSoftwareVerify => return Vec::new(),
            Setting::Anchor => &self.anchor,
            Setting::Certificate => &self.certificate,
            Setting::Chaincode => &self.chaincode,
            Setting::Channel => &self.channel,
            Setting::ConnectTimeout => &self.connect_timeout,
            Setting::Key => &self.key,
            Setting::MspFolder => &self.msp_folder,
            Setting::MspId => &self.msp_id,
            Setting::Orderer => &self.orderer,
            Setting::OrdererCa => &self.orderer_ca,
            Setting::OrdererServerName => &self.orderer_server_name,
            Setting::ServerName => &self.server_name,
            Setting::StateDir => &self.state_dir,
            Setting::Timeout => &self.timeout,
            Setting::Tls => &self.tls,
            Setting::TlsClientCert => &self.tls_client_cert,
            Setting::TlsClientKey => &self.tls_client_key,
        };
        one.as_deref().into_iter().collect()
    }
}
