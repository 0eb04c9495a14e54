//! The messages of this room, borrowed from their bytes.
//!
//! Of a message that occurs several times where one is expected, protobuf merges the occurrences:
//! that is the same as decoding them one after the other, so they are joined.

use std::borrow::Cow;

use crate::{
    identity::error::MspError,
    proto::scan::{Field, Fields, ScanError},
};

/// `MSPConfig.type` of X.509.
pub(super) const FABRIC: i32 = 0;
/// `MSPConfig.type` of idemix.
pub(super) const IDEMIX: i32 = 1;

/// `msp.MSPConfig`.
#[derive(Debug, Default)]
pub(super) struct MspConfig<'a> {
    pub(super) kind: i32,
    pub(super) config: &'a [u8],
}

/// `msp.FabricMSPConfig`.
#[derive(Debug, Default)]
pub(super) struct FabricMspConfig<'a> {
    pub(super) name: &'a str,
    pub(super) root_certs: Vec<&'a [u8]>,
    pub(super) intermediate_certs: Vec<&'a [u8]>,
    pub(super) admins: Vec<&'a [u8]>,
    pub(super) revocation_list: Vec<&'a [u8]>,
    pub(super) signing_identity: Option<Cow<'a, [u8]>>,
    pub(super) organizational_unit_identifiers: Vec<Cow<'a, [u8]>>,
    pub(super) crypto_config: Option<Cow<'a, [u8]>>,
    pub(super) tls_root_certs: Vec<&'a [u8]>,
    pub(super) tls_intermediate_certs: Vec<&'a [u8]>,
    pub(super) node_ous: Option<Cow<'a, [u8]>>,
}

/// `msp.FabricCryptoConfig`.
#[derive(Debug, Default)]
pub(super) struct CryptoConfig<'a> {
    pub(super) signature_hash_family: &'a str,
    pub(super) identity_identifier_hash_function: &'a str,
}

/// `msp.SigningIdentityInfo`, with the key material of its `KeyInfo`.
#[derive(Debug, Default)]
pub(super) struct SigningIdentity<'a> {
    pub(super) public_signer: &'a [u8],
    pub(super) private_signer: Option<Cow<'a, [u8]>>,
}

/// `msp.FabricOUIdentifier`.
#[derive(Debug, Default)]
pub(super) struct OuIdentifier<'a> {
    pub(super) certificate: &'a [u8],
    pub(super) unit: &'a str,
}

/// `msp.FabricNodeOUs`.
#[derive(Debug, Default)]
pub(super) struct FabricNodeOus<'a> {
    pub(super) enable: bool,
    pub(super) client: Option<Cow<'a, [u8]>>,
    pub(super) peer: Option<Cow<'a, [u8]>>,
    pub(super) admin: Option<Cow<'a, [u8]>>,
    pub(super) orderer: Option<Cow<'a, [u8]>>,
}

/// `msp.SerializedIdentity`.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SerializedIdentity<'a> {
    pub(super) msp_id: &'a str,
    pub(super) id_bytes: &'a [u8],
}

impl<'a> MspConfig<'a> {
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, MspError> {
        let mut message = Self::default();
        each(bytes, "msp config", |field| {
            match field.number {
                1 => set_enum(&mut message.kind, field),
                2 => set_bytes(&mut message.config, field),
                _ => {}
            }
            Ok(())
        })?;
        Ok(message)
    }
}

impl<'a> FabricMspConfig<'a> {
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, MspError> {
        let mut message = Self::default();
        each(bytes, "fabric msp config", |field| {
            match field.number {
                1 => set_text(&mut message.name, field)?,
                2 => message.root_certs.extend(field.bytes()),
                3 => message.intermediate_certs.extend(field.bytes()),
                4 => message.admins.extend(field.bytes()),
                5 => message.revocation_list.extend(field.bytes()),
                6 => merge(&mut message.signing_identity, field),
                7 => {
                    let identifier = field.bytes().map(Cow::Borrowed);
                    message.organizational_unit_identifiers.extend(identifier);
                }
                8 => merge(&mut message.crypto_config, field),
                9 => message.tls_root_certs.extend(field.bytes()),
                10 => message.tls_intermediate_certs.extend(field.bytes()),
                11 => merge(&mut message.node_ous, field),
                _ => {}
            }
            Ok(())
        })?;
        Ok(message)
    }

    /// Reads every message inside: one that does not decode makes the whole undecodable, whether it is
    /// looked at or not.
    pub(super) fn check_inside(&self) -> Result<(), MspError> {
        if let Some(crypto) = &self.crypto_config {
            CryptoConfig::read(crypto)?;
        }
        if let Some(signing) = &self.signing_identity {
            let signing = SigningIdentity::read(signing)?;
            signing.key_material()?;
        }
        for identifier in &self.organizational_unit_identifiers {
            OuIdentifier::read(identifier)?;
        }
        if let Some(node_ous) = &self.node_ous {
            let roles = FabricNodeOus::read(node_ous)?;
            for role in [&roles.client, &roles.peer, &roles.admin, &roles.orderer] {
                role.as_deref().map(OuIdentifier::read).transpose()?;
            }
        }
        Ok(())
    }
}

impl<'a> CryptoConfig<'a> {
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, MspError> {
        let mut message = Self::default();
        each(bytes, "msp crypto config", |field| match field.number {
            1 => set_text(&mut message.signature_hash_family, field),
            2 => set_text(&mut message.identity_identifier_hash_function, field),
            _ => Ok(()),
        })?;
        Ok(message)
    }
}

impl<'a> SigningIdentity<'a> {
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, MspError> {
        let mut message = Self::default();
        each(bytes, "signing identity", |field| {
            match field.number {
                1 => set_bytes(&mut message.public_signer, field),
                2 => merge(&mut message.private_signer, field),
                _ => {}
            }
            Ok(())
        })?;
        Ok(message)
    }

    /// The key material of the `msp.KeyInfo`; empty where there is none.
    pub(super) fn key_material(&self) -> Result<&[u8], MspError> {
        let (mut identifier, mut material) = ("", &[][..]);
        let info = self.private_signer.as_deref().unwrap_or_default();
        each(info, "signing key", |field| {
            match field.number {
                1 => set_text(&mut identifier, field)?,
                2 => set_bytes(&mut material, field),
                _ => {}
            }
            Ok(())
        })?;
        Ok(material)
    }
}

impl<'a> OuIdentifier<'a> {
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, MspError> {
        let mut message = Self::default();
        each(bytes, "organizational unit identifier", |field| {
            match field.number {
                1 => set_bytes(&mut message.certificate, field),
                2 => set_text(&mut message.unit, field)?,
                _ => {}
            }
            Ok(())
        })?;
        Ok(message)
    }
}

impl<'a> FabricNodeOus<'a> {
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, MspError> {
        let mut message = Self::default();
        each(bytes, "node ous", |field| {
            match field.number {
                1 => message.enable = field.varint().map_or(message.enable, |v| v != 0),
                2 => merge(&mut message.client, field),
                3 => merge(&mut message.peer, field),
                4 => merge(&mut message.admin, field),
                5 => merge(&mut message.orderer, field),
                _ => {}
            }
            Ok(())
        })?;
        Ok(message)
    }
}

impl<'a> SerializedIdentity<'a> {
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, MspError> {
        let mut message = Self::default();
        each(bytes, "serialized identity", |field| {
            match field.number {
                1 => set_text(&mut message.msp_id, field)?,
                2 => set_bytes(&mut message.id_bytes, field),
                _ => {}
            }
            Ok(())
        })?;
        Ok(message)
    }
}

/// Calls `take` for each field of a message.
pub(super) fn each<'a>(
    bytes: &'a [u8],
    what: &'static str,
    mut take: impl FnMut(Field<'a>) -> Result<(), ScanError>,
) -> Result<(), MspError> {
    let mut fields = Fields::new(bytes);
    let mut read = || -> Result<(), ScanError> {
        while let Some(field) = fields.next()? {
            take(field)?;
        }
        Ok(())
    };
    read().map_err(|_| MspError::Undecodable(what))
}

/// Takes a `bytes` field; another wire type counts as unknown.
pub(super) fn set_bytes<'a>(target: &mut &'a [u8], field: Field<'a>) {
    *target = field.bytes().unwrap_or(target);
}

/// Takes a `string` field; another wire type counts as unknown.
pub(super) fn set_text<'a>(target: &mut &'a str, field: Field<'a>) -> Result<(), ScanError> {
    *target = field.text()?.unwrap_or(target);
    Ok(())
}

/// Takes an enum or `int32` field, of which the low 32 bits count.
pub(super) fn set_enum(target: &mut i32, field: Field<'_>) {
    if let Some(value) = field.varint() {
        let [a, b, c, d, ..] = value.to_le_bytes();
        *target = i32::from_le_bytes([a, b, c, d]);
    }
}

/// Takes a message field that occurs at most once, or again.
pub(super) fn merge<'a>(target: &mut Option<Cow<'a, [u8]>>, field: Field<'a>) {
    if let Some(bytes) = field.bytes() {
        match target {
            Some(before) => before.to_mut().extend_from_slice(bytes),
            None => *target = Some(Cow::Borrowed(bytes)),
        }
    }
}
