//! Private keys, and the signatures that Fabric's verification takes.
//!
//! P-256 and Ed25519 sign by ring. ring signs with P-384 over SHA-384 only, Fabric hashes with SHA-256
//! for every curve; there the RustCrypto crate signs.

use std::fmt;

use ring::{
    rand::SecureRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _},
};

use super::{
    HashFunction,
    der::{self, Reader, tag},
    ecdsa::{self, Curve},
    pem,
    signature::PublicKey,
};

/// A private key in memory: ECDSA P-256 or P-384, or Ed25519.
pub struct PrivateKey {
    secret: Secret,
    /// An uncompressed point, or the 32 bytes of Ed25519.
    public: Vec<u8>,
}

enum Secret {
    Ed25519(Ed25519KeyPair),
    P256(EcdsaKeyPair),
    P384(p384::ecdsa::SigningKey),
}

/// Why there is no private key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PrivateKeyError {
    /// It is encrypted with a pass phrase.
    #[error("the private key is encrypted")]
    Encrypted,
    /// There is none, or it is damaged.
    #[error("no private key of the forms pkcs#8 and sec1")]
    NotAKey,
    /// A key of a kind that is not supported: its name.
    #[error("an {0} key, which is not supported: ecdsa p-256, ecdsa p-384 and ed25519 are")]
    Unsupported(&'static str),
}

impl PrivateKey {
    /// Reads a key of PKCS#8 or SEC1, in PEM or DER. Of several PEM blocks the first with a key counts:
    /// openssl writes the parameters of the curve before it. The public key is computed; one that
    /// stands beside it is not believed.
    ///
    /// # Errors
    /// [`PrivateKeyError`].
    pub fn read(key: &[u8], random: &dyn SecureRandom) -> Result<Self, PrivateKeyError> {
        let mut found = match pem::blocks(key).next() {
            None => Self::read_der(key, random),
            Some(_) => Err(PrivateKeyError::NotAKey),
        };
        for block in pem::blocks(key) {
            match Self::read_der(&block.content, random) {
                Ok(key) => return Ok(key),
                Err(PrivateKeyError::NotAKey) => {}
                Err(error) => found = Err(error),
            }
        }
        match found {
            // an old form of OpenSSL: a header of PEM says it
            Err(PrivateKeyError::NotAKey) if is_old_encrypted(key) => {
                Err(PrivateKeyError::Encrypted)
            }
            found => found,
        }
    }

    fn read_der(der: &[u8], random: &dyn SecureRandom) -> Result<Self, PrivateKeyError> {
        match form(der).ok_or(PrivateKeyError::NotAKey)? {
            KeyForm::Ecdsa(curve, scalar) => Self::ecdsa(curve, scalar, random),
            KeyForm::Ed25519(seed) => Self::ed25519(seed).ok_or(PrivateKeyError::NotAKey),
            KeyForm::Encrypted => Err(PrivateKeyError::Encrypted),
            KeyForm::Other(name) => Err(PrivateKeyError::Unsupported(name)),
        }
    }

    fn ecdsa(
        curve: Curve,
        scalar: &[u8],
        random: &dyn SecureRandom,
    ) -> Result<Self, PrivateKeyError> {
        let bad = PrivateKeyError::NotAKey;
        let scalar = der::strip_zeros(scalar);
        let Some(missing) = curve.size().checked_sub(scalar.len()) else {
            return Err(bad);
        };
        let scalar = [&vec![0; missing][..], scalar].concat();
        match curve {
            Curve::P256 => {
                let key = p256::ecdsa::SigningKey::from_slice(&scalar).map_err(|_| bad.clone())?;
                let public = key.verifying_key().to_encoded_point(false);
                let public = public.as_bytes().to_vec();
                let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
                let key = EcdsaKeyPair::from_private_key_and_public_key(
                    algorithm, &scalar, &public, random,
                );
                let secret = Secret::P256(key.map_err(|_| bad)?);
                Ok(Self { secret, public })
            }
            Curve::P384 => {
                let key = p384::ecdsa::SigningKey::from_slice(&scalar).map_err(|_| bad)?;
                let public = key.verifying_key().to_encoded_point(false);
                Ok(Self {
                    public: public.as_bytes().to_vec(),
                    secret: Secret::P384(key),
                })
            }
            Curve::P224 => Err(PrivateKeyError::Unsupported("ecdsa p-224")),
            Curve::P521 => Err(PrivateKeyError::Unsupported("ecdsa p-521")),
        }
    }

    fn ed25519(seed: &[u8]) -> Option<Self> {
        let key = Ed25519KeyPair::from_seed_unchecked(seed).ok()?;
        Some(Self {
            public: key.public_key().as_ref().to_vec(),
            secret: Secret::Ed25519(key),
        })
    }

    /// Its public key.
    #[must_use]
    pub fn public(&self) -> PublicKey<'_> {
        match self.secret {
            Secret::Ed25519(_) => PublicKey::Ed25519(&self.public),
            Secret::P256(_) => PublicKey::Ecdsa(Curve::P256, &self.public),
            Secret::P384(_) => PublicKey::Ecdsa(Curve::P384, &self.public),
        }
    }

    /// Signs as Fabric's MSPs verify: ECDSA over the SHA-256 of the message for every curve, DER with
    /// low S; Ed25519 the message itself. `None` where there are no random numbers.
    // Fabric: msp/identities.go, Sign; bccsp/sw/ecdsa.go, signECDSA
    #[must_use]
    pub fn sign(&self, message: &[u8], random: &dyn SecureRandom) -> Option<Vec<u8>> {
        match &self.secret {
            Secret::Ed25519(key) => Some(key.sign(message).as_ref().to_vec()),
            Secret::P256(key) => {
                let signature = key.sign(random, message).ok()?;
                // half of all signatures have the high S that Fabric refuses
                Some(ecdsa::low_s(Curve::P256, signature.as_ref()))
            }
            Secret::P384(key) => {
                use p384::ecdsa::signature::hazmat::PrehashSigner as _;
                let digest = HashFunction::Sha256.digest(&[message]);
                // the nonce follows from key and digest (RFC 6979)
                let signature: p384::ecdsa::Signature = key.sign_prehash(&digest).ok()?;
                Some(ecdsa::low_s(Curve::P384, &signature.to_bytes()))
            }
        }
    }
}

/// Never shows the key.
impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrivateKey").finish_non_exhaustive()
    }
}

/// What DER holds.
enum KeyForm<'a> {
    Ecdsa(Curve, &'a [u8]),
    Ed25519(&'a [u8]),
    Encrypted,
    Other(&'static str),
}

fn form(der: &[u8]) -> Option<KeyForm<'_>> {
    let fields = Reader::new(der).inside(tag::SEQUENCE)?;
    if fields.peek(tag::SEQUENCE) {
        return encrypted(fields);
    }
    pkcs8(fields).or_else(|| sec1(fields, None))
}

/// `EncryptedPrivateKeyInfo`: an algorithm, and what it encrypted.
fn encrypted(mut fields: Reader<'_>) -> Option<KeyForm<'_>> {
    let mut algorithm = fields.inside(tag::SEQUENCE)?;
    algorithm.oid()?;
    fields.content(tag::OCTET_STRING)?;
    fields.is_empty().then_some(KeyForm::Encrypted)
}

/// `PrivateKeyInfo`: a version, an algorithm, and the key in a form of its own.
fn pkcs8(mut fields: Reader<'_>) -> Option<KeyForm<'_>> {
    fields.int64()?;
    let mut algorithm = fields.inside(tag::SEQUENCE)?;
    let oid = algorithm.oid()?;
    let key = fields.content(tag::OCTET_STRING)?;
    match oid {
        [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01] => {
            let curve = match algorithm.oid().map(Curve::from_oid) {
                Some(None) => return Some(KeyForm::Other("ecdsa")),
                known => known.flatten(),
            };
            sec1(Reader::new(key).inside(tag::SEQUENCE)?, curve)
        }
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, ..] => Some(KeyForm::Other("rsa")),
        [0x2b, 0x65, 0x70] => {
            let seed = Reader::new(key).content(tag::OCTET_STRING)?;
            Some(KeyForm::Ed25519(seed))
        }
        [0x2b, 0x65, 0x71] => Some(KeyForm::Other("ed448")),
        _ => Some(KeyForm::Other("unknown")),
    }
}

/// `ECPrivateKey`: a version, the scalar, and mostly the curve, where nothing around it says it.
fn sec1(mut fields: Reader<'_>, curve: Option<Curve>) -> Option<KeyForm<'_>> {
    let version = fields.int64()?;
    if version == 0 && fields.peek(tag::INTEGER) {
        // RSA, in the form that openssl calls traditional
        return Some(KeyForm::Other("rsa"));
    }
    let scalar = fields.content(tag::OCTET_STRING)?;
    if let Some(curve) = curve {
        return Some(KeyForm::Ecdsa(curve, scalar));
    }
    let mut parameters = fields.inside(tag::context_constructed(0))?;
    match Curve::from_oid(parameters.oid()?) {
        Some(curve) => Some(KeyForm::Ecdsa(curve, scalar)),
        None => Some(KeyForm::Other("ecdsa")),
    }
}

fn is_old_encrypted(text: &[u8]) -> bool {
    const HEADER: &[u8] = b"Proc-Type: 4,ENCRYPTED";
    text.windows(HEADER.len()).any(|window| window == HEADER)
}

#[cfg(test)]
mod tests {
    use ring::rand::SystemRandom;

    use super::*;
    use crate::crypto::signature::verify_ed25519;

    fn file(name: &str) -> Vec<u8> {
        std::fs::read(format!("{}/tests/keys/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
    }

    fn read(key: &[u8]) -> Result<PrivateKey, PrivateKeyError> {
        PrivateKey::read(key, &SystemRandom::new())
    }

    /// The key in the form that openssl wrote, and in DER; both sign what our verification takes.
    #[test]
    fn keys_of_openssl_sign() {
        for (name, public) in [
            ("ed25519.pem", "ed25519.pub"),
            ("p256-pkcs8.pem", "p256.pub"),
            ("p256-sec1.pem", "p256.pub"),
            ("p256-without-public.pem", "p256.pub"),
            ("p384-pkcs8.pem", "p384.pub"),
            ("p384-sec1.pem", "p384.pub"),
        ] {
            let text = file(name);
            let der = pem::blocks(&text).last().unwrap().content;
            let public = pem::first_block(&file(public)).unwrap().content;
            for form in [&text, &der] {
                let key = read(form).unwrap();
                let (PublicKey::Ecdsa(_, own) | PublicKey::Ed25519(own)) = key.public() else {
                    panic!("{name}");
                };
                assert!(public.ends_with(own), "{name}");
                for message in [&b""[..], b"message", &[7; 5_000]].repeat(4) {
                    let signature = key.sign(message, &SystemRandom::new()).unwrap();
                    let verifies = match key.public() {
                        PublicKey::Ecdsa(curve, point) => {
                            let hash = HashFunction::Sha256;
                            ecdsa::verify_low_s(curve, point, hash, message, &signature)
                        }
                        PublicKey::Ed25519(key) => verify_ed25519(key, message, &signature),
                        _ => false,
                    };
                    assert!(verifies, "{name}");
                }
                assert_eq!(format!("{key:?}"), "PrivateKey { .. }");
            }
        }
    }

    #[test]
    fn what_cannot_sign_says_why() {
        let unsupported = PrivateKeyError::Unsupported;
        for (name, why) in [
            ("p256-encrypted-old.pem", PrivateKeyError::Encrypted),
            ("p256-encrypted.pem", PrivateKeyError::Encrypted),
            ("p256.crt", PrivateKeyError::NotAKey),
            ("p256.pub", PrivateKeyError::NotAKey),
            ("p521.pem", unsupported("ecdsa p-521")),
            ("rsa-pkcs1.pem", unsupported("rsa")),
            ("rsa-pkcs8.pem", unsupported("rsa")),
            ("secp256k1.pem", unsupported("ecdsa")),
        ] {
            assert_eq!(read(&file(name)).unwrap_err(), why, "{name}");
        }
    }

    /// Where a key may stand beside other things, and damage.
    #[test]
    fn damaged_keys_are_none() {
        let text = file("p256-pkcs8.pem");
        let der = pem::first_block(&text).unwrap().content;
        for end in 0..der.len() {
            assert!(read(&der[..end]).is_err(), "{end}");
        }
        for at in 0..der.len() {
            let mut damaged = der.clone();
            damaged[at] ^= 0x41;
            // another key, or none; it must not panic
            let _ = read(&damaged);
        }
        let behind = [&file("p256.crt"), &text[..]].concat();
        assert!(read(&behind).is_ok());
        let scalar = |scalar: &[u8]| {
            let oid = [0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
            let curve = der::write(0xa0, &[&oid]);
            read(&der::write(
                tag::SEQUENCE,
                &[
                    &[2, 1, 1],
                    &der::write(tag::OCTET_STRING, &[scalar]),
                    &curve,
                ],
            ))
        };
        assert!(scalar(&[1]).is_ok());
        assert!(scalar(&[&[0; 40], &[1][..]].concat()).is_ok());
        for bad in [&[][..], &[0; 32], Curve::P256.order(), &[1; 33]] {
            assert_eq!(scalar(bad).unwrap_err(), PrivateKeyError::NotAKey);
        }
    }
}
