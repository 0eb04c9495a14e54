//! The arguments of the program. What `serve` takes is text here: `settings` reads it, so that all
//! its errors are reported together.

use std::path::PathBuf;

use clap::{
    Parser, Subcommand,
    builder::styling::{AnsiColor, Styles},
};
use clap_complete::Shell;

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

/// Consortium management chaincode for Hyperledger Fabric: channel config changes, agreed on the
/// ledger.
#[derive(Debug, Parser)]
#[command(name = "cmscc", version, styles = STYLES, arg_required_else_help = true)]
pub(super) struct Args {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Serve the chaincode to the peers of an organisation
    Serve(Box<ServeArgs>),
    /// Ask a running server whether it serves calls: for probes
    Health(HealthArgs),
    /// Write the chaincode package for a peer, and print its package id
    Package(PackageArgs),
    /// Verify an exported proposal with config blocks, without a ledger
    Audit(AuditArgs),
    /// Play a whole story on an embedded network: two organisations add a third and a fourth
    #[cfg(feature = "devnet")]
    Demo(DemoArgs),
    /// Development networks in this process, for chaincodes of any kind
    #[cfg(feature = "devnet")]
    Devnet(DevnetArgs),
    /// Print the version
    Version(VersionArgs),
    /// Print a completion script for a shell
    Completion(CompletionArgs),
}

const SERVE_EXAMPLES: &str = "\
Examples:
  A server beside a peer, which dials it at the address in the package:
    CHAINCODE_ID=$(cat org1.id) CHAINCODE_SERVER_ADDRESS=0.0.0.0:9999 \\
      cmscc serve --trust-anchors /etc/cmscc/anchors

  With mutual TLS:
    cmscc serve --chaincode-id \"$ID\" --address 0.0.0.0:9999 --tls-disabled false \\
      --tls-cert server.pem --tls-key server.key --client-ca peer-ca.pem

Every setting has a flag and a variable; the flag wins.";

/// Serves the chaincode. Peers dial it, also several of them. SIGTERM lets running transactions
/// end, then stops.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(after_help = SERVE_EXAMPLES)]
pub(super) struct ServeArgs {
    /// Where peers dial in: HOST:PORT
    #[arg(
        long,
        value_name = "HOST:PORT",
        hide_env_values = true,
        env = "CHAINCODE_SERVER_ADDRESS"
    )]
    pub(super) address: Option<String>,

    /// The package id, as `cmscc package` or `peer lifecycle chaincode install` printed it
    #[arg(long, value_name = "ID", hide_env_values = true, env = "CHAINCODE_ID")]
    pub(super) chaincode_id: Option<String>,

    /// The other name of the same setting
    #[arg(
        long,
        value_name = "ID",
        hide_env_values = true,
        env = "CORE_CHAINCODE_ID_NAME",
        hide = true
    )]
    pub(super) core_chaincode_id_name: Option<String>,

    /// Whether peers connect without TLS [default: true]
    #[arg(
        long,
        value_name = "BOOL",
        hide_env_values = true,
        env = "CHAINCODE_TLS_DISABLED"
    )]
    pub(super) tls_disabled: Option<String>,

    /// PEM file of the server's private key
    #[arg(
        long,
        value_name = "FILE",
        hide_env_values = true,
        env = "CHAINCODE_TLS_KEY"
    )]
    pub(super) tls_key: Option<String>,

    /// PEM file of the server's certificate chain
    #[arg(
        long,
        value_name = "FILE",
        hide_env_values = true,
        env = "CHAINCODE_TLS_CERT"
    )]
    pub(super) tls_cert: Option<String>,

    /// PEM file of the CAs whose clients may connect: mutual TLS
    #[arg(
        long,
        value_name = "FILE",
        hide_env_values = true,
        env = "CHAINCODE_CLIENT_CA_CERT"
    )]
    pub(super) client_ca: Option<String>,

    /// SHA-256 of the client certificates that may connect, between commas [default: all of the client CAs]
    #[arg(
        long,
        value_name = "SHA256,..",
        hide_env_values = true,
        env = "CMSCC_ALLOWED_CLIENTS"
    )]
    pub(super) allowed_clients: Option<String>,

    /// Folder of trust anchors: CHANNEL.block, a serialized config block; CHANNEL.disown
    #[arg(
        long,
        value_name = "FOLDER",
        hide_env_values = true,
        env = "CMSCC_TRUST_ANCHORS"
    )]
    pub(super) trust_anchors: Option<String>,

    /// Whether to endorse a bootstrap without an anchor; for development only [default: false]
    #[arg(
        long,
        value_name = "BOOL",
        hide_env_values = true,
        env = "CMSCC_ALLOW_UNANCHORED"
    )]
    pub(super) allow_unanchored: Option<String>,

    /// When a channel requires a capability that this build does not know: `refuse` its writing
    /// calls, or `exit` [default: refuse]
    #[arg(
        long,
        value_name = "WHAT",
        hide_env_values = true,
        env = "CMSCC_ON_UNSUPPORTED"
    )]
    pub(super) on_unsupported: Option<String>,

    /// Where /metrics, /livez, /readyz, /healthz and /version are served [default: 127.0.0.1:9443]
    #[arg(
        long,
        value_name = "HOST:PORT",
        hide_env_values = true,
        env = "CMSCC_OPS_ADDRESS"
    )]
    pub(super) ops_address: Option<String>,

    /// Log filter, such as `info` or `warn,cmscc=debug` [default: info]
    #[arg(long, value_name = "FILTER", hide_env_values = true, env = "CMSCC_LOG")]
    pub(super) log: Option<String>,

    /// Log lines as `text` or `json` [default: text]
    #[arg(
        long,
        value_name = "FORMAT",
        hide_env_values = true,
        env = "CMSCC_LOG_FORMAT"
    )]
    pub(super) log_format: Option<String>,

    /// Seconds that one call may take; less than the peer waits (30) [default: 25]
    #[arg(
        long,
        value_name = "SECONDS",
        hide_env_values = true,
        env = "CMSCC_CALL_TIMEOUT"
    )]
    pub(super) call_timeout: Option<String>,

    /// Seconds that running transactions get at a shutdown [default: 20]
    #[arg(
        long,
        value_name = "SECONDS",
        hide_env_values = true,
        env = "CMSCC_SHUTDOWN_GRACE"
    )]
    pub(super) shutdown_grace: Option<String>,

    #[command(flatten)]
    pub(super) limits: LimitArgs,
}

/// Limits; sizes in bytes.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Limits")]
pub(super) struct LimitArgs {
    /// Bytes of one argument [default: 33554432]
    #[arg(
        long,
        value_name = "BYTES",
        env = "CMSCC_LIMIT_ARGUMENT",
        hide_env_values = true,
        hide_short_help = true
    )]
    pub(super) limit_argument: Option<String>,

    /// Bytes of all arguments of a call [default: 67108864]
    #[arg(
        long,
        value_name = "BYTES",
        env = "CMSCC_LIMIT_CALL",
        hide_env_values = true,
        hide_short_help = true
    )]
    pub(super) limit_call: Option<String>,

    /// Bytes of the answer of `ExportProposal` [default: 33554432]
    #[arg(
        long,
        value_name = "BYTES",
        env = "CMSCC_LIMIT_EXPORT",
        hide_env_values = true,
        hide_short_help = true
    )]
    pub(super) limit_export: Option<String>,

    /// Transactions in flight on one stream [default: 1024]
    #[arg(
        long,
        value_name = "N",
        env = "CMSCC_LIMIT_TRANSACTIONS",
        hide_env_values = true,
        hide_short_help = true
    )]
    pub(super) limit_transactions: Option<String>,

    /// Streams open at the same time [default: 256]
    #[arg(
        long,
        value_name = "N",
        env = "CMSCC_LIMIT_STREAMS",
        hide_env_values = true,
        hide_short_help = true
    )]
    pub(super) limit_streams: Option<String>,

    /// Streams that one address may have open [default: 128]
    #[arg(
        long,
        value_name = "N",
        env = "CMSCC_LIMIT_STREAMS_PER_ADDRESS",
        hide_env_values = true,
        hide_short_help = true
    )]
    pub(super) limit_streams_per_address: Option<String>,

    /// Connections open at the same time [default: 512]
    #[arg(
        long,
        value_name = "N",
        env = "CMSCC_LIMIT_CONNECTIONS",
        hide_env_values = true,
        hide_short_help = true
    )]
    pub(super) limit_connections: Option<String>,

    /// Connections that one address may have open [default: 256]
    #[arg(
        long,
        value_name = "N",
        env = "CMSCC_LIMIT_CONNECTIONS_PER_ADDRESS",
        hide_env_values = true,
        hide_short_help = true
    )]
    pub(super) limit_connections_per_address: Option<String>,
}

const HEALTH_EXAMPLES: &str = "\
Examples:
  In a Dockerfile:
    HEALTHCHECK CMD [\"/usr/local/bin/cmscc\", \"health\"]

  From a script:
    cmscc health --ops-address 127.0.0.1:9443 --timeout 5 --json | jq .reason";

/// Asks the operations listener of a running server whether it serves calls. Exit code 0: well; 1: not
/// well, or no answer in time; 2: wrong arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = HEALTH_EXAMPLES)]
pub(super) struct HealthArgs {
    /// Where the server's operations listener is; a wildcard means this host [default: 127.0.0.1:9443]
    #[arg(
        long,
        value_name = "HOST:PORT",
        hide_env_values = true,
        env = "CMSCC_OPS_ADDRESS"
    )]
    pub(super) ops_address: Option<String>,

    /// Ask only whether the process lives
    #[arg(long)]
    pub(super) live: bool,

    /// Seconds until the answer must be there
    #[arg(long, value_name = "SECONDS", default_value = "3")]
    pub(super) timeout: String,

    /// Print a JSON document
    #[arg(long)]
    pub(super) json: bool,
}

const PACKAGE_EXAMPLES: &str = "\
Examples:
  cmscc package --address cmscc.org1.example.com:9999 > org1.id
  peer lifecycle chaincode install cmscc.tar.gz

  The server demands TLS with a client certificate:
    cmscc package --address cmscc.org1.example.com:9999 --tls-root-cert ca.pem \\
      --client-cert peer.pem --client-key peer.key --json

The package holds the address at which the peer finds the server, so each organisation has its own
package and package id. The same input gives the same package, byte for byte.";

/// Writes the chaincode package (type `ccaas`) for an organisation's peers.
#[derive(Debug, clap::Args)]
#[command(after_help = PACKAGE_EXAMPLES)]
pub(super) struct PackageArgs {
    /// Where the peer finds the server: HOST:PORT
    #[arg(long, value_name = "HOST:PORT")]
    pub(super) address: String,

    /// The package's label; becomes part of the package id
    #[arg(long, default_value = "cmscc")]
    pub(super) label: String,

    /// The file to write [default: LABEL.tar.gz]
    #[arg(long, short, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,

    /// How long the peer tries to connect, as Go writes durations
    #[arg(long, value_name = "DURATION", default_value = "10s")]
    pub(super) dial_timeout: String,

    /// PEM file of the CA of the server's certificate: the peer uses TLS
    #[arg(long, value_name = "FILE")]
    pub(super) tls_root_cert: Option<PathBuf>,

    /// PEM file of the certificate that the peer shows the server
    #[arg(long, value_name = "FILE", requires_all = ["client_key", "tls_root_cert"])]
    pub(super) client_cert: Option<PathBuf>,

    /// PEM file of its private key; it becomes part of the package
    #[arg(long, value_name = "FILE", requires = "client_cert")]
    pub(super) client_key: Option<PathBuf>,

    /// Print a JSON document in place of the package id
    #[arg(long)]
    pub(super) json: bool,
}

const AUDIT_EXAMPLES: &str = "\
Examples:
  peer chaincode query -C mychannel -n cmscc -c '{\"Args\":[\"ExportProposal\",\"add_orgx\"]}' > add_orgx.json
  for n in $(jq '.chain[].block_number' add_orgx.json); do
    peer channel fetch $n block_$n.pb -c mychannel -o orderer.example.com:7050 --tls --cafile ca.pem
  done
  cmscc audit add_orgx.json block_*.pb";

/// Verifies what `ExportProposal` answered. Nothing of it is believed: blocks prove each other from
/// the first one on, and what no block can show is listed. Fails where something is false or missing.
#[derive(Debug, clap::Args)]
#[command(after_help = AUDIT_EXAMPLES)]
pub(super) struct AuditArgs {
    /// The bundle: the answer of `ExportProposal`
    #[arg(value_name = "BUNDLE")]
    pub(super) bundle: PathBuf,

    /// The config blocks that its chain names, in any order
    #[arg(value_name = "BLOCK", required = true)]
    pub(super) blocks: Vec<PathBuf>,

    /// Print the whole report as a JSON document
    #[arg(long)]
    pub(super) json: bool,
}

#[cfg(feature = "devnet")]
const DEMO_EXAMPLES: &str = "\
Examples:
  cmscc demo
  cmscc demo --json | jq '.steps[].proposals'";

/// Plays the story on an embedded network, in this process: real gRPC, certificates and signatures,
/// no Fabric needed. Fails where an outcome is not the expected one.
#[cfg(feature = "devnet")]
#[derive(Debug, clap::Args)]
#[command(after_help = DEMO_EXAMPLES)]
pub(super) struct DemoArgs {
    /// Print one JSON document in place of the narration
    #[arg(long)]
    pub(super) json: bool,
}

/// Development networks: certificates, endorsements and blocks are real, no Fabric is needed.
#[cfg(feature = "devnet")]
#[derive(Debug, clap::Args)]
pub(super) struct DevnetArgs {
    #[command(subcommand)]
    pub(super) command: DevnetCommand,
}

#[cfg(feature = "devnet")]
#[derive(Debug, Subcommand)]
pub(super) enum DevnetCommand {
    /// Try a chaincode whose server runs already: a line for each call
    Try(Box<TryArgs>),
}

#[cfg(feature = "devnet")]
const TRY_EXAMPLES: &str = "\
Examples:
  A chaincode server in another terminal, then a line for each call:
    cargo run --example asset -- 127.0.0.1:9999 asset:1
    cmscc devnet try 127.0.0.1:9999

  Without a terminal; the exit code is 1 where a line failed:
    cmscc devnet try 127.0.0.1:9999 --execute 'submit Create a1 blue' --execute 'evaluate Read a1'
    cmscc devnet try 127.0.0.1:9999 --json < calls.txt | jq .validation_code

  Private data of one organisation, which it endorses alone:
    cmscc devnet try 127.0.0.1:9999 --collection secrets=Org1 \\
      --endorsement-policy \"OR('Org1MSP.peer','Org2MSP.peer')\" \\
      --execute 'submit --endorse Org1 --transient price=7 Offer a1'";

/// Starts a network in this process. Its peers dial a chaincode server at ADDRESS, which needs no more
/// than to listen there without TLS. Then reads calls, one a line, from the terminal or from standard
/// input. Nothing outlives the command.
#[cfg(feature = "devnet")]
#[derive(Debug, clap::Args)]
#[command(after_help = TRY_EXAMPLES)]
pub(super) struct TryArgs {
    /// Where the chaincode server listens: HOST:PORT
    #[arg(value_name = "ADDRESS")]
    pub(super) address: String,

    /// The organisations, each with a peer; the MSP id of Org1 is Org1MSP
    #[arg(
        long,
        value_name = "ORG,..",
        value_delimiter = ',',
        default_value = "Org1,Org2"
    )]
    pub(super) orgs: Vec<String>,

    /// The name of the chaincode's definition
    #[arg(long, value_name = "NAME", default_value = "chaincode")]
    pub(super) chaincode: String,

    /// The id that the server must register with [default: whatever it registers with]
    #[arg(long, value_name = "ID")]
    pub(super) chaincode_id: Option<String>,

    /// Who must endorse, as a rule of Fabric's language [default: a majority of the organisations]
    #[arg(long, value_name = "RULE")]
    pub(super) endorsement_policy: Option<String>,

    /// A private data collection and its members; may be given several times
    #[arg(long = "collection", value_name = "NAME=ORG,..")]
    pub(super) collections: Vec<String>,

    /// The release of Fabric that the peers behave like
    #[arg(long, value_name = "RELEASE", value_parser = ["3.1", "2.5"], default_value = "3.1")]
    pub(super) peer: String,

    /// The state database that the peers behave like
    #[arg(
        long,
        value_name = "DATABASE",
        value_parser = ["LevelDB", "CouchDB"],
        default_value = "LevelDB"
    )]
    pub(super) state_database: String,

    /// A CouchDB index over these fields, for queries that sort; may be given several times
    #[arg(long = "index", value_name = "FIELD,..")]
    pub(super) indexes: Vec<String>,

    /// Run this line and read no others; may be given several times
    #[arg(long, short, value_name = "LINE")]
    pub(super) execute: Vec<String>,

    /// Print a JSON document for each call
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct VersionArgs {
    /// Print a JSON document
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct CompletionArgs {
    /// The shell
    pub(super) shell: Shell,
}
