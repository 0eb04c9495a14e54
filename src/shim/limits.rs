//! What peers may use, and how long what may take.

use std::time::Duration;

/// Limits of a server and of each of its streams; one stream is one peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerLimits {
    /// Connections open at the same time; further ones are closed at once.
    pub connections: usize,
    /// Connections that one address may have open; as above.
    pub connections_per_address: usize,
    /// Streams open at the same time; further ones are refused.
    pub streams: usize,
    /// Streams that one address may have open; as above.
    pub streams_per_address: usize,
    /// Transactions of a stream running at the same time; further ones are answered with an error at once.
    pub transactions: usize,
    /// Bytes of arguments and signed proposals of running transactions; as above.
    pub transaction_bytes: usize,
    /// The same of all streams of the server together; a stream may always use its share, this divided
    /// by [`streams`](Self::streams).
    pub server_bytes: usize,
    /// Bytes of one message in either direction; a longer one ends the stream (a longer answer
    /// of ours ends its transaction, a longer call of ours is refused to the chaincode).
    pub message_bytes: usize,
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self {
            connections: 512,
            connections_per_address: 256,
            streams: 256,
            streams_per_address: 128,
            transactions: 1_024,
            transaction_bytes: 512 << 20,
            server_bytes: 1 << 30,
            message_bytes: 100 << 20,
        }
    }
}

/// How long what may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// How long a connection may be without a stream, its handshake and the first request included.
    pub connection: Duration,
    /// How long a peer may take to accept the registration before the stream is closed.
    pub register: Duration,
    /// How long a transaction may take; less than the peer waits (`chaincode.executetimeout`, 30 s),
    /// so that the caller learns why.
    pub call: Duration,
    /// How long running transactions get when the server shuts down.
    pub shutdown_grace: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connection: Duration::from_secs(10),
            register: Duration::from_secs(5),
            call: Duration::from_secs(25),
            shutdown_grace: Duration::from_secs(20),
        }
    }
}
