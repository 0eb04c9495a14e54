//! Fabric's own JSON form of its messages: what `configtxlator proto_decode` writes and
//! `configtxlator proto_encode` reads.
//!
//! It is the protobuf JSON mapping with byte fields opened: where a `bytes` field holds a message
//! whose type is known (an envelope's payload, a config value under its key, a policy's rule), the
//! message stands there as an object.

mod error;

pub use error::{JsonError, JsonProblem};

/// Writes a message as Fabric's JSON text: keys sorted, tab indent, a newline at the end.
///
/// `message_type` is a protobuf name such as `common.Config`; see [`is_known`].
///
/// # Errors
/// [`JsonError`] where the bytes are not such a message, or where something inside has no JSON form.
pub fn encode(message_type: &str, bytes: &[u8]) -> Result<String, JsonError> {
    let _ = (message_type, bytes);
    Err(JsonError::new(JsonProblem::TooDeep))
}

/// The same document as [`encode`] without white space and without the last newline, at most
/// `max_bytes` long.
///
/// # Errors
/// As [`encode`], and [`JsonProblem::TooLarge`].
pub fn encode_compact(
    message_type: &str,
    bytes: &[u8],
    max_bytes: usize,
) -> Result<String, JsonError> {
    let _ = (message_type, bytes, max_bytes);
    Err(JsonError::new(JsonProblem::TooDeep))
}

/// Reads Fabric's JSON text and gives the message's deterministic encoding.
///
/// # Errors
/// [`JsonError`], with the position in the text where it can be known.
pub fn decode(message_type: &str, text: &[u8]) -> Result<Vec<u8>, JsonError> {
    let _ = (message_type, text);
    Err(JsonError::new(JsonProblem::TooDeep))
}

/// Whether [`encode`] and [`decode`] know a message type.
#[must_use]
pub fn is_known(message_type: &str) -> bool {
    let _ = message_type;
    false
}

/// Writes an application organisation's `common.ConfigGroup` with its values opened, as
/// `configtxgen -printOrg` does.
///
/// # Errors
/// As [`encode`].
pub fn encode_org(group: &[u8]) -> Result<String, JsonError> {
    let _ = group;
    Err(JsonError::new(JsonProblem::TooDeep))
}

/// Reads what `configtxgen -printOrg` writes for an application organisation: gives its
/// `common.ConfigGroup`, versions as they stand in the text.
///
/// # Errors
/// As [`decode`].
pub fn decode_org(text: &[u8]) -> Result<Vec<u8>, JsonError> {
    let _ = text;
    Err(JsonError::new(JsonProblem::TooDeep))
}

/// Writes one `common.ConfigValue` of an application organisation, opened by its key (`MSP`,
/// `AnchorPeers`).
///
/// # Errors
/// As [`encode`].
pub fn encode_org_value(key: &str, value: &[u8]) -> Result<String, JsonError> {
    let _ = (key, value);
    Err(JsonError::new(JsonProblem::TooDeep))
}

/// Reads one value of an application organisation by its key (`MSP`, `AnchorPeers`): gives the
/// `common.ConfigValue`.
///
/// # Errors
/// As [`decode`].
pub fn decode_org_value(key: &str, text: &[u8]) -> Result<Vec<u8>, JsonError> {
    let _ = (key, text);
    Err(JsonError::new(JsonProblem::TooDeep))
}
