//! Signatures on certificates and revocation lists: algorithms, keys, verification.

use ring::signature::{
    ED25519, RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY,
    RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY,
    RSA_PKCS1_2048_8192_SHA384, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384,
    RSA_PSS_2048_8192_SHA512, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey,
};

use super::{
    HashFunction,
    asn1::Members,
    der::{Element, Reader, tag},
    ecdsa::{self, Curve},
};

/// How something was signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// ECDSA over a hash.
    Ecdsa(HashFunction),
    /// Ed25519.
    Ed25519,
    /// RSA, PKCS#1 v1.5.
    RsaPkcs1(HashFunction),
    /// RSA-PSS with MGF1 of the same hash and a salt as long as the hash.
    RsaPss(HashFunction),
    /// Anything else: nothing signed so verifies.
    Unknown,
}

/// A public key, borrowed from where it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PublicKey<'a> {
    /// An uncompressed point of a curve.
    Ecdsa(Curve, &'a [u8]),
    /// 32 bytes.
    Ed25519(&'a [u8]),
    /// Modulus and exponent, big-endian, without leading zeros.
    Rsa(&'a [u8], &'a [u8]),
    /// A key that verifies nothing.
    Other,
}

impl Algorithm {
    /// The algorithm of an `AlgorithmIdentifier`: the content of its object identifier, and its
    /// parameters as they stand (empty: absent).
    // Go: crypto/x509, getSignatureAlgorithmFromAI
    #[must_use]
    pub fn read(oid: &[u8], parameters: &[u8]) -> Self {
        use HashFunction::{Sha1, Sha256, Sha384, Sha512};
        match oid {
            [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x01] => Self::Ecdsa(Sha1),
            [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, which @ 2..=4] => Self::Ecdsa(match which {
                2 => Sha256,
                3 => Sha384,
                _ => Sha512,
            }),
            [0x2b, 0x65, 0x70] if parameters.is_empty() => Self::Ed25519,
            [0x2b, 0x0e, 0x03, 0x02, 0x1d] => Self::RsaPkcs1(Sha1),
            [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, which] => match which {
                5 => Self::RsaPkcs1(Sha1),
                10 => pss(parameters).map_or(Self::Unknown, Self::RsaPss),
                11 => Self::RsaPkcs1(Sha256),
                12 => Self::RsaPkcs1(Sha384),
                13 => Self::RsaPkcs1(Sha512),
                _ => Self::Unknown,
            },
            _ => Self::Unknown,
        }
    }

    /// Whether it is ECDSA, with whatever hash: such certificates are normalised to low S.
    #[must_use]
    pub const fn is_ecdsa(self) -> bool {
        matches!(self, Self::Ecdsa(_))
    }

    /// Whether it rests on SHA-1: good for revocation lists, not for certificates.
    #[must_use]
    pub const fn is_sha1(self) -> bool {
        matches!(
            self,
            Self::Ecdsa(HashFunction::Sha1) | Self::RsaPkcs1(HashFunction::Sha1)
        )
    }
}

/// The hash of PSS parameters in the one form that Go accepts.
// Go: crypto/x509, getSignatureAlgorithmFromAI
fn pss(parameters: &[u8]) -> Option<HashFunction> {
    let sequence = Members::new(parameters).required(&[tag::SEQUENCE])?;
    let mut fields = Members::new(sequence.content);
    let (hash, hash_parameters) = identifier(fields.optional_explicit(0, tag::SEQUENCE)??)?;
    let (mgf, mgf_parameters) = identifier(fields.optional_explicit(1, tag::SEQUENCE)??)?;
    let salt = fields.optional_explicit(2, tag::INTEGER)??;
    let trailer = fields.optional_explicit(3, tag::INTEGER)?;
    let mgf_hash = Members::new(mgf_parameters).required(&[tag::SEQUENCE])?;
    let (mgf_hash, mgf_hash_parameters) = identifier(mgf_hash)?;
    let absent_or_null = |parameters: &[u8]| matches!(parameters, [] | [0x05, 0x00]);
    if mgf != [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x08]
        || mgf_hash != hash
        || !absent_or_null(hash_parameters)
        || !absent_or_null(mgf_hash_parameters)
    {
        return None;
    }
    if let Some(trailer) = trailer
        && Reader::new(trailer.raw).int64()? != 1
    {
        return None;
    }
    let [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, which] = hash else {
        return None;
    };
    match (which, Reader::new(salt.raw).int64()?) {
        (1, 32) => Some(HashFunction::Sha256),
        (2, 48) => Some(HashFunction::Sha384),
        (3, 64) => Some(HashFunction::Sha512),
        _ => None,
    }
}

/// The content of the object identifier of an `AlgorithmIdentifier`, and its parameters as they stand
/// (empty: absent).
#[must_use]
pub fn identifier(sequence: Element<'_>) -> Option<(&[u8], &[u8])> {
    let mut fields = Members::new(sequence.content);
    let oid = Reader::new(fields.required(&[tag::OID])?.raw).oid()?;
    let parameters = match fields.is_empty() {
        true => &[],
        false => fields.any()?.raw,
    };
    Some((oid, parameters))
}

impl PublicKey<'_> {
    /// Whether this key signed the message.
    ///
    /// RSA keys of less than 2,048 bits verify with SHA-1, SHA-256 and SHA-512 in PKCS#1 v1.5 only,
    /// and RSA keys of more than 8,192 bits not at all: that is what ring offers.
    // Go: crypto/x509, checkSignature
    #[must_use]
    pub fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        match (*self, algorithm) {
            (PublicKey::Ecdsa(curve, point), Algorithm::Ecdsa(hash)) => {
                ecdsa::verify_strict(curve, point, hash, message, signature)
            }
            (PublicKey::Ed25519(key), Algorithm::Ed25519) => {
                verify_ed25519(key, message, signature)
            }
            (PublicKey::Rsa(n, e), Algorithm::RsaPkcs1(hash)) => {
                pkcs1(hash).is_some_and(|rsa| verify_rsa(rsa, n, e, message, signature))
            }
            (PublicKey::Rsa(n, e), Algorithm::RsaPss(hash)) => {
                pss_parameters(hash).is_some_and(|rsa| verify_rsa(rsa, n, e, message, signature))
            }
            _ => false,
        }
    }
}

/// Verifies an Ed25519 signature over the message itself.
#[must_use]
pub fn verify_ed25519(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    UnparsedPublicKey::new(&ED25519, key)
        .verify(message, signature)
        .is_ok()
}

fn verify_rsa(
    rsa: &'static RsaParameters,
    n: &[u8],
    e: &[u8],
    message: &[u8],
    signature: &[u8],
) -> bool {
    RsaPublicKeyComponents { n, e }
        .verify(rsa, message, signature)
        .is_ok()
}

const fn pkcs1(hash: HashFunction) -> Option<&'static RsaParameters> {
    match hash {
        HashFunction::Sha1 => Some(&RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY),
        HashFunction::Sha256 => Some(&RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY),
        HashFunction::Sha384 => Some(&RSA_PKCS1_2048_8192_SHA384),
        HashFunction::Sha512 => Some(&RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY),
        HashFunction::Sha3_256 | HashFunction::Sha3_384 => None,
    }
}

const fn pss_parameters(hash: HashFunction) -> Option<&'static RsaParameters> {
    match hash {
        HashFunction::Sha256 => Some(&RSA_PSS_2048_8192_SHA256),
        HashFunction::Sha384 => Some(&RSA_PSS_2048_8192_SHA384),
        HashFunction::Sha512 => Some(&RSA_PSS_2048_8192_SHA512),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::der;

    const PSS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a];
    const SHA_384: &[u8] = &[
        0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02, 0x05, 0x00,
    ];
    const MGF: &[u8] = &[
        0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x08,
    ];

    /// Answers of Go's own `ParseCertificate`: elements after one in its explicit tag are taken for
    /// the next member, and what stands at the end is looked at only as far as an optional member needs.
    #[test]
    fn pss_parameters_are_read_as_go_reads_them() {
        let hash = |more: &[u8]| der::write(0xa0, &[SHA_384, more]);
        let mgf = |more: &[u8]| der::write(0xa1, &[&der::write(0x30, &[MGF, SHA_384]), more]);
        let salt = |octets: &[u8]| der::write(0xa2, &[&der::write(0x02, &[octets])]);
        let read = |members: &[&[u8]]| Algorithm::read(PSS, &der::write(0x30, members));
        let known = Algorithm::RsaPss(HashFunction::Sha384);
        let (plain_hash, plain_mgf, plain_salt) = (hash(&[]), mgf(&[]), salt(&[48]));
        let plain = [&plain_hash[..], &plain_mgf, &plain_salt];
        let with = |end: &'static [u8]| {
            let mut members = plain.to_vec();
            members.push(end);
            read(&members)
        };
        let cases = [
            ("plain", read(&plain), known),
            ("trailer 1", with(&[0xa3, 0x03, 0x02, 0x01, 0x01]), known),
            (
                "trailer 2",
                with(&[0xa3, 0x03, 0x02, 0x01, 0x02]),
                Algorithm::Unknown,
            ),
            ("a number at the end", with(&[0x02, 0x01, 0x05]), known),
            ("a null at the end", with(&[0x05, 0x00]), Algorithm::Unknown),
            (
                "a sequence after the hash",
                read(&[&hash(&[0x30, 0x00]), &plain_mgf, &plain_salt]),
                Algorithm::Unknown,
            ),
            (
                "a hash after the mask",
                read(&[&plain_hash, &mgf(SHA_384), &plain_salt]),
                Algorithm::Unknown,
            ),
            (
                "another salt",
                read(&[&plain_hash, &plain_mgf, &salt(&[32])]),
                Algorithm::Unknown,
            ),
            (
                "no salt",
                read(&[&plain_hash, &plain_mgf]),
                Algorithm::Unknown,
            ),
        ];
        for (name, ours, want) in cases {
            assert_eq!(ours, want, "{name}");
        }
    }
}
