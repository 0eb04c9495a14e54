//! From what a token signs to what Fabric takes.

use crate::{
    crypto::{HashFunction, ecdsa, ecdsa::Curve},
    identity::SignerError,
};

/// The DER encoding with low S of what a token signed over the SHA-256 of a message: r and s, of equal
/// length. It is verified here, whatever the token says.
// Fabric: bccsp/pkcs11/pkcs11.go, signECDSA
pub(super) fn signature(
    raw: &[u8],
    curve: Curve,
    point: &[u8],
    message: &[u8],
) -> Result<Vec<u8>, SignerError> {
    // SECURITY: a token may answer anything
    let is_pair = raw.len().is_multiple_of(2) && (2..=2 * curve.size()).contains(&raw.len());
    if !is_pair {
        let wanted = 2 * curve.size();
        return Err(SignerError::Device(format!(
            "the token gave {} bytes, and a signature has {wanted}",
            raw.len()
        )));
    }
    let signature = ecdsa::low_s(curve, raw);
    match ecdsa::verify_low_s(curve, point, HashFunction::Sha256, message, &signature) {
        true => Ok(signature),
        false => Err(SignerError::Device(
            "what the token signed is not a signature of the certificate's key".to_owned(),
        )),
    }
}
