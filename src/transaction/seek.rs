//! Requests for blocks: what the deliver services of peers and orderers take.

use bytes::Bytes;
use prost::Message;

use super::{MessageError, Stamp, envelope};
use crate::{
    identity::Signer,
    ids::{BlockNumber, ChannelId, Digest},
    proto::{
        common,
        orderer::{
            SeekInfo, SeekNewest, SeekPosition, SeekSpecified, seek_info::SeekBehavior,
            seek_position::Type,
        },
    },
};

/// Which blocks are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockRange {
    /// From this one on, without end; those that do not exist yet are waited for.
    From(BlockNumber),
    /// The newest block of now.
    Newest,
    /// This one alone; not found where it does not exist yet.
    One(BlockNumber),
}

/// A signed request: an envelope of type `DELIVER_SEEK_INFO`. `tls_cert_hash` is the SHA-256 of the
/// client's TLS certificate in DER form, which servers with mutual TLS demand.
///
/// # Errors
/// [`MessageError::Sign`].
// Fabric: internal/peer/common/common.go, seekHelper
pub fn seek(
    channel: &ChannelId,
    range: BlockRange,
    tls_cert_hash: Option<Digest>,
    signer: &dyn Signer,
    stamp: &Stamp,
) -> Result<common::Envelope, MessageError> {
    let header = common::ChannelHeader {
        r#type: common::HeaderType::DeliverSeekInfo.into(),
        timestamp: Some(stamp.timestamp()),
        channel_id: channel.to_string(),
        tls_cert_hash: tls_cert_hash
            .map(|hash| Bytes::copy_from_slice(hash.as_bytes()))
            .unwrap_or_default(),
        ..common::ChannelHeader::default()
    };
    let at = |number| Type::Specified(SeekSpecified { number });
    let (start, stop, behavior) = match range {
        BlockRange::From(number) => (at(number.0), at(u64::MAX), SeekBehavior::BlockUntilReady),
        BlockRange::Newest => {
            let newest = Type::Newest(SeekNewest {});
            (newest, newest, SeekBehavior::BlockUntilReady)
        }
        BlockRange::One(number) => (at(number.0), at(number.0), SeekBehavior::FailIfNotReady),
    };
    let position = |of| Some(SeekPosition { r#type: Some(of) });
    let info = SeekInfo {
        start: position(start),
        stop: position(stop),
        behavior: behavior.into(),
        ..SeekInfo::default()
    };
    envelope(&header, info.encode_to_vec().into(), signer, stamp)
}
