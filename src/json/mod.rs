//! Fabric's own JSON form of its messages: what `configtxlator proto_decode` writes and
//! `configtxlator proto_encode` reads.
//!
//! It is the protobuf JSON mapping with byte fields opened: where a `bytes` field holds a message
//! whose type is known (an envelope's payload, a config value under its key, a policy's rule), the
//! message stands there as an object.

mod check;
mod decode;
mod encode;
mod error;
mod opened;
mod scalar;
mod shape;
mod tape;
mod text;
mod timestamp;

pub use error::{JsonError, JsonProblem};

use shape::{Content, SHAPES, Scalar, ShapeId};
use text::Layout;

/// Writes a message as Fabric's JSON text: keys sorted, tab indent, a newline at the end.
///
/// `message_type` is a protobuf name such as `common.Config`; see [`is_known`]. The indent of deeply
/// nested content grows with the square of its size, as Fabric's does: where others choose the
/// content, use [`encode_compact`].
///
/// # Errors
/// [`JsonError`] where the bytes are not such a message, or where something inside has no JSON form.
pub fn encode(message_type: &str, bytes: &[u8]) -> Result<String, JsonError> {
    encode::encode(known(message_type)?, bytes, Layout::Indented, usize::MAX)
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
    encode::encode(known(message_type)?, bytes, Layout::Compact, max_bytes)
}

/// Reads Fabric's JSON text and gives the message's deterministic encoding.
///
/// # Errors
/// [`JsonError`], with the position in the text.
pub fn decode(message_type: &str, text: &[u8]) -> Result<Vec<u8>, JsonError> {
    decode::decode(known(message_type)?, text)
}

/// Whether [`encode`] and [`decode`] know a message type.
#[must_use]
pub fn is_known(message_type: &str) -> bool {
    known(message_type).is_ok()
}

/// Writes an application organisation's `common.ConfigGroup` with its values opened, as
/// `configtxgen -printOrg` does.
///
/// # Errors
/// As [`encode`].
pub fn encode_org(group: &[u8]) -> Result<String, JsonError> {
    encode::encode(org()?, group, Layout::Indented, usize::MAX)
}

/// Reads what `configtxgen -printOrg` writes for an application organisation: gives its
/// `common.ConfigGroup`, versions as they stand in the text.
///
/// # Errors
/// As [`decode`].
pub fn decode_org(text: &[u8]) -> Result<Vec<u8>, JsonError> {
    decode::decode(org()?, text)
}

/// Writes one `common.ConfigValue` of an application organisation, opened by its key (`MSP`,
/// `AnchorPeers`).
///
/// # Errors
/// As [`encode`].
pub fn encode_org_value(key: &str, value: &[u8]) -> Result<String, JsonError> {
    encode::encode(org_value(key)?, value, Layout::Indented, usize::MAX)
}

/// Reads one value of an application organisation by its key (`MSP`, `AnchorPeers`): gives the
/// `common.ConfigValue`.
///
/// # Errors
/// As [`decode`].
pub fn decode_org_value(key: &str, text: &[u8]) -> Result<Vec<u8>, JsonError> {
    decode::decode(org_value(key)?, text)
}

/// A time in seconds since 1970 as RFC 3339 text; `None` outside the years 1 to 9999.
#[must_use]
pub fn time_text(seconds: i64) -> Option<String> {
    timestamp::format(seconds, 0)
}

/// Whether a field of a message is a 64-bit number, which stands as text in the message's JSON
/// form.
pub(super) fn is_wide(message_type: &str, field: &str) -> bool {
    let Ok(shape) = known(message_type).map(|id| SHAPES.get(id)) else {
        return false;
    };
    let slot = (shape.position(field)).and_then(|position| shape.slots.get(position));
    slot.is_some_and(|slot| {
        matches!(
            slot.content,
            Content::Scalar(Scalar::Int64 | Scalar::Uint64)
        )
    })
}

fn known(message_type: &str) -> Result<ShapeId, JsonError> {
    let fabric = opened::is_fabric(message_type);
    let shape = fabric.then(|| SHAPES.open(message_type)).flatten();
    shape.ok_or_else(|| {
        JsonError::new(JsonProblem::UnknownMessageType {
            message_type: error::shown(message_type),
        })
    })
}

fn org() -> Result<ShapeId, JsonError> {
    let org = SHAPES.application_org;
    org.ok_or_else(|| JsonError::new(JsonProblem::UnknownConfigKey))
}

fn org_value(key: &str) -> Result<ShapeId, JsonError> {
    let keys = SHAPES
        .application_org_values
        .and_then(|keys| SHAPES.keys.get(keys));
    let shape = keys.and_then(|keys| keys.shape(key));
    shape.ok_or_else(|| JsonError::new(JsonProblem::UnknownConfigKey))
}

#[cfg(test)]
mod tests;
