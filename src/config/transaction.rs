//! The outer layers of a transaction: envelope, payload, channel header, and the config that a
//! CONFIG transaction carries.

use bytes::Bytes;

use crate::{
    ids::ChannelId,
    proto::scan::{Fields, ScanError},
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
    /// `Payload.data`.
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

/// Why bytes are not a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TransactionError {
    /// The payload has no header.
    #[error("the transaction has no header")]
    MissingHeader,
    /// Not protobuf of the expected form.
    #[error("the transaction does not decode")]
    Undecodable(#[from] ScanError),
}

impl TransactionError {
    /// The vectors' reason class.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::MissingHeader => "missing_header",
            Self::Undecodable(_) => "undecodable",
        }
    }
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

/// The creator of a serialized `common.SignatureHeader`.
///
/// # Errors
/// [`ScanError`] where the bytes are not protobuf.
pub fn creator(signature_header: &Bytes) -> Result<Bytes, ScanError> {
    last_bytes(signature_header, 1)
}

/// Type and channel of a serialized `common.ChannelHeader`.
fn channel_header(message: &[u8]) -> Result<(i32, ChannelId), ScanError> {
    let (mut header_type, mut channel) = (0, "");
    let mut fields = Fields::new(message);
    while let Some(field) = fields.next()? {
        match field.number {
            1 => header_type = field.varint().map_or(header_type, low_i32),
            3 => scan(field.bytes().unwrap_or_default())?, // the timestamp
            4 => channel = field.text()?.unwrap_or(channel),
            5 => drop(field.text()?), // the transaction id
            _ => {}
        }
    }
    Ok((header_type, ChannelId::from(channel)))
}

/// The last occurrence of a `bytes` field; empty where absent.
///
/// # Errors
/// [`ScanError`] where the bytes are not protobuf.
pub fn last_bytes(message: &Bytes, number: u32) -> Result<Bytes, ScanError> {
    let mut found: &[u8] = &[];
    let mut fields = Fields::new(message);
    while let Some(field) = fields.next()? {
        match field.bytes() {
            Some(bytes) if field.number == number => found = bytes,
            _ => {}
        }
    }
    Ok(message.slice_ref(found))
}

/// A sub-message as the decoder sees it; `None` where absent. Several occurrences merge, which is
/// what their concatenation decodes to.
///
/// # Errors
/// [`ScanError`] where the bytes, or one occurrence, are not protobuf.
pub fn merged(message: &Bytes, number: u32) -> Result<Option<Bytes>, ScanError> {
    let mut found: Vec<&[u8]> = Vec::new();
    let mut fields = Fields::new(message);
    while let Some(field) = fields.next()? {
        match field.bytes() {
            Some(bytes) if field.number == number => {
                scan(bytes)?;
                found.push(bytes);
            }
            _ => {}
        }
    }
    Ok(match *found {
        [] => None,
        [only] => Some(message.slice_ref(only)),
        _ => Some(found.concat().into()),
    })
}

/// Checks that bytes are a sequence of protobuf fields.
pub(super) fn scan(message: &[u8]) -> Result<(), ScanError> {
    let mut fields = Fields::new(message);
    while fields.next()?.is_some() {}
    Ok(())
}

/// The low 32 bits, as protobuf reads an `int32` or an enum.
pub(super) fn low_i32(varint: u64) -> i32 {
    i32::from_le_bytes(low_u32(varint).to_le_bytes())
}

/// The low 32 bits, as protobuf reads a `uint32`.
pub(super) fn low_u32(varint: u64) -> u32 {
    u32::try_from(varint & u64::from(u32::MAX)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_messages_merge() {
        let bytes = Bytes::from_static(b"\x0a\x02\x08\x01\x0a\x02\x10\x02");
        assert_eq!(
            merged(&bytes, 1).unwrap().unwrap().as_ref(),
            b"\x08\x01\x10\x02"
        );
        assert_eq!(merged(&bytes, 2), Ok(None));
        let broken = Bytes::from_static(b"\x0a\x01\x08\x0a\x01\x01");
        assert_eq!(merged(&broken, 1), Err(ScanError::Truncated));
    }

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
