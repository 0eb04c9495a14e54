//! What one stream may use.

/// Limits of one stream, which is one peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Transactions running at the same time; further ones are answered with an error at once.
    pub transactions: usize,
    /// Bytes of arguments and signed proposals of running transactions; as above.
    pub transaction_bytes: usize,
    /// Bytes of one message in either direction; a longer one ends the stream (a longer answer
    /// of ours ends its transaction).
    pub message_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            transactions: 1_024,
            transaction_bytes: 512 << 20,
            message_bytes: 100 << 20,
        }
    }
}
