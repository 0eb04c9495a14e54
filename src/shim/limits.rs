//! What peers may use.

/// Limits of a server and of each of its streams; one stream is one peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerLimits {
    /// Streams open at the same time; further ones are refused.
    pub streams: usize,
    /// Transactions of a stream running at the same time; further ones are answered with an error at once.
    pub transactions: usize,
    /// Bytes of arguments and signed proposals of running transactions; as above.
    pub transaction_bytes: usize,
    /// Bytes of one message in either direction; a longer one ends the stream (a longer answer
    /// of ours ends its transaction, a longer call of ours is refused to the chaincode).
    pub message_bytes: usize,
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self {
            streams: 256,
            transactions: 1_024,
            transaction_bytes: 512 << 20,
            message_bytes: 100 << 20,
        }
    }
}
