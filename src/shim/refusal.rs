//! Why a connection came to nothing.

use std::time::Duration;

use crate::ids::Digest;

/// Why a connection was refused, or given up before it had a stream.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectionRefusal {
    /// Connections cannot be taken at all for now.
    #[error("no connection can be taken: {0}")]
    Accept(String),
    /// As many connections are open as the server may have.
    #[error("{limit} connections are open, which is the limit")]
    Full {
        /// How many may be open.
        limit: usize,
    },
    /// As many connections are open as one address may have.
    #[error("{limit} connections of this address are open, which is the limit")]
    FullOfAddress {
        /// How many one address may have.
        limit: usize,
    },
    /// The TLS handshake failed.
    #[error("the tls handshake failed: {detail}; {hint}")]
    Handshake {
        /// What TLS says.
        detail: String,
        /// The likely cause, and what to do.
        hint: &'static str,
    },
    /// The client's certificate is good, and not on the list of those that may connect.
    #[error(
        "the client's certificate is not on the list of allowed ones: its SHA-256 is {fingerprint}"
    )]
    NotAllowed {
        /// SHA-256 of the certificate, DER.
        fingerprint: Digest,
    },
    /// No stream was opened in time, or the last one has ended.
    #[error("no stream for {} s", .within.as_secs())]
    Silent {
        /// How long a connection may be without a stream.
        within: Duration,
    },
    /// The client speaks TLS, the server does not.
    #[error(
        "the client speaks tls, this server does not: set CHAINCODE_TLS_DISABLED to `false`, or build \
         the package without --server-ca"
    )]
    TlsAtPlainPort,
}

impl ConnectionRefusal {
    /// All reasons, in alphabetical order.
    pub const REASONS: [&'static str; 7] = [
        "accept",
        "full",
        "full_of_address",
        "handshake",
        "not_allowed",
        "silent",
        "tls_at_plain_port",
    ];

    /// The name used in metrics and logs.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Accept(_) => "accept",
            Self::Full { .. } => "full",
            Self::FullOfAddress { .. } => "full_of_address",
            Self::Handshake { .. } => "handshake",
            Self::NotAllowed { .. } => "not_allowed",
            Self::Silent { .. } => "silent",
            Self::TlsAtPlainPort => "tls_at_plain_port",
        }
    }
}
