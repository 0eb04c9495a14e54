//! Why an ordering node does not let an envelope in.

use crate::{
    config::{EnvelopeError, FilterError, Refusal},
    devnet::error::DevnetError,
    proto::common::Status,
};

/// Why an envelope is not let in.
#[derive(Debug, thiserror::Error)]
pub(in crate::devnet) enum OrderingRefusal {
    /// The envelope holds no update.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// A filter, before or, of a config update, after it was applied.
    #[error("{source}")]
    Filter {
        /// Whether it was asked about the config that the update makes.
        last: bool,
        source: FilterError,
    },
    /// Its type is none that clients send.
    #[error("{0}")]
    Kind(&'static str),
    /// The node itself failed.
    #[error(transparent)]
    Node(#[from] DevnetError),
    /// There is no such channel, or nobody orders there.
    #[error("channel does not exist")]
    NoChannel,
    /// The same, as releases say it that could make a channel of it.
    #[error(
        "channel creation request not allowed because the orderer system channel is not defined"
    )]
    NoSystemChannel,
    /// The update is refused.
    #[error(transparent)]
    Update(#[from] Refusal),
}

impl OrderingRefusal {
    /// The status that the node answers with.
    // Fabric: orderer/common/broadcast/broadcast.go, ClassifyError
    pub(in crate::devnet) const fn status(&self) -> Status {
        match self {
            Self::Filter {
                source: FilterError::PolicyNotSatisfied(_),
                ..
            } => Status::Forbidden,
            Self::Node(_) => Status::ServiceUnavailable,
            _ => Status::BadRequest,
        }
    }
}
