//! Which network, which peer, which identity: what all commands of the client take. All of it may also
//! come from the environment, a profile, or Fabric's core.yaml; the flag wins.

use crate::client::NetworkFlags;

/// Which network, which peer, which identity.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Network")]
pub(in crate::cli) struct NetworkArgs {
    /// The profile, one of `cmscc profile list`
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,

    /// The channel
    #[arg(long, short = 'C', value_name = "CHANNEL")]
    channel: Option<String>,

    /// The name of the contract's definition [default: cmscc]
    #[arg(long, short = 'n', value_name = "NAME")]
    chaincode: Option<String>,

    /// One's own peer; may be given several times, the first that answers is asked
    #[arg(long, value_name = "HOST:PORT")]
    peer_address: Vec<String>,

    /// The MSP id of one's own organisation
    #[arg(long, value_name = "MSPID")]
    msp_id: Option<String>,

    /// The MSP folder of one's own identity
    #[arg(long, value_name = "FOLDER")]
    msp_folder: Option<String>,

    /// The certificate of one's own identity, in the place of an MSP folder
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    cert: Option<String>,

    /// Its private key
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    key: Option<String>,

    /// Whether the peer speaks TLS [default: true]
    #[arg(long, value_name = "BOOL", hide_short_help = true)]
    tls: Option<String>,

    /// PEM file of the CA of the peer's certificate; may be given several times
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    tls_root_cert: Vec<String>,

    /// The name in the peer's certificate, where it is not the host of its address
    #[arg(long, value_name = "NAME", hide_short_help = true)]
    server_name: Option<String>,

    /// PEM file of the certificate that the peer is shown: mutual TLS
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    tls_client_cert: Option<String>,

    /// Its private key
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    tls_client_key: Option<String>,

    /// An orderer, where a command is told to go to one itself
    #[arg(long, value_name = "HOST:PORT", hide_short_help = true)]
    orderer: Option<String>,

    /// PEM file of the CA of the orderer's certificate
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    orderer_ca: Option<String>,

    /// The name in the orderer's certificate
    #[arg(long, value_name = "NAME", hide_short_help = true)]
    orderer_server_name: Option<String>,

    /// A config block that is trusted, or a folder with one for each channel
    #[arg(long, value_name = "PATH", hide_short_help = true)]
    anchor: Option<String>,

    /// Where the client keeps what it verified
    #[arg(long, value_name = "FOLDER", hide_short_help = true)]
    state_dir: Option<String>,

    /// How long one call may take, such as 30s
    #[arg(long, value_name = "DURATION", hide_short_help = true)]
    timeout: Option<String>,

    /// How long connecting to one peer may take
    #[arg(long, value_name = "DURATION", hide_short_help = true)]
    connect_timeout: Option<String>,
}

impl NetworkArgs {
    /// What was given.
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
