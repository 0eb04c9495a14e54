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
mod size;
mod tape;
mod text;
mod timestamp;

pub use error::{JsonError, JsonProblem};
pub use size::json_size;

use opened::SHAPES;
use shape::{Content, Scalar, ShapeId};
use text::Layout;

/// What is written or read. A protobuf name stands for its message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageType<'a> {
    /// A message by its protobuf name, such as `common.Config`.
    Named(&'a str),
    /// An application organisation's `common.ConfigGroup` with its values opened: what
    /// `configtxgen -printOrg` writes. Versions stand as they are.
    Organization,
    /// One `common.ConfigValue` of an application organisation, opened by this key: `MSP` or
    /// `AnchorPeers`.
    OrganizationValue(&'a str),
}

impl<'a> From<&'a str> for MessageType<'a> {
    fn from(name: &'a str) -> Self {
        Self::Named(name)
    }
}

/// Writes a message as Fabric's JSON text: keys sorted, tab indent, a newline at the end.
///
/// The indent of deeply nested content grows with the square of its size, as Fabric's does: where
/// others choose the content, use [`encode_compact`].
///
/// # Errors
/// [`JsonError`] where the bytes are not such a message, or where something inside has no JSON form.
pub fn encode<'a>(
    message_type: impl Into<MessageType<'a>>,
    bytes: &[u8],
) -> Result<String, JsonError> {
    encode::encode(
        shape_of(message_type.into())?,
        bytes,
        Layout::Indented,
        usize::MAX,
    )
}

/// The same document as [`encode`] without white space and without the last newline, at most
/// `max_bytes` long.
///
/// # Errors
/// As [`encode`], and [`JsonProblem::TooLarge`].
pub fn encode_compact<'a>(
    message_type: impl Into<MessageType<'a>>,
    bytes: &[u8],
    max_bytes: usize,
) -> Result<String, JsonError> {
    encode::encode(
        shape_of(message_type.into())?,
        bytes,
        Layout::Compact,
        max_bytes,
    )
}

/// Reads Fabric's JSON text and gives the message's deterministic encoding.
///
/// # Errors
/// [`JsonError`], with the position in the text.
pub fn decode<'a>(
    message_type: impl Into<MessageType<'a>>,
    text: &[u8],
) -> Result<Vec<u8>, JsonError> {
    decode::decode(shape_of(message_type.into())?, text)
}

/// Whether [`encode`] and [`decode`] know a message by this protobuf name.
#[must_use]
pub fn is_known(message_type: &str) -> bool {
    named(message_type).is_ok()
}

/// A time in seconds since 1970 as RFC 3339 text; `None` outside the years 1 to 9999.
#[must_use]
pub fn time_text(seconds: i64) -> Option<String> {
    timestamp::format(seconds, 0)
}

/// Whether a field of a message is a 64-bit number, which stands as text in the message's JSON
/// form.
pub(super) fn is_wide(message_type: &str, field: &str) -> bool {
    let Ok(shape) = named(message_type).map(|id| SHAPES.get(id)) else {
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

fn shape_of(message_type: MessageType<'_>) -> Result<ShapeId, JsonError> {
    let shape = match message_type {
        MessageType::Named(name) => return named(name),
        MessageType::Organization => SHAPES.application_org,
        MessageType::OrganizationValue(key) => {
            (SHAPES.application_org_values).and_then(|keys| SHAPES.keys.get(keys)?.shape(key))
        }
    };
    shape.ok_or_else(|| JsonError::new(JsonProblem::UnknownConfigKey))
}

fn named(message_type: &str) -> Result<ShapeId, JsonError> {
    let fabric = opened::is_fabric(message_type);
    let shape = fabric.then(|| SHAPES.open(message_type)).flatten();
    shape.ok_or_else(|| {
        JsonError::new(JsonProblem::UnknownMessageType {
            message_type: error::shown(message_type),
        })
    })
}

#[cfg(test)]
mod tests;
