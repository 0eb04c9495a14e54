//! Envelopes that carry config updates.

use bytes::Bytes;

use super::error::EnvelopeError;
use crate::ids::ChannelId;

/// One signature on an update: a `common.ConfigSignature`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigSignature {
    /// A serialized `common.SignatureHeader`.
    pub signature_header: Bytes,
    /// The signature over header and update.
    pub signature: Bytes,
}

/// A `common.Envelope` of type `CONFIG_UPDATE`, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpdateEnvelope {
    /// The channel id of the channel header; nothing compares it with the update's own.
    pub channel_id: ChannelId,
    /// The serialized `common.ConfigUpdateEnvelope`, as carried.
    pub data: Bytes,
    /// The serialized `common.ConfigUpdate`, as carried.
    pub config_update: Bytes,
    /// The signatures, in the order of the envelope.
    pub signatures: Vec<ConfigSignature>,
}

/// Builds an envelope of type `CONFIG_UPDATE` with its channel id, without an outer signature.
#[must_use]
pub fn update_envelope(
    _channel: &ChannelId,
    _config_update: &[u8],
    _signatures: &[ConfigSignature],
) -> Vec<u8> {
    todo!()
}

/// Reads an envelope of type `CONFIG_UPDATE`.
///
/// # Errors
/// [`EnvelopeError`].
pub fn read_update_envelope(_envelope: &Bytes) -> Result<UpdateEnvelope, EnvelopeError> {
    todo!()
}

/// What a config signature signs.
#[must_use]
pub const fn signed_message<'a>(
    signature_header: &'a [u8],
    config_update: &'a [u8],
) -> [&'a [u8]; 2] {
    [signature_header, config_update]
}

/// The creator in a serialized `common.SignatureHeader`: a serialized identity, not yet read.
///
/// # Errors
/// [`EnvelopeError::Undecodable`].
pub fn creator(_signature_header: &[u8]) -> Result<&[u8], EnvelopeError> {
    todo!()
}
