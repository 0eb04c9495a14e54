//! A failed call as it came back.

use prost::Message;

use crate::proto::{gateway, google::rpc};

/// Why a call of a node gave no result. Others wrote the texts: they are bounded here, and made
/// harmless where they are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RpcFailure {
    /// The code.
    pub(crate) code: RpcCode,
    /// What the node says; at most [`LONGEST`] bytes.
    pub(crate) message: String,
    /// What the nodes behind it said; at most [`MOST`].
    pub(crate) said: Vec<NodeWords>,
    /// Where the call failed on this side of the wire: the causes, outermost first.
    pub(crate) causes: Vec<String>,
    /// Whether the node cannot have received the call.
    pub(crate) is_unsent: bool,
}

/// What one node behind a gateway said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct NodeWords {
    /// Its address.
    pub(crate) address: String,
    /// The MSP id of its organisation.
    pub(crate) msp_id: String,
    /// Its words; at most [`LONGEST`] bytes.
    pub(crate) message: String,
}

/// The codes of gRPC that make a difference.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum RpcCode {
    /// The operation was aborted: a refusal while endorsing or ordering.
    Aborted,
    /// Cancelled, by whichever side.
    Cancelled,
    /// The deadline passed.
    DeadlineExceeded,
    /// The state of the node does not allow it.
    FailedPrecondition,
    /// A node's own failure.
    Internal,
    /// The request is malformed.
    InvalidArgument,
    /// What was asked for is not there.
    NotFound,
    /// Not permitted.
    PermissionDenied,
    /// Too much at once.
    ResourceExhausted,
    /// Not available now.
    Unavailable,
    /// The node does not have this service.
    Unimplemented,
    /// Any other.
    #[default]
    Unknown,
}

/// The most bytes of a text that are kept.
const LONGEST: usize = 8 << 10;

/// The most nodes whose words are kept.
const MOST: usize = 100;

impl RpcFailure {
    /// Reads what a node answered: code, message, and the details, a serialized `google.rpc.Status`.
    // SECURITY: the node chooses all of it; what cannot be read is left out
    #[must_use]
    pub(crate) fn new(code: i32, message: &str, details: &[u8]) -> Self {
        let details = rpc::Status::decode(details).unwrap_or_default().details;
        let said = details
            .into_iter()
            .filter(|detail| detail.type_url.ends_with("/gateway.ErrorDetail"))
            .filter_map(|detail| gateway::ErrorDetail::decode(&detail.value[..]).ok())
            .take(MOST)
            .map(|detail| NodeWords {
                address: bounded(&detail.address),
                msp_id: bounded(&detail.msp_id),
                message: bounded(&detail.message),
            });
        Self {
            code: code.into(),
            message: bounded(message),
            said: said.collect(),
            ..Self::default()
        }
    }

    /// A call that failed on this side of the wire.
    #[must_use]
    pub(crate) fn local(code: i32, message: &str, causes: &[String], is_unsent: bool) -> Self {
        Self {
            code: code.into(),
            message: bounded(message),
            causes: causes.iter().map(|cause| bounded(cause)).collect(),
            is_unsent,
            ..Self::default()
        }
    }

    /// The texts that say why: those of the nodes behind it, then its own.
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        let said = self.said.iter().map(|words| words.message.as_str());
        said.chain([self.message.as_str()])
            .chain(self.causes.iter().map(String::as_str))
    }

    /// Whether somebody says this.
    pub(super) fn says(&self, words: &str) -> bool {
        self.texts().any(|text| text.contains(words))
    }

    /// What each node said, for people.
    pub(super) fn details(&self) -> Vec<(String, String)> {
        let said = self.said.iter().map(|words| {
            let whose = match words.msp_id.as_str() {
                "" => words.address.clone(),
                msp_id => format!("{} ({msp_id})", words.address),
            };
            (whose, words.message.clone())
        });
        said.collect()
    }
}

impl From<i32> for RpcCode {
    fn from(code: i32) -> Self {
        match code {
            1 => Self::Cancelled,
            3 => Self::InvalidArgument,
            4 => Self::DeadlineExceeded,
            5 => Self::NotFound,
            7 | 16 => Self::PermissionDenied,
            8 => Self::ResourceExhausted,
            9 => Self::FailedPrecondition,
            10 => Self::Aborted,
            12 => Self::Unimplemented,
            13 => Self::Internal,
            14 => Self::Unavailable,
            _ => Self::Unknown,
        }
    }
}

/// The beginning of a text, and how long it was.
fn bounded(text: &str) -> String {
    if text.len() <= LONGEST {
        return text.to_owned();
    }
    let mut end = LONGEST;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let start = text.get(..end).unwrap_or_default();
    format!("{start}.. ({} bytes)", text.len())
}
