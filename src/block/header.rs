//! A block's header: the bytes that are hashed and signed.

use bytes::Bytes;

use crate::{
    ids::{BlockNumber, Digest},
    proto::scan::{Fields, ScanError},
};

/// The header of a block.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BlockHeader {
    /// The block's number.
    pub number: BlockNumber,
    /// The hash of the header before; empty in a genesis block.
    pub previous_hash: Bytes,
    /// The hash that the block's data should have.
    pub data_hash: Bytes,
}

impl BlockHeader {
    /// Reads a serialized `common.BlockHeader`.
    ///
    /// # Errors
    /// [`ScanError`] where the bytes are not protobuf.
    pub fn parse(message: &Bytes) -> Result<Self, ScanError> {
        let mut header = Self::default();
        header.merge(message, message)?;
        Ok(header)
    }

    /// The DER form that is hashed and signed: `SEQUENCE { INTEGER number, OCTET STRING
    /// previous_hash, OCTET STRING data_hash }`.
    // Fabric: protoutil/blockutils.go, BlockHeaderBytes
    #[must_use]
    pub fn der(&self) -> Vec<u8> {
        let mut content = Vec::with_capacity(self.previous_hash.len() + self.data_hash.len() + 32);
        let number = self.number.0.to_be_bytes();
        let zeros = number.iter().take(7).take_while(|b| **b == 0).count();
        let digits = number.get(zeros..).unwrap_or_default();
        // a leading zero keeps the INTEGER from being negative
        let sign: &[u8] = match digits.first() {
            Some(0x80..) => &[0],
            _ => &[],
        };
        der_head(&mut content, 0x02, sign.len() + digits.len());
        content.extend_from_slice(sign);
        content.extend_from_slice(digits);
        for octets in [&self.previous_hash, &self.data_hash] {
            der_head(&mut content, 0x04, octets.len());
            content.extend_from_slice(octets);
        }
        let mut out = Vec::with_capacity(content.len() + 8);
        der_head(&mut out, 0x30, content.len());
        out.extend_from_slice(&content);
        out
    }

    /// SHA-256 of [`Self::der`], whatever hashing algorithm the channel names.
    #[must_use]
    pub fn hash(&self) -> Digest {
        Digest::of(&self.der())
    }

    /// Reads one more occurrence of the header; protobuf merges them.
    pub(super) fn merge(&mut self, whole: &Bytes, message: &[u8]) -> Result<(), ScanError> {
        let mut fields = Fields::new(message);
        while let Some(field) = fields.next()? {
            match (field.number, field.varint(), field.bytes()) {
                (1, Some(number), _) => self.number = BlockNumber(number),
                (2, _, Some(hash)) => self.previous_hash = whole.slice_ref(hash),
                (3, _, Some(hash)) => self.data_hash = whole.slice_ref(hash),
                _ => {}
            }
        }
        Ok(())
    }
}

/// Appends tag and definite length.
fn der_head(out: &mut Vec<u8>, tag: u8, len: usize) {
    out.push(tag);
    let bytes = len.to_be_bytes();
    let zeros = bytes.iter().take_while(|b| **b == 0).count();
    match u8::try_from(len) {
        Ok(short @ 0..0x80) => out.push(short),
        _ => {
            let digits = bytes.get(zeros..).unwrap_or_default();
            // a length has at most 8 bytes
            out.push(0x80 | u8::try_from(digits.len()).unwrap_or_default());
            out.extend_from_slice(digits);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_minimal_and_never_negative() {
        let der = |number| {
            hex::encode(
                BlockHeader {
                    number: BlockNumber(number),
                    ..BlockHeader::default()
                }
                .der(),
            )
        };
        assert_eq!(der(0), "300702010004000400");
        assert_eq!(der(127), "300702017f04000400");
        assert_eq!(der(128), "30080202008004000400");
        assert_eq!(der(u64::MAX), "300f020900ffffffffffffffff04000400");
    }

    #[test]
    fn long_hashes_get_long_lengths() {
        let header = BlockHeader {
            data_hash: Bytes::from(vec![7; 300]),
            ..BlockHeader::default()
        };
        let der = header.der();
        assert_eq!(&der[..4], &[0x30, 0x82, 0x01, 0x35]);
        assert_eq!(der.len(), 4 + 0x135);
        assert_eq!(&der[9..13], &[0x04, 0x82, 0x01, 0x2c]);
    }
}
