//! What every command takes that talks to a network, or says who one is.

use crate::client::NetworkFlags;

/// Which network, which peer, which identity. Each has a variable, too, and may stand in a profile:
/// docs/profiles.md. Files are read where the settings are put together, so that all that is wrong
/// is told at once.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Network")]
pub(in crate::cli) struct NetworkArgs {
    /// The profile to use [default: the current one]
    #[arg(long, value_name = "NAME", global = true)]
    pub(in crate::cli) profile: Option<String>,

    /// The channel
    #[arg(long, short = 'C', value_name = "CHANNEL", global = true)]
    channel: Option<String>,

    /// The name of the contract's definition [default: cmscc]
    #[arg(
        long,
        short = 'n',
        value_name = "NAME",
        global = true,
        hide_short_help = true
    )]
    chaincode: Option<String>,

    /// Your peer; given several times, they are tried in order
    #[arg(long, value_name = "HOST:PORT", alias = "peerAddresses", global = true)]
    peer_address: Vec<String>,

    /// Whether to speak TLS [default: where a CA is named]
    #[arg(
        long,
        value_name = "BOOL",
        global = true,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        hide_short_help = true
    )]
    tls: Option<String>,

    /// PEM file of the CA of your peer's TLS certificate; given several times, each is trusted
    #[arg(long, value_name = "FILE", alias = "tlsRootCertFiles", global = true)]
    tls_root_cert: Vec<String>,

    /// The name in your peer's TLS certificate, where it is not the host
    #[arg(long, value_name = "NAME", global = true, hide_short_help = true)]
    server_name: Option<String>,

    /// PEM file of the certificate to show in mutual TLS
    #[arg(
        long,
        value_name = "FILE",
        alias = "certfile",
        global = true,
        hide_short_help = true
    )]
    tls_client_cert: Option<String>,

    /// PEM file of its private key
    #[arg(
        long,
        value_name = "FILE",
        alias = "keyfile",
        global = true,
        hide_short_help = true
    )]
    tls_client_key: Option<String>,

    /// Your MSP id
    #[arg(long, value_name = "MSP", global = true)]
    msp_id: Option<String>,

    /// Your MSP folder, with `signcerts` and `keystore` in it
    #[arg(long, value_name = "FOLDER", global = true)]
    msp_folder: Option<String>,

    /// Your certificate, where it is in no MSP folder: a PEM file, or a folder with one
    #[arg(long, value_name = "FILE", global = true, hide_short_help = true)]
    cert: Option<String>,

    /// Your private key, likewise
    #[arg(long, value_name = "FILE", global = true, hide_short_help = true)]
    key: Option<String>,

    /// An orderer, for what goes to one itself
    #[arg(
        long,
        short = 'o',
        value_name = "HOST:PORT",
        global = true,
        hide_short_help = true
    )]
    orderer: Option<String>,

    /// PEM file of the CA of its TLS certificate
    #[arg(
        long,
        value_name = "FILE",
        alias = "cafile",
        global = true,
        hide_short_help = true
    )]
    orderer_ca: Option<String>,

    /// The name in its TLS certificate, where it is not the host
    #[arg(
        long,
        value_name = "NAME",
        alias = "ordererTLSHostnameOverride",
        global = true,
        hide_short_help = true
    )]
    orderer_server_name: Option<String>,

    /// A config block that you trust: the start of your own chain
    #[arg(long, value_name = "FILE", global = true, hide_short_help = true)]
    anchor: Option<String>,

    /// Where to keep what was verified [default: cmscc in the folder for state of programs]
    #[arg(long, value_name = "FOLDER", global = true, hide_short_help = true)]
    state_dir: Option<String>,

    /// How long one call may take [default: 30s]
    #[arg(long, value_name = "TIME", global = true, hide_short_help = true)]
    timeout: Option<String>,

    /// How long connecting to one peer may take [default: 3s]
    #[arg(
        long,
        value_name = "TIME",
        alias = "connTimeout",
        global = true,
        hide_short_help = true
    )]
    connect_timeout: Option<String>,
}

impl NetworkArgs {
    /// The flags as the client takes them.
    pub(in crate::cli) fn flags(&self) -> NetworkFlags {
        NetworkFlags {
            profile: self.profile.clone(),
            channel: self.channel.clone(),
            chaincode: self.chaincode.clone(),
            peer_addresses: self.peer_address.clone(),
            tls: self.tls.clone(),
            tls_root_certs: self.tls_root_cert.clone(),
            server_name: self.server_name.clone(),
            tls_client_cert: self.tls_client_cert.clone(),
            tls_client_key: self.tls_client_key.clone(),
            msp_id: self.msp_id.clone(),
            msp_folder: self.msp_folder.clone(),
            certificate: self.cert.clone(),
            key: self.key.clone(),
            orderer: self.orderer.clone(),
            orderer_ca: self.orderer_ca.clone(),
            orderer_server_name: self.orderer_server_name.clone(),
            state_dir: self.state_dir.clone(),
            anchor: self.anchor.clone(),
            timeout: self.timeout.clone(),
            connect_timeout: self.connect_timeout.clone(),
        }
    }
}
