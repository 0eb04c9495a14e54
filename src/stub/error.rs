//! What can go wrong between a contract and its peer.

/// Why a state call has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StubError {
    /// The peer answered with an error.
    #[error("the peer refused `{call}`: {reason}")]
    Refused {
        /// The call, by the name of its message type.
        call: &'static str,
        /// The reason that the peer gave, unchanged.
        reason: String,
    },
    /// The peer answered something that is no answer to this call.
    #[error("the peer's answer to `{call}` is not one: {detail}")]
    Malformed {
        /// The message that was answered, by its protocol name.
        call: &'static str,
        /// What was wrong with it.
        detail: String,
    },
    /// The chaincode asked for something that cannot be, and no peer was asked.
    #[error("`{call}` was not sent: {detail}")]
    Invalid {
        /// The message that would have been sent, by its protocol name.
        call: &'static str,
        /// What cannot be.
        detail: &'static str,
    },
    /// The call does not fit into a message.
    #[error("`{call}` takes a message of {bytes} bytes, it holds {limit}")]
    TooLarge {
        /// The message that would have been sent, by its protocol name.
        call: &'static str,
        /// The message's size.
        bytes: usize,
        /// The most that one message may have, in bytes.
        limit: usize,
    },
    /// The stream ended, or the transaction was given up, before the answer came.
    #[error("the stream ended before the answer to `{call}`")]
    Ended {
        /// The message that nobody answers any more, by its protocol name.
        call: &'static str,
    },
}

impl StubError {
    /// A collection without a name, which peers take for the public state.
    // Fabric: fabric-chaincode-go, shim/stub.go, GetPrivateData
    pub(crate) const fn unnamed_collection(call: &'static str) -> Self {
        let detail = "the name of the collection is empty";
        Self::Invalid { call, detail }
    }

    /// A chaincode's name that peers would take for a name with a version or a channel.
    // Fabric: core/chaincode/chaincode_support.go, ParseName
    pub(crate) const fn odd_chaincode(call: &'static str) -> Self {
        let detail = "no chaincode has a name with `/` or `:`";
        Self::Invalid { call, detail }
    }

    /// Values that are not as many as the keys.
    pub(crate) fn too_few_values(call: &'static str, came: usize, asked: usize) -> Self {
        let detail = format!("{came} values for {asked} keys");
        Self::Malformed { call, detail }
    }

    /// A page that holds nothing, which peers take for no page.
    pub(crate) const fn empty_page(call: &'static str) -> Self {
        let detail = "a page holds at least one entry";
        Self::Invalid { call, detail }
    }
}
