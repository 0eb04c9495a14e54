//! A config update as it was given.

use std::sync::Arc;

use bytes::Bytes;

use super::error::UpdateError;
use crate::{
    config::tree::{ConfigError, GroupRef, GroupTree, Span, TreeEncoder, Versions, place_of},
    ids::{ChannelId, Digest},
    proto::{
        scan::{Fields, ScanError, Wire},
        write,
    },
};

/// A `common.ConfigUpdate`.
#[derive(Clone, Debug)]
pub struct Update {
    bytes: Bytes,
    channel_id: String,
    read: Option<Arc<GroupTree>>,
    write: Option<Arc<GroupTree>>,
    has_isolated_data: bool,
    has_unknown_fields: bool,
}

impl Update {
    /// Reads a serialized `common.ConfigUpdate`.
    ///
    /// # Errors
    /// [`UpdateError::Undecodable`], where the reference's decoder refuses it too, or past 4 GiB.
    pub fn parse(bytes: Bytes) -> Result<Self, UpdateError> {
        Ok(Self::read(bytes)?)
    }

    fn read(bytes: Bytes) -> Result<Self, ConfigError> {
        let whole = Span::whole(&bytes)?;
        let mut channel_id = "";
        let (mut read, mut write) = (Vec::new(), Vec::new());
        let (mut isolated, mut unknown) = (false, false);
        let mut fields = Fields::new(&bytes);
        while let Some(field) = fields.next()? {
            match (field.number, field.wire) {
                (1, Wire::Bytes(_)) => channel_id = field.text()?.unwrap_or_default(),
                (2, Wire::Bytes(b)) => read.push(place_of(whole, &fields, b)),
                (3, Wire::Bytes(b)) => write.push(place_of(whole, &fields, b)),
                (5, Wire::Bytes(b)) => {
                    check_isolated_data(b)?;
                    isolated = true;
                }
                _ => unknown = true,
            }
        }
        let channel_id = channel_id.to_owned();
        let parse = |pieces: &[Span]| -> Result<_, ConfigError> {
            match pieces {
                [] => Ok(None),
                _ => Ok(Some(Arc::new(GroupTree::parse(bytes.clone(), pieces)?))),
            }
        };
        let (read, write) = (parse(&read)?, parse(&write)?);
        let mut trees = read.iter().chain(&write);
        let has_unknown_fields = unknown || trees.any(|tree| tree.has_unknown);
        Ok(Self {
            channel_id,
            read,
            write,
            has_isolated_data: isolated,
            has_unknown_fields,
            bytes,
        })
    }

    /// The bytes it was read from: what signatures cover.
    #[must_use]
    pub const fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// SHA-256 of [`bytes`](Self::bytes).
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(&self.bytes)
    }

    /// The channel that it names.
    #[must_use]
    pub fn channel_id(&self) -> &str {
        &self.channel_id
    }

    /// Whether it carries isolated data.
    #[must_use]
    pub const fn has_isolated_data(&self) -> bool {
        self.has_isolated_data
    }

    /// Whether there are unknown fields at any level that is decoded, map entries included.
    #[must_use]
    pub const fn has_unknown_fields(&self) -> bool {
        self.has_unknown_fields
    }

    /// The deterministic encoding of channel id, read set and write set.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.bytes.len());
        write::bytes(&mut out, 1, self.channel_id.as_bytes());
        for (number, set) in [(2, &self.read), (3, &self.write)] {
            let Some(tree) = set else { continue };
            let encoder = TreeEncoder::of_tree(tree, Versions::Kept);
            let lengths = encoder.lengths();
            write::bytes_header(&mut out, number, lengths.first().copied().unwrap_or(0));
            encoder.group(&mut out, 0, &lengths);
        }
        out
    }

    /// The elements that must exist at the given versions; `None` where there is no read set.
    #[must_use]
    pub fn read_set(&self) -> Option<GroupRef<'_>> {
        self.read.as_deref().and_then(GroupRef::root)
    }

    /// The elements that are written or, at an unchanged version, mentioned; `None` where there is
    /// no write set.
    #[must_use]
    pub fn write_set(&self) -> Option<GroupRef<'_>> {
        self.write.as_deref().and_then(GroupRef::root)
    }

    /// The update must name this channel (step 3).
    ///
    /// # Errors
    /// [`UpdateError::ChannelMismatch`].
    pub fn check_channel(&self, channel: &ChannelId) -> Result<(), UpdateError> {
        if self.channel_id == channel.as_str() {
            return Ok(());
        }
        Err(UpdateError::ChannelMismatch {
            want: channel.to_string(),
            got: self.channel_id.clone(),
        })
    }
}

/// An entry of `isolated_data` must be decodable; nobody reads it.
fn check_isolated_data(entry: &[u8]) -> Result<(), ScanError> {
    let mut fields = Fields::new(entry);
    while let Some(field) = fields.next()? {
        if field.number == 1 {
            field.text()?;
        }
    }
    Ok(())
}
