//! Signatures on config updates, and the envelopes that carry updates to an orderer.

use bytes::Bytes;
use prost::Message;

use super::{MessageError, Stamp, envelope, signature_header};
use crate::{config::ConfigSignature, identity::Signer, ids::ChannelId, proto::common};

/// Signs a config update, as `peer channel signconfigtx` does.
///
/// # Errors
/// [`MessageError::Sign`].
// Fabric: internal/peer/channel/create.go, sanityCheckAndSignConfigTx
pub fn sign_config_update(
    config_update: &[u8],
    signer: &dyn Signer,
    stamp: &Stamp,
) -> Result<ConfigSignature, MessageError> {
    let signature_header = signature_header(signer, stamp);
    let message = [&signature_header, config_update].concat();
    Ok(ConfigSignature {
        signature: signer.sign(&message)?.into(),
        signature_header,
    })
}

/// What an orderer takes: an envelope of type `CONFIG_UPDATE` around an update and these signatures,
/// signed by who submits it. The submitter adds no signature of its own to the update.
///
/// # Errors
/// [`MessageError::Sign`].
pub fn submission(
    channel: &ChannelId,
    config_update: Bytes,
    signatures: Vec<ConfigSignature>,
    submitter: &dyn Signer,
    stamp: &Stamp,
) -> Result<common::Envelope, MessageError> {
    let header = common::ChannelHeader {
        r#type: common::HeaderType::ConfigUpdate.into(),
        timestamp: Some(stamp.timestamp()),
        channel_id: channel.to_string(),
        ..common::ChannelHeader::default()
    };
    let data = common::ConfigUpdateEnvelope {
        config_update,
        signatures: signatures
            .into_iter()
            .map(common::ConfigSignature::from)
            .collect(),
    };
    envelope(&header, data.encode_to_vec().into(), submitter, stamp)
}
