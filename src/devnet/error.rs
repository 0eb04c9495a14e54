//! What can go wrong in a development network.

use std::{fmt, net::SocketAddr, time::Duration};

use crate::{
    identity::SignerError,
    ids::{BlockNumber, ChannelId, MspId, TxId},
    proto::protos::TxValidationCode,
    shim::TlsError,
    stub::Response,
    transaction::MessageError,
};

/// Why the network did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DevnetError {
    /// A peer does not let the caller in.
    #[error("access denied on channel `{channel}`: {reason}")]
    AccessDenied {
        /// The channel that was called.
        channel: ChannelId,
        /// What did not hold.
        reason: String,
    },
    /// A peer does not take a block.
    #[error("block {number} is not the next one of channel `{channel}`: {reason}")]
    Block {
        /// The channel that the block is for.
        channel: ChannelId,
        /// The number that the block claims.
        number: BlockNumber,
        /// Which rule it breaks.
        reason: String,
    },
    /// A message of the network's own could not be built.
    #[error("could not be built: {reason}")]
    Build {
        /// What went wrong.
        reason: String,
    },
    /// A certificate could not be made.
    #[error("the certificate could not be made")]
    Certificate(#[from] rcgen::Error),
    /// Peers that validated the same block came to different results.
    #[error("peers disagree on block {block} of channel `{channel}`")]
    Diverged {
        /// The channel on which they differ.
        channel: ChannelId,
        /// The block's number.
        block: BlockNumber,
    },
    /// A peer could not execute a transaction.
    #[error("transaction `{tx_id}` could not be executed: {reason}")]
    Execute {
        /// The id of the transaction.
        tx_id: TxId,
        /// Why.
        reason: ExecuteError,
    },
    /// A file could not be written.
    #[error("a file could not be written")]
    File(#[source] std::io::Error),
    /// A transaction is in a block and is invalid.
    #[error("transaction `{tx_id}` is invalid: {}", code.as_str_name())]
    Invalid {
        /// The id of the transaction.
        tx_id: TxId,
        /// The code that validation gave it.
        code: TxValidationCode,
    },
    /// A message of someone else cannot be read.
    #[error("{what} cannot be read: {reason}")]
    Malformed {
        /// Which message it was to be.
        what: &'static str,
        /// Why.
        reason: String,
    },
    /// Endorsers answered differently.
    #[error("the endorsements of `{first}` and `{other}` differ in {what}")]
    Mismatch {
        /// One organisation.
        first: MspId,
        /// Another.
        other: MspId,
        /// In what they differ.
        what: &'static str,
    },
    /// Too few organisations endorsed.
    #[error("{got} of {needed} endorsements{}", Failures(failures))]
    NotEndorsed {
        /// How many are needed.
        needed: usize,
        /// How many there are.
        got: usize,
        /// Who did not endorse, and why.
        failures: Vec<(MspId, String)>,
    },
    /// The system gives no randomness.
    #[error("no randomness")]
    Randomness,
    /// The chaincode refused the call.
    #[error("`{msp_id}`: {}", response.message)]
    Refused {
        /// The organisation whose server answered.
        msp_id: MspId,
        /// What its chaincode answered.
        response: Response,
    },
    /// The orderer refused an envelope.
    #[error("the orderer refuses: {reason}")]
    Rejected {
        /// Why.
        reason: String,
    },
    /// A chaincode server could not be started or stopped.
    #[error("the chaincode server of `{name}`: {reason}")]
    Server {
        /// Whose server it is.
        name: String,
        /// Why.
        reason: String,
    },
    /// A message of a client cannot be made or read.
    #[error(transparent)]
    Transaction(#[from] MessageError),
    /// The chaincode server's TLS material cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// There is nothing of this name.
    #[error("unknown {kind} `{name}`")]
    Unknown {
        /// What was looked for.
        kind: &'static str,
        /// The name that nothing has.
        name: String,
    },
}

impl From<SignerError> for DevnetError {
    fn from(_: SignerError) -> Self {
        Self::Randomness
    }
}

impl DevnetError {
    pub(super) fn build(reason: impl fmt::Display) -> Self {
        Self::Build {
            reason: reason.to_string(),
        }
    }

    pub(super) fn rejected(reason: impl fmt::Display) -> Self {
        Self::Rejected {
            reason: reason.to_string(),
        }
    }

    pub(super) fn malformed(what: &'static str) -> impl Fn(prost::DecodeError) -> Self {
        move |e| Self::Malformed {
            what,
            reason: e.to_string(),
        }
    }

    pub(super) fn missing(what: &'static str) -> Self {
        Self::Malformed {
            what,
            reason: "a part is missing".to_owned(),
        }
    }
}

/// Why a peer has no answer of a chaincode.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExecuteError {
    /// The server does not answer the connection.
    #[error("no chaincode server at {address}{}: {reason}", ExpectedPackage(package_id.as_deref()))]
    Launch {
        /// The package that the server was to register as; `None`: any.
        package_id: Option<String>,
        /// Where it was expected.
        address: SocketAddr,
        /// Why it could not be reached.
        reason: String,
    },
    /// There is no chaincode server for the package yet.
    #[error("no chaincode server was started for package `{0}`")]
    NotInstalled(String),
    /// The chaincode sent an ERROR message.
    #[error("the chaincode failed: {0}")]
    Chaincode(String),
    /// The transaction runs already.
    #[error("it runs already")]
    Running,
    /// The stream ended while the transaction ran.
    #[error("the chaincode's stream ended")]
    StreamEnded,
    /// No answer came in time.
    #[error("no answer within {} s", .0.as_secs())]
    Timeout(Duration),
}

/// The package that was expected, if one was.
struct ExpectedPackage<'a>(Option<&'a str>);

impl fmt::Display for ExpectedPackage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(package_id) => write!(f, " for package `{package_id}`"),
            None => Ok(()),
        }
    }
}

/// The organisations that did not endorse, one after the other.
struct Failures<'a>(&'a [(MspId, String)]);

impl fmt::Display for Failures<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (msp_id, reason)) in self.0.iter().enumerate() {
            let joint = if i == 0 { ": " } else { "; " };
            write!(f, "{joint}`{msp_id}`: {reason}")?;
        }
        Ok(())
    }
}
