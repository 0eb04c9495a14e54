//! Signatures on an update, in the form that `peer channel signconfigtx` writes and takes.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;

use crate::{
    client::{ClientError, Exit},
    config::{ConfigSignature, envelope},
    ids::{ChannelId, Digest},
};

/// The largest file that is read. Unit: bytes.
const LARGEST: usize = 32 << 20;

/// An update with signatures on it: an envelope of type `CONFIG_UPDATE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedUpdate {
    /// The channel that the envelope names.
    pub channel: ChannelId,
    /// The update: a serialized `common.ConfigUpdate`.
    pub config_update: Bytes,
    /// The signatures on it; none where it is still to be signed.
    pub signatures: Vec<ConfigSignature>,
}

impl SignedUpdate {
    /// Reads a file: the envelope as it is, or as base64.
    ///
    /// # Errors
    /// `BAD_SIGNATURE_FILE`.
    pub fn parse(content: &[u8]) -> Result<Self, ClientError> {
        if content.len() > LARGEST {
            return Err(bad(&format_args!("it has {} bytes", content.len())));
        }
        let text = content.trim_ascii();
        let bytes = match STANDARD.decode(text) {
            Ok(decoded) if !decoded.is_empty() => Bytes::from(decoded),
            _ => Bytes::copy_from_slice(content),
        };
        let read = envelope::read_update_envelope(&bytes).map_err(|error| bad(&error))?;
        if read.config_update.is_empty() {
            return Err(bad(&"there is no config update in it"));
        }
        Ok(Self {
            channel: read.channel_id,
            config_update: read.config_update,
            signatures: read.signatures,
        })
    }

    /// The file's content, which `peer channel signconfigtx` takes, too.
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        envelope::update_envelope(&self.channel, &self.config_update, &self.signatures)
    }

    /// SHA-256 of the update.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(&self.config_update)
    }
}

fn bad(reason: &dyn std::fmt::Display) -> ClientError {
    let text = format!("the file is no signed config update: {reason}");
    ClientError::new(Exit::Usage, "BAD_SIGNATURE_FILE", text).hint(
        "`cmscc sign --in REQUEST --out FILE` and `peer channel signconfigtx` write such files",
    )
}
