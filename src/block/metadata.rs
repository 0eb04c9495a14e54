//! A block's metadata entry 0: the signatures, and what they cover besides the header.

use bytes::Bytes;

use crate::proto::scan::{Fields, ScanError, last_bytes};

/// `common.Metadata`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BlockMetadata {
    /// A serialized `common.OrdererBlockMetadata`; empty in blocks before 1.4.1.
    pub value: Bytes,
    /// The signatures, in the order given.
    pub signatures: Vec<MetadataSignature>,
}

/// `common.MetadataSignature`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MetadataSignature {
    /// A serialized `common.SignatureHeader`.
    pub signature_header: Bytes,
    /// The signature itself, over value, header and block header.
    pub signature: Bytes,
    /// A serialized `common.IdentifierHeader`.
    pub identifier_header: Bytes,
}

impl BlockMetadata {
    /// Reads a metadata entry.
    ///
    /// # Errors
    /// [`ScanError`] where the bytes are not protobuf.
    pub fn parse(entry: &Bytes) -> Result<Self, ScanError> {
        let mut metadata = Self::default();
        let mut fields = Fields::new(entry);
        while let Some(field) = fields.next()? {
            match (field.number, field.bytes()) {
                (1, Some(value)) => metadata.value = entry.slice_ref(value),
                (2, Some(signature)) => {
                    let signature = entry.slice_ref(signature);
                    metadata.signatures.push(MetadataSignature {
                        signature_header: last_bytes(&signature, 1)?,
                        signature: last_bytes(&signature, 2)?,
                        identifier_header: last_bytes(&signature, 3)?,
                    });
                }
                _ => {}
            }
        }
        Ok(metadata)
    }
}

/// The consenter's number in a serialized `common.IdentifierHeader`.
///
/// # Errors
/// [`ScanError`] where the bytes are not protobuf.
pub(super) fn identifier(header: &[u8]) -> Result<u32, ScanError> {
    Ok(u32::try_from(number(header, 1)? & u64::from(u32::MAX)).unwrap_or_default())
}

/// The index in a serialized `common.LastConfig`.
///
/// # Errors
/// [`ScanError`] where the bytes are not protobuf.
pub(super) fn last_config(message: &[u8]) -> Result<u64, ScanError> {
    number(message, 1)
}

/// The last occurrence of a varint field; 0 where absent.
fn number(message: &[u8], number: u32) -> Result<u64, ScanError> {
    let mut found = 0;
    let mut fields = Fields::new(message);
    while let Some(field) = fields.next()? {
        if field.number == number {
            found = field.varint().unwrap_or(found);
        }
    }
    Ok(found)
}
