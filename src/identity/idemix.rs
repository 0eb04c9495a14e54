//! Idemix MSPs: they may stand in a config, but their identities cannot be judged here.

use crate::{
    capabilities::MspVersion,
    crypto::{
        der::{Reader, tag},
        pem,
    },
    ids::MspId,
};

use super::{
    MspError,
    wire::{each, set_bytes, set_text},
};

/// The attributes that an issuer's key is for, in this order.
const ATTRIBUTES: [&str; 4] = ["OU", "Role", "EnrollmentId", "RevocationHandle"];

/// Checks the form of an `msp.IdemixMSPConfig`, and gives the MSP's id.
///
/// The proof inside the issuer's key, and a credential, take pairings to check: they are believed.
// Fabric: msp/factory.go, New; IBM/idemix: idemixmsp.go, Setup
pub(super) fn setup(config: &[u8], version: MspVersion) -> Result<MspId, MspError> {
    if !matches!(
        version,
        MspVersion::V1_1 | MspVersion::V1_3 | MspVersion::V1_4_3
    ) {
        return Err(MspError::UnsupportedMspType(super::msp::IDEMIX));
    }
    let (mut name, mut issuer_key, mut revocation_key) = ("", &[][..], &[][..]);
    each(config, "idemix msp config", |field| {
        match field.number {
            1 => set_text(&mut name, field)?,
            2 => set_bytes(&mut issuer_key, field),
            4 => set_bytes(&mut revocation_key, field),
            _ => {}
        }
        Ok(())
    })?;
    let mut attributes = Vec::new();
    each(issuer_key, "idemix issuer public key", |field| {
        if field.number == 1 {
            attributes.extend(field.text()?);
        }
        Ok(())
    })?;
    if attributes != ATTRIBUTES {
        return Err(MspError::Undecodable("idemix issuer public key"));
    }
    let is_key = pem::first_block(revocation_key)
        .is_some_and(|block| Reader::new(&block.content).inside(tag::SEQUENCE).is_some());
    if !is_key {
        return Err(MspError::Undecodable("idemix revocation public key"));
    }
    Ok(MspId::from(name))
}
