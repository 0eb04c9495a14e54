//! Signatures on certificates and revocation lists: algorithms, keys, verification.

use ring::signature::{
    ED25519, RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY,
    RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY,
    RSA_PKCS1_2048_8192_SHA384, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384,
    RSA_PSS_2048_8192_SHA512, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey,
};

use super::{
    HashFunction,
    der::{Reader, tag},
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
fn pss(parameters: &[u8]) -> Option<HashFunction> {
    let mut fields = Reader::new(parameters).inside(tag::SEQUENCE)?;
    let mut hash = explicit_algorithm(&mut fields, 0)?;
    let mut mgf = explicit_algorithm(&mut fields, 1)?;
    let hash_oid = hash.oid()?;
    if mgf.oid()? != [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x08] {
        return None;
    }
    let mut mgf_hash = mgf.inside(tag::SEQUENCE)?;
    if mgf_hash.oid()? != hash_oid || !absent_or_null(hash) || !absent_or_null(mgf_hash) {
        return None;
    }
    let salt = fields.inside(tag::context_constructed(2))?.int64()?;
    if let Some(trailer) = fields.optional(tag::context_constructed(3))?
        && Reader::new(trailer).int64()? != 1
    {
        return None;
    }
    let [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, which] = hash_oid else {
        return None;
    };
    match (which, salt) {
        (1, 32) => Some(HashFunction::Sha256),
        (2, 48) => Some(HashFunction::Sha384),
        (3, 64) => Some(HashFunction::Sha512),
        _ => None,
    }
}

fn explicit_algorithm<'a>(fields: &mut Reader<'a>, number: u8) -> Option<Reader<'a>> {
    fields
        .inside(tag::context_constructed(number))?
        .inside(tag::SEQUENCE)
}

fn absent_or_null(mut parameters: Reader<'_>) -> bool {
    parameters.is_empty() || parameters.any().is_some_and(|e| e.raw == [0x05, 0x00])
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
