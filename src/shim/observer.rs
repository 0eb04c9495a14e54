//! What the shim tells about itself, for logs and metrics.

use std::{fmt, time::Duration};

use super::{error::Closing, refusal::ConnectionRefusal};
use crate::ids::{ChannelId, TxId};

/// Numbers the streams of one server, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StreamId(pub u64);

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// Receives facts. Called from the server's tasks: it must neither block nor panic, and nothing it
/// does changes an answer.
pub trait Observer: Send + Sync + 'static {
    /// A connection was refused or given up; `address` is where it came from, where known.
    fn connection_refused(&self, address: &str, refusal: &ConnectionRefusal) {
        let _ = (address, refusal);
    }

    /// So many connections are open now, of at most so many.
    fn connections(&self, open: usize, limit: usize) {
        let _ = (open, limit);
    }

    /// A peer opened a stream; `peer` is its address where known.
    fn stream_opened(&self, stream: StreamId, peer: &str) {
        let _ = (stream, peer);
    }

    /// The peer accepted our id, and transactions may come.
    fn stream_ready(&self, stream: StreamId) {
        let _ = stream;
    }

    /// The stream is over.
    fn stream_closed(&self, stream: StreamId, reason: &Closing) {
        let _ = (stream, reason);
    }

    /// The peer sent something that was ignored, such as the answer to a call nobody made.
    fn stray_message(&self, stream: StreamId, what: &str) {
        let _ = (stream, what);
    }

    /// A transaction was answered with an error before it began; `code` as in [`Ending::Failed`].
    fn transaction_refused(&self, transaction: &TransactionFacts, code: &'static str) {
        let _ = (transaction, code);
    }

    /// A transaction was handed to the chaincode.
    fn transaction_started(&self, transaction: &TransactionFacts) {
        let _ = transaction;
    }

    /// A transaction that was handed to the chaincode is over.
    fn transaction_finished(
        &self,
        transaction: &TransactionFacts,
        ending: &Ending,
        elapsed: Duration,
    ) {
        let _ = (transaction, ending, elapsed);
    }

    /// The chaincode panicked; the transaction was answered with an error.
    fn panicked(&self, transaction: &TransactionFacts, message: &str) {
        let _ = (transaction, message);
    }

    /// A transaction computed for so long on the thread that serves all streams. A chaincode that does
    /// this should say so: [`Chaincode::computes`](crate::stub::Chaincode::computes).
    fn held_up(&self, transaction: &TransactionFacts, elapsed: Duration) {
        let _ = (transaction, elapsed);
    }

    /// A state call was answered.
    fn state_call(&self, call: StateCall, elapsed: Duration) {
        let _ = (call, elapsed);
    }
}

/// An observer that ignores everything.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quiet;

impl Observer for Quiet {}

/// Which transaction a fact is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransactionFacts {
    /// The stream it came on.
    pub stream: StreamId,
    /// The channel that it is on.
    pub channel: ChannelId,
    /// The transaction's id.
    pub tx_id: TxId,
    /// Whether it came as INIT.
    pub is_init: bool,
    /// The first argument where it is short printable ASCII, otherwise empty.
    pub function: String,
}

/// How a transaction ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The chaincode answered, and the answer went to the peer.
    Answered {
        /// The response's status.
        status: i32,
        /// The response's message: empty, or the error.
        message: String,
    },
    /// The peer was told that there is no answer.
    Failed {
        /// The stable code, such as `CHAINCODE_FAILED`.
        code: &'static str,
    },
    /// The peer gave it up, or the stream broke; nobody was told anything.
    Cancelled,
}

/// The kinds of calls that a transaction makes of its peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StateCall {
    /// One key.
    Get,
    /// Several keys.
    GetMultiple,
    /// The digest of a private value.
    GetHash,
    /// The metadata of a key.
    GetMetadata,
    /// The first results of a range.
    Range,
    /// The first results of a rich query.
    Query,
    /// The first results of a key's history.
    History,
    /// Further results of any of these.
    Next,
    /// The end of a query that was left.
    Close,
    /// A page of a range or query.
    Page,
    /// Another chaincode.
    Invoke,
    /// The writes of a finished transaction.
    Write,
}

impl StateCall {
    /// The name used in metrics and logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::GetMultiple => "get_multiple",
            Self::GetHash => "get_hash",
            Self::GetMetadata => "get_metadata",
            Self::Range => "range",
            Self::Query => "query",
            Self::History => "history",
            Self::Next => "next",
            Self::Close => "close",
            Self::Page => "page",
            Self::Invoke => "invoke",
            Self::Write => "write",
        }
    }
}
