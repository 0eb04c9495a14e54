//! A block as it is carried.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use super::{
    data,
    error::BlockError,
    header::BlockHeader,
    metadata::{self, BlockMetadata},
};
use crate::{
    ids::{BlockNumber, Digest},
    proto::scan::{Fields, ScanError, merged},
};

/// A block. Nothing of it is verified: see [`super::verify`]. Entries are slices of the bytes it
/// was read from; a clone shares them, and the hash of the data once it is known.
#[derive(Clone, Debug)]
pub struct Block {
    bytes: Bytes,
    header: Option<BlockHeader>,
    data: Vec<Bytes>,
    metadata: Vec<Bytes>,
    computed_data_hash: Arc<OnceLock<Digest>>,
}

impl Block {
    /// Reads a serialized `common.Block`; transactions and metadata are not looked into.
    ///
    /// # Errors
    /// [`BlockError::Undecodable`].
    // a part that occurs twice merges, as in any protobuf message
    pub fn parse(bytes: Bytes) -> Result<Self, BlockError> {
        let mut block = Self {
            bytes: Bytes::new(),
            header: None,
            data: Vec::new(),
            metadata: Vec::new(),
            computed_data_hash: Arc::default(),
        };
        let mut fields = Fields::new(&bytes);
        while let Some(field) = fields.next()? {
            match (field.number, field.bytes()) {
                (1, Some(header)) => {
                    let known = block.header.get_or_insert_default();
                    known.merge(&bytes, header)?;
                }
                (2, Some(data)) => push_entries(&bytes, data, &mut block.data)?,
                (3, Some(metadata)) => push_entries(&bytes, metadata, &mut block.metadata)?,
                _ => {}
            }
        }
        block.bytes = bytes;
        Ok(block)
    }

    /// The bytes that it was read from.
    #[must_use]
    pub const fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Its header; `None` where absent.
    #[must_use]
    pub const fn header(&self) -> Option<&BlockHeader> {
        self.header.as_ref()
    }

    /// Its number; 0 without a header.
    #[must_use]
    pub fn number(&self) -> BlockNumber {
        self.header().map_or(BlockNumber(0), |header| header.number)
    }

    /// The hash of the header before, as claimed; empty without a header.
    #[must_use]
    pub fn previous_hash(&self) -> &[u8] {
        self.header().map_or(&[], |header| &header.previous_hash)
    }

    /// The hash of its data, as claimed; empty without a header.
    #[must_use]
    pub fn data_hash(&self) -> &[u8] {
        self.header().map_or(&[], |header| &header.data_hash)
    }

    /// The bytes of its header that are hashed and signed; without a header those of an empty one.
    #[must_use]
    pub fn header_bytes(&self) -> Vec<u8> {
        self.header
            .as_ref()
            .map_or_else(|| BlockHeader::default().der(), BlockHeader::der)
    }

    /// The hash of [`Self::header_bytes`].
    #[must_use]
    pub fn header_hash(&self) -> Digest {
        Digest::of(&self.header_bytes())
    }

    /// The hash that its data has; computed at most once.
    #[must_use]
    pub fn computed_data_hash(&self) -> Digest {
        *self
            .computed_data_hash
            .get_or_init(|| data::data_hash(&self.data))
    }

    /// Its transactions: serialized envelopes, in order.
    #[must_use]
    pub fn data(&self) -> &[Bytes] {
        &self.data
    }

    /// Its metadata entries, in order.
    #[must_use]
    pub fn metadata(&self) -> &[Bytes] {
        &self.metadata
    }

    /// Whether it has one transaction, of type CONFIG.
    #[must_use]
    pub fn is_config(&self) -> bool {
        data::is_config(&self.data)
    }

    /// The number of the block with the config in force, as the orderer wrote it.
    ///
    /// # Errors
    /// [`BlockError::MissingMetadata`], [`BlockError::Undecodable`],
    /// [`BlockError::MissingLastConfig`] (the reference crashes on it).
    // Fabric: protoutil/blockutils.go, GetLastConfigIndexFromBlock
    pub fn last_config_index(&self) -> Result<BlockNumber, BlockError> {
        let value = self.metadata_entry(0)?.value;
        let last_config = if value.is_empty() {
            self.metadata_entry(1)?.value
        } else {
            merged(&value, 1)?.ok_or(BlockError::MissingLastConfig)?
        };
        Ok(BlockNumber(metadata::last_config(&last_config)?))
    }

    /// A metadata entry, decoded.
    ///
    /// # Errors
    /// [`BlockError::MissingMetadata`], [`BlockError::Undecodable`].
    pub(super) fn metadata_entry(&self, index: usize) -> Result<BlockMetadata, BlockError> {
        let entry = self
            .metadata
            .get(index)
            .ok_or(BlockError::MissingMetadata {
                entries: self.metadata.len(),
            })?;
        Ok(BlockMetadata::parse(entry)?)
    }

    /// Whether the data is what the header names.
    ///
    /// # Errors
    /// [`BlockError::MissingHeader`], [`BlockError::DataHash`].
    pub fn check_data_hash(&self) -> Result<(), BlockError> {
        let header = self.header().ok_or(BlockError::MissingHeader)?;
        let computed = self.computed_data_hash();
        if header.data_hash.as_ref() == computed.as_bytes() {
            return Ok(());
        }
        Err(BlockError::DataHash {
            claimed: hex::encode(&header.data_hash),
            computed,
        })
    }
}

/// The repeated `bytes` in field 1 of a message.
fn push_entries(whole: &Bytes, message: &[u8], entries: &mut Vec<Bytes>) -> Result<(), ScanError> {
    let mut fields = Fields::new(message);
    while let Some(field) = fields.next()? {
        if let (1, Some(entry)) = (field.number, field.bytes()) {
            entries.push(whole.slice_ref(entry));
        }
    }
    Ok(())
}
