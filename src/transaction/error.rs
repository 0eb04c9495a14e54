//! What can be wrong with a message of a transaction.

use crate::identity::SignerError;

/// Why a message could not be made or read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MessageError {
    /// The gateway prepared something else than what was proposed.
    #[error("the prepared transaction is not what was proposed: {0}")]
    Differs(#[from] PreparedDifference),
    /// A message of someone else cannot be read.
    #[error("{what} cannot be read: {reason}")]
    Malformed {
        /// Which message it was to be.
        what: &'static str,
        /// Why.
        reason: String,
    },
    /// Signing failed.
    #[error("nothing was signed")]
    Sign(#[from] SignerError),
}

impl MessageError {
    pub(super) fn malformed<E: std::fmt::Display>(what: &'static str) -> impl Fn(E) -> Self {
        move |error| Self::Malformed {
            what,
            reason: error.to_string(),
        }
    }

    pub(super) fn missing(what: &'static str) -> Self {
        Self::Malformed {
            what,
            reason: "a part is missing".to_owned(),
        }
    }
}

/// In what a prepared transaction differs from its proposal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PreparedDifference {
    /// Other arguments, or another chaincode, than those of the proposal.
    #[error("it calls something else")]
    Call,
    /// The endorsed action names another chaincode.
    #[error("the endorsed action is of chaincode `{0}`")]
    Chaincode(String),
    /// Nobody endorsed it.
    #[error("it has no endorsement")]
    Endorsements,
    /// It carries another header: another channel, transaction id, time or creator.
    #[error("its header is another one")]
    Header,
    /// The endorsers signed for another proposal.
    #[error("its endorsements are for another proposal")]
    ProposalHash,
    /// The endorsed response refuses the call.
    #[error("the endorsed response has status {0}")]
    Response(i32),
    /// It is signed already.
    #[error("it is signed already")]
    Signed,
    /// It writes where the chaincode has no business.
    #[error("it writes to namespace `{0}`")]
    Writes(String),
}
