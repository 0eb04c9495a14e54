//! Why a transaction gets no answer of the chaincode, and why a stream ends.

use std::time::Duration;

/// Why the peer is told ERROR in place of a response.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The chaincode panicked, or ended while a call of its own was under way.
    #[error("the chaincode failed on this call; its log has the transaction id")]
    ChaincodeFailed,
    /// What the peer sent is no invocation.
    #[error("the peer's message is no invocation: {0}")]
    InvalidProposal(String),
    /// The response, with its event, is too large for a message.
    #[error("the response has {bytes} bytes, a message holds {limit}")]
    ResponseTooLarge {
        /// The message's size.
        bytes: usize,
        /// The most that is allowed, in bytes.
        limit: usize,
    },
    /// The server is going down.
    #[error("the chaincode server is shutting down; call again")]
    ShuttingDown,
    /// The call took too long.
    #[error(
        "the call took more than {} s, the limit of this server: it was {doing}; call again", .within.as_secs()
    )]
    TimedOut {
        /// How long a call may take.
        within: Duration,
        /// What it did when the time was over.
        doing: String,
    },
    /// The stream has no room for another transaction.
    #[error("{running} transactions are running on this stream, the limit is {limit}; call again")]
    TooManyTransactions {
        /// How many run.
        running: usize,
        /// How many may.
        limit: usize,
    },
    /// The running transactions hold too many bytes.
    #[error("the running transactions and this one hold {bytes} bytes, the limit is {limit}")]
    TooManyTransactionBytes {
        /// How many bytes they would hold.
        bytes: usize,
        /// How many they may.
        limit: usize,
    },
    /// The same transaction is already running; both are given up.
    #[error("a transaction with this id is already running on this channel")]
    TransactionRunning,
    /// The peer answered a call that was not made; further answers could be taken for others.
    #[error("the peer sent `{0}` where the transaction had asked nothing")]
    UnexpectedAnswer(&'static str),
    /// The chaincode wrote what no peer could take, or would take for something else.
    #[error("the writes were not sent: {0}")]
    WritesInvalid(&'static str),
    /// The peer refused the writes of a successful transaction.
    #[error("the peer refused the writes: {0}")]
    WritesRefused(String),
}

impl Failure {
    /// All codes, in alphabetical order.
    pub const CODES: [&'static str; 11] = [
        "CHAINCODE_FAILED",
        "INVALID_PROPOSAL",
        "RESPONSE_TOO_LARGE",
        "SHUTTING_DOWN",
        "TIMED_OUT",
        "TOO_MANY_TRANSACTIONS",
        "TOO_MANY_TRANSACTION_BYTES",
        "TRANSACTION_RUNNING",
        "UNEXPECTED_ANSWER",
        "WRITES_INVALID",
        "WRITES_REFUSED",
    ];

    /// The name that logs and tests use, upper case.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::ChaincodeFailed => "CHAINCODE_FAILED",
            Self::InvalidProposal(_) => "INVALID_PROPOSAL",
            Self::ResponseTooLarge { .. } => "RESPONSE_TOO_LARGE",
            Self::ShuttingDown => "SHUTTING_DOWN",
            Self::TimedOut { .. } => "TIMED_OUT",
            Self::TooManyTransactions { .. } => "TOO_MANY_TRANSACTIONS",
            Self::TooManyTransactionBytes { .. } => "TOO_MANY_TRANSACTION_BYTES",
            Self::TransactionRunning => "TRANSACTION_RUNNING",
            Self::UnexpectedAnswer(_) => "UNEXPECTED_ANSWER",
            Self::WritesInvalid(_) => "WRITES_INVALID",
            Self::WritesRefused(_) => "WRITES_REFUSED",
        }
    }

    /// The class of the error, as in the answers of the contract.
    #[must_use]
    pub const fn status(&self) -> i32 {
        match self {
            Self::InvalidProposal(_) => 400,
            Self::ResponseTooLarge { .. } => 413,
            _ => 500,
        }
    }

    /// What the peer is told: `Code NNN: SYMBOL: text`.
    #[must_use]
    pub fn text(&self) -> String {
        format!("Code {}: {}: {self}", self.status(), self.code())
    }
}

/// Why a stream is over.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Closing {
    /// The peer's side, or what lies between, broke the stream.
    #[error("the stream broke: {0}")]
    Broken(String),
    /// The peer gave a channel or transaction a name that none can have.
    #[error("a name of {bytes} bytes; {limit} are allowed")]
    NameTooLong {
        /// The length of the name.
        bytes: usize,
        /// The most that is taken, in bytes.
        limit: usize,
    },
    /// The peer ended it, or went away.
    #[error("the peer ended the stream")]
    PeerEnded,
    /// The peer did not accept the registration in time.
    #[error(
        "the peer did not accept the registration as `{chaincode_id}` within {} s; most likely \
         CHAINCODE_ID is not the id of the package that your organisation approved", .within.as_secs()
    )]
    RegistrationUnanswered {
        /// What we registered as.
        chaincode_id: String,
        /// How long we waited.
        within: Duration,
    },
    /// We shut down.
    #[error("the server is shutting down")]
    ShutDown,
    /// The peer sent what has no place here.
    #[error("expected {expected}, the peer sent `{came}`")]
    UnexpectedMessage {
        /// What could have come.
        expected: &'static str,
        /// The name of the message type that came.
        came: String,
    },
}
