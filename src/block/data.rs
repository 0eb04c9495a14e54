//! A block's data: its hash, and whether its transactions are well-formed.

use bytes::Bytes;
use ring::digest;

use crate::{
    config::envelope::{CONFIG, Transaction},
    ids::Digest,
    proto::{
        scan::{Fields, ScanError},
        write,
    },
};

/// Why a block's transactions are not well-formed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BlockDataError {
    /// There is no transaction at all.
    #[error("the block has no transaction")]
    Empty,
    /// Not an envelope.
    #[error("transaction {index} is not an envelope: {source}")]
    Envelope {
        /// Its place in the block, from 0.
        index: usize,
        /// What is wrong with the bytes.
        source: ScanError,
    },
    /// An envelope without payload.
    #[error("transaction {index} has no payload")]
    NoPayload {
        /// Its place in the block, from 0.
        index: usize,
    },
    /// An envelope without signature.
    #[error("transaction {index} has no signature")]
    NoSignature {
        /// Its place in the block, from 0.
        index: usize,
    },
    /// The same message in other bytes: two forms of one transaction would have two data hashes.
    #[error("transaction {index} is not encoded as fabric encodes it")]
    NotCanonical {
        /// Its place in the block, from 0.
        index: usize,
    },
}

/// SHA-256 of the plain concatenation of the entries.
// Fabric: protoutil/blockutils.go, ComputeBlockDataHash
#[must_use]
pub fn data_hash(entries: &[Bytes]) -> Digest {
    let mut context = digest::Context::new(&digest::SHA256);
    for entry in entries {
        context.update(entry);
    }
    // SHA-256 gives 32 bytes, so the default is never taken
    Digest::from_bytes(context.finish().as_ref()).unwrap_or_else(|| Digest::of(&[]))
}

/// Whether the block has one transaction, of type CONFIG.
// Fabric: protoutil/commonutils.go, HasConfigTx
#[must_use]
pub(super) fn is_config(entries: &[Bytes]) -> bool {
    match entries {
        [only] => {
            Transaction::parse(only).is_ok_and(|transaction| transaction.header_type == CONFIG)
        }
        _ => false,
    }
}

/// Checks the form of every transaction; a lone config transaction passes as it is.
///
/// # Errors
/// [`BlockDataError`], for the first transaction that is.
// Fabric: protoutil/blockutils.go, VerifyTransactionsAreWellFormed
pub fn well_formed(entries: &[Bytes]) -> Result<(), BlockDataError> {
    if entries.is_empty() {
        return Err(BlockDataError::Empty);
    }
    if is_config(entries) {
        return Ok(());
    }
    for (index, entry) in entries.iter().enumerate() {
        let envelope =
            Envelope::parse(entry).map_err(|source| BlockDataError::Envelope { index, source })?;
        if envelope.payload.is_empty() {
            return Err(BlockDataError::NoPayload { index });
        }
        if envelope.signature.is_empty() {
            return Err(BlockDataError::NoSignature { index });
        }
        if envelope.encode() != entry.as_ref() {
            return Err(BlockDataError::NotCanonical { index });
        }
    }
    Ok(())
}

struct Envelope<'a> {
    payload: &'a [u8],
    signature: &'a [u8],
    unknown: Vec<u8>,
}

impl<'a> Envelope<'a> {
    fn parse(bytes: &'a [u8]) -> Result<Self, ScanError> {
        let mut envelope = Self {
            payload: &[],
            signature: &[],
            unknown: Vec::new(),
        };
        let mut fields = Fields::new(bytes);
        while let Some(field) = fields.next()? {
            match (field.number, field.bytes()) {
                (1, Some(payload)) => envelope.payload = payload,
                (2, Some(signature)) => envelope.signature = signature,
                _ => envelope.unknown.extend_from_slice(field.raw),
            }
        }
        Ok(envelope)
    }

    fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        write::bytes(&mut out, 1, self.payload);
        write::bytes(&mut out, 2, self.signature);
        out.extend_from_slice(&self.unknown);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(parts: &[&'static [u8]]) -> Vec<Bytes> {
        parts.iter().map(|p| Bytes::from_static(p)).collect()
    }

    #[test]
    fn only_the_concatenation_counts() {
        assert_eq!(
            data_hash(&entries(&[b"ab", b"c"])),
            data_hash(&entries(&[b"a", b"", b"bc"]))
        );
        assert_eq!(data_hash(&entries(&[b"abc"])), Digest::of(b"abc"));
    }

    #[test]
    fn transactions_have_one_form() {
        let cases: &[(&str, &'static [u8], Result<(), BlockDataError>)] = &[
            ("plain", b"\x0a\x01p\x12\x01s", Ok(())),
            ("unknown field last", b"\x0a\x01p\x12\x01s\x18\x01", Ok(())),
            (
                "unknown field first",
                b"\x18\x01\x0a\x01p\x12\x01s",
                Err(BlockDataError::NotCanonical { index: 0 }),
            ),
            (
                "repeated",
                b"\x0a\x01p\x0a\x01p\x12\x01s",
                Err(BlockDataError::NotCanonical { index: 0 }),
            ),
            (
                "long length",
                b"\x0a\x81\x00p\x12\x01s",
                Err(BlockDataError::NotCanonical { index: 0 }),
            ),
            (
                "no payload",
                b"\x12\x01s",
                Err(BlockDataError::NoPayload { index: 0 }),
            ),
            (
                "no signature",
                b"\x0a\x01p",
                Err(BlockDataError::NoSignature { index: 0 }),
            ),
            (
                "cut",
                b"\x0a\x05p",
                Err(BlockDataError::Envelope {
                    index: 0,
                    source: ScanError::Truncated,
                }),
            ),
        ];
        for (name, bytes, want) in cases {
            assert_eq!(well_formed(&entries(&[bytes])), *want, "{name}");
        }
        assert_eq!(well_formed(&[]), Err(BlockDataError::Empty));
    }
}
