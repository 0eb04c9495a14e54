//! What `serve` takes, as text: `settings` reads it.

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
pub(in crate::cli) struct ServeArgs {
    /// Where peers dial in: HOST:PORT
    #[arg(
        long,
        value_name = "HOST:PORT",
        hide_env_values = true,
        env = "CHAINCODE_SERVER_ADDRESS"
    )]
    pub(in crate::cli) address: Option<String>,

    /// The package id, as `cmscc deploy package` or `peer lifecycle chaincode install` printed it
    #[arg(long, value_name = "ID", hide_env_values = true, env = "CHAINCODE_ID")]
    pub(in crate::cli) chaincode_id: Option<String>,

    /// The other name of the same setting
    #[arg(
        long,
        value_name = "ID",
        hide_env_values = true,
        env = "CORE_CHAINCODE_ID_NAME",
        hide = true
    )]
    pub(in crate::cli) core_chaincode_id_name: Option<String>,

    /// Whether peers connect without TLS [default: true]
    #[arg(
        long,
        value_name = "BOOL",
        hide_env_values = true,
        env = "CHAINCODE_TLS_DISABLED"
    )]
    pub(in crate::cli) tls_disabled: Option<String>,

    /// PEM file of the server's private key
    #[arg(
        long,
        value_name = "FILE",
        hide_env_values = true,
        env = "CHAINCODE_TLS_KEY"
    )]
    pub(in crate::cli) tls_key: Option<String>,

    /// PEM file of the server's certificate chain
    #[arg(
        long,
        value_name = "FILE",
        hide_env_values = true,
        env = "CHAINCODE_TLS_CERT"
    )]
    pub(in crate::cli) tls_cert: Option<String>,

    /// PEM file of the CAs whose clients may connect: mutual TLS
    #[arg(
        long,
        value_name = "FILE",
        hide_env_values = true,
        env = "CHAINCODE_CLIENT_CA_CERT"
    )]
    pub(in crate::cli) client_ca: Option<String>,

    /// SHA-256 of the client certificates that may connect, between commas [default: all of the client CAs]
    #[arg(
        long,
        value_name = "SHA256,..",
        hide_env_values = true,
        env = "CMSCC_ALLOWED_CLIENTS"
    )]
    pub(in crate::cli) allowed_clients: Option<String>,

    /// Folder of trust anchors: CHANNEL.block, a serialized config block; CHANNEL.disown
    #[arg(
        long,
        value_name = "FOLDER",
        hide_env_values = true,
        env = "CMSCC_TRUST_ANCHORS"
    )]
    pub(in crate::cli) trust_anchors: Option<String>,

    /// Whether to endorse a bootstrap without an anchor; for development only [default: false]
    #[arg(
        long,
        value_name = "BOOL",
        hide_env_values = true,
        env = "CMSCC_ALLOW_UNANCHORED"
    )]
    pub(in crate::cli) allow_unanchored: Option<String>,

    /// Tell a collector of OpenTelemetry of each call, by OTLP over HTTP: http://HOST:PORT
    #[cfg(feature = "otel")]
    #[arg(
        long,
        value_name = "URL",
        hide_env_values = true,
        env = "OTEL_EXPORTER_OTLP_ENDPOINT"
    )]
    pub(in crate::cli) otlp_endpoint: Option<String>,

    /// What this server is called there [default: cmscc]
    #[cfg(feature = "otel")]
    #[arg(
        long,
        value_name = "NAME",
        hide_env_values = true,
        env = "OTEL_SERVICE_NAME"
    )]
    pub(in crate::cli) otel_service_name: Option<String>,

    /// When a channel requires a capability that this build does not know: `refuse` its writing
    /// calls, or `exit` [default: refuse]
    #[arg(
        long,
        value_name = "WHAT",
        hide_env_values = true,
        env = "CMSCC_ON_UNSUPPORTED"
    )]
    pub(in crate::cli) on_unsupported: Option<String>,

    /// Where /metrics, /livez, /readyz, /healthz and /version are served [default: 127.0.0.1:9443]
    #[arg(
        long,
        value_name = "HOST:PORT",
        hide_env_values = true,
        env = "CMSCC_OPS_ADDRESS"
    )]
    pub(in crate::cli) ops_address: Option<String>,

    /// Log filter, such as `info` or `warn,cmscc=debug` [default: info]
    #[arg(long, value_name = "FILTER", hide_env_values = true, env = "CMSCC_LOG")]
    pub(in crate::cli) log: Option<String>,

    /// Log lines as `text` or `json` [default: text]
    #[arg(
        long,
        value_name = "FORMAT",
        hide_env_values = true,
        env = "CMSCC_LOG_FORMAT"
    )]
    pub(in crate::cli) log_format: Option<String>,

    /// Seconds that one call may take; less than the peer waits (30) [default: 25]
    #[arg(
        long,
        value_name = "SECONDS",
        hide_env_values = true,
        env = "CMSCC_CALL_TIMEOUT"
    )]
    pub(in crate::cli) call_timeout: Option<String>,

    /// Seconds that running transactions get at a shutdown [default: 20]
    #[arg(
        long,
        value_name = "SECONDS",
        hide_env_values = true,
        env = "CMSCC_SHUTDOWN_GRACE"
    )]
    pub(in crate::cli) shutdown_grace: Option<String>,

    #[command(flatten)]
    pub(in crate::cli) limits: LimitArgs,
}

/// Limits; sizes in bytes.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Limits")]
pub(in crate::cli) struct LimitArgs {
    /// Bytes of one argument [default: 33554432]
    #[arg(
        long,
        value_name = "BYTES",
        env = "CMSCC_LIMIT_ARGUMENT",
        hide_env_values = true,
        hide_short_help = true
    )]
    pub(in crate::cli) limit_argument: Option<String>,

    /// Bytes of all arguments of a call [default: 67108864]
    #[arg(
        long,
        value_name = "BYTES",
        env = "CMSCC_LIMIT_CALL",
        hide_env_values = true,
        hide_short_help = true
    )]
    pub(in crate::cli) limit_call: Option<String>,

    /// Bytes of the answer of `ExportProposal` [default: 33554432]
    #[arg(
        long,
        value_name = "BYTES",
        env = "CMSCC_LIMIT_EXPORT",
        hide_env_values = true,
        hide_short_help = true
    )]
    pub(in crate::cli) limit_export: Option<String>,

    /// Transactions in flight on one stream [default: 1024]
    #[arg(
        long,
        value_name = "N",
        env = "CMSCC_LIMIT_TRANSACTIONS",
        hide_env_values = true,
        hide_short_help = true
    )]
    pub(in crate::cli) limit_transactions: Option<String>,

    /// Streams open at the same time [default: 256]
    #[arg(
        long,
        value_name = "N",
        env = "CMSCC_LIMIT_STREAMS",
        hide_env_values = true,
        hide_short_help = true
    )]
    pub(in crate::cli) limit_streams: Option<String>,

    /// Streams that one address may have open [default: 128]
    #[arg(
        long,
        value_name = "N",
        env = "CMSCC_LIMIT_STREAMS_PER_ADDRESS",
        hide_env_values = true,
        hide_short_help = true
    )]
    pub(in crate::cli) limit_streams_per_address: Option<String>,

    /// Connections open at the same time [default: 512]
    #[arg(
        long,
        value_name = "N",
        env = "CMSCC_LIMIT_CONNECTIONS",
        hide_env_values = true,
        hide_short_help = true
    )]
    pub(in crate::cli) limit_connections: Option<String>,

    /// Connections that one address may have open [default: 256]
    #[arg(
        long,
        value_name = "N",
        env = "CMSCC_LIMIT_CONNECTIONS_PER_ADDRESS",
        hide_env_values = true,
        hide_short_help = true
    )]
    pub(in crate::cli) limit_connections_per_address: Option<String>,
}
