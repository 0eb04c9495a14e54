//! What was said on the command line.

use std::path::PathBuf;

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
    pub tls_root_certs: Vec<PathBuf>,
    /// `--server-name`
    pub server_name: Option<String>,
    /// `--tls-client-cert`
    pub tls_client_cert: Option<PathBuf>,
    /// `--tls-client-key`
    pub tls_client_key: Option<PathBuf>,
    /// `--msp-id`
    pub msp_id: Option<String>,
    /// `--msp-folder`
    pub msp_folder: Option<PathBuf>,
    /// `--cert`
    pub certificate: Option<PathBuf>,
    /// `--key`
    pub key: Option<PathBuf>,
    /// `--orderer`
    pub orderer: Option<String>,
    /// `--orderer-ca`
    pub orderer_ca: Option<PathBuf>,
    /// `--orderer-server-name`
    pub orderer_server_name: Option<String>,
    /// `--state-dir`
    pub state_dir: Option<PathBuf>,
    /// `--anchor`
    pub anchor: Option<PathBuf>,
    /// `--timeout`, such as `30s`.
    pub timeout: Option<String>,
}
