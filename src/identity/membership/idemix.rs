//! Idemix MSPs: they may stand in a config, but their identities cannot be judged here.

use std::borrow::Cow;

use crate::{
    capabilities::MspVersion,
    crypto::pem,
    identity::{
        certificate::is_ecdsa_key,
        error::MspError,
        wire::{each, merge, set_bytes, set_text},
    },
    ids::MspId,
};

/// The attributes that an issuer's key is for, in this order.
const ATTRIBUTES: [&str; 4] = ["OU", "Role", "EnrollmentID", "RevocationHandle"];

/// The length of a coordinate on the curve FP256BN, in bytes.
const COORDINATE: usize = 32;

/// Checks the form of an `msp.IdemixMSPConfig`, and gives the MSP's id.
///
/// The proof inside the issuer's key, and a credential, take pairings to check: they are believed.
// Fabric: msp/factory.go, New; IBM/idemix: idemixmsp.go, Setup
pub(in crate::identity) fn setup(config: &[u8], version: MspVersion) -> Result<MspId, MspError> {
    if !matches!(
        version,
        MspVersion::V1_1 | MspVersion::V1_3 | MspVersion::V1_4_3
    ) {
        return Err(MspError::UnsupportedIdemix(version));
    }
    let (mut name, mut issuer_key, mut revocation_key) = ("", &[][..], &[][..]);
    let (mut signer, mut curve) = (None, "");
    each(config, "idemix msp config", |field| {
        match field.number {
            1 => set_text(&mut name, field)?,
            2 => set_bytes(&mut issuer_key, field),
            3 => merge(&mut signer, field),
            4 => set_bytes(&mut revocation_key, field),
            6 => set_text(&mut curve, field)?,
            _ => {}
        }
        Ok(())
    })?;
    let secret = signer.as_deref().map(secret).transpose()?;
    if !is_issuer_key(issuer_key)? {
        return Err(MspError::Undecodable("idemix issuer public key"));
    }
    if !pem::first_block(revocation_key).is_some_and(|block| is_ecdsa_key(&block.content)) {
        return Err(MspError::Undecodable("idemix revocation public key"));
    }
    if secret.is_some_and(<[u8]>::is_empty) {
        return Err(MspError::Undecodable("idemix signer"));
    }
    Ok(MspId::from(name))
}

/// The id in an `msp.IdemixMSPConfig`, which is not looked at further.
pub(in crate::identity) fn name(config: &[u8]) -> Result<&str, MspError> {
    let mut name = "";
    each(config, "idemix msp config", |field| match field.number {
        1 => set_text(&mut name, field),
        _ => Ok(()),
    })?;
    Ok(name)
}

/// The secret key of an `IdemixMSPSignerConfig`.
fn secret(signer: &[u8]) -> Result<&[u8], MspError> {
    let (mut secret, mut text) = (&[][..], "");
    each(signer, "idemix signer", |field| {
        match field.number {
            2 => set_bytes(&mut secret, field),
            3 | 5 | 7 => set_text(&mut text, field)?,
            _ => {}
        }
        Ok(())
    })?;
    Ok(secret)
}

/// Whether an `IssuerPublicKey` has all its parts, for the attributes that Fabric asks for.
// IBM/idemix: bccsp/schemes/dlog/crypto/issuerkey.go, Check; bridge/issuer.go, NewPublicKeyFromBytes
fn is_issuer_key(key: &[u8]) -> Result<bool, MspError> {
    let mut attributes = Vec::new();
    let mut bases: Vec<Cow<'_, [u8]>> = Vec::new();
    let [
        mut secret_base,
        mut random_base,
        mut w,
        mut bar_g1,
        mut bar_g2,
    ] = [const { None }; 5];
    let (mut challenge, mut response) = (&[][..], &[][..]);
    each(key, "idemix issuer public key", |field| {
        match field.number {
            1 => attributes.extend(field.text()?),
            2 => merge(&mut secret_base, field),
            3 => merge(&mut random_base, field),
            4 => bases.extend(field.bytes().map(Cow::Borrowed)),
            5 => merge(&mut w, field),
            6 => merge(&mut bar_g1, field),
            7 => merge(&mut bar_g2, field),
            8 => set_bytes(&mut challenge, field),
            9 => set_bytes(&mut response, field),
            _ => {}
        }
        Ok(())
    })?;
    let enough = bases.len() >= ATTRIBUTES.len();
    let singles = [secret_base, random_base, bar_g1, bar_g2];
    let mut complete = enough && is_point(&w.unwrap_or_default(), 4)?;
    for point in singles
        .into_iter()
        .map(Option::unwrap_or_default)
        .chain(bases)
    {
        complete &= is_point(&point, 2)?;
    }
    let proven = !challenge.is_empty() && !response.is_empty();
    Ok(attributes == ATTRIBUTES && complete && proven)
}

/// Whether a point has this many coordinates of the right length.
fn is_point(point: &[u8], coordinates: usize) -> Result<bool, MspError> {
    let mut lengths = [0; 4];
    each(point, "idemix point", |field| {
        let place = usize::try_from(field.number)
            .ok()
            .and_then(|n| n.checked_sub(1));
        if let (Some(length), Some(bytes)) = (place.and_then(|p| lengths.get_mut(p)), field.bytes())
        {
            *length = bytes.len();
        }
        Ok(())
    })?;
    Ok(lengths
        .iter()
        .take(coordinates)
        .all(|length| *length == COORDINATE))
}
