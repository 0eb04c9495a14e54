//! Envelopes that carry config updates, and the signatures in them.

use bytes::Bytes;

use super::error::EnvelopeError;
use crate::{
    ids::ChannelId,
    proto::{
        common,
        scan::{Field, Fields, ScanError, int32},
        write,
    },
};

/// The header type of config updates.
// Fabric: common.HeaderType
const CONFIG_UPDATE: i32 = 2;

/// One signature on an update: `common.ConfigSignature`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfigSignature {
    /// A serialized `common.SignatureHeader`, as carried; may be undecodable.
    pub signature_header: Bytes,
    /// The signature over [`signed_message`], as carried.
    pub signature: Bytes,
}

impl ConfigSignature {
    /// Reads a serialized `common.ConfigSignature`.
    ///
    /// # Errors
    /// [`EnvelopeError::Undecodable`].
    pub fn parse(bytes: &Bytes) -> Result<Self, EnvelopeError> {
        Self::read(bytes, bytes)
    }

    /// The deterministic encoding as a `common.ConfigSignature`.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        write::bytes(&mut out, 1, &self.signature_header);
        write::bytes(&mut out, 2, &self.signature);
        out
    }

    fn read(carrier: &Bytes, bytes: &[u8]) -> Result<Self, EnvelopeError> {
        let mut out = Self::default();
        each_field("config signature", bytes, |field| {
            match (field.number, field.bytes()) {
                (1, Some(b)) => out.signature_header = carrier.slice_ref(b),
                (2, Some(b)) => out.signature = carrier.slice_ref(b),
                _ => {}
            }
            Ok(())
        })?;
        Ok(out)
    }
}

impl From<common::ConfigSignature> for ConfigSignature {
    fn from(message: common::ConfigSignature) -> Self {
        Self {
            signature_header: message.signature_header,
            signature: message.signature,
        }
    }
}

impl From<ConfigSignature> for common::ConfigSignature {
    fn from(signature: ConfigSignature) -> Self {
        Self {
            signature_header: signature.signature_header,
            signature: signature.signature,
        }
    }
}

/// A `common.Envelope` of type `CONFIG_UPDATE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpdateEnvelope {
    /// The channel id of the channel header; nothing compares it with the update's own.
    pub channel_id: ChannelId,
    /// The payload's data as carried: a serialized `common.ConfigUpdateEnvelope`.
    pub data: Bytes,
    /// The update as carried: a serialized `common.ConfigUpdate`, not yet read.
    pub config_update: Bytes,
    /// The signatures, in the order of the envelope.
    pub signatures: Vec<ConfigSignature>,
}

/// Builds an envelope of type `CONFIG_UPDATE` that names its channel, without signature of its
/// own: what `peer channel signconfigtx` and `peer channel update` take.
#[must_use]
pub fn update_envelope(
    channel: &ChannelId,
    config_update: &[u8],
    signatures: &[ConfigSignature],
) -> Vec<u8> {
    let mut channel_header = Vec::new();
    write::uint(
        &mut channel_header,
        1,
        u64::from(CONFIG_UPDATE.unsigned_abs()),
    );
    write::bytes(&mut channel_header, 4, channel.as_str().as_bytes());
    let mut header = Vec::new();
    write::bytes(&mut header, 1, &channel_header);
    let mut data = Vec::new();
    write::bytes(&mut data, 1, config_update);
    for signature in signatures {
        write::message(&mut data, 2, &signature.encode());
    }
    let mut payload = Vec::new();
    write::message(&mut payload, 1, &header);
    write::bytes(&mut payload, 2, &data);
    let mut envelope = Vec::new();
    write::bytes(&mut envelope, 1, &payload);
    envelope
}

/// Reads an envelope of type `CONFIG_UPDATE`. Its own signature, the signature header of its
/// payload, and whether header and update name the same channel, are not looked at.
///
/// # Errors
/// [`EnvelopeError`], in the order of the layers.
// Fabric: protoutil/commonutils.go, UnmarshalEnvelopeOfType
pub fn read_update_envelope(envelope: &Bytes) -> Result<UpdateEnvelope, EnvelopeError> {
    let mut payload: &[u8] = &[];
    each_field("envelope", envelope, |field| {
        if field.number == 1 {
            payload = field.bytes().unwrap_or(payload);
        }
        Ok(())
    })?;
    let (mut data, mut headers): (&[u8], Vec<&[u8]>) = (&[], Vec::new());
    each_field("payload", payload, |field| {
        match (field.number, field.bytes()) {
            (1, Some(b)) => headers.push(b),
            (2, Some(b)) => data = b,
            _ => {}
        }
        Ok(())
    })?;
    let mut channel_header: &[u8] = &[];
    // protobuf merges repeated messages
    for header in &headers {
        each_field("header", header, |field| {
            if field.number == 1 {
                channel_header = field.bytes().unwrap_or(channel_header);
            }
            Ok(())
        })?;
    }
    if headers.is_empty() {
        return Err(EnvelopeError::MissingHeader);
    }
    let (kind, channel_id) = read_channel_header(channel_header)?;
    if kind != CONFIG_UPDATE {
        return Err(EnvelopeError::WrongType { got: kind });
    }
    read_update_data(&envelope.slice_ref(data), channel_id.into())
}

/// Reads a serialized `common.ConfigUpdateEnvelope`, which an envelope of this channel carries.
///
/// # Errors
/// [`EnvelopeError::Undecodable`].
pub fn read_update_data(
    data: &Bytes,
    channel_id: ChannelId,
) -> Result<UpdateEnvelope, EnvelopeError> {
    let mut out = UpdateEnvelope {
        channel_id,
        data: data.clone(),
        config_update: Bytes::new(),
        signatures: Vec::new(),
    };
    let mut signatures = Vec::new();
    each_field("config update envelope", data, |field| {
        match (field.number, field.bytes()) {
            (1, Some(b)) => out.config_update = data.slice_ref(b),
            (2, Some(b)) => signatures.push(b),
            _ => {}
        }
        Ok(())
    })?;
    for signature in signatures {
        out.signatures.push(ConfigSignature::read(data, signature)?);
    }
    Ok(out)
}

/// What a config signature signs, to be read as one message.
#[must_use]
pub const fn signed_message<'a>(
    signature_header: &'a [u8],
    config_update: &'a [u8],
) -> [&'a [u8]; 2] {
    [signature_header, config_update]
}

/// The creator in a serialized `common.SignatureHeader`: a serialized identity, not yet read.
///
/// # Errors
/// [`EnvelopeError::Undecodable`].
pub fn creator(signature_header: &[u8]) -> Result<&[u8], EnvelopeError> {
    let mut creator: &[u8] = &[];
    each_field("signature header", signature_header, |field| {
        if field.number == 1 {
            creator = field.bytes().unwrap_or(creator);
        }
        Ok(())
    })?;
    Ok(creator)
}

/// Type and channel id of a serialized `common.ChannelHeader`.
fn read_channel_header(bytes: &[u8]) -> Result<(i32, &str), EnvelopeError> {
    let (mut kind, mut channel_id) = (0, "");
    each_field("channel header", bytes, |field| {
        match field.number {
            1 => kind = field.varint().map_or(kind, int32),
            // a timestamp, which must at least be a message
            3 => {
                let mut inner = Fields::new(field.bytes().unwrap_or_default());
                while inner.next()?.is_some() {}
            }
            4 => channel_id = field.text()?.unwrap_or(channel_id),
            // the transaction id, which must at least be text
            5 => {
                field.text()?;
            }
            _ => {}
        }
        Ok(())
    })?;
    Ok((kind, channel_id))
}

fn each_field<'a>(
    layer: &'static str,
    message: &'a [u8],
    mut each: impl FnMut(Field<'a>) -> Result<(), ScanError>,
) -> Result<(), EnvelopeError> {
    let mut fields = Fields::new(message);
    let mut read = || {
        while let Some(field) = fields.next()? {
            each(field)?;
        }
        Ok(())
    };
    read().map_err(|source| EnvelopeError::Undecodable { layer, source })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signature(n: u8) -> ConfigSignature {
        ConfigSignature {
            signature_header: vec![0x0a, 1, n].into(),
            signature: vec![n; 3].into(),
        }
    }

    #[test]
    fn what_we_build_reads_back() {
        let signatures = [signature(1), signature(2)];
        let envelope = Bytes::from(update_envelope(&"ch".into(), b"update", &signatures));
        let read = read_update_envelope(&envelope).unwrap();
        assert_eq!(read.channel_id.as_str(), "ch");
        assert_eq!(read.config_update, Bytes::from_static(b"update"));
        assert_eq!(read.signatures, signatures);
        let header = &read.signatures[1].signature_header;
        assert_eq!(creator(header).unwrap(), [2]);
        let carried = Bytes::from(signature(9).encode());
        assert_eq!(ConfigSignature::parse(&carried).unwrap(), signature(9));
    }

    #[test]
    fn each_layer_is_refused_for_its_own_reason() {
        let payload = |payload: &[u8]| {
            let mut out = Vec::new();
            write::message(&mut out, 1, payload);
            out
        };
        let header = |channel_header: &[u8], data: &[u8]| {
            let mut inner = Vec::new();
            write::message(&mut inner, 1, channel_header);
            let mut out = Vec::new();
            write::message(&mut out, 1, &inner);
            write::message(&mut out, 2, data);
            payload(&out)
        };
        let cases: &[(&str, Vec<u8>, &str)] = &[
            ("envelope", vec![0xff], "undecodable"),
            ("empty", vec![], "missing_header"),
            ("payload", payload(&[0x0a, 9]), "undecodable"),
            ("no header", payload(&[0x12, 0]), "missing_header"),
            ("header", payload(&[0x0a, 1, 0x0a]), "undecodable"),
            ("channel header", header(&[0xff], &[]), "undecodable"),
            ("channel id", header(&[0x22, 1, 0xff], &[]), "undecodable"),
            ("timestamp", header(&[0x1a, 1, 0xff], &[]), "undecodable"),
            ("type", header(&[0x08, 1], &[]), "wrong_header_type"),
            ("no type", header(&[], &[]), "wrong_header_type"),
            ("data", header(&[0x08, 2], &[0xff]), "undecodable"),
            (
                "signature",
                header(&[0x08, 2], &[0x12, 1, 0xff]),
                "undecodable",
            ),
        ];
        for (name, bytes, reason) in cases {
            let refused = read_update_envelope(&Bytes::from(bytes.clone())).unwrap_err();
            assert_eq!(refused.reason(), *reason, "{name}");
        }
        assert!(read_update_envelope(&Bytes::from(header(&[0x08, 2], &[]))).is_ok());
    }

    #[test]
    fn a_header_in_two_pieces_is_merged() {
        let mut payload = Vec::new();
        write::message(&mut payload, 1, &[0x0a, 2, 0x08, 2]);
        write::message(&mut payload, 1, &[0x12, 1, 7]);
        let mut envelope = Vec::new();
        write::message(&mut envelope, 1, &payload);
        assert!(read_update_envelope(&envelope.into()).is_ok());
    }
}
