//! What `package` takes.

use std::path::PathBuf;

const PACKAGE_EXAMPLES: &str = "\
Examples:
  cmscc deploy package --address cmscc.org1.example.com:9999 > org1.id
  cmscc deploy install cmscc.tar.gz

  The server demands TLS with a client certificate:
    cmscc deploy package --address cmscc.org1.example.com:9999 --server-ca ca.pem \\
      --peer-cert peer.pem --peer-key peer.key --json

The package holds the address at which the peer finds the server, so each organisation has its own
package and package id. The same input gives the same package, byte for byte.";

/// Writes the chaincode package (type `ccaas`) for an organisation's peers.
#[derive(Debug, clap::Args)]
#[command(after_help = PACKAGE_EXAMPLES)]
pub(in crate::cli) struct PackageArgs {
    /// Where the peer finds the server: HOST:PORT
    #[arg(long, value_name = "HOST:PORT")]
    pub(in crate::cli) address: String,

    /// The package's label; becomes part of the package id
    #[arg(long, default_value = "cmscc")]
    pub(in crate::cli) label: String,

    /// The file to write [default: LABEL.tar.gz]
    #[arg(long, short, value_name = "FILE")]
    pub(in crate::cli) output: Option<PathBuf>,

    /// How long the peer tries to connect, as Go writes durations
    #[arg(long, value_name = "DURATION", default_value = "10s")]
    pub(in crate::cli) dial_timeout: String,

    /// PEM file of the CA of the server's certificate: the peer uses TLS to it
    #[arg(long, value_name = "FILE", alias = "tls-root-cert")]
    pub(in crate::cli) server_ca: Option<PathBuf>,

    /// PEM file of the certificate that the peer shows the server
    #[arg(long, value_name = "FILE", alias = "client-cert", requires_all = ["peer_key", "server_ca"])]
    pub(in crate::cli) peer_cert: Option<PathBuf>,

    /// PEM file of its private key; it becomes part of the package
    #[arg(
        long,
        value_name = "FILE",
        alias = "client-key",
        requires = "peer_cert"
    )]
    pub(in crate::cli) peer_key: Option<PathBuf>,

    /// Print a JSON document in place of the package id
    #[arg(long)]
    pub(in crate::cli) json: bool,
}
