//! The outer layers of a transaction: envelope, payload, channel header, and the config that a
//! CONFIG transaction carries.

use bytes::Bytes;

use super::error::TransactionError;
use crate::{
    ids::ChannelId,
    proto::scan::{Fields, ScanError, check_fields, int32, last_bytes, merged},
};

/// `common.HeaderType.CONFIG`.
pub const CONFIG: i32 = 1;

/// An envelope, opened down to its channel header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    /// `common.HeaderType` of the channel header, unknown numbers included.
    pub header_type: i32,
    /// The channel that the channel header names.
    pub channel_id: ChannelId,
    /// The serialized `common.SignatureHeader`; not decoded.
    pub signature_header: Bytes,
    /// `Payload.data`: a message that the header type tells, as carried.
    pub data: Bytes,
}

/// What `common.ConfigEnvelope` holds, both as carried.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfigEnvelope {
    /// The serialized `common.Config`; `None` where absent.
    pub config: Option<Bytes>,
    /// The serialized `common.Envelope` of the update; `None` where absent.
    pub last_update: Option<Bytes>,
}

impl Transaction {
    /// Reads a serialized `common.Envelope`.
    ///
    /// # Errors
    /// [`TransactionError`].
    pub fn parse(envelope: &Bytes) -> Result<Self, TransactionError> {
        let (payload, _) = envelope_parts(envelope)?;
        let header = merged(&payload, 1)?.ok_or(TransactionError::MissingHeader)?;
        let data = last_bytes(&payload, 2)?;
        let (header_type, channel_id) = channel_header(&last_bytes(&header, 1)?)?;
        Ok(Self {
            header_type,
            channel_id,
            signature_header: last_bytes(&header, 2)?,
            data,
        })
    }
}

impl ConfigEnvelope {
    /// Reads a serialized `common.ConfigEnvelope`; the config itself is not looked into.
    ///
    /// # Errors
    /// [`ScanError`] where the bytes are not protobuf.
    pub fn parse(message: &Bytes) -> Result<Self, ScanError> {
        Ok(Self {
            config: merged(message, 1)?,
            last_update: merged(message, 2)?,
        })
    }
}

/// Payload and signature of a serialized `common.Envelope`.
///
/// # Errors
/// [`ScanError`] where the bytes are not protobuf.
pub fn envelope_parts(envelope: &Bytes) -> Result<(Bytes, Bytes), ScanError> {
    Ok((last_bytes(envelope, 1)?, last_bytes(envelope, 2)?))
}

/// Type and channel of a serialized `common.ChannelHeader`.
fn channel_header(message: &[u8]) -> Result<(i32, ChannelId), ScanError> {
    let (mut header_type, mut channel) = (0, "");
    let mut fields = Fields::new(message);
    while let Some(field) = fields.next()? {
        match field.number {
            1 => header_type = field.varint().map_or(header_type, int32),
            3 => check_fields(field.bytes().unwrap_or_default())?, // the timestamp
            4 => channel = field.text()?.unwrap_or(channel),
            5 => drop(field.text()?), // the transaction id
            _ => {}
        }
    }
    Ok((header_type, ChannelId::from(channel)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transaction_needs_a_header() {
        let payload = Bytes::from_static(b"\x0a\x02\x12\x00");
        assert_eq!(
            Transaction::parse(&payload),
            Err(TransactionError::MissingHeader)
        );
        let typed = Bytes::from_static(b"\x0a\x0b\x0a\x09\x0a\x07\x08\x01\x22\x03chn");
        let transaction = Transaction::parse(&typed).unwrap();
        assert_eq!(transaction.header_type, CONFIG);
        assert_eq!(transaction.channel_id.as_str(), "chn");
    }
}
